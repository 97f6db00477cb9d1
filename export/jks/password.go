package jks

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"signet/export/keystore"
)

// ErrPassword is the class of errors that another password can mend.
var ErrPassword = keystore.ErrPassword

// secret is a password: of a file and all keys opened with it, or of one key.
type secret struct{ utf8 []byte }

// newSecret takes a copy of a password; nil, for none, stays nil.
func newSecret(password []byte) (*secret, error) {
	switch {
	case password == nil:
		return nil, nil
	case !utf8.Valid(password):
		return nil, fmt.Errorf("the %w has bytes that are not UTF-8 text", ErrPassword)
	}
	return &secret{append([]byte{}, password...)}, nil
}

// utf16 gives the password as Java's char array, big-endian: what SHA-1 takes. The caller clears
// it.
func (s *secret) utf16() []byte {
	out := make([]byte, 0, 2*len(s.utf8)) // room for all, so that no copy stays behind
	for rest := s.utf8; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		rest = rest[n:]
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			out = binary.BigEndian.AppendUint16(out, uint16(high))
			r = low
		}
		out = binary.BigEndian.AppendUint16(out, uint16(r))
	}
	return out
}

// printable reports whether the password has nothing but printable ASCII characters. Java 17
// takes no other for a key of JCEKS; Java 25 does, as UTF-8.
func (s *secret) printable() bool {
	for _, b := range s.utf8 {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return true
}
