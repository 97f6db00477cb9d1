package ring

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"strings"

	"signet/saf"
)

// GroupName reads the name of a group: the characters of a user ID, folded to upper case.
func GroupName(name string) (string, error) {
	up := strings.ToUpper(name)
	if why := checkID(up); why != "" {
		return "", newError(msgBadGroup, name, why)
	}
	return up, nil
}

// AddGroup asks for groups to be defined.
type AddGroup struct {
	Names    []string
	Owner    *string // nil: the issuer
	Superior *string // nil: the issuer's default group, if any
	Data     *string // nil: none
}

// AddGroup defines groups. One that is defined already stops it.
func (m *Manager) AddGroup(ctx context.Context, q AddGroup) (*Result, error) {
	return perform(ctx, m, Act{Function: "ADDGROUP", Names: upper(q.Names), Group: upperOr(q.Superior)}, q, (*call).addGroup)
}

func (m *call) addGroup(ctx context.Context, q AddGroup) (*Result, error) {
	names, err := foldAll(q.Names, GroupName)
	if err := cmp.Or(err, checkText("DATA", q.Data, maxData), fold(&q.Owner, userID), fold(&q.Superior, GroupName)); err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, r *Result) error {
		superior, err := m.groupOrOwn(tx, q.Superior, r)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := checkFree(tx, kindGroup, name); err != nil {
				return err
			}
			g := &saf.Group{Name: name, Superior: superior, Owner: string(m.issuer), Created: m.now(), Changed: m.now(), CreatedBy: string(m.issuer)}
			set(&g.Owner, q.Owner)
			set(&g.Data, q.Data)
			if err := checkAbove(tx, g); err != nil {
				return err
			}
			if err := tx.PutGroup(g); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkAbove refuses a group that would be its own superior, directly or through the groups
// above it. Those that are defined never form a circle, so the walk ends.
func checkAbove(tx Tx, g *saf.Group) error {
	for above := g.Superior; above != ""; {
		if above == g.Name {
			return newError(msgBadOperand, "SUPGROUP", g.Superior, "it is group "+g.Name+" itself, or below it")
		}
		next, err := tx.Group(above)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		above = next.Superior
	}
	return nil
}

// groupOrOwn gives the group that a profile names, or, when it names none, the default group
// of the issuer; empty when there is none.
func (m *Manager) groupOrOwn(tx Tx, name *string, r *Result) (string, error) {
	if name != nil {
		return *name, checkKind(tx, kindGroup, *name, r)
	}
	u, err := tx.User(string(m.issuer))
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return u.DefaultGroup, nil
}

// currentGroup gives the group that a command names, or, when it names none, the default group
// of the issuer, who must have one.
func (m *Manager) currentGroup(tx Tx, command, name string) (string, error) {
	if name != "" {
		return GroupName(name)
	}
	group, err := m.groupOrOwn(tx, nil, nil)
	if err == nil && group == "" {
		err = newError(msgKeyword, command, "a group, because "+m.issuer.Name()+" has no default group")
	}
	return group, err
}

// DelGroup asks for groups to be deleted.
type DelGroup struct{ Names []string }

// DelGroup removes groups. One that is not defined is a warning; one with users or with groups
// below it stops it.
func (m *Manager) DelGroup(ctx context.Context, q DelGroup) (*Result, error) {
	return perform(ctx, m, Act{Function: "DELGROUP", Names: upper(q.Names)}, q, (*call).delGroup)
}

func (m *call) delGroup(ctx context.Context, q DelGroup) (*Result, error) {
	names, err := foldAll(q.Names, GroupName)
	if err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, r *Result) error {
		for _, name := range names {
			err := tx.DeleteGroup(name)
			if errors.Is(err, ErrNotFound) {
				r.note(msgNoGroup, name)
				continue
			}
			if err != nil {
				return err
			}
			if err := checkEmpty(tx, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkEmpty refuses to delete a group that users or other groups belong to.
func checkEmpty(tx Tx, group string) error {
	for c, err := range tx.Members(group) {
		if err != nil {
			return err
		}
		return newError(msgGroupInUse, group, "user "+c.User+" is connected to it")
	}
	for g, err := range tx.Subgroups(group) {
		if err != nil {
			return err
		}
		return newError(msgGroupInUse, group, "group "+g.Name+" is below it")
	}
	return nil
}

// MembershipSettings are the parts of a membership that CONNECT sets; nil leaves one alone.
type MembershipSettings struct {
	Owner      *string
	Authority  *saf.Authority
	Attributes AttributeSettings
}

// authority is what the users are to have in the group at least.
func (s MembershipSettings) authority() saf.Authority {
	if s.Authority == nil {
		return saf.Use
	}
	return *s.Authority
}

// ConnectGroup asks for users to be connected to a group.
type ConnectGroup struct {
	IDs      []string
	Group    string // empty: the issuer's default group
	Settings MembershipSettings
}

// ConnectGroup connects users to a group, or changes the settings given of those who are.
func (m *Manager) ConnectGroup(ctx context.Context, q ConnectGroup) (*Result, error) {
	return perform(ctx, m, Act{Function: "CONNECTGROUP", Names: upper(q.IDs), Group: strings.ToUpper(q.Group), Authority: q.Settings.authority(), System: q.Settings.Attributes.raises()}, q, (*call).connectGroup)
}

func (m *call) connectGroup(ctx context.Context, q ConnectGroup) (*Result, error) {
	ids, err := foldAll(q.IDs, userID)
	if err := cmp.Or(err, fold(&q.Settings.Owner, userID)); err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, r *Result) error {
		group, err := m.currentGroup(tx, "CONNECT", q.Group)
		if err != nil {
			return err
		}
		if err := checkKind(tx, kindGroup, group, r); err != nil {
			return err
		}
		for _, id := range ids {
			if err := checkKind(tx, kindUser, id, r); err != nil {
				return err
			}
			if err := m.join(tx, id, group, q.Settings); err != nil {
				return err
			}
		}
		return nil
	})
}

// join connects a user to a group, or changes the connection that is there.
func (m *Manager) join(tx Tx, user, group string, s MembershipSettings) error {
	if user == group {
		return newError(msgDefined, group, kindUser)
	}
	c, err := tx.Membership(user, group)
	if errors.Is(err, ErrNotFound) {
		c, err = &saf.Membership{User: user, Group: group, Owner: string(m.issuer), Created: m.now(), CreatedBy: string(m.issuer)}, nil
	}
	if err != nil {
		return err
	}
	set(&c.Owner, s.Owner)
	set(&c.Authority, s.Authority)
	if err := checkAuthority(c.Authority); err != nil {
		return err
	}
	s.Attributes.apply(&c.Attributes)
	return tx.PutMembership(c)
}

func checkAuthority(a saf.Authority) error {
	if !a.Valid() {
		return newError(msgBadOperand, "AUTHORITY", a.String(), "there is no such group authority")
	}
	return nil
}

// membership finds the connection of a user to a group or says that there is none.
func membership(tx Tx, user, group string) (*saf.Membership, error) {
	c, err := tx.Membership(user, group)
	if errors.Is(err, ErrNotFound) {
		return nil, newError(msgNotMember, user, group)
	}
	return c, err
}

// RemoveGroup asks for users to be removed from a group.
type RemoveGroup struct {
	IDs   []string
	Group string // empty: the issuer's default group
}

// RemoveGroup removes users from a group that is not their default group.
func (m *Manager) RemoveGroup(ctx context.Context, q RemoveGroup) (*Result, error) {
	return perform(ctx, m, Act{Function: "REMOVEGROUP", Names: upper(q.IDs), Group: strings.ToUpper(q.Group)}, q, (*call).removeGroup)
}

func (m *call) removeGroup(ctx context.Context, q RemoveGroup) (*Result, error) {
	ids, err := foldAll(q.IDs, userID)
	if err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, _ *Result) error {
		group, err := m.currentGroup(tx, "REMOVE", q.Group)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := membership(tx, id, group); err != nil {
				return err
			}
			u, err := tx.User(id)
			switch {
			case err == nil && u.DefaultGroup == group:
				return newError(msgDefaultGroup, id, group)
			case err != nil && !errors.Is(err, ErrNotFound):
				return err
			}
			if err := tx.DeleteMembership(id, group); err != nil {
				return err
			}
		}
		return nil
	})
}

// GroupListing is a group with the groups below it and the users connected to it.
type GroupListing struct {
	Group     *saf.Group
	Subgroups []*saf.Group
	Members   []*saf.Membership
}

// GroupListings is the answer to ListGroup.
type GroupListings struct {
	Result
	Groups []GroupListing
}

// ListGroup gives the named groups: all of them for an asterisk, the issuer's default
// group for no names. One that is not defined is a warning.
func (m *Manager) ListGroup(ctx context.Context, names []string) (*GroupListings, error) {
	return perform(ctx, m, Act{Function: "LISTGRP", Names: upper(names)}, names, (*call).listGroup)
}

func (m *call) listGroup(ctx context.Context, names []string) (*GroupListings, error) {
	var r *GroupListings
	show := func(tx Tx, g *saf.Group) error {
		subgroups, err := collect(tx.Subgroups(g.Name))
		if err != nil {
			return err
		}
		members, err := collect(tx.Members(g.Name))
		if err != nil {
			return err
		}
		r.Groups = append(r.Groups, GroupListing{g, subgroups, members})
		return nil
	}
	err := m.view(ctx, func(tx Tx) error {
		r = &GroupListings{}
		if len(names) == 1 && names[0] == "*" {
			return listAll(tx, tx.Groups(), &r.Result, kindGroup, show)
		}
		if len(names) == 0 {
			own, err := m.currentGroup(tx, "LISTGRP", "")
			if err != nil {
				return err
			}
			names = []string{own}
		}
		return listNamed(tx, names, GroupName, tx.Group, &r.Result, msgNoGroup, show)
	})
	return r, err
}

// listAll shows every profile of a sequence, or notes that there is none.
func listAll[P any](tx Tx, all iter.Seq2[P, error], r *Result, kind string, show func(Tx, P) error) error {
	none := true
	for p, err := range all {
		if err != nil {
			return err
		}
		none = false
		if err := show(tx, p); err != nil {
			return err
		}
	}
	if none {
		r.note(msgNoneDefined, kind)
	}
	return nil
}

// listNamed shows the profiles of some names and notes those that are missing.
func listNamed[P any](tx Tx, names []string, check func(string) (string, error), get func(string) (P, error), r *Result, none messageID, show func(Tx, P) error) error {
	for _, name := range names {
		name, err := check(name)
		if err != nil {
			return err
		}
		p, err := get(name)
		if errors.Is(err, ErrNotFound) {
			r.note(none, name)
			continue
		}
		if err != nil {
			return err
		}
		if err := show(tx, p); err != nil {
			return err
		}
	}
	return nil
}

// collect gives a short sequence as a slice.
func collect[V any](seq iter.Seq2[V, error]) ([]V, error) {
	var all []V
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}
