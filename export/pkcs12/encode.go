package pkcs12

import (
	"crypto/rand"
	"crypto/sha1" // #nosec G505 -- makes a localKeyID, which only pairs a key with its certificate
	"errors"
	"fmt"
	"io"

	"signet/cert"
)

// Encode writes the private key and the certificates, the key's own first, as a profile has it;
// the zero Profile is Modern. The alias becomes the friendlyName of the key and of its certificate. The other
// certificates have none, so that Java takes them for the chain.
func Encode(b cert.Bundle, password []byte, p Profile) ([]byte, error) {
	if p.Name == "" {
		p = Modern
	}
	return encode(b, password, p, writtenRounds, rand.Reader)
}

func encode(b cert.Bundle, password []byte, p Profile, rounds int, random io.Reader) ([]byte, error) {
	switch {
	case p.Name == Passwordless.Name:
		return nil, fmt.Errorf("profile %s holds no private keys; take %s, or %s for old readers", p.Name, Modern.Name, Legacy.Name)
	case len(b.Certificates) == 0:
		return nil, errors.New("there is no certificate to write")
	case b.Key == nil:
		return nil, errors.New("there is no private key to write")
	case !sameKey(b.Certificates[0], b):
		return nil, errors.New("the private key is not that of the first certificate")
	case len(password) == 0:
		return nil, fmt.Errorf("a private key is not written without a %w", ErrPassword)
	}
	if err := checkAlias(b.Alias); err != nil {
		return nil, err
	}
	secrets, err := readSecrets(password)
	if err != nil {
		return nil, err
	}
	w := &writer{profile: p, secret: secrets[0], rounds: rounds, random: random}
	pkcs8, err := cert.MarshalPrivateKey(b.Key) // says why a key in a token cannot be written
	if err != nil {
		return nil, err
	}
	defer clear(pkcs8)
	sealed, err := w.sealKey(pkcs8)
	if err != nil {
		return nil, err
	}
	id := sha1.Sum(b.Certificates[0].Raw) // what openssl takes; any number would do
	own := marks{alias: b.Alias, keyID: id[:]}
	key, err := keyBag(sealed, own)
	if err != nil {
		return nil, err
	}
	var chain [][]byte
	for i, c := range b.Certificates {
		m := marks{}
		if i == 0 {
			m = own
		}
		bag, err := certBag(c.Raw, m)
		if err != nil {
			return nil, err
		}
		chain = append(chain, bag)
	}
	return w.pfx(layout([]run{{false, [][]byte{key}}}, chain))
}
