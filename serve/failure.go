package serve

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"signet/ring"
)

// failure is an error on its way.
type failure struct {
	ID        string
	Code      ring.Code
	Text      string
	Hint      string
	Class     string // of package ring; empty for none
	Reference string // of what the log of the server has, when the peer may not know more
	Retry     bool   // a limit was met: nothing was done, and later it may go
	Status    int    // of HTTP; zero for that of its code
}

// classes are the words for the classes of failure that callers act on.
var classes = map[string]error{
	"notfound":    ring.ErrNotFound,
	"exists":      ring.ErrExists,
	"invalid":     ring.ErrInvalid,
	"refused":     ring.ErrRefused,
	"unsupported": ring.ErrUnsupported,
	"hardware":    ring.ErrHardware,
	"denied":      ring.ErrDenied,
}

// classOf gives the word for the class of an error; empty for none.
func classOf(err error) string {
	for _, word := range slices.Sorted(maps.Keys(classes)) { // of several the same each time
		if errors.Is(err, classes[word]) {
			return word
		}
	}
	return ""
}

// failed gives a failure of the server's own.
func failed(code ring.Code, class, format string, args ...any) *failure {
	return &failure{Code: code, Class: class, Text: fmt.Sprintf(format, args...)}
}

// tell gives what the peer may know of an error. What the rules say is meant for the user. Of
// anything else, the text may name paths, statements or addresses: the log gets it, and the peer
// a reference to it.
func tell(err error, reference func(error) string) *failure {
	var known *ring.Error
	var own *failure
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &known):
		return &failure{ID: known.ID, Code: known.Code, Text: known.Text, Hint: known.Hint, Class: classOf(known)}
	}
	f := &failure{Code: ring.CodeOf(err), Class: classOf(err), Reference: reference(err)}
	f.Text = "the server failed"
	if f.Class != "" {
		f.Text = "the server: " + classes[f.Class].Error()
	}
	return f
}

// Error gives the text with what belongs to it.
func (f *failure) Error() string {
	text := f.Text
	if f.ID != "" {
		text = f.ID + " " + text
	}
	if f.Reference != "" {
		text += "; its log says more under reference " + f.Reference
	}
	return text
}

// Unwrap gives the class.
func (f *failure) Unwrap() error { return classes[f.Class] }

// error gives the error that a peer sent, as the one that it was.
func (f *failure) error() error {
	if f.ID == "" {
		return f
	}
	return ring.Received(ring.Message{ID: f.ID, Code: f.Code, Text: f.Text, Hint: f.Hint}, classes[f.Class])
}
