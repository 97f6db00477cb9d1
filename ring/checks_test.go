package ring_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"testing"

	"signet/audit"
	"signet/cert"
	"signet/ring"
)

// liar signs something else than what it is told to.
type liar struct{ crypto.Signer }

func (l liar) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return l.Signer.Sign(rand.Reader, append([]byte{^digest[0]}, digest[1:]...), opts)
}

// TestFaultyToken has a token whose signatures are wrong: nothing that it signed is kept, and no
// other function of the transaction gets to use it.
func TestFaultyToken(t *testing.T) {
	d, h, _ := newHSM(t)
	d.gencert("CERTAUTH/CA", "", inside)
	for at, k := range h.keys {
		k.Signer = liar{k.Signer}
		h.keys[at] = k
	}
	wrong := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, cert.ErrSignature) || ring.CodeOf(err) != ring.Failed {
			t.Errorf("%s: return code %d: %v", what, ring.CodeOf(err), err)
		}
	}
	gone := func(labels ...string) {
		t.Helper()
		for _, l := range labels {
			if c := d.get(l); c != nil {
				t.Errorf("%s was kept", l)
			}
		}
	}
	_, err := d.tryGencert("U/alone", "CERTAUTH/CA")
	wrong("alone", err)
	gone("U/alone")

	signWith := ref("CERTAUTH/CA")
	issue := func(m *ring.Manager, n int) error {
		_, err := m.Gencert(t.Context(), ring.Gencert{Owner: "U", Label: fmt.Sprint("c", n), Subject: name(t, "CN=c"), Key: ec, SignWith: &signWith})
		return err
	}
	err = d.Atomic(t.Context(), func(m *ring.Manager) error {
		for n := range 3 {
			if err := issue(m, n); err != nil && !errors.Is(err, cert.ErrSignature) { // it may be known by then
				return err
			}
		}
		return nil
	})
	wrong("atomic", err)
	err = d.Atomic(t.Context(), func(m *ring.Manager) error {
		if err := issue(m, 0); err != nil {
			return err
		}
		wrong("settle", m.Settle())
		_, err := m.Export(t.Context(), ring.Export{CertRef: ref("U/c0"), Format: cert.DER})
		wrong("export", err)
		return nil // which does not save the transaction
	})
	wrong("atomic with EXPORT", err)
	err = d.Atomic(t.Context(), func(m *ring.Manager) error {
		gencert, _ := ring.FunctionOf("GENCERT")
		decode := func(q any) error {
			*q.(*ring.Gencert) = ring.Gencert{Owner: "U", Label: "c1", Subject: name(t, "CN=c"), Key: ec, SignWith: &signWith}
			return nil
		}
		wrong("for a client", gencert.Dispatch(t.Context(), m, decode, func(any) error {
			t.Error("a client was given a certificate with a wrong signature")
			return nil
		}))
		return nil
	})
	wrong("atomic for a client", err)
	gone("U/c0", "U/c1", "U/c2")
	failed := 0
	err = d.ListEvents(t.Context(), ring.EventQuery{Query: audit.Query{Function: "EXPORT"}}, func(r audit.Record) error {
		e, err := r.Event()
		if err == nil && e.Outcome == audit.Failed && e.Object == "U/c0" {
			failed++
		}
		return err
	})
	if err != nil || failed != 1 {
		t.Errorf("the trail has %d failed EXPORTs, want 1, %v", failed, err)
	}
	wrong("rehearsal", d.Rehearse(t.Context(), func(m *ring.Manager) { _ = issue(m, 0) }))
}

// TestManyChecks issues more certificates in one transaction than there is room for checks.
func TestManyChecks(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/CA", "")
	signWith := ref("CERTAUTH/CA")
	const n = 100
	err := d.Atomic(context.WithoutCancel(t.Context()), func(m *ring.Manager) error {
		for i := range n {
			if _, err := m.Gencert(t.Context(), ring.Gencert{Owner: "U", Label: fmt.Sprint("c", i), Subject: name(t, "CN=c"), Key: ec, SignWith: &signWith}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := cert.CheckSignature(d.x509(fmt.Sprint("U/c", i)), d.x509("CERTAUTH/CA")); err != nil {
			t.Error(err)
		}
	}
}
