package backendtest

import (
	"strings"
	"time"

	"signet/ring"
)

func rings(s suite) {
	r := &ring.Ring{Owner: user, Name: "WEBRING", Created: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), CreatedBy: "ADMIN"}
	s.update(func(tx ring.Tx) {
		s.ok(tx.AddRing(r))
		s.is(tx.AddRing(&ring.Ring{Owner: user, Name: "WEBRING"}), ring.ErrExists)
		s.ok(tx.AddRing(&ring.Ring{Owner: "OTHER", Name: "WEBRING"}))
		s.ok(tx.AddRing(&ring.Ring{Owner: user, Name: "webring"}))
		s.ok(tx.AddRing(&ring.Ring{Owner: user, Name: strings.Repeat("N", 237)}))
		s.ok(tx.AddRing(&ring.Ring{Owner: user, Name: "A"}))
		s.is(tx.AddRing(&ring.Ring{Owner: user}), ring.ErrInvalid)
	})
	s.view(func(tx ring.Tx) {
		got, err := tx.Ring(r.Ref())
		s.ok(err)
		s.equal(got, r)
		_, err = tx.Ring(ring.RingRef{Owner: user, Name: "none"})
		s.is(err, ring.ErrNotFound)
		var names []string
		for _, r := range all(s, tx.Rings(user)) {
			names = append(names, r.Name)
		}
		s.inOrder(names, "WEBRING", "webring", strings.Repeat("N", 237), "A")
	})
	s.update(func(tx ring.Tx) {
		s.ok(tx.DeleteRing(r))
		s.is(tx.DeleteRing(r), ring.ErrNotFound)
		_, err := tx.Ring(r.Ref())
		s.is(err, ring.ErrNotFound)
	})
}

func connections(s suite) {
	s.update(func(tx ring.Tx) {
		cs := s.add(tx, "a", "b", "c")
		a, b, c := cs[0], cs[1], cs[2]
		r, other := s.addRing(tx, "R"), s.addRing(tx, "OTHER")
		s.connect(tx, r, c, a)
		s.connect(tx, other, a)
		s.connect(tx, r, b)
		s.inOrder(connected(s, tx.Connections(r)), "c", "a", "b")

		// A second CONNECT changes the connection where it is.
		s.ok(tx.PutConnection(&ring.Connection{Ring: r, Cert: c, Usage: ring.UsageSite}))
		s.inOrder(connected(s, tx.Connections(r)), "c", "a", "b")
		got, err := tx.Connection(r, c)
		s.ok(err)
		s.equal(got, &ring.Connection{Ring: r, Cert: c, Usage: ring.UsageSite})
		first := all(s, tx.Connections(r))[0]
		s.equal(first, got)

		// Removed and connected again, it is the last.
		s.ok(tx.DeleteConnection(got))
		s.is(tx.DeleteConnection(got), ring.ErrNotFound)
		_, err = tx.Connection(r, c)
		s.is(err, ring.ErrNotFound)
		s.connect(tx, r, c)
		s.inOrder(connected(s, tx.Connections(r)), "a", "b", "c")
		s.inOrder(connected(s, tx.Connections(other)), "a")

		s.is(tx.PutConnection(&ring.Connection{Ring: r, Cert: a, Usage: "WEIRD"}), ring.ErrInvalid)
		s.is(tx.PutConnection(&ring.Connection{Ring: r, Cert: s.record("unknown"), Usage: ring.UsageSite}), ring.ErrNotFound)
		s.is(tx.PutConnection(&ring.Connection{Ring: &ring.Ring{}, Cert: a, Usage: ring.UsageSite}), ring.ErrNotFound)
		s.inOrder(connected(s, tx.Connections(&ring.Ring{})))
	})
}

func connectionsOf(s suite) {
	s.update(func(tx ring.Tx) {
		cs := s.add(tx, "a", "b")
		r1, r2, r3 := s.addRing(tx, "R1"), s.addRing(tx, "R2"), s.addRing(tx, "R3")
		s.connect(tx, r3, cs...)
		s.connect(tx, r1, cs[0])
		s.connect(tx, r2, cs[1])
		var names []string
		for _, c := range all(s, tx.ConnectionsOf(cs[0])) {
			names = append(names, c.Ring.Name)
			if c.Cert != cs[0] || c.Usage != ring.UsagePersonal || c.Default {
				s.Errorf("connection %+v", c)
			}
		}
		s.inOrder(names, "R1", "R3")
	})
}

func defaults(s suite) {
	s.update(func(tx ring.Tx) {
		cs := s.add(tx, "a", "b")
		a, b := cs[0], cs[1]
		r, other := s.addRing(tx, "R"), s.addRing(tx, "OTHER")
		put := func(r *ring.Ring, c *ring.Certificate, d bool) error {
			return tx.PutConnection(&ring.Connection{Ring: r, Cert: c, Usage: ring.UsageCertAuth, Default: d})
		}
		_, err := tx.DefaultConnection(r)
		s.is(err, ring.ErrNotFound)
		s.ok(put(r, a, true))
		s.ok(put(r, a, true))
		s.is(put(r, b, true), ring.ErrExists)
		s.inOrder(connected(s, tx.Connections(r)), "a")
		s.ok(put(r, b, false))
		s.is(put(r, b, true), ring.ErrExists)
		s.ok(put(other, b, true))
		got, err := tx.DefaultConnection(r)
		s.ok(err)
		s.equal(got, &ring.Connection{Ring: r, Cert: a, Usage: ring.UsageCertAuth, Default: true})
		s.equal(all(s, tx.Connections(r))[0], got)

		s.ok(put(r, a, false))
		s.ok(put(r, b, true))
		got, err = tx.DefaultConnection(r)
		s.ok(err)
		s.equal(got.Cert.Label, "b")
		s.ok(tx.DeleteConnection(got))
		_, err = tx.DefaultConnection(r)
		s.is(err, ring.ErrNotFound)
	})
}

func defaultsRefused(s suite) {
	s.update(func(tx ring.Tx) {
		r := &ring.Ring{Owner: user, Name: "R"}
		for any := range tx.Rings(user) {
			r = any // a store that is one ring has it already
		}
		a := &ring.Connection{Ring: r, Cert: s.add(tx, "a")[0], Usage: ring.UsagePersonal, Default: true}
		s.ok(tx.PutConnection(a)) // there is no other to choose
		s.add(tx, "b")
		s.is(tx.PutConnection(a), ring.ErrUnsupported)
	})
}

func cascade(s suite) {
	s.update(func(tx ring.Tx) {
		x, key := s.made(Spec{Subject: "a"})
		a := ring.NewCertificate(ring.CertRef{Owner: user, Label: "a"}, x)
		s.ok(tx.AddCertificate(a))
		s.ok(tx.PutPrivateKey(a, key))
		b := s.add(tx, "b")[0]
		r1, r2 := s.addRing(tx, "R1"), s.addRing(tx, "R2")
		s.connect(tx, r1, a, b)
		s.connect(tx, r2, a, b)

		s.ok(tx.DeleteRing(r2))
		s.inOrder(connected(s, tx.Connections(r2)))
		if n := len(all(s, tx.ConnectionsOf(a))); n != 1 {
			s.Errorf("%d connections are left, want 1", n)
		}
		s.ok(tx.DeleteCertificate(a))
		s.inOrder(connected(s, tx.Connections(r1)), "b")
		_, err := tx.Connection(r1, a)
		s.is(err, ring.ErrNotFound)
		_, err = tx.PrivateKey(a)
		s.is(err, ring.ErrNotFound)
		s.inOrder(labels(s, tx.Certificates(user)), "b")
	})
}
