package sqldb

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"signet/backend/backup"
)

// bulkSilence is how long a server may be at one statement of a load: it may have to delete or
// index millions of rows.
const bulkSilence = 2 * time.Hour

// fillPostgres replaces all content in one transaction. Readers see the old content until it is
// over, which is why nothing is truncated: that would empty the tables for those who are reading.
func (t Target) fillPostgres(ctx context.Context, from origin, o FillOptions) error {
	o.Create, o.Silence = true, bulkSilence
	db, err := t.Open(ctx, o.Options)
	if err != nil {
		return err
	}
	defer db.Close()
	switch {
	case db.path == from.name:
		return errSame(db.path)
	case db.stash == "":
		return noStash(db.path)
	}
	if err := db.ensureOperator(); err != nil {
		return err
	}
	e := db.engine.(*postgres)
	x, err := e.open(ctx, e.writer)
	if err != nil {
		return err
	}
	defer x.rollback()
	own := &tx{ctx: ctx, db: db, on: x, used: map[string]bool{}}
	if !o.Replace {
		if err := own.refuseContent(); err != nil {
			return err
		}
	}
	for i := len(contents) - 1; i >= 0; i-- {
		if _, err := own.exec("DELETE FROM " + contents[i].Name); err != nil {
			return err
		}
	}
	l := &postgresLoad{ctx: ctx, engine: e, tx: own, on: x, table: -1}
	to := &rewrapped{rows: l, from: from, now: db.now(), operator: db.operator}
	defer to.clear()
	err = from.feed(ctx, to)
	if ended := l.endTable(); err == nil || l.failed != nil {
		err = ended
	}
	if err != nil {
		return err
	}
	if err := x.commit(ctx, true); err != nil {
		return err
	}
	// The server knows nothing yet of what the tables hold; the next commands should not wait
	// for it to look. It may be told later, so a failure is none.
	_, _ = db.pool.ExecContext(ctx, "ANALYZE certificates, private_keys, rings, connections")
	return nil
}

// postgresLoad sends rows to the server with COPY in its binary form, table by table.
type postgresLoad struct {
	ctx    context.Context
	engine *postgres
	tx     *tx
	on     *postgresTx

	table  int // the one that is being sent; -1 for none
	buf    []byte
	out    *bufio.Writer
	pipe   *io.PipeWriter
	done   chan error
	failed error // of the server
}

// copyHeader begins the binary form of COPY: the signature, no flags, no extension.
const copyHeader = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// row implements rows.
func (l *postgresLoad) row(table int, values []backup.Value) error {
	if table != l.table {
		if err := l.endTable(); err != nil {
			return err
		}
		l.beginTable(table)
	}
	columns := contents[table].Columns
	l.buf = binary.BigEndian.AppendUint16(l.buf[:0], uint16(len(columns)))
	for i, c := range columns {
		data := values[i].Bytes
		if c.Kind == backup.Number {
			l.buf = binary.BigEndian.AppendUint32(l.buf, 8)
			l.buf = binary.BigEndian.AppendUint64(l.buf, uint64(values[i].Number))
			continue
		}
		l.buf = binary.BigEndian.AppendUint32(l.buf, uint32(len(data)))
		l.buf = append(l.buf, data...)
	}
	if _, err := l.out.Write(l.buf); err != nil {
		return l.endTable() // the server's reason
	}
	return nil
}

func (l *postgresLoad) beginTable(table int) {
	r, w := io.Pipe()
	l.table, l.pipe, l.out, l.done = table, w, bufio.NewWriterSize(w, 256<<10), make(chan error, 1)
	c := &contents[table]
	statement := "COPY " + c.Name + " (" + c.columns() + ") FROM STDIN (FORMAT binary)"
	go func() {
		err := l.on.conn.Raw(func(conn any) error {
			_, err := conn.(*stdlib.Conn).Conn().PgConn().CopyFrom(l.ctx, r, statement)
			return err
		})
		_ = r.CloseWithError(io.ErrClosedPipe)
		l.done <- err
	}()
	_, _ = l.out.WriteString(copyHeader) // the writer keeps an error for row
}

// endTable ends the table that is being sent and gives what the server says to it.
func (l *postgresLoad) endTable() error {
	if l.table < 0 || l.failed != nil {
		return l.failed
	}
	l.table = -1
	_, _ = l.out.Write([]byte{0xff, 0xff}) // the end of the rows
	_ = l.out.Flush()                      // if it fails, the server has ended, and says why
	l.pipe.Close()
	if err := <-l.done; err != nil {
		l.failed = l.engine.failing(l.ctx, err)
	}
	return l.failed
}

// handle implements rows. The sequence of a table never goes back, also if all of this is rolled
// back: no handle is used twice.
func (l *postgresLoad) handle(table int, last int64) error {
	if err := l.endTable(); err != nil || last == 0 {
		return err
	}
	name := contents[table].Name
	var now, most int64
	if err := l.tx.optional(l.engine.lastHandle(name), nil, &now); err != nil {
		return err
	}
	if err := l.tx.optional("SELECT id FROM "+name+" ORDER BY id DESC LIMIT 1", nil, &most); err != nil {
		return err
	}
	last = max(last, most)
	if now >= last {
		return nil
	}
	return l.tx.one("SELECT setval('"+name+"_id_seq', $1)", []any{last}, &now)
}
