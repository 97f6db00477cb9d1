package keyfile

import (
	"fmt"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"signet/backend/backendtest"
	"signet/cert"
	"signet/export"
	"signet/ring"
)

// TestScale runs commands on large keystores, half of them private keys with the same CA in their
// chains. The limits are many times what a small machine needs, and a fraction of what anything
// quadratic would. A folder is smaller, as to make it takes a disk long.
func TestScale(t *testing.T) {
	for name, entries := range map[string]int{"JKS": 10_000, "PEM": 1_000} {
		k, err := kindNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			s := k.open(t, filepath.Join(t.TempDir(), "keystore"), options())
			m := ring.NewManager(ring.Config{Store: s, Codec: export.Codec{}, Issuer: owner, Now: time.Now, Zone: time.UTC, OneRing: true})
			took := func(what string, limit time.Duration, run func() error) {
				t.Helper()
				start := time.Now()
				if err := run(); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				d := time.Since(start)
				t.Logf("%-8s %v", what, d.Round(time.Millisecond))
				if d > limit {
					t.Errorf("%s took %v, more than %v", what, d, limit)
				}
			}
			ca, caKey := backendtest.Make(t, backendtest.Spec{Subject: "ca"})
			_, key := backendtest.Make(t, backendtest.Spec{})
			took("fill", time.Minute, func() error {
				return s.Update(t.Context(), func(tx ring.Tx) error {
					if err := tx.AddCertificate(ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: "ca"}, ca)); err != nil {
						return err
					}
					for i := range entries {
						spec := backendtest.Spec{Subject: fmt.Sprint("s", i), Issuer: "ca", Serial: big.NewInt(int64(i + 2)), Key: key, Signer: caKey}
						x, _ := backendtest.Make(t, spec)
						c := ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: fmt.Sprintf("LABEL%08d", i+1)}, x)
						if i%2 == 0 {
							c.Owner = owner
						}
						if err := tx.AddCertificate(c); err != nil {
							return err
						}
						if i%2 == 0 {
							if err := tx.PutPrivateKey(c, key); err != nil {
								return err
							}
						}
					}
					return nil
				})
			})
			count := 0
			took("list", 10*time.Second, func() error {
				return m.List(t.Context(), ring.Selector{Owner: owner}, func(ring.Listing) error { count++; return nil })
			})
			if count != entries/2 {
				t.Errorf("%d certificates were listed, want %d", count, entries/2)
			}
			took("listring", 10*time.Second, func() error {
				l, err := m.ListRing(t.Context(), ring.RingRef{Owner: owner, Name: "R"})
				if err == nil && len(l[0].Connections) != entries+1 {
					t.Errorf("%d connections, want %d", len(l[0].Connections), entries+1)
				}
				return err
			})
			took("gencert", 20*time.Second, func() error {
				_, err := m.Gencert(t.Context(), ring.Gencert{Owner: owner, Subject: cert.SubjectOf(ca), Key: cert.KeySpec{Algorithm: cert.EC, Bits: 256}})
				return err
			})
			took("delete", 20*time.Second, func() error {
				_, err := m.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: owner, Label: "LABEL00000005"}})
				return err
			})
			took("trust", 20*time.Second, func() error {
				other, _ := backendtest.Make(t, backendtest.Spec{Subject: "other"})
				return s.Update(t.Context(), func(tx ring.Tx) error {
					return tx.AddCertificate(ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: "other"}, other))
				})
			})
		})
	}
}
