package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	"signet/ring"
)

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
		return newerSchema(db.path, s.version)
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
	if err != nil || s.version == schemaVersion || db.lookOnly && s.version > 0 {
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
		if err := db.ensureOperator(); err != nil {
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
	if err := db.runScripts(ctx, x, "migrations/*.sql", s.version); err != nil {
		return err
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
