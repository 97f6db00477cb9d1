package pkcs11

import (
	"context"
	"errors"
	"strings"
	"testing"

	p11 "github.com/miekg/pkcs11"
)

// TestPIN gives PINs, right and wrong, and counts what reaches the token.
func TestPIN(t *testing.T) {
	yes := func(context.Context, TokenInfo) (bool, error) { return true, nil }
	no := func(context.Context, TokenInfo) (bool, error) { return false, nil }
	const final = p11.CKF_USER_PIN_COUNT_LOW | p11.CKF_USER_PIN_FINAL_TRY
	for name, c := range map[string]struct {
		pins    []string
		flags   uint
		confirm func(context.Context, TokenInfo) (bool, error)
		most    int
		sent    int
		kind    error
		words   string
	}{
		"right":                    {pins: []string{fakePIN}, sent: 1},
		"right the second time":    {pins: []string{"x", fakePIN}, sent: 2},
		"the same wrong one again": {pins: []string{"x", "x", "x"}, sent: 1, kind: ErrPIN, words: "the same PIN was wrong a moment ago"},
		"three wrong ones":         {pins: []string{"x", "y", "z", fakePIN}, sent: 3, kind: ErrPIN, words: "wrong PINs so far: 3"},
		"one wrong one of one":     {pins: []string{"x", fakePIN}, most: 1, sent: 1, kind: ErrPIN, words: "no more are tried"},
		"final try":                {pins: []string{fakePIN}, flags: final, sent: 0, kind: ErrPIN, words: "one more wrong PIN locks the token, so none is sent"},
		"final try, not confirmed": {pins: []string{fakePIN}, flags: final, confirm: no, sent: 0, kind: ErrPIN, words: "confirm that the last attempt may be spent"},
		"final try, confirmed":     {pins: []string{fakePIN}, flags: final, confirm: yes, sent: 1},
		"empty":                    {pins: []string{""}, sent: 0, kind: ErrPINNeeded, words: "no PIN was given"},
		"too long":                 {pins: []string{"123456789"}, sent: 0, kind: ErrPIN, words: "the token takes 0 to 8 characters"},
		"locked":                   {pins: []string{fakePIN}, flags: p11.CKF_USER_PIN_LOCKED, confirm: yes, sent: 0, kind: ErrPINLocked, words: "security officer"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.facts.flags |= c.flags
			f.facts.maxPIN = 8
			var handed [][]byte
			tok, err := f.try(t, func(o *Options) {
				o.Attempts, o.ConfirmLast = c.most, c.confirm
				o.PIN = func(_ context.Context, a Attempt) ([]byte, error) {
					if a.Number != len(handed)+1 {
						t.Errorf("attempt %d is number %d", len(handed)+1, a.Number)
					}
					handed = append(handed, []byte(c.pins[len(handed)]))
					return handed[len(handed)-1], nil
				}
			})
			if err == nil {
				defer tok.Close()
			}
			if !errors.Is(err, c.kind) || c.words != "" && !strings.Contains(err.Error(), c.words) {
				t.Errorf("error %v, want %v with %q", err, c.kind, c.words)
			}
			if f.calls["Login"] != c.sent {
				t.Errorf("%d PINs were sent, want %d", f.calls["Login"], c.sent)
			}
			for i, pin := range handed {
				if strings.Trim(string(pin), "\x00") != "" {
					t.Errorf("PIN %d was not cleared", i+1)
				}
			}
		})
	}
}

// TestFinalTryAppears has the token reach its last attempt between two wrong PINs.
func TestFinalTryAppears(t *testing.T) {
	f := newFake()
	f.Login = func(sessionHandle, uint, []byte) error {
		f.calls["Login"]++
		f.facts.flags |= p11.CKF_USER_PIN_FINAL_TRY
		return CKR(p11.CKR_PIN_INCORRECT)
	}
	n := byte('a')
	_, err := f.try(t, func(o *Options) {
		o.PIN = func(context.Context, Attempt) ([]byte, error) { n++; return []byte{n}, nil }
	})
	if !errors.Is(err, ErrPIN) || f.calls["Login"] != 1 {
		t.Errorf("error %v after %d PINs", err, f.calls["Login"])
	}
}

// TestKeypad has a token that asks for the PIN itself: the caller is not asked, and the module
// gets no PIN at all.
func TestKeypad(t *testing.T) {
	f := newFake()
	f.facts.flags |= p11.CKF_PROTECTED_AUTHENTICATION_PATH
	f.Login = func(_ sessionHandle, _ uint, pin []byte) error {
		if pin != nil {
			t.Error("a PIN was sent")
		}
		f.loggedIn = true
		return nil
	}
	tok := f.open(t, func(o *Options) {
		o.PIN = func(context.Context, Attempt) ([]byte, error) {
			t.Error("the caller was asked")
			return nil, nil
		}
	})
	if err := signOnce(signed(t, tok)); err != nil {
		t.Error(err)
	}
}

// TestWithoutPIN sees public objects only.
func TestWithoutPIN(t *testing.T) {
	f := newFake()
	tok := f.open(t)
	signed(t, tok)
	f.loseSessions()
	tok = f.open(t, func(o *Options) { o.PIN = nil })
	_, err := tok.Key(t.Context(), URI{Object: "KEY"})
	if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "out of sight without the PIN") {
		t.Errorf("error %v", err)
	}
	if f.calls["Login"] != 1 {
		t.Errorf("%d logins", f.calls["Login"])
	}
}

// TestEachTime has a key that wants the PIN for every signature.
func TestEachTime(t *testing.T) {
	f := newFake()
	f.alter(p11.CKA_ALWAYS_AUTHENTICATE, []byte{1})
	users := map[uint]int{}
	login := f.Login
	f.Login = func(s sessionHandle, user uint, pin []byte) error { users[user]++; return login(s, user, pin) }
	tok := f.open(t)
	s := signed(t, tok)
	before := users[p11.CKU_CONTEXT_SPECIFIC]
	if err := signOnce(s); err != nil {
		t.Fatal(err)
	}
	if n := users[p11.CKU_CONTEXT_SPECIFIC] - before; n != 1 || users[p11.CKU_USER] != 1 {
		t.Errorf("%d PINs for one signature, %d logins", n, users[p11.CKU_USER])
	}
}
