package jks

import (
	"fmt"
	"testing"

	"signet/export/keystore"
	"signet/internal/oracle"
)

// trusts is a keystore of n trusted certificates, each of which Java takes for another.
func trusts(n int) *keystore.Keystore {
	ks := &keystore.Keystore{Format: keystore.JKS}
	for i := range n {
		ks.Entries = append(ks.Entries, keystore.Entry{Alias: fmt.Sprint("entry ", i), Created: clock(i), Trusted: true, Chain: identities()[0].chain[1:2]})
	}
	return ks
}

// TestCost keeps the cost of an entry where it is.
func TestCost(t *testing.T) {
	const entries = 1000
	data := mustWrite(t, trusts(entries), "swordfish", "")
	oracle.Cost(t, "read", entries, 4.5, 405, func() { mustRead(t, data, "swordfish") })
	ks := mustRead(t, data, "swordfish")
	oracle.Cost(t, "write", entries, 0.05, 700, func() { mustWrite(t, ks, "swordfish", "") })
}
