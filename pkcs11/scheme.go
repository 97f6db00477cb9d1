package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha1" // #nosec G505 -- a caller may want one for an old protocol; signet itself does not
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"fmt"
	"math/big"

	p11 "github.com/miekg/pkcs11"
	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// hashForm is what a hash is called in the mechanisms and signatures of RSA.
type hashForm struct {
	hash                 crypto.Hash
	mechanism, mgf       uint
	wholePKCS1, wholePSS uint // for tokens that hash themselves
	wholeECDSA           uint
	prefix               string // of DigestInfo, up to the digest (RFC 8017 section 9.2, note 1)
}

var hashForms = []hashForm{
	{crypto.SHA1, p11.CKM_SHA_1, p11.CKG_MGF1_SHA1, p11.CKM_SHA1_RSA_PKCS, p11.CKM_SHA1_RSA_PKCS_PSS, p11.CKM_ECDSA_SHA1,
		"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"},
	{crypto.SHA224, p11.CKM_SHA224, p11.CKG_MGF1_SHA224, p11.CKM_SHA224_RSA_PKCS, p11.CKM_SHA224_RSA_PKCS_PSS, p11.CKM_ECDSA_SHA224,
		"\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1c"},
	{crypto.SHA256, p11.CKM_SHA256, p11.CKG_MGF1_SHA256, p11.CKM_SHA256_RSA_PKCS, p11.CKM_SHA256_RSA_PKCS_PSS, p11.CKM_ECDSA_SHA256,
		"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"},
	{crypto.SHA384, p11.CKM_SHA384, p11.CKG_MGF1_SHA384, p11.CKM_SHA384_RSA_PKCS, p11.CKM_SHA384_RSA_PKCS_PSS, p11.CKM_ECDSA_SHA384,
		"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"},
	{crypto.SHA512, p11.CKM_SHA512, p11.CKG_MGF1_SHA512, p11.CKM_SHA512_RSA_PKCS, p11.CKM_SHA512_RSA_PKCS_PSS, p11.CKM_ECDSA_SHA512,
		"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"},
}

func formOfHash(h crypto.Hash) *hashForm {
	for i := range hashForms {
		if hashForms[i].hash == h {
			return &hashForms[i]
		}
	}
	return nil
}

// raw gives the mechanism that signs a digest with this key.
func (s *Signer) raw(opts crypto.SignerOpts) uint {
	switch s.public.(type) {
	case *ecdsa.PublicKey:
		return p11.CKM_ECDSA
	case ed25519.PublicKey:
		return ckmEDDSA
	}
	if _, ok := opts.(*rsa.PSSOptions); ok {
		return p11.CKM_RSA_PKCS_PSS
	}
	return p11.CKM_RSA_PKCS
}

// whole gives the mechanism that hashes and signs a message with this key, if the token has it.
func (s *Signer) whole(hash crypto.Hash, opts crypto.SignerOpts) (mechanism, bool) {
	f := formOfHash(hash)
	if f == nil {
		return mechanism{}, false
	}
	m := mechanism{kind: f.wholePKCS1}
	switch k := s.public.(type) {
	case *ecdsa.PublicKey:
		m.kind = f.wholeECDSA
	case *rsa.PublicKey:
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			salt, err := saltLength(k, f.hash, pss)
			if err != nil {
				return m, false
			}
			m = mechanism{f.wholePSS, f.pssParameter(salt)}
		}
	default:
		return m, false
	}
	return m, s.token.has(m.kind)
}

// forDigest gives the mechanism and the data that make the signature of a digest.
func (s *Signer) forDigest(digest []byte, opts crypto.SignerOpts) (mechanism, []byte, error) {
	hash, m := opts.HashFunc(), mechanism{kind: s.raw(opts)}
	if !s.token.has(m.kind) {
		if whole, ok := s.whole(hash, opts); ok {
			return m, nil, s.refuse(fmt.Sprintf("the token signs messages with %s only, not digests with %s", mechanismName(whole.kind), mechanismName(m.kind)))
		}
		return m, nil, s.token.unsupported("sign with "+s.key.describe(), m.kind)
	}
	f := formOfHash(hash)
	if hash != 0 && (f == nil || len(digest) != hash.Size()) {
		return m, nil, s.refuse(fmt.Sprintf("%d bytes are no digest of %v that can be signed", len(digest), hash))
	}
	switch k := s.public.(type) {
	case *rsa.PublicKey:
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			if f == nil {
				return m, nil, s.refuse("PSS needs the name of a hash")
			}
			salt, err := saltLength(k, hash, pss)
			if err != nil {
				return m, nil, s.refuse(err.Error())
			}
			m.parameter = f.pssParameter(salt)
			return m, digest, nil
		}
		if f != nil { // with no hash, the caller brings what is padded
			digest = append([]byte(f.prefix), digest...)
		}
		if len(digest) > k.Size()-11 { // RFC 8017 section 9.2
			return m, nil, s.refuse(fmt.Sprintf("a key of %d bits is too short for this hash", k.N.BitLen()))
		}
		return m, digest, nil
	case *ecdsa.PublicKey:
		// A digest longer than the curve's order loses its last bits (FIPS 186-5 section 6.4.1),
		// and not every token does that itself.
		if size := (k.Curve.Params().N.BitLen() + 7) / 8; len(digest) > size {
			digest = digest[:size]
		}
		return m, digest, nil
	}
	if hash != 0 { // Ed25519 is pure: SHA-512 would mean Ed25519ph
		return m, nil, s.refuse("Ed25519 signs messages, not digests")
	}
	return m, digest, nil
}

// pssParameter is a CK_RSA_PKCS_PSS_PARAMS (PKCS #11 v2.40 section 2.1.10 of the mechanisms).
func (f *hashForm) pssParameter(salt int) []byte {
	return append(append(ulong(f.mechanism), ulong(f.mgf)...), ulong(uint(salt))...)
}

// saltLength is the salt that crypto/rsa would use.
func saltLength(k *rsa.PublicKey, h crypto.Hash, o *rsa.PSSOptions) (int, error) {
	most := (k.N.BitLen()-1+7)/8 - 2 - h.Size() // RFC 8017 section 9.1.1
	salt := o.SaltLength
	switch salt {
	case rsa.PSSSaltLengthAuto:
		salt = most
	case rsa.PSSSaltLengthEqualsHash:
		salt = h.Size()
	}
	if salt < 0 || salt > most {
		return 0, errors.New("the key is too short for this hash and salt, or the salt length is negative")
	}
	return salt, nil
}

// finish gives a signature the form that crypto.Signer has.
func (s *Signer) finish(raw []byte) ([]byte, error) {
	if k, ok := s.public.(*ecdsa.PublicKey); ok {
		return s.derSignature(k, raw)
	}
	return raw, nil
}

// derSignature turns the r and s of equal length that PKCS #11 gives (v2.40 section 2.3.1 of the
// mechanisms) into the DER of RFC 3279 section 2.2.3.
func (s *Signer) derSignature(k *ecdsa.PublicKey, raw []byte) ([]byte, error) {
	half := len(raw) / 2
	if len(raw)%2 != 0 || half == 0 || half > (k.Curve.Params().N.BitLen()+7)/8 {
		return nil, &Error{Object: s.token.Name(), Op: "sign with " + s.key.describe(), Kind: ErrDevice,
			Cause: fmt.Sprintf("the token's signature has %d bytes, which is no pair of numbers on %s", len(raw), k.Curve.Params().Name)}
	}
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[:half]))
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[half:]))
	})
	return b.Bytes()
}
