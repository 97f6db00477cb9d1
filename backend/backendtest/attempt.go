package backendtest

import (
	"errors"

	"signet/ring"
)

// attempt checks that what fails within a transaction is undone alone.
func attempt(s suite) {
	failed := errors.New("failed")
	s.update(func(tx ring.Tx) {
		s.connect(tx, s.addRing(tx, "R"), s.add(tx, "before")...)
		s.is(tx.Attempt(func() error {
			s.add(tx, "lost")
			s.addLost(tx)
			before, err := tx.Certificate(ring.CertRef{Owner: user, Label: "before"})
			s.ok(err)
			s.ok(tx.DeleteCertificate(before))
			return failed
		}), failed)
		s.inOrder(labels(s, tx.Certificates(user)), "before")
		s.ok(tx.Attempt(func() error { s.add(tx, "kept"); return nil }))
	})
	s.view(func(tx ring.Tx) {
		s.inOrder(labels(s, tx.Certificates(user)), "before", "kept")
		r, err := tx.Ring(ring.RingRef{Owner: user, Name: "R"})
		s.ok(err)
		if s.f.Rings {
			s.inOrder(connected(s, tx.Connections(r)), "before")
		} else {
			s.inOrder(connected(s, tx.Connections(r)), "before", "kept") // all are in it
		}
		s.noneLost(tx)
	})
}

// addLost makes a ring that is to be undone, where there can be another.
func (s suite) addLost(tx ring.Tx) {
	s.Helper()
	if s.f.Rings {
		s.addRing(tx, "LOST")
	}
}

// noneLost checks that it was.
func (s suite) noneLost(tx ring.Tx) {
	s.Helper()
	_, err := tx.Ring(ring.RingRef{Owner: user, Name: "LOST"})
	s.is(err, ring.ErrNotFound)
}

// attemptNested checks attempts inside attempts: a failure undoes what succeeded inside it, and
// nothing outside.
func attemptNested(s suite) {
	failed := errors.New("failed")
	s.update(func(tx ring.Tx) {
		s.ok(tx.Attempt(func() error {
			s.add(tx, "outer")
			s.is(tx.Attempt(func() error { s.add(tx, "inner"); return failed }), failed)
			return tx.Attempt(func() error { s.add(tx, "second"); return nil })
		}))
		s.is(tx.Attempt(func() error {
			s.ok(tx.Attempt(func() error { s.add(tx, "lost"); return nil }))
			return failed
		}), failed)
	})
	s.view(func(tx ring.Tx) { s.inOrder(labels(s, tx.Certificates(user)), "outer", "second") })
}

// attemptInLoop checks that a loop whose body fails and is undone goes on over what is there,
// each once.
func attemptInLoop(s suite) {
	names := numbered(40)
	failed := errors.New("failed")
	s.update(func(tx ring.Tx) { s.add(tx, names...) })
	s.update(func(tx ring.Tx) {
		var seen []string
		for c, err := range tx.Certificates(user) {
			s.ok(err)
			seen = append(seen, c.Label)
			s.is(tx.Attempt(func() error {
				s.add(tx, "new "+c.Label)
				for other, err := range tx.Certificates(user) {
					s.ok(err)
					s.ok(tx.DeleteCertificate(other))
				}
				return failed
			}), failed)
		}
		s.inOrder(seen, names...)
	})
}
