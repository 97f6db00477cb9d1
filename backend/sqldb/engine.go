package sqldb

import "context"

// engine is what differs between SQLite and PostgreSQL once a database is open. The statements
// of transactions are the same.
type engine interface {
	// begin starts a transaction.
	begin(ctx context.Context, readOnly bool) (transaction, error)
	// fail names the database in a failure of the engine and says in words what is known of it.
	fail(err error) error
	// conflict reports whether another writer was in the way, so that the whole transaction is
	// worth another try.
	conflict(err error) bool
	// lastHandle gives the query for the highest handle that a table ever had.
	lastHandle(table string) string
	// name is the engine's, for people.
	name() string
	// versionQuery gives the query for its version.
	versionQuery() string
	// integrity gives what is wrong below the tables.
	integrity(ctx context.Context) ([]string, error)
	// note keeps an event for the trail until a transaction takes it.
	note(ctx context.Context, n note) error
	// notes gives the first of what was noted, in that order. In a transaction that may change
	// something they are removed, if they are in the same database.
	notes(t *tx, limit int) ([]note, error)
	// forget removes the notes up to a place, which are in the trail for good, where that is not
	// done yet.
	forget(ctx context.Context, taken int64)
	// close ends the use of what the engine has besides the pool.
	close() error
	// size gives the bytes that the database has on disk.
	size(t *tx) (int64, error)
}

// transaction is an open transaction of an engine.
type transaction interface {
	// statement gets a query ready to be run, perhaps many times.
	statement(ctx context.Context, query string) (statement, error)
	// ahead is statement for a query that does not see what is written behind the transaction
	// (later), and does not wait for it.
	ahead(ctx context.Context, query string) (statement, error)
	// later has a statement change so many rows, in its order; below 0 stands for any number. An
	// engine may make its arguments and run it while the transaction goes on, up to the next call
	// but ahead and later.
	later(ctx context.Context, query string, rows int64, args func() ([]any, error)) error
	// highest gives the highest handle that a table has had, if the rows that are added to it may
	// be given their handles.
	highest(ctx context.Context, table string) (handle int64, ok bool, err error)
	// mark begins a part of the transaction that may have to be undone alone. Parts nest.
	mark(ctx context.Context) error
	// release ends the innermost part and keeps it.
	release(ctx context.Context) error
	// undo ends the innermost part as if it had not been.
	undo(ctx context.Context) error
	// commit makes what was done durable.
	commit(ctx context.Context, changed bool) error
	// rollback ends the transaction, if commit did not.
	rollback()
}

// statement is a query of a transaction, ready to be run.
type statement interface {
	// one reads the single row of a query into dest. When there is none it gives sql.ErrNoRows.
	one(ctx context.Context, args []any, dest []any) error
	// each calls row for every row of a query.
	each(ctx context.Context, args []any, row func(scan func(dest ...any) error) error) error
	// exec changes rows and gives how many.
	exec(ctx context.Context, args []any) (int64, error)
}
