//go:build cgo

package token

import (
	"context"
	"errors"
	"math/big"
	"sync"
	"testing"
	"time"

	"signet/cert"
	"signet/internal/oracle"
	"signet/pkcs11"
	"signet/ring"
)

var p256 = cert.KeySpec{Algorithm: cert.EC, Bits: 256}

// newHardware gives the hardware of SoftHSM, with PINs counted.
func newHardware(t *testing.T) (h *Hardware, asked map[string]int) {
	t.Helper()
	asked = map[string]int{}
	var mu sync.Mutex
	o := options(oracle.SoftHSMModule)
	o.PIN = func(_ context.Context, at pkcs11.Attempt) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		asked[at.Token.Label]++
		return []byte(oracle.PIN), nil
	}
	h = New(o)
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h, asked
}

// A token is known by its label in any case, unless two differ in nothing else, and is opened once
// for all who want it.
func TestNames(t *testing.T) {
	oracle.SoftHSM(t, "Names")
	h, asked := newHardware(t)
	var all sync.WaitGroup
	for _, name := range []string{"Names", "NAMES", "names", "Names"} {
		all.Go(func() {
			if _, err := h.token(t.Context(), name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
	if asked["Names"] != 1 {
		t.Errorf("the PIN was asked for %d times", asked["Names"])
	}
	if _, err := h.token(t.Context(), "NAME"); !errors.Is(err, ring.ErrNotFound) {
		t.Errorf("another name: %v", err)
	}
	oracle.SoftHSM(t, "NaMes")
	other, _ := newHardware(t)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := other.token(t.Context(), "NAMES"); !errors.Is(err, ring.ErrInvalid) {
		t.Errorf("two labels that differ in case: %v", err)
	}
	if _, err := other.token(t.Context(), "NaMes"); err != nil {
		t.Errorf("the label as it is: %v", err)
	}
}

// A key is made, found by its reference, not given for another certificate, and destroyed; one
// with its certificate in the token stays.
func TestKeys(t *testing.T) {
	oracle.SoftHSM(t, "Keys")
	h, _ := newHardware(t)
	ctx := t.Context()
	made, err := h.Generate(ctx, ring.KeyPlace{Token: "KEYS", Label: "made"}, p256)
	if err != nil {
		t.Fatal(err)
	}
	ref := made.(ring.HardwareKey).Ref()
	if ref.Token() != "Keys" {
		t.Errorf("reference %s", ref)
	}
	if _, err := h.Open(ctx, ref, made.Public()); err != nil {
		t.Error(err)
	}
	stranger, err := p256.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Open(ctx, ref, stranger.Public()); !errors.Is(err, ring.ErrInvalid) {
		t.Errorf("the key for another certificate: %v", err)
	}
	if _, err := h.Generate(ctx, ring.KeyPlace{Token: "Keys", Label: "made", PKDS: true}, p256); !errors.Is(err, ring.ErrExists) {
		t.Errorf("a PKDS label twice: %v", err)
	}
	keys, err := h.Keys(ctx, "Keys")
	if err != nil || len(keys) != 1 || keys[0].Ref != ref || keys[0].Certificate || !cert.SameKey(keys[0].Public, made.Public()) {
		t.Errorf("keys %+v, error %v", keys, err)
	}
	tok, err := h.token(ctx, "Keys")
	if err != nil {
		t.Fatal(err)
	}
	x, err := cert.SelfSign(cert.Template{Subject: name(t, "CN=made"), Serial: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().AddDate(1, 0, 0), MaxPathLen: -1}, made)
	if err != nil {
		t.Fatal(err)
	}
	e, err := tok.AddCertificate(ctx, x, "made")
	if err != nil {
		t.Fatal(err)
	}
	for _, with := range []bool{true, false} {
		if !with {
			if err := tok.DeleteObject(ctx, e.Certificate); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.Destroy(ctx, ref); err != nil {
			t.Errorf("certificate there %v: %v", with, err)
		}
		keys, err := h.Keys(ctx, "Keys")
		if err != nil || (len(keys) == 1) != with {
			t.Errorf("certificate there %v: keys %+v, error %v", with, keys, err)
		}
	}
	if err := h.Destroy(ctx, ref); !errors.Is(err, ring.ErrNotFound) {
		t.Errorf("a key that is gone: %v", err)
	}
}

// Listing all tokens gives the PIN to none but the configured one.
func TestListedWithoutPIN(t *testing.T) {
	oracle.SoftHSM(t, "Mine")
	oracle.SoftHSM(t, "Theirs")
	h, asked := newHardware(t)
	h.options.Default = "Mine"
	seen := 0
	for k, err := range h.Tokens(t.Context()).Tokens() {
		if err != nil {
			t.Fatal(err)
		}
		if k.Name == "Mine" || k.Name == "Theirs" {
			seen++
		}
	}
	if seen != 2 || asked["Mine"] != 1 || len(asked) != 1 {
		t.Errorf("%d tokens seen, PINs asked for: %v", seen, asked)
	}
}

func name(t *testing.T, s string) cert.Name {
	t.Helper()
	n, err := cert.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
