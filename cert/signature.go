package cert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha1" // #nosec G505 -- for old certificates; never used to sign
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// The two ways in which a signature fails: proved wrong, and not checkable here.
var (
	ErrSignature = errors.New("the signature does not verify")
	ErrAlgorithm = errors.New("the signature cannot be checked")
)

// signatureAlgorithm is an algorithm that certificates are signed with.
type signatureAlgorithm struct {
	id   asn1.ObjectIdentifier
	name string       // as LIST prints it (racdcert-certificates.md 2.2)
	key  KeyAlgorithm // empty: signet has no such keys
	hash crypto.Hash  // zero: too weak, or none
	pss  bool
}

// signatureAlgorithms, by RFC 3279 section 2.2, RFC 4055 section 5, RFC 5758 section 3 and
// RFC 8410 section 3. MD2 and MD5 have no hash here: their signatures can be forged.
var signatureAlgorithms = []signatureAlgorithm{
	{id: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 2}, name: "md2RSA", key: RSA},
	{id: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 4}, name: "md5RSA", key: RSA},
	{id: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}, name: "sha1RSA", key: RSA, hash: crypto.SHA1},
	{id: asn1.ObjectIdentifier{1, 3, 14, 3, 2, 29}, name: "sha1RSA", key: RSA, hash: crypto.SHA1}, // ISO's number for it
	{id: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 14}, name: "sha224RSA", key: RSA, hash: crypto.SHA224},
	{id: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, name: "sha256RSA", key: RSA, hash: crypto.SHA256},
	{id: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, name: "sha384RSA", key: RSA, hash: crypto.SHA384},
	{id: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, name: "sha512RSA", key: RSA, hash: crypto.SHA512},
	{id: asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 3}, name: "sha1DSA"},
	{id: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 1}, name: "sha224DSA"},
	{id: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 2}, name: "sha256DSA"},
	{id: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}, name: "sha1ECDSA", key: EC, hash: crypto.SHA1},
	{id: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 1}, name: "sha224ECDSA", key: EC, hash: crypto.SHA224},
	{id: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, name: "sha256ECDSA", key: EC, hash: crypto.SHA256},
	{id: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, name: "sha384ECDSA", key: EC, hash: crypto.SHA384},
	{id: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, name: "sha512ECDSA", key: EC, hash: crypto.SHA512},
	{id: oidEd25519, name: "Ed25519", key: Ed25519},
}

// pssAlgorithms are the parameters of RSASSA-PSS that crypto/x509 recognises: one hash
// throughout and a salt of its length. RACF's name for them is unconfirmed.
var pssAlgorithms = map[x509.SignatureAlgorithm]signatureAlgorithm{
	x509.SHA256WithRSAPSS: {name: "sha256RSAPSS", key: RSA, hash: crypto.SHA256, pss: true},
	x509.SHA384WithRSAPSS: {name: "sha384RSAPSS", key: RSA, hash: crypto.SHA384, pss: true},
	x509.SHA512WithRSAPSS: {name: "sha512RSAPSS", key: RSA, hash: crypto.SHA512, pss: true},
}

// unknownAlgorithm is what LIST prints for anything else.
const unknownAlgorithm = "UNKNOWN"

// algorithmOf finds the algorithm that a certificate or a request is signed with. Both have the
// same outer form (RFC 5280 section 4.1, RFC 2986 section 4.2).
func algorithmOf(raw []byte, known x509.SignatureAlgorithm) signatureAlgorithm {
	if a, ok := pssAlgorithms[known]; ok {
		return a
	}
	in, alg := cryptobyte.String(raw), cryptobyte.String(nil)
	var id asn1.ObjectIdentifier
	if in.ReadASN1(&in, der.SEQUENCE) && in.SkipASN1(der.SEQUENCE) &&
		in.ReadASN1(&alg, der.SEQUENCE) && alg.ReadASN1ObjectIdentifier(&id) {
		for _, a := range signatureAlgorithms {
			if a.id.Equal(id) {
				return a
			}
		}
	}
	return signatureAlgorithm{id: id, name: unknownAlgorithm}
}

// maxVerifyRSA is the largest RSA key, in bits, that a signature is checked with: the work
// grows with the cube of the size, and a certificate may bring any.
const maxVerifyRSA = 16384

// verify checks a signature over signed. Unlike crypto/x509 it takes SHA-1, which certificates
// from before 2017 have.
func (a signatureAlgorithm) verify(pub crypto.PublicKey, signed, signature []byte) error {
	spec, err := SpecOf(pub)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %v", ErrAlgorithm, err)
	case a.key == "" && a.name == unknownAlgorithm:
		return fmt.Errorf("%w: algorithm %v is unknown or has unknown parameters", ErrAlgorithm, a.id)
	case a.key == "" || a.hash == 0 && a.key != Ed25519:
		return fmt.Errorf("%w: algorithm %s is too old to be supported", ErrAlgorithm, a.name)
	case a.key != spec.Algorithm:
		return fmt.Errorf("%w: algorithm %s, but the key is %s", ErrSignature, a.name, spec)
	case a.key == RSA && (spec.Bits < minRSA || spec.Bits > maxVerifyRSA):
		return fmt.Errorf("%w: the RSA key has %d bits, not %d to %d", ErrAlgorithm, spec.Bits, minRSA, maxVerifyRSA)
	}
	if a.hash != 0 {
		h := a.hash.New()
		h.Write(signed)
		signed = h.Sum(nil)
	}
	good := false
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if a.pss {
			good = rsa.VerifyPSS(k, a.hash, signed, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		} else {
			good = rsa.VerifyPKCS1v15(k, a.hash, signed, signature) == nil
		}
	case *ecdsa.PublicKey:
		good = ecdsa.VerifyASN1(k, signed, signature)
	case ed25519.PublicKey:
		good = ed25519.Verify(k, signed, signature)
	}
	if !good {
		return ErrSignature
	}
	return nil
}

// algorithmFor chooses the algorithm to sign with by the signing key (racdcert-certificates.md
// 2.2, but never SHA-1). pss asks for RSASSA-PSS, which only an RSA key can do.
func algorithmFor(pub crypto.PublicKey, pss bool) (x509.SignatureAlgorithm, error) {
	spec, err := SpecOf(pub)
	switch {
	case err != nil:
		return 0, err
	case pss && spec.Algorithm != RSA:
		return 0, fmt.Errorf("signing key %s: RSASSA-PSS needs an RSA key", spec)
	case pss:
		return x509.SHA256WithRSAPSS, nil
	case spec.Algorithm == RSA:
		return x509.SHA256WithRSA, nil
	case spec.Algorithm == Ed25519:
		return x509.PureEd25519, nil
	case spec.Bits == 521:
		return x509.ECDSAWithSHA512, nil
	case spec.Bits == 384:
		return x509.ECDSAWithSHA384, nil
	}
	return x509.ECDSAWithSHA256, nil
}
