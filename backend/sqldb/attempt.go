package sqldb

import "slices"

// Attempt keeps a savepoint while fn runs. Those of one name nest: each statement means the
// innermost.
func (t *tx) Attempt(fn func() error) error {
	if err := t.savepoint("SAVEPOINT attempt"); err != nil {
		return err
	}
	added, trail := t.added, t.trail
	for i := range added {
		added[i] = slices.Clip(added[i])
	}
	failed := fn()
	if failed != nil {
		if err := t.savepoint("ROLLBACK TO SAVEPOINT attempt"); err != nil {
			return err
		}
		t.added, t.trail = added, trail
		t.changes++ // what a loop has read ahead may be gone
	}
	if err := t.savepoint("RELEASE SAVEPOINT attempt"); err != nil {
		return err
	}
	return failed
}

func (t *tx) savepoint(statement string) error {
	if err := t.on.exec(t.ctx, statement); err != nil {
		return t.fail(err)
	}
	return nil
}
