package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"time"

	"signet/backend/seal"
	"signet/ring"
)

// migrations holds one script for each schema version, named for the version it leads to. A
// script that has been in use does not change any more.
//
//go:embed migrations/*.sql
var migrations embed.FS

// schemaVersion is the version that this code works with, the last of the scripts. The version
// of a database is in PRAGMA user_version; zero means that the file is still empty.
const schemaVersion = 2

// applicationID is in the header of every signet database (PRAGMA application_id): "SGNT".
const applicationID = 0x53474e54

// state is what the header of a file says about it.
type state struct {
	version     int
	application int
	objects     int // tables, counted only at version zero
}

// readState reads the header in one transaction, so that it is never half of what another
// process is writing.
func (db *DB) readState(ctx context.Context, x *sql.Tx) (s state, err error) {
	read := func(query string, dest *int) {
		if err == nil {
			err = x.QueryRowContext(ctx, query).Scan(dest)
		}
	}
	read("PRAGMA user_version", &s.version)
	read("PRAGMA application_id", &s.application)
	if s.version == 0 {
		read("SELECT count(*) FROM sqlite_schema", &s.objects)
	}
	return s, db.fail(err)
}

// empty reports whether nothing was ever written to the file.
func (s state) empty() bool { return s == state{} }

// check refuses a file that is not a signet database, or not one for this program.
func (db *DB) check(s state) error {
	switch {
	case s.empty():
		return nil
	case s.application != applicationID:
		return fmt.Errorf("database %q: a SQLite database of another program: %w", db.path, ring.ErrInvalid)
	case s.version > schemaVersion:
		return fmt.Errorf("database %q: it has schema version %d and this signet knows versions up to %d; a newer signet can use it: %w",
			db.path, s.version, schemaVersion, ring.ErrUnsupported)
	}
	return nil
}

// ensureSchema checks the database, and brings an empty or older one to this version.
func (db *DB) ensureSchema(ctx context.Context, create bool) error {
	x, err := db.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return db.fail(err)
	}
	s, err := db.readState(ctx, x)
	x.Rollback()
	if err == nil {
		err = db.check(s)
	}
	if err != nil || s.version == schemaVersion {
		return err
	}
	if s.empty() {
		if !create {
			return fmt.Errorf("database in the empty file %q: %w", db.path, ring.ErrNotFound)
		}
		// Most often made by ensureFile just now, but it may have lain there.
		if err := os.Chmod(db.path, 0o600); err != nil {
			return fileError(db.path, err)
		}
		if err := db.setWAL(ctx); err != nil {
			return err
		}
	}
	return db.migrate(ctx)
}

// setWAL turns the write-ahead log on, which the file remembers. SQLite does not wait for
// others in this one statement, so the waiting is here.
func (db *DB) setWAL(ctx context.Context) error {
	timeout := time.NewTimer(db.busy)
	defer timeout.Stop()
	for {
		var mode string
		err := db.pool.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
		switch {
		case err == nil && mode == "wal":
			return nil
		case err == nil:
			return fmt.Errorf("database %q: the file system cannot share memory between processes, which SQLite's write-ahead log needs; use a local disk", db.path)
		case !isBusy(err):
			return db.fail(err)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return db.fail(ctx.Err())
		case <-timeout.C:
			return db.fail(err)
		}
	}
}

// migrate runs the missing scripts in one transaction. Another process may have done it first.
func (db *DB) migrate(ctx context.Context) error {
	x, err := db.pool.BeginTx(ctx, nil)
	if err != nil {
		return db.fail(err)
	}
	defer x.Rollback()
	s, err := db.readState(ctx, x)
	if err == nil {
		err = db.check(s)
	}
	if err != nil || s.version == schemaVersion {
		return err
	}
	scripts, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	for _, name := range scripts[s.version:] {
		script, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := x.ExecContext(ctx, string(script)); err != nil {
			return fmt.Errorf("%s: %w", name, db.fail(err))
		}
	}
	if s.empty() {
		if err := db.insertMeta(ctx, x); err != nil {
			return err
		}
	}
	header := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, schemaVersion)
	if _, err := x.ExecContext(ctx, header); err != nil {
		return db.fail(err)
	}
	if err := x.Commit(); err != nil {
		return db.fail(err)
	}
	db.created = s.empty()
	return nil
}

// insertMeta gives a new database its name and its data key.
func (db *DB) insertMeta(ctx context.Context, x *sql.Tx) error {
	identity, err := seal.EnsureStash(db.stash)
	if err != nil {
		return fmt.Errorf("database %q: %w", db.path, err)
	}
	key, wrapped, err := seal.WrapDataKey(identity.Recipient())
	if err != nil {
		return fmt.Errorf("database %q: %w", db.path, err)
	}
	key.Clear()
	_, err = x.ExecContext(ctx, "INSERT INTO meta (one, uuid, data_key) VALUES (1, $1, $2)", newUUID(), wrapped)
	return db.fail(err)
}

// newUUID makes a random UUID (RFC 9562, version 4).
func newUUID() string {
	var u [16]byte
	rand.Read(u[:])
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
