package pkcs12

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"signet/export/keystore"
	"signet/internal/oracle"
)

// trusts is a keystore of n trusted certificates.
func trusts(t testing.TB, n int) *keystore.Keystore {
	ks := &keystore.Keystore{Format: keystore.PKCS12}
	root := identityNamed(t, "large", "ec", 1).Certificates[1].Raw
	for i := range n {
		ks.Entries = append(ks.Entries, keystore.Entry{Alias: fmt.Sprint("entry ", i), Trusted: true, Chain: [][]byte{root}})
	}
	return ks
}

// TestCost keeps the cost of an entry where it is: what is allocated does not depend on the
// machine. The limits are one and a half times what it took.
func TestCost(t *testing.T) {
	const entries, rounds = 1000, 1000 // of the derivations, which cost the same for every file
	password := []byte("swordfish")
	again := func(ks *keystore.Keystore) []byte {
		data, err := write(ks, password, Modern, rounds, rand.Reader, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	open := func(data []byte) *keystore.Keystore {
		ks, err := Read(data, password)
		if err != nil {
			t.Fatal(err)
		}
		return ks
	}
	trusted := again(trusts(t, entries))
	oracle.Cost(t, "read trusted certificates", entries, 10.5, 1475, func() { open(trusted) })
	store := open(trusted)
	oracle.Cost(t, "write trusted certificates", entries, 27, 5050, func() { again(store) })

	keys := largeStore(t, entries)
	oracle.Cost(t, "read private keys", entries, 42, 4350, func() { open(keys) })
	held := open(keys)
	oracle.Cost(t, "write private keys", entries, 90, 12450, func() { again(held) })
}

func BenchmarkReadTrusted(b *testing.B) {
	data, err := Write(trusts(b, 10_000), []byte("swordfish"), Modern)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Read(data, []byte("swordfish")); err != nil {
			b.Fatal(err)
		}
	}
}
