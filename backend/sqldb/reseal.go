package sqldb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"

	"signet/backend/seal"
	"signet/ring"
)

// ResealOptions say what a reseal changes. The zero value only finishes one that was begun.
type ResealOptions struct {
	// Rotate makes a new data key, seals everything anew under it and destroys the old one.
	Rotate bool
	// Add has escrow recipients to wrap the data key to as well: names and public keys.
	Add []Recipient
	// Drop has the names of escrow recipients that are to be none. Without Rotate they may still
	// have the data key.
	Drop []string
	// NewIdentity makes a new operator identity. The stash file with the old one is kept beside it.
	NewIdentity bool
	// Protection says whether a passphrase is to protect the stash file from now on.
	Protection Protection
	// NewPassphrase gives the passphrase for WithPassphrase. What it gives is cleared.
	NewPassphrase func() ([]byte, error)
	// Progress, if set, is told how many sealed keys have been looked at.
	Progress func(done, total int64)
}

// Protection is what a reseal does with the passphrase of the stash file.
type Protection int

// The protections: what there is stays, a new passphrase, none.
const (
	SameProtection Protection = iota
	WithPassphrase
	WithoutPassphrase
)

// Resealed is what a reseal has done.
type Resealed struct {
	Finished   bool   // it has finished one that was begun before
	Generation uint32 // of the data key that seals now
	Rotated    bool   // the old data key is destroyed
	Keys       int64  // sealed anew, by this run
	Stray      int64  // sealed under a data key that is gone: nobody can open them
	Stash      string // the stash file, when it was written
	Kept       string // where the stash file with the old identity is now
}

// changes reports whether the options ask for more than a new data key.
func (o *ResealOptions) changes() bool {
	return len(o.Add) > 0 || len(o.Drop) > 0 || o.NewIdentity || o.Protection != SameProtection
}

// reseal is a reseal on its way.
type reseal struct {
	db    *DB
	o     ResealOptions
	done  Resealed
	stash *stashChange
}

// Reseal changes who can open the private keys, and the data key itself. Certificates and rings
// are not touched, and others go on working. It can be ended at any moment, also by the machine:
// every key opens with the stash file as it then is, and the next Reseal goes on.
//
// A new data key is added beside the old one, and seals from then on. What is sealed under the old
// one is sealed anew, in many short transactions; then the old one is destroyed.
func (db *DB) Reseal(ctx context.Context, o ResealOptions) (Resealed, error) {
	r := &reseal{db: db, o: o}
	if err := r.check(); err != nil {
		return r.done, err
	}
	var err error
	if r.stash, err = db.openStash(); err != nil {
		return r.done, err
	}
	defer r.stash.clear()
	err = r.run(ctx)
	return r.done, err
}

// check refuses what cannot be meant.
func (r *reseal) check() error {
	seen := map[string]bool{}
	for _, a := range r.o.Add {
		if err := checkRecipientName(a.Name); err != nil {
			return err
		}
		if _, err := seal.ParseRecipient(a.Key); err != nil {
			return fmt.Errorf("recipient %q: %w: %w", a.Name, err, ring.ErrInvalid)
		}
		if seen[a.Name] {
			return fmt.Errorf("recipient %q: it is given twice: %w", a.Name, ring.ErrInvalid)
		}
		seen[a.Name] = true
	}
	for _, name := range r.o.Drop {
		if name == Operator {
			return fmt.Errorf("recipient %q: it cannot be dropped; a new operator identity takes its place: --new-identity: %w", name, ring.ErrInvalid)
		}
	}
	return nil
}

// maxBegun is how often a reseal finishes one of another process first.
const maxBegun = 5

func (r *reseal) run(ctx context.Context) error {
	for range maxBegun {
		begun, err := r.begun(ctx)
		if err != nil {
			return err
		}
		if begun {
			if err := r.finish(ctx); err != nil {
				return err
			}
			r.done.Finished = true
			if !r.o.changes() {
				return nil
			}
		}
		err = r.change(ctx)
		switch {
		case errors.Is(err, errBegun):
			continue
		case err != nil:
			return err
		case r.o.Rotate:
			return r.finish(ctx)
		}
		return r.trim(ctx)
	}
	return fmt.Errorf("database %q: other reseals began again and again; nothing more was changed; try again later", r.db.path)
}

// begun reports whether a reseal was begun and is not finished. The data keys are open afterwards.
func (r *reseal) begun(ctx context.Context) (begun bool, err error) {
	err = r.db.View(ctx, func(x ring.Tx) error {
		t := x.(*tx)
		_, rows, err := t.dataKeyRows()
		if err != nil {
			return err
		}
		if err := r.db.unwrapWith(rows, r.stash.identity); err != nil {
			return err
		}
		begun, r.done.Generation = len(rows) > 1, rows[len(rows)-1].generation
		_, _, err = t.dataKeys()
		return err
	})
	return begun, err
}

// errBegun says that another process has begun a reseal in the meantime.
var errBegun = errors.New("another reseal was begun")

// change makes the changes of the options in one transaction: recipients, identity, and the new
// data key. The stash file is written in it too, which no other reseal can do at the same time:
// what it held before opens the database until the commit, and what it holds afterwards does so
// before and after.
func (r *reseal) change(ctx context.Context) error {
	if !r.o.Rotate && !r.o.changes() {
		return nil
	}
	now := r.db.now().Unix()
	operator, err := r.operator(ctx)
	if err != nil {
		return err
	}
	var next *seal.Identity
	if r.o.NewIdentity {
		if next, err = r.newIdentity(operator); err != nil {
			return r.db.stashError(err)
		}
	}
	if err := r.stash.prepare(next, operator, r.o); err != nil {
		return r.db.stashError(err)
	}
	var rotated bool
	err = r.db.Update(ctx, func(x ring.Tx) error {
		t := x.(*tx)
		rotated = false
		keys, uuid, err := t.dataKeys()
		if err != nil {
			return err
		}
		_, rows, err := t.dataKeyRows()
		switch {
		case err != nil:
			return err
		case len(rows) > 1:
			return errBegun
		}
		current := keys.Newest()
		all, err := r.recipients(t, keys, uuid, next, now)
		if err != nil {
			return err
		}
		if err := r.stash.write(); err != nil {
			return r.db.stashError(err)
		}
		if r.o.Rotate {
			rotated = true
			return r.addGeneration(t, current, uuid, all, now)
		}
		if len(r.o.Add) == 0 && len(r.o.Drop) == 0 && next == nil {
			return t.putRecipients(current, uuid, all)
		}
		return r.rewrap(t, current, uuid, all)
	})
	if err != nil {
		return err
	}
	r.done.Stash, r.done.Kept = r.stash.written, r.stash.kept
	if rotated {
		r.done.Generation++
	}
	return nil
}

// operator gives the public key of the operator; empty when the database does not remember it.
func (r *reseal) operator(ctx context.Context) (key string, err error) {
	err = r.db.View(ctx, func(x ring.Tx) error {
		return x.(*tx).optional("SELECT recipient FROM recipients WHERE name = $1", []any{Operator}, &key)
	})
	return key, err
}

// newIdentity gives the identity that is to be the operator's, and keeps the stash file with the
// old one. An identity that a run which was ended has put into the stash file is taken, and no
// other.
func (r *reseal) newIdentity(operator string) (*seal.Identity, error) {
	held := r.stash.identity.PublicKeys()
	switch {
	case operator != "" && !slices.Contains(held, operator):
		// Somebody in escrow opens the database: the operator's stash file is lost, and comes anew.
		if err := r.stash.moveTo(r.db.ownStash); err != nil {
			return nil, err
		}
	case len(held) > 1 && held[0] != operator:
		return r.stash.identity.Only(held[0]), nil
	}
	if err := r.stash.keep(r.done.Generation); err != nil {
		return nil, err
	}
	return seal.NewIdentity()
}

// recipients gives whom the data key is to be wrapped to. Nobody stays who is not proved.
func (r *reseal) recipients(t *tx, keys *seal.DataKeys, uuid string, next *seal.Identity, now int64) ([]recipientRow, error) {
	all, err := t.recipientRows()
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if !a.proved(keys, uuid) {
			return nil, fmt.Errorf("recipient %q: %w; signet db check --repair recipient takes it away: %w", a.name, errUnproved, ring.ErrRefused)
		}
	}
	named := func(name string) int {
		return slices.IndexFunc(all, func(a recipientRow) bool { return a.name == name })
	}
	if named(Operator) < 0 { // a database that was made before it remembered recipients
		all = append(all, recipientRow{name: Operator, key: r.stash.identity.PublicKeys()[0]})
	}
	operator := &all[named(Operator)]
	switch {
	case next != nil:
		operator.key, operator.since = next.PublicKeys()[0], now
	case r.o.Protection != SameProtection && !slices.Contains(r.stash.identity.PublicKeys(), operator.key):
		return nil, fmt.Errorf("stash file %q: it holds an escrow identity and not the operator's, whose passphrase is to change; name the operator's with --stash: %w", r.db.stash, ring.ErrRefused)
	}
	for _, name := range r.o.Drop {
		i := named(name)
		if i < 0 {
			return nil, fmt.Errorf("recipient %q: %w", name, ring.ErrNotFound)
		}
		all = slices.Delete(all, i, i+1)
	}
	for _, a := range r.o.Add {
		if named(a.Name) >= 0 {
			return nil, fmt.Errorf("recipient %q: %w; drop it first to give it another key", a.Name, ring.ErrExists)
		}
		if i := slices.IndexFunc(all, func(b recipientRow) bool { return b.key == a.Key }); i >= 0 {
			return nil, fmt.Errorf("recipient %q: %q has that key: %w", a.Name, all[i].name, ring.ErrExists)
		}
		all = append(all, recipientRow{name: a.Name, key: a.Key, since: now})
	}
	return all, nil
}

// addGeneration adds a new data key beside the current one.
func (r *reseal) addGeneration(t *tx, current *seal.DataKey, uuid string, all []recipientRow, now int64) error {
	next := seal.NewDataKey(current.Generation() + 1)
	defer next.Clear()
	link, err := current.Link(next, uuid)
	if err != nil {
		return err
	}
	wrapped, err := r.wrap(next, all)
	if err != nil {
		return err
	}
	if _, err := t.exec(insertDataKey, int64(next.Generation()), wrapped, link, now); err != nil {
		return err
	}
	return t.putRecipients(next, uuid, all)
}

// rewrap wraps the current data key to other recipients.
func (r *reseal) rewrap(t *tx, current *seal.DataKey, uuid string, all []recipientRow) error {
	wrapped, err := r.wrap(current, all)
	if err != nil {
		return err
	}
	if _, err := t.exec("UPDATE data_keys SET wrapped = $1 WHERE generation = $2", wrapped, int64(current.Generation())); err != nil {
		return err
	}
	return t.putRecipients(current, uuid, all)
}

// wrap wraps a data key, which is known from then on.
func (r *reseal) wrap(key *seal.DataKey, all []recipientRow) ([]byte, error) {
	var to []age.Recipient
	for _, a := range all {
		recipient, err := seal.ParseRecipient(a.key)
		if err != nil {
			return nil, fmt.Errorf("recipient %q: %w: %w", a.name, err, ring.ErrInvalid)
		}
		to = append(to, recipient)
	}
	wrapped, err := key.Wrap(to...)
	if err == nil {
		r.db.keys.seed(wrapped, key)
	}
	return wrapped, err
}

// putRecipients stores the recipients, proved under a data key.
func (t *tx) putRecipients(key *seal.DataKey, uuid string, all []recipientRow) error {
	if _, err := t.exec("DELETE FROM recipients"); err != nil {
		return err
	}
	for _, a := range all {
		proved, err := newRecipient(key, uuid, a.name, a.key, a.since)
		if err != nil {
			return err
		}
		if _, err := t.exec(insertRecipient, proved.name, proved.key, proved.since, proved.proof); err != nil {
			return err
		}
	}
	return nil
}
