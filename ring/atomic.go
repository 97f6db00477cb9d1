package ring

import (
	"context"
	"errors"

	"signet/cert"
)

// errAborted stops an atomic run in which a function failed but nobody stopped.
var errAborted = errors.New("a function of the atomic run failed; everything was undone")

// Atomic runs fn with a Manager whose functions all belong to one transaction: either all of
// their changes become durable, when fn returns nil, or none. A function that fails undoes the
// whole run, even if fn carries on.
func (m *Manager) Atomic(ctx context.Context, fn func(*Manager) error) error {
	return m.store.Update(ctx, func(tx Tx) error {
		joined := &joinedStore{tx: tx}
		if err := fn(m.joining(joined)); err != nil {
			return err
		}
		if joined.failed {
			return errAborted
		}
		return nil
	})
}

// errRehearsed ends the transaction of a rehearsal.
var errRehearsed = errors.New("the rehearsal is over")

// Rehearse runs fn with a Manager whose functions do everything but keep it. They share one
// transaction, which is always undone, and so each sees what those before it did. A function
// that fails undoes its own changes alone, and fn may carry on. New key pairs are stand-ins,
// which take no time to make.
func (m *Manager) Rehearse(ctx context.Context, fn func(*Manager)) error {
	err := m.store.Update(ctx, func(tx Tx) error {
		inner := m.joining(&joinedStore{tx: tx})
		inner.newKey = new(cert.StandIns).Generate
		fn(inner)
		return errRehearsed
	})
	if errors.Is(err, errRehearsed) {
		return nil
	}
	return err
}

// joining gives a Manager like m that works on another store.
func (m *Manager) joining(s Store) *Manager {
	inner := *m
	inner.store = s
	return &inner
}

// joinedStore lets functions join a transaction that is already open.
type joinedStore struct {
	tx     Tx
	failed bool
}

func (s *joinedStore) View(_ context.Context, fn func(Tx) error) error { return fn(s.tx) }

func (s *joinedStore) Update(_ context.Context, fn func(Tx) error) error {
	err := s.tx.Attempt(func() error { return fn(s.tx) })
	s.failed = s.failed || err != nil
	return err
}

func (s *joinedStore) Close() error { return nil }
