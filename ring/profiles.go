package ring

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"signet/saf"
)

// Rdefine asks for general-resource profiles. The profiles are kept as data
// (racdcert-rings.md D8); nothing consults them yet.
type Rdefine struct {
	Class    string
	Names    []string
	From     Model
	Settings ProfileSettings
}

// Model names the profile that FROM copies; the zero value names none.
type Model struct {
	Name  string
	Class string // FCLASS; empty: the class of the command
}

// find gives the profile, nil for the zero value.
func (m Model) find(tx Tx, class string) (*saf.Profile, error) {
	if m.Name == "" {
		return nil, nil
	}
	if m.Class != "" {
		class = m.Class
	}
	return profile(tx, class, m.Name)
}

// ProfileSettings are the parts of a profile that RDEFINE and RALTER set; nil leaves one alone.
type ProfileSettings struct {
	UACC     *saf.Access
	Owner    *string
	Data     *string
	ApplData *string
	Level    *int
	Audit    *string
	Notify   *string
	Warning  *bool
}

func (s ProfileSettings) apply(p *saf.Profile) {
	set(&p.UACC, s.UACC)
	set(&p.Owner, s.Owner)
	set(&p.Data, s.Data)
	set(&p.ApplData, s.ApplData)
	set(&p.Level, s.Level)
	set(&p.Audit, s.Audit)
	set(&p.Notify, s.Notify)
	set(&p.Warning, s.Warning)
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// The SETROPTS switches of the whole database. Their default is on.
const (
	settingAddCreator = "addcreator" // the creator of a profile is put on its access list
	settingGroupList  = "grplist"    // all groups of a user count, not only the default group
	settingOff        = "off"
)

// Rdefine defines profiles; one that exists already stops it.
func (m *Manager) Rdefine(ctx context.Context, d Rdefine) (*Result, error) {
	return perform(ctx, m, Act{Function: "RDEFINE", Class: d.Class, Names: d.Names}, d, (*call).rdefine)
}

func (m *call) rdefine(ctx context.Context, d Rdefine) (*Result, error) {
	return m.changeProfiles(ctx, msgRdefineRefresh, d.Class, d.Names, func(tx Tx, class saf.Class, name string, r *Result) error {
		_, err := tx.Profile(class.Name, name)
		if free, err := isFree(err); err != nil {
			return err
		} else if !free {
			return newError(msgProfileExists, name, class.Name)
		}
		p := &saf.Profile{Class: class.Name, Name: name, Owner: string(m.issuer), CreatedBy: string(m.issuer), Created: m.now(), Changed: m.now()}
		if saf.IsPattern(name) {
			p.Generic = class.Generic || class.GenCmd
			if !p.Generic {
				r.note(msgNoGenerics, name, class.Name)
			}
		}
		off, err := tx.Setting(settingAddCreator)
		if err != nil {
			return err
		}
		if off != settingOff {
			p.Access = []saf.Entry{{ID: string(m.issuer), Access: saf.Alter}}
		}
		model, err := d.From.find(tx, class.Name)
		if err != nil {
			return err
		}
		if model != nil {
			p.UACC, p.Data, p.ApplData, p.Level = model.UACC, model.Data, model.ApplData, model.Level
			p.Audit, p.Notify, p.Warning = model.Audit, model.Notify, model.Warning
			addEntries(p, model)
		}
		d.Settings.apply(p)
		return tx.PutProfile(p)
	})
}

// addEntries adds to an access list what another has for those that it does not name.
func addEntries(p, from *saf.Profile) {
	for _, e := range from.Access {
		if !slices.ContainsFunc(p.Access, func(o saf.Entry) bool { return o.ID == e.ID && o.When == e.When }) {
			p.Access = append(p.Access, e)
		}
	}
}

// Ralter changes profiles, only the settings given.
func (m *Manager) Ralter(ctx context.Context, d Rdefine) (*Result, error) {
	return perform(ctx, m, Act{Function: "RALTER", Class: d.Class, Names: d.Names}, d, (*call).ralter)
}

func (m *call) ralter(ctx context.Context, d Rdefine) (*Result, error) {
	return m.changeProfiles(ctx, msgRalterRefresh, d.Class, d.Names, func(tx Tx, class saf.Class, name string, _ *Result) error {
		p, err := profile(tx, class.Name, name)
		if err != nil {
			return err
		}
		d.Settings.apply(p)
		p.Changed = m.now()
		return tx.PutProfile(p)
	})
}

// ProfileNames names profiles of one class.
type ProfileNames struct {
	Class string
	Names []string
}

// Rdelete removes profiles; one that is not there is a warning.
func (m *Manager) Rdelete(ctx context.Context, q ProfileNames) (*Result, error) {
	return perform(ctx, m, Act{Function: "RDELETE", Class: q.Class, Names: q.Names}, q, (*call).rdelete)
}

func (m *call) rdelete(ctx context.Context, q ProfileNames) (*Result, error) {
	return m.changeProfiles(ctx, msgRdeleteRefresh, q.Class, q.Names, func(tx Tx, class saf.Class, name string, r *Result) error {
		err := tx.DeleteProfile(class.Name, name)
		if errors.Is(err, ErrNotFound) {
			r.note(msgNoProfileDeleted, name, class.Name)
			return nil
		}
		return err
	})
}

// changeProfiles runs change for each name in one transaction and adds the reminder to refresh.
func (m *call) changeProfiles(ctx context.Context, reminder messageID, class string, names []string, change func(Tx, saf.Class, string, *Result) error) (*Result, error) {
	if err := checkResource(class, names...); err != nil {
		return nil, err
	}
	if err := checkNotDigital(class); err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, r *Result) error {
		c, err := tx.Class(class)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := change(tx, c, name, r); err != nil {
				return err
			}
		}
		if c.RacList {
			r.note(reminder, class)
		}
		return nil
	})
}

// maxResource is the longest profile name, in characters.
const maxResource = 246

func checkResource(class string, names ...string) error {
	if class == "" || len(class) > 8 || strings.ContainsAny(class, " .*%") {
		return newError(msgBadResource, "class", class, "a class name has 1 to 8 letters or digits")
	}
	for _, n := range names {
		if n == "" || utf8.RuneCountInString(n) > maxResource {
			return newError(msgBadResource, "profile", n, "a profile name has 1 to 246 characters")
		}
	}
	return nil
}

func profile(tx Tx, class, name string) (*saf.Profile, error) {
	p, err := tx.Profile(class, name)
	if errors.Is(err, ErrNotFound) {
		return nil, newError(msgNoProfile, name, class)
	}
	return p, err
}

// Permit asks for a change of the access list of one profile. Without Delete and Reset the IDs
// get the access; with Delete their entries go; with Reset the whole list goes.
type Permit struct {
	Class  string
	Name   string
	IDs    []string
	Access saf.Access
	When   string // condition of the entries; empty for the standard list
	Delete bool
	Reset  Reset
	From   Model // its entries are added for those that the list does not name
}

// Reset says which access lists PERMIT RESET empties. The zero value empties none.
type Reset int

// The access lists that RESET can empty.
const (
	ResetNone Reset = iota
	ResetStandard
	ResetWhen
	ResetAll
)

// detail says what changes, for the trail.
func (q Permit) detail() string {
	ids := strings.Join(q.IDs, " ")
	switch {
	case len(q.IDs) == 0:
		return ""
	case q.Delete:
		return "ID(" + ids + ") DELETE"
	}
	return "ID(" + ids + ") ACCESS(" + q.Access.String() + ")"
}

// Permit changes an access list.
func (m *Manager) Permit(ctx context.Context, q Permit) (*Result, error) {
	return perform(ctx, m, Act{Function: "PERMIT", Class: q.Class, Names: []string{q.Name}, Detail: q.detail()}, q, (*call).permit)
}

func (m *call) permit(ctx context.Context, q Permit) (*Result, error) {
	return m.changeProfiles(ctx, msgPermitRefresh, q.Class, []string{q.Name}, func(tx Tx, class saf.Class, name string, r *Result) error {
		p, err := profile(tx, class.Name, name)
		if err != nil {
			return err
		}
		if q.Reset != ResetNone {
			p.Access = slices.DeleteFunc(p.Access, func(e saf.Entry) bool {
				return q.Reset == ResetAll || (e.When == "") == (q.Reset == ResetStandard)
			})
		}
		for _, id := range q.IDs {
			i := slices.IndexFunc(p.Access, func(e saf.Entry) bool { return e.ID == id && e.When == q.When })
			switch {
			case q.Delete && i < 0:
				r.note(msgNotInList, id, p.Name)
			case q.Delete:
				p.Access = slices.Delete(p.Access, i, i+1)
			case i < 0:
				p.Access = append(p.Access, saf.Entry{ID: id, Access: q.Access, When: q.When})
			default:
				p.Access[i].Access = q.Access
			}
		}
		model, err := q.From.find(tx, class.Name)
		if err != nil {
			return err
		}
		if model != nil {
			addEntries(p, model)
		}
		p.Changed = m.now()
		return tx.PutProfile(p)
	})
}

// Rlist gives the named profiles of a class, or all of them when the only name is an asterisk
// that is not itself a profile.
func (m *Manager) Rlist(ctx context.Context, q ProfileNames) ([]*saf.Profile, error) {
	return perform(ctx, m, Act{Function: "RLIST", Class: q.Class, Names: q.Names}, q, (*call).rlist)
}

func (m *call) rlist(ctx context.Context, q ProfileNames) ([]*saf.Profile, error) {
	class, names := q.Class, q.Names
	if err := checkResource(class, names...); err != nil {
		return nil, err
	}
	var found []*saf.Profile
	err := m.view(ctx, func(tx Tx) error {
		found = nil
		for _, name := range names {
			p, err := tx.Profile(class, name)
			switch {
			case err == nil:
				found = append(found, p)
			case !errors.Is(err, ErrNotFound):
				return err
			case name != "*":
				return newError(msgNoProfileListed, name, class)
			default:
				for p, err := range tx.Profiles(class) {
					if err != nil {
						return err
					}
					found = append(found, p)
				}
			}
		}
		if len(found) == 0 {
			return newError(msgNothingInClass, class)
		}
		return nil
	})
	return found, err
}

// Classes gives the state of the classes that SETROPTS ever touched, by name.
func (m *Manager) Classes(ctx context.Context) ([]saf.Class, error) {
	return perform(ctx, m, Act{Function: "CLASSES"}, struct{}{}, (*call).classes)
}

func (m *call) classes(ctx context.Context, _ struct{}) (classes []saf.Class, err error) {
	err = m.view(ctx, func(tx Tx) error {
		classes, err = tx.Classes()
		return err
	})
	return classes, err
}

// ClassSwitch is one state of a class that SETROPTS can switch.
type ClassSwitch int

// The switches, in the order in which SETROPTS works them.
const (
	SwitchActive ClassSwitch = iota
	SwitchRacList
	SwitchGeneric
	SwitchGenCmd
	SwitchGlobal
)

// field gives the part of a class's state that the switch is.
func (s ClassSwitch) field(c *saf.Class) *bool {
	return [...]*bool{&c.Active, &c.RacList, &c.Generic, &c.GenCmd, &c.Global}[s]
}

// Refreshable reports whether REFRESH goes with the switch.
func (s ClassSwitch) Refreshable() bool {
	return s == SwitchRacList || s == SwitchGeneric || s == SwitchGlobal
}

// Setropts asks for changes to the state of classes (racdcert-rings.md D8), by class. What a
// switch does not name is left alone.
type Setropts struct {
	Switches   [SwitchGlobal + 1]map[string]bool
	AddCreator *bool
	GroupList  *bool // list-of-groups checking
	Refresh    bool  // RACLIST, GENERIC and GLOBAL name classes to refresh, not to switch on
}

// ClassChange is what SETROPTS does to one switch of one class.
type ClassChange struct {
	Class   string
	Switch  ClassSwitch
	On      bool
	Refresh bool // its changes are taken over; the switch stays as it is
}

// Changes lists what q does, in order.
func (q Setropts) Changes() []ClassChange {
	var all []ClassChange
	for sw, classes := range q.Switches {
		for _, name := range slices.Sorted(maps.Keys(classes)) {
			c := ClassChange{Class: name, Switch: ClassSwitch(sw), On: classes[name]}
			c.Refresh = q.Refresh && c.On && c.Switch.Refreshable()
			all = append(all, c)
		}
	}
	return all
}

// detail says what changes, for the trail.
func (q Setropts) detail() string {
	words := [...]string{"CLASSACT", "RACLIST", "GENERIC", "GENCMD", "GLOBAL"}
	var parts []string
	for _, c := range q.Changes() {
		part := words[c.Switch] + "(" + c.Class + ")"
		switch {
		case c.Refresh:
			part += " REFRESH"
		case !c.On:
			part = "NO" + part
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

// Setropts changes the state of classes, all in one transaction.
func (m *Manager) Setropts(ctx context.Context, q Setropts) (*Result, error) {
	return perform(ctx, m, Act{Function: "SETROPTS", Detail: q.detail()}, q, (*call).setropts)
}

func (m *call) setropts(ctx context.Context, q Setropts) (*Result, error) {
	return update(ctx, m, func(tx Tx, r *Result) error {
		if err := cmp.Or(putSwitch(tx, settingAddCreator, q.AddCreator), putSwitch(tx, settingGroupList, q.GroupList)); err != nil {
			return err
		}
		for _, change := range q.Changes() {
			if err := change.perform(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// putSwitch stores a switch whose default is on; nil leaves it alone.
func putSwitch(tx Tx, name string, on *bool) error {
	switch {
	case on == nil:
		return nil
	case *on:
		return tx.PutSetting(name, "")
	}
	return tx.PutSetting(name, settingOff)
}

// perform does the change. What is RACLISTed is decided on by the snapshot that is taken here.
func (change ClassChange) perform(tx Tx, r *Result) error {
	if err := checkResource(change.Class); err != nil {
		return err
	}
	if change.On && (change.Switch == SwitchGeneric || change.Switch == SwitchGenCmd) && !change.Refresh {
		if err := checkNotDigital(change.Class); err != nil {
			return err
		}
	}
	c, err := tx.Class(change.Class)
	if err != nil {
		return err
	}
	switch {
	case change.Refresh && change.Switch != SwitchRacList:
		return nil // generic profiles are never out of date here, and nothing is GLOBAL
	case change.Refresh && !c.RacList:
		r.note(msgNotRacListed, c.Name)
		return nil
	case change.Refresh:
		return tx.TakeSnapshot(c.Name)
	}
	*change.Switch.field(&c) = change.On
	if err := tx.PutClass(c); err != nil || change.Switch != SwitchRacList {
		return err
	}
	if change.On {
		return tx.TakeSnapshot(c.Name)
	}
	return tx.DropSnapshot(c.Name)
}

// checkNotDigital refuses the classes of certificates, rings and name filters, which RACDCERT
// alone administers and which may have no generic names (racdcert-certificates.md 1.2).
func checkNotDigital(class string) error {
	switch class {
	case "DIGTCERT", "DIGTRING", "DIGTNMAP":
		return newError(msgDigitalClass, class)
	}
	return nil
}
