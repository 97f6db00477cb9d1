package pkcs11

import (
	"errors"
	"strings"
	"testing"

	p11 "github.com/miekg/pkcs11"
)

// TestRegistry initialises a module once for all its users, and finalises it with the last.
func TestRegistry(t *testing.T) {
	f := newFake()
	var inits []string
	finals := 0
	f.Initialize = func(s string) error { inits = append(inits, s); return nil }
	f.Finalize = func() error { finals++; return nil }
	loads := 0
	r := registry{modules: map[string]*loaded{}}
	load := func(string) (calls, error) { loads++; return f, nil }
	open := func(init string) *Module {
		t.Helper()
		m, err := r.open("/m", init, load)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	a, b := open("x"), open("x")
	if _, err := r.open("/m", "y", load); !errors.Is(err, ErrNoModule) || !strings.Contains(err.Error(), "another initialisation string") {
		t.Errorf("another string: error %v", err)
	}
	for _, m := range []*Module{a, a, b} { // closing twice is closing once
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	c := open("y")
	if err := c.Close(); err != nil || strings.Join(inits, ",") != "x,y" || finals != 2 || loads != 1 {
		t.Errorf("error %v, initialised with %q, finalised %d times, loaded %d times", err, inits, finals, loads)
	}
	// Another library in the process had it first: it finalises it, not we.
	f.Initialize = func(string) error { return CKR(p11.CKR_CRYPTOKI_ALREADY_INITIALIZED) }
	if err := open("").Close(); err != nil || finals != 2 {
		t.Errorf("error %v, finalised %d times", err, finals)
	}
	f.Initialize = func(string) error { return CKR(p11.CKR_CANT_LOCK) }
	if _, err := r.open("/m", "", load); !errors.Is(err, ErrNoModule) || !errors.Is(err, CKR(p11.CKR_CANT_LOCK)) {
		t.Errorf("error %v", err)
	}
	if _, err := r.open("", "", load); !errors.Is(err, ErrNoModule) || !strings.Contains(err.Error(), "SIGNET_PKCS11_MODULE") {
		t.Errorf("no path: error %v", err)
	}
}

// TestFindToken names tokens that are there twice, not at all, or not initialised.
func TestFindToken(t *testing.T) {
	facts := map[uint]tokenFacts{
		1: {label: "A", serial: "1", flags: p11.CKF_TOKEN_INITIALIZED},
		2: {label: "A", serial: "2", flags: p11.CKF_TOKEN_INITIALIZED},
		3: {label: "B", flags: 0},
	}
	f := newFake()
	f.GetSlotList = func(bool) ([]uint, error) { return []uint{1, 2, 3, 4}, nil }
	f.GetTokenInfo = func(slot uint) (tokenFacts, error) {
		if slot == 4 {
			return tokenFacts{}, CKR(p11.CKR_TOKEN_NOT_RECOGNIZED)
		}
		return facts[slot], nil
	}
	m := &Module{path: "/m", calls: f}
	if all, err := m.Slots(); err != nil || len(all) != 3 {
		t.Errorf("%d slots, error %v", len(all), err)
	}
	for in, c := range map[string]struct {
		slot  uint
		kind  error
		words string
	}{
		"pkcs11:token=A;serial=2":  {slot: 2},
		"pkcs11:slot-id=1":         {slot: 1},
		"pkcs11:token=A":           {kind: ErrAmbiguous, words: `"A" (serial "1", slot 1), "A" (serial "2", slot 2); add serial`},
		"pkcs11:token=B":           {kind: ErrNoToken, words: `but "A"`},
		"pkcs11:token=A;slot-id=9": {kind: ErrNoToken},
	} {
		u, err := ParseURI(in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.find(u)
		if got.Slot != c.slot || !errors.Is(err, c.kind) || err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: slot %d, error %v", in, got.Slot, err)
		}
	}
}
