package backendtest

import (
	"math/big"
	"time"

	"signet/ring"
)

func certificates(s suite) {
	c := s.record("web server")
	if s.f.Rings {
		c.Status = ring.NoTrust
	} else {
		c.Owner = ring.CertAuth // one without a private key
	}
	c.LastSerial, c.Requested = 1<<63+7, true
	c.Added, c.AddedBy = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), "ADMIN"
	c.Key = ring.KeyInStore // a lie: a new certificate has no key in the store
	s.update(func(tx ring.Tx) { s.ok(tx.AddCertificate(c)) })
	if c.ID == 0 || c.Key != ring.NoKey {
		s.Errorf("stored with id %d and key %q", c.ID, c.Key)
	}
	s.view(func(tx ring.Tx) {
		got, err := tx.Certificate(c.Ref())
		s.ok(err)
		s.equal(got, c)
		x, err := got.X509()
		s.ok(err)
		s.equal(x.Raw, c.DER)
		for _, ref := range []ring.CertRef{{Owner: c.Owner, Label: "web"}, {Owner: "OTHER", Label: c.Label}, {Owner: c.Owner, Label: "web server "}} {
			_, err = tx.Certificate(ref)
			s.is(err, ring.ErrNotFound)
		}
	})
	s.update(func(tx ring.Tx) {
		bad := s.record("bad")
		bad.Status = "SOMETIMES"
		s.is(tx.AddCertificate(bad), ring.ErrInvalid)
		s.is(tx.AddCertificate(s.record("")), ring.ErrInvalid)
		bad = s.record("bad")
		bad.Owner = ""
		s.is(tx.AddCertificate(bad), ring.ErrInvalid)

		s.ok(tx.DeleteCertificate(c))
		s.is(tx.DeleteCertificate(c), ring.ErrNotFound)
		s.is(tx.UpdateCertificate(c), ring.ErrNotFound)
		_, err := tx.Certificate(c.Ref())
		s.is(err, ring.ErrNotFound)
		// A handle names one certificate for ever, because keys are sealed to it.
		again := *c
		s.ok(tx.AddCertificate(&again))
		if again.ID == c.ID {
			s.Errorf("handle %d was used again", c.ID)
		}
	})
}

func certificatesUnique(s suite) {
	s.update(func(tx ring.Tx) {
		a := s.add(tx, "a")[0]
		sameLabel := s.record("a")
		s.is(tx.AddCertificate(sameLabel), ring.ErrExists)
		if sameLabel.ID != 0 {
			s.Errorf("refused, but with id %d", sameLabel.ID)
		}
		sameIdentity := *a
		sameIdentity.Owner, sameIdentity.Label = ring.CertAuth, "b"
		s.is(tx.AddCertificate(&sameIdentity), ring.ErrExists)
		// The same label of another owner is another label, but not in a keystore.
		other := s.record("a")
		other.Owner = s.other()
		if s.f.Rings {
			s.ok(tx.AddCertificate(other))
		} else {
			s.is(tx.AddCertificate(other), ring.ErrExists)
		}

		b := s.add(tx, "b")[0]
		renamed := *b
		renamed.Label = "a"
		s.is(tx.UpdateCertificate(&renamed), ring.ErrExists)
		x, err := a.X509()
		s.ok(err)
		twin := ring.NewCertificate(b.Ref(), x)
		twin.ID = b.ID
		s.is(tx.UpdateCertificate(twin), ring.ErrExists)
		got, err := tx.Certificate(b.Ref())
		s.ok(err)
		s.equal(got.DER, b.DER)
	})
}

func certificatesFound(s suite) {
	end := func(day int) time.Time { return time.Date(9997, 1, day, 0, 0, 0, 0, time.UTC) }
	make := func(owner ring.Owner, label string, spec Spec) *ring.Certificate {
		x, key := s.made(spec)
		c := ring.NewCertificate(ring.CertRef{Owner: owner, Label: label}, x)
		s.update(func(tx ring.Tx) { s.keep(tx, c, key) })
		return c
	}
	_, key := s.made(Spec{})
	c3 := make(user, "3", Spec{Subject: "twice", NotAfter: end(3), Key: key})
	c1 := make(user, "1", Spec{Subject: "once", NotAfter: end(1)})
	byKey := s.arrived("3", "2")
	if s.f.KeysStay { // which certificates are with a private key is not for the store to say
		s.refused(ring.ErrUnsupported, func(tx ring.Tx) error {
			x, _ := s.made(Spec{Subject: "twice", Key: key})
			return tx.AddCertificate(ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: "2"}, x))
		})
		_, key = s.made(Spec{})
		byKey = []string{"2"}
	}
	c2 := make(s.other(), "2", Spec{Subject: "twice", Issuer: "ca", Serial: big.NewInt(77), NotAfter: end(2), Key: key})
	make(user, "3b", Spec{Subject: "third", NotAfter: end(3)})
	s.view(func(tx ring.Tx) {
		s.inOrder(labels(s, tx.Certificates(user)), s.arrived("3", "1", "3b")...)
		s.inOrder(labels(s, tx.Certificates(s.other())), "2")
		x, err := c2.X509()
		s.ok(err)
		s.inOrder(labels(s, tx.CertificatesBySubject(x.RawSubject)), s.arrived("3", "2")...)
		s.inOrder(labels(s, tx.CertificatesBySubject(x.RawIssuer)))
		s.inOrder(labels(s, tx.CertificatesByPublicKey(x.RawSubjectPublicKeyInfo)), byKey...)
		s.inOrder(labels(s, tx.CertificatesByPublicKey(x.RawSubject)))
		s.inOrder(labels(s, tx.CertificatesExpiring(time.Time{}, end(30))), "1", "2", "3", "3b")
		s.inOrder(labels(s, tx.CertificatesExpiring(end(1), end(3))), "1", "2")
		s.inOrder(labels(s, tx.CertificatesExpiring(end(1).Add(1), end(3).Add(1))), "2", "3", "3b")
		s.inOrder(labels(s, tx.CertificatesExpiring(end(4), end(30))))
		for _, c := range []*ring.Certificate{c1, c2, c3} {
			x, err := c.X509()
			s.ok(err)
			got, err := tx.CertificateByIssuerSerial(x.RawIssuer, x.SerialNumber)
			s.ok(err)
			s.equal(got.DER, c.DER)
		}
		for _, n := range []int64{0, 78, -77} {
			_, err = tx.CertificateByIssuerSerial(x.RawIssuer, big.NewInt(n))
			s.is(err, ring.ErrNotFound)
		}
		_, err = tx.CertificateByIssuerSerial(x.RawSubject, big.NewInt(77))
		s.is(err, ring.ErrNotFound)
	})
}

func certificatesUpdated(s suite) {
	x, key := s.made(Spec{Subject: "old"})
	c := ring.NewCertificate(ring.CertRef{Owner: user, Label: "old"}, x)
	s.update(func(tx ring.Tx) {
		s.ok(tx.AddCertificate(c))
		s.ok(tx.PutPrivateKey(c, key))
	})
	// Only what is not in the certificate.
	c.Status, c.LastSerial, c.Requested, c.AddedBy = ring.HighTrust, 12, true, "OTHER"
	c.Added = time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	s.update(func(tx ring.Tx) { s.ok(tx.UpdateCertificate(c)) })
	s.view(func(tx ring.Tx) {
		got, err := tx.Certificate(c.Ref())
		s.ok(err)
		s.equal(got, c)
	})
	// Another certificate for the same key, under another name.
	y, _ := s.made(Spec{Subject: "new", Key: key})
	n := ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: "new"}, y)
	n.ID = c.ID
	s.update(func(tx ring.Tx) { s.ok(tx.UpdateCertificate(n)) })
	s.view(func(tx ring.Tx) {
		_, err := tx.Certificate(c.Ref())
		s.is(err, ring.ErrNotFound)
		s.inOrder(labels(s, tx.CertificatesBySubject(x.RawSubject)))
		got, err := tx.CertificateByIssuerSerial(y.RawIssuer, y.SerialNumber)
		s.ok(err)
		if got.ID != c.ID || got.Key != ring.KeyInStore || got.Ref() != n.Ref() || got.Requested {
			s.Errorf("updated to %+v", got)
		}
		_, err = tx.PrivateKey(got)
		s.ok(err)
	})
	// A certificate for another key would leave the private key without its certificate.
	z, _ := s.made(Spec{Subject: "new"})
	o := ring.NewCertificate(n.Ref(), z)
	o.ID = c.ID
	s.update(func(tx ring.Tx) {
		s.is(tx.UpdateCertificate(o), ring.ErrInvalid)
		s.ok(tx.DeletePrivateKey(n))
		s.ok(tx.UpdateCertificate(o))
	})
}

func serials(s suite) {
	values := []*big.Int{big.NewInt(0), big.NewInt(1), big.NewInt(127), big.NewInt(128), big.NewInt(255), big.NewInt(256),
		big.NewInt(1<<62 + 1), new(big.Int).Lsh(big.NewInt(1), 158)}
	var issuer []byte
	for i, n := range values {
		x, key := s.made(Spec{Subject: "s", Issuer: "ca", Serial: n})
		issuer = x.RawIssuer
		s.update(func(tx ring.Tx) {
			s.keep(tx, ring.NewCertificate(ring.CertRef{Owner: user, Label: numbered(i + 1)[i]}, x), key)
		})
	}
	s.view(func(tx ring.Tx) {
		for i, n := range values {
			c, err := tx.CertificateByIssuerSerial(issuer, n)
			s.ok(err)
			s.equal(c.Label, numbered(i + 1)[i])
			if n.Sign() > 0 {
				_, err = tx.CertificateByIssuerSerial(issuer, new(big.Int).Neg(n))
				s.is(err, ring.ErrNotFound)
			}
		}
	})
}
