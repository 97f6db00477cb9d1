package ring

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"signet/audit"
)

// TrailQuery says which events of the trail are asked for.
type TrailQuery struct {
	audit.Query
	Limit int // only the newest so many; 0: all
	// InOrder gives those with a number above Above in the order of the trail, and not by their
	// time. Limit does not count then.
	InOrder bool
	Above   uint64
}

// MaxTrailLimit is the highest limit of a TrailQuery: so many records are held at once.
const MaxTrailLimit = 100_000

// Trail gives the events of the trail that a query asks for, the oldest first.
func (m *Manager) Trail(ctx context.Context, q TrailQuery, yield func(audit.Record) error) error {
	return performEach(ctx, m, Act{Function: "AUDIT"}, q, yield, (*call).trail)
}

func (m *call) trail(ctx context.Context, q TrailQuery, yield func(audit.Record) error) error {
	if q.Limit < 0 || q.Limit > MaxTrailLimit {
		return fmt.Errorf("limit %d: choose 0 for all, or up to %d: %w", q.Limit, MaxTrailLimit, ErrInvalid)
	}
	if err := m.view(ctx, hasTrail); err != nil {
		return err
	}
	if err := m.takeNotes(ctx); err != nil {
		return err
	}
	return m.view(ctx, func(tx Tx) error {
		switch {
		case q.InOrder:
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
		case q.Limit == 0:
			for r, err := range tx.Events(q.Query) {
				if err == nil {
					err = yield(r)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}
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
	})
}

// hasTrail refuses a store that keeps no trail.
func hasTrail(tx Tx) error {
	_, err := tx.TrailState()
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("audit trail: this store keeps none; a database does: %w", ErrUnsupported)
	}
	return err
}

// takeNotes brings what was noted into the trail.
func (m *Manager) takeNotes(ctx context.Context) error {
	if n, ok := m.notebook(); ok {
		return n.TakeNotes(ctx)
	}
	return nil
}

// VerifiedTrail is the outcome of VerifyTrail.
type VerifiedTrail struct {
	audit.Report
	Signed *audit.Checkpoint // the last signature of a trail without a fault; nil when there is none
}

// VerifyTrail reads the whole trail and says whether anything in it was changed. Nothing is added
// to a trail with a fault; what was noted for one without comes into it afterwards.
func (m *Manager) VerifyTrail(ctx context.Context, known TrailKnown) (*VerifiedTrail, error) {
	return perform(ctx, m, Act{Function: "AUDITVERIFY"}, known, (*call).verifyTrail)
}

func (m *call) verifyTrail(ctx context.Context, known TrailKnown) (*VerifiedTrail, error) {
	var v *VerifiedTrail
	err := m.view(ctx, func(tx Tx) (err error) {
		v = new(VerifiedTrail)
		if err := hasTrail(tx); err != nil {
			return err
		}
		if v.Report, err = VerifyTrail(tx, known); err != nil || v.Fault != nil {
			return err
		}
		state, err := tx.TrailState()
		v.Signed = state.Signed
		return err
	})
	if err != nil {
		return nil, err
	}
	if v.Fault == nil {
		err = m.takeNotes(ctx)
	}
	return v, err
}

// SignTrail signs the trail as it is and gives the signature, to be kept elsewhere.
func (m *Manager) SignTrail(ctx context.Context) (*audit.Checkpoint, error) {
	return perform(ctx, m, Act{Function: "AUDITCHECKPOINT"}, struct{}{}, (*call).signTrail)
}

func (m *call) signTrail(ctx context.Context, _ struct{}) (*audit.Checkpoint, error) {
	if err := m.view(ctx, hasTrail); err != nil {
		return nil, err
	}
	if err := m.takeNotes(ctx); err != nil {
		return nil, err
	}
	if err := m.update(ctx, Tx.SignTrail); err != nil {
		return nil, err
	}
	var c *audit.Checkpoint
	err := m.view(ctx, func(tx Tx) error {
		state, err := tx.TrailState()
		c = state.Signed
		return err
	})
	if err == nil && c == nil {
		err = fmt.Errorf("audit trail: it could not be signed: %w", ErrNotFound)
	}
	return c, err
}
