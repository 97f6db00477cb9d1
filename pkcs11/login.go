package pkcs11

import (
	"context"
	"crypto/subtle"
	"fmt"

	p11 "github.com/miekg/pkcs11"
)

// Attempt is what a PIN is wanted for.
type Attempt struct {
	Token  TokenInfo // PINCountLow and PINFinalTry say how much is at stake
	Number int       // 1 and up, of this Token
	Most   int       // how many wrong ones are taken
	Again  bool      // the login was lost, or the key wants the PIN for each signature
	Key    string    // the label of that key
}

// logIn sees that the user is logged in, if the token wants that and there is a PIN. A login
// belongs to the process, not to the session (PKCS #11 v2.40 section 5.6), so that one goroutine
// does it and the others find it done.
func (t *Token) logIn(ctx context.Context, s session) error {
	if t.options.PIN == nil || !t.Info().LoginRequired {
		return nil
	}
	if !t.takeTurn(ctx) {
		return fmt.Errorf("%s: log in: %w", t.Name(), ctx.Err())
	}
	defer t.passTurn()
	if err := t.stillIn(&s); codeOf(err) != p11.CKR_USER_NOT_LOGGED_IN {
		return err
	}
	return t.present(ctx, s, p11.CKU_USER, Attempt{Again: s.age > 0})
}

// stillIn gives CKR_USER_NOT_LOGGED_IN if the user should be logged in and is not. A list needs
// to know: without the user, a token leaves private objects out and says nothing.
func (t *Token) stillIn(s *session) error {
	if t.options.PIN == nil || !t.Info().LoginRequired {
		return nil
	}
	facts, err := t.module.calls.getSessionInfo(s.handle)
	if err != nil {
		return err
	}
	if facts.state == p11.CKS_RO_USER_FUNCTIONS || facts.state == p11.CKS_RW_USER_FUNCTIONS {
		return nil
	}
	return CKR(p11.CKR_USER_NOT_LOGGED_IN)
}

// present gives PINs to the token until one is right. It stops at the first that must not be
// tried: the last one without a confirmation, and one that was wrong before.
func (t *Token) present(ctx context.Context, s session, user uint, a Attempt) error {
	var before []byte
	defer func() { clear(before) }()
	for {
		info, err := t.refresh()
		if err != nil {
			return err
		}
		if err := t.mayTry(ctx, info); err != nil {
			return err
		}
		if info.Keypad {
			return t.tried(t.module.calls.login(s.handle, user, nil))
		}
		a.Token, a.Number, a.Most = info, t.wrongPINs()+1, t.options.Attempts
		pin, err := t.options.PIN(ctx, a)
		if err != nil {
			return fmt.Errorf("%s: PIN: %w", info.name(), err)
		}
		if err := fits(info, pin); err != nil {
			clear(pin)
			return err
		}
		if before != nil && subtle.ConstantTimeCompare(before, pin) == 1 {
			clear(pin)
			return t.wrongPIN("the same PIN was wrong a moment ago, and is not sent again")
		}
		err = t.tried(t.module.calls.login(s.handle, user, pin))
		clear(before)
		if err == nil {
			clear(pin)
			return nil
		}
		before = pin
		if codeOf(err) != p11.CKR_PIN_INCORRECT {
			return err
		}
	}
}

// fits refuses a PIN that cannot be right: sent, it would cost an attempt.
func fits(i TokenInfo, pin []byte) error {
	e := &Error{Object: i.name(), Op: "log in", Kind: ErrPIN}
	switch {
	case len(pin) == 0:
		e.Kind, e.Cause, e.Fix = ErrPINNeeded, "no PIN was given", "give it with --pin-file or at the prompt"
	case len(pin) < i.MinPIN || i.MaxPIN > 0 && len(pin) > i.MaxPIN:
		e.Cause = fmt.Sprintf("the PIN was not sent, because the token takes %d to %d characters", i.MinPIN, i.MaxPIN)
		e.Fix = "look for a line break or blanks at its end"
	default:
		return nil
	}
	return e
}

// tried looks at the answer to a login, and counts a wrong PIN.
func (t *Token) tried(err error) error {
	switch codeOf(err) {
	case p11.CKR_USER_ALREADY_LOGGED_IN:
		return nil
	case p11.CKR_PIN_INCORRECT, p11.CKR_PIN_INVALID, p11.CKR_PIN_LEN_RANGE:
		t.mu.Lock()
		t.wrong++
		t.mu.Unlock()
		return fault(t.Name(), "log in", err)
	}
	if err != nil {
		return fault(t.Name(), "log in", err)
	}
	t.mu.Lock()
	t.wrong = 0
	t.mu.Unlock()
	return nil
}

func (t *Token) wrongPINs() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.wrong
}

// mayTry says why no PIN is sent.
func (t *Token) mayTry(ctx context.Context, info TokenInfo) error {
	switch {
	case info.PINLocked:
		return &Error{Object: info.name(), Op: "log in", Kind: ErrPINLocked, Cause: "too many wrong PINs were given", Fix: fixLocked}
	case !info.UserPINSet && !info.Keypad:
		return &Error{Object: info.name(), Op: "log in", Kind: ErrPINLocked, Cause: "the token has no user PIN yet", Fix: fixLocked}
	case t.wrongPINs() >= t.options.Attempts:
		return t.wrongPIN("no more are tried")
	case !info.PINFinalTry:
		return nil
	}
	if t.options.ConfirmLast != nil {
		yes, err := t.options.ConfirmLast(ctx, info)
		if err != nil {
			return fmt.Errorf("%s: confirm the last attempt: %w", info.name(), err)
		}
		if yes {
			return nil
		}
	}
	return &Error{Object: info.name(), Op: "log in", Kind: ErrPIN, Cause: "one more wrong PIN locks the token, so none is sent",
		Fix: "make sure of the PIN, and confirm that the last attempt may be spent"}
}

// wrongPIN is the error after wrong PINs; it says how near the token is to being locked.
func (t *Token) wrongPIN(why string) error {
	info, wrong := t.Info(), t.wrongPINs()
	e := &Error{Object: info.name(), Op: "log in", Code: p11.CKR_PIN_INCORRECT, Kind: ErrPIN,
		Cause: fmt.Sprintf("wrong PINs so far: %d; %s", wrong, why)}
	switch {
	case info.PINLocked:
		e.Kind, e.Fix = ErrPINLocked, fixLocked
	case info.PINFinalTry:
		e.Fix = "one more wrong PIN locks the token"
	case info.PINCountLow:
		e.Fix = "the token says that few attempts are left"
	}
	return e
}
