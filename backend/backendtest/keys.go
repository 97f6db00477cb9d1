package backendtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"io"

	"signet/ring"
)

// samePublic compares the public halves of two keys.
func samePublic(a, b crypto.Signer) bool {
	k, ok := a.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b.Public())
}

func keys(s suite) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	s.ok(err)
	r, err := rsa.GenerateKey(rand.Reader, 1024)
	s.ok(err)
	ec, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	s.ok(err)
	kinds := map[string]crypto.Signer{"ed25519": ed, "rsa": r, "ec": ec}
	if s.f.RSA {
		kinds = map[string]crypto.Signer{"rsa": r}
	}
	for label, key := range kinds {
		x, _ := s.made(Spec{Subject: label, Key: key})
		c := ring.NewCertificate(ring.CertRef{Owner: user, Label: label}, x)
		s.update(func(tx ring.Tx) {
			s.ok(tx.AddCertificate(c))
			_, err := tx.PrivateKey(c)
			s.is(err, ring.ErrNotFound)
			s.is(tx.DeletePrivateKey(c), ring.ErrNotFound)
			s.ok(tx.PutPrivateKey(c, key))
			if !c.HasKey() || c.Key.InToken() {
				s.Errorf("%s: key reference %q", label, c.Key)
			}
			got, err := tx.PrivateKey(c)
			s.ok(err)
			if !samePublic(got, key) {
				s.Errorf("%s: another key", label)
			}
			s.ok(tx.PutPrivateKey(c, key)) // the same again
		})
		s.view(func(tx ring.Tx) {
			stored, err := tx.Certificate(c.Ref())
			s.ok(err)
			if s.f.KeysStay != stored.Key.InToken() || !s.f.KeysStay && stored.Key != c.Key {
				s.Errorf("%s: key reference %q, and %q when it was put", label, stored.Key, c.Key)
			}
			got, err := tx.PrivateKey(stored)
			s.ok(err)
			if !samePublic(got, key) {
				s.Errorf("%s: another key", label)
			}
		})
		s.update(func(tx ring.Tx) {
			s.ok(tx.DeletePrivateKey(c))
			if c.HasKey() {
				s.Errorf("%s: key reference %q", label, c.Key)
			}
			_, err := tx.PrivateKey(c)
			s.is(err, ring.ErrNotFound)
			s.ok(tx.DeleteCertificate(c))
		})
	}
}

// tokenKey is a key whose private half cannot be had.
type tokenKey struct{ public crypto.PublicKey }

func (k tokenKey) Public() crypto.PublicKey { return k.public }
func (k tokenKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, ring.ErrUnsupported
}

func keysRetired(s suite) {
	s.update(func(tx ring.Tx) {
		s.ok(tx.RetireKey([]byte("public key")))
		s.ok(tx.RetireKey([]byte("public key")))
		for key, want := range map[string]bool{"public key": true, "another": false} {
			got, err := tx.KeyRetired([]byte(key))
			s.ok(err)
			s.equal(got, want)
		}
	})
}

func keysRefused(s suite) {
	s.update(func(tx ring.Tx) {
		c := s.record("c")
		s.ok(tx.AddCertificate(c))
		_, stranger := s.made(Spec{})
		s.is(tx.PutPrivateKey(c, stranger), ring.ErrInvalid)
		x, err := c.X509()
		s.ok(err)
		s.is(tx.PutPrivateKey(c, tokenKey{x.PublicKey}), ring.ErrUnsupported)
		if c.HasKey() {
			s.Errorf("key reference %q", c.Key)
		}
		unknown := s.record("unknown")
		_, err = tx.PrivateKey(unknown)
		s.is(err, ring.ErrNotFound)
		s.is(tx.PutPrivateKey(unknown, stranger), ring.ErrNotFound)
		s.is(tx.DeletePrivateKey(unknown), ring.ErrNotFound)
		s.ok(tx.DeleteCertificate(c))
	})
}
