package sqldb

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"signet/backend/seal"
	"signet/internal/atomicfile"
	"signet/ring"
)

// stashChange is a stash file that a reseal may write anew. Between the old identity and the new
// one it holds both, so that it opens the database before and after the commit.
type stashChange struct {
	path       string
	identity   *seal.Identity // what opens the database
	escrow     bool           // that is somebody's in escrow, and goes into no other file
	passphrase []byte         // of what is written; empty for none
	asked      bool           // for a new passphrase
	before     []byte         // the content of the file; nil when there is no such file
	after      []byte         // what it is to hold; nil when it stays
	kept       string         // the copy with the old identity
	written    string         // the path when it was written
}

// openStash opens the stash file for a reseal, and asks for its passphrase.
func (db *DB) openStash() (*stashChange, error) {
	if db.stash == "" {
		return nil, noStash(db.path)
	}
	s, err := seal.ReadStash(db.stash)
	if err != nil {
		return nil, db.stashError(err)
	}
	c := &stashChange{path: db.stash, before: s.Content()}
	if s.Protected() {
		if db.passphrase == nil {
			c.clear()
			return nil, db.stashError(fmt.Errorf("stash file %q: %w", db.stash, seal.ErrProtected))
		}
		if c.passphrase, err = db.passphrase(db.stash); err != nil {
			c.clear()
			return nil, err
		}
	}
	if c.identity, err = s.Open(c.passphrase); err != nil {
		c.clear()
		return nil, db.stashError(err)
	}
	return c, nil
}

// clear overwrites the secrets.
func (c *stashChange) clear() {
	clear(c.passphrase)
	clear(c.before)
	clear(c.after)
}

// moveTo has another file take the new identity, because what is at hand is somebody's in escrow.
func (c *stashChange) moveTo(path string) error {
	c.escrow = true
	switch path {
	case "":
		return fmt.Errorf("stash file %q: it holds an escrow identity; say with stash=PATH in the URL where the operator's new stash file is to be: %w", c.path, ring.ErrInvalid)
	case c.path:
		return nil
	}
	c.clear()
	c.path, c.before, c.passphrase = path, nil, nil
	s, err := seal.ReadStash(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	c.before = s.Content()
	return nil
}

// prepare makes what the stash file is to hold: next, if there is a new identity, and after it
// the operator's until the reseal is finished. Deriving a key from a passphrase takes long, and
// nobody waits for a lock now.
func (c *stashChange) prepare(next *seal.Identity, operator string, o ResealOptions) error {
	switch {
	case o.Protection == WithoutPassphrase:
		clear(c.passphrase)
		c.passphrase = nil
	case o.Protection == WithPassphrase && !c.asked:
		passphrase, err := o.NewPassphrase()
		if err != nil {
			return err
		}
		clear(c.passphrase)
		c.passphrase, c.asked = passphrase, true
	case next == nil:
		return nil
	}
	holds := c.identity
	if next != nil {
		holds = next
		former := c.identity.Only(operator)
		if former == nil { // the database does not remember its operator
			former = c.identity
		}
		if !c.escrow {
			holds = next.Before(former)
		}
	}
	return c.hold(holds)
}

// hold makes a content that holds an identity.
func (c *stashChange) hold(holds *seal.Identity) (err error) {
	clear(c.after)
	if c.after, err = seal.StashFile(holds, c.passphrase); err != nil {
		return fmt.Errorf("stash file %q: %w", c.path, err)
	}
	if !c.escrow {
		c.identity = holds
	}
	return nil
}

// maxKept is how many stash files of one generation of the data key are kept at most.
const maxKept = 100

// keep keeps the stash file with the old identity beside it, for the backups that it opens. One
// that a run kept which was ended is kept already.
func (c *stashChange) keep(generation uint32) error {
	if c.before == nil {
		return nil
	}
	for n := range maxKept {
		path := fmt.Sprintf("%s.g%d", c.path, generation)
		if n > 0 {
			path += fmt.Sprintf("-%d", n+1)
		}
		err := atomicfile.Create(path, c.before, 0o600)
		if errors.Is(err, fs.ErrExist) {
			there, err := seal.ReadStash(path)
			if err != nil {
				continue
			}
			same := there.Is(c.before)
			there.Clear()
			if !same {
				continue
			}
		} else if err != nil {
			return fmt.Errorf("stash %w", err)
		}
		c.kept = path
		return nil
	}
	return fmt.Errorf("stash file %q: there are %d old ones of data key generation %d beside it; move them away: %w", c.path, maxKept, generation, ring.ErrRefused)
}

// write writes the stash file, durably, unless it has been written. The caller holds the lock of
// writers: of two reseals at once one sees that the other has been there.
func (c *stashChange) write() error {
	if c.after == nil {
		return nil
	}
	s, err := seal.ReadStash(c.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && c.before == nil:
	case err != nil:
		return err
	default:
		defer s.Clear()
		if s.Is(c.after) {
			return nil
		}
		if !s.Is(c.before) {
			return fmt.Errorf("stash file %q: another process has changed it; nothing was changed; try again: %w", c.path, ring.ErrRefused)
		}
	}
	if err := atomicfile.Write(c.path, c.after, 0o600); err != nil {
		return fmt.Errorf("stash %w", err)
	}
	c.before, c.written = bytes.Clone(c.after), c.path
	return nil
}
