// Package onering is a store that is one key ring and nothing else: a keystore file, a folder of
// PEM files, a token. It has the transactions of all of them, over a Medium, which reads and
// writes the entries. It answers for everything that only a database holds: look-ups find
// nothing, and changes are refused before anything else happens.
package onering

import (
	"crypto"
	"fmt"
	"iter"

	"signet/audit"
	"signet/ring"
	"signet/saf"
)

// Refusals is that part of a ring.Tx. The transactions of such a store embed it.
type Refusals struct {
	Store string // how messages name the store
}

// Refuse is the error of what the store cannot hold.
func (r Refusals) Refuse(what string) error {
	return fmt.Errorf("%s: %s: %w; use a database for that (--db sqlite:PATH)", r.Store, what, ring.ErrUnsupported)
}

// none is a sequence without members.
func none[T any]() iter.Seq2[T, error] { return func(func(T, error) bool) {} }

// Setting implements ring.Tx. Serial numbers are random: the store has no place for a counter.
func (Refusals) Setting(name string) (string, error) {
	if name == "serials" {
		return "random", nil
	}
	return "", nil
}

// PutSetting implements ring.Tx.
func (r Refusals) PutSetting(string, string) error { return r.Refuse("it keeps no settings") }

// LabelHint implements ring.Tx.
func (Refusals) LabelHint(ring.Owner) (int, error) { return 1, nil }

// SetLabelHint implements ring.Tx. A hint may be forgotten.
func (Refusals) SetLabelHint(ring.Owner, int) error { return nil }

// RetireKey implements ring.Tx.
func (r Refusals) RetireKey([]byte) error {
	return r.Refuse("it cannot remember that a private key is retired")
}

// KeyRetired implements ring.Tx.
func (Refusals) KeyRetired([]byte) (bool, error) { return false, nil }

// Filter implements ring.Tx.
func (Refusals) Filter(ring.FilterRef) (*ring.Filter, error) { return nil, ring.ErrNotFound }

// FilterByNames implements ring.Tx.
func (Refusals) FilterByNames(string, string) (*ring.Filter, error) { return nil, ring.ErrNotFound }

// Filters implements ring.Tx.
func (Refusals) Filters(ring.Owner) iter.Seq2[*ring.Filter, error] { return none[*ring.Filter]() }

// AddFilter implements ring.Tx.
func (r Refusals) AddFilter(*ring.Filter) error { return r.Refuse("it keeps no name filters") }

// UpdateFilter implements ring.Tx.
func (r Refusals) UpdateFilter(*ring.Filter) error { return r.AddFilter(nil) }

// DeleteFilter implements ring.Tx.
func (r Refusals) DeleteFilter(*ring.Filter) error { return r.AddFilter(nil) }

// FilterLabelHint implements ring.Tx.
func (Refusals) FilterLabelHint(ring.Owner) (int, error) { return 1, nil }

// SetFilterLabelHint implements ring.Tx.
func (r Refusals) SetFilterLabelHint(ring.Owner, int) error { return r.AddFilter(nil) }

// Profile implements ring.Tx.
func (Refusals) Profile(string, string) (*saf.Profile, error) { return nil, ring.ErrNotFound }

// Profiles implements ring.Tx.
func (Refusals) Profiles(string) iter.Seq2[*saf.Profile, error] { return none[*saf.Profile]() }

// Protecting implements ring.Tx.
func (Refusals) Protecting(string, string, bool) iter.Seq2[*saf.Profile, error] {
	return none[*saf.Profile]()
}

// TakeSnapshot implements ring.Tx.
func (r Refusals) TakeSnapshot(string) error { return r.PutProfile(nil) }

// DropSnapshot implements ring.Tx.
func (r Refusals) DropSnapshot(string) error { return r.PutProfile(nil) }

// PutProfile implements ring.Tx.
func (r Refusals) PutProfile(*saf.Profile) error { return r.Refuse("it keeps no profiles") }

// DeleteProfile implements ring.Tx.
func (r Refusals) DeleteProfile(string, string) error { return r.PutProfile(nil) }

// Class implements ring.Tx.
func (Refusals) Class(name string) (saf.Class, error) { return saf.Class{Name: name}, nil }

// Classes implements ring.Tx.
func (Refusals) Classes() ([]saf.Class, error) { return nil, nil }

// PutClass implements ring.Tx.
func (r Refusals) PutClass(saf.Class) error { return r.PutProfile(nil) }

// User implements ring.Tx.
func (Refusals) User(string) (*saf.User, error) { return nil, ring.ErrNotFound }

// Users implements ring.Tx.
func (Refusals) Users() iter.Seq2[*saf.User, error] { return none[*saf.User]() }

// PutUser implements ring.Tx.
func (r Refusals) PutUser(*saf.User) error { return r.Refuse("it keeps no users and groups") }

// DeleteUser implements ring.Tx.
func (r Refusals) DeleteUser(string) error { return r.PutUser(nil) }

// Group implements ring.Tx.
func (Refusals) Group(string) (*saf.Group, error) { return nil, ring.ErrNotFound }

// Groups implements ring.Tx.
func (Refusals) Groups() iter.Seq2[*saf.Group, error] { return none[*saf.Group]() }

// Subgroups implements ring.Tx.
func (Refusals) Subgroups(string) iter.Seq2[*saf.Group, error] { return none[*saf.Group]() }

// PutGroup implements ring.Tx.
func (r Refusals) PutGroup(*saf.Group) error { return r.PutUser(nil) }

// DeleteGroup implements ring.Tx.
func (r Refusals) DeleteGroup(string) error { return r.PutUser(nil) }

// Membership implements ring.Tx.
func (Refusals) Membership(string, string) (*saf.Membership, error) { return nil, ring.ErrNotFound }

// MembershipsOf implements ring.Tx.
func (Refusals) MembershipsOf(string) iter.Seq2[*saf.Membership, error] {
	return none[*saf.Membership]()
}

// Members implements ring.Tx.
func (Refusals) Members(string) iter.Seq2[*saf.Membership, error] { return none[*saf.Membership]() }

// PutMembership implements ring.Tx.
func (r Refusals) PutMembership(*saf.Membership) error { return r.PutUser(nil) }

// DeleteMembership implements ring.Tx.
func (r Refusals) DeleteMembership(string, string) error { return r.PutUser(nil) }

// Token implements ring.Tokens.
func (Refusals) Token(string) (*ring.Token, error) { return nil, ring.ErrNotFound }

// Tokens implements ring.Tokens.
func (Refusals) Tokens() iter.Seq2[*ring.Token, error] { return none[*ring.Token]() }

// AddToken implements ring.Tokens.
func (r Refusals) AddToken(*ring.Token) error { return r.Refuse("it keeps no tokens") }

// DeleteToken implements ring.Tokens.
func (r Refusals) DeleteToken(*ring.Token) error { return r.AddToken(nil) }

// TokenObject implements ring.Tokens.
func (Refusals) TokenObject(*ring.Token, ring.SeqNum) (*ring.TokenObject, error) {
	return nil, ring.ErrNotFound
}

// TokenObjectOf implements ring.Tokens.
func (Refusals) TokenObjectOf(*ring.Token, []byte) (*ring.TokenObject, error) {
	return nil, ring.ErrNotFound
}

// TokenObjects implements ring.Tokens.
func (Refusals) TokenObjects(*ring.Token) iter.Seq2[*ring.TokenObject, error] {
	return none[*ring.TokenObject]()
}

// TokenObjectsBoundAs implements ring.Tokens.
func (Refusals) TokenObjectsBoundAs(*ring.Token, ring.CertRef) iter.Seq2[*ring.TokenObject, error] {
	return none[*ring.TokenObject]()
}

// DefaultTokenObject implements ring.Tokens.
func (Refusals) DefaultTokenObject(*ring.Token) (*ring.TokenObject, error) {
	return nil, ring.ErrNotFound
}

// AddTokenObject implements ring.Tokens.
func (r Refusals) AddTokenObject(*ring.TokenObject) error { return r.AddToken(nil) }

// UpdateTokenObject implements ring.Tokens.
func (r Refusals) UpdateTokenObject(*ring.TokenObject) error { return r.AddToken(nil) }

// DeleteTokenObject implements ring.Tokens.
func (r Refusals) DeleteTokenObject(*ring.TokenObject) error { return r.AddToken(nil) }

// TokenKey implements ring.Tokens.
func (Refusals) TokenKey(*ring.TokenObject) (crypto.Signer, error) { return nil, ring.ErrNotFound }

// PutTokenKey implements ring.Tokens.
func (r Refusals) PutTokenKey(*ring.TokenObject, crypto.Signer) error { return r.AddToken(nil) }

// DeleteTokenKey implements ring.Tokens.
func (r Refusals) DeleteTokenKey(*ring.TokenObject) error { return r.AddToken(nil) }

// PutEvent implements ring.Trail.
func (r Refusals) PutEvent(audit.Encoded) error { return r.Refuse("it keeps no audit trail") }

// AddEvent implements ring.Trail.
func (r Refusals) AddEvent(e audit.Encoded) error { return r.PutEvent(e) }

// Events implements ring.Trail.
func (Refusals) Events(audit.Query) iter.Seq2[audit.Record, error] { return none[audit.Record]() }

// Records implements ring.Trail.
func (Refusals) Records(uint64) iter.Seq2[audit.Record, error] { return none[audit.Record]() }

// TrailState implements ring.Trail.
func (Refusals) TrailState() (audit.State, error) { return audit.State{}, ring.ErrNotFound }

// Checkpoints implements ring.Trail.
func (Refusals) Checkpoints() iter.Seq2[audit.Checkpoint, error] { return none[audit.Checkpoint]() }

// SignTrail implements ring.Trail.
func (r Refusals) SignTrail() error { return r.PutEvent(audit.Encoded{}) }
