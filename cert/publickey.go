package cert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1" // #nosec G505 -- names a key (RFC 5280 4.2.1.2); no signature rests on it
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// SpecOf says what kind of key pair a public key belongs to. The size of an RSA key is its
// true one, which may be outside the limits of Check. Other kinds are an error.
func SpecOf(pub crypto.PublicKey) (KeySpec, error) {
	switch k := pub.(type) {
	case nil:
		return KeySpec{}, errors.New("public key: of a kind that signet does not know; RSA, EC on a NIST curve or Ed25519 is needed")
	case *rsa.PublicKey:
		return KeySpec{RSA, k.N.BitLen()}, nil
	case *ecdsa.PublicKey:
		spec := KeySpec{EC, k.Curve.Params().BitSize}
		if curveFor(spec.Bits) != k.Curve {
			return KeySpec{}, fmt.Errorf("public key: curve %s is not one of the NIST curves", k.Curve.Params().Name)
		}
		return spec, nil
	case ed25519.PublicKey:
		return KeySpec{Ed25519, ed25519Bits}, nil
	}
	return KeySpec{}, fmt.Errorf("public key: type %T is not supported; RSA, EC or Ed25519 is needed", pub)
}

// SameKey reports whether two public keys are equal. Keys of an unknown kind equal none.
func SameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && b != nil && k.Equal(b)
}

// MarshalPublicKey gives the SubjectPublicKeyInfo of a key (RFC 5280 section 4.1.2.7).
func MarshalPublicKey(pub crypto.PublicKey) ([]byte, error) {
	if _, err := SpecOf(pub); err != nil {
		return nil, err
	}
	return x509.MarshalPKIXPublicKey(pub)
}

// SubjectKeyID computes the key identifier of RFC 5280 section 4.2.1.2 method (1): the SHA-1 of
// the key bits. It names a key and protects nothing, so SHA-1 is good enough.
func SubjectKeyID(pub crypto.PublicKey) ([]byte, error) {
	spki, err := MarshalPublicKey(pub)
	if err != nil {
		return nil, err
	}
	return keyID(spki)
}

// keyID is SubjectKeyID of a SubjectPublicKeyInfo.
func keyID(spki []byte) ([]byte, error) {
	info, err := parseKeyInfo(spki)
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum(info.key)
	return sum[:], nil
}

// keyInfo is a SubjectPublicKeyInfo taken apart.
type keyInfo struct {
	algorithm asn1.ObjectIdentifier
	params    cryptobyte.String
	key       []byte
}

func parseKeyInfo(spki []byte) (keyInfo, error) {
	var k keyInfo
	var alg cryptobyte.String
	in := cryptobyte.String(spki)
	if !in.ReadASN1(&in, der.SEQUENCE) || !in.ReadASN1(&alg, der.SEQUENCE) ||
		!alg.ReadASN1ObjectIdentifier(&k.algorithm) || !in.ReadASN1BitStringAsBytes(&k.key) {
		return k, errors.New("public key: not a SubjectPublicKeyInfo")
	}
	k.params = alg
	return k, nil
}
