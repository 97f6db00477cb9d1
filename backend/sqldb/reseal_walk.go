package sqldb

import (
	"bytes"
	"context"
	"fmt"

	"signet/backend/seal"
	"signet/ring"
)

// resealPage is how many keys one transaction of a reseal seals anew: so few that nobody who
// waits for it notices.
const resealPage = 500

// finish seals everything anew that is not under the newest data key, and destroys the others.
// Where it was ended before it looks again at all keys, which takes little: what is done is done.
func (r *reseal) finish(ctx context.Context) error {
	var done, total, closed int64
	err := r.db.View(ctx, func(x ring.Tx) (err error) {
		total, err = x.(*tx).sealedRows()
		return err
	})
	if err != nil {
		return err
	}
	r.done.Stray = 0
	for i := range sealedTables {
		for after, more := int64(0), true; more; {
			p := &resealing{table: &sealedTables[i], after: after}
			if err := r.page(ctx, p); err != nil {
				return err
			}
			done, closed = done+int64(p.seen), closed+p.closed
			r.done.Keys += p.changed
			r.done.Stray += p.stray
			after, more = p.last, p.seen == resealPage
			if r.o.Progress != nil {
				r.o.Progress(done, max(done, total))
			}
		}
	}
	if closed > 0 {
		return fmt.Errorf("database %q: %d sealed keys do not open; they were left as they are, and so was the data key before; "+
			"signet db check names them: mend or delete them, then signet keys reseal finishes: %w", r.db.path, closed, ring.ErrRefused)
	}
	return r.retire(ctx)
}

// resealing is a page of a sealed table on its way from one data key to another.
type resealing struct {
	table   *sealedTable
	after   int64
	last    int64 // key of the page
	seen    int
	changed int64
	closed  int64 // that do not open
	stray   int64 // of a data key that is gone
	newest  uint32
	rows    []resealedRow
}

// resealedRow is what was sealed, and what is to take its place.
type resealedRow struct {
	key        int64
	sealed, by []byte
}

// page seals the rows of a page anew. They are read and sealed while others may write; what was
// changed meanwhile is under the newest data key already, and stays.
func (r *reseal) page(ctx context.Context, p *resealing) error {
	err := r.db.View(ctx, func(x ring.Tx) error { return p.read(x.(*tx)) })
	if err != nil || len(p.rows) == 0 {
		return err
	}
	return r.db.Update(ctx, func(x ring.Tx) error {
		t := x.(*tx)
		_, rows, err := t.dataKeyRows()
		if err != nil {
			return err
		}
		if newest := rows[len(rows)-1].generation; newest != p.newest {
			return fmt.Errorf("database %q: another reseal has begun data key generation %d; signet keys reseal goes on: %w", t.db.path, newest, ring.ErrRefused)
		}
		p.changed = 0
		for _, row := range p.rows {
			n, err := t.exec("UPDATE "+p.table.name+" SET sealed = $1 WHERE "+p.table.key+" = $2 AND sealed = $3", row.by, row.key, row.sealed)
			if err != nil {
				return err
			}
			p.changed += n
		}
		return nil
	})
}

// read reads the page and seals it anew.
func (p *resealing) read(t *tx) error {
	*p = resealing{table: p.table, after: p.after}
	keys, uuid, err := t.dataKeys()
	if err != nil {
		return err
	}
	newest := keys.Newest()
	if newest == nil {
		_, err := keys.Seal(nil, nil) // says why
		return fmt.Errorf("database %q: %w", t.db.path, err)
	}
	p.newest = newest.Generation()
	page, err := t.sealedPage(p.table, p.after, resealPage)
	if err != nil {
		return err
	}
	prefix := seal.Prefix(p.newest)
	for _, row := range page {
		p.seen, p.last = p.seen+1, row.key
		if bytes.HasPrefix(row.sealed, prefix) {
			continue
		}
		if generation, err := seal.Generation(row.sealed); err == nil && keys.Of(generation) == nil {
			p.stray++
			continue
		}
		by, err := sealAnew(p.table, keys, uuid, row)
		if err != nil {
			p.closed++
			continue
		}
		p.rows = append(p.rows, resealedRow{row.key, row.sealed, by})
	}
	return nil
}

// sealAnew seals what a row holds under the newest data key.
func sealAnew(table *sealedTable, keys *seal.DataKeys, uuid string, row sealedRow) ([]byte, error) {
	bind, err := table.bind(uuid, row.key, row.to)
	if err != nil {
		return nil, err
	}
	plain, err := keys.Open(row.sealed, bind)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	return keys.Seal(plain, bind)
}

// retire destroys all data keys but the newest, and takes the former identity out of the stash
// file.
func (r *reseal) retire(ctx context.Context) error {
	err := r.db.Update(ctx, func(x ring.Tx) error {
		t := x.(*tx)
		_, rows, err := t.dataKeyRows()
		if err != nil {
			return err
		}
		newest := int64(rows[len(rows)-1].generation)
		if newest != int64(r.done.Generation) {
			return fmt.Errorf("database %q: another reseal has begun data key generation %d; signet keys reseal goes on: %w", t.db.path, newest, ring.ErrRefused)
		}
		if _, err := t.exec("DELETE FROM data_keys WHERE generation < $1", newest); err != nil {
			return err
		}
		_, err = t.exec("UPDATE data_keys SET link = $1 WHERE generation = $2", []byte{}, newest)
		return err
	})
	if err != nil {
		return err
	}
	r.done.Rotated = true
	return r.trim(ctx)
}

// trim takes the former identity out of the stash file, when the database has gone over to the
// new one.
func (r *reseal) trim(ctx context.Context) error {
	if len(r.stash.identity.PublicKeys()) < 2 {
		return nil
	}
	operator, err := r.operator(ctx)
	if err != nil {
		return err
	}
	only := r.stash.identity.Only(operator)
	if only == nil || r.stash.escrow {
		return nil
	}
	if err := r.stash.hold(only); err != nil {
		return r.db.stashError(err)
	}
	return r.db.Update(ctx, func(x ring.Tx) error {
		var now string
		err := x.(*tx).optional("SELECT recipient FROM recipients WHERE name = $1", []any{Operator}, &now)
		if err != nil || now != operator { // another reseal sees to it
			return err
		}
		return r.db.stashError(r.stash.write())
	})
}
