package racdcert

import (
	"time"

	"signet/ring"
	"signet/saf"
)

// profile prints a profile as RLIST does (racdcert-rings.md D8). signet keeps no access
// statistics, so the counts are zero and the last reference is the last change.
func (d *display) profile(l ring.ProfileListing, users bool) {
	p := l.Profile
	name := p.Name
	switch {
	case p.Generic:
		name += " (G)"
	case l.Unusable:
		name += " (UNUSABLE)"
	}
	d.line("CLASS      NAME\n-----      ----\n%-8s   %s\n", p.Class, name)
	d.line("LEVEL  OWNER      UNIVERSAL ACCESS  YOUR ACCESS  WARNING")
	d.line("-----  --------   ----------------  -----------  -------")
	warning := "NO"
	if p.Warning {
		warning = "YES"
	}
	d.line(" %02d    %-8s   %9s         %8s    %s\n", p.Level, p.Owner, p.UACC, l.YourAccess, warning)
	audit := p.Audit
	if audit == "" {
		audit = "FAILURES(READ)"
	}
	notify := p.Notify
	if notify == "" {
		notify = "NO USER TO BE NOTIFIED"
	}
	for _, block := range [][2]string{
		{"INSTALLATION DATA", orNone(p.Data)}, {"APPLICATION DATA", orNone(p.ApplData)},
		{"SECLEVEL", "NO SECLEVEL"}, {"CATEGORIES", "NO CATEGORIES"}, {"SECLABEL", "NO SECLABEL"},
		{"AUDITING", audit}, {"NOTIFY", notify},
	} {
		d.line("%s\n%s\n%s\n", block[0], dashes(len(block[0])), block[1])
	}
	if users {
		d.dates(p)
		d.accessList(p)
	}
}

func orNone(s string) string {
	if s == "" {
		return "NONE"
	}
	return s
}

func dashes(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '-'
	}
	return string(b)
}

func (d *display) dates(p *saf.Profile) {
	day := func(t time.Time) (int, int) {
		t = t.In(d.zone)
		return t.YearDay(), t.Year() % 100
	}
	cd, cy := day(p.Created)
	hd, hy := day(p.Changed)
	d.line("CREATION DATE  LAST REFERENCE DATE  LAST CHANGE DATE")
	d.line(" (DAY) (YEAR)       (DAY) (YEAR)      (DAY) (YEAR)")
	d.line("-------------  -------------------  ----------------")
	d.line("  %03d    %02d          %03d    %02d         %03d    %02d\n", cd, cy, hd, hy, hd, hy)
	d.line("ALTER COUNT   CONTROL COUNT   UPDATE COUNT   READ COUNT")
	d.line("-----------   -------------   ------------   ----------")
	d.line("  000000         000000         000000         000000\n")
}

func (d *display) accessList(p *saf.Profile) {
	d.line("USER      ACCESS   ACCESS COUNT\n----      ------   ------ -----")
	standard, conditional := 0, 0
	for _, e := range p.Access {
		if e.When == "" {
			d.line("%-8s  %-7s     000000", e.ID, e.Access)
			standard++
		}
	}
	if standard == 0 {
		d.line("NO USERS IN ACCESS LIST")
	}
	d.line("\n   ID     ACCESS  ACCESS COUNT  CLASS                   ENTITY  NAME")
	d.line("-------- -------  ------------ -------- ---------------------------------------")
	for _, e := range p.Access {
		if e.When == "" {
			continue
		}
		class, entity := splitCondition(e.When)
		d.line("%-8s %-7s     000000    %-8s %s", e.ID, e.Access, class, entity)
		conditional++
	}
	if conditional == 0 {
		d.line("NO ENTRIES IN CONDITIONAL ACCESS LIST")
	}
	d.line("")
}

// splitCondition takes PROGRAM(PAGENT) apart.
func splitCondition(when string) (class, entity string) {
	for i := range when {
		if when[i] == '(' {
			return when[:i], when[i+1 : len(when)-1]
		}
	}
	return when, ""
}
