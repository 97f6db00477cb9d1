package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"math/big"

	p11 "github.com/miekg/pkcs11"
	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"
)

// maxModulus is the largest RSA modulus that is taken, in bits.
const maxModulus = 16384

// publicKey reads the public half of a key from its attributes, or gives nil where the token
// does not tell it. Many private EC keys do not.
func (t *Token) publicKey(s *session, o objectHandle, known attributes) (crypto.PublicKey, error) {
	kind, ok := known.ulong(p11.CKA_KEY_TYPE)
	if !ok {
		return nil, nil
	}
	switch kind {
	case p11.CKK_RSA:
		a, err := t.read(s, o, p11.CKA_MODULUS, p11.CKA_PUBLIC_EXPONENT)
		if err != nil {
			return nil, err
		}
		return rsaKey(a), nil
	case p11.CKK_EC, ckkECEdwards:
		a, err := t.read(s, o, p11.CKA_EC_PARAMS, p11.CKA_EC_POINT, p11.CKA_PUBLIC_KEY_INFO)
		if err != nil {
			return nil, err
		}
		if key, _ := ecKey(a.bytes(p11.CKA_EC_PARAMS), a.bytes(p11.CKA_EC_POINT)); key != nil {
			return key, nil
		}
		return infoKey(a.bytes(p11.CKA_PUBLIC_KEY_INFO)), nil
	}
	return nil, nil
}

// rsaKey makes an RSA key of attributes. Leading zeros, which some tokens give, do not matter.
func rsaKey(a attributes) crypto.PublicKey {
	n, e := a.bytes(p11.CKA_MODULUS), new(big.Int).SetBytes(a.bytes(p11.CKA_PUBLIC_EXPONENT))
	if len(n) > maxModulus/8+8 {
		return nil
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(e.Int64())}
	if key.N.BitLen() == 0 || key.N.BitLen() > maxModulus || e.BitLen() > 31 || key.E < 3 || key.E%2 == 0 {
		return nil
	}
	return key
}

// infoKey makes a key of a SubjectPublicKeyInfo (PKCS #11 v2.40 section 4.8).
func infoKey(info []byte) crypto.PublicKey {
	key, err := x509.ParsePKIXPublicKey(info)
	if err != nil {
		return nil
	}
	if _, err := cert.SpecOf(key); err != nil {
		return nil
	}
	return key
}

// PointEncoding is how a token writes CKA_EC_POINT: the standard wants an OCTET STRING around
// the point (PKCS #11 v2.40 section 2.3.3 of the mechanisms), but not all tokens heed it.
type PointEncoding string

// The encodings of points.
const (
	PointOctetString PointEncoding = "octet string"
	PointRaw         PointEncoding = "raw"
)

// ecKey makes a key on a curve of a point in either encoding, or gives nil.
func ecKey(params, point []byte) (crypto.PublicKey, PointEncoding) {
	var inner cryptobyte.String
	in := cryptobyte.String(point)
	if in.ReadASN1(&inner, der.OCTET_STRING) && in.Empty() {
		if key := pointKey(params, inner); key != nil {
			return key, PointOctetString
		}
	}
	if key := pointKey(params, point); key != nil {
		return key, PointRaw
	}
	return nil, ""
}

func pointKey(params, point []byte) crypto.PublicKey {
	if isEd25519(params) {
		if len(point) != ed25519.PublicKeySize {
			return nil
		}
		return ed25519.PublicKey(point)
	}
	curve := curveOf(params)
	if curve == nil {
		return nil
	}
	if size := (curve.Params().BitSize + 7) / 8; len(point) == size+1 {
		x, y := elliptic.UnmarshalCompressed(curve, point)
		if x == nil {
			return nil
		}
		point = make([]byte, 1+2*size)
		point[0] = 4 // uncompressed (SEC 1 section 2.3.3)
		x.FillBytes(point[1 : 1+size])
		y.FillBytes(point[1+size:])
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil
	}
	return key
}

// curves are the curves by their numbers (RFC 5480 section 2.1.1.1).
var curves = []struct {
	id    asn1.ObjectIdentifier
	curve elliptic.Curve
}{
	{asn1.ObjectIdentifier{1, 3, 132, 0, 33}, elliptic.P224()},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}, elliptic.P256()},
	{asn1.ObjectIdentifier{1, 3, 132, 0, 34}, elliptic.P384()},
	{asn1.ObjectIdentifier{1, 3, 132, 0, 35}, elliptic.P521()},
}

func curveOf(params []byte) elliptic.Curve {
	var id asn1.ObjectIdentifier
	if in := cryptobyte.String(params); !in.ReadASN1ObjectIdentifier(&id) || !in.Empty() {
		return nil
	}
	for _, c := range curves {
		if c.id.Equal(id) {
			return c.curve
		}
	}
	return nil
}

// paramsOf gives CKA_EC_PARAMS for a curve.
func paramsOf(curve elliptic.Curve) []byte {
	for _, c := range curves {
		if c.curve == curve {
			params, _ := asn1.Marshal(c.id) // of a constant
			return params
		}
	}
	return nil
}

// edwards25519 are the ways to name the curve of Ed25519: its number (RFC 8410 section 3,
// PKCS #11 v3.1), and its name (PKCS #11 v3.0 section 2.3.10).
func edwards25519() [][]byte {
	id, _ := asn1.Marshal(asn1.ObjectIdentifier{1, 3, 101, 112}) // of constants
	name, _ := asn1.MarshalWithParams("edwards25519", "printable")
	return [][]byte{id, name}
}

func isEd25519(params []byte) bool {
	for _, p := range edwards25519() {
		if string(p) == string(params) {
			return true
		}
	}
	return false
}

// sameKey reports whether two known public keys are equal.
func sameKey(a, b crypto.PublicKey) bool { return a != nil && b != nil && cert.SameKey(a, b) }
