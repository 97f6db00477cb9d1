package cert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Bundle is one credential on its way in or out of a package file.
type Bundle struct {
	Alias        string              // its name in the file; may be empty
	Key          crypto.Signer       // nil if there is no private key
	Certificates []*x509.Certificate // in file order
}

// MaxPrivateKey is the longest private key that is read, in bytes: enough for RSA with 16384
// bits. A larger one would make every signature with it take seconds.
const MaxPrivateKey = 12 << 10

// MarshalPrivateKey gives the PKCS #8 form of a key (RFC 5958). A key in a token has none.
func MarshalPrivateKey(key crypto.Signer) ([]byte, error) {
	switch key.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
		data, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, fmt.Errorf("private key: %s", reason(err))
		}
		return data, nil
	}
	return nil, fmt.Errorf("private key: type %T cannot leave where it is", key)
}

// ParsePrivateKey reads an unencrypted private key: PKCS #8 (RFC 5958), PKCS #1 (RFC 8017) or
// SEC 1 (RFC 5915), with nothing after it. Its numbers are checked to belong together.
func ParsePrivateKey(data []byte) (crypto.Signer, error) {
	key, err := parsePrivateKey(data)
	if err != nil {
		return nil, fmt.Errorf("not a usable private key: %s", reason(err))
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("not a usable private key: type %T cannot sign", key)
	}
	if _, err := SpecOf(signer.Public()); err != nil {
		return nil, err
	}
	if k, ok := key.(*rsa.PrivateKey); ok {
		if err := k.Validate(); err != nil {
			return nil, fmt.Errorf("not a usable private key: %s", reason(err))
		}
	}
	return signer, nil
}

// parsePrivateKey tells the forms apart by what follows the version number: an algorithm in
// PKCS #8, the key in SEC 1, the modulus in PKCS #1.
func parsePrivateKey(data []byte) (any, error) {
	if len(data) > MaxPrivateKey {
		return nil, fmt.Errorf("larger than %d bytes", MaxPrivateKey)
	}
	in, seq := cryptobyte.String(data), cryptobyte.String(nil)
	if !in.ReadASN1(&seq, der.SEQUENCE) || !in.Empty() {
		return nil, errors.New("not one DER sequence")
	}
	if seq.PeekASN1Tag(der.SEQUENCE) {
		return nil, errors.New("it is encrypted, or no private key")
	}
	seq.SkipASN1(der.INTEGER)
	switch {
	case seq.PeekASN1Tag(der.SEQUENCE):
		return x509.ParsePKCS8PrivateKey(data)
	case seq.PeekASN1Tag(der.OCTET_STRING):
		return x509.ParseECPrivateKey(data)
	case seq.PeekASN1Tag(der.INTEGER):
		return x509.ParsePKCS1PrivateKey(data)
	}
	return nil, errors.New("neither PKCS #8 nor PKCS #1 nor SEC 1")
}
