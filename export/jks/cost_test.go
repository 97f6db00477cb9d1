package jks

import (
	"fmt"
	"testing"

	"signet/export/keystore"
)

// trusts is a keystore of n trusted certificates, each of which Java takes for another.
func trusts(n int) *keystore.Keystore {
	ks := &keystore.Keystore{Format: keystore.JKS}
	for i := range n {
		ks.Entries = append(ks.Entries, keystore.Entry{Alias: fmt.Sprint("entry ", i), Created: clock(i), Trusted: true, Chain: identities()[0].chain[1:2]})
	}
	return ks
}

// TestCost keeps the cost of an entry where it is: what is allocated does not depend on the
// machine. The limits are one and a half times what it took.
func TestCost(t *testing.T) {
	const entries = 1000
	data := mustWrite(t, trusts(entries), "swordfish", "")
	check := func(what string, allocations, bytes float64, run func()) {
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
		t.Logf("%s: %.2f allocations and %.0f bytes an entry of %d", what, a, n, len(data)/entries)
		if a > allocations || n > bytes {
			t.Errorf("%s: %.2f allocations and %.0f bytes an entry, more than %.2f and %.0f", what, a, n, allocations, bytes)
		}
	}
	check("read", 4.5, 405, func() { mustRead(t, data, "swordfish") })
	ks := mustRead(t, data, "swordfish")
	check("write", 0.05, 700, func() { mustWrite(t, ks, "swordfish", "") })
}
