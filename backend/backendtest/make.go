package backendtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"testing"
	"time"

	"signet/ring"
)

// Spec describes a certificate to make. The zero value of a field leaves its choice to Make.
type Spec struct {
	Subject  string    // common name
	Issuer   string    // common name; the subject when empty
	Serial   *big.Int  //
	NotAfter time.Time //
	Key      crypto.Signer
	Signer   crypto.Signer // of the issuer; the certificate's own key when nil
}

// Make makes a certificate, and its key if the spec has none: ECDSA P-256. Without a signer it
// is signed by that key whoever its issuer is: only stores that keep chains verify anything.
func Make(t testing.TB, s Spec) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	if s.Key == nil {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		s.Key = key
	}
	if s.NotAfter.IsZero() {
		s.NotAfter = time.Date(2040, 1, 2, 3, 4, 5, 0, time.UTC)
	}
	if s.Issuer == "" {
		s.Issuer = s.Subject
	}
	template := &x509.Certificate{
		SerialNumber: s.Serial, // chosen by CreateCertificate when nil
		Subject:      pkix.Name{CommonName: s.Subject},
		NotBefore:    time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     s.NotAfter,
	}
	if s.Signer == nil {
		s.Signer = s.Key
	}
	parent := &x509.Certificate{Subject: pkix.Name{CommonName: s.Issuer}}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, s.Key.Public(), s.Signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c, s.Key
}

// made is Make with a key of a kind that the store holds.
func (s suite) made(spec Spec) (*x509.Certificate, crypto.Signer) {
	s.Helper()
	if s.f.RSA && spec.Key == nil {
		key, err := rsa.GenerateKey(rand.Reader, 1024) // short: nothing depends on its strength
		s.ok(err)
		spec.Key = key
	}
	return Make(s, spec)
}

// user owns most of what the suite makes.
const user ring.Owner = "TESTER"

// record makes a certificate of user, whose subject is the label, that is not stored yet.
func (s suite) record(label string) *ring.Certificate {
	s.Helper()
	c, _ := s.made(Spec{Subject: label})
	return ring.NewCertificate(ring.CertRef{Owner: user, Label: label}, c)
}

// keep stores a new certificate, and its private key where a store needs that.
func (s suite) keep(tx ring.Tx, c *ring.Certificate, key crypto.Signer) {
	s.Helper()
	s.ok(tx.AddCertificate(c))
	if !s.f.Rings && c.Owner.IsUser() {
		s.ok(tx.PutPrivateKey(c, key))
	}
}

// add stores new certificates of user with these labels.
func (s suite) add(tx ring.Tx, names ...string) []*ring.Certificate {
	s.Helper()
	var cs []*ring.Certificate
	for _, label := range names {
		x, key := s.made(Spec{Subject: label})
		c := ring.NewCertificate(ring.CertRef{Owner: user, Label: label}, x)
		s.keep(tx, c, key)
		cs = append(cs, c)
	}
	return cs
}

// other gives an owner beside user that every store has a place for.
func (s suite) other() ring.Owner {
	if s.f.Rings {
		return ring.Site
	}
	return ring.CertAuth
}

// addRing stores a new ring of user; a store that is one ring gets its name.
func (s suite) addRing(tx ring.Tx, name string) *ring.Ring {
	s.Helper()
	r := &ring.Ring{Owner: user, Name: name}
	s.ok(tx.AddRing(r))
	return r
}

// connect adds certificates to a ring.
func (s suite) connect(tx ring.Tx, r *ring.Ring, cs ...*ring.Certificate) {
	s.Helper()
	for _, c := range cs {
		s.ok(tx.PutConnection(&ring.Connection{Ring: r, Cert: c, Usage: ring.UsagePersonal}))
	}
}

// numbered gives n labels, in order.
func numbered(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("c%04d", i))
	}
	return names
}

// Scalar gives the secret number of a key that Make made, to look for where it must not be.
func Scalar(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	scalar, err := key.(*ecdsa.PrivateKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return scalar
}
