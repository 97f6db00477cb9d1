package pkcs12

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"signet/export/keystore"
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
	check := func(what string, size int, allocations, bytes float64, run func()) {
		t.Helper()
		r := testing.Benchmark(func(b *testing.B) {
			for b.Loop() {
				run()
			}
		})
		if r.N == 0 {
			t.Fatalf("%s: it did not run", what)
		}
		a, n := float64(r.AllocsPerOp())/entries, float64(r.AllocedBytesPerOp())/entries
		t.Logf("%s: %.2f allocations and %.0f bytes an entry of %d", what, a, n, size/entries)
		if a > allocations || n > bytes {
			t.Errorf("%s: %.2f allocations and %.0f bytes an entry, more than %.2f and %.0f", what, a, n, allocations, bytes)
		}
	}
	trusted := again(trusts(t, entries))
	check("read trusted certificates", len(trusted), 10.5, 1475, func() { open(trusted) })
	store := open(trusted)
	check("write trusted certificates", len(trusted), 27, 5050, func() { again(store) })

	keys := largeStore(t, entries)
	check("read private keys", len(keys), 42, 4350, func() { open(keys) })
	held := open(keys)
	check("write private keys", len(keys), 90, 12450, func() { again(held) })
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
