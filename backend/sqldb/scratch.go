package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"modernc.org/sqlite"

	"signet/backend/backup"
	"signet/internal/atomicfile"
	"signet/ring"
)

// scratch is a SQLite database that is being built in a file of its own. Nobody else uses it, and
// after a crash nobody wants it: it is built without a journal, and the indexes come last.
type scratch struct {
	path    string
	name    string // of the database that it is for
	pool    *sql.DB
	conn    *sql.Conn
	keys    []seeded // its data keys
	indexes []string

	table int // of the rows that wait
	wait  []any
	count int // of rows that wait
	many  *sql.Stmt
}

// batchValues is how many values one INSERT has at most: SQLite takes up to 32766.
const batchValues = 1500

// buildScratch makes a database in a folder with all that comes from an origin, for an operator to
// open. Errors name the database that it is for.
func buildScratch(ctx context.Context, dir, name string, operator *age.X25519Recipient, from origin) (made *scratch, err error) {
	s := &scratch{path: filepath.Join(dir, ".signet-"+rand.Text()+".tmp"), name: name}
	if err := atomicfile.Create(s.path, nil, 0o600); err != nil {
		return nil, fmt.Errorf("database %w", err)
	}
	defer func() {
		if err != nil {
			s.remove()
		}
	}()
	if err := s.open(ctx); err != nil {
		return nil, s.fail(err)
	}
	to := &rewrapped{rows: s, from: from, now: time.Now(), operator: operator}
	err = from.feed(ctx, to)
	s.keys = to.made
	if err != nil {
		return nil, err
	}
	if err := s.finish(ctx); err != nil {
		return nil, s.fail(err)
	}
	return s, nil
}

// asDB gives the scratch as a database for the functions that need no more than its name.
func (s *scratch) asDB() *DB {
	db := newDB(Options{})
	db.path = s.name
	db.engine = &sqliteEngine{db: db}
	return db
}

// fail says in words what went wrong.
func (s *scratch) fail(err error) error { return s.asDB().fail(err) }

// scratchCache is how many KiB of pages are kept, and as many are sorted at once. Rows come in order,
// and the system keeps pages too: 128 MiB were no faster with a million certificates.
const scratchCache = 8192

func (s *scratch) open(ctx context.Context) error {
	options := url.Values{"mode": {"rw"}, "_foreign_keys": {"0"}, "_synchronous": {"OFF"}, "_error_rc": {"1"},
		"_pragma": {"journal_mode(OFF)", "locking_mode(EXCLUSIVE)", fmt.Sprintf("cache_size(-%d)", scratchCache)}}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(s.path), RawQuery: options.Encode()}
	connector, err := sqlite.NewConnector(u.String())
	if err != nil {
		return err
	}
	s.pool = sql.OpenDB(connector)
	if s.conn, err = s.pool.Conn(ctx); err != nil {
		return err
	}
	if err := s.exec(ctx, "BEGIN"); err != nil {
		return err
	}
	if err := s.asDB().runScripts(ctx, s.conn, "migrations/*.sql", 0); err != nil {
		return err
	}
	if err := s.exec(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, schemaVersion)); err != nil {
		return err
	}
	return s.dropIndexes(ctx)
}

// dropIndexes takes the indexes away that are no part of a table and remembers how to make them.
func (s *scratch) dropIndexes(ctx context.Context) error {
	found, err := s.conn.QueryContext(ctx, "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
	if err != nil {
		return err
	}
	defer found.Close()
	var names []string
	for found.Next() {
		var name, statement string
		if err := found.Scan(&name, &statement); err != nil {
			return err
		}
		names, s.indexes = append(names, name), append(s.indexes, statement)
	}
	if err := found.Err(); err != nil {
		return err
	}
	for _, name := range names {
		if err := s.exec(ctx, "DROP INDEX "+name); err != nil {
			return err
		}
	}
	return nil
}

func (s *scratch) exec(ctx context.Context, statement string) error {
	_, err := s.conn.ExecContext(ctx, statement)
	return err
}

// row implements rows. Rows wait until one INSERT takes many of them.
func (s *scratch) row(table int, values []backup.Value) error {
	if table != s.table {
		if err := s.flush(); err != nil {
			return err
		}
		s.table = table
	}
	columns := contents[table].Columns
	for i, c := range columns {
		switch {
		case c.Kind == backup.Number:
			s.wait = append(s.wait, values[i].Number)
		case c.Kind == backup.Text:
			s.wait = append(s.wait, string(values[i].Bytes))
		default:
			s.wait = append(s.wait, append(make([]byte, 0, len(values[i].Bytes)), values[i].Bytes...))
		}
	}
	s.count++
	if s.count < batchValues/len(columns) {
		return nil
	}
	ctx := context.Background()
	if s.many == nil {
		var err error
		if s.many, err = s.conn.PrepareContext(ctx, insertRows(table, s.count)); err != nil {
			return s.fail(err)
		}
	}
	_, err := s.many.ExecContext(ctx, s.wait...)
	s.wait, s.count = s.wait[:0], 0
	return s.fail(err)
}

// flush inserts the rows that wait, which are the last of their table.
func (s *scratch) flush() error {
	if s.many != nil {
		s.many.Close()
		s.many = nil
	}
	if s.count == 0 {
		return nil
	}
	_, err := s.conn.ExecContext(context.Background(), insertRows(s.table, s.count), s.wait...)
	s.wait, s.count = s.wait[:0], 0
	return s.fail(err)
}

// insertRows gives the statement that adds so many rows.
func insertRows(table, n int) string {
	c := &contents[table]
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", len(c.Columns)), ",") + "),"
	return "INSERT INTO " + c.Name + " (" + c.columns() + ") VALUES " + strings.TrimSuffix(strings.Repeat(one, n), ",")
}

// handle implements rows.
func (s *scratch) handle(table int, last int64) error {
	if err := s.flush(); err != nil {
		return err
	}
	ctx, name := context.Background(), contents[table].Name
	if last == 0 {
		return nil
	}
	// The rows have moved the counter themselves, so far.
	_, err := s.conn.ExecContext(ctx, "UPDATE sqlite_sequence SET seq = max(seq, ?1) WHERE name = ?2", last, name)
	if err == nil {
		_, err = s.conn.ExecContext(ctx, "INSERT INTO sqlite_sequence (name, seq) SELECT ?2, ?1 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?2)", last, name)
	}
	return s.fail(err)
}

// finish makes the indexes, checks what refers to what, and turns the file into a durable
// database with a write-ahead log.
func (s *scratch) finish(ctx context.Context) error {
	if err := s.flush(); err != nil {
		return err
	}
	for _, statement := range s.indexes {
		if err := s.exec(ctx, statement); err != nil {
			return err
		}
	}
	var dangling int
	if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM pragma_foreign_key_check").Scan(&dangling); err != nil {
		return err
	}
	if dangling > 0 {
		return fmt.Errorf("%d rows refer to rows that are not there; signet db check names them: %w", dangling, ring.ErrInvalid)
	}
	if err := s.exec(ctx, "COMMIT"); err != nil {
		return err
	}
	var mode string
	if err := s.conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil || mode != "wal" {
		return errors.Join(err, fmt.Errorf("no write-ahead log: %s", mode))
	}
	if err := s.close(); err != nil {
		return err
	}
	f, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (s *scratch) close() error {
	if s.pool == nil {
		return nil
	}
	if s.many != nil { // it would keep the file open
		s.many.Close()
		s.many = nil
	}
	var err error
	if s.conn != nil {
		err = s.conn.Close()
	}
	err = errors.Join(err, s.pool.Close())
	s.pool = nil
	return err
}

// remove takes away what is left of the scratch.
func (s *scratch) remove() {
	_ = s.close()
	for _, k := range s.keys {
		k.key.Clear()
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal", "-events"} {
		os.Remove(s.path + suffix)
	}
}

// prove opens the finished scratch, with its keys, for a look.
func (s *scratch) prove(ctx context.Context, look func(context.Context, *DB) error) error {
	db, err := Open(ctx, s.path, Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	for _, k := range s.keys {
		db.keys.seed(k.wrapped, k.key)
	}
	return look(ctx, db)
}

// settle gives the scratch the name of a database that is not there yet.
func (s *scratch) settle(path string) error {
	if err := os.Link(s.path, path); err != nil {
		if errors.Is(err, os.ErrExist) {
			return fmt.Errorf("database %q: it was made by another process in the meantime: %w", path, ring.ErrExists)
		}
		// A file system without hard links.
		if err := os.Rename(s.path, path); err != nil {
			return fileError(path, err)
		}
	}
	return atomicfile.SyncFolder(filepath.Dir(path))
}

// takeOver replaces all content by that of another file, in one transaction: who has the
// database open sees the old content or the new, and after a crash it is one of the two. A rename
// would leave others with the old file and the new file with the old one's log
// (sqlite.org/howtocorrupt.html 4.4).
func (db *DB) takeOver(ctx context.Context, path string) error {
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return db.fail(err)
	}
	defer conn.Close()
	return db.fail(conn.Raw(func(c any) error {
		restorer, ok := c.(interface {
			NewRestore(string) (*sqlite.Backup, error)
		})
		if !ok {
			return errors.New("the driver cannot restore")
		}
		b, err := restorer.NewRestore(path)
		if err != nil {
			return err
		}
		_, err = b.Step(-1)
		return errors.Join(err, b.Finish())
	}))
}
