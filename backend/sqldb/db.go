// Package sqldb keeps a key-ring database in SQL tables. Today that is a SQLite file. The
// statements of transactions keep to what PostgreSQL takes too; opening, making and migrating a
// database, and reading the engine's error codes, are SQLite's alone.
//
// The package is storage and no more: the rules of RACF are in package ring, and the sealing of
// private keys is in package seal. It parses a certificate only for the columns that look-ups
// need.
//
// A database is a file that only its owner can read and a stash file beside it, without which
// its private keys cannot be opened. SQLite runs in WAL mode with full synchronous commits: what
// Update reported as done survives a power failure, and readers and one writer do not wait for
// each other. Writers wait for each other, for a limited time.
package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"

	"signet/ring"
)

// Options say how Open works. The zero value opens an existing database.
type Options struct {
	Create      bool          // make a new database, with its folder and stash file, when there is none
	Stash       string        // the stash file; empty means StashPath of the database
	BusyTimeout time.Duration // how long to wait for another writer; zero means 30 seconds
}

const defaultBusyTimeout = 30 * time.Second

// DB is an open key-ring database. It implements ring.Store and can be used by many goroutines.
type DB struct {
	path    string // absolute, without symbolic links
	stash   string
	busy    time.Duration
	pool    *sql.DB
	writer  chan struct{} // holds a token while a goroutine of this process writes
	created bool
	keys    keyCache

	prepared func(query string) // sees every statement before its first use, for tests
}

var _ ring.Store = (*DB)(nil)

// StashPath is where the stash file of a database is when nothing else is said: beside it, with
// .stash in the place of .db.
func StashPath(path string) string { return strings.TrimSuffix(path, ".db") + ".stash" }

// Open opens the database at path. A path where there is no database is ring.ErrNotFound,
// unless a new one is asked for. A database made by a newer signet is ring.ErrUnsupported.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	db := &DB{stash: o.Stash, busy: o.BusyTimeout, writer: make(chan struct{}, 1)}
	if db.busy == 0 {
		db.busy = defaultBusyTimeout
	}
	var err error
	if db.path, err = locate(path); err != nil {
		return nil, err
	}
	if db.stash == "" {
		db.stash = StashPath(db.path)
	}
	if db.stash, err = filepath.Abs(db.stash); err != nil {
		return nil, fmt.Errorf("database %q: stash file: %w", db.path, err)
	}
	if err := db.ensureFile(o.Create); err != nil {
		return nil, err
	}
	connector, err := sqlite.NewConnector(db.dsn())
	if err != nil {
		return nil, db.fail(err)
	}
	db.pool = sql.OpenDB(connector)
	// A writer, and a reader for each processor. A connection is kept: a new one has to read
	// the schema again.
	n := 1 + runtime.GOMAXPROCS(0)
	db.pool.SetMaxOpenConns(n)
	db.pool.SetMaxIdleConns(n)
	if err := db.ensureSchema(ctx, o.Create); err != nil {
		db.pool.Close()
		return nil, err
	}
	return db, nil
}

// dsn gives the driver's name of the database and of the settings of each connection. With
// mode=rw SQLite opens the file and never makes one, which would be readable by everybody.
func (db *DB) dsn() string {
	path := filepath.ToSlash(db.path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	options := url.Values{
		"mode":          {"rw"},
		"_busy_timeout": {strconv.FormatInt(db.busy.Milliseconds(), 10)},
		"_foreign_keys": {"1"},
		"_synchronous":  {"FULL"},
		"_txlock":       {"immediate"},
		"_dqs":          {"0"},
		"_error_rc":     {"1"},
		"_pragma":       {"secure_delete(1)"}, // a destroyed private key is wiped from the file
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: options.Encode()}
	return u.String()
}

// Created reports whether this Open made the database. Of several processes that create one
// database at once, one made it.
func (db *DB) Created() bool { return db.created }

// Path gives the file of the database, with symbolic links followed.
func (db *DB) Path() string { return db.path }

// Stash gives the stash file of the database.
func (db *DB) Stash() string { return db.stash }

// Close ends the use of the database. The last process to close it folds the write-ahead log
// into the file.
func (db *DB) Close() error {
	db.keys.clear()
	return db.fail(db.pool.Close())
}

// View runs fn on one consistent state of the database, and neither waits for writers nor makes
// them wait. fn cannot change anything.
func (db *DB) View(ctx context.Context, fn func(ring.Tx) error) error {
	return db.transact(ctx, true, fn)
}

// Update runs fn in one transaction that has the database for itself, except for readers.
func (db *DB) Update(ctx context.Context, fn func(ring.Tx) error) error {
	// The goroutines of one process queue here. SQLite's own waiting is by polling, which would
	// cost each of them a connection.
	timeout := time.NewTimer(db.busy)
	defer timeout.Stop()
	select {
	case db.writer <- struct{}{}:
	case <-ctx.Done():
		return db.fail(ctx.Err())
	case <-timeout.C:
		return fmt.Errorf("database %q: locked by another transaction of this process for %v", db.path, db.busy)
	}
	defer func() { <-db.writer }()
	return db.transact(ctx, false, fn)
}

func (db *DB) transact(ctx context.Context, readOnly bool, fn func(ring.Tx) error) error {
	x, err := db.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: readOnly})
	if err != nil {
		return db.fail(err)
	}
	defer x.Rollback() // after Commit it does nothing; it also runs when fn panics
	t := &tx{ctx: ctx, db: db, sql: x, readOnly: readOnly, statements: map[string]*sql.Stmt{}}
	if err := fn(t); err != nil {
		return err
	}
	if t.broken != nil {
		return t.broken
	}
	if readOnly {
		return nil
	}
	return db.fail(x.Commit())
}
