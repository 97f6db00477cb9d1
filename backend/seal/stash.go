package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"filippo.io/age"

	"signet/internal/atomicfile"
)

// stashText is a stash file in the form that the age command reads too.
const stashText = `# signet stash file: the operator identity that opens the private keys of a signet database.
# Keep it secret and keep a copy: without it the private keys are lost.
`

// StashFile gives the content of a stash file that holds an identity, protected by a passphrase
// unless that is empty. Either form is one that the age command reads.
func StashFile(id *Identity, passphrase []byte) ([]byte, error) {
	text := []byte(stashText)
	for n, x := range id.x {
		if n > 0 {
			text = append(text, "# former identity, until the reseal is finished\n"...)
		}
		text = fmt.Appendf(text, "# public key: %s\n%s\n", x.Recipient(), x)
	}
	if len(passphrase) == 0 {
		return text, nil
	}
	defer clear(text)
	return protect(text, passphrase)
}

// CreateStash makes a new operator identity and its stash file, which only its owner can read,
// protected by a passphrase unless that is empty. A file that is there already is fs.ErrExist.
func CreateStash(path string, passphrase []byte) (*Identity, error) {
	id, err := NewIdentity()
	if err != nil {
		return nil, err
	}
	text, err := StashFile(id, passphrase)
	if err != nil {
		return nil, fmt.Errorf("stash file %q: %w", path, err)
	}
	defer clear(text)
	if err := atomicfile.Create(path, text, 0o600); err != nil {
		return nil, fmt.Errorf("stash %w", err)
	}
	return id, nil
}

// Passphrase asks for the passphrase of a stash file. What it gives is cleared after use.
type Passphrase func(path string) ([]byte, error)

// LoadStash reads a stash file. It refuses one that anybody but the owner can read or write. For
// one that a passphrase protects it asks; with nobody to ask, such a file is ErrProtected.
func LoadStash(path string, ask Passphrase) (*Identity, error) {
	s, err := ReadStash(path)
	if err != nil {
		return nil, err
	}
	defer s.Clear()
	if !s.Protected() {
		return s.Open(nil)
	}
	if ask == nil {
		return nil, fmt.Errorf("stash file %q: %w", path, ErrProtected)
	}
	passphrase, err := ask(path)
	if err != nil {
		return nil, err
	}
	defer clear(passphrase)
	return s.Open(passphrase)
}

// EnsureStash loads a stash file, or creates one when there is none, protected by a passphrase
// unless that is empty. Of several processes that do it at once, one creates and all get the same
// identity.
func EnsureStash(path string, passphrase []byte, ask Passphrase) (*Identity, error) {
	id, err := LoadStash(path, ask)
	if !errors.Is(err, fs.ErrNotExist) {
		return id, err
	}
	id, err = CreateStash(path, passphrase)
	if errors.Is(err, fs.ErrExist) {
		return LoadStash(path, ask)
	}
	return id, err
}

// Stash is what a stash file holds, which is not opened yet.
type Stash struct {
	path string
	text []byte
}

// maxStash stops a wrong path, such as a disk image, from being read into memory.
const maxStash = 64 << 10

// ReadStash reads a stash file without opening it. It refuses one that anybody but the owner can
// read or write, whether a passphrase protects it or not.
func ReadStash(path string) (*Stash, error) {
	// Looked at before it is opened: to open a pipe would wait for its other end.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("stash file %q: not a regular file", path)
	}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("stash file %q: %w: without it no private key can be opened; put the copy back in its place", path, fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("stash file %q: %w", path, reason(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("stash file %q: %w", path, reason(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("stash file %q: not a regular file", path)
	}
	// Windows has no such modes and reports 0666 for every file.
	if perm := info.Mode().Perm(); perm&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("stash file %q: mode %04o lets others than its owner use it; if nobody did, run: chmod 600 %s", path, perm, shellQuote(path))
	}
	text := make([]byte, 0, maxStash+1) // of its full size, so that no copy of a part is left behind
	for len(text) < cap(text) {
		n, err := f.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if err == io.EOF {
			return &Stash{path, text}, nil
		}
		if err != nil {
			clear(text)
			return nil, fmt.Errorf("stash file %q: %w", path, reason(err))
		}
	}
	clear(text)
	return nil, fmt.Errorf("stash file %q: longer than %d bytes", path, maxStash)
}

// Protected reports whether a passphrase protects the stash file.
func (s *Stash) Protected() bool { return isSealed(s.text) }

// Is reports whether the stash file has this content.
func (s *Stash) Is(content []byte) bool { return bytes.Equal(s.text, content) }

// Content gives the bytes of the stash file, which Clear overwrites.
func (s *Stash) Content() []byte { return s.text }

// Clear overwrites what was read.
func (s *Stash) Clear() { clear(s.text) }

// Open gives the identity in the stash file. The passphrase is for one that is protected; one
// that is wrong is ErrPassphrase.
func (s *Stash) Open(passphrase []byte) (*Identity, error) {
	text := s.text
	if s.Protected() {
		opened, err := unprotect(s.text, passphrase)
		if err != nil {
			return nil, fmt.Errorf("stash file %q: %w", s.path, err)
		}
		defer clear(opened)
		text = opened
	}
	return parseStash(s.path, text)
}

// maxIdentities is how many identities a stash file may hold: the operator's, and the former one.
const maxIdentities = 2

// parseStash reads the text of a stash file. It repeats nothing of it in an error.
func parseStash(path string, text []byte) (*Identity, error) {
	ids, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("stash file %q: it does not hold an operator identity: a line that begins with AGE-SECRET-KEY-1", path)
	}
	if len(ids) > maxIdentities {
		return nil, fmt.Errorf("stash file %q: it holds %d identities where one is meant", path, len(ids))
	}
	all := new(Identity)
	for _, id := range ids {
		x, ok := id.(*age.X25519Identity)
		if !ok {
			return nil, fmt.Errorf("stash file %q: its identity is not of the X25519 kind", path)
		}
		all.x = append(all.x, x)
	}
	if former := all.PublicKeys(); len(former) > 1 && strings.EqualFold(former[0], former[1]) {
		return nil, fmt.Errorf("stash file %q: it holds one identity twice", path)
	}
	return all, nil
}

// reason takes the operation and the path away, which the messages here give themselves.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
