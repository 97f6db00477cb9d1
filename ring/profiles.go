package ring

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"signet/saf"
)

// Rdefine asks for general-resource profiles (racdcert-rings.md D8). Package saf decides what
// they come to.
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

// model gives the profile that FROM names, nil for the zero value. It copies the access list, so
// the issuer must be one who may change it.
func (c *call) model(tx Tx, m Model, class string) (*saf.Profile, error) {
	if m.Name == "" {
		return nil, nil
	}
	if m.Class != "" {
		class = m.Class
	}
	if err := c.require(tx, Act{Function: "RALTER", Class: class, Names: []string{m.Name}}); err != nil {
		return nil, err
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

// check checks the settings.
func (s ProfileSettings) check() error {
	if s.UACC != nil {
		if err := checkAccess(*s.UACC); err != nil {
			return err
		}
	}
	if s.Level != nil && (*s.Level < 0 || *s.Level > 99) {
		return newError(msgBadOperand, "LEVEL", strconv.Itoa(*s.Level), "it is not a number from 0 to 99")
	}
	return cmp.Or(checkText("DATA", s.Data, maxData), checkText("APPLDATA", s.ApplData, maxData), checkText("AUDIT", s.Audit, maxData),
		checkText("OWNER", s.Owner, maxName), checkText("NOTIFY", s.Notify, maxName))
}

func checkAccess(a saf.Access) error {
	if !a.Valid() {
		return newError(msgBadOperand, "ACCESS", a.String(), "it is no level of access")
	}
	return nil
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

// Rdefine defines profiles; one that exists already stops it.
func (m *Manager) Rdefine(ctx context.Context, d Rdefine) (*Result, error) {
	return perform(ctx, m, Act{Function: "RDEFINE", Class: d.Class, Names: d.Names}, d, (*call).rdefine)
}

func (m *call) rdefine(ctx context.Context, d Rdefine) (*Result, error) {
	if err := d.Settings.check(); err != nil {
		return nil, err
	}
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
			} else if err := checkPattern(name); err != nil {
				return err
			}
		}
		listed, err := switchedOn(tx, settingAddCreator)
		if err != nil {
			return err
		}
		if listed {
			p.Access = []saf.Entry{{ID: string(m.issuer), Access: saf.Alter}}
		}
		model, err := m.model(tx, d.From, class.Name)
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
	if err := d.Settings.check(); err != nil {
		return nil, err
	}
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
		if !utf8.ValidString(n) || strings.ContainsFunc(n, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return newError(msgBadResource, "profile", n, "a profile name has printable characters only")
		}
	}
	return nil
}

// checkPattern refuses generic names that RACF does not have: ** is a whole qualifier, and once in
// a name (racdcert-rings.md D7).
func checkPattern(name string) error {
	double := 0
	for q := range strings.SplitSeq(name, ".") {
		if q == "**" {
			double++
		} else if strings.Contains(q, "**") {
			double = 2
		}
	}
	if double > 1 {
		return newError(msgBadResource, "profile", name, "** is a qualifier by itself, and stands in a name once")
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

// checkNotDigital refuses the classes of certificates, rings and name filters, which RACDCERT
// alone administers and which may have no generic names (racdcert-certificates.md 1.2).
func checkNotDigital(class string) error {
	switch class {
	case "DIGTCERT", "DIGTRING", "DIGTNMAP":
		return newError(msgDigitalClass, class)
	}
	return nil
}
