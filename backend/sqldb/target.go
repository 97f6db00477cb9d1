package sqldb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"signet/backend/seal"
	"signet/ring"
)

// Target names a database, whether it is there or not.
type Target struct {
	Postgres bool
	Path     string // the file of a SQLite database, or a postgres:// URL
	Stash    string // the stash file, where Path does not give it
}

// Open opens the database. With MustCreate it makes one, and refuses one that is there.
func (t Target) Open(ctx context.Context, o Options) (*DB, error) {
	if o.Stash == "" {
		o.Stash = t.Stash
	}
	open := Open
	if t.Postgres {
		open = OpenPostgres
	}
	if !o.MustCreate {
		return open(ctx, t.Path, o)
	}
	// An older one must not be migrated only to be refused.
	look := o
	look.Create, look.lookOnly = false, true
	old, err := open(ctx, t.Path, look)
	switch {
	case errors.Is(err, ring.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		old.Close()
		return nil, fmt.Errorf("database %q: %w", old.path, ring.ErrExists)
	}
	db, err := open(ctx, t.Path, o)
	if err == nil && !db.created { // another process was faster
		db.Close()
		return nil, fmt.Errorf("database %q: %w", db.path, ring.ErrExists)
	}
	return db, err
}

// StashFile gives the stash file of the database.
func (t Target) StashFile() (string, error) {
	stash, shown := t.Stash, t.Path
	if t.Postgres {
		shown = Shown(t.Path)
		if _, named, err := splitStash(t.Path); err != nil {
			return "", err
		} else if stash == "" {
			stash = named
		}
	} else if stash == "" {
		path, err := locate(t.Path)
		if err != nil {
			return "", err
		}
		stash = StashPath(path)
	}
	if stash == "" {
		return "", noStash(shown)
	}
	return filepath.Abs(stash)
}

// FillOptions say how a database is given new content.
type FillOptions struct {
	Options
	Replace bool // what the database holds goes, in the same step
	// Prove, if set, looks at the new content in a database of its own before anything changes.
	Prove func(ctx context.Context, scratch *DB) error
}

// origin is where content comes from.
type origin struct {
	name   string // of the database or the backup
	unwrap func(generation uint32, wrapped []byte) (*seal.DataKey, error)
	feed   func(context.Context, rows) error
}

// fill gives a database all that comes from an origin: a new one, an empty one, or with Replace
// any. It is done whole or nothing has changed. The private keys stay sealed as they are, with the
// UUID and the handles that they are bound to; only the data keys are wrapped anew, to the identity
// of the stash file of the target and to the escrow recipients.
func (t Target) fill(ctx context.Context, from origin, o FillOptions) error {
	if o.Stash == "" {
		o.Stash = t.Stash
	}
	if t.Postgres {
		return t.fillPostgres(ctx, from, o)
	}
	return t.fillSQLite(ctx, from, o)
}

// fillSQLite builds a file beside the database and puts it in its place.
func (t Target) fillSQLite(ctx context.Context, from origin, o FillOptions) error {
	path, err := locate(t.Path)
	if err != nil {
		return err
	}
	if path == from.name {
		return errSame(path)
	}
	old, err := openOld(ctx, path, o)
	if err != nil {
		return err
	}
	if old != nil {
		defer old.Close()
		o.Stash = old.stash
	}
	if o.Stash == "" {
		o.Stash = StashPath(path)
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(o.Stash)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fileError(path, err)
		}
	}
	target := newDB(o.Options)
	target.path = path
	if err := target.ensureOperator(); err != nil {
		return err
	}
	s, err := buildScratch(ctx, filepath.Dir(path), path, target.operator, from)
	if err != nil {
		return err
	}
	defer s.remove()
	if o.Prove != nil {
		if err := s.prove(ctx, o.Prove); err != nil {
			return err
		}
	}
	if old == nil {
		return s.settle(path)
	}
	if !o.Replace { // once more: the building took its time
		if err := old.refuseContent(ctx); err != nil {
			return err
		}
	}
	return old.takeOver(ctx, s.path)
}

func errSame(name string) error {
	return fmt.Errorf("database %q: it cannot be copied to itself: %w", name, ring.ErrInvalid)
}

// openOld opens the database whose content is to be replaced; nil when there is none.
func openOld(ctx context.Context, path string, o FillOptions) (*DB, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		// SQLite would take a log that was left behind for the new database's.
		for _, suffix := range []string{"-wal", "-shm", "-journal"} {
			if _, err := os.Lstat(path + suffix); err == nil {
				return nil, fmt.Errorf("database %q: it is not there, but %q is, which belongs to a database of this name; put the database back, or move that file away: %w",
					path, path+suffix, ring.ErrRefused)
			}
		}
		return nil, nil
	}
	o.Create = true // the file may be empty
	db, err := Open(ctx, path, o.Options)
	if err != nil {
		return nil, fmt.Errorf("%w; to put another in its place, move the file and its -wal and -shm files away first", err)
	}
	if !o.Replace {
		if err := db.refuseContent(ctx); err != nil {
			db.Close()
			return nil, err
		}
	}
	return db, nil
}

// founding is what a database has that nobody used yet: its first SPECIAL user, and the setting
// that names that user.
var founding = map[string]int{"settings": 1, "users": 1}

// refuseContent refuses a database that holds anything but what it was made with.
func (db *DB) refuseContent(ctx context.Context) error {
	return db.View(ctx, func(x ring.Tx) error { return x.(*tx).refuseContent() })
}

func (t *tx) refuseContent() error {
	for _, c := range contents {
		if c.trail() || slices.Contains(ofNewDatabase, c.Name) {
			continue
		}
		var n int
		if err := t.one("SELECT count(*) FROM (SELECT 1 FROM "+c.Name+" LIMIT 2) x", nil, &n); err != nil {
			return err
		}
		if n > founding[c.Name] {
			return fmt.Errorf("database %q: it is not empty; with --replace all that it holds goes: %w", t.db.path, ring.ErrExists)
		}
	}
	return nil
}
