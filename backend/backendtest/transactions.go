package backendtest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"signet/ring"
)

func rollback(s suite) {
	s.update(func(tx ring.Tx) {
		s.connect(tx, s.addRing(tx, "R"), s.add(tx, "kept")...)
	})
	spoil := func(tx ring.Tx) {
		s.add(tx, "lost")
		s.addLost(tx)
		kept, err := tx.Certificate(ring.CertRef{Owner: user, Label: "kept"})
		s.ok(err)
		s.ok(tx.DeleteCertificate(kept))
	}
	intact := func() {
		s.Helper()
		s.view(func(tx ring.Tx) {
			s.inOrder(labels(s, tx.Certificates(user)), "kept")
			r, err := tx.Ring(ring.RingRef{Owner: user, Name: "R"})
			s.ok(err)
			s.inOrder(connected(s, tx.Connections(r)), "kept")
			s.noneLost(tx)
		})
	}
	mine := errors.New("mine")
	err := s.store.Update(context.Background(), func(tx ring.Tx) error { spoil(tx); return mine })
	s.is(err, mine)
	intact()

	func() {
		defer func() {
			if r := recover(); r != "oops" {
				s.Errorf("recovered %v", r)
			}
		}()
		s.store.Update(context.Background(), func(tx ring.Tx) error { spoil(tx); panic("oops") })
	}()
	intact()
	s.is(s.store.View(context.Background(), func(ring.Tx) error { return mine }), mine)

	err = s.store.View(context.Background(), func(tx ring.Tx) error { return tx.AddRing(&ring.Ring{Owner: user, Name: "LOST"}) })
	if err == nil {
		s.Error("a View added a ring")
	}
	intact()
	s.update(func(tx ring.Tx) { s.add(tx, "next") })
}

// errorThenCommit checks that a refusal leaves the transaction usable.
func errorThenCommit(s suite) {
	s.update(func(tx ring.Tx) {
		a := s.add(tx, "a")[0]
		s.is(tx.AddCertificate(s.record("a")), ring.ErrExists)
		_, err := tx.Certificate(ring.CertRef{Owner: user, Label: "none"})
		s.is(err, ring.ErrNotFound)
		_, err = tx.Ring(ring.RingRef{Owner: ring.CertAuth, Name: "none"})
		s.is(err, ring.ErrNotFound)
		s.is(tx.PutConnection(&ring.Connection{Ring: &ring.Ring{}, Cert: a, Usage: ring.UsageSite}), ring.ErrNotFound)
		s.add(tx, "b")
	})
	s.view(func(tx ring.Tx) { s.inOrder(labels(s, tx.Certificates(user)), "a", "b") })
}

func cancel(s suite) {
	ctx, stop := context.WithCancel(context.Background())
	err := s.store.Update(ctx, func(tx ring.Tx) error {
		s.add(tx, "lost")
		stop()
		return nil
	})
	s.is(err, context.Canceled)
	for _, run := range []func(context.Context, func(ring.Tx) error) error{s.store.View, s.store.Update} {
		s.is(run(ctx, func(ring.Tx) error { s.Error("fn ran"); return nil }), context.Canceled)
	}
	s.view(func(tx ring.Tx) { s.inOrder(labels(s, tx.Certificates(user))) })
}

// isolation has a writer that adds two certificates at a time, and readers that must always see
// an even number, the same twice.
func isolation(s suite) {
	const pairs = 10
	stop := make(chan struct{})
	var readers sync.WaitGroup
	count := func(tx ring.Tx) (n int, err error) {
		for _, err := range tx.Certificates(user) {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				err := s.store.View(context.Background(), func(tx ring.Tx) error {
					first, err := count(tx)
					if err != nil {
						return err
					}
					second, err := count(tx)
					if first%2 != 0 || second != first {
						return fmt.Errorf("saw %d and then %d certificates", first, second)
					}
					return err
				})
				if err != nil {
					s.Error(err)
					return
				}
			}
		})
	}
	for i := range pairs {
		s.update(func(tx ring.Tx) { s.add(tx, fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)) })
	}
	close(stop)
	readers.Wait()
}

// writers has several goroutines that each add certificates: none is lost.
func writers(s suite) {
	const goroutines, rounds = 4, 6
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range rounds {
				s.update(func(tx ring.Tx) { s.add(tx, fmt.Sprintf("w%d-%d", g, i)) })
			}
		})
	}
	wg.Wait()
	s.view(func(tx ring.Tx) { s.equal(len(labels(s, tx.Certificates(user))), goroutines*rounds) })
}

// counters has several goroutines that each count up one number, reading it first.
func counters(s suite) {
	const goroutines, rounds = 4, 20
	s.update(func(tx ring.Tx) { s.add(tx, "counter") })
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range rounds {
				err := s.store.Update(context.Background(), func(tx ring.Tx) error {
					c, err := tx.Certificate(ring.CertRef{Owner: user, Label: "counter"})
					if err != nil {
						return err
					}
					c.LastSerial++
					return tx.UpdateCertificate(c)
				})
				if err != nil {
					s.Error(err)
				}
			}
		})
	}
	all.Wait()
	s.view(func(tx ring.Tx) {
		c, err := tx.Certificate(ring.CertRef{Owner: user, Label: "counter"})
		s.ok(err)
		s.equal(c.LastSerial, uint64(goroutines*rounds))
	})
}
