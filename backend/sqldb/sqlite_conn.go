package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"modernc.org/sqlite"
)

// sqliteConnector opens the connections of a pool, each of which keeps the statements that it
// has prepared. database/sql would prepare them again for each transaction, and run a goroutine
// beside each statement of a transaction that can be called off.
type sqliteConnector struct{ driver.Connector }

// sqliteDriverConn is what the driver's connections can do that is used here.
type sqliteDriverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
	NewRestore(source string) (*sqlite.Backup, error)
}

// sqliteConn is a connection with its statements.
type sqliteConn struct {
	sqliteDriverConn
	prepared map[string]*sqliteStatement
}

// Connect implements driver.Connector.
func (c sqliteConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(sqliteDriverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's connection %T lacks methods", conn), conn.Close())
	}
	return &sqliteConn{full, map[string]*sqliteStatement{}}, nil
}

// Close implements driver.Conn.
func (c *sqliteConn) Close() error {
	var err error
	for _, s := range c.prepared {
		err = errors.Join(err, s.stmt.Close())
	}
	clear(c.prepared)
	return errors.Join(err, c.sqliteDriverConn.Close())
}

// statement gives a statement ready to be run, which is prepared when it comes for the first time.
func (c *sqliteConn) statement(query string) (*sqliteStatement, error) {
	if s, ok := c.prepared[query]; ok {
		return s, nil
	}
	p, err := c.PrepareContext(context.Background(), nameless(query))
	if err != nil {
		return nil, err
	}
	stmt, ok := p.(sqliteDriverStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's statement %T lacks methods", p), p.Close())
	}
	s := &sqliteStatement{stmt: stmt}
	c.prepared[query] = s
	return s, nil
}

// nameless gives a query whose parameters are $1, $2 and so on in their order with parameters that
// have no names: the driver asks SQLite for each name at each run. Another query stays as it is.
func nameless(query string) string {
	var b strings.Builder
	n := 1
	for rest := query; ; n++ {
		before, after, found := strings.Cut(rest, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		number := strconv.Itoa(n)
		rest, found = strings.CutPrefix(after, number)
		if !found || rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			return query
		}
		b.WriteByte('?')
	}
}

// run runs a statement without parameters that gives nothing.
func (c *sqliteConn) run(ctx context.Context, query string) error {
	s, err := c.statement(query)
	if err != nil {
		return err
	}
	_, err = s.stmt.ExecContext(ctx, nil)
	return err
}

// sqliteDriverStmt is what the driver's statements can do that is used here.
type sqliteDriverStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// sqliteStatement is a prepared statement of a connection. Whether somebody has called the
// transaction off is looked at before each run and each row: the driver would have a goroutine
// watch, which takes longer than most statements.
type sqliteStatement struct {
	stmt sqliteDriverStmt
	args []driver.NamedValue
	row  []driver.Value
	open bool // its rows are being read
}

// bind puts the arguments in the driver's form.
func (s *sqliteStatement) bind(args []any) ([]driver.NamedValue, error) {
	s.args = s.args[:0]
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return s.args, nil
}

func (s *sqliteStatement) one(ctx context.Context, args []any, dest []any) error {
	found := false
	err := s.rows(ctx, args, func(scan func(...any) error) (bool, error) {
		found = true
		return false, scan(dest...)
	})
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return err
}

func (s *sqliteStatement) each(ctx context.Context, args []any, row func(scan func(...any) error) error) error {
	return s.rows(ctx, args, func(scan func(...any) error) (bool, error) { return true, row(scan) })
}

// rows runs a query until row wants no more.
func (s *sqliteStatement) rows(ctx context.Context, args []any, row func(scan func(...any) error) (more bool, err error)) (err error) {
	values, err := s.bind(args)
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case s.open:
		return errors.New("a statement is used while its rows are read")
	}
	rows, err := s.stmt.QueryContext(context.Background(), values)
	if err != nil {
		return err
	}
	s.open = true
	defer func() {
		s.open = false
		if closed := rows.Close(); err == nil {
			err = closed
		}
	}()
	if n := len(rows.Columns()); cap(s.row) < n {
		s.row = make([]driver.Value, n)
	} else {
		s.row = s.row[:n]
	}
	scan := func(dest ...any) error { return scanRow(s.row, dest) }
	for more := true; more; {
		switch err := rows.Next(s.row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if more, err = row(scan); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (s *sqliteStatement) exec(ctx context.Context, args []any) (int64, error) {
	values, err := s.bind(args)
	switch {
	case err != nil:
		return 0, err
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	r, err := s.stmt.ExecContext(context.Background(), values)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// scanRow puts the values of a row where they belong, as database/sql does it.
func scanRow(row []driver.Value, dest []any) error {
	if len(row) != len(dest) {
		return fmt.Errorf("a row has %d columns, and %d are wanted", len(row), len(dest))
	}
	for i, v := range row {
		if err := scanValue(v, dest[i]); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

// scanValue puts a value where it belongs. The frequent pairs come first; blobs are the driver's
// copies already.
func scanValue(v driver.Value, dest any) error {
	switch d := dest.(type) {
	case *int64:
		if n, ok := v.(int64); ok {
			*d = n
			return nil
		}
	case *string:
		if s, ok := v.(string); ok {
			*d = s
			return nil
		}
	case *[]byte:
		if b, ok := asBytes(v); ok {
			*d = b
			return nil
		}
	case *sql.RawBytes:
		if b, ok := asBytes(v); ok {
			*d = b
			return nil
		}
	}
	to := reflect.ValueOf(dest).Elem()
	switch from := v.(type) {
	case int64:
		switch {
		case to.Kind() == reflect.Bool && (from == 0 || from == 1):
			to.SetBool(from == 1)
			return nil
		case to.CanInt() && !to.OverflowInt(from):
			to.SetInt(from)
			return nil
		case to.CanUint() && from >= 0 && !to.OverflowUint(uint64(from)):
			to.SetUint(uint64(from))
			return nil
		}
	case string:
		if to.Kind() == reflect.String {
			to.SetString(from)
			return nil
		}
	}
	if s, ok := dest.(sql.Scanner); ok {
		return s.Scan(v)
	}
	return fmt.Errorf("a value of type %T does not fit in %v", v, to.Type())
}

// asBytes gives the bytes of a value that has some.
func asBytes(v driver.Value) ([]byte, bool) {
	switch v := v.(type) {
	case []byte:
		return v, true
	case string:
		return []byte(v), true
	case nil:
		return nil, true
	}
	return nil, false
}
