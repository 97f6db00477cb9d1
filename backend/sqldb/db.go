// Package sqldb keeps a key-ring database in SQL tables: in a SQLite file, or in a PostgreSQL
// database for a fleet of machines. The statements of transactions are the same. What differs is
// behind the interface engine: opening, making and migrating a database, how a transaction begins
// and ends, and what the engine's error codes mean.
//
// The package is storage and no more: the rules of RACF are in package ring, and the sealing of
// private keys is in package seal. It parses a certificate only for the columns that look-ups
// need.
//
// A database has a stash file, without which its private keys cannot be opened. What Update
// reported as done survives a power failure, readers and one writer do not wait for each other,
// and writers wait for each other, for a limited time.
//
// A SQLite database is a file that only its owner can read, with the stash file beside it. It
// runs in WAL mode with full synchronous commits.
//
// In PostgreSQL (13 or newer) the tables are in the first schema of the search path, whose owner
// need not be a superuser. A writer locks one small table before it reads anything, so that
// writers take turns and none of them works in vain; serializable isolation stands behind that,
// for changes that come from elsewhere.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"filippo.io/age"

	"signet/backend/seal"
	"signet/ring"
)

// Options say how Open works. The zero value opens an existing database.
type Options struct {
	Create     bool   // make a new database, with its stash file, when there is none
	MustCreate bool   // with Create: a database that is there is ring.ErrExists
	Stash      string // the stash file; for a SQLite file, empty means StashPath of it

	// Passphrase asks for the passphrase of a stash file that has one, when a private key is needed
	// and never while others wait for a lock. Nil: such private keys cannot be opened.
	Passphrase seal.Passphrase
	// Protect is the passphrase of a stash file that is made with the database; empty for none.
	Protect []byte
	// Now is the clock for what the database remembers of its data keys; nil for the system's.
	Now func() time.Time

	BusyTimeout time.Duration // how long to wait for another writer; zero means 30 seconds

	// Silence is how long a server may be at one statement; zero means BusyTimeout and the time
	// that connecting may take.
	Silence time.Duration

	// Migrating, if set, is told the schema versions before an older database is changed to this
	// program's version. Programs that are older than it refuse the database from then on.
	Migrating func(from, to int)

	lookOnly bool // an older database stays as it is
}

const defaultBusyTimeout = 30 * time.Second

// DB is an open key-ring database. It implements ring.Store and can be used by many goroutines.
type DB struct {
	engine     engine
	path       string               // absolute, without symbolic links; or the URL without its password
	stash      string               // empty when none was named
	ownStash   string               // where it is when nothing else is said; empty when nothing says so
	operator   *age.X25519Recipient // of a database that is being made
	passphrase seal.Passphrase
	protect    []byte
	now        func() time.Time
	busy       time.Duration
	silence    time.Duration
	migrating  func(from, to int)
	pool       *sql.DB
	writer     chan struct{} // holds a token while a goroutine of this process writes
	created    bool
	lookOnly   bool
	keys       keyCache

	prepared func(query string) // sees every statement before its first use, for tests
}

var _ ring.Store = (*DB)(nil)

// newDB gives a database that is not open yet.
func newDB(o Options) *DB {
	if o.BusyTimeout == 0 {
		o.BusyTimeout = defaultBusyTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &DB{stash: o.Stash, passphrase: o.Passphrase, protect: o.Protect, now: o.Now, busy: o.BusyTimeout, silence: o.Silence,
		lookOnly: o.lookOnly, migrating: o.Migrating, writer: make(chan struct{}, 1)}
}

// usePool limits the connections: a writer, and a reader for each processor. A connection is
// kept: a new one has to read the schema, or to log on, again.
func (db *DB) usePool(pool *sql.DB) {
	db.pool = pool
	n := 1 + runtime.GOMAXPROCS(0)
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
}

// Created reports whether this Open made the database. Of several processes that create one
// database at once, one made it.
func (db *DB) Created() bool { return db.created }

// Path gives the file of the database, with symbolic links followed, or its URL without what is
// secret in it.
func (db *DB) Path() string { return db.path }

// Stash gives the stash file of the database, empty when none was named.
func (db *DB) Stash() string { return db.stash }

// Close ends the use of the database. The last process to close a SQLite file folds the
// write-ahead log into it.
func (db *DB) Close() error {
	db.keys.clear()
	return errors.Join(db.fail(db.pool.Close()), db.engine.close())
}

// View runs fn on one consistent state of the database, and neither waits for writers nor makes
// them wait. fn cannot change anything.
func (db *DB) View(ctx context.Context, fn func(ring.Tx) error) error {
	return db.unlocking(ctx, func() error { return db.transact(ctx, true, fn) })
}

// Update runs fn in one transaction that has the database for itself, except for readers.
func (db *DB) Update(ctx context.Context, fn func(ring.Tx) error) error {
	return db.unlocking(ctx, func() error { return db.update(ctx, fn) })
}

func (db *DB) update(ctx context.Context, fn func(ring.Tx) error) error {
	// The goroutines of one process queue here. The engine's own waiting would cost
	// each of them a connection.
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

// The limits of a transaction that other writers disturb. Between two tries it waits for a
// random time that doubles, so that two which disturb each other come apart.
const (
	maxTries   = 12
	firstPause = 5 * time.Millisecond
	lastPause  = 250 * time.Millisecond
)

// transact runs fn in a transaction, and again when another writer was in the way.
func (db *DB) transact(ctx context.Context, readOnly bool, fn func(ring.Tx) error) error {
	start, pause := time.Now(), firstPause
	for try := 1; ; try++ {
		again, err := db.once(ctx, readOnly, fn)
		if !again {
			return err
		}
		if try == maxTries || time.Since(start) > db.busy {
			return fmt.Errorf("database %q: other writers were in the way %d times in %v; nothing was changed; try again later",
				db.path, try, time.Since(start).Round(time.Millisecond))
		}
		select {
		case <-time.After(rand.N(pause) + pause/2): // #nosec G404 -- how long to wait; nothing is kept secret by it
		case <-ctx.Done():
			return db.fail(ctx.Err())
		}
		pause = min(2*pause, lastPause)
	}
}

// once runs fn in a transaction and says whether it is worth another try.
func (db *DB) once(ctx context.Context, readOnly bool, fn func(ring.Tx) error) (again bool, err error) {
	x, err := db.engine.begin(ctx, readOnly)
	if err != nil {
		return db.engine.conflict(err), err
	}
	defer x.rollback() // after a commit it does nothing; it also runs when fn panics
	t := &tx{ctx: ctx, db: db, on: x, readOnly: readOnly, used: map[string]bool{}}
	defer t.forget()
	err = fn(t)
	switch {
	case t.disturbed:
		return true, t.broken // whatever fn made of it
	case t.locked:
		return false, errLocked
	case err != nil:
		return false, err
	case t.broken != nil:
		return false, t.broken
	case readOnly:
		return false, nil
	}
	if err = t.endTrail(); t.disturbed {
		return true, t.broken
	}
	if err == nil {
		err = x.commit(ctx, t.changes > 0)
	}
	if err == nil {
		db.engine.forget(ctx, t.trail.taken)
	}
	return db.engine.conflict(err), err
}

// fail names the database in a failure of its engine.
func (db *DB) fail(err error) error { return db.engine.fail(err) }
