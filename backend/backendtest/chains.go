package backendtest

import (
	"crypto"
	"crypto/x509"

	"signet/ring"
)

// line is a root, an intermediate and a leaf, with their keys.
type line struct {
	root, inter, leaf *x509.Certificate
	interKey, leafKey crypto.Signer
}

func (s suite) line() line {
	s.Helper()
	var l line
	var rootKey crypto.Signer
	l.root, rootKey = s.made(Spec{Subject: "root"})
	l.inter, l.interKey = s.made(Spec{Subject: "inter", Issuer: "root", Signer: rootKey})
	l.leaf, l.leafKey = s.made(Spec{Subject: "leaf", Issuer: "inter", Signer: l.interKey})
	return l
}

// keepUser stores a certificate of user with its key.
func (s suite) keepUser(tx ring.Tx, label string, x *x509.Certificate, key crypto.Signer) *ring.Certificate {
	s.Helper()
	c := ring.NewCertificate(ring.CertRef{Owner: user, Label: label}, x)
	s.keep(tx, c, key)
	return c
}

// keepTrusted stores a certificate of CERTAUTH.
func (s suite) keepTrusted(tx ring.Tx, label string, x *x509.Certificate) {
	s.Helper()
	s.ok(tx.AddCertificate(ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: label}, x)))
}

// reaches checks which certificates a new transaction finds by their subjects: those in chains
// are found, and are no entries.
func (s suite) reaches(want ...*x509.Certificate) {
	s.Helper()
	s.view(func(tx ring.Tx) {
		for _, x := range want {
			found := all(s, tx.CertificatesBySubject(x.RawSubject))
			if len(found) != 1 {
				s.Errorf("%d certificates of %s, want 1", len(found), x.Subject)
				continue
			}
			s.equal(found[0].DER, x.Raw)
		}
	})
}

// lacks checks that certificates are neither entries nor in chains.
func (s suite) lacks(want ...*x509.Certificate) {
	s.Helper()
	s.view(func(tx ring.Tx) {
		for _, x := range want {
			s.equal(len(all(s, tx.CertificatesBySubject(x.RawSubject))), 0)
		}
	})
}

// chainOffered checks that certificates that were offered become the chain of a key, and are
// found at once, and that those which are not of the chain are left out.
func chainOffered(s suite) {
	l := s.line()
	stranger, _ := s.made(Spec{Subject: "stranger"})
	s.update(func(tx ring.Tx) {
		tx.(ring.OneRing).Offer([]*x509.Certificate{stranger, l.root, l.inter})
		found := all(s, tx.CertificatesBySubject(l.inter.RawSubject))
		s.equal(len(found), 1)
		s.equal(found[0].Owner, ring.CertAuth)
		s.keepUser(tx, "leaf", l.leaf, l.leafKey)
		s.inOrder(labels(s, tx.Certificates(ring.CertAuth)))
	})
	s.reaches(l.leaf, l.inter, l.root)
	s.lacks(stranger)
	s.inOrder(s.holds(), "leaf")
}

// chainCompleted checks that a key which came without its issuers gets them as they come, by
// Offer and as trusted certificates, and keeps them when those go.
func chainCompleted(s suite) {
	l := s.line()
	s.update(func(tx ring.Tx) { s.keepUser(tx, "leaf", l.leaf, l.leafKey) })
	s.lacks(l.inter, l.root)
	s.update(func(tx ring.Tx) { tx.(ring.OneRing).Offer([]*x509.Certificate{l.inter}) })
	s.reaches(l.inter)
	s.lacks(l.root)
	s.update(func(tx ring.Tx) { s.keepTrusted(tx, "root", l.root) })
	s.reaches(l.inter, l.root)
	s.update(func(tx ring.Tx) {
		c, err := tx.Certificate(ring.CertRef{Owner: ring.CertAuth, Label: "root"})
		s.ok(err)
		s.ok(tx.DeleteCertificate(c))
	})
	s.reaches(l.inter, l.root)
	s.inOrder(s.holds(), "leaf")
}

// chainOfAnother checks that a key finds its issuers among the chains of others and among other
// keys.
func chainOfAnother(s suite) {
	l := s.line()
	second, secondKey := s.made(Spec{Subject: "second", Issuer: "inter", Signer: l.interKey})
	third, thirdKey := s.made(Spec{Subject: "third", Issuer: "second", Signer: secondKey})
	s.update(func(tx ring.Tx) {
		tx.(ring.OneRing).Offer([]*x509.Certificate{l.inter, l.root})
		s.keepUser(tx, "leaf", l.leaf, l.leafKey)
	})
	s.update(func(tx ring.Tx) { s.keepUser(tx, "third", third, thirdKey) })
	s.lacks(second)
	s.update(func(tx ring.Tx) { s.keepUser(tx, "second", second, secondKey) })
	s.update(func(tx ring.Tx) {
		for _, label := range []string{"leaf", "second"} {
			c, err := tx.Certificate(ring.CertRef{Owner: user, Label: label})
			s.ok(err)
			s.ok(tx.DeleteCertificate(c))
		}
	})
	s.inOrder(s.holds(), "third")
	s.reaches(third, second, l.inter, l.root) // all in its chain
}

// chainOfAnswer checks the answer to a request: the new certificate of a key gets its own chain.
func chainOfAnswer(s suite) {
	l := s.line()
	placeholder, _ := s.made(Spec{Subject: "leaf", Key: l.leafKey})
	s.update(func(tx ring.Tx) { s.keepUser(tx, "leaf", placeholder, l.leafKey) })
	s.update(func(tx ring.Tx) {
		tx.(ring.OneRing).Offer([]*x509.Certificate{l.inter, l.root})
		c, err := tx.Certificate(ring.CertRef{Owner: user, Label: "leaf"})
		s.ok(err)
		answer := ring.NewCertificate(c.Ref(), l.leaf)
		answer.ID = c.ID
		s.ok(tx.UpdateCertificate(answer))
	})
	s.reaches(l.leaf, l.inter, l.root)
	// The next answer is another CA's, which leaves nothing of the old chain.
	next := s.line()
	renewed, _ := s.made(Spec{Subject: "leaf", Issuer: "inter", Key: l.leafKey, Signer: next.interKey})
	s.update(func(tx ring.Tx) {
		tx.(ring.OneRing).Offer([]*x509.Certificate{next.root, next.inter})
		c, err := tx.Certificate(ring.CertRef{Owner: user, Label: "leaf"})
		s.ok(err)
		answer := ring.NewCertificate(c.Ref(), renewed)
		answer.ID = c.ID
		s.ok(tx.UpdateCertificate(answer))
	})
	s.reaches(renewed, next.inter, next.root)
}

// chainUndone checks that what was offered in an attempt that failed is gone.
func chainUndone(s suite) {
	l := s.line()
	s.update(func(tx ring.Tx) {
		s.is(tx.Attempt(func() error {
			tx.(ring.OneRing).Offer([]*x509.Certificate{l.inter, l.root})
			return ring.ErrRefused
		}), ring.ErrRefused)
		s.keepUser(tx, "leaf", l.leaf, l.leafKey)
	})
	s.lacks(l.inter, l.root)
	s.reaches(l.leaf)
}
