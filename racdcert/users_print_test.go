package racdcert

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/racdcert/tso"
	"signet/ring"
	"signet/saf"
)

// A request for users or groups that is printed as a command and read is the same request.
func TestUserRoundTrip(t *testing.T) {
	g := userMaker{rand.New(rand.NewPCG(1, 2))}
	kinds := []func() (Command, string){g.adduser, g.altuser, g.deluser, g.listuser, g.addgroup, g.delgroup, g.listgrp, g.connect, g.remove}
	for i := range 300 * len(kinds) {
		want, text := kinds[i%len(kinds)]()
		lines, err := tso.Lines([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		commands := tso.Split(lines)
		if len(commands) != 1 {
			t.Fatalf("%s: %d commands", text, len(commands))
		}
		st, err := commands[0].Parse()
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		got, _, err := Parse(st, "OPER")
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// userMaker makes requests and prints them.
type userMaker struct{ *rand.Rand }

// printed is a command on its way to text: its operands, in any order.
type printed struct {
	userMaker
	operands []string
}

func (p *printed) add(format string, args ...any) {
	p.operands = append(p.operands, fmt.Sprintf(format, args...))
}

// text puts the command together: its name or alias, the names, the operands.
func (p *printed) text(name, alias string, names []string) string {
	if p.IntN(2) == 0 {
		name = alias
	}
	p.Shuffle(len(p.operands), func(i, j int) { p.operands[i], p.operands[j] = p.operands[j], p.operands[i] })
	parts := []string{p.either(name)}
	switch {
	case len(names) == 1 && (names[0] == "*" || p.IntN(2) == 0):
		parts = append(parts, p.value(names[0]))
	case len(names) > 0:
		list := make([]string, len(names))
		for i, n := range names {
			list[i] = p.either(p.value(n))
		}
		parts = append(parts, "("+strings.Join(list, p.pick(" ", ",", " , "))+")")
	}
	return strings.Join(append(parts, p.operands...), p.pick(" ", "  ", ", ", " /* c */ "))
}

func (g userMaker) pick(from ...string) string { return from[g.IntN(len(from))] }

// either changes the case of a word, or leaves it.
func (g userMaker) either(word string) string {
	if g.IntN(3) == 0 {
		return strings.ToLower(word)
	}
	return word
}

// value quotes a value where it must be, and sometimes where it need not.
func (g userMaker) value(s string) string {
	if tso.NeedsQuote(s) || g.IntN(4) == 0 && s != "*" {
		return tso.Quote(s)
	}
	return s
}

// name makes a user ID or the name of a group.
func (g userMaker) name() string {
	const first, all = "ABCXYZ#@$", "ABCXYZ#@$0189_-."
	b := []byte{first[g.IntN(len(first))]}
	for range g.IntN(12) {
		b = append(b, all[g.IntN(len(all))])
	}
	return string(b)
}

func (g userMaker) names() []string {
	var all []string
	for range 1 + g.IntN(3) {
		all = append(all, g.name())
	}
	return all
}

func (g userMaker) words() string {
	var b strings.Builder
	for range 1 + g.IntN(12) {
		b.WriteString(g.pick("a", "Z", " ", "'", "(", ")", ",", "é", "/*", "*/", "-", "+", "&", "\"", "0", "."))
	}
	return b.String()
}

// optional makes and prints an operand with a value, or leaves it out.
func (g *printed) optional(keyword string, make func() string) *string {
	if g.IntN(2) == 0 {
		return nil
	}
	s := make()
	g.add("%s%s(%s)", g.either(keyword), g.pick("", " "), g.value(s))
	return &s
}

func (g *printed) group() string {
	if s := g.optional("GROUP", g.name); s != nil {
		return *s
	}
	return ""
}

func (g *printed) onOff(on, off string) *bool {
	switch g.IntN(3) {
	case 0:
		g.add("%s", g.either(on))
		return new(true)
	case 1:
		g.add("%s", g.either(off))
		return new(false)
	}
	return nil
}

func (g *printed) authority() *saf.Authority {
	if g.IntN(2) == 0 {
		return nil
	}
	a := saf.Authority(g.IntN(len(saf.AuthorityNames())))
	g.add("%s(%s)", g.pick("AUTHORITY", "AUTH"), a)
	return &a
}

func (g *printed) attributes() ring.AttributeSettings {
	return ring.AttributeSettings{
		Special: g.onOff("SPECIAL", "NOSPECIAL"), Operations: g.onOff("OPERATIONS", "NOOPERATIONS"), Auditor: g.onOff("AUDITOR", "NOAUDITOR"),
	}
}

func (g *printed) revoked(s *ring.AttributeSettings) { s.Revoked = g.onOff("REVOKE", "RESUME") }

func (g *printed) settings() ring.UserSettings {
	return ring.UserSettings{Name: g.optional("NAME", g.words), Owner: g.optional("OWNER", g.name), DefaultGroup: g.optional("DFLTGRP", g.name),
		Restricted: g.onOff("RESTRICTED", "NORESTRICTED"), Attributes: g.attributes()}
}

// ignored prints operands that leave no trace in a request.
func (g *printed) ignored(f form) {
	for _, k := range append(f.ignored[:len(f.ignored):len(f.ignored)], f.settled...) {
		if g.IntN(20) == 0 {
			g.add("%s%s", k, g.pick("", "(X)", "(A(1) B('c d'))"))
		}
	}
}

func (g userMaker) adduser() (Command, string) {
	p := &printed{userMaker: g}
	q := ring.AddUser{IDs: g.names(), Settings: p.settings()}
	q.Settings.Data = p.optional("DATA", g.words)
	if a := p.authority(); a != nil {
		q.Authority = *a
	}
	p.ignored(formAdduser)
	return adduser{"ADDUSER", q}, p.text("ADDUSER", "AU", q.IDs)
}

func (g userMaker) altuser() (Command, string) {
	p := &printed{userMaker: g}
	q := ring.AltUser{IDs: g.names(), Settings: p.settings(), Group: p.group(), Authority: p.authority()}
	p.revoked(&q.Settings.Attributes)
	if q.Settings.Data = p.optional("DATA", g.words); q.Settings.Data == nil && g.IntN(2) == 0 {
		q.Settings.Data = new("")
		p.add("NODATA")
	}
	p.ignored(formAltuser)
	return altuser{"ALTUSER", q}, p.text("ALTUSER", "ALU", q.IDs)
}

func (g userMaker) deluser() (Command, string) {
	p := &printed{userMaker: g}
	q := ring.DelUser{IDs: g.names()}
	return deluser{"DELUSER", q}, p.text("DELUSER", "DU", q.IDs)
}

// listing prints the parts of a profile to show, and what may be listed.
func (g *printed) listing(known []string) (names []string, l listing) {
	switch g.IntN(4) {
	case 0:
		return nil, listing{base: true}
	case 1:
		names = []string{"*"}
	default:
		names = g.names()
	}
	if l.base = g.IntN(2) == 0; !l.base {
		g.add("NORACF")
	}
	for _, s := range known {
		if g.IntN(5) == 0 {
			g.add("%s", g.either(s))
			l.segments = append(l.segments, s)
		}
	}
	return names, l
}

func (g userMaker) listuser() (Command, string) {
	p := &printed{userMaker: g}
	names, parts := p.listing(userSegments)
	return listuser{"LISTUSER", names, parts}, p.text("LISTUSER", "LU", names)
}

func (g userMaker) addgroup() (Command, string) {
	p := &printed{userMaker: g}
	q := ring.AddGroup{Names: g.names(), Owner: p.optional("OWNER", g.name), Superior: p.optional("SUPGROUP", g.name), Data: p.optional("DATA", g.words)}
	p.ignored(formAddgroup)
	return addgroup{"ADDGROUP", q}, p.text("ADDGROUP", "AG", q.Names)
}

func (g userMaker) delgroup() (Command, string) {
	p := &printed{userMaker: g}
	q := ring.DelGroup{Names: g.names()}
	return delgroup{"DELGROUP", q}, p.text("DELGROUP", "DG", q.Names)
}

func (g userMaker) listgrp() (Command, string) {
	p := &printed{userMaker: g}
	names, parts := p.listing(groupSegments)
	return listgrp{"LISTGRP", names, parts}, p.text("LISTGRP", "LG", names)
}

func (g userMaker) connect() (Command, string) {
	p := &printed{userMaker: g}
	q := ring.ConnectGroup{IDs: g.names(), Group: p.group()}
	q.Settings = ring.MembershipSettings{Owner: p.optional("OWNER", g.name), Authority: p.authority(), Attributes: p.attributes()}
	p.revoked(&q.Settings.Attributes)
	p.ignored(formConnect)
	return connectGroup{"CONNECT", q}, p.text("CONNECT", "CO", q.IDs)
}

func (g userMaker) remove() (Command, string) {
	p := &printed{userMaker: g}
	q := ring.RemoveGroup{IDs: g.names(), Group: p.group()}
	p.ignored(formRemove)
	return removeGroup{"REMOVE", q}, p.text("REMOVE", "RE", q.IDs)
}
