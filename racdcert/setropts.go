package racdcert

import (
	"context"
	"strings"

	"signet/racdcert/tso"
	"signet/ring"
	"signet/saf"
)

// setroptsKeywords are the operands of SETROPTS that signet keeps, and those that do not
// matter to it but stand in jobs.
var setroptsKeywords = []string{"CLASSACT", "NOCLASSACT", "RACLIST", "NORACLIST", "GENERIC", "NOGENERIC",
	"GENCMD", "NOGENCMD", "GLOBAL", "NOGLOBAL", "ADDCREATOR", "NOADDCREATOR", "REFRESH", "WHEN", "NOWHEN",
	"GRPLIST", "NOGRPLIST", "LIST"}

// setropts is SETROPTS.
type setropts struct {
	command
	request ring.Setropts
	list    bool // show the state of the classes
}

func parseSetropts(st tso.Statement) (Command, error) {
	o, err := keywords(st.Operands, "SETROPTS", st.Pos, setroptsKeywords)
	if err != nil {
		return nil, err
	}
	if len(o.all) == 0 {
		return nil, fail(st.Pos, "for example SETROPTS RACLIST(FACILITY) REFRESH", "%s SETROPTS has no operand", idMissing)
	}
	var q ring.Setropts
	if q.Refresh, err = o.flag("REFRESH"); err != nil {
		return nil, err
	}
	for i, keyword := range classKeywords {
		if q.Switches[i], err = o.classSwitch(keyword); err != nil {
			return nil, err
		}
	}
	if q.AddCreator, err = o.onOff("ADDCREATOR", "NOADDCREATOR"); err != nil {
		return nil, err
	}
	if q.GroupList, err = o.onOff("GRPLIST", "NOGRPLIST"); err != nil {
		return nil, err
	}
	if o.has("WHEN") || o.has("NOWHEN") { // program control, which is only recorded on z/OS
		if _, err := o.choice("WHEN", []string{"PROGRAM"}); err != nil {
			return nil, err
		}
	}
	list, err := o.flag("LIST")
	return setropts{"SETROPTS", q, list}, err
}

// classKeywords are the operands that switch a state of classes, in the order of ring.ClassSwitch.
var classKeywords = [...]string{"CLASSACT", "RACLIST", "GENERIC", "GENCMD", "GLOBAL"}

// classSwitch reads the classes that a keyword switches on, and its opposite off.
func (o operands) classSwitch(keyword string) (map[string]bool, error) {
	classes := map[string]bool{}
	on, err := o.list(keyword)
	if err != nil {
		return nil, err
	}
	for _, n := range on {
		classes[strings.ToUpper(n)] = true
	}
	off, err := o.list("NO" + keyword)
	if err != nil {
		return nil, err
	}
	for _, n := range off {
		if classes[strings.ToUpper(n)] {
			return nil, fail(o.operand("NO"+keyword).Pos, "say one of them", "%s %s and NO%[2]s both name %s", idInvalid, keyword, strings.ToUpper(n))
		}
		classes[strings.ToUpper(n)] = false
	}
	return classes, nil
}

func (r setropts) run(ctx context.Context, s *Session) (*ring.Result, error) {
	res, err := s.Manager.Setropts(ctx, r.request)
	if err != nil || !r.list {
		return res, err
	}
	options, err := s.Manager.Options(ctx)
	if err != nil {
		return res, err
	}
	d := display{w: s.Output, zone: s.Manager.Zone()}
	d.options(options)
	return res, d.err
}

// options prints what SETROPTS LIST shows of classes, the names under each state, and of the
// switches of the whole database.
func (d *display) options(o *ring.Options) {
	for _, list := range []struct {
		title string
		in    func(saf.Class) bool
	}{
		{"ACTIVE CLASSES", func(c saf.Class) bool { return c.Active }},
		{"GENERIC PROFILE CLASSES", func(c saf.Class) bool { return c.Generic }},
		{"GENERIC COMMAND CLASSES", func(c saf.Class) bool { return c.GenCmd }},
		{"GLOBAL CHECKING CLASSES", func(c saf.Class) bool { return c.Global }},
		{"SETR RACLIST CLASSES", func(c saf.Class) bool { return c.RacList }},
	} {
		var names []string
		for _, c := range o.Classes {
			if list.in(c) {
				names = append(names, c.Name)
			}
		}
		if names == nil {
			names = []string{"NONE"}
		}
		d.line("%s = %s", list.title, strings.Join(names, " "))
	}
	groups, creator := "ACTIVE", "IN EFFECT"
	if !o.GroupList {
		groups = "INACTIVE"
	}
	if !o.AddCreator {
		creator = "NOT IN EFFECT"
	}
	d.line("LIST OF GROUPS ACCESS CHECKING IS %s.", groups)
	d.line("ADDCREATOR IS %s", creator)
}

// end is END or LOGOFF: the terminal monitor program reads no more commands.
type end struct{ command }

func parseEnd(st tso.Statement) (Command, error) {
	if len(st.Operands) > 0 {
		return nil, fail(st.Operands[0].Pos, "", "%s %s takes no operand", idInvalid, st.Name)
	}
	return end{command(st.Name)}, nil
}

func (end) run(_ context.Context, s *Session) (*ring.Result, error) {
	s.ended = true
	return nil, nil
}

func (end) plan(*Session) Plan { return does("ends the input") }

// profile is the TSO command PROFILE, of which only the data set prefix matters here.
type profile struct {
	command
	set    bool
	prefix string
}

func parseProfile(st tso.Statement) (Command, error) {
	o, err := keywords(st.Operands, "PROFILE", st.Pos, []string{"PREFIX", "NOPREFIX", "INTERCOM", "NOINTERCOM",
		"MSGID", "NOMSGID", "MODE", "NOMODE", "PAUSE", "NOPAUSE", "PROMPT", "NOPROMPT", "WTPMSG", "NOWTPMSG",
		"RECOVER", "NORECOVER", "LIST", "CHAR", "NOCHAR", "LINE", "NOLINE", "PLANGUAGE", "SLANGUAGE", "VARSTORAGE"})
	if err != nil {
		return nil, err
	}
	p := profile{command: "PROFILE", set: o.has("PREFIX") || o.has("NOPREFIX")}
	p.prefix, err = o.word("PREFIX")
	if err == nil && p.prefix != "" && (len(p.prefix) > 8 || !dataSetPattern().MatchString(p.prefix) || strings.Contains(p.prefix, ".")) {
		err = fail(o.operand("PREFIX").Pos, "a prefix has 1 to 8 letters or digits", "%s PREFIX %q is not a data set prefix", idInvalid, p.prefix)
	}
	return p, err
}

func (p profile) run(_ context.Context, s *Session) (*ring.Result, error) {
	if p.set {
		s.prefix = p.prefix
	}
	return nil, nil
}
