package racdcert

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"signet/racdcert/tso"
	"signet/ring"
	"signet/saf"
)

// classAndProfiles reads the positional operands of RDEFINE and its like: a class, then one
// profile or several in parentheses. Blanks before the parenthesis do not matter, so the list
// comes with the class.
func classAndProfiles(st tso.Statement) (class string, names []string, rest []tso.Operand, err error) {
	if len(st.Operands) == 0 {
		return "", nil, nil, fail(st.Pos, "write "+st.Name+" class profile", "%s %s needs a class and a profile", idMissing, st.Name)
	}
	first := st.Operands[0]
	class, rest = strings.ToUpper(first.Text), st.Operands[1:]
	if first.HasValue {
		names, err = values(first, st.Name)
	} else if len(rest) > 0 && !rest[0].HasValue {
		names, rest = []string{rest[0].Text}, rest[1:]
	} else {
		err = fail(first.Pos, "write "+st.Name+" class profile", "%s %s needs a profile", idMissing, st.Name)
	}
	for i, n := range names { // all classes that signet keeps are upper-case (reference E1)
		names[i] = strings.ToUpper(n)
	}
	return class, names, rest, err
}

var accessWords = saf.AccessNames()

// rdefine is RDEFINE or RALTER.
type rdefine struct {
	command
	request ring.Rdefine
}

// Segments of profiles, which hold what other products need. RLIST takes their names too.
var profileSegments = []string{"CDTINFO", "CFDEF", "DLFDATA", "EIM", "ICSF", "ICTX", "IDTPARMS", "JES", "KERB", "MFPOLICY",
	"PROXY", "SESSION", "SIGVER", "SSIGNON", "STDATA", "SVFMR", "TME"}

// The operands of RDEFINE and RALTER: those that are kept, and those that mean nothing here.
var (
	profileKeywords = []string{"UACC", "OWNER", "DATA", "NODATA", "APPLDATA", "NOAPPLDATA",
		"AUDIT", "LEVEL", "NOTIFY", "NONOTIFY", "WARNING", "NOWARNING", "FROM", "FCLASS", "FGENERIC"}
	formProfile = form{ignored: slices.Concat(profileSegments, []string{"ADDCATEGORY", "ADDMEM", "DELCATEGORY", "DELMEM", "GLOBALAUDIT",
		"SECLABEL", "SECLEVEL", "SINGLEDSN", "TIMEZONE", "TVTOC"})}
)

func parseRdefine(st tso.Statement, _ ring.Owner) (Command, []ring.Message, error) {
	return parseProfiles(st, "RDEFINE")
}

func parseRalter(st tso.Statement, _ ring.Owner) (Command, []ring.Message, error) {
	return parseProfiles(st, "RALTER")
}

func parseProfiles(st tso.Statement, name string) (Command, []ring.Message, error) {
	class, names, rest, err := classAndProfiles(st)
	if err != nil {
		return nil, nil, err
	}
	f := formProfile
	f.name = name
	o, err := keywords(rest, name, st.Pos, slices.Concat(profileKeywords, f.ignored))
	if err != nil {
		return nil, nil, err
	}
	r := rdefine{command(name), ring.Rdefine{Class: class, Names: names}}
	if r.request.From, err = o.model(); err != nil {
		return nil, nil, err
	}
	r.request.Settings, err = profileSettings(o)
	return r, f.notes(o), err
}

// model reads FROM and FCLASS.
func (o operands) model() (m ring.Model, err error) {
	if m.Name, err = o.word("FROM"); err != nil {
		return m, err
	}
	if m.Class, err = o.word("FCLASS"); err == nil && m.Class != "" && m.Name == "" {
		err = fail(o.operand("FCLASS").Pos, "add FROM(profile)", "%s FCLASS goes with FROM", idMissing)
	}
	return m, err
}

func (r rdefine) run(ctx context.Context, s *Session) (*ring.Result, error) {
	if r.command == "RALTER" {
		return s.Manager.Ralter(ctx, r.request)
	}
	return s.Manager.Rdefine(ctx, r.request)
}

func profileSettings(o operands) (ring.ProfileSettings, error) {
	var s ring.ProfileSettings
	uacc, err := o.choice("UACC", accessWords)
	if err != nil {
		return s, err
	}
	if uacc != "" {
		level, _ := saf.ParseAccess(uacc)
		s.UACC = &level
	}
	for _, f := range []struct {
		keyword string
		to      **string
	}{{"OWNER", &s.Owner}, {"DATA", &s.Data}, {"APPLDATA", &s.ApplData}, {"NOTIFY", &s.Notify}} {
		text, err := o.text(f.keyword)
		switch {
		case err != nil:
			return s, err
		case o.has("NO" + f.keyword):
			*f.to = new(string)
		case o.has(f.keyword):
			*f.to = &text
		}
	}
	if o.has("AUDIT") {
		audit, err := auditText(o.operand("AUDIT"))
		if err != nil {
			return s, err
		}
		s.Audit = &audit
	}
	if o.has("LEVEL") {
		text, err := o.text("LEVEL")
		if err != nil {
			return s, err
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 99 {
			return s, fail(o.operand("LEVEL").Pos, "", "%s LEVEL %q is not a number from 0 to 99", idInvalid, text)
		}
		s.Level = &n
	}
	if o.has("WARNING") || o.has("NOWARNING") {
		on := o.has("WARNING")
		s.Warning = &on
	}
	return s, nil
}

// auditText gives AUDIT as RLIST shows it, for example FAILURES(READ).
func auditText(op tso.Operand) (string, error) {
	var parts []string
	for _, v := range op.Values {
		k, err := resolve(v, "AUDIT", []string{"ALL", "SUCCESS", "FAILURES", "NONE"})
		if err != nil {
			return "", err
		}
		level := "READ"
		if v.HasValue {
			if level, err = value(v, k); err != nil {
				return "", err
			}
		}
		if k == "NONE" {
			parts = append(parts, k)
			continue
		}
		parts = append(parts, k+"("+strings.ToUpper(level)+")")
	}
	return strings.Join(parts, ","), nil
}

// rdelete is RDELETE.
type rdelete struct {
	command
	class string
	names []string
}

func parseRdelete(st tso.Statement) (Command, error) {
	class, names, rest, err := classAndProfiles(st)
	if err != nil {
		return nil, err
	}
	_, err = keywords(rest, "RDELETE", st.Pos, []string{"NOGENERIC", "GENERIC"})
	return rdelete{"RDELETE", class, names}, err
}

func (r rdelete) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.Rdelete(ctx, ring.ProfileNames{Class: r.class, Names: r.names})
}

// conditions are what WHEN of PERMIT can name (racdcert-rings.md D8).
var conditions = []string{"PROGRAM", "TERMINAL", "CONSOLE", "JESINPUT", "APPCPORT", "SYSID", "SERVAUTH", "CRITERIA"}

var permitKeywords = []string{"CLASS", "ID", "ACCESS", "DELETE", "RESET", "WHEN", "GENERIC", "FROM", "FCLASS", "FGENERIC"}

// permit is PERMIT.
type permit struct {
	command
	request ring.Permit
}

func parsePermit(st tso.Statement) (Command, error) {
	if len(st.Operands) == 0 || st.Operands[0].HasValue {
		return nil, fail(st.Pos, "write PERMIT profile CLASS(class) ID(user) ACCESS(level)", "%s PERMIT needs a profile", idMissing)
	}
	o, err := keywords(st.Operands[1:], "PERMIT", st.Pos, permitKeywords)
	if err != nil {
		return nil, err
	}
	q := ring.Permit{Name: strings.ToUpper(st.Operands[0].Text), Access: saf.Read}
	if q.Class, err = o.word("CLASS"); err != nil {
		return nil, err
	}
	if q.Class == "" {
		return nil, fail(st.Pos, "add CLASS(class)", "%s PERMIT needs CLASS", idMissing)
	}
	if q.IDs, err = o.list("ID"); err != nil {
		return nil, err
	}
	for i, id := range q.IDs {
		q.IDs[i] = strings.ToUpper(id)
	}
	access, err := o.choice("ACCESS", accessWords)
	if err != nil {
		return nil, err
	}
	if access != "" {
		q.Access, _ = saf.ParseAccess(access)
	}
	if q.Delete, err = o.flag("DELETE"); err != nil {
		return nil, err
	}
	if q.Reset, err = resetOf(o); err != nil {
		return nil, err
	}
	if q.From, err = o.model(); err != nil {
		return nil, err
	}
	if len(q.IDs) == 0 && q.Reset == ring.ResetNone && q.From.Name == "" {
		return nil, fail(st.Pos, "add ID(user), RESET or FROM(profile)", "%s PERMIT needs ID", idMissing)
	}
	q.When, err = whenOf(o)
	return permit{"PERMIT", q}, err
}

func (p permit) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.Permit(ctx, p.request)
}

func resetOf(o operands) (ring.Reset, error) {
	op, ok := o.find("RESET")
	if !ok {
		return ring.ResetNone, nil
	}
	if !op.HasValue {
		return ring.ResetAll, nil
	}
	k, err := o.choice("RESET", []string{"ALL", "STANDARD", "WHEN"})
	return map[string]ring.Reset{"ALL": ring.ResetAll, "STANDARD": ring.ResetStandard, "WHEN": ring.ResetWhen}[k], err
}

// whenOf gives the condition of WHEN in one spelling, for example PROGRAM(EZAPAGEN,PAGENT).
func whenOf(o operands) (string, error) {
	op, ok := o.find("WHEN")
	if !ok {
		return "", nil
	}
	if len(op.Values) != 1 {
		return "", fail(op.Pos, "write WHEN(PROGRAM(name))", "%s WHEN takes one condition", idMissing)
	}
	k, err := resolve(op.Values[0], "WHEN", conditions)
	if err != nil {
		return "", err
	}
	names, err := values(op.Values[0], k)
	if err != nil {
		return "", err
	}
	for i, n := range names {
		names[i] = strings.ToUpper(n)
	}
	slices.Sort(names)
	return k + "(" + strings.Join(names, ",") + ")", nil
}

var rlistKeywords = slices.Concat([]string{"ALL", "AUTHUSER", "HISTORY", "STATISTICS", "GENERIC", "NOGENERIC", "RESGROUP", "NORACF"}, profileSegments)

// rlist is RLIST.
type rlist struct {
	command
	request ring.Rlist
	users   bool // show the access lists
}

func parseRlist(st tso.Statement) (Command, error) {
	class, names, rest, err := classAndProfiles(st)
	if err != nil {
		return nil, err
	}
	o, err := keywords(rest, "RLIST", st.Pos, rlistKeywords)
	if err != nil {
		return nil, err
	}
	r := rlist{command: "RLIST", request: ring.Rlist{Class: class, Names: names}, users: o.has("ALL") || o.has("AUTHUSER")}
	r.request.Generic, err = o.onOff("GENERIC", "NOGENERIC")
	return r, err
}

func (r rlist) run(ctx context.Context, s *Session) (*ring.Result, error) {
	found, err := s.Manager.Rlist(ctx, r.request)
	if err != nil {
		return nil, err
	}
	d := display{w: s.Output, zone: s.Manager.Zone()}
	for _, l := range found {
		d.profile(l, r.users)
	}
	return nil, d.err
}
