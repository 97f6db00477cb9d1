package sqldb

import (
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"signet/ring"
)

// filterColumns are what scanFilter takes, in its order.
const filterColumns = "f.id, f.owner, f.label, f.status, f.subject, f.issuer, f.criteria, f.created, f.created_by"

func scanFilter(scan func(...any) error) (*ring.Filter, error) {
	f := new(ring.Filter)
	var created int64
	err := scan(&f.ID, &f.Owner, &f.Label, &f.Status, &f.Subject, &f.Issuer, &f.Criteria, &created, &f.CreatedBy)
	f.Created = seconds(created)
	return f, err
}

func (t *tx) filter(what fmt.Stringer, query string, args ...any) (*ring.Filter, error) {
	f, err := scanFilter(func(dest ...any) error { return t.one(query, args, dest...) })
	if err != nil {
		return nil, missing(err, what)
	}
	return f, nil
}

func (t *tx) Filter(r ring.FilterRef) (*ring.Filter, error) {
	return t.filter(filterName(r), "SELECT "+filterColumns+" FROM filters f WHERE f.owner = $1 AND f.label = $2", r.Owner, r.Label)
}

func (t *tx) FilterByNames(subject, issuer string) (*ring.Filter, error) {
	return t.filter(name(fmt.Sprintf("filter for subject %q and issuer %q", subject, issuer)),
		"SELECT "+filterColumns+" FROM filters f WHERE f.subject_sha256 = $1 AND f.issuer_sha256 = $2",
		digest([]byte(subject)), digest([]byte(issuer)))
}

func (t *tx) Filters(o ring.Owner) iter.Seq2[*ring.Filter, error] {
	const query = "SELECT " + filterColumns + " FROM filters f WHERE f.owner = $1 AND f.id > $2 AND f.id <= $3 ORDER BY f.id LIMIT $4"
	return sequence(t, filters, 0, func(after, bound int64, limit int) (page []entry[int64, *ring.Filter], err error) {
		err = t.each(query, []any{o, after, bound, limit}, func(scan func(...any) error) error {
			f, err := scanFilter(scan)
			page = append(page, entry[int64, *ring.Filter]{f.ID, f})
			return err
		})
		return page, err
	})
}

// checkFilter refuses what the columns of a filter cannot hold.
func checkFilter(f *ring.Filter) error {
	switch {
	case f.Owner == "" || f.Label == "":
		return fmt.Errorf("%v: owner or label is empty: %w", filterName(f.Ref()), ring.ErrInvalid)
	case f.Subject == "" && f.Issuer == "":
		return fmt.Errorf("%v: it has no name to match: %w", filterName(f.Ref()), ring.ErrInvalid)
	case f.Status != ring.Trust && f.Status != ring.NoTrust:
		return fmt.Errorf("%v: status %q: %w", filterName(f.Ref()), f.Status, ring.ErrInvalid)
	}
	return nil
}

func (t *tx) AddFilter(f *ring.Filter) error {
	if err := checkFilter(f); err != nil {
		return err
	}
	var id int64
	err := t.insert(filters, "INSERT INTO filters (owner, label, status, subject, issuer, subject_sha256, issuer_sha256, criteria, created, created_by)"+
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id",
		[]any{f.Owner, f.Label, f.Status, f.Subject, f.Issuer, digest([]byte(f.Subject)), digest([]byte(f.Issuer)), f.Criteria, f.Created.Unix(), f.CreatedBy}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return exists(filterName(f.Ref()))
	}
	if err != nil {
		return err
	}
	f.ID = id
	return nil
}

func (t *tx) UpdateFilter(f *ring.Filter) error {
	if err := checkFilter(f); err != nil {
		return err
	}
	var id int64
	err := t.one("SELECT id FROM filters WHERE owner = $1 AND label = $2", []any{f.Owner, f.Label}, &id)
	switch {
	case err == nil && id != f.ID:
		return exists(filterName(f.Ref()))
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	}
	return t.execOne(filterName(f.Ref()), "UPDATE filters SET label = $1, status = $2, criteria = $3 WHERE id = $4", f.Label, f.Status, f.Criteria, f.ID)
}

func (t *tx) DeleteFilter(f *ring.Filter) error {
	return t.execOne(filterName(f.Ref()), "DELETE FROM filters WHERE id = $1", f.ID)
}

func (t *tx) FilterLabelHint(o ring.Owner) (int, error) {
	hint := 1
	err := t.optional("SELECT hint FROM filter_label_hints WHERE owner = $1", []any{o}, &hint)
	return hint, err
}

func (t *tx) SetFilterLabelHint(o ring.Owner, hint int) error {
	_, err := t.exec("INSERT INTO filter_label_hints (owner, hint) VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET hint = excluded.hint", o, hint)
	return err
}

func filterName(r ring.FilterRef) name { return name("filter " + r.String()) }
