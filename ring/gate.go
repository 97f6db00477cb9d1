package ring

import (
	"context"
	"errors"
	"fmt"

	"signet/audit"
)

// The gate is the one way from a function to the store. It asks authority before anything is
// looked at, and has the trail keep what became of the function: with its changes, in their
// transaction, or by itself when there are none. Only Atomic and Rehearse, which are made of
// functions, go round it.

// call is one function on its way.
type call struct {
	*Manager
	act     Act
	verdict Verdict        // what authority said; the zero value until it was asked
	changes []audit.Change // of the last run of the function
	inTrail bool           // the trail has the event already
}

// perform runs a function of a Manager, here or where its database is.
func perform[Q, R any](ctx context.Context, m *Manager, a Act, q Q, do func(*call, context.Context, Q) (R, error)) (R, error) {
	if m.remote != nil {
		var answer R
		err := m.remote.Call(ctx, a.Function, q, &answer)
		return answer, err
	}
	c := &call{Manager: m, act: a}
	if err := c.settleFor(); err != nil {
		var none R
		return none, c.end(ctx, err)
	}
	answer, err := do(c, ctx, q)
	if r, ok := any(answer).(noter); ok && err == nil && c.verdict.warned {
		r.note(msgWarned, c.issuer.Name(), c.act.what(), c.verdict.Why)
	}
	return answer, c.end(ctx, err)
}

// noter is an answer that takes messages, as every one does that has a Result.
type noter interface{ note(messageID, ...any) }

// performEach is perform for a function that answers with many things, one after the other.
func performEach[Q, T any](ctx context.Context, m *Manager, a Act, q Q, yield func(T) error, do func(*call, context.Context, Q, func(T) error) error) error {
	if m.remote != nil {
		return m.remote.Each(ctx, a.Function, q, func(read func(any) error) error {
			var t T
			if err := read(&t); err != nil {
				return err
			}
			return yield(t)
		})
	}
	c := &call{Manager: m, act: a}
	if err := c.settleFor(); err != nil {
		return c.end(ctx, err)
	}
	return c.end(ctx, do(c, ctx, q, yield))
}

// settleFor waits, before a function of a common transaction, for the checks of what others before
// it signed: it might show it. GENCERT shows only what it makes itself.
func (c *call) settleFor() error {
	if c.act.Function == "GENCERT" {
		return nil
	}
	return c.Settle()
}

// view runs fn on one consistent state, if the issuer may.
func (c *call) view(ctx context.Context, fn func(Tx) error) error {
	return c.store.View(ctx, func(tx Tx) error {
		if err := c.authorize(tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

// update runs fn in one transaction, if the issuer may, and has the trail keep in it what fn
// changed.
func (c *call) update(ctx context.Context, fn func(Tx) error) error {
	event := c.event()
	var kept audit.Encoded
	err := c.store.Update(ctx, func(tx Tx) error {
		if err := c.authorize(tx); err != nil {
			return err
		}
		if !c.recorded() {
			return fn(tx)
		}
		r := &recordingTx{Tx: tx}
		if err := fn(r); err != nil {
			return err
		}
		c.changes = r.changes
		c.fill(event, nil)
		var err error
		if kept, err = encodeEvent(event); err != nil {
			return err
		}
		return tx.AddEvent(kept)
	})
	c.inTrail = c.recorded() && (err == nil || committed(err))
	if c.inTrail {
		c.remember(kept)
	}
	return err
}

// recorded reports whether there is a trail of what the Manager does.
func (m *Manager) recorded() bool { return !m.oneRing && !m.system }

// event begins the event of the function.
func (c *call) event() *audit.Event {
	e := &audit.Event{ID: audit.NewID(), Time: c.now(), Issuer: c.issuer.Name(), Host: c.host, Via: c.via, Function: c.act.Function, Object: c.act.Object()}
	if c.account != c.issuer {
		e.Account = c.account.Name()
	}
	return e
}

// fill says in the event what became of the function.
func (c *call) fill(e *audit.Event, err error) {
	e.Decision, e.Why = audit.Allowed, c.verdict.Why
	e.Outcome, e.Code, e.Changes = audit.Done, int(Done), c.changes
	if err == nil {
		return
	}
	e.Outcome, e.Code, e.Changes = audit.Failed, int(CodeOf(err)), nil
	var known *Error
	if errors.As(err, &known) {
		e.Message = known.ID
	}
	switch {
	case errors.Is(err, ErrDenied):
		e.Decision, e.Outcome = audit.Refused, audit.NotDone
	case CodeOf(err) <= Warning: // looked, and found nothing
		e.Outcome = audit.Done
	}
}

// end has the trail keep the event of a function that changed nothing: a look, a refusal or a
// failure. Without its event a look is not done.
func (c *call) end(ctx context.Context, err error) error {
	if c.inTrail || !c.recorded() {
		return err
	}
	event := c.event()
	c.changes = nil
	c.fill(event, err)
	if !c.verdict.asked { // stopped by what was wrong with the request itself
		event.Decision, event.Why = "", ""
	}
	e, kept := encodeEvent(event)
	if kept == nil {
		kept = c.note(context.WithoutCancel(ctx), e)
	}
	if kept != nil {
		return errors.Join(err, kept)
	}
	return err
}

// encodeEvent gives the form of an event that the trail keeps.
func encodeEvent(e *audit.Event) (audit.Encoded, error) {
	encoded, err := audit.Encode(e)
	if err != nil {
		err = fmt.Errorf("%w: %w", err, ErrInvalid)
	}
	return encoded, err
}

// encodeAs gives the form of an event that another outcome has overtaken.
func encodeAs(e audit.Encoded, outcome audit.Outcome) (audit.Encoded, error) {
	event, err := audit.Decode(e.Body())
	if err != nil {
		return e, fmt.Errorf("%w: %w", err, ErrInvalid)
	}
	if event.Outcome == audit.Done {
		event.Outcome = outcome
	}
	return encodeEvent(event)
}

// note has the trail keep an event outside a change.
func (m *Manager) note(ctx context.Context, e audit.Encoded) error {
	m.remember(e)
	if j, ok := m.store.(joinedStore); ok {
		return j.tx.PutEvent(e)
	}
	if n, ok := m.notebook(); ok {
		return n.Note(ctx, e)
	}
	return m.store.Update(ctx, func(tx Tx) error { return tx.PutEvent(e) })
}

// notebook gives the part of the store that keeps events by themselves.
func (m *Manager) notebook() (Notebook, bool) {
	s := m.store
	if h, ok := s.(hardwareStore); ok {
		s = h.Store
	}
	n, ok := s.(Notebook)
	return n, ok
}

// remember keeps the event of a function that is a part of a common transaction: when that
// comes to nothing, the trail keeps what was undone.
func (m *Manager) remember(e audit.Encoded) {
	if m.events != nil {
		*m.events = append(*m.events, e)
	}
}

// noteRehearsed has the trail keep the events of a rehearsal, without touching the database.
func (m *Manager) noteRehearsed(ctx context.Context, events []audit.Encoded) error {
	for _, e := range events {
		rehearsed, err := encodeAs(e, audit.Rehearsed)
		if err == nil {
			err = m.note(ctx, rehearsed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keepUndone has the trail keep the events of a common transaction that came to nothing.
func (m *Manager) keepUndone(ctx context.Context, events []audit.Encoded) error {
	if len(events) == 0 || !m.recorded() {
		return nil
	}
	return m.store.Update(context.WithoutCancel(ctx), func(tx Tx) error {
		for _, e := range events {
			undone, err := encodeAs(e, audit.Undone)
			if err == nil {
				err = tx.PutEvent(undone)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
