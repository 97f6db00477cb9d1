package pkcs12

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/cert"

	"signet/internal/oracle"
)

// testKeys holds one key pair per kind for the whole test binary: RSA keys take their time.
var testKeys = sync.OnceValue(func() map[string]crypto.Signer {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		panic(err)
	}
	_, d, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return map[string]crypto.Signer{"rsa": r, "ec": e, "ed25519": d}
})

// identity gives a key of a kind, its certificate and the CA certificates above it.
func identity(t testing.TB, kind string, issuers int) cert.Bundle {
	t.Helper()
	return identityNamed(t, kind, kind, issuers)
}

// identityNamed is an identity under a name of its own, and with it its issuers.
func identityNamed(t testing.TB, name, kind string, issuers int) cert.Bundle {
	t.Helper()
	var b cert.Bundle
	parent, signer := (*x509.Certificate)(nil), testKeys()["ec"]
	for i := issuers; i >= 0; i-- {
		key := testKeys()["ec"]
		if i == 0 {
			key, b.Key = testKeys()[kind], testKeys()[kind]
		}
		tmpl := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: strings.Repeat("CA ", i) + name},
			NotBefore: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC),
			IsCA: i > 0, BasicConstraintsValid: true,
		}
		if parent == nil {
			parent, signer = tmpl, key
		}
		der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		c, err := cert.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		b.Certificates = append([]*x509.Certificate{c}, b.Certificates...)
		parent, signer = c, key
	}
	return b
}

// same checks that a bundle came through whole.
func same(t testing.TB, got, want cert.Bundle) {
	t.Helper()
	if (got.Key == nil) != (want.Key == nil) || want.Key != nil && !cert.SameKey(got.Key.Public(), want.Key.Public()) {
		t.Errorf("another private key")
	}
	if got.Alias != want.Alias {
		t.Errorf("alias %q, want %q", got.Alias, want.Alias)
	}
	if len(got.Certificates) != len(want.Certificates) {
		t.Fatalf("%d certificates, want %d", len(got.Certificates), len(want.Certificates))
	}
	for i, c := range want.Certificates {
		if !got.Certificates[i].Equal(c) {
			t.Errorf("certificate %d is %v, want %v", i, got.Certificates[i].Subject, c.Subject)
		}
	}
}

// writeBundle puts the private key into key.pem, its certificate into leaf.pem and the others
// into chain.pem.
func writeBundle(t testing.TB, dir string, b cert.Bundle) {
	t.Helper()
	pkcs8, err := cert.MarshalPrivateKey(b.Key)
	if err != nil {
		t.Fatal(err)
	}
	oracle.Write(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	var chain []byte
	for i, c := range b.Certificates {
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
		if i == 0 {
			oracle.Write(t, dir, "leaf.pem", text)
		} else {
			chain = append(chain, text...)
		}
	}
	oracle.Write(t, dir, "chain.pem", chain)
}
