package ring

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"signet/saf"
)

// The SETROPTS switches of the whole database. Their default is on.
const (
	settingAddCreator = "addcreator" // the creator of a profile is put on its access list
	settingGroupList  = "grplist"    // all groups of a user count, not only the default group
	settingOff        = "off"
)

// Options is what SETROPTS LIST shows.
type Options struct {
	Classes    []saf.Class // those that SETROPTS ever touched, by name
	AddCreator bool        // the creator of a profile is put on its access list
	GroupList  bool        // all groups of a user count
}

// Options gives the state of classes and the switches of the whole database.
func (m *Manager) Options(ctx context.Context) (*Options, error) {
	return perform(ctx, m, Act{Function: "OPTIONS"}, struct{}{}, (*call).options)
}

func (m *call) options(ctx context.Context, _ struct{}) (*Options, error) {
	var o *Options
	err := m.view(ctx, func(tx Tx) (err error) {
		o = new(Options)
		if o.AddCreator, err = switchedOn(tx, settingAddCreator); err != nil {
			return err
		}
		if o.GroupList, err = switchedOn(tx, settingGroupList); err != nil {
			return err
		}
		o.Classes, err = tx.Classes()
		return err
	})
	return o, err
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
	for _, sw := range []struct {
		on   *bool
		word string
	}{{q.AddCreator, "ADDCREATOR"}, {q.GroupList, "GRPLIST"}} {
		switch {
		case sw.on == nil:
		case *sw.on:
			parts = append(parts, sw.word)
		default:
			parts = append(parts, "NO"+sw.word)
		}
	}
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
		return q.noteUnlisted(tx, r)
	})
}

// noteUnlisted names the classes that are active now and protect nothing until they are RACLISTed.
func (q Setropts) noteUnlisted(tx Tx, r *Result) error {
	for _, name := range slices.Sorted(maps.Keys(q.Switches[SwitchActive])) {
		c, err := tx.Class(name)
		if err != nil {
			return err
		}
		if c.Active && !c.RacList && c.MustBeListed() {
			r.note(msgMustBeListed, name)
		}
	}
	return nil
}

// switchedOn reads a switch whose default is on.
func switchedOn(tx Tx, name string) (bool, error) {
	v, err := tx.Setting(name)
	return v != settingOff, err
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
