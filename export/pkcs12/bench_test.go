package pkcs12

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"math/big"
	"sync"
	"testing"
	"time"

	"signet/cert"
	"signet/export/keystore"
)

// largeStore gives a file of n keys, each with a certificate of its own and the same two issuers.
// The keys have one form, sealed once: sealing them is what Write must not do again.
func largeStore(t testing.TB, n int) []byte {
	t.Helper()
	b := identityNamed(t, "large", "ec", 2)
	pkcs8, err := cert.MarshalPrivateKey(b.Key)
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := readSecrets([]byte("swordfish"))
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{profile: Modern, secret: secrets[0], rounds: writtenRounds, random: rand.Reader}
	sealed, err := w.sealKey(pkcs8)
	if err != nil {
		t.Fatal(err)
	}
	var entries []run
	var chain [][]byte
	add := func(data []byte, m marks) {
		bag, err := certBag(data, m)
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, bag)
	}
	add(b.Certificates[1].Raw, marks{})
	add(b.Certificates[2].Raw, marks{})
	for i := range n {
		m := marks{alias: fmt.Sprintf("server %d", i), keyID: fmt.Appendf(nil, "Time %d", 1_600_000_000_000+i)}
		key, err := keyBag(sealed, m)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, run{bags: [][]byte{key}})
		// The serial number, as a number of eight octets, is another for each.
		data := bytes.Clone(serialTemplate(t))
		binary.BigEndian.PutUint32(data[bytes.Index(data, serialMark):], uint32(i)|1<<30)
		add(data, m)
	}
	data, err := w.pfx(layout(entries, chain))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var serialMark = []byte{0x5e, 0x41, 0xa1, 0x00}

// serialTemplate is a certificate by the issuer of largeStore whose serial number can be found.
var serialTemplate = func() func(testing.TB) []byte {
	var once sync.Once
	var data []byte
	return func(t testing.TB) []byte {
		once.Do(func() {
			parent := &x509.Certificate{Subject: pkix.Name{CommonName: "CA large"}}
			tmpl := &x509.Certificate{
				SerialNumber: new(big.Int).SetBytes(append(bytes.Clone(serialMark), serialMark...)), Subject: pkix.Name{CommonName: "large"},
				NotBefore: time.Unix(1_700_000_000, 0), NotAfter: time.Unix(1_900_000_000, 0),
			}
			var err error
			if data, err = x509.CreateCertificate(rand.Reader, tmpl, parent, testKeys()["ec"].Public(), testKeys()["ec"]); err != nil {
				t.Fatal(err)
			}
		})
		return data
	}
}()

// Ten thousand keys are read, and one more is written with them, without a derivation per key.
func TestTenThousand(t *testing.T) {
	const n = 10_000
	data := largeStore(t, n)
	start := time.Now()
	ks, err := Read(data, []byte("swordfish"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, read in %v", len(data), time.Since(start))
	if len(ks.Entries) != n || len(ks.Entries[n-1].Chain) != 3 || ks.Profile != Modern.Name {
		t.Fatalf("%d entries, the last with a chain of %d, profile %q", len(ks.Entries), len(ks.Entries[n-1].Chain), ks.Profile)
	}
	ks.Entries = append(ks.Entries, keyEntry(t, "one more", "ec", 1))
	start = time.Now()
	again, err := Write(ks, []byte("swordfish"), Modern)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	t.Logf("one added, written in %v", took)
	if took > 15*time.Second { // sealing all keys takes 30 s and more
		t.Errorf("writing took %v", took)
	}
	if ks, err = Read(again, []byte("swordfish")); err != nil || len(ks.Entries) != n+1 {
		t.Fatalf("%d entries, %v", len(ks.Entries), err)
	}
	for _, i := range []int{0, n / 2, n} {
		e := ks.Entries[i]
		key, err := e.Key.Open(nil)
		if err != nil || checkKey(key.Public(), e.Chain) != nil {
			t.Errorf("%q: another key, %v", e.Alias, err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1, 100, 10_000, 70_000} {
		data := largeStore(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Read(data, []byte("swordfish")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAddOne(b *testing.B) {
	one := keyEntry(b, "one more", "ec", 1)
	for _, n := range []int{1, 100, 10_000, 70_000} {
		data := largeStore(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ks, err := Read(data, []byte("swordfish"))
				if err != nil {
					b.Fatal(err)
				}
				ks = &keystore.Keystore{Entries: append(ks.Entries, one)}
				if _, err := Write(ks, []byte("swordfish"), Modern); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
