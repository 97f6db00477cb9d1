package sqldb

import (
	"errors"
	"slices"
)

// Attempt keeps a savepoint while fn runs. Those of one name nest: each statement means the
// innermost. When fn panics, nothing of the whole transaction can be kept any more.
func (t *tx) Attempt(fn func() error) error {
	if err := t.savepointLater("SAVEPOINT attempt"); err != nil {
		return err
	}
	added, trail := t.added, t.trail
	for i := range added {
		added[i] = slices.Clip(added[i])
	}
	returned := false
	defer func() {
		if !returned && t.broken == nil {
			t.broken = errBrokenOff
		}
	}()
	failed := fn()
	returned = true
	if failed != nil {
		if err := t.savepoint("ROLLBACK TO SAVEPOINT attempt"); err != nil {
			return err
		}
		t.added, t.trail, t.recall, t.handles = added, trail, recall{}, handles{}
		t.changes++ // what a loop has read ahead may be gone
	}
	if err := t.savepointLater("RELEASE SAVEPOINT attempt"); err != nil {
		return err
	}
	return failed
}

// errBrokenOff spoils a transaction of which a part has been done by half.
var errBrokenOff = errors.New("a function of the transaction broke off, and nothing of it was kept")

func (t *tx) savepoint(statement string) error {
	if err := t.on.exec(t.ctx, statement); err != nil {
		return t.fail(err)
	}
	return nil
}

// savepointLater is savepoint for a statement whose effect shows only in those that come behind it.
func (t *tx) savepointLater(statement string) error {
	if err := t.on.later(t.ctx, statement, -1, func() ([]any, error) { return nil, nil }); err != nil {
		return t.fail(err)
	}
	return nil
}
