package saf

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The model is Decide once more, read off racdcert-rings.md D6 and D7 word by word and slow: no
// stems, no order of candidates, no early end.

// answer is what both must agree on.
type answer struct {
	granted, warning bool
	held             Access
	why              Why
	profile          string
}

func literally(w *world, q Request) answer {
	class, user := w.classes[q.Class], w.users[q.User]
	if user != nil && user.Revoked {
		return answer{why: UserRevoked}
	}
	// 1. Class inactive, or it must be RACLISTed and is not: not protected.
	if !class.Active {
		return answer{why: ClassInactive}
	}
	if q.Class == "RDATALIB" && !class.RacList {
		return answer{why: ClassNotListed}
	}
	// 3. Best profile found; none: not protected.
	var best *Profile
	for _, p := range w.profiles {
		wild := strings.Contains(p.Name, "*") || strings.Contains(p.Name, "%")
		switch {
		case p.Class != q.Class:
		case !p.Generic && p.Name == q.Resource && !(wild && class.Generic):
			best = p
		case p.Generic && class.Generic && covered(strings.Split(p.Name, "."), strings.Split(q.Resource, ".")) &&
			(best == nil || best.Generic && before(p.Name, best.Name)):
			best = p
		}
	}
	if best == nil {
		return answer{why: NoProfile}
	}
	a := answer{profile: best.Name}
	a.held, a.why = level(w, user, best.Access, func(e Entry) bool { return e.When == "" })
	if a.why == 0 { // 7. UACC, also for the undefined
		a.held, a.why = best.UACC, ByUACC
		if user != nil && user.Restricted {
			a.held, a.why = None, RestrictedUser
		}
	}
	// 8. A conditional access list may raise it.
	if a.held < q.Level {
		held, why := level(w, user, best.Access, func(e Entry) bool {
			for _, c := range q.Conditions {
				if e.When == c.Class+"("+c.Name+")" {
					return true
				}
			}
			return false
		})
		if held > a.held {
			a.held, a.why = held, why
		}
	}
	a.granted = a.held >= q.Level
	if !a.granted && best.Warning {
		a.granted, a.warning = true, true
	}
	return a
}

// level is steps 4 to 6 over some entries; no reason means that none names the user.
func level(w *world, user *User, list []Entry, counts func(Entry) bool) (Access, Why) {
	if user == nil {
		return None, 0
	}
	highest := func(is func(string) bool) (found bool, most Access) {
		for _, e := range list {
			if counts(e) && is(e.ID) {
				found, most = true, max(most, e.Access)
			}
		}
		return found, most
	}
	if found, most := highest(func(id string) bool { return id == user.ID }); found { // 4
		return most, ByUser
	}
	found, most := highest(func(id string) bool { // 5
		return slices.ContainsFunc(w.memberships, func(m *Membership) bool {
			return m.User == user.ID && m.Group == id && !m.Revoked && (w.groupList || id == user.DefaultGroup)
		})
	})
	if found {
		return most, ByGroup
	}
	if found, most := highest(func(id string) bool { return id == "*" }); found && !user.Restricted { // 6
		return most, ByEveryone
	}
	return None, 0
}

// covered is the table of D7.
func covered(p, n []string) bool {
	switch {
	case len(p) == 0:
		return len(n) == 0
	case p[0] == "**":
		return covered(p[1:], n) || len(n) > 0 && covered(p, n[1:])
	case len(n) == 0 || !letters(p[0], n[0]):
		return false
	}
	return covered(p[1:], n[1:]) || len(p) == 1 && strings.HasSuffix(p[0], "*")
}

func letters(p, n string) bool {
	switch {
	case p == "":
		return n == ""
	case p[0] == '*':
		return letters(p[1:], n) || n != "" && letters(p, n[1:])
	}
	return n != "" && (p[0] == '%' || p[0] == n[0]) && letters(p[1:], n[1:])
}

// before is the order of D7: at the first difference an ordinary character, then %, *, **.
func before(a, b string) bool {
	a, b = strings.ReplaceAll(a, "**", "~"), strings.ReplaceAll(b, "**", "~")
	rank := func(s string, i int) int {
		if i >= len(s) {
			return -1
		}
		return strings.IndexByte("~*%", s[i])
	}
	for i := 0; i < len(a) && i < len(b); i++ {
		ra, rb := rank(a, i), rank(b, i)
		ra, rb = (ra+4)%4, (rb+4)%4 // ordinary characters are 3
		if ra != rb {
			return ra > rb
		}
		if a[i] != b[i] {
			break
		}
	}
	plain := func(s string) int {
		return len(s) - strings.Count(s, "~") - strings.Count(s, "*") - strings.Count(s, "%")
	}
	if plain(a) != plain(b) {
		return plain(a) > plain(b)
	}
	return strings.ReplaceAll(a, "~", "**") < strings.ReplaceAll(b, "~", "**")
}

// dice makes worlds so small that everything meets everything.
type dice struct{ *rand.Rand }

func (d dice) one(of ...string) string { return of[d.IntN(len(of))] }
func (d dice) access() Access          { return Access(d.IntN(int(Alter) + 1)) }
func (d dice) in(n int) bool           { return d.IntN(n) == 0 } // one time in n

// name makes a profile name, or a resource name without wildcards.
func (d dice) name(wild bool) string {
	words := []string{"A", "B", "AB"}
	if wild {
		words = append(words, "*", "%", "A*", "%B", "A%", "*B")
	}
	var parts []string
	double := wild
	for range 1 + d.IntN(4) {
		if double && d.in(4) {
			parts, double = append(parts, "**"), false // once in a name
			continue
		}
		parts = append(parts, d.one(words...))
	}
	return strings.Join(parts, ".")
}

func (d dice) world() *world {
	w := &world{classes: map[string]Class{}, users: map[string]*User{}, groupList: d.in(3)}
	for _, c := range []string{"FACILITY", "RDATALIB"} {
		w.classes[c] = Class{Active: !d.in(9), RacList: !d.in(3), Generic: !d.in(3)}
	}
	for _, id := range []string{"U1", "U2"} {
		if !d.in(4) {
			w.users[id] = &User{ID: id, DefaultGroup: d.one("G1", "G2"), Restricted: d.in(3), Attributes: Attributes{Revoked: d.in(9)}}
		}
	}
	for _, pair := range [][2]string{{"U1", "G1"}, {"U1", "G2"}, {"U2", "G1"}, {"U2", "G2"}} {
		if !d.in(3) {
			w.memberships = append(w.memberships, &Membership{User: pair[0], Group: pair[1], Attributes: Attributes{Revoked: d.in(3)}})
		}
	}
	for _, class := range []string{"FACILITY", "RDATALIB"} {
		names := map[string]bool{}
		for range d.IntN(8) {
			name := d.name(!d.in(3))
			if names[name] {
				continue
			}
			names[name] = true
			p := &Profile{Class: class, Name: name, Generic: IsPattern(name) && !d.in(3), UACC: d.access(), Warning: d.in(9)}
			listed := map[string]bool{}
			for range d.IntN(6) {
				e := Entry{ID: d.one("U1", "U2", "G1", "G2", "*"), Access: d.access(), When: d.one("", "", "PROGRAM(P)", "TERMINAL(T)")}
				if !listed[e.ID+e.When] {
					listed[e.ID+e.When] = true
					p.Access = append(p.Access, e)
				}
			}
			w.profiles = append(w.profiles, p)
		}
	}
	return w
}

func (d dice) request() Request {
	q := Request{User: d.one("U1", "U2", "U3"), Class: d.one("FACILITY", "RDATALIB"), Resource: d.name(d.in(9)), Level: Read + Access(d.IntN(4))}
	if d.in(3) {
		q.Conditions = append(q.Conditions, Condition{"PROGRAM", "P"})
	}
	if d.in(3) {
		q.Conditions = append(q.Conditions, Condition{"TERMINAL", "T"})
	}
	return q
}

// show writes a world down for a failure.
func (w *world) show() string {
	var b strings.Builder
	fmt.Fprintf(&b, "GRPLIST %v %+v\n", w.groupList, w.classes)
	for _, u := range w.users {
		fmt.Fprintf(&b, "%+v\n", *u)
	}
	for _, m := range w.memberships {
		fmt.Fprintf(&b, "%s in %s, revoked %v\n", m.User, m.Group, m.Revoked)
	}
	for _, p := range w.profiles {
		fmt.Fprintf(&b, "%s %s generic %v warning %v UACC %v %v\n", p.Class, p.Name, p.Generic, p.Warning, p.UACC, p.Access)
	}
	return b.String()
}

// agree compares Decide with the model on some requests in one world, and then does what Remedy
// says.
func agree(t *testing.T, seed uint64) (outcomes []string) {
	t.Helper()
	d := dice{rand.New(rand.NewPCG(seed, 7))}
	w := d.world()
	for range 8 {
		q := d.request()
		want := literally(w, q)
		got, err := Decide(w, q)
		have := answer{granted: got.Granted, warning: got.Warning, held: got.Held, why: got.Why}
		if got.Profile != nil {
			have.profile = got.Profile.Name
		}
		if err != nil || have != want {
			t.Fatalf("seed %d: %+v\nDecide %+v\nmodel  %+v\n%v\n%s", seed, q, have, want, err, w.show())
		}
		if got.Entry != nil && got.Entry.Access != got.Held || (got.Group != "") != (got.Why == ByGroup) || got.Granted && !got.Protected() {
			t.Fatalf("seed %d: %+v", seed, got)
		}
		outcomes = append(outcomes, fmt.Sprint(want.why, want.granted, want.warning))
		mends(t, seed, w, q)
	}
	return outcomes
}

// TestDecideModel makes many worlds, in which every outcome must come up.
func TestDecideModel(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(4000) {
		for _, o := range agree(t, seed) {
			seen[o]++
		}
	}
	for _, want := range []string{"user true false", "user false false", "user true true", "group true false", "group false false",
		"everyone true false", "everyone false false", "uacc true false", "uacc false false", "uacc true true", "restricted false false",
		"revoked false false", "class-inactive false false", "class-not-raclisted false false", "no-profile false false"} {
		if seen[want] < 20 {
			t.Errorf("%s came up %d times", want, seen[want])
		}
	}
}

func FuzzDecide(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { agree(t, seed) })
}

// FuzzStem holds Stem to what Best and the stores rely on.
func FuzzStem(f *testing.F) {
	f.Add("A.*", "A.B%", "A.BC")
	f.Add("**", "É*", "É.B")
	f.Add("..**", "**", ".")
	f.Fuzz(func(t *testing.T, a, b, resource string) {
		if len(a)+len(b)+len(resource) > 300 || !Match(a, resource) {
			return
		}
		if !strings.HasPrefix(resource, Stem(a)) {
			t.Errorf("%q covers %q, which does not begin with its stem", a, resource)
		}
		if Match(b, resource) && len(Stem(a)) > len(Stem(b)) && !MoreSpecific(a, b) {
			t.Errorf("%q has a longer stem than %q, and is not more specific", a, b)
		}
	})
}
