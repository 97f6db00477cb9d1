package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of an event in the trail. Whoever may run a function chooses some of its texts, and
// must not be able to fill the disk with one event.
const (
	// MaxText is the number of bytes of a text. What is longer is cut, and ends with Cut.
	MaxText = 1024
	// MaxChanges is how many changes are kept, and maxChangeBytes how large they are together.
	// Event.More counts those that are left out, which are the last.
	MaxChanges     = 256
	maxChangeBytes = 64 << 10
	// MaxBody is the largest body that Decode reads.
	MaxBody = 256 << 10
)

// Cut is the mark at the end of a text that was too long.
const Cut = "[cut]"

// ErrInvalid says that something is no event, no record or no checkpoint.
var ErrInvalid = errors.New("not valid")

// Encoded is an event in the form in which trails keep it. The zero value is none.
type Encoded struct {
	body  []byte
	index Index
}

// Body gives the body of the record, which nobody may change.
func (e Encoded) Body() []byte { return e.body }

// Index gives what stores list the event by.
func (e Encoded) Index() Index { return e.index }

// Encode gives the body of the record of an event: JSON with the fields in the order of Event,
// attributes by name and nothing in between. Texts that are too long are cut, changes that are
// too many are counted. The same event always has the same body, and what Decode gives has the
// body that it came from.
func Encode(e *Event) (Encoded, error) {
	if !isID(e.ID) {
		return Encoded{}, fmt.Errorf("event: the id %q is not made of 32 hexadecimal digits: %w", text(e.ID), ErrInvalid)
	}
	if y := e.Time.UTC().Year(); y < 1970 || y > 9999 {
		return Encoded{}, fmt.Errorf("event: the year %d is not between 1970 and 9999: %w", y, ErrInvalid)
	}
	kept := *e
	// A finer time than stores keep in their indexes would be another there.
	kept.Time = e.Time.UTC().Truncate(time.Microsecond)
	for _, field := range []*string{&kept.Issuer, &kept.Account, &kept.Host, &kept.Via, &kept.Function, &kept.Object,
		(*string)(&kept.Decision), &kept.Why, (*string)(&kept.Outcome), &kept.Message} {
		*field = text(*field)
	}
	kept.Changes, kept.More = nil, max(e.More, 0)
	var changes [][]byte
	size := 0
	for i, c := range e.Changes {
		encoded := appendChange(nil, Change{Kind: text(c.Kind), Name: text(c.Name), Before: attributes(c.Before), After: attributes(c.After)})
		if size += len(encoded); i == MaxChanges || size > maxChangeBytes {
			kept.More += len(e.Changes) - i
			break
		}
		changes = append(changes, encoded)
	}
	body := appendEvent(make([]byte, 0, 512+size), &kept, changes)
	return Encoded{body, IndexOf(&kept)}, nil
}

// Recode gives the form of an event that comes from its body, as from a store.
func Recode(body []byte) (Encoded, error) {
	e, err := Decode(body)
	if err != nil {
		return Encoded{}, err
	}
	return Encoded{body, IndexOf(e)}, nil
}

// Decode reads the body of a record. Fields that it does not know are ignored: a newer program
// may have written them.
func Decode(body []byte) (*Event, error) {
	if len(body) > MaxBody {
		return nil, fmt.Errorf("event: %d bytes are too many: %w", len(body), ErrInvalid)
	}
	var e Event
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, fmt.Errorf("event: its body cannot be read: %w", ErrInvalid)
	}
	if !isID(e.ID) {
		return nil, fmt.Errorf("event: it has no id: %w", ErrInvalid)
	}
	e.Time = e.Time.UTC()
	return &e, nil
}

func isID(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == ""
}

// text makes a text fit for a record: valid UTF-8, not too long, without NUL, which some stores
// cannot keep, and without the control characters that JSON has no need to escape, of which some
// readers take one for the end of a line.
func text(s string) string {
	if plain(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if r == 0 || unescaped(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return cut(s, MaxText)
}

// plain reports whether a text is fit as it is: printable ASCII that is not too long.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= MaxText
}

// unescaped reports whether a character is a control character that JSON does not escape.
func unescaped(r rune) bool { return 0x7f <= r && r <= 0x9f }

// cut shortens a text to so many bytes, at the beginning of a character.
func cut(s string, size int) string {
	if len(s) <= size {
		return s
	}
	end := size - len(Cut)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + Cut
}

// attributes makes the texts of a map fit. Of two names that are alike once they are cut the
// last counts.
func attributes(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	if allPlain(m) {
		return m
	}
	fit := make(map[string]string, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		fit[text(name)] = text(m[name])
	}
	return fit
}

func allPlain(m map[string]string) bool {
	for name, value := range m {
		if !plain(name) || !plain(value) {
			return false
		}
	}
	return true
}

// Index is what stores list an event by.
type Index struct {
	ID       string
	Time     int64 // microseconds since 1970
	Issuer   string
	Function string
	Bad      bool // it was refused, or it failed
}

// IndexOf gives the index of an event as Encode keeps it and Decode gives it.
func IndexOf(e *Event) Index {
	return Index{ID: e.ID, Time: e.Time.UnixMicro(), Issuer: e.Issuer, Function: e.Function,
		Bad: e.Outcome == NotDone || e.Outcome == Failed || e.Decision == Refused}
}
