package ring

import (
	"errors"
	"fmt"
)

// The classes of failure that callers act on. Every error of a Manager is one of them, or a
// failure of the store itself.
var (
	ErrNotFound    = errors.New("not found")
	ErrExists      = errors.New("already exists")
	ErrInvalid     = errors.New("not valid")
	ErrRefused     = errors.New("refused")
	ErrUnsupported = errors.New("not supported here")
	ErrHardware    = errors.New("a token failed")
	ErrDenied      = errors.New("not authorised")
)

// Code is a return code, as every RACF command has one (racdcert-certificates.md 1.6).
type Code int

// The return codes.
const (
	Done    Code = 0  // done
	Warning Code = 4  // done with a warning, or nothing found
	Refused Code = 8  // refused or not done
	Failed  Code = 12 // the system failed
)

// Message is one thing to tell the user, from the catalogue.
type Message struct {
	ID   string // RACF's id where the reference gives one, else one of signet's own (SGN...)
	Code Code
	Text string // one line: what, about which object
	Hint string // what to do about it; may be empty
}

// String gives the id and the text.
func (m Message) String() string { return m.ID + " " + m.Text }

// Error is a message that stops a function. It is one of the classes above.
type Error struct {
	Message
	class error
}

func (e *Error) Error() string { return e.Message.String() }

// Unwrap gives the class.
func (e *Error) Unwrap() error { return e.class }

// newError makes the error of a catalogue entry.
func newError(id messageID, args ...any) error {
	e := catalogue[id]
	return &Error{newMessage(id, args...), e.class}
}

// newMessage makes the message of a catalogue entry.
func newMessage(id messageID, args ...any) Message {
	e := catalogue[id]
	return Message{ID: e.id, Code: e.code, Text: fmt.Sprintf(e.format, args...), Hint: e.hint}
}

// CodeOf gives the return code of an error: its message's, 8 for a known class, 12 for
// anything that the rules did not foresee, which is a failure of the system.
func CodeOf(err error) Code {
	var e *Error
	switch {
	case err == nil:
		return Done
	case errors.As(err, &e):
		return e.Code
	}
	for _, class := range []error{ErrNotFound, ErrExists, ErrInvalid, ErrRefused, ErrUnsupported, ErrDenied} {
		if errors.Is(err, class) {
			return Refused
		}
	}
	return Failed
}
