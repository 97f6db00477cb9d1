package export

import (
	"errors"
	"iter"

	"signet/export/keystore"
)

// wellKnownPasswords are those that keystores have because nobody chose another: what the JDK,
// Apple's old JDK and examples everywhere use.
var wellKnownPasswords = []string{"changeit", "changeme", "password", ""}

// candidate is a password to try.
type candidate struct {
	password  []byte
	wellKnown bool
}

// candidates gives the passwords to try: those that were given, then the well-known ones.
func (in *inspector) candidates() iter.Seq[candidate] {
	return func(yield func(candidate) bool) {
		for _, p := range in.Passwords {
			if !yield(candidate{p, isWellKnown(p)}) {
				return
			}
		}
		for _, p := range wellKnownPasswords {
			if !yield(candidate{[]byte(p), true}) {
				return
			}
		}
	}
}

func isWellKnown(password []byte) bool {
	for _, p := range wellKnownPasswords {
		if string(password) == p {
			return true
		}
	}
	return false
}

// unlocked notes which password opened the file.
func (in *inspector) unlocked(p candidate) {
	in.Lock = LockGiven
	if p.wellKnown {
		in.Lock, in.WellKnown = LockWellKnown, string(p.password)
	}
}

// isPassword reports whether another password could mend an error.
func isPassword(err error) bool {
	return errors.Is(err, keystore.ErrPassword) || errors.Is(err, ErrPassword)
}
