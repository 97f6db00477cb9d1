package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// Wrap wraps the data key to the recipients: each of them alone can unwrap it.
func (k *DataKey) Wrap(recipients ...age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, recipients...)
	if err != nil {
		return nil, fmt.Errorf("data key: %w", err)
	}
	if _, err := w.Write(k.key[:]); err != nil {
		return nil, fmt.Errorf("data key: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("data key: %w", err)
	}
	return out.Bytes(), nil
}

// ErrIdentity says that none of the identities is among those the data key was wrapped to.
var ErrIdentity = errors.New("the data key was wrapped to another operator identity")

// UnwrapDataKey gives back the wrapped data key of a generation, or ErrIdentity.
func UnwrapDataKey(generation uint32, wrapped []byte, identities ...age.Identity) (*DataKey, error) {
	r, err := age.Decrypt(bytes.NewReader(wrapped), identities...)
	var noMatch *age.NoIdentityMatchError
	switch {
	case errors.As(err, &noMatch):
		return nil, ErrIdentity
	case err != nil:
		return nil, fmt.Errorf("wrapped data key is damaged: %w", err)
	}
	key := emptyDataKey(generation)
	if _, err := io.ReadFull(r, key.key[:]); err != nil {
		key.Clear()
		return nil, fmt.Errorf("wrapped data key is damaged: %w", err)
	}
	// age authenticates the end of the data: a read past it must find nothing and no error.
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		key.Clear()
		return nil, errors.New("wrapped data key is damaged: it is longer than a data key")
	}
	return key, nil
}
