package sqldb

import (
	"context"
	"database/sql"

	"signet/backend/backup"
	"signet/ring"
)

// rows takes the content of a database, table by table in the order of contents.
type rows interface {
	// row takes one row, whose values are good until it returns.
	row(table int, values []backup.Value) error
	// handle takes the highest handle that a table ever had.
	handle(table int, last int64) error
}

// snapshot gives all content of a database, as it is at one moment, while others may write. The
// data keys stay wrapped as they are, and are known to the cache before the first row.
func (db *DB) snapshot(ctx context.Context, to rows) error {
	return db.View(ctx, func(x ring.Tx) error {
		if _, _, err := x.(*tx).dataKeys(); err != nil {
			return err
		}
		return x.(*tx).snapshot(to)
	})
}

func (t *tx) snapshot(to rows) error {
	var refused error // of the taker, which is no failure of this database
	err := t.readTables(to, &refused)
	if refused != nil {
		t.disturbed = false // whatever the taker met is no conflict here
		return refused
	}
	return err
}

func (t *tx) readTables(to rows, refused *error) error {
	for i := range contents {
		if err := t.readTable(i, to, refused); err != nil {
			return err
		}
	}
	for i, c := range contents {
		if !c.handles {
			continue
		}
		last, err := t.lastHandle(c.Name)
		if err == nil {
			err = to.handle(i, last)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readTable gives all rows of a table, in the order of its key.
func (t *tx) readTable(table int, to rows, refused *error) error {
	c := &contents[table]
	values := make([]backup.Value, len(c.Columns))
	raw := make([]sql.RawBytes, len(c.Columns))
	dest := make([]any, len(c.Columns))
	for i, column := range c.Columns {
		if column.Kind == backup.Number {
			dest[i] = &values[i].Number
		} else {
			dest[i] = &raw[i]
		}
	}
	return t.each("SELECT "+c.columns()+" FROM "+c.Name+" ORDER BY "+c.key, nil, func(scan func(...any) error) error {
		if err := scan(dest...); err != nil {
			return err
		}
		for i := range raw {
			values[i].Bytes = raw[i]
		}
		*refused = to.row(table, values)
		return *refused
	})
}

// lastHandle gives the highest handle that a table ever had, zero when it had none.
func (t *tx) lastHandle(table string) (last int64, err error) {
	err = t.optional(t.db.engine.lastHandle(table), nil, &last)
	return last, err
}
