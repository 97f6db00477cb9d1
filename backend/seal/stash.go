package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"

	"filippo.io/age"

	"signet/internal/atomicfile"
)

// Identity is the operator identity, which unwraps the data key of a database. It is an
// age.Identity.
type Identity struct {
	x *age.X25519Identity
}

// NewIdentity makes a random operator identity.
func NewIdentity() (*Identity, error) {
	x, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	return &Identity{x}, nil
}

// Format prints a fixed word for every verb, so that no message can show the secret key.
func (Identity) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[operator identity]") }

// Recipient gives the public half, to wrap a data key to.
func (i *Identity) Recipient() age.Recipient { return i.x.Recipient() }

// Unwrap implements age.Identity.
func (i *Identity) Unwrap(stanzas []*age.Stanza) ([]byte, error) { return i.x.Unwrap(stanzas) }

// stashText is a stash file in the form that the age command reads too.
const stashText = `# signet stash file: the operator identity that opens the private keys of a signet database.
# Keep it secret and keep a copy: without it the private keys are lost.
# public key: %s
%s
`

// CreateStash makes a new operator identity and its stash file, which only its owner can read.
// A file that is there already is fs.ErrExist.
func CreateStash(path string) (*Identity, error) {
	id, err := NewIdentity()
	if err != nil {
		return nil, err
	}
	text := fmt.Appendf(nil, stashText, id.x.Recipient(), id.x)
	defer clear(text)
	if err := atomicfile.Create(path, text, 0o600); err != nil {
		return nil, fmt.Errorf("stash %w", err)
	}
	return id, nil
}

// maxStash stops a wrong path, such as a disk image, from being read into memory.
const maxStash = 64 << 10

// LoadStash reads a stash file. It refuses one that anybody but the owner can read or write.
func LoadStash(path string) (*Identity, error) {
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
	text, err := io.ReadAll(io.LimitReader(f, maxStash+1))
	if err != nil {
		return nil, fmt.Errorf("stash file %q: %w", path, reason(err))
	}
	defer clear(text)
	if len(text) > maxStash {
		return nil, fmt.Errorf("stash file %q: longer than %d bytes", path, maxStash)
	}
	return parseStash(path, text)
}

// parseStash reads the text of a stash file. It repeats nothing of it in an error.
func parseStash(path string, text []byte) (*Identity, error) {
	ids, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("stash file %q: it does not hold an operator identity: a line that begins with AGE-SECRET-KEY-1", path)
	}
	if len(ids) != 1 {
		return nil, fmt.Errorf("stash file %q: it holds %d identities where one is meant", path, len(ids))
	}
	x, ok := ids[0].(*age.X25519Identity)
	if !ok {
		return nil, fmt.Errorf("stash file %q: its identity is not of the X25519 kind", path)
	}
	return &Identity{x}, nil
}

// EnsureStash loads a stash file, or creates it when there is none. Of several processes that
// do it at once, one creates and all get the same identity.
func EnsureStash(path string) (*Identity, error) {
	id, err := LoadStash(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return id, err
	}
	id, err = CreateStash(path)
	if errors.Is(err, fs.ErrExist) {
		return LoadStash(path)
	}
	return id, err
}

// reason takes the operation and the path away, which the messages here give themselves.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
