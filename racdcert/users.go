package racdcert

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"signet/racdcert/tso"
	"signet/ring"
	"signet/saf"
)

// userSegments and groupSegments are the parts of a profile that say what a user or a group is
// to other programs.
var (
	userSegments = []string{"CICS", "CSDATA", "DCE", "DFP", "EIM", "KERB", "LANGUAGE", "LNOTES", "NDS", "NETVIEW", "OMVS",
		"OPERPARM", "OVM", "PROXY", "TSO", "WORKATTR"}
	groupSegments = []string{"CSDATA", "DFP", "OMVS", "OVM", "TME"}
)

// form is what a command on users or groups takes.
type form struct {
	name     string
	kind     string   // what its names are: user or group
	lists    bool     // it shows profiles: of the issuer when it names none
	kept     []string // operands that are kept
	switches []string // operands that are on, or with NO before them off
	ignored  []string // operands that mean nothing here
	settled  []string // operands that ask for what is so here in any case
}

// Operands that mean nothing here, and their opposites.
var (
	ignoredOfUser = slices.Concat(userSegments, []string{"ADSP", "GRPACC", "OIDCARD", "PASSWORD", "PHRASE", "ROAUDIT", "UACC", "CLAUTH",
		"MODEL", "SECLABEL", "SECLEVEL", "ADDCATEGORY", "WHEN"})
	settledOfUser = []string{"NOADSP", "NOGRPACC", "NOOIDCARD", "NOPASSWORD", "NOPHRASE", "NOROAUDIT", "NOCLAUTH"}
)

// The commands.
var (
	formAdduser = form{name: "ADDUSER", kind: "user",
		kept:     []string{"NAME", "OWNER", "DFLTGRP", "DATA", "AUTHORITY"},
		switches: []string{"SPECIAL", "OPERATIONS", "AUDITOR", "RESTRICTED"},
		ignored:  ignoredOfUser, settled: settledOfUser}
	formAltuser = form{name: "ALTUSER", kind: "user",
		kept:     []string{"NAME", "OWNER", "DFLTGRP", "DATA", "NODATA", "AUTHORITY", "GROUP"},
		switches: []string{"SPECIAL", "OPERATIONS", "AUDITOR", "RESTRICTED", "REVOKE", "RESUME"},
		ignored:  slices.Concat(ignoredOfUser, []string{"DELCATEGORY", "EXPIRED", "MFA", "PWCLEAN", "PWCONVERT", "UAUDIT"}),
		settled: slices.Concat(settledOfUser, withNo(userSegments),
			[]string{"NOEXPIRED", "NOMFA", "NOMODEL", "NOSECLABEL", "NOSECLEVEL", "NOUAUDIT"})}
	formDeluser  = form{name: "DELUSER", kind: "user"}
	formListuser = form{name: "LISTUSER", kind: "user", lists: true, kept: append(slices.Clone(userSegments), "NORACF")}
	formAddgroup = form{name: "ADDGROUP", kind: "group",
		kept:    []string{"OWNER", "SUPGROUP", "DATA"},
		ignored: slices.Concat(groupSegments, []string{"MODEL", "TERMUACC", "UNIVERSAL"}), settled: []string{"NOTERMUACC"}}
	formDelgroup = form{name: "DELGROUP", kind: "group"}
	formListgrp  = form{name: "LISTGRP", kind: "group", lists: true, kept: append(slices.Clone(groupSegments), "NORACF")}
	formConnect  = form{name: "CONNECT", kind: "user",
		kept:     []string{"GROUP", "OWNER", "AUTHORITY"},
		switches: []string{"SPECIAL", "OPERATIONS", "AUDITOR", "REVOKE", "RESUME"},
		ignored:  []string{"ADSP", "GRPACC", "UACC"}, settled: []string{"NOADSP", "NOGRPACC"}}
	formRemove = form{name: "REMOVE", kind: "user", kept: []string{"GROUP"}, ignored: []string{"OWNER"}}
)

// withNo puts NO before each word.
func withNo(words []string) []string {
	var all []string
	for _, w := range words {
		all = append(all, "NO"+w)
	}
	return all
}

// keywords are all operands of the command.
func (f form) keywords() []string {
	return slices.Concat(f.kept, f.switches, withNo(f.switches), f.ignored, f.settled)
}

// read reads the names and the operands. The notes say which operands are not kept.
func (f form) read(st tso.Statement) (names []string, o operands, notes []ring.Message, err error) {
	rest := st.Operands
	switch {
	case len(rest) > 0:
		if names, err = f.names(rest[0]); err != nil {
			return nil, o, nil, err
		}
		rest = rest[1:]
	case !f.lists:
		return nil, o, nil, f.noName(st.Pos)
	}
	if o, err = keywords(rest, f.name, st.Pos, f.keywords()); err != nil {
		return nil, o, nil, err
	}
	return names, o, f.notes(o), nil
}

func (f form) noName(pos tso.Pos) error {
	return fail(pos, fmt.Sprintf("write %s %s", f.name, f.kind), "%s %s names no %s", idMissing, f.name, f.kind)
}

// names reads the first operand: one name, several in parentheses, or, where profiles are
// listed, an asterisk for all.
func (f form) names(first tso.Operand) ([]string, error) {
	switch {
	case first.Text == "*" && !first.HasValue && f.lists:
		return []string{first.Text}, nil
	case !first.HasValue:
		name, err := f.fold(first.Text)
		return []string{name}, err
	case first.Text != "" || first.Quoted || len(first.Values) == 0:
		return nil, f.noName(first.Pos)
	}
	var names []string
	for _, v := range first.Values {
		if v.HasValue {
			return nil, fail(v.Pos, "", "%s %q is not a %s", idInvalid, v.Text+"(", f.kind)
		}
		name, err := f.fold(v.Text)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// fold checks a name.
func (f form) fold(name string) (string, error) {
	if f.kind == "group" {
		return ring.GroupName(name)
	}
	return userName(name)
}

// notes names the operands that are not kept.
func (f form) notes(o operands) []ring.Message {
	var secret, other []string
	for _, k := range o.sorted() {
		switch {
		case !slices.Contains(f.ignored, k):
		case k == "PASSWORD" || k == "PHRASE":
			secret = append(secret, k)
		default:
			other = append(other, k)
		}
	}
	var notes []ring.Message
	if len(secret) > 0 {
		notes = append(notes, remark(ring.Done, "%s keeps nothing of %s: signet has no passwords", f.name, strings.Join(secret, " and ")))
	}
	if len(other) > 0 {
		notes = append(notes, remark(ring.Done, "%s keeps nothing of %s: signet has no use for that", f.name, strings.Join(other, ", ")))
	}
	return notes
}

// optional gives the value of a keyword, nil when it was not given.
func (o operands) optional(keyword string) (*string, error) {
	s, err := o.text(keyword)
	if err != nil || !o.has(keyword) {
		return nil, err
	}
	return &s, nil
}

// optionalName is optional for a name that check folds.
func (o operands) optionalName(keyword string, check func(string) (string, error)) (*string, error) {
	s, err := o.optional(keyword)
	if err != nil || s == nil {
		return nil, err
	}
	folded, err := check(*s)
	return &folded, err
}

// userName reads a user ID.
func userName(s string) (string, error) {
	o, err := ring.UserOwner(s)
	return string(o), err
}

// onOff reads a switch and its opposite, nil when neither was given.
func (o operands) onOff(on, off string) (*bool, error) {
	k, err := o.exclusive(on, off)
	if err != nil || k == "" {
		return nil, err
	}
	if _, err := o.flag(k); err != nil {
		return nil, err
	}
	is := k == on
	return &is, nil
}

// authority reads AUTHORITY, nil when it was not given.
func (o operands) authority() (*saf.Authority, error) {
	word, err := o.choice("AUTHORITY", saf.AuthorityNames())
	if err != nil || word == "" {
		return nil, err
	}
	a, _ := saf.ParseAuthority(word)
	return &a, nil
}

// attributes reads what a user is on the whole system or in a group.
func (o operands) attributes() (s ring.AttributeSettings, err error) {
	for _, k := range []string{"REVOKE", "RESUME"} {
		if op := o.operand(k); len(op.Values) > 0 {
			return s, fail(op.Values[0].Pos, "say "+k+" without a date on the day", "%s %s takes no date here: nothing would happen on it", idInvalid, k)
		}
	}
	for _, sw := range []struct {
		on, off string
		to      **bool
	}{
		{"SPECIAL", "NOSPECIAL", &s.Special}, {"OPERATIONS", "NOOPERATIONS", &s.Operations},
		{"AUDITOR", "NOAUDITOR", &s.Auditor}, {"REVOKE", "RESUME", &s.Revoked},
	} {
		if *sw.to, err = o.onOff(sw.on, sw.off); err != nil {
			return s, err
		}
	}
	return s, nil
}

// userSettings reads what ADDUSER and ALTUSER have in common.
func (o operands) userSettings() (s ring.UserSettings, err error) {
	if s.Attributes, err = o.attributes(); err != nil {
		return s, err
	}
	if s.Restricted, err = o.onOff("RESTRICTED", "NORESTRICTED"); err != nil {
		return s, err
	}
	if s.Name, err = o.optional("NAME"); err != nil {
		return s, err
	}
	if s.Data, err = o.data(); err != nil {
		return s, err
	}
	if s.Owner, err = o.optionalName("OWNER", userName); err != nil {
		return s, err
	}
	s.DefaultGroup, err = o.optionalName("DFLTGRP", ring.GroupName)
	return s, err
}

// data reads DATA and NODATA.
func (o operands) data() (*string, error) {
	k, err := o.exclusive("DATA", "NODATA")
	switch {
	case err != nil:
		return nil, err
	case k == "NODATA":
		_, err := o.flag(k)
		return new(string), err
	}
	return o.optional("DATA")
}

// adduser is ADDUSER.
type adduser struct {
	command
	request ring.AddUser
}

func parseAdduser(st tso.Statement, _ ring.Owner) (Command, []ring.Message, error) {
	names, o, notes, err := formAdduser.read(st)
	if err != nil {
		return nil, nil, err
	}
	a := adduser{"ADDUSER", ring.AddUser{IDs: names}}
	authority, err := o.authority()
	if err != nil {
		return nil, nil, err
	}
	if authority != nil {
		a.request.Authority = *authority
	}
	a.request.Settings, err = o.userSettings()
	return a, notes, err
}

func (a adduser) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.AddUser(ctx, a.request)
}

// altuser is ALTUSER.
type altuser struct {
	command
	request ring.AltUser
}

func parseAltuser(st tso.Statement, _ ring.Owner) (Command, []ring.Message, error) {
	names, o, notes, err := formAltuser.read(st)
	if err != nil {
		return nil, nil, err
	}
	a := altuser{"ALTUSER", ring.AltUser{IDs: names}}
	if a.request.Authority, err = o.authority(); err != nil {
		return nil, nil, err
	}
	if a.request.Group, err = o.group(); err != nil {
		return nil, nil, err
	}
	a.request.Settings, err = o.userSettings()
	return a, notes, err
}

func (a altuser) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.AltUser(ctx, a.request)
}

// group reads GROUP, empty when it was not given.
func (o operands) group() (string, error) {
	g, err := o.optionalName("GROUP", ring.GroupName)
	if err != nil || g == nil {
		return "", err
	}
	return *g, nil
}

// deluser is DELUSER.
type deluser struct {
	command
	request ring.DelUser
}

func parseDeluser(st tso.Statement, _ ring.Owner) (Command, []ring.Message, error) {
	names, _, notes, err := formDeluser.read(st)
	return deluser{"DELUSER", ring.DelUser{IDs: names}}, notes, err
}

func (d deluser) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.DelUser(ctx, d.request)
}

// addgroup is ADDGROUP.
type addgroup struct {
	command
	request ring.AddGroup
}

func parseAddgroup(st tso.Statement, _ ring.Owner) (Command, []ring.Message, error) {
	names, o, notes, err := formAddgroup.read(st)
	if err != nil {
		return nil, nil, err
	}
	a := addgroup{"ADDGROUP", ring.AddGroup{Names: names}}
	if a.request.Owner, err = o.optionalName("OWNER", userName); err != nil {
		return nil, nil, err
	}
	if a.request.Superior, err = o.optionalName("SUPGROUP", ring.GroupName); err != nil {
		return nil, nil, err
	}
	a.request.Data, err = o.optional("DATA")
	return a, notes, err
}

func (a addgroup) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.AddGroup(ctx, a.request)
}

// delgroup is DELGROUP.
type delgroup struct {
	command
	request ring.DelGroup
}

func parseDelgroup(st tso.Statement, _ ring.Owner) (Command, []ring.Message, error) {
	names, _, notes, err := formDelgroup.read(st)
	return delgroup{"DELGROUP", ring.DelGroup{Names: names}}, notes, err
}

func (d delgroup) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.DelGroup(ctx, d.request)
}

// connectGroup is CONNECT, of users to a group.
type connectGroup struct {
	command
	request ring.ConnectGroup
}

func parseConnectGroup(st tso.Statement, _ ring.Owner) (Command, []ring.Message, error) {
	names, o, notes, err := formConnect.read(st)
	if err != nil {
		return nil, nil, err
	}
	c := connectGroup{"CONNECT", ring.ConnectGroup{IDs: names}}
	q := &c.request
	if q.Group, err = o.group(); err != nil {
		return nil, nil, err
	}
	if q.Settings.Owner, err = o.optionalName("OWNER", userName); err != nil {
		return nil, nil, err
	}
	if q.Settings.Authority, err = o.authority(); err != nil {
		return nil, nil, err
	}
	q.Settings.Attributes, err = o.attributes()
	return c, notes, err
}

func (c connectGroup) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.ConnectGroup(ctx, c.request)
}

// removeGroup is REMOVE, of users from a group.
type removeGroup struct {
	command
	request ring.RemoveGroup
}

func parseRemoveGroup(st tso.Statement, _ ring.Owner) (Command, []ring.Message, error) {
	names, o, notes, err := formRemove.read(st)
	if err != nil {
		return nil, nil, err
	}
	r := removeGroup{"REMOVE", ring.RemoveGroup{IDs: names}}
	r.request.Group, err = o.group()
	return r, notes, err
}

func (r removeGroup) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.RemoveGroup(ctx, r.request)
}
