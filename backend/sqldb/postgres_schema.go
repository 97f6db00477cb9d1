package sqldb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"

	"signet/ring"
)

// schemaState is what the first schema of the search path holds.
type schemaState struct {
	version int    // zero where there is no signet database
	schema  string // empty where there is none that this user may use
	objects int    // tables and the like, counted only at version zero
	utf8    bool   // looked at only at version zero
}

// queryer is a pool or a transaction.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// oneMessage makes a query that is run once cost one message, not two.
const oneMessage = pgx.QueryExecModeSimpleProtocol

func (e *postgres) readVersion(ctx context.Context, q queryer) (version int, err error) {
	err = q.QueryRowContext(ctx, "SELECT version FROM signet_version WHERE one = 1", oneMessage).Scan(&version)
	return version, err
}

// readSchema looks at a schema without a signet database. What belongs to extensions of the
// server does not count.
func (e *postgres) readSchema(ctx context.Context, q queryer) (s schemaState, err error) {
	var schema sql.NullString
	err = q.QueryRowContext(ctx, "SELECT current_schema(), getdatabaseencoding() = 'UTF8',"+
		" (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()"+
		" AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))",
		oneMessage).Scan(&schema, &s.utf8, &s.objects)
	s.schema = schema.String
	return s, err
}

// check refuses what is no place for a signet database, or not one for this program.
func (e *postgres) check(s schemaState, create bool) error {
	name := e.db.path
	switch {
	case s.version > schemaVersion:
		return newerSchema(name, s.version)
	case s.version > 0:
		return nil
	case s.schema == "":
		return fmt.Errorf("database %q: none of the schemas of its search path is there; name one with ?search_path=SCHEMA: %w", name, ring.ErrInvalid)
	case s.objects > 0:
		return fmt.Errorf("database %q: schema %q holds tables of another program; name an empty schema with ?search_path=SCHEMA: %w",
			name, s.schema, ring.ErrInvalid)
	case !create:
		return fmt.Errorf("database %q: schema %q is empty: %w", name, s.schema, ring.ErrNotFound)
	case !s.utf8:
		return fmt.Errorf("database %q: its encoding is not UTF8; make one with: createdb -E UTF8 -T template0 NAME: %w", name, ring.ErrInvalid)
	case e.db.stash == "":
		return fmt.Errorf("database %q: a new database needs a stash file for the key to its private keys; add stash=PATH to the URL: %w", name, ring.ErrInvalid)
	}
	return nil
}

// ensureSchema checks the database, and brings an empty or older one to this version.
func (e *postgres) ensureSchema(ctx context.Context, create bool) error {
	s, err := e.readState(ctx, e.db.pool)
	if err == nil {
		err = e.check(s, create)
	}
	if err != nil || s.version == schemaVersion || e.db.lookOnly && s.version > 0 {
		return err
	}
	if s.version == 0 {
		if err := e.db.ensureOperator(); err != nil {
			return err
		}
	}
	return e.migrate(ctx)
}

func (e *postgres) readState(ctx context.Context, q queryer) (s schemaState, err error) {
	version, err := e.readVersion(ctx, q)
	if sqlState(err) == undefinedTable {
		s, err = e.readSchema(ctx, q)
	}
	if err != nil {
		return s, e.failing(ctx, err)
	}
	s.version = max(s.version, version)
	return s, nil
}

// migrate runs the missing scripts in one transaction. Another process may have done it first:
// the advisory lock keeps those that make a database apart, and the lock of writers those that
// use an older one.
func (e *postgres) migrate(ctx context.Context) error {
	x, err := e.open(ctx, e.withLimits("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"+patience)+
		fmt.Sprintf("SELECT pg_advisory_xact_lock(%d, hashtext(current_schema()))", applicationID))
	if err != nil {
		return err
	}
	defer x.rollback()
	// Not by a query that fails where there is no table: that would end the transaction.
	var there bool
	var s schemaState
	err = x.conn.QueryRowContext(ctx, "SELECT to_regclass('signet_version') IS NOT NULL", oneMessage).Scan(&there)
	if err == nil && there {
		if err = x.exec(ctx, "LOCK TABLE signet_version IN EXCLUSIVE MODE"); err == nil {
			s.version, err = e.readVersion(ctx, x.conn)
		}
	} else if err == nil {
		s, err = e.readSchema(ctx, x.conn)
	}
	if err != nil {
		return e.failing(ctx, err)
	}
	if err := e.check(s, true); err != nil || s.version == schemaVersion {
		return err
	}
	if err := e.db.runScripts(ctx, x.conn, "migrations/postgres/*.sql", s.version); err != nil {
		return err
	}
	if s.version == 0 {
		if err := e.db.insertMeta(ctx, x.conn); err != nil {
			return err
		}
	}
	_, err = x.conn.ExecContext(ctx, "INSERT INTO signet_version (one, version) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET version = excluded.version", schemaVersion)
	if err != nil {
		return e.failing(ctx, err)
	}
	if err := x.commit(ctx, true); err != nil {
		return err
	}
	e.db.created = s.version == 0
	return nil
}
