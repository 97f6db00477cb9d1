package ring

import (
	"context"
	"crypto"
	"errors"

	"signet/audit"
	"signet/cert"
)

// Atomic runs fn with a Manager whose functions all belong to one transaction: their changes
// become durable together when fn returns nil, and none of them otherwise. A function that
// fails undoes its own changes alone; whether the run goes on is for fn to say.
func (m *Manager) Atomic(ctx context.Context, fn func(*Manager) error) error {
	if m.remote != nil {
		return m.remotely(ctx, false, fn)
	}
	var made []crypto.Signer // in hardware
	var events, undone []audit.Encoded
	err := m.changing(refusedChanges).Update(ctx, func(tx Tx) error {
		if err := m.unmake(ctx, nil, made...); err != nil { // a store may run this again
			return err
		}
		made, events, undone = nil, nil, append(undone, events...)
		inner := m.joining(joinedStore{tx})
		inner.made, inner.events = &made, &events
		err := fn(inner)
		if settled := inner.Settle(); err == nil {
			err = settled
		}
		return err
	})
	if err != nil {
		err = m.unmake(ctx, err, made...)
		if !committed(err) {
			undone = append(undone, events...)
		}
	}
	if kept := m.keepUndone(ctx, undone); kept != nil {
		err = errors.Join(err, kept)
	}
	return err
}

// remotely runs fn with a Manager whose functions belong to one transaction of a server.
func (m *Manager) remotely(ctx context.Context, rehearsal bool, fn func(*Manager) error) error {
	return m.remote.Transaction(ctx, rehearsal, func(r Remote) error {
		inner := *m
		inner.remote, inner.shared, inner.rehearsal = r, true, rehearsal
		return fn(&inner)
	})
}

// errRehearsed ends the transaction of a rehearsal.
var errRehearsed = errors.New("the rehearsal is over")

// Rehearse runs fn with a Manager whose functions do everything but keep it. They share one
// transaction, which is always undone, and so each sees what those before it did. A function
// that fails undoes its own changes alone, and fn may carry on. New key pairs are stand-ins,
// which take no time to make.
func (m *Manager) Rehearse(ctx context.Context, fn func(*Manager)) error {
	if m.remote != nil {
		return m.remotely(ctx, true, func(inner *Manager) error {
			fn(inner)
			return nil
		})
	}
	var events []audit.Encoded
	err := m.changing(rehearsedChanges).Update(ctx, func(tx Tx) error {
		inner := m.joining(joinedStore{tx})
		inner.events = &events
		inner.newKey = new(cert.StandIns).Generate
		inner.rehearsal = true
		fn(inner)
		if err := inner.Settle(); err != nil {
			return err
		}
		return errRehearsed
	})
	if errors.Is(err, errRehearsed) {
		err = nil
	}
	// What a rehearsal showed, it showed, however it ended.
	if kept := m.noteRehearsed(context.WithoutCancel(ctx), events); kept != nil {
		err = errors.Join(err, kept)
	}
	return err
}

// joining gives a Manager like m that works on another store.
func (m *Manager) joining(s Store) *Manager {
	inner := *m
	inner.store, inner.checks = s, newChecks()
	return &inner
}

// joinedStore lets functions join a transaction that is already open.
type joinedStore struct{ tx Tx }

func (s joinedStore) View(ctx context.Context, fn func(Tx) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fn(s.tx)
}

func (s joinedStore) Update(ctx context.Context, fn func(Tx) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return s.tx.Attempt(func() error { return fn(s.tx) })
}

func (s joinedStore) Close() error { return nil }
