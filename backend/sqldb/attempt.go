package sqldb

import (
	"errors"
	"slices"
)

// Attempt marks where fn begins. When fn panics, nothing of the whole transaction can be kept any
// more.
func (t *tx) Attempt(fn func() error) error {
	if err := t.on.mark(t.ctx); err != nil {
		return t.fail(err)
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
	end := t.on.release
	if failed != nil {
		end = t.on.undo
		t.added, t.trail, t.recall, t.handles = added, trail, recall{}, handles{}
		t.changes++ // what a loop has read ahead may be gone
	}
	if err := end(t.ctx); err != nil {
		return t.fail(err)
	}
	return failed
}

// errBrokenOff spoils a transaction of which a part has been done by half.
var errBrokenOff = errors.New("a function of the transaction broke off, and nothing of it was kept")
