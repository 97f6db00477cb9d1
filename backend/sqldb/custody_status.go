package sqldb

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"signet/backend/seal"
	"signet/ring"
)

// Recipient is whom the data key of a database is wrapped to.
type Recipient struct {
	Name  string
	Key   string    // the public key: age1...
	Since time.Time // zero when it is not known
	// Forged says that somebody who did not have the data key put it there. Whether it is so is
	// known only when the stash file has been opened.
	Forged bool
}

// Generation is a data key with how much is sealed under it.
type Generation struct {
	Number uint32    // 0 for what is not sealed in a form that is known
	Made   time.Time // zero when it is not known, or there is no such data key
	Keys   int64     // sealed under it
	There  bool      // the data key is there
}

// Custody is what there is to say about who can open the private keys of a database.
type Custody struct {
	Name        string
	Generations []Generation // oldest first; the last that is there seals
	Recipients  []Recipient
	Stash       string
	Protected   bool   // a passphrase protects the stash file
	Opens       bool   // the stash file opens the data keys; not known while the passphrase is not
	Problem     string // why not
	Former      bool   // the stash file also has an identity that a reseal replaces
	Unfinished  bool   // a reseal was begun and is to be finished
}

// Custody tells who can open the private keys. It asks for no passphrase: that of a protected
// stash file is known when Options.Passphrase gives it. It reads the beginning of every sealed key.
func (db *DB) Custody(ctx context.Context) (Custody, error) {
	c := Custody{Name: db.path, Stash: db.stash}
	var err error
	if c.Opens, c.Protected, err = db.stashOpens(ctx); err != nil {
		c.Problem = err.Error()
	}
	var operator *seal.Identity
	if c.Opens && !c.Protected {
		if operator, err = db.loadIdentity(nil); err != nil {
			return c, err
		}
		c.Former = len(operator.PublicKeys()) > 1
	}
	err = db.View(ctx, func(x ring.Tx) error {
		t := x.(*tx)
		c.Generations, c.Recipients = nil, nil
		uuid, rows, err := t.dataKeyRows()
		if err != nil {
			return err
		}
		counts, err := t.sealedBy()
		if err != nil {
			return err
		}
		for _, r := range rows {
			c.Generations = append(c.Generations, Generation{r.generation, momentOf(r.created), counts[r.generation], true})
			delete(counts, r.generation)
		}
		c.Unfinished = len(rows) > 1
		for _, g := range slices.Sorted(maps.Keys(counts)) {
			c.Generations = append(c.Generations, Generation{Number: g, Keys: counts[g]})
		}
		slices.SortStableFunc(c.Generations, func(a, b Generation) int { return int(int64(a.Number) - int64(b.Number)) })
		all, err := t.recipientRows()
		if err != nil {
			return err
		}
		var keys *seal.DataKeys
		if c.Opens {
			if keys, _, _, err = t.unwrapped(); err != nil {
				return err
			}
		}
		for _, r := range all {
			c.Recipients = append(c.Recipients, Recipient{r.name, r.key, momentOf(r.since), keys != nil && !r.proved(keys, uuid)})
		}
		if len(all) == 0 && operator != nil { // of a database that was made before it remembered recipients
			c.Recipients = []Recipient{{Name: Operator, Key: operator.PublicKeys()[0]}}
		}
		return nil
	})
	return c, err
}

// momentOf gives a stored time, zero for one that is not known.
func momentOf(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return seconds(n)
}

// stashOpens reports whether the stash file opens the data keys, and whether a passphrase protects
// it. When nobody has given that the first is not known, which is no error.
func (db *DB) stashOpens(ctx context.Context) (opens, protected bool, err error) {
	if db.stash == "" {
		return false, false, noStash(db.path)
	}
	s, err := seal.ReadStash(db.stash)
	if err != nil {
		return false, false, db.stashError(err)
	}
	defer s.Clear()
	err = db.openKeys(ctx)
	if errors.Is(err, seal.ErrProtected) && db.passphrase == nil {
		return false, true, nil
	}
	return err == nil, s.Protected(), err
}
