package backendtest

import (
	"time"

	"signet/ring"
)

// many is more than a database reads at once. A keystore is read whole.
func (s suite) many() int {
	if s.f.Rings {
		return 700
	}
	return 20
}

func loopDeletes(s suite) {
	many := s.many()
	names := numbered(many)
	s.update(func(tx ring.Tx) {
		r := s.addRing(tx, "R")
		s.connect(tx, r, s.add(tx, names...)...)
	})
	s.view(func(tx ring.Tx) {
		s.inOrder(labels(s, tx.Certificates(user)), names...)
		if n := len(all(s, tx.CertificatesExpiring(time.Time{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)))); n != many {
			s.Errorf("%d expire, want %d", n, many)
		}
		r, err := tx.Ring(ring.RingRef{Owner: user, Name: "R"})
		s.ok(err)
		s.inOrder(connected(s, tx.Connections(r)), names...)
	})
	s.update(func(tx ring.Tx) {
		// Every third certificate takes itself and the next one with it. What was deleted does
		// not come, whether it was read already or not.
		var seen []string
		i := 0
		for c, err := range tx.Certificates(user) {
			s.ok(err)
			seen = append(seen, c.Label)
			if i%3 == 0 {
				s.ok(tx.DeleteCertificate(c))
				if i+1 < many {
					next, err := tx.Certificate(ring.CertRef{Owner: user, Label: names[i+1]})
					s.ok(err)
					s.ok(tx.DeleteCertificate(next))
					i++
				}
			}
			i++
		}
		var want, left []string
		for i, n := range names {
			if i%3 != 1 {
				want = append(want, n)
			}
			if i%3 == 2 {
				left = append(left, n)
			}
		}
		s.inOrder(seen, want...)
		s.inOrder(labels(s, tx.Certificates(user)), left...)
		r, err := tx.Ring(ring.RingRef{Owner: user, Name: "R"})
		s.ok(err)
		s.inOrder(connected(s, tx.Connections(r)), left...)

		for c, err := range tx.Connections(r) {
			s.ok(err)
			if s.f.Rings {
				s.ok(tx.DeleteConnection(c))
			} else {
				s.ok(tx.DeleteCertificate(c.Cert))
			}
		}
		s.inOrder(connected(s, tx.Connections(r)))
		for r, err := range tx.Rings(user) {
			s.ok(err)
			if s.f.Rings {
				s.ok(tx.DeleteRing(r))
			}
		}
		for c, err := range tx.CertificatesExpiring(time.Time{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)) {
			s.ok(err)
			s.ok(tx.DeleteCertificate(c))
		}
		s.inOrder(labels(s, tx.Certificates(user)))
	})
}

// loopAdds checks that a body that adds to what it runs over comes to an end.
func loopAdds(s suite) {
	names := numbered(20)
	s.update(func(tx ring.Tx) {
		r := s.addRing(tx, "R")
		s.connect(tx, r, s.add(tx, names...)...)
		var seen []string
		for c, err := range tx.Certificates(user) {
			s.ok(err)
			seen = append(seen, c.Label)
			s.add(tx, "new "+c.Label)
		}
		s.inOrder(seen, names...)
		if n := len(labels(s, tx.Certificates(user))); n != 2*len(names) {
			s.Errorf("%d certificates, want %d", n, 2*len(names))
		}
		seen = nil
		for c, err := range tx.Connections(r) {
			s.ok(err)
			seen = append(seen, c.Cert.Label)
			if s.f.Rings {
				s.ok(tx.DeleteConnection(c))
				s.ok(tx.PutConnection(c))
			} else if len(seen) > len(names) {
				s.ok(tx.DeleteCertificate(c.Cert)) // added above: all are in the ring
			}
		}
		s.inOrder(seen[:len(names)], names...)
		s.inOrder(connected(s, tx.Connections(r)), names...)

		// An update shows in what comes later.
		seen = nil
		for c, err := range tx.Connections(r) {
			s.ok(err)
			seen = append(seen, c.Cert.Label)
			if c.Cert.Label == names[0] {
				last, err := tx.Certificate(ring.CertRef{Owner: user, Label: names[len(names)-1]})
				s.ok(err)
				last.Label = "renamed"
				s.ok(tx.UpdateCertificate(last))
			}
		}
		s.inOrder(seen, append(names[:len(names)-1:len(names)-1], "renamed")...)
	})
}

func loopEndsEarly(s suite) {
	s.update(func(tx ring.Tx) {
		s.add(tx, numbered(40)...)
		for c, err := range tx.Certificates(user) {
			s.ok(err)
			// A loop within the loop, and look-ups within that.
			for d, err := range tx.Certificates(user) {
				s.ok(err)
				if d.Label > c.Label {
					break
				}
				_, err = tx.Certificate(d.Ref())
				s.ok(err)
			}
			if c.Label == "c0030" {
				break
			}
		}
		s.add(tx, "after")
	})
}
