package ring_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"signet/ring"
)

// counting is a store that counts the look-ups of issuers.
type counting struct {
	ring.Store
	lookups int
}

func (c *counting) View(ctx context.Context, fn func(ring.Tx) error) error {
	return c.Store.View(ctx, func(tx ring.Tx) error { return fn(countingTx{tx, c}) })
}

type countingTx struct {
	ring.Tx
	of *counting
}

func (t countingTx) CertificatesBySubject(subject []byte) iter.Seq2[*ring.Certificate, error] {
	t.of.lookups++
	return t.Tx.CertificatesBySubject(subject)
}

// TestIssuersOnce: what many certificates have for issuers is looked up once for all of them, and
// each gets its whole chain.
func TestIssuersOnce(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/root", "")
	d.gencert("CERTAUTH/sub", "CERTAUTH/root")
	const certificates = 30
	var names []ring.CertRef
	for i := range certificates {
		names = append(names, ring.CertRef{Owner: "OPER", Label: fmt.Sprint("cert", i)})
		d.gencert(fmt.Sprint("OPER/cert", i), "CERTAUTH/sub")
	}
	store := &counting{Store: d.store}
	m := ring.NewManager(ring.Config{Store: store, Issuer: "OPER"})
	check := func(what string, chain int) {
		t.Helper()
		if chain != 3 {
			t.Errorf("%s: a chain of %d certificates, want 3", what, chain)
		}
	}
	taken, err := m.Take(t.Context(), ring.Take{Certs: names})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range taken.Credentials {
		check(names[i].String(), len(c.Chain))
	}
	// Two names, each looked up under OPER and under CERTAUTH.
	if store.lookups > 4 {
		t.Errorf("Take of %d certificates looked for issuers %d times", certificates, store.lookups)
	}
	store.lookups = 0
	all, err := m.Contents(t.Context(), ring.RingRef{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Certificate.Owner == "OPER" {
			check(c.Certificate.Label, len(c.Chain))
		}
	}
	if store.lookups > 6 {
		t.Errorf("Contents of %d certificates looked for issuers %d times", certificates, store.lookups)
	}
}
