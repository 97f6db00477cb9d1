package sqldb

import (
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"signet/ring"
)

// ringColumns are what scanRing takes, in its order.
const ringColumns = "r.id, r.owner, r.name, r.created, r.created_by"

// scanRing reads ringColumns, and before them what else the query selects.
func scanRing(scan func(...any) error, before ...any) (*ring.Ring, error) {
	r := new(ring.Ring)
	var created int64
	err := scan(append(before, &r.ID, &r.Owner, &r.Name, &created, &r.CreatedBy)...)
	r.Created = seconds(created)
	return r, err
}

func (t *tx) Ring(ref ring.RingRef) (*ring.Ring, error) {
	r, err := scanRing(func(dest ...any) error {
		return t.one("SELECT "+ringColumns+" FROM rings r WHERE r.owner = $1 AND r.name = $2", []any{ref.Owner, ref.Name}, dest...)
	})
	if err != nil {
		return nil, missing(err, ringName(ref))
	}
	return r, nil
}

func (t *tx) Rings(o ring.Owner) iter.Seq2[*ring.Ring, error] {
	const query = "SELECT " + ringColumns + " FROM rings r WHERE r.owner = $1 AND r.id > $2 AND r.id <= $3 ORDER BY r.id LIMIT $4"
	return sequence(t, rings, 0, func(after, bound int64, limit int) (page []entry[int64, *ring.Ring], err error) {
		err = t.each(query, []any{o, after, bound, limit}, func(scan func(...any) error) error {
			r, err := scanRing(scan)
			page = append(page, entry[int64, *ring.Ring]{r.ID, r})
			return err
		})
		return page, err
	})
}

func (t *tx) AddRing(r *ring.Ring) error {
	if r.Owner == "" || r.Name == "" {
		return fmt.Errorf("%v: owner or name is empty: %w", ringName(r.Ref()), ring.ErrInvalid)
	}
	var id int64
	err := t.insert(rings, "INSERT INTO rings (owner, name, created, created_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id",
		[]any{r.Owner, r.Name, r.Created.Unix(), r.CreatedBy}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return exists(ringName(r.Ref()))
	}
	if err != nil {
		return err
	}
	r.ID = id
	return nil
}

func (t *tx) DeleteRing(r *ring.Ring) error {
	return t.execOne(ringName(r.Ref()), "DELETE FROM rings WHERE id = $1", r.ID)
}
