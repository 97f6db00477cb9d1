package pkcs11

import (
	"fmt"

	p11 "github.com/miekg/pkcs11"
)

// maxTokenLabel is the longest label of a token, in bytes: a fixed field of CK_TOKEN_INFO.
const maxTokenLabel = 32

// NewToken says how a token is made ready for use.
type NewToken struct {
	Label string
	SOPIN []byte // the PIN of the security officer; what is new decides it
	PIN   []byte // the first PIN of the user
}

// InitToken makes the first uninitialised token of the module ready for use: its label, the PIN of
// its security officer, and that of its user. It touches no token that is initialised, because
// that would lose everything in it. The PINs are left to the caller to clear.
func (m *Module) InitToken(n NewToken) (TokenInfo, error) {
	name := fmt.Sprintf("token %q", clip(n.Label))
	fail := func(e *Error) (TokenInfo, error) {
		e.Object, e.Op = name, "initialise"
		return TokenInfo{}, e
	}
	switch {
	case n.Label == "" || len(n.Label) > maxTokenLabel:
		return fail(&Error{Kind: ErrUnsupported, Cause: fmt.Sprintf("a label has 1 to %d bytes", maxTokenLabel)})
	case len(n.SOPIN) == 0 || len(n.PIN) == 0:
		return fail(&Error{Kind: ErrPINNeeded, Cause: "it takes the PIN of the security officer and that of the user"})
	}
	all, err := m.Slots()
	if err != nil {
		return TokenInfo{}, err
	}
	var free *TokenInfo
	for _, i := range all {
		switch {
		case i.Initialized && i.Label == n.Label:
			return fail(&Error{Kind: ErrExists, Cause: "the module has a token with this label"})
		case !i.Initialized && !i.WriteProtected && !i.Keypad && free == nil:
			free = &i
		}
	}
	if free == nil {
		return fail(&Error{Kind: ErrNoToken, Cause: "the module has no uninitialised token", Fix: "make one ready with the program of its maker"})
	}
	if n := len(n.PIN); n < free.MinPIN || free.MaxPIN > 0 && n > free.MaxPIN {
		return fail(&Error{Kind: ErrPIN, Cause: fmt.Sprintf("the token takes PINs of %d to %d characters", free.MinPIN, free.MaxPIN)})
	}
	if err := m.calls.initToken(free.Slot, n.SOPIN, n.Label); err != nil {
		return TokenInfo{}, fault(name, "initialise", err)
	}
	if err := m.setFirstPIN(free.Slot, n); err != nil {
		return TokenInfo{}, fmt.Errorf("%w (the token has its label and the PIN of its security officer, and none for the user: set that with the program of its maker)",
			fault(name, "set the PIN of the user", err))
	}
	return m.find(URI{Token: n.Label})
}

// setFirstPIN has the security officer set the PIN of the user.
func (m *Module) setFirstPIN(slot uint, n NewToken) error {
	s, err := m.calls.openSession(slot, p11.CKF_SERIAL_SESSION|p11.CKF_RW_SESSION)
	if err != nil {
		return err
	}
	defer m.calls.closeSession(s) // the only session: the login goes with it
	if err := m.calls.login(s, p11.CKU_SO, n.SOPIN); err != nil {
		return err
	}
	return m.calls.initPIN(s, n.PIN)
}
