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

// withDataKey runs do with the data key of the database and its UUID.
func (db *DB) withDataKey(ctx context.Context, do func(key *seal.DataKey, uuid string) error) error {
	var key *seal.DataKey
	var uuid string
	err := db.View(ctx, func(x ring.Tx) (err error) {
		key, uuid, err = x.(*tx).dataKey()
		return err
	})
	if err != nil {
		return err
	}
	return do(key, uuid)
}

// Backup writes a backup of the database as it is at this moment, while others may write. It is
// sealed to the recipients; without any, to the operator identity of the stash file. Whoever can
// open the backup can open the private keys in it.
func (db *DB) Backup(ctx context.Context, out io.Writer, now time.Time, recipients ...age.Recipient) (t backup.Trailer, h backup.Header, err error) {
	if len(recipients) == 0 {
		own, err := db.Recipient()
		if err != nil {
			return t, h, err
		}
		recipients = []age.Recipient{own}
	}
	err = db.withDataKey(ctx, func(key *seal.DataKey, uuid string) error {
		wrapped, err := key.Wrap(recipients...)
		if err != nil {
			return err
		}
		h = backup.Header{Schema: schemaVersion, Database: uuid, Engine: db.engine.name(), Made: now.UTC().Truncate(time.Second), Tables: contentTables()}
		w, err := backup.NewWriter(out, h, recipients...)
		if err != nil {
			return err
		}
		to := &backupRows{w: w, wrapped: wrapped, last: map[string]int64{}}
		if err := db.snapshot(ctx, to); err != nil {
			return err
		}
		t, err = w.Close(to.last)
		return err
	})
	return t, h, err
}

// Recipient gives the public half of the operator identity in the stash file.
func (db *DB) Recipient() (age.Recipient, error) {
	if db.stash == "" {
		return nil, noStash(db.path)
	}
	identity, err := seal.LoadStash(db.stash)
	if err != nil {
		return nil, fmt.Errorf("database %q: %w", db.path, err)
	}
	return identity.Recipient(), nil
}

// backupRows puts rows into a backup.
type backupRows struct {
	w       *backup.Writer
	wrapped []byte // the data key for those who can open the backup
	last    map[string]int64
}

func (b *backupRows) row(table int, values []backup.Value) error {
	if table == metaTable {
		values[2].Bytes = b.wrapped
	}
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
	key        *seal.DataKey
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
	table, values, err := r.Next()
	if err == nil && table == metaTable {
		b.key, err = seal.UnwrapDataKey(values[2].Bytes, identities...)
	} else if err == nil || errors.Is(err, io.EOF) {
		err = errors.New("its data key is not where it belongs")
	}
	if err != nil {
		return nil, b.fail(err)
	}
	return b, nil
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

// Close clears the data key.
func (b *Backup) Close() { b.key.Clear() }

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
	return b.withScratch(ctx, dir, func(s *scratch) error { return s.prove(ctx, s.path, b.key, prove) })
}

// withScratch lends the database of a backup in a file. Its data key is wrapped to nobody: who is
// to use it gets the key besides.
func (b *Backup) withScratch(ctx context.Context, dir string, do func(*scratch) error) error {
	nobody, err := seal.NewIdentity()
	if err != nil {
		return err
	}
	wrapped, err := b.key.Wrap(nobody.Recipient())
	if err != nil {
		return err
	}
	s, err := buildScratch(ctx, dir, b.path, wrapped, origin{b.path, b.key, b.feed})
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
		return to.fill(ctx, origin{b.path, b.key, b.feed}, o)
	}
	prove := o.Prove
	o.Prove = nil
	return b.withScratch(ctx, dir, func(s *scratch) error {
		return s.prove(ctx, s.path, b.key, func(ctx context.Context, db *DB) error {
			if err := prove(ctx, db); err != nil {
				return err
			}
			return to.fill(ctx, origin{b.path, b.key, db.snapshot}, o)
		})
	})
}

// CopyTo gives another database the content of this one, as it is at this moment, and counts the
// rows of each table. From then on they are two databases: each has its own stash file, and what changes in one does not in the
// other.
func (db *DB) CopyTo(ctx context.Context, to Target, o FillOptions) (counts map[string]int64, err error) {
	counts = map[string]int64{}
	err = db.withDataKey(ctx, func(key *seal.DataKey, _ string) error {
		feed := func(ctx context.Context, to rows) error { return db.snapshot(ctx, counted{to, counts}) }
		return to.fill(ctx, origin{db.path, key, feed}, o)
	})
	return counts, err
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
