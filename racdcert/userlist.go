package racdcert

import (
	"context"
	"slices"
	"strings"
	"time"

	"signet/racdcert/tso"
	"signet/ring"
	"signet/saf"
)

// listuser is LISTUSER.
type listuser struct {
	command
	ids []string // empty: the issuer
	listing
}

// listing says which parts of a profile are shown.
type listing struct {
	base     bool
	segments []string
}

// listing reads the names of segments and NORACF.
func (o operands) listing() (listing, error) {
	l := listing{base: !o.has("NORACF")}
	for _, k := range o.sorted() {
		if _, err := o.flag(k); err != nil {
			return l, err
		}
		if k != "NORACF" {
			l.segments = append(l.segments, k)
		}
	}
	return l, nil
}

func parseListuser(st tso.Statement, _ ring.Owner) (Command, []ring.Message, error) {
	names, o, _, err := formListuser.read(st)
	if err != nil {
		return nil, nil, err
	}
	parts, err := o.listing()
	return listuser{"LISTUSER", names, parts}, nil, err
}

func (l listuser) run(ctx context.Context, s *Session) (*ring.Result, error) {
	d := display{w: s.Output, zone: s.Manager.Zone()}
	r, err := s.Manager.ListUser(ctx, l.ids)
	if err != nil {
		return nil, err
	}
	for _, u := range r.Users {
		if l.base {
			d.user(u)
		} else {
			d.line("USER=%s", u.User.ID)
		}
		d.segments(l.segments)
	}
	return &r.Result, d.err
}

// segments says of each segment that there is none.
func (d *display) segments(names []string) {
	for _, s := range names {
		d.line("\nNO %s INFORMATION", s)
	}
	d.line("")
}

// julian is the form of dates in listings: two digits of the year, then the day of the year.
func (d *display) julian(t time.Time) string { return t.In(d.zone).Format("06.002") }

// user prints a user as LISTUSER does. signet keeps no logons and no passwords, so those lines
// are always the same.
func (d *display) user(l ring.UserListing) {
	u := l.User
	name := u.Name
	if name == "" {
		name = "UNKNOWN"
	}
	d.line("USER=%s  NAME=%-20s  OWNER=%-8s  CREATED=%s", u.ID, name, u.Owner, d.julian(u.Created))
	d.line(" DEFAULT-GROUP=%-8s PASSDATE=%-6s PASS-INTERVAL=%s PHRASEDATE=%s", orNone(u.DefaultGroup), "N/A", "N/A", "N/A")
	d.line(" ATTRIBUTES=%s", attributeWords(u.Attributes, u.Restricted))
	d.line(" REVOKE DATE=NONE   RESUME DATE=NONE")
	d.line(" LAST-ACCESS=UNKNOWN")
	d.line(" CLASS AUTHORIZATIONS=NONE")
	if u.Data == "" {
		d.line(" NO-INSTALLATION-DATA")
	} else {
		d.line(" INSTALLATION-DATA=%s", u.Data)
	}
	d.line(" NO-MODEL-NAME")
	d.line(" LOGON ALLOWED   (DAYS)          (TIME)")
	d.line(" ---------------------------------------------")
	d.line(" ANYDAY                          ANYTIME")
	for _, c := range l.Groups {
		d.line("  GROUP=%-8s  AUTH=%-7s  CONNECT-OWNER=%-8s  CONNECT-DATE=%s", c.Group, c.Authority, c.Owner, d.julian(c.Created))
		d.line("    CONNECTS=    00  UACC=NONE     LAST-CONNECT=UNKNOWN")
		d.line("    CONNECT ATTRIBUTES=%s", attributeWords(c.Attributes, false))
		d.line("    REVOKE DATE=NONE   RESUME DATE=NONE")
	}
	d.line("SECURITY-LEVEL=NONE SPECIFIED")
	d.line("CATEGORY-AUTHORIZATION\n NONE SPECIFIED")
	d.line("SECURITY-LABEL=NONE SPECIFIED")
}

// attributeWords names attributes as listings do.
func attributeWords(a saf.Attributes, restricted bool) string {
	var words []string
	for _, w := range []struct {
		word string
		is   bool
	}{{"SPECIAL", a.Special}, {"OPERATIONS", a.Operations}, {"AUDITOR", a.Auditor}, {"RESTRICTED", restricted}, {"REVOKED", a.Revoked}} {
		if w.is {
			words = append(words, w.word)
		}
	}
	return orNone(strings.Join(words, " "))
}

// listgrp is LISTGRP.
type listgrp struct {
	command
	names []string // empty: the issuer's default group
	listing
}

func parseListgrp(st tso.Statement, _ ring.Owner) (Command, []ring.Message, error) {
	names, o, _, err := formListgrp.read(st)
	if err != nil {
		return nil, nil, err
	}
	parts, err := o.listing()
	return listgrp{"LISTGRP", names, parts}, nil, err
}

func (l listgrp) run(ctx context.Context, s *Session) (*ring.Result, error) {
	d := display{w: s.Output, zone: s.Manager.Zone()}
	r, err := s.Manager.ListGroup(ctx, l.names)
	if err != nil {
		return nil, err
	}
	for _, g := range r.Groups {
		d.line("INFORMATION FOR GROUP %s", g.Group.Name)
		if l.base {
			d.group(g)
		}
		d.segments(l.segments)
	}
	return &r.Result, d.err
}

// subgroupsInLine is how many names of groups LISTGRP shows side by side.
const subgroupsInLine = 5

// group prints a group as LISTGRP does, below its name.
func (d *display) group(l ring.GroupListing) {
	g := l.Group
	d.line("    SUPERIOR GROUP=%-8s     OWNER=%-8s  CREATED=%s", orNone(g.Superior), g.Owner, d.julian(g.Created))
	if g.Data == "" {
		d.line("    NO INSTALLATION DATA")
	} else {
		d.line("    INSTALLATION DATA=%s", g.Data)
	}
	d.line("    NO MODEL DATA SET")
	d.line("    TERMUACC")
	if len(l.Subgroups) == 0 {
		d.line("    NO SUBGROUPS")
	}
	heading := "SUBGROUP(S)="
	for some := range slices.Chunk(l.Subgroups, subgroupsInLine) {
		line := heading
		for _, g := range some {
			line += " " + g.Name
		}
		d.line("    %s", line)
		heading = strings.Repeat(" ", len(heading))
	}
	if len(l.Members) == 0 {
		d.line("    NO USERS")
		return
	}
	d.line("    USER(S)=      ACCESS=      ACCESS COUNT=     UNIVERSAL ACCESS=")
	for _, c := range l.Members {
		d.line("      %-8s        %-7s       000000              NONE", c.User, c.Authority)
		d.line("         CONNECT   ATTRIBUTES=%s", attributeWords(c.Attributes, false))
		d.line("         REVOKE DATE=NONE                 RESUME DATE=NONE")
	}
}
