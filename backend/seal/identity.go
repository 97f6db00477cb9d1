package seal

import (
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"
)

// Identity is what a stash file holds: the operator identity, which unwraps the data keys of a
// database. While a reseal changes it, the former one comes after it. It is an age.Identity.
type Identity struct {
	x []*age.X25519Identity // at least one
}

// NewIdentity makes a random operator identity.
func NewIdentity() (*Identity, error) {
	x, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	return &Identity{[]*age.X25519Identity{x}}, nil
}

// Format prints a fixed word for every verb, so that no message can show the secret key.
func (Identity) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[operator identity]") }

// Recipient gives the public half, to wrap a data key to.
func (i *Identity) Recipient() *age.X25519Recipient { return i.x[0].Recipient() }

// PublicKeys gives the public halves of all identities, the operator's first, as text.
func (i *Identity) PublicKeys() []string {
	var all []string
	for _, x := range i.x {
		all = append(all, x.Recipient().String())
	}
	return all
}

// Before gives an identity with former ones after it.
func (i *Identity) Before(former *Identity) *Identity {
	return &Identity{slices.Concat(i.x, former.x)}
}

// Only gives the identity that has this public key alone, nil when it is not there.
func (i *Identity) Only(publicKey string) *Identity {
	for _, x := range i.x {
		if x.Recipient().String() == publicKey {
			return &Identity{[]*age.X25519Identity{x}}
		}
	}
	return nil
}

// Unwrap implements age.Identity.
func (i *Identity) Unwrap(stanzas []*age.Stanza) (fileKey []byte, err error) {
	for _, x := range i.x {
		if fileKey, err = x.Unwrap(stanzas); !errors.Is(err, age.ErrIncorrectIdentity) {
			break
		}
	}
	return fileKey, err
}

// ParseRecipient reads a public key that data keys can be wrapped to: age1 and more. Its error does
// not repeat the text, which may be a secret key by mistake.
func ParseRecipient(text string) (*age.X25519Recipient, error) {
	r, err := age.ParseX25519Recipient(text)
	if err != nil {
		return nil, errors.New("not an age recipient, which begins with age1")
	}
	return r, nil
}
