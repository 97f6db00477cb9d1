package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"signet/backend/seal"
	"signet/ring"
)

// migrations holds one script for each schema version, named for the version it leads to, and
// in the folder postgres the same for PostgreSQL. A script that has been in use does not change
// any more.
//
//go:embed migrations/*.sql migrations/postgres/*.sql
var migrations embed.FS

// schemaVersion is the version that this code works with, the last of the scripts. The version
// of a SQLite file is in PRAGMA user_version; zero means that the file is still empty. In
// PostgreSQL it is in the table signet_version.
const schemaVersion = 5

// execer is a transaction of either engine.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// runScripts brings a database from one schema version to the last.
func (db *DB) runScripts(ctx context.Context, x execer, pattern string, from int) error {
	scripts, err := fs.Glob(migrations, pattern)
	if err != nil {
		return err
	}
	if from > 0 && db.migrating != nil {
		db.migrating(from, schemaVersion)
	}
	for _, name := range scripts[from:] {
		script, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := x.ExecContext(ctx, string(script)); err != nil {
			return fmt.Errorf("%s: %w", name, db.fail(err))
		}
	}
	return nil
}

// newerSchema refuses a database that this program is too old for.
func newerSchema(name string, version int) error {
	return fmt.Errorf("database %q: it has schema version %d and this signet knows versions up to %d; a newer signet can use it: %w",
		name, version, schemaVersion, ring.ErrUnsupported)
}

// ensureOperator loads the stash file of a database that is to be made, or makes it. Not while
// anybody waits: it may have to ask for a passphrase.
func (db *DB) ensureOperator() error {
	if db.operator != nil {
		return nil
	}
	identity, err := seal.EnsureStash(db.stash, db.protect, db.passphrase)
	if err != nil {
		return db.stashError(err)
	}
	db.operator = identity.Recipient()
	return nil
}

// insertMeta gives a new database its name, its data key and its audit key.
func (db *DB) insertMeta(ctx context.Context, x execer) error {
	uuid, now := newUUID(), db.now().Unix()
	key := seal.NewDataKey(1)
	defer key.Clear()
	wrapped, err := key.Wrap(db.operator)
	if err != nil {
		return fmt.Errorf("database %q: %w", db.path, err)
	}
	operator, err := newRecipient(key, uuid, Operator, db.operator.String(), now)
	if err != nil {
		return fmt.Errorf("database %q: %w", db.path, err)
	}
	public, sealed, err := newAuditKey(key, uuid)
	if err != nil {
		return fmt.Errorf("database %q: %w", db.path, err)
	}
	_, err = x.ExecContext(ctx, "INSERT INTO meta (one, uuid) VALUES (1, $1)", uuid)
	if err == nil {
		_, err = x.ExecContext(ctx, insertDataKey, 1, wrapped, []byte{}, now)
	}
	if err == nil {
		_, err = x.ExecContext(ctx, insertAuditKey, []byte(public), sealed)
	}
	if err == nil {
		_, err = x.ExecContext(ctx, insertRecipient, operator.name, operator.key, operator.since, operator.proof)
	}
	return db.fail(err)
}

// newUUID makes a random UUID (RFC 9562, version 4).
func newUUID() string {
	var u [16]byte
	rand.Read(u[:])
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
