package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"modernc.org/sqlite"
)

// StashPath is where the stash file of a database is when nothing else is said: beside it, with
// .stash in the place of .db.
func StashPath(path string) string { return strings.TrimSuffix(path, ".db") + ".stash" }

// Open opens the SQLite database at path. A path where there is no database is ring.ErrNotFound,
// unless a new one is asked for. A database made by a newer signet is ring.ErrUnsupported.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	db := newDB(o)
	db.engine = &sqliteEngine{db: db}
	var err error
	if db.path, err = locate(path); err != nil {
		return nil, err
	}
	db.ownStash = StashPath(db.path)
	if db.stash == "" {
		db.stash = db.ownStash
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
	db.usePool(sql.OpenDB(sqliteConnector{connector}))
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
		"_pragma": {"secure_delete(1)", // a destroyed private key is wiped from the file
			"temp_store(2)"}, // what a savepoint would bring back is kept in memory
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: options.Encode()}
	return u.String()
}

// sqliteEngine is SQLite, which locks the whole file for a writer: nothing is ever tried again.
type sqliteEngine struct {
	db        *DB
	notesFile notesFile
}

func (*sqliteEngine) conflict(error) bool { return false }

func (*sqliteEngine) name() string { return "SQLite" }

func (*sqliteEngine) lastHandle(table string) string {
	return "SELECT seq FROM sqlite_sequence WHERE name = '" + table + "'"
}

func (e *sqliteEngine) begin(ctx context.Context, readOnly bool) (transaction, error) {
	held, err := e.db.pool.Conn(ctx)
	if err != nil {
		return nil, e.fail(err)
	}
	x := &sqliteTx{engine: e, held: held}
	x.behind.run = func(query string) error { return x.conn.run(context.Background(), query) }
	// Nobody else uses the connection before held is closed.
	err = held.Raw(func(c any) error {
		x.conn = c.(*sqliteConn)
		return nil
	})
	if err == nil {
		begin := "BEGIN IMMEDIATE"
		if readOnly {
			begin = "BEGIN"
		}
		err = x.conn.run(ctx, begin)
	}
	if err != nil {
		held.Close()
		return nil, e.fail(err)
	}
	return x, nil
}

// sqliteTx is a transaction on a connection that it has for itself.
type sqliteTx struct {
	engine *sqliteEngine
	held   *sql.Conn
	conn   *sqliteConn
	behind behind
	ended  bool
}

func (x *sqliteTx) statement(_ context.Context, query string) (statement, error) {
	if x.ended {
		return nil, sql.ErrTxDone
	}
	if err := x.behind.settle(!strings.HasPrefix(query, "SELECT ")); err != nil {
		return nil, err
	}
	return x.conn.statement(query)
}

// known gives a statement, and settles only when it has to be prepared.
func (x *sqliteTx) known(query string) (*sqliteStatement, error) {
	if x.ended {
		return nil, sql.ErrTxDone
	}
	if s, ok := x.conn.prepared[query]; ok {
		return s, x.behind.failure()
	}
	if err := x.behind.settle(false); err != nil {
		return nil, err
	}
	return x.conn.statement(query)
}

func (x *sqliteTx) ahead(_ context.Context, query string) (statement, error) {
	s, err := x.known(query)
	if err != nil {
		return nil, err
	}
	return besides{s, &x.behind}, nil
}

// besides is a statement that runs while others wait behind.
type besides struct {
	*sqliteStatement
	behind *behind
}

func (b besides) one(ctx context.Context, args []any, dest []any) error {
	b.behind.lock()
	defer b.behind.conn.Unlock()
	return b.sqliteStatement.one(ctx, args, dest)
}

func (b besides) each(ctx context.Context, args []any, row func(scan func(dest ...any) error) error) error {
	b.behind.lock()
	defer b.behind.conn.Unlock()
	return b.sqliteStatement.each(ctx, args, row)
}

func (x *sqliteTx) later(ctx context.Context, query string, rows int64, args func() ([]any, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s, err := x.known(query)
	if err != nil {
		return err
	}
	return x.behind.add(job{s, args, rows})
}

func (x *sqliteTx) highest(ctx context.Context, table string) (handle int64, ok bool, err error) {
	s, err := x.statement(ctx, "SELECT seq FROM sqlite_sequence WHERE name = $1")
	if err == nil {
		err = s.one(ctx, []any{table}, []any{&handle})
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return handle, true, err
}

func (x *sqliteTx) mark(ctx context.Context) error {
	if x.ended {
		return sql.ErrTxDone
	}
	x.behind.mark()
	return ctx.Err()
}

func (x *sqliteTx) release(ctx context.Context) error {
	s, err := x.known("RELEASE SAVEPOINT attempt")
	if err != nil {
		return err
	}
	return errors.Join(x.behind.release(s), ctx.Err())
}

func (x *sqliteTx) undo(context.Context) error { return x.behind.undo() }

func (x *sqliteTx) commit(ctx context.Context, _ bool) error {
	err := ctx.Err()
	if err == nil {
		err = x.behind.settle(false)
	}
	if err == nil {
		err = x.conn.run(context.Background(), "COMMIT") // once begun, it is not called off
	}
	if err != nil {
		return x.engine.fail(err)
	}
	x.end()
	return nil
}

func (x *sqliteTx) rollback() {
	if x.ended {
		return
	}
	x.behind.end()
	if err := x.conn.run(context.Background(), "ROLLBACK"); err != nil {
		// SQLite has rolled back by itself, or the connection is of no more use.
		_ = x.held.Raw(func(any) error { return driver.ErrBadConn })
	}
	x.end()
}

func (x *sqliteTx) end() {
	x.ended = true
	x.behind.end()
	x.held.Close()
}
