package pkcs11

import (
	"errors"
	"strings"
	"testing"

	p11 "github.com/miekg/pkcs11"
)

// A token is initialised only if it is not, and an error says how far it went.
func TestInitToken(t *testing.T) {
	full := NewToken{Label: "NEW", SOPIN: []byte("87654321"), PIN: []byte("246813")}
	for _, test := range []struct {
		name   string
		change func(*fake, *NewToken)
		kind   error
		says   string
		calls  string // what reached the token
	}{
		{"works", func(*fake, *NewToken) {}, nil, "", "init NEW, login, pin"},
		{"initialised", func(f *fake, _ *NewToken) { f.facts.flags |= p11.CKF_TOKEN_INITIALIZED }, ErrNoToken, "no uninitialised token", ""},
		{"label taken", func(f *fake, _ *NewToken) {
			f.facts.label, f.facts.flags = "NEW", p11.CKF_TOKEN_INITIALIZED
		}, ErrExists, "with this label", ""},
		{"no label", func(_ *fake, n *NewToken) { n.Label = "" }, ErrUnsupported, "1 to 32 bytes", ""},
		{"long label", func(_ *fake, n *NewToken) { n.Label = strings.Repeat("x", 33) }, ErrUnsupported, "1 to 32 bytes", ""},
		{"no PIN", func(_ *fake, n *NewToken) { n.PIN = nil }, ErrPINNeeded, "PIN", ""},
		{"short PIN", func(f *fake, _ *NewToken) { f.facts.minPIN, f.facts.maxPIN = 8, 12 }, ErrPIN, "8 to 12", ""},
		{"wrong PIN of the officer", func(f *fake, _ *NewToken) {
			f.InitToken = func(uint, []byte, string) error { return CKR(p11.CKR_PIN_INCORRECT) }
		}, ErrPIN, "CKR_PIN_INCORRECT", ""},
		{"half-way", func(f *fake, _ *NewToken) {
			f.InitPIN = func(sessionHandle, []byte) error { return CKR(p11.CKR_DEVICE_ERROR) }
		}, ErrDevice, "none for the user", "init NEW, login"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, n := newFake(), full
			f.facts.label, f.facts.flags = "", 0
			var calls []string
			f.InitToken = func(_ uint, pin []byte, label string) error {
				calls = append(calls, "init "+label)
				f.facts.label, f.facts.flags = label, p11.CKF_TOKEN_INITIALIZED
				if string(pin) != "87654321" {
					t.Errorf("the officer's PIN is %q", pin)
				}
				return nil
			}
			f.Login = func(_ sessionHandle, user uint, _ []byte) error {
				calls = append(calls, "login")
				if user != p11.CKU_SO {
					t.Errorf("user %d logs in", user)
				}
				return nil
			}
			f.InitPIN = func(_ sessionHandle, pin []byte) error {
				calls = append(calls, "pin")
				if string(pin) != "246813" {
					t.Errorf("the user's PIN is %q", pin)
				}
				return nil
			}
			test.change(f, &n)
			info, err := (&Module{path: "fake", calls: f}).InitToken(n)
			if !errors.Is(err, test.kind) || err != nil && !strings.Contains(err.Error(), test.says) || err == nil && info.Label != "NEW" {
				t.Errorf("%+v, error %v", info, err)
			}
			if got := strings.Join(calls, ", "); got != test.calls {
				t.Errorf("calls %q, want %q", got, test.calls)
			}
			if len(f.sessions) > 0 {
				t.Error("a session is left open")
			}
		})
	}
}
