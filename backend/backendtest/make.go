package backendtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
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
}

// Make makes a certificate, and its key if the spec has none: ECDSA P-256. It is signed by that
// key whoever its issuer is, because stores do not verify.
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
	parent := &x509.Certificate{Subject: pkix.Name{CommonName: s.Issuer}}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, s.Key.Public(), s.Key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c, s.Key
}

// user owns most of what the suite makes.
const user ring.Owner = "TESTER"

// record makes a certificate of user, whose subject is the label, that is not stored yet.
func (s suite) record(label string) *ring.Certificate {
	s.Helper()
	c, _ := Make(s, Spec{Subject: label})
	return ring.NewCertificate(ring.CertRef{Owner: user, Label: label}, c)
}

// add stores new certificates of user with these labels.
func (s suite) add(tx ring.Tx, names ...string) []*ring.Certificate {
	s.Helper()
	var cs []*ring.Certificate
	for _, label := range names {
		c := s.record(label)
		s.ok(tx.AddCertificate(c))
		cs = append(cs, c)
	}
	return cs
}

// addRing stores a new ring of user.
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
		names = append(names, fmt.Sprintf("C%04d", i))
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
