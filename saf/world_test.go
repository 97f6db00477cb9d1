package saf

import (
	"errors"
	"iter"
	"slices"
)

// world is a source that is all in memory.
type world struct {
	classes     map[string]Class
	profiles    []*Profile
	users       map[string]*User
	memberships []*Membership
	groupList   bool
	fail        error // what everything fails with
}

func (w *world) Class(name string) (Class, error) {
	c := w.classes[name]
	c.Name = name
	return c, w.fail
}

func (w *world) Protecting(class, resource string) iter.Seq2[*Profile, error] {
	return func(yield func(*Profile, error) bool) {
		if w.fail != nil {
			yield(nil, w.fail)
			return
		}
		sorted := slices.Clone(w.profiles)
		slices.SortStableFunc(sorted, func(a, b *Profile) int {
			switch {
			case !a.Generic && b.Generic:
				return -1
			case a.Generic && !b.Generic:
				return 1
			}
			return len(Stem(b.Name)) - len(Stem(a.Name))
		})
		for _, p := range sorted {
			if p.Class == class && (p.Generic || p.Name == resource) && !yield(p, nil) {
				return
			}
		}
	}
}

func (w *world) User(id string) (*User, error) { return w.users[id], w.fail }

func (w *world) MembershipsOf(user string) iter.Seq2[*Membership, error] {
	return func(yield func(*Membership, error) bool) {
		if w.fail != nil {
			yield(nil, w.fail)
			return
		}
		for _, m := range w.memberships {
			if m.User == user && !yield(m, nil) {
				return
			}
		}
	}
}

func (w *world) GroupListChecking() (bool, error) { return w.groupList, w.fail }

// people is a world with an active class FACILITY and users of every kind.
func people(profiles ...*Profile) *world {
	w := &world{
		classes:  map[string]Class{"FACILITY": {Active: true, Generic: true}, "RDATALIB": {Active: true, RacList: true}, "DULL": {Active: true}},
		profiles: profiles, groupList: true,
		users: map[string]*User{
			"ANN": {ID: "ANN", DefaultGroup: "G1"}, "BOB": {ID: "BOB"},
			"RES": {ID: "RES", Restricted: true}, "REV": {ID: "REV", Attributes: Attributes{Revoked: true}},
			"BOSS": {ID: "BOSS", Attributes: Attributes{Special: true, Operations: true, Auditor: true}},
		},
		memberships: []*Membership{
			{User: "ANN", Group: "G1"}, {User: "ANN", Group: "G2"}, {User: "ANN", Group: "GX", Attributes: Attributes{Revoked: true}},
			{User: "RES", Group: "G2"}, {User: "GHOST", Group: "G2"},
		},
	}
	for _, p := range profiles {
		if p.Class == "" {
			p.Class = "FACILITY"
		}
		p.Generic = p.Generic || w.classes[p.Class].Generic && IsPattern(p.Name)
	}
	return w
}

var errBroken = errors.New("broken")

// failing is a source that works for some look-ups.
type failing struct {
	Source
	left int
}

func (f *failing) next() error {
	if f.left--; f.left < 0 {
		return errBroken
	}
	return nil
}

func (f *failing) Class(name string) (Class, error) {
	if err := f.next(); err != nil {
		return Class{}, err
	}
	return f.Source.Class(name)
}

func (f *failing) User(id string) (*User, error) {
	if err := f.next(); err != nil {
		return nil, err
	}
	return f.Source.User(id)
}

func (f *failing) Protecting(class, resource string) iter.Seq2[*Profile, error] {
	if err := f.next(); err != nil {
		return func(yield func(*Profile, error) bool) { yield(nil, err) }
	}
	return f.Source.Protecting(class, resource)
}

func (f *failing) MembershipsOf(user string) iter.Seq2[*Membership, error] {
	if err := f.next(); err != nil {
		return func(yield func(*Membership, error) bool) { yield(nil, err) }
	}
	return f.Source.MembershipsOf(user)
}

func (f *failing) GroupListChecking() (bool, error) {
	if err := f.next(); err != nil {
		return false, err
	}
	return f.Source.GroupListChecking()
}
