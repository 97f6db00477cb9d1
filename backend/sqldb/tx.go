package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"signet/backend/seal"
	"signet/ring"
)

// tx implements ring.Tx on one SQL transaction.
type tx struct {
	ctx       context.Context
	db        *DB
	on        transaction
	readOnly  bool
	used      map[string]bool // the statements so far
	broken    error           // the first failure of the engine; nothing may be committed after it
	disturbed bool            // that failure was another writer's doing
	changes   int             // how many statements changed something
	added     [tables][]int64 // the handles of the rows that were added
	locked    bool            // it met a private key that needs a passphrase
	opened    *seal.DataKeys  // nil until a private key is met
	uuid      string          // of the database, with opened
	forged    []uint32        // data keys of nobody who had the one before, with opened
	recall    recall
	trail     trailEnd
	unseen    unseen
	handles   handles
}

var _ ring.Tx = (*tx)(nil)

// table names the tables whose rows come in the order of their handles.
type table int

const (
	certificates table = iota
	rings
	connections
	profiles
	tokens
	tokenObjects
	users
	userGroups
	memberships
	filters
	auditRecords
	tables
)

var errReadOnly = errors.New("a View cannot change it")

// fail reports a failure of the engine. It also spoils the transaction: a method may have done
// half of its work, and fn may go on regardless.
func (t *tx) fail(err error) error {
	conflict := t.db.engine.conflict(err)
	if done := t.ctx.Err(); done != nil {
		err, conflict = done, false // however the engine calls it
	}
	err = t.db.fail(err)
	if t.broken == nil {
		t.broken, t.disturbed = err, conflict
	}
	return err
}

func (t *tx) prepare(query string) (statement, error) {
	t.use(query)
	s, err := t.on.statement(t.ctx, query)
	if err != nil {
		return nil, t.fail(err)
	}
	t.unseen = unseen{}
	return s, nil
}

// use remembers a statement that is about to run.
func (t *tx) use(query string) {
	if !t.used[query] {
		t.used[query] = true
		if t.db.prepared != nil {
			t.db.prepared(query)
		}
	}
}

// one reads the single row of a query into dest. When there is none it returns sql.ErrNoRows.
func (t *tx) one(query string, args []any, dest ...any) error {
	s, err := t.prepare(query)
	return t.row(s, err, args, dest)
}

// oneAhead is one for what later has not changed.
func (t *tx) oneAhead(query string, args []any, dest ...any) error {
	s, err := t.ahead(query)
	return t.row(s, err, args, dest)
}

func (t *tx) ahead(query string) (statement, error) {
	t.use(query)
	s, err := t.on.ahead(t.ctx, query)
	if err != nil {
		return nil, t.fail(err)
	}
	return s, nil
}

func (t *tx) row(s statement, err error, args, dest []any) error {
	if err != nil {
		return err
	}
	err = s.one(t.ctx, args, dest)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return t.fail(err)
	}
	return err
}

// insert is one for a statement that adds a row and returns its handle.
func (t *tx) insert(in table, query string, args []any, id *int64) error {
	if t.readOnly {
		return t.fail(errReadOnly)
	}
	t.changes++
	t.recall.forget(query)
	if err := t.one(query, args, id); err != nil {
		return err
	}
	t.added[in] = append(t.added[in], *id)
	return nil
}

// each calls row for every row of a query.
func (t *tx) each(query string, args []any, row func(scan func(dest ...any) error) error) error {
	s, err := t.prepare(query)
	return t.rows(s, err, args, row)
}

// eachAhead is each for what later has not changed.
func (t *tx) eachAhead(query string, args []any, row func(scan func(dest ...any) error) error) error {
	s, err := t.ahead(query)
	return t.rows(s, err, args, row)
}

func (t *tx) rows(s statement, err error, args []any, row func(scan func(dest ...any) error) error) error {
	if err != nil {
		return err
	}
	if err := s.each(t.ctx, args, row); err != nil {
		return t.fail(err)
	}
	return nil
}

// exec changes rows and returns how many.
func (t *tx) exec(query string, args ...any) (int64, error) {
	if t.readOnly {
		return 0, t.fail(errReadOnly)
	}
	s, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	t.changes++
	t.recall.forget(query)
	n, err := s.exec(t.ctx, args)
	if err != nil {
		return 0, t.fail(err)
	}
	return n, nil
}

// later changes so many rows, perhaps while the transaction goes on: oneAhead does not see it.
func (t *tx) later(query string, rows int64, args ...any) error {
	return t.laterMade(query, rows, func() ([]any, error) { return args, nil })
}

// laterMade is later with arguments that are made when the turn of the statement comes.
func (t *tx) laterMade(query string, rows int64, args func() ([]any, error)) error {
	if t.readOnly {
		return t.fail(errReadOnly)
	}
	t.use(query)
	t.changes++
	t.recall.forget(query)
	if err := t.on.later(t.ctx, query, rows, args); err != nil {
		return t.fail(err)
	}
	return nil
}

// execOne is exec for a statement that must find its row.
func (t *tx) execOne(what fmt.Stringer, query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n == 0 {
		return notFound(what)
	}
	return err
}

// The sizes of a page, in rows: the first is small because a loop often ends early, and a page
// must not fill the memory.
const (
	firstPage = 16
	lastPage  = 256
)

// entry is one row of a sequence with its place in the order.
type entry[K, V any] struct {
	key   K
	value V
}

// sequence yields rows in the order of their keys. fetch reads a page of rows after a key into
// memory, so no cursor is open while the body of the loop runs and the body may use the
// transaction. When the body changes anything, the rest of the page is read again: what is
// yielded is as it is at that moment, and what was deleted is not yielded. Rows that were added
// to the table since the loop began are left out with the bound on their handles, because a body
// that adds would never end.
func sequence[K, V any](t *tx, of table, start K, fetch func(after K, bound int64, limit int) ([]entry[K, V], error)) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		mark, after, limit := len(t.added[of]), start, firstPage
		for {
			bound := int64(math.MaxInt64)
			if mark < len(t.added[of]) {
				bound = t.added[of][mark] - 1 // handles only grow
			}
			page, err := fetch(after, bound, limit)
			if err != nil {
				var none V
				yield(none, err)
				return
			}
			changes := t.changes
			for _, e := range page {
				after = e.key
				if !yield(e.value, nil) {
					return
				}
				if t.changes != changes {
					break
				}
			}
			switch {
			case t.changes != changes:
				limit = 1 // a body that changes one thing is likely to change the next
			case len(page) < limit:
				return
			default:
				limit = min(2*limit, lastPage)
			}
		}
	}
}

// notFound and exists name the object of a class of error.
func notFound(what fmt.Stringer) error { return fmt.Errorf("%v: %w", what, ring.ErrNotFound) }
func exists(what fmt.Stringer) error   { return fmt.Errorf("%v: %w", what, ring.ErrExists) }

// name is what an error is about.
type name string

func (n name) String() string { return string(n) }

func certName(r ring.CertRef) name { return name("certificate " + r.String()) }
func ringName(r ring.RingRef) name { return name("ring " + r.String()) }

// missing turns the absence of a row into an error of class ring.ErrNotFound.
func missing(err error, what fmt.Stringer) error {
	if errors.Is(err, sql.ErrNoRows) {
		return notFound(what)
	}
	return err
}

// bit is a boolean as every engine stores it.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// seconds makes a scanned number of seconds a time.
func seconds(n int64) time.Time { return time.Unix(n, 0).UTC() }
