package jks

import (
	"fmt"
	"testing"

	"signet/export/keystore"
	"signet/internal/oracle"
)

// large is a JKS file of 10,000 entries: 100 keys, and certificates that all differ.
func large(b *testing.B) []byte {
	b.Helper()
	ks := &keystore.Keystore{Format: keystore.JKS}
	id := identities()[1]
	for i := range 10_000 {
		e := keystore.Entry{Alias: fmt.Sprint("entry ", i), Created: clock(i)}
		if e.Trusted = i >= 100; e.Trusted {
			e.Chain = [][]byte{sign(fmt.Sprint("certificate ", i), id.key, nil, id.key)}
		} else {
			e.Key, e.Chain = keystore.Clear{Signer: id.key}, id.chain
		}
		ks.Entries = append(ks.Entries, e)
	}
	return mustWrite(b, ks, "swordfish", "")
}

func BenchmarkRead(b *testing.B) {
	data := large(b)
	for b.Loop() {
		mustRead(b, data, "swordfish")
	}
}

func BenchmarkJavaView(b *testing.B) {
	ks := mustRead(b, large(b), "swordfish")
	for b.Loop() {
		ks.JavaView()
	}
}

func BenchmarkReadAddWrite(b *testing.B) {
	data := large(b)
	for b.Loop() {
		ks := mustRead(b, data, "swordfish")
		ks.Entries = append(ks.Entries, keystore.Entry{Alias: "another", Trusted: true, Chain: identities()[0].chain[1:]})
		mustWrite(b, ks, "swordfish", "")
	}
}

// BenchmarkSealJCEKS is the cost of one new key of JCEKS, with the rounds that Java uses.
func BenchmarkSealJCEKS(b *testing.B) {
	for b.Loop() {
		if _, err := seal(make([]byte, 1200), keystore.JCEKS, &secret{[]byte("swordfish")}, defaultRounds); err != nil {
			b.Fatal(err)
		}
	}
}

// The same by Java's keytool, as whole processes.

func BenchmarkKeytoolList(b *testing.B) {
	dir := b.TempDir()
	oracle.Write(b, dir, "store", large(b))
	for b.Loop() {
		oracle.Keytool(b, dir, "-list", "-keystore", "store", "-storetype", "JKS", "-storepass", "swordfish")
	}
}

func BenchmarkKeytoolImportCert(b *testing.B) {
	dir := b.TempDir()
	data := large(b)
	oracle.Write(b, dir, "ca.der", identities()[0].chain[1])
	for b.Loop() {
		oracle.Write(b, dir, "store", data)
		oracle.Keytool(b, dir, "-importcert", "-noprompt", "-alias", "another", "-file", "ca.der", "-keystore", "store", "-storetype", "JKS", "-storepass", "swordfish")
	}
}
