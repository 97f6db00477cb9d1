package sqldb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"filippo.io/age"

	"signet/backend/backup"
	"signet/backend/seal"
	"signet/ring"
)

// origin gives the database as the origin of content. Its data keys are known when the first row
// comes: in the same state of the database as the rows, and before anything is written that would
// have to be written again.
func (db *DB) origin() origin {
	feed := func(ctx context.Context, to rows) error { return db.snapshot(ctx, to) }
	return origin{db.path, db.unwrapKnown, feed}
}

// unwrapKnown gives a data key that a transaction has unwrapped.
func (db *DB) unwrapKnown(generation uint32, wrapped []byte) (*seal.DataKey, error) {
	if key := db.keys.get(wrapped); key != nil {
		return key, nil
	}
	return nil, fmt.Errorf("database %q: stash file %q does not open data key generation %d: %w", db.path, db.stash, generation, seal.ErrIdentity)
}

// Backup writes a backup of the database as it is at this moment, while others may write. It is
// sealed to the recipients; without any, to those of the database. Whoever can open the backup can
// open the private keys in it.
func (db *DB) Backup(ctx context.Context, out io.Writer, now time.Time, recipients ...age.Recipient) (t backup.Trailer, h backup.Header, err error) {
	db.takeAlong(ctx)
	if len(recipients) == 0 {
		if recipients, err = db.Recipients(ctx); err != nil {
			return t, h, err
		}
	}
	err = db.View(ctx, func(x ring.Tx) error {
		_, uuid, err := x.(*tx).dataKeys()
		if err != nil {
			return err
		}
		h = backup.Header{Schema: schemaVersion, Database: uuid, Engine: db.engine.name(), Made: now.UTC().Truncate(time.Second), Tables: contentTables()}
		w, err := backup.NewWriter(out, h, recipients...)
		if err != nil {
			return err
		}
		to := &backupRows{w: w, last: map[string]int64{}}
		keys := &rewrapped{rows: to, from: db.origin(), now: now, own: recipients}
		defer keys.clear()
		if err := x.(*tx).snapshot(keys); err != nil {
			return err
		}
		t, err = w.Close(to.last)
		return err
	})
	return t, h, err
}

// backupRows puts rows into a backup.
type backupRows struct {
	w    *backup.Writer
	last map[string]int64
}

func (b *backupRows) row(table int, values []backup.Value) error {
	return b.w.Row(table, values)
}

func (b *backupRows) handle(table int, last int64) error {
	b.last[contents[table].Name] = last
	return nil
}

// Backup is a backup in a file.
type Backup struct {
	Header  backup.Header
	Trailer backup.Trailer // known when all of it has been read

	path       string
	identities []age.Identity
	keys       []*seal.DataKey
}

// OpenBackup reads the beginning of a backup. Call Close at the end.
func OpenBackup(path string, identities ...age.Identity) (*Backup, error) {
	b := &Backup{path: path, identities: identities}
	f, r, err := b.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b.Header = r.Header
	switch {
	case b.Header.Schema > schemaVersion:
		return nil, fmt.Errorf("backup %q: it has schema version %d and this signet knows versions up to %d; a newer signet can restore it: %w",
			path, b.Header.Schema, schemaVersion, ring.ErrUnsupported)
	case b.Header.Schema < schemaVersion || !sameTables(b.Header.Tables):
		return nil, fmt.Errorf("backup %q: it has tables of schema version %d that this signet does not know; restore it with the version that made it, and let a newer one open the database: %w",
			path, b.Header.Schema, ring.ErrUnsupported)
	}
	if err := b.readKeys(r); err != nil {
		b.Close()
		return nil, b.fail(err)
	}
	return b, nil
}

// readKeys reads the data keys, which come before what they seal.
func (b *Backup) readKeys(r *backup.Reader) error {
	for {
		table, values, err := r.Next()
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case err == nil && table < dataKeysTable:
			continue
		case err == nil && table == dataKeysTable:
			generation, err := generationOf(values[0].Number)
			if err != nil {
				return fmt.Errorf("%w: %w", err, ring.ErrInvalid)
			}
			key, err := seal.UnwrapDataKey(generation, values[1].Bytes, b.identities...)
			if err != nil {
				return err
			}
			b.keys = append(b.keys, key)
			continue
		case len(b.keys) == 0:
			return errors.New("its data key is not where it belongs")
		}
		return nil
	}
}

// origin gives the backup as the origin of content.
func (b *Backup) origin() origin { return origin{b.path, b.unwrap, b.feed} }

// unwrap gives a data key of the backup, however it is wrapped.
func (b *Backup) unwrap(generation uint32, _ []byte) (*seal.DataKey, error) {
	for _, key := range b.keys {
		if key.Generation() == generation {
			return key.Clone(), nil
		}
	}
	return nil, b.fail(fmt.Errorf("data key generation %d is gone", generation))
}

func (b *Backup) open() (*os.File, *backup.Reader, error) {
	f, err := os.Open(b.path)
	if err != nil {
		return nil, nil, fmt.Errorf("backup %w", err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, nil, fmt.Errorf("backup %q: not a regular file: %w", b.path, ring.ErrInvalid)
	}
	r, err := backup.NewReader(f, b.identities...)
	if err != nil {
		f.Close()
		return nil, nil, b.fail(err)
	}
	return f, r, nil
}

// fail names the backup in a failure.
func (b *Backup) fail(err error) error {
	if errors.Is(err, backup.ErrIdentity) {
		return fmt.Errorf("backup %q: %w; name the stash file of the database that it is of with --identity-file, or the passphrase with --passphrase-file", b.path, err)
	}
	return fmt.Errorf("backup %q: %w; use another copy of it", b.path, err)
}

// Close clears the data keys.
func (b *Backup) Close() {
	for _, key := range b.keys {
		key.Clear()
	}
}

// feed gives the rows of the backup.
func (b *Backup) feed(ctx context.Context, to rows) error {
	f, r, err := b.open()
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		table, values, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return b.fail(err)
		}
		if err := to.row(table, values); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	b.Trailer = r.Trailer
	for i, c := range contents {
		if c.handles {
			if err := to.handle(i, b.Trailer.Last[c.Name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Prove builds the database of a backup in a folder, lets prove look at it and removes it.
func (b *Backup) Prove(ctx context.Context, dir string, prove func(context.Context, *DB) error) error {
	return b.withScratch(ctx, dir, func(s *scratch) error { return s.prove(ctx, prove) })
}

// withScratch lends the database of a backup in a file. Its data key is wrapped to nobody: who is
// to use it gets the key besides.
func (b *Backup) withScratch(ctx context.Context, dir string, do func(*scratch) error) error {
	nobody, err := seal.NewIdentity()
	if err != nil {
		return err
	}
	s, err := buildScratch(ctx, dir, b.path, nobody.Recipient(), b.origin())
	if err != nil {
		return err
	}
	defer s.remove()
	return do(s)
}

// Restore gives a database the content of a backup, which is proved first. Into PostgreSQL it
// goes by way of a scratch database in the folder dir.
func (b *Backup) Restore(ctx context.Context, to Target, dir string, o FillOptions) error {
	if !to.Postgres || o.Prove == nil {
		return to.fill(ctx, b.origin(), o)
	}
	prove := o.Prove
	o.Prove = nil
	return b.withScratch(ctx, dir, func(s *scratch) error {
		return s.prove(ctx, func(ctx context.Context, db *DB) error {
			if err := prove(ctx, db); err != nil {
				return err
			}
			return to.fill(ctx, origin{b.path, b.unwrap, db.snapshot}, o)
		})
	})
}

// openKeys sees to it that the data keys can be opened.
func (db *DB) openKeys(ctx context.Context) error {
	return db.View(ctx, func(x ring.Tx) error {
		_, _, err := x.(*tx).dataKeys()
		return err
	})
}

// CopyTo gives another database the content of this one, as it is at this moment, and counts the
// rows of each table. From then on they are two databases: each has its own stash file, and what changes in one does not in the
// other.
func (db *DB) CopyTo(ctx context.Context, to Target, o FillOptions) (counts map[string]int64, err error) {
	db.takeAlong(ctx)
	counts = map[string]int64{}
	// Before anything is made at the other place.
	if err := db.openKeys(ctx); err != nil {
		return nil, err
	}
	from := db.origin()
	from.feed = func(ctx context.Context, to rows) error { return db.snapshot(ctx, counted{to, counts}) }
	return counts, to.fill(ctx, from, o)
}

// counted counts the rows that it passes on.
type counted struct {
	rows
	counts map[string]int64
}

func (c counted) row(table int, values []backup.Value) error {
	c.counts[contents[table].Name]++
	return c.rows.row(table, values)
}
