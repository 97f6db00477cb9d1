package backendtest

import (
	"context"

	"signet/ring"
)

// trusted makes a certificate of CERTAUTH that is not stored yet.
func (s suite) trusted(label string) *ring.Certificate {
	s.Helper()
	c := s.record(label)
	c.Owner = ring.CertAuth
	return c
}

// refused checks that a transaction fails and that nothing was written.
func (s suite) refused(class error, fn func(tx ring.Tx) error) {
	s.Helper()
	before := s.holds()
	s.is(s.store.Update(context.Background(), fn), class)
	s.inOrder(s.holds(), before...)
}

// holds gives all labels, those of the user first.
func (s suite) holds() []string {
	s.Helper()
	var names []string
	s.view(func(tx ring.Tx) {
		names = append(labels(s, tx.Certificates(user)), labels(s, tx.Certificates(ring.CertAuth))...)
	})
	return names
}

// oneUser checks that the first user that a change names is the one, for as long as the store is
// open, and that a change which failed and a look settle nothing.
func oneUser(s suite) {
	speak := func(owner ring.Owner) error {
		return s.store.Update(context.Background(), func(tx ring.Tx) error { return tx.(ring.OneRing).SpeakFor(owner) })
	}
	s.refused(ring.ErrUnsupported, func(tx ring.Tx) error {
		c := s.record("keyless")
		c.Owner = "REFUSED"
		return tx.AddCertificate(c)
	})
	s.update(func(tx ring.Tx) {
		s.is(tx.Attempt(func() error {
			s.ok(tx.(ring.OneRing).SpeakFor("UNDONE"))
			return ring.ErrRefused
		}), ring.ErrRefused)
	})
	s.view(func(tx ring.Tx) { s.inOrder(labels(s, tx.Certificates("LOOKING"))) })
	s.ok(speak(ring.CertAuth)) // is always there
	s.is(speak(ring.Site), ring.ErrUnsupported)
	s.ok(speak(user))
	s.ok(speak(user))
	s.is(speak("OTHER"), ring.ErrUnsupported)
	s.update(func(tx ring.Tx) { s.equal(s.add(tx, "mine")[0].Owner, user) })
}

// oneUserRefused checks what has no place beside the certificates of one user and of CERTAUTH.
func oneUserRefused(s suite) {
	s.update(func(tx ring.Tx) { s.add(tx, "mine") })
	for _, owner := range []ring.Owner{ring.Site, ring.MultiID, "OTHER"} {
		s.refused(ring.ErrUnsupported, func(tx ring.Tx) error {
			c := s.record("new")
			c.Owner = owner
			return tx.AddCertificate(c)
		})
		s.refused(ring.ErrUnsupported, func(tx ring.Tx) error {
			c, err := tx.Certificate(ring.CertRef{Owner: user, Label: "mine"})
			s.ok(err)
			c.Owner = owner
			return tx.UpdateCertificate(c)
		})
	}
	s.refused(ring.ErrUnsupported, func(tx ring.Tx) error { // a private key is the user's
		c, err := tx.Certificate(ring.CertRef{Owner: user, Label: "mine"})
		s.ok(err)
		c.Owner = ring.CertAuth
		return tx.UpdateCertificate(c)
	})
}

// oneRing checks that the store is the ring, whatever that is called at first.
func oneRing(s suite) {
	s.view(func(tx ring.Tx) {
		s.equal(len(all(s, tx.Rings(user))), 1)
		s.equal(len(all(s, tx.Rings(ring.CertAuth))), 0)
	})
	s.update(func(tx ring.Tx) {
		r := s.addRing(tx, "WEBRING")
		s.ok(tx.AddRing(&ring.Ring{Owner: user, Name: "WEBRING"})) // is there
		s.is(tx.AddRing(&ring.Ring{Owner: user, Name: "SECOND"}), ring.ErrUnsupported)
		s.is(tx.AddRing(&ring.Ring{Owner: "OTHER", Name: "WEBRING"}), ring.ErrUnsupported)
		s.is(tx.DeleteRing(r), ring.ErrUnsupported)
	})
	s.view(func(tx ring.Tx) {
		got, err := tx.Ring(ring.RingRef{Owner: user, Name: "WEBRING"})
		s.ok(err)
		s.equal(all(s, tx.Rings(user)), []*ring.Ring{got})
		for _, ref := range []ring.RingRef{{Owner: user, Name: "SECOND"}, {Owner: "OTHER", Name: "WEBRING"}, {Owner: ring.CertAuth, Name: "WEBRING"}} {
			_, err = tx.Ring(ref)
			s.is(err, ring.ErrNotFound)
		}
	})
}

// oneRingConnections checks that all certificates are in the ring, private keys as PERSONAL and
// the others as CERTAUTH, and that connecting them again changes nothing.
func oneRingConnections(s suite) {
	s.update(func(tx ring.Tx) {
		r := s.addRing(tx, "R")
		own, ca := s.add(tx, "own")[0], s.trusted("ca")
		s.ok(tx.AddCertificate(ca))
		s.inOrder(connected(s, tx.Connections(r)), "own", "ca")
		for _, of := range []struct {
			c             *ring.Certificate
			usage, cannot ring.Usage
		}{{own, ring.UsagePersonal, ring.UsageCertAuth}, {ca, ring.UsageCertAuth, ring.UsagePersonal}} {
			got, err := tx.Connection(r, of.c)
			s.ok(err)
			s.equal(got.Usage, of.usage)
			s.equal(got.Cert, of.c)
			s.equal(len(all(s, tx.ConnectionsOf(of.c))), 1)
			s.ok(tx.PutConnection(&ring.Connection{Ring: r, Cert: of.c, Usage: of.usage, Default: got.Default}))
			for _, usage := range []ring.Usage{of.cannot, ring.UsageSite} {
				s.is(tx.PutConnection(&ring.Connection{Ring: r, Cert: of.c, Usage: usage}), ring.ErrUnsupported)
			}
			s.is(tx.DeleteConnection(got), ring.ErrUnsupported)
		}
		_, err := tx.Connection(r, s.record("unknown"))
		s.is(err, ring.ErrNotFound)
		s.inOrder(connected(s, tx.Connections(r)), "own", "ca")
		s.inOrder(connected(s, tx.Connections(&ring.Ring{})))
	})
}

// oneRingKeys checks that a certificate of the user has its private key when a transaction or
// an attempt ends, and that one of CERTAUTH never has.
func oneRingKeys(s suite) {
	s.refused(ring.ErrUnsupported, func(tx ring.Tx) error { return tx.AddCertificate(s.record("keyless")) })
	s.refused(ring.ErrUnsupported, func(tx ring.Tx) error {
		x, key := s.made(Spec{Subject: "ca"})
		c := ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: "ca"}, x)
		s.ok(tx.AddCertificate(c))
		return tx.PutPrivateKey(c, key)
	})
	s.update(func(tx ring.Tx) { s.add(tx, "own") })
	s.refused(ring.ErrUnsupported, func(tx ring.Tx) error {
		c, err := tx.Certificate(ring.CertRef{Owner: user, Label: "own"})
		s.ok(err)
		return tx.DeletePrivateKey(c)
	})
	s.update(func(tx ring.Tx) {
		s.is(tx.Attempt(func() error { return tx.AddCertificate(s.record("keyless")) }), ring.ErrUnsupported)
		s.add(tx, "next")
	})
	s.inOrder(s.holds(), s.arrived("own", "next")...)
}

// oneRingStatuses checks which statuses a store has, and that it says so beforehand.
func oneRingStatuses(s suite) {
	s.update(func(tx ring.Tx) {
		s.add(tx, "own")
		s.ok(tx.AddCertificate(s.trusted("ca")))
	})
	for _, ref := range []ring.CertRef{{Owner: user, Label: "own"}, {Owner: ring.CertAuth, Label: "ca"}} {
		for _, status := range []ring.Status{ring.NoTrust, ring.HighTrust, ring.Trust} {
			can := status == ring.Trust || status == ring.NoTrust && s.f.Statuses && !ref.Owner.IsUser()
			change := func(tx ring.Tx) error {
				s.equal(tx.(ring.OneRing).HoldsStatus(ref.Owner, status), can)
				c, err := tx.Certificate(ref)
				s.ok(err)
				c.Status = status
				return tx.UpdateCertificate(c)
			}
			if !can {
				s.refused(ring.ErrUnsupported, change)
				continue
			}
			s.ok(s.store.Update(context.Background(), change))
			s.view(func(tx ring.Tx) {
				c, err := tx.Certificate(ref)
				s.ok(err)
				s.equal(c.Status, status)
			})
		}
	}
}

// oneRingReplaced puts another certificate with another key in the place of one, as ring.Put
// does, and renames both kinds.
func oneRingReplaced(s suite) {
	y, key := s.made(Spec{Subject: "new"})
	s.update(func(tx ring.Tx) { s.add(tx, "first", "second", "third") })
	s.update(func(tx ring.Tx) {
		old, err := tx.Certificate(ring.CertRef{Owner: user, Label: "second"})
		s.ok(err)
		next := ring.NewCertificate(old.Ref(), y)
		next.ID = old.ID
		s.is(tx.UpdateCertificate(next), ring.ErrInvalid) // not for the key that is there
		s.ok(tx.DeletePrivateKey(old))
		s.ok(tx.UpdateCertificate(next))
		s.ok(tx.PutPrivateKey(next, key))
		s.ok(tx.AddCertificate(s.trusted("ca")))
	})
	s.view(func(tx ring.Tx) {
		s.inOrder(labels(s, tx.Certificates(user)), "first", "second", "third")
		got, err := tx.Certificate(ring.CertRef{Owner: user, Label: "second"})
		s.ok(err)
		s.equal(got.DER, y.Raw)
		signer, err := tx.PrivateKey(got)
		s.ok(err)
		s.equal(samePublic(signer, key), true)
	})
	s.update(func(tx ring.Tx) {
		for _, ref := range []ring.CertRef{{Owner: user, Label: "second"}, {Owner: ring.CertAuth, Label: "ca"}} {
			c, err := tx.Certificate(ref)
			s.ok(err)
			c.Label = "renamed " + ref.Label
			s.ok(tx.UpdateCertificate(c))
		}
	})
	s.view(func(tx ring.Tx) {
		got, err := tx.Certificate(ring.CertRef{Owner: user, Label: "renamed second"})
		s.ok(err)
		s.equal(got.DER, y.Raw)
		_, err = tx.PrivateKey(got)
		s.ok(err)
		_, err = tx.Certificate(ring.CertRef{Owner: ring.CertAuth, Label: "renamed ca"})
		s.ok(err)
		_, err = tx.Certificate(ring.CertRef{Owner: user, Label: "second"})
		s.is(err, ring.ErrNotFound)
	})
}

// firstKey checks that the default is the first private key, and that another one becomes it by
// moving there once the mark was taken from the first.
func firstKey(s suite) {
	ref := ring.RingRef{Owner: user, Name: "R"}
	s.update(func(tx ring.Tx) {
		r := s.addRing(tx, ref.Name)
		_, err := tx.DefaultConnection(r)
		s.is(err, ring.ErrNotFound)
		s.ok(tx.AddCertificate(s.trusted("ca")))
		s.add(tx, "a", "b", "c")
	})
	isFirst := func(label string, rest ...string) {
		s.Helper()
		s.view(func(tx ring.Tx) {
			r, err := tx.Ring(ref)
			s.ok(err)
			got, err := tx.DefaultConnection(r)
			s.ok(err)
			s.equal(got.Cert.Label, label)
			s.inOrder(labels(s, tx.Certificates(user)), append([]string{label}, rest...)...)
			for _, c := range all(s, tx.Connections(r)) {
				s.equal(c.Default, c.Cert.Label == label)
			}
		})
	}
	isFirst("a", "b", "c")
	put := func(tx ring.Tx, label string, d bool) error {
		r, err := tx.Ring(ref)
		s.ok(err)
		c, err := tx.Certificate(ring.CertRef{Owner: user, Label: label})
		s.ok(err)
		return tx.PutConnection(&ring.Connection{Ring: r, Cert: c, Usage: ring.UsagePersonal, Default: d})
	}
	s.update(func(tx ring.Tx) {
		s.ok(put(tx, "a", true))
		s.is(put(tx, "c", true), ring.ErrExists)
		ca, err := tx.Certificate(ring.CertRef{Owner: ring.CertAuth, Label: "ca"})
		s.ok(err)
		r, err := tx.Ring(ref)
		s.ok(err)
		s.is(tx.PutConnection(&ring.Connection{Ring: r, Cert: ca, Usage: ring.UsageCertAuth, Default: true}), ring.ErrUnsupported)
	})
	s.update(func(tx ring.Tx) {
		s.ok(put(tx, "a", false))
		s.ok(put(tx, "c", true))
	})
	isFirst("c", "a", "b")
	s.update(func(tx ring.Tx) { s.ok(put(tx, "c", false)) }) // nothing else became it
	isFirst("c", "a", "b")
	s.update(func(tx ring.Tx) {
		c, err := tx.Certificate(ring.CertRef{Owner: user, Label: "c"})
		s.ok(err)
		s.ok(tx.DeleteCertificate(c))
	})
	isFirst("a", "b")
}
