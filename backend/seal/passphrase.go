package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// The work of deriving a key from a passphrase with scrypt (RFC 7914), as a power of two. What is
// written takes 256 MiB and most of a second, on purpose: that is what each guess costs. What is
// read is capped at four times that, because a file must not be able to take all memory.
const (
	workFactor    = 18
	maxWorkFactor = 20
)

var (
	// ErrProtected says that a stash file needs its passphrase.
	ErrProtected = errors.New("it is protected by a passphrase")
	// ErrPassphrase says that the passphrase of a stash file is another one.
	ErrPassphrase = errors.New("the passphrase is wrong")
)

// The beginnings of an age file, binary and armored.
const (
	binaryStart  = "age-encryption.org/"
	armoredStart = "-----BEGIN AGE"
)

// isSealed reports whether the content of a stash file is an age file.
func isSealed(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	return bytes.HasPrefix(text, []byte(binaryStart)) || bytes.HasPrefix(text, []byte(armoredStart))
}

// protect seals the text of a stash file with a passphrase. Armored, so that it can be printed
// and is the same text on every system.
func protect(text, passphrase []byte) ([]byte, error) {
	r, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(workFactor)
	var out bytes.Buffer
	lines := armor.NewWriter(&out)
	w, err := age.Encrypt(lines, r)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = errors.Join(w.Close(), lines.Close())
	}
	return out.Bytes(), err
}

// unprotect opens what protect sealed, or the age command with its flag -p. The caller clears the
// text.
func unprotect(file, passphrase []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, ErrProtected
	}
	id, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, err
	}
	id.SetMaxWorkFactor(maxWorkFactor)
	var in io.Reader = bytes.NewReader(file)
	if bytes.HasPrefix(bytes.TrimLeft(file, " \t\r\n"), []byte(armoredStart)) {
		in = armor.NewReader(in)
	}
	told := &watched{Identity: id}
	r, err := age.Decrypt(in, told)
	switch {
	case told.err != nil:
		return nil, told.err
	case err != nil:
		return nil, errors.New("it is damaged; put the copy back in its place")
	}
	text := make([]byte, 0, len(file)) // what is sealed is shorter
	for {
		n, err := r.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case err == io.EOF:
			return text, nil
		case err != nil || len(text) == cap(text):
			clear(text)
			return nil, errors.New("it is damaged; put the copy back in its place")
		}
	}
}

// watched keeps why an identity does not open a file, in words for the user: age has its own.
type watched struct {
	age.Identity
	err error
}

// Unwrap implements age.Identity.
func (w *watched) Unwrap(stanzas []*age.Stanza) (fileKey []byte, err error) {
	if len(stanzas) != 1 || stanzas[0].Type != "scrypt" || len(stanzas[0].Args) != 2 {
		w.err = errors.New("it is an age file, and not one that is sealed with a passphrase")
		return nil, w.err
	}
	// Looked at here too, for a message that says what to do.
	if work, err := strconv.Atoi(stanzas[0].Args[1]); err != nil || work > maxWorkFactor {
		w.err = fmt.Errorf("opening it takes scrypt work of 2^%s, and signet takes up to 2^%d; seal it anew with less", stanzas[0].Args[1], maxWorkFactor)
		return nil, w.err
	}
	if fileKey, err = w.Identity.Unwrap(stanzas); errors.Is(err, age.ErrIncorrectIdentity) {
		w.err = ErrPassphrase
	}
	return fileKey, err
}
