package pkcs12

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"
)

// sealedKey is a private key as it lies in a file.
type sealedKey struct {
	file    *file
	bag     *bag
	own     []byte      // the certificate that was found for it; nil if there was none
	counted atomic.Bool // its rounds are in file.keyRounds
}

// Open gives the key. A password that is not nil is tried in place of the file's.
func (k *sealedKey) Open(password []byte) (crypto.Signer, error) {
	what := fmt.Sprintf("private key %.40q", k.bag.alias)
	secrets := k.file.secrets
	if password != nil {
		var err error
		if secrets, err = readSecrets(password); err != nil {
			return nil, err
		}
	}
	pkcs8, err := k.pkcs8(secrets, what)
	if other := (errOther{}); errors.As(err, &other) {
		return nil, fmt.Errorf("%w: give the %w of the key", err, ErrPassword)
	}
	if err != nil {
		return nil, err
	}
	defer clear(pkcs8)
	key, err := parseKey(pkcs8)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return key, nil
}

// pkcs8 gives a copy of the key in the clear (RFC 5958).
func (k *sealedKey) pkcs8(secrets []secret, what string) ([]byte, error) {
	if k.bag.kind == keyBagOID {
		return bytes.Clone(k.bag.value), nil
	}
	e, encrypted, err := readEncryptedKey(k.bag.value, what)
	if err != nil {
		return nil, err
	}
	if err := k.count(e.kdf.rounds); err != nil {
		return nil, err
	}
	return k.file.decrypt(secrets, e, encrypted, what)
}

// count adds to the rounds of the file, once per key.
func (k *sealedKey) count(rounds int) error {
	if k.counted.Swap(true) {
		return nil
	}
	if k.file.keyRounds.Add(int64(rounds)) > maxKeyRounds {
		k.file.keyRounds.Add(-int64(rounds))
		k.counted.Store(false)
		return fmt.Errorf("private key %.40q: the keys opened from its file would need more than %d rounds of key derivation", k.bag.alias, maxKeyRounds)
	}
	return nil
}

// scheme gives the encryption of the key and its rounds; the zero scheme if there is none that is
// known.
func (k *sealedKey) scheme() (scheme, int) {
	if k.bag.kind == keyBagOID {
		return scheme{}, 0
	}
	e, _, err := readEncryptedKey(k.bag.value, "")
	if err != nil {
		return scheme{}, 0
	}
	return e.scheme, e.kdf.rounds
}

// parseKey reads a private key in the clear. DSA is what old packages hold and Go does not have.
func parseKey(pkcs8 []byte) (crypto.Signer, error) {
	data, err := readBER(pkcs8)
	if err != nil {
		return nil, err
	}
	var info, id cryptobyte.String
	var a cryptobyte.String
	if in := data; in.ReadASN1(&info, der.SEQUENCE) && info.SkipASN1(der.INTEGER) &&
		info.ReadASN1(&a, der.SEQUENCE) && a.ReadASN1(&id, der.OBJECT_IDENTIFIER) && oid(id) == dsaOID {
		return nil, fmt.Errorf("a DSA key, which is %w; openssl reads it: openssl pkcs12 -legacy -in FILE -nodes", ErrUnsupported)
	}
	return cert.ParsePrivateKey(data)
}

// dsaOID is the type of DSA keys (RFC 3279 section 2.3.2).
var dsaOID = newOID(1, 2, 840, 10040, 4, 1)

// prove opens keys until one shows that the password is right, where nothing else does. A file
// of which none opens has another password.
func (f *file) prove() error {
	if f.proved {
		return nil
	}
	const tries = 8
	left := tries
	for i := range f.bags {
		if f.bags[i].kind != shroudedKeyBagOID || left == 0 {
			continue
		}
		k := sealedKey{file: f, bag: &f.bags[i]}
		if s, _ := k.scheme(); s == (scheme{}) {
			continue
		}
		left--
		pkcs8, err := k.pkcs8(f.secrets, "")
		clear(pkcs8)
		if err == nil {
			f.proved = true
			return nil
		}
	}
	if left < tries {
		return errUnproved
	}
	return nil
}
