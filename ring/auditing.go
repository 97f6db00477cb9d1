package ring

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"signet/audit"
)

// EventQuery says which events of the trail are asked for, and in what order.
type EventQuery struct {
	audit.Query
	Limit int // only the newest so many; 0: all
	// InOrder gives those with a number above Above in the order of the trail, and not by their
	// time. Limit does not count then.
	InOrder bool
	Above   uint64
}

// MaxEvents is the highest limit of an EventQuery: so many records are held at once.
const MaxEvents = 100_000

// ListEvents gives the events of the trail that a query asks for, the oldest first, each to yield.
// An error of yield stops it.
func (m *Manager) ListEvents(ctx context.Context, q EventQuery, yield func(audit.Record) error) error {
	return performEach(ctx, m, Act{Function: "LISTEVENTS"}, q, yield, (*call).listEvents)
}

func (m *call) listEvents(ctx context.Context, q EventQuery, yield func(audit.Record) error) error {
	if q.Limit < 0 || q.Limit > MaxEvents {
		return fmt.Errorf("limit %d: choose 0 for all, or up to %d: %w", q.Limit, MaxEvents, ErrInvalid)
	}
	if err := m.takeNotes(ctx); err != nil {
		return err
	}
	return m.view(ctx, func(tx Tx) error {
		switch {
		case q.InOrder:
			return recordsInOrder(tx, q, yield)
		case q.Limit > 0:
			return newestEvents(tx, q, yield)
		}
		for r, err := range tx.Events(q.Query) {
			if err == nil {
				err = yield(r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// recordsInOrder gives events by their number. One that cannot be read is not hidden by a condition
// on what it says.
func recordsInOrder(tx Tx, q EventQuery, yield func(audit.Record) error) error {
	for r, err := range tx.Records(q.Above) {
		if err != nil {
			return err
		}
		if e, unreadable := r.Event(); unreadable == nil && !q.Matches(e) {
			continue
		}
		if err := yield(r); err != nil {
			return err
		}
	}
	return nil
}

func newestEvents(tx Tx, q EventQuery, yield func(audit.Record) error) error {
	q.Newest = true
	var newest []audit.Record
	for r, err := range tx.Events(q.Query) {
		if err != nil {
			return err
		}
		if newest = append(newest, r); len(newest) == q.Limit {
			break
		}
	}
	for _, r := range slices.Backward(newest) {
		if err := yield(r); err != nil {
			return err
		}
	}
	return nil
}

// takeNotes brings what was noted into the trail, if the issuer may look at it. It refuses a store
// that keeps no trail.
func (m *call) takeNotes(ctx context.Context) error {
	if err := m.view(ctx, hasTrail); err != nil {
		return err
	}
	if n, ok := m.notebook(); ok {
		return n.TakeNotes(ctx)
	}
	return nil
}

func hasTrail(tx Tx) error {
	_, err := tx.TrailState()
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("audit trail: this store keeps none; a database does: %w", ErrUnsupported)
	}
	return err
}

// Verified is the answer to VerifyEvents.
type Verified struct {
	Report     audit.Report
	Checkpoint *audit.Checkpoint // the last signature of a trail without a fault; nil when there is none
}

// VerifyEvents reads the whole trail and holds it against what is signed and what is known of it
// from elsewhere. Nothing is added to a trail with a fault; what was noted for one without comes
// into it afterwards.
func (m *Manager) VerifyEvents(ctx context.Context, known TrailKnown) (*Verified, error) {
	return perform(ctx, m, Act{Function: "VERIFYEVENTS"}, known, (*call).verifyEvents)
}

func (m *call) verifyEvents(ctx context.Context, known TrailKnown) (*Verified, error) {
	var v *Verified
	err := m.view(ctx, func(tx Tx) (err error) {
		v = new(Verified)
		if err := hasTrail(tx); err != nil {
			return err
		}
		if v.Report, err = VerifyTrail(tx, known); err != nil || v.Report.Fault != nil {
			return err
		}
		state, err := tx.TrailState()
		v.Checkpoint = state.Signed
		return err
	})
	if err != nil {
		return nil, err
	}
	if v.Report.Fault == nil {
		err = m.takeNotes(ctx)
	}
	return v, err
}

// Checkpoint signs the trail as it is and gives the statement, to be kept elsewhere.
func (m *Manager) Checkpoint(ctx context.Context) (*audit.Checkpoint, error) {
	return perform(ctx, m, Act{Function: "CHECKPOINT"}, struct{}{}, (*call).checkpoint)
}

func (m *call) checkpoint(ctx context.Context, _ struct{}) (*audit.Checkpoint, error) {
	if err := m.takeNotes(ctx); err != nil {
		return nil, err
	}
	if err := m.update(ctx, Tx.SignTrail); err != nil {
		return nil, err
	}
	var c *audit.Checkpoint
	err := m.view(ctx, func(tx Tx) error {
		state, err := tx.TrailState()
		if err != nil {
			return err
		}
		if state.Signed == nil {
			return fmt.Errorf("the trail is not signed: %w", ErrRefused)
		}
		c = state.Signed
		return nil
	})
	return c, err
}
