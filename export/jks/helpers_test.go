package jks

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"sync"
	"testing"
	"time"

	"signet/cert"
	"signet/export/keystore"
)

// identity is a key with its certificate and that of its issuer.
type identity struct {
	key   crypto.Signer
	chain [][]byte
}

// identities holds two for the whole test binary, with RSA and EC.
var identities = sync.OnceValue(func() []identity {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	der := sign("CA", e, nil, e)
	ca, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return []identity{{r, [][]byte{sign("rsa", r, ca, e), der}}, {e, [][]byte{sign("ec", e, ca, e), der}}}
})

// sign makes a certificate; parent is nil for one that signs itself.
func sign(name string, key crypto.Signer, parent *x509.Certificate, by crypto.Signer) []byte {
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Unix(1_700_000_000, 0), NotAfter: time.Unix(2_000_000_000, 0),
	}
	if parent == nil {
		parent = tmpl
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), by)
	if err != nil {
		panic(err)
	}
	return der
}

// clock gives distinct times with odd milliseconds.
func clock(i int) time.Time { return time.UnixMilli(1_600_000_000_123 + 86_399_999*int64(i)).UTC() }

// sample gives a keystore of some keys and some trusted certificates.
func sample(format string, keys, trusted int) *keystore.Keystore {
	ks := &keystore.Keystore{Format: format}
	names := []string{"web server", "größe", "日本", "ключ", "𐐨🙂", "a\x00b", "ας", "", "x'y\"z"}
	for i := range keys + trusted {
		e := keystore.Entry{Alias: names[i%len(names)], Created: clock(i)}
		if i >= len(names) {
			e.Alias += fmt.Sprint(i)
		}
		if id := identities()[i%2]; i < keys {
			e.Key, e.Chain = keystore.Clear{Signer: id.key}, id.chain
		} else {
			e.Trusted, e.Chain = true, id.chain[:1]
		}
		ks.Entries = append(ks.Entries, e)
	}
	return ks
}

// mustWrite writes a keystore with few rounds.
func mustWrite(t testing.TB, ks *keystore.Keystore, password, keyPassword string) []byte {
	t.Helper()
	own := []byte(keyPassword)
	if keyPassword == "" {
		own = nil
	}
	data, err := write(ks, []byte(password), own, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func mustRead(t testing.TB, data []byte, password string) *keystore.Keystore {
	t.Helper()
	ks, err := Read(data, []byte(password))
	if err != nil {
		t.Fatal(err)
	}
	return ks
}

// lines gives the entries of a keystore as Store.java shows them, in the order of the file.
func lines(t testing.TB, ks *keystore.Keystore, keyPassword []byte) []string {
	t.Helper()
	var out []string
	for _, e := range ks.Entries {
		var ms int64
		if !e.Created.IsZero() {
			ms = e.Created.UnixMilli()
		}
		line := fmt.Sprintf("%x- %d", e.Alias, ms)
		for _, c := range e.Chain {
			line += fmt.Sprintf(" %x", sha256.Sum256(c))
		}
		if e.Key != nil {
			key, err := e.Key.Open(keyPassword)
			if err != nil {
				t.Fatal(err)
			}
			pkcs8, err := cert.MarshalPrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			line += fmt.Sprintf(" key %x", sha256.Sum256(pkcs8))
		}
		out = append(out, line)
	}
	return out
}

// inJava puts lines into the order that Java enumerates.
func inJava(ks *keystore.Keystore, all []string) []string {
	var out []string
	for _, v := range ks.JavaView() {
		out = append(out, all[v.Index])
	}
	return out
}
