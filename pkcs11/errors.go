package pkcs11

import (
	"errors"
	"fmt"
)

// The classes of what goes wrong. Every error of a token call is an *Error with one of them.
var (
	ErrNoCGO       = errors.New("tokens need the build with cgo")
	ErrNoModule    = errors.New("no usable PKCS #11 module")
	ErrNoToken     = errors.New("no such token")
	ErrPIN         = errors.New("the PIN is wrong")
	ErrPINLocked   = errors.New("the PIN is locked")
	ErrPINNeeded   = errors.New("a PIN is needed")
	ErrTokenFull   = errors.New("the token is full")
	ErrRemoved     = errors.New("the token was removed")
	ErrDevice      = errors.New("the token failed")
	ErrNotFound    = errors.New("not found in the token")
	ErrExists      = errors.New("already in the token")
	ErrAmbiguous   = errors.New("more than one matches")
	ErrUnsupported = errors.New("the token cannot do this")
	ErrReadOnly    = errors.New("the token does not allow this change")
	ErrClosed      = errors.New("the token is closed")
)

// Error is what went wrong in a token: with what, doing what, and how to mend it.
type Error struct {
	Object string // what it concerns, such as `token "WEB"`
	Op     string // what was being done, such as "sign"
	Code   CKR    // what the module answered; zero if it was not asked
	Kind   error  // one of the classes above, or nil
	Cause  string // in words
	Fix    string // what to do about it; may be empty
}

// Error gives one line: the object, the operation, the code by name, the cause and the fix.
func (e *Error) Error() string {
	s := e.Object
	if e.Op != "" {
		s += ": " + e.Op
	}
	if e.Code != 0 {
		s += fmt.Sprintf(": %s (0x%X)", e.Code, uint(e.Code))
	}
	cause := e.Cause
	if cause == "" && e.Kind != nil {
		cause = e.Kind.Error()
	}
	if cause != "" {
		s += ": " + cause
	}
	if e.Fix != "" {
		s += "; " + e.Fix
	}
	return s
}

// Unwrap gives the class and the code.
func (e *Error) Unwrap() []error {
	var all []error
	if e.Kind != nil {
		all = append(all, e.Kind)
	}
	if e.Code != 0 {
		all = append(all, e.Code)
	}
	return all
}

// fault makes the error of a call that the module refused.
func fault(object, op string, err error) error {
	var done *Error
	var code CKR
	if errors.As(err, &done) || !errors.As(err, &code) {
		return err
	}
	e := &Error{Object: object, Op: op, Code: code}
	if m, ok := meanings[code]; ok {
		e.Kind, e.Cause, e.Fix = m.kind, m.cause, m.fix
	}
	return e
}

// codeOf gives the module's answer in an error, or zero.
func codeOf(err error) CKR {
	var code CKR
	errors.As(err, &code)
	return code
}
