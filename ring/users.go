package ring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"signet/cert"
	"signet/saf"
)

// Users and groups are what package saf decides on; GENCERT takes a user's name besides. A
// relation may name a user or a group that is not defined, as an owner of certificates need not
// be; what is changed or deleted must be.

// UserSettings are the parts of a user that ADDUSER and ALTUSER set; nil leaves one alone.
type UserSettings struct {
	Name         *string
	Owner        *string
	DefaultGroup *string
	Data         *string
	Restricted   *bool
	Attributes   AttributeSettings
}

// AttributeSettings are attributes of a user, on the whole system or in a group; nil leaves
// one alone.
type AttributeSettings struct {
	Special    *bool
	Operations *bool
	Auditor    *bool
	Revoked    *bool
}

func (s AttributeSettings) apply(a *saf.Attributes) {
	set(&a.Special, s.Special)
	set(&a.Operations, s.Operations)
	set(&a.Auditor, s.Auditor)
	set(&a.Revoked, s.Revoked)
}

// The longest texts of a profile, in characters. A name fits a common name (RFC 5280, A.1).
const (
	maxName = 64
	maxData = 255
)

// check checks the settings and folds what they name.
func (s *UserSettings) check() error {
	trim := func(name string) (string, error) { return strings.TrimSpace(name), nil }
	return cmp.Or(
		fold(&s.Name, trim),
		checkText("NAME", s.Name, maxName), checkText("DATA", s.Data, maxData),
		fold(&s.Owner, userID), fold(&s.DefaultGroup, GroupName))
}

// raises reports whether the settings give or take what counts for the whole system.
func (s AttributeSettings) raises() bool {
	return s.Special != nil || s.Operations != nil || s.Auditor != nil
}

// upper gives names as they are kept.
func upper(names []string) []string {
	folded := make([]string, len(names))
	for i, n := range names {
		folded[i] = strings.ToUpper(n)
	}
	return folded
}

// upperOr is upper for one name, empty when there is none.
func upperOr(name *string) string {
	if name == nil {
		return ""
	}
	return strings.ToUpper(*name)
}

// checkText checks a text that listings show.
func checkText(operand string, text *string, most int) error {
	switch {
	case text == nil:
		return nil
	case utf8.RuneCountInString(*text) > most:
		return newError(msgBadOperand, operand, string([]rune(*text)[:20])+"...", fmt.Sprintf("it is longer than %d characters", most))
	}
	for _, r := range *text {
		if !unicode.IsPrint(r) {
			return newError(msgBadOperand, operand, *text, fmt.Sprintf("it holds %q", r))
		}
	}
	return nil
}

// fold replaces a name that was given by its checked form.
func fold(name **string, check func(string) (string, error)) error {
	if *name == nil {
		return nil
	}
	folded, err := check(**name)
	*name = &folded
	return err
}

// userID reads a user ID.
func userID(s string) (string, error) {
	o, err := UserOwner(s)
	return string(o), err
}

func (s UserSettings) apply(u *saf.User) {
	set(&u.Name, s.Name)
	set(&u.Owner, s.Owner)
	set(&u.DefaultGroup, s.DefaultGroup)
	set(&u.Data, s.Data)
	set(&u.Restricted, s.Restricted)
	s.Attributes.apply(&u.Attributes)
}

// AddUser asks for users to be defined.
type AddUser struct {
	IDs       []string
	Settings  UserSettings  // Owner nil: the issuer; DefaultGroup nil: the issuer's, if any
	Authority saf.Authority // in the default group
}

// AddUser defines users and connects them to their default group. One that is defined already
// stops it.
func (m *Manager) AddUser(ctx context.Context, q AddUser) (*Result, error) {
	return perform(ctx, m, Act{Function: "ADDUSER", Names: upper(q.IDs), Group: upperOr(q.Settings.DefaultGroup), System: q.Settings.Attributes.raises()}, q, (*call).addUser)
}

func (m *call) addUser(ctx context.Context, q AddUser) (*Result, error) {
	ids, err := foldAll(q.IDs, userID)
	if err := cmp.Or(err, q.Settings.check()); err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, r *Result) error {
		group, err := m.groupOrOwn(tx, q.Settings.DefaultGroup, r)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := checkFree(tx, kindUser, id); err != nil {
				return err
			}
			u := &saf.User{ID: id, Owner: string(m.issuer), DefaultGroup: group, Created: m.now(), Changed: m.now(), CreatedBy: string(m.issuer)}
			q.Settings.apply(u)
			if err := tx.PutUser(u); err != nil {
				return err
			}
			if group == "" {
				continue
			}
			if err := m.join(tx, id, group, MembershipSettings{Owner: &u.Owner, Authority: &q.Authority}); err != nil {
				return err
			}
		}
		return nil
	})
}

// foldAll checks names and gives their folded forms.
func foldAll(names []string, check func(string) (string, error)) ([]string, error) {
	folded := make([]string, len(names))
	for i, name := range names {
		var err error
		if folded[i], err = check(name); err != nil {
			return nil, err
		}
	}
	return folded, nil
}

// The kinds of profile that share one set of names.
const (
	kindUser  = "user"
	kindGroup = "group"
)

// kindOf says whether a name is a user's or a group's, by its profile or else by the relations
// that name it; empty for neither.
func kindOf(tx Tx, name string) (kind string, defined bool, err error) {
	_, err = tx.User(name)
	if free, err := isFree(err); !free {
		return kindUser, true, err
	}
	_, err = tx.Group(name)
	if free, err := isFree(err); !free {
		return kindGroup, true, err
	}
	for _, err := range tx.MembershipsOf(name) {
		return kindUser, false, err
	}
	for _, err := range tx.Members(name) {
		return kindGroup, false, err
	}
	for _, err := range tx.Subgroups(name) {
		return kindGroup, false, err
	}
	return "", false, nil
}

// checkFree refuses the name of a new profile when there is one, or when the name is of the
// other kind.
func checkFree(tx Tx, kind, name string) error {
	as, defined, err := kindOf(tx, name)
	if err == nil && (defined || as != "" && as != kind) {
		err = newError(msgDefined, name, as)
	}
	return err
}

// checkKind notes that nothing of this name is defined, and refuses a name of the other kind.
func checkKind(tx Tx, kind, name string, r *Result) error {
	as, defined, err := kindOf(tx, name)
	switch {
	case err != nil:
		return err
	case as != "" && as != kind:
		return newError(msgDefined, name, as)
	case !defined:
		r.note(msgUndefined, kind, name)
	}
	return nil
}

// AltUser asks for changes to users.
type AltUser struct {
	IDs       []string
	Settings  UserSettings
	Group     string         // the group of Authority; empty: the issuer's default group
	Authority *saf.Authority // nil: unchanged
}

// AltUser changes users, only the settings given.
func (m *Manager) AltUser(ctx context.Context, q AltUser) (*Result, error) {
	return perform(ctx, m, Act{Function: "ALTUSER", Names: upper(q.IDs), System: q.Settings.Attributes.raises()}, q, (*call).altUsers)
}

func (m *call) altUsers(ctx context.Context, q AltUser) (*Result, error) {
	ids, err := foldAll(q.IDs, userID)
	if err := cmp.Or(err, q.Settings.check()); err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, _ *Result) error {
		for _, id := range ids {
			if err := m.altUser(tx, id, q); err != nil {
				return err
			}
		}
		if s := q.Settings.Attributes; s.Special != nil || s.Revoked != nil {
			return keepSpecial(tx, ids)
		}
		return nil
	})
}

// keepSpecial refuses what leaves a database without a SPECIAL user who is not revoked: nobody
// could give the attribute back.
func keepSpecial(tx Tx, changed []string) error {
	for u, err := range tx.Users() {
		if err != nil || u.Special && !u.Revoked {
			return err
		}
	}
	return newError(msgLastSpecial, strings.Join(changed, " "))
}

func (m *call) altUser(tx Tx, id string, q AltUser) error {
	u, err := tx.User(id)
	if errors.Is(err, ErrNotFound) {
		return newError(msgUnknownUser, id)
	}
	if err != nil {
		return err
	}
	if g := q.Settings.DefaultGroup; g != nil {
		if _, err := membership(tx, id, *g); err != nil {
			return err
		}
	}
	if q.Authority != nil {
		if err := m.setAuthority(tx, id, q.Group, *q.Authority); err != nil {
			return err
		}
	}
	q.Settings.apply(u)
	u.Changed = m.now()
	return tx.PutUser(u)
}

// setAuthority changes what a user may do in a group.
func (m *call) setAuthority(tx Tx, user, group string, a saf.Authority) error {
	group, err := m.currentGroup(tx, "ALTUSER AUTHORITY", group)
	if err := cmp.Or(err, checkAuthority(a)); err != nil {
		return err
	}
	if err := m.require(tx, Act{Function: "CONNECTGROUP", Names: []string{user}, Group: group, Authority: a}); err != nil {
		return err
	}
	c, err := membership(tx, user, group)
	if err != nil {
		return err
	}
	c.Authority = a
	return tx.PutMembership(c)
}

// UserListing is a user with the groups that the user is connected to.
type UserListing struct {
	User   *saf.User
	Groups []*saf.Membership
}

// UserListings is the answer to ListUser.
type UserListings struct {
	Result
	Users []UserListing
}

// ListUser gives the named users: all of them for an asterisk, the issuer for no
// names. One that is not defined is a warning.
func (m *Manager) ListUser(ctx context.Context, ids []string) (*UserListings, error) {
	return perform(ctx, m, Act{Function: "LISTUSER", Names: upper(ids)}, ids, (*call).listUser)
}

func (m *call) listUser(ctx context.Context, ids []string) (*UserListings, error) {
	var r *UserListings
	show := func(tx Tx, u *saf.User) error {
		groups, err := collect(tx.MembershipsOf(u.ID))
		if err != nil {
			return err
		}
		r.Users = append(r.Users, UserListing{u, groups})
		return nil
	}
	err := m.view(ctx, func(tx Tx) error {
		r = &UserListings{}
		if len(ids) == 1 && ids[0] == "*" {
			return listAll(tx, tx.Users(), &r.Result, kindUser, show)
		}
		if len(ids) == 0 {
			ids = []string{string(m.issuer)}
		}
		return listNamed(tx, ids, userID, tx.User, &r.Result, msgNoUserListed, show)
	})
	return r, err
}

// namedSubject is the subject of a user's certificate for which none was given: the name in
// the user's profile (racdcert-certificates.md 3.2).
func namedSubject(tx Tx, o Owner) (cert.Name, error) {
	u, err := tx.User(string(o))
	if errors.Is(err, ErrNotFound) || err == nil && u.Name == "" {
		return cert.Name{}, errNoSubject()
	}
	if err != nil {
		return cert.Name{}, err
	}
	subject, err := cert.Subject{CN: u.Name}.Name()
	if err != nil {
		return subject, newError(msgBadSubject, err)
	}
	return subject, nil
}

func errNoSubject() error {
	return newError(msgKeyword, "GENCERT", "SUBJECTSDN with at least one part")
}
