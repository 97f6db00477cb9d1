package pkcs11

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	p11 "github.com/miekg/pkcs11"

	"signet/cert"
)

func pinIs(pin string) func(context.Context, Attempt) ([]byte, error) {
	return func(context.Context, Attempt) ([]byte, error) { return []byte(pin), nil }
}

var p256 = cert.KeySpec{Algorithm: cert.EC, Bits: 256}

// signed makes a key and its signer in a fake token.
func signed(t *testing.T, tok *Token) *Signer {
	t.Helper()
	e, err := tok.Generate(t.Context(), p256, "KEY")
	if err != nil {
		t.Fatal(err)
	}
	s, err := tok.Signer(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signOnce(s *Signer) error {
	digest := sha256.Sum256([]byte("a message"))
	signature, err := s.Sign(nil, digest[:], crypto.SHA256)
	if err == nil && !ecdsa.VerifyASN1(s.Public().(*ecdsa.PublicKey), digest[:], signature) {
		err = errors.New("does not verify")
	}
	return err
}

// TestFaults breaks one call after the other. once: the fault happens once, and the call is made
// again; otherwise it stays, and the error names it.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		code   CKR
		mended bool // a fault that happens once is not seen
		kind   error
		words  string
	}{
		"session closed under us": {p11.CKR_SESSION_HANDLE_INVALID, true, ErrRemoved, "CKR_SESSION_HANDLE_INVALID (0xB3): the session was closed under us"},
		"login lost":              {p11.CKR_USER_NOT_LOGGED_IN, true, ErrPINNeeded, "CKR_USER_NOT_LOGGED_IN (0x101)"},
		"token removed":           {p11.CKR_DEVICE_REMOVED, true, ErrRemoved, "CKR_DEVICE_REMOVED (0x32): the token was removed; put it back"},
		"token not present":       {p11.CKR_TOKEN_NOT_PRESENT, true, ErrRemoved, "CKR_TOKEN_NOT_PRESENT (0xE0)"},
		"device error":            {p11.CKR_DEVICE_ERROR, true, ErrDevice, "CKR_DEVICE_ERROR (0x30): the token or its slot has a fault"},
		"operation left over":     {p11.CKR_OPERATION_ACTIVE, true, nil, "CKR_OPERATION_ACTIVE (0x90)"},
		"out of memory":           {p11.CKR_HOST_MEMORY, false, ErrDevice, "CKR_HOST_MEMORY (0x2)"},
		"token full":              {p11.CKR_DEVICE_MEMORY, false, ErrTokenFull, "CKR_DEVICE_MEMORY (0x31): the token has no room left"},
		"PIN locked":              {p11.CKR_PIN_LOCKED, false, ErrPINLocked, "CKR_PIN_LOCKED (0xA4)"},
		"unknown code":            {0x80001234, false, nil, "CKR_VENDOR_DEFINED+0x1234"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			tok := f.open(t)
			s := signed(t, tok)
			sign, times := f.SignData, 0
			f.SignData = func(h sessionHandle, d []byte) ([]byte, error) {
				if times++; times == 1 {
					return nil, c.code
				}
				return sign(h, d)
			}
			err := signOnce(s)
			if c.mended != (err == nil) {
				t.Errorf("a fault that happens once: error %v", err)
			}
			times = 0
			f.SignData = func(sessionHandle, []byte) ([]byte, error) { times++; return nil, c.code }
			err = signOnce(s)
			if c.kind != nil && !errors.Is(err, c.kind) || !errors.Is(err, c.code) || err == nil {
				t.Fatalf("a fault that stays: error %v", err)
			}
			for _, part := range []string{`token "fake": sign with private key "KEY"`, c.words} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q lacks %q", err, part)
				}
			}
			if times > 2 {
				t.Errorf("the call was made %d times", times)
			}
			f.SignData = sign
			if err := signOnce(s); err != nil {
				t.Errorf("after the fault: %v", err)
			}
			if err := tok.Close(); err != nil {
				t.Error(err)
			}
			if len(f.sessions) != 0 {
				t.Errorf("%d sessions are left open", len(f.sessions))
			}
		})
	}
}

// TestSessionsLost closes all sessions while 16 goroutines sign.
func TestSessionsLost(t *testing.T) {
	f := newFake()
	tok := f.open(t, func(o *Options) { o.Sessions = 4 })
	s := signed(t, tok)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 5 {
				if err := signOnce(s); err != nil {
					t.Errorf("goroutine %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	if n := f.calls["OpenSession"]; n > 4 {
		t.Errorf("%d sessions, want at most 4", n)
	}
	logins := f.calls["Login"]
	f.loseSessions()
	for range 16 {
		wg.Go(func() {
			if err := signOnce(s); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := f.calls["Login"] - logins; n != 1 {
		t.Errorf("%d logins after the loss, want 1", n)
	}
}

// TestLoggedOut has another user of the module log out: the list must not silently be shorter.
func TestLoggedOut(t *testing.T) {
	f := newFake()
	tok := f.open(t)
	signed(t, tok)
	f.loggedIn = false
	all, err := tok.Objects(t.Context())
	if err != nil || len(all) != 2 {
		t.Errorf("%d objects, error %v", len(all), err)
	}
}

// TestRemoved takes the token out and puts it, or another, into another slot.
func TestRemoved(t *testing.T) {
	f := newFake()
	tok := f.open(t)
	s := signed(t, tok)
	move := func(serial string) {
		f.loseSessions()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.slot++
		f.facts.serial = serial
		objects, keys := map[objectHandle]map[uint][]byte{}, map[objectHandle]*ecdsa.PrivateKey{}
		for o, a := range f.objects { // the handles are others then
			objects[o+1000], keys[o+1000] = a, f.keys[o]
		}
		f.objects, f.keys = objects, keys
	}
	open := f.OpenSession
	f.OpenSession = func(slot, flags uint) (sessionHandle, error) {
		if slot != f.slot {
			return 0, CKR(p11.CKR_TOKEN_NOT_PRESENT)
		}
		return open(slot, flags)
	}
	init := f.SignInit
	f.SignInit = func(h sessionHandle, m mechanism, o objectHandle) error {
		if _, ok := f.sessions[h]; !ok {
			return CKR(p11.CKR_DEVICE_REMOVED)
		}
		return init(h, m, o)
	}
	move("1")
	if err := signOnce(s); err != nil {
		t.Errorf("the same token in another slot: %v", err)
	}
	if got := tok.Info().Slot; got != f.slot {
		t.Errorf("slot %d, want %d", got, f.slot)
	}
	move("2")
	if err := signOnce(s); !errors.Is(err, ErrRemoved) {
		t.Errorf("another token: error %v, want ErrRemoved", err)
	}
	move("1")
	if err := signOnce(s); err != nil {
		t.Errorf("the token is back: %v", err)
	}
}

// TestNoRepeatedChange makes sure that a change is not made twice when its outcome is unknown.
func TestNoRepeatedChange(t *testing.T) {
	for _, code := range []CKR{p11.CKR_DEVICE_ERROR, p11.CKR_DEVICE_REMOVED, p11.CKR_GENERAL_ERROR} {
		f := newFake()
		tok := f.open(t)
		times := 0
		f.GenerateKeyPair = func(sessionHandle, mechanism, []attribute, []attribute) (objectHandle, objectHandle, error) {
			times++
			return 0, 0, code
		}
		if _, err := tok.Generate(t.Context(), p256, "KEY"); !errors.Is(err, code) || times != 1 {
			t.Errorf("%v: error %v after %d calls", code, err, times)
		}
	}
}

// TestGenerateUndone makes keys that are not as asked, each of which must be destroyed.
func TestGenerateUndone(t *testing.T) {
	for name, break_ := range map[string]func(*fake){
		"extractable":   func(f *fake) { f.alter(p11.CKA_EXTRACTABLE, []byte{1}) },
		"not sensitive": func(f *fake) { f.alter(p11.CKA_SENSITIVE, []byte{0}) },
		"cannot sign": func(f *fake) {
			f.SignInit = func(sessionHandle, mechanism, objectHandle) error { return CKR(p11.CKR_KEY_FUNCTION_NOT_PERMITTED) }
		},
		"wrong signature": func(f *fake) {
			f.SignData = func(sessionHandle, []byte) ([]byte, error) { return make([]byte, 64), nil }
		},
		"no signature": func(f *fake) {
			f.SignData = func(sessionHandle, []byte) ([]byte, error) { return []byte{1, 2, 3}, nil }
		},
		"another label": func(f *fake) { f.alter(p11.CKA_LABEL, []byte("other")) },
		"id cannot be set": func(f *fake) {
			f.SetAttributeValue = func(sessionHandle, objectHandle, []attribute) error { return CKR(p11.CKR_DEVICE_MEMORY) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			tok := f.open(t)
			break_(f)
			_, err := tok.Generate(t.Context(), p256, "KEY")
			if err == nil || !strings.Contains(err.Error(), "destroyed again") {
				t.Errorf("error %v", err)
			}
			if len(f.objects) != 0 {
				t.Errorf("%d objects are left", len(f.objects))
			}
			f.DestroyObject = func(sessionHandle, objectHandle) error { return CKR(p11.CKR_ACTION_PROHIBITED) }
			_, err = tok.Generate(t.Context(), p256, "KEY")
			if err == nil || !strings.Contains(err.Error(), "is still in the token") {
				t.Errorf("not destroyed: error %v", err)
			}
		})
	}
	t.Run("id stays random", func(t *testing.T) { // read-only is no failure
		f := newFake()
		tok := f.open(t)
		set := f.SetAttributeValue
		f.SetAttributeValue = func(s sessionHandle, o objectHandle, a []attribute) error {
			if string(f.objects[o][p11.CKA_CLASS]) == string(ulong(p11.CKO_PRIVATE_KEY)) {
				return CKR(p11.CKR_ATTRIBUTE_READ_ONLY)
			}
			return set(s, o, a)
		}
		if e, err := tok.Generate(t.Context(), p256, "KEY"); err != nil || string(e.Private.ID) != string(e.Public.ID) {
			t.Errorf("%+v, error %v", e, err)
		}
	})
}

// alter makes generated keys come out with another attribute.
func (f *fake) alter(kind uint, value []byte) {
	generate := f.GenerateKeyPair
	f.GenerateKeyPair = func(s sessionHandle, m mechanism, pub, priv []attribute) (objectHandle, objectHandle, error) {
		a, b, err := generate(s, m, pub, priv)
		f.objects[b][kind] = value
		return a, b, err
	}
}

// TestSessionCount has a token with fewer sessions than it says.
func TestSessionCount(t *testing.T) {
	f := newFake()
	open := f.OpenSession
	f.OpenSession = func(slot, flags uint) (sessionHandle, error) {
		f.mu.Lock()
		full := len(f.sessions) >= 2
		f.mu.Unlock()
		if full { // with a race: the token may be one over, and signet need not notice
			return 0, CKR(p11.CKR_SESSION_COUNT)
		}
		return open(slot, flags)
	}
	tok := f.open(t)
	s := signed(t, tok)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if err := signOnce(s); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := tok.Close(); err != nil || len(f.sessions) != 0 {
		t.Errorf("close: error %v, %d sessions are left", err, len(f.sessions))
	}
	f.OpenSession = func(uint, uint) (sessionHandle, error) { return 0, CKR(p11.CKR_SESSION_COUNT) }
	if _, err := f.try(t); !errors.Is(err, CKR(p11.CKR_SESSION_COUNT)) {
		t.Errorf("no session at all: error %v", err)
	}
}

// TestCancelled waits for a session that does not come, and ends with its context.
func TestCancelled(t *testing.T) {
	f := newFake()
	tok := f.open(t, func(o *Options) { o.Sessions = 1 })
	s := signed(t, tok)
	started, end := make(chan bool), make(chan bool)
	sign := f.SignData
	f.SignData = func(h sessionHandle, d []byte) ([]byte, error) {
		started <- true
		<-end
		return sign(h, d)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := signOnce(s); err != nil {
			t.Error(err)
		}
	})
	<-started
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := signOnce(s.WithContext(ctx)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	close(end)
	wg.Wait()
	if err := tok.Close(); err != nil {
		t.Error(err)
	}
	if err := signOnce(s); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: error %v", err)
	}
}
