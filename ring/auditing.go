package ring

import (
	"context"
	"fmt"

	"signet/audit"
)

// ListEvents gives the events of the trail that a query asks for, each to yield by its time. An
// error of yield stops it.
func (m *Manager) ListEvents(ctx context.Context, q audit.Query, yield func(audit.Record) error) error {
	return performEach(ctx, m, Act{Function: "LISTEVENTS"}, q, yield, (*call).listEvents)
}

func (m *call) listEvents(ctx context.Context, q audit.Query, yield func(audit.Record) error) error {
	if err := m.takeNotes(ctx); err != nil {
		return err
	}
	return m.view(ctx, func(tx Tx) error {
		for r, err := range tx.Events(q) {
			if err != nil {
				return err
			}
			if err := yield(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// takeNotes brings what was noted into the trail, if the issuer may look at it.
func (m *call) takeNotes(ctx context.Context) error {
	if err := m.view(ctx, func(Tx) error { return nil }); err != nil {
		return err
	}
	if n, ok := m.notebook(); ok {
		return n.TakeNotes(ctx)
	}
	return nil
}

// Verified is the answer to VerifyEvents.
type Verified struct {
	Report     audit.Report
	Checkpoint *audit.Checkpoint // of the trail as it was found, signed; nil when it could not be
}

// VerifyEvents reads the whole trail and holds it against what is signed and what is known of it
// from elsewhere.
func (m *Manager) VerifyEvents(ctx context.Context, known TrailKnown) (*Verified, error) {
	return perform(ctx, m, Act{Function: "VERIFYEVENTS"}, known, (*call).verifyEvents)
}

func (m *call) verifyEvents(ctx context.Context, known TrailKnown) (*Verified, error) {
	if err := m.takeNotes(ctx); err != nil {
		return nil, err
	}
	var v *Verified
	err := m.view(ctx, func(tx Tx) (err error) {
		v = &Verified{}
		v.Report, err = VerifyTrail(tx, known)
		return err
	})
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
	if err := m.update(ctx, func(tx Tx) error { return tx.SignTrail() }); err != nil {
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

// Attend runs what is done to the database from outside its transactions, such as a backup or the
// rotation of its data key, if the issuer may perform the act; the trail keeps what became of it.
func (m *Manager) Attend(ctx context.Context, a Act, fn func() error) error {
	if m.remote != nil {
		return newError(msgLocalOnly, a.what())
	}
	_, err := perform(ctx, m, a, fn, func(c *call, ctx context.Context, fn func() error) (struct{}, error) {
		if err := c.view(ctx, func(Tx) error { return nil }); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, fn()
	})
	return err
}
