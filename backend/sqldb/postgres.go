package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// OpenPostgres opens the database that a postgres:// URL names, in the form of libpq: several
// hosts, target_session_attrs, TLS settings and the usual places for the password. A parameter
// stash=PATH of the URL names the stash file where the options do not. Where the server has no
// signet database, that is ring.ErrNotFound unless a new one is asked for.
func OpenPostgres(ctx context.Context, url string, o Options) (*DB, error) {
	url, stash, err := splitStash(url)
	if err != nil {
		return nil, err
	}
	if o.Stash == "" {
		o.Stash = stash
	}
	db := newDB(o)
	db.ownStash = stash
	e := &postgres{db: db}
	db.engine = e
	if e.config, err = parseURL(url); err != nil {
		return nil, err
	}
	e.writer = e.withLimits(beginWriter)
	db.path = shown(e.config)
	if db.stash != "" {
		if db.stash, err = filepath.Abs(db.stash); err != nil {
			return nil, fmt.Errorf("database %q: stash file: %w", db.path, err)
		}
	}
	e.prepareConfig()
	db.usePool(stdlib.OpenDB(*e.config))
	if err := e.ensureSchema(ctx, o.Create); err != nil {
		db.pool.Close()
		return nil, err
	}
	return db, nil
}

// postgres is the engine of a PostgreSQL database.
type postgres struct {
	db     *DB
	config *pgx.ConnConfig
	writer string   // how a writer begins
	seen   sync.Map // of the text of each statement that has been run
}

// The settings of every transaction. They come with its first message and end with it, so that
// a connection pooler may give each transaction another connection.
const (
	// A look-up goes by its index, whatever the server believes about the size of a table, which
	// may be out of date: other plans are switched off, and every row that is read and dropped
	// is dear.
	everyTransaction = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off;" +
		"SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL cpu_tuple_cost = 10;" +
		"SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off;"

	// A reader sees one state. Writers take turns, so that every state is one that they made one
	// after the other, and a reader needs no more than that.
	beginReader = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;" + everyTransaction

	// LOCK TABLE comes before the first statement that reads, which is what fixes the state that
	// a serializable transaction sees: the state after the writer before.
	beginWriter = "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE;" + everyTransaction + patience +
		"LOCK TABLE signet_version IN EXCLUSIVE MODE"

	// patience ends the waiting for a lock, and a writer that stands still or whose machine is
	// gone. The commit waits for the disk, whatever the server's default is.
	patience = "SET LOCAL lock_timeout = %d; SET LOCAL idle_in_transaction_session_timeout = %d;" +
		"SET LOCAL tcp_keepalives_idle = 30; SET LOCAL tcp_keepalives_interval = 10; SET LOCAL tcp_keepalives_count = 3;" +
		"SET LOCAL synchronous_commit = on;"
)

// idleLimit is how long a writer may do nothing between two statements; a script may make a
// large key there.
const idleLimit = 5 * time.Minute

func (*postgres) name() string { return "PostgreSQL" }

// lastHandle asks the sequence behind the identity column of a table, by the name that the
// server gives it.
func (*postgres) lastHandle(table string) string {
	return "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM " + table + "_id_seq"
}

// withLimits fills in the times of patience.
func (e *postgres) withLimits(statements string) string {
	return fmt.Sprintf(statements, e.db.busy.Milliseconds(), idleLimit.Milliseconds())
}

func (e *postgres) begin(ctx context.Context, readOnly bool) (transaction, error) {
	if readOnly {
		return e.open(ctx, beginReader)
	}
	return e.open(ctx, e.writer)
}

// open starts a transaction with a list of statements, in one message. A connection that was
// lost since its last use is replaced: nothing has been done yet.
func (e *postgres) open(ctx context.Context, statements string) (*postgresTx, error) {
	for fresh := false; ; fresh = true {
		conn, err := e.db.pool.Conn(ctx)
		if err != nil {
			return nil, e.failing(ctx, err)
		}
		x := &postgresTx{engine: e, conn: conn}
		if _, err = x.batch(ctx, statements); err == nil {
			return x, nil
		}
		x.rollback()
		if fresh || !isLost(err) || isTimeout(err) || ctx.Err() != nil {
			return nil, e.failing(ctx, err)
		}
	}
}

// failing is fail for what may have ended because ctx did.
func (e *postgres) failing(ctx context.Context, err error) error {
	if done := ctx.Err(); done != nil {
		err = done
	}
	return e.fail(err)
}

// postgresTx is a transaction on a connection of its own.
type postgresTx struct {
	engine *postgres
	conn   *sql.Conn
	ended  bool
}

// batch sends statements without parameters in one message and gives the answers to them.
func (x *postgresTx) batch(ctx context.Context, statements string) (answers []*pgconn.Result, err error) {
	rawErr := x.conn.Raw(func(c any) error {
		answers, err = c.(*stdlib.Conn).Conn().PgConn().Exec(ctx, statements).ReadAll()
		return nil
	})
	return answers, errors.Join(rawErr, err)
}

func (x *postgresTx) exec(ctx context.Context, query string) error {
	_, err := x.batch(ctx, query)
	return err
}

func (x *postgresTx) mark(ctx context.Context) error { return x.exec(ctx, "SAVEPOINT attempt") }

func (x *postgresTx) release(ctx context.Context) error {
	return x.exec(ctx, "RELEASE SAVEPOINT attempt")
}

func (x *postgresTx) undo(ctx context.Context) error {
	return x.exec(ctx, "ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt")
}

// statement leaves the preparing to the driver, which keeps with a connection what it prepared.
func (x *postgresTx) statement(_ context.Context, query string) (statement, error) {
	return postgresStatement{x.engine, x.conn, query}, nil
}

func (x *postgresTx) ahead(ctx context.Context, query string) (statement, error) {
	return x.statement(ctx, query)
}

// later runs the statement at once.
func (x *postgresTx) later(ctx context.Context, query string, rows int64, args func() ([]any, error)) error {
	values, err := args()
	if err != nil {
		return err
	}
	n, err := postgresStatement{x.engine, x.conn, query}.exec(ctx, values)
	if err == nil && rows >= 0 && n != rows {
		err = wrongRows(n, rows)
	}
	return err
}

// highest leaves the handles to the server.
func (*postgresTx) highest(context.Context, string) (int64, bool, error) { return 0, false, nil }

func (x *postgresTx) rollback() {
	if x.ended {
		return
	}
	x.ended = true
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	_, _ = x.batch(ctx, "ROLLBACK") // if it fails the connection is of no more use, and the server rolls back
	x.conn.Close()
}

// farewell is how long the end of a transaction that has failed may take.
const farewell = 5 * time.Second

// postgresStatement runs a query.
type postgresStatement struct {
	engine *postgres
	conn   *sql.Conn
	query  string
}

func (s postgresStatement) one(ctx context.Context, args []any, dest []any) error {
	return s.conn.QueryRowContext(ctx, s.query, s.values(args)...).Scan(dest...)
}

func (s postgresStatement) each(ctx context.Context, args []any, row func(scan func(dest ...any) error) error) error {
	rows, err := s.conn.QueryContext(ctx, s.query, s.values(args)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s postgresStatement) exec(ctx context.Context, args []any) (int64, error) {
	r, err := s.conn.ExecContext(ctx, s.query, s.values(args)...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// values gives the arguments as the few types that database/sql knows; the driver would store a
// type that has a method String as what that gives. What is none of these stays, for the driver
// to refuse.
//
// A statement is prepared when it comes a second time: preparing costs a message of its own, and
// most commands use a statement once.
func (s postgresStatement) values(args []any) []any {
	values := make([]any, 0, 1+len(args))
	if _, again := s.engine.seen.LoadOrStore(s.query, true); !again {
		values = append(values, pgx.QueryExecModeExec)
	}
	for _, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			v = a
		}
		values = append(values, v)
	}
	return values
}

// shown is the URL of a configuration for messages: hosts, database, user and schema.
func shown(c *pgx.ConnConfig) string {
	var hosts []string
	add := func(host string, port uint16) {
		h := fmt.Sprintf("%s:%d", host, port)
		if len(hosts) == 0 || hosts[len(hosts)-1] != h { // the same again without TLS
			hosts = append(hosts, h)
		}
	}
	add(c.Host, c.Port)
	for _, f := range c.Fallbacks {
		add(f.Host, f.Port)
	}
	text := "postgres://" + c.User + "@" + strings.Join(hosts, ",") + "/" + c.Database
	if schema := c.RuntimeParams["search_path"]; schema != "" {
		text += "?search_path=" + schema
	}
	return text
}
