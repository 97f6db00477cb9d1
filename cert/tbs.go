package cert

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Certificates are put together here, byte for byte as x509.CreateCertificate would, because that
// checks the signature at once. A check takes twice as long as a signature, and a run of many
// certificates has it done on another processor meanwhile.

// tbs writes the part of a certificate that is signed (RFC 5280 section 4.1.2).
func (t Template) tbs(algorithm, issuer []byte, pub crypto.PublicKey, authorityKeyID []byte) ([]byte, error) {
	spki, err := MarshalPublicKey(pub)
	if err != nil {
		return nil, err
	}
	extensions, err := t.extensions(spki, authorityKeyID)
	if err != nil {
		return nil, err
	}
	b := cryptobyte.NewBuilder(make([]byte, 0, 512))
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(der.Tag(0).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) { b.AddASN1Int64(2) }) // version 3
		b.AddASN1BigInt(t.Serial)
		b.AddBytes(algorithm)
		b.AddBytes(issuer)
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			addTime(b, t.NotBefore)
			addTime(b, t.NotAfter)
		})
		b.AddBytes(t.Subject.DER())
		b.AddBytes(spki)
		b.AddASN1(der.Tag(3).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(extensions) })
		})
	})
	return b.Bytes()
}

// addTime writes a moment: UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 section
// 4.1.2.5).
func addTime(b *cryptobyte.Builder, moment time.Time) {
	moment = moment.UTC().Truncate(time.Second)
	if moment.Year() < 2050 {
		b.AddASN1UTCTime(moment)
	} else {
		b.AddASN1GeneralizedTime(moment)
	}
}

// extensions writes the extensions of a certificate, of which the subject key identifier is always
// there (RFC 5280 section 4.2.1).
func (t Template) extensions(spki, authorityKeyID []byte) ([]byte, error) {
	subjectKeyID := t.SubjectKeyID
	if len(subjectKeyID) == 0 {
		var err error
		if subjectKeyID, err = keyID(spki); err != nil {
			return nil, err
		}
	}
	b := cryptobyte.NewBuilder(make([]byte, 0, 256))
	if t.KeyUsage != 0 {
		addExtension(b, oidKeyUsage, true, func(b *cryptobyte.Builder) { addKeyUsage(b, t.KeyUsage) })
	}
	if len(t.ExtKeyUsage)+len(t.UnknownExtKeyUsage) > 0 {
		addExtension(b, oidExtKeyUsage, false, func(b *cryptobyte.Builder) {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, usage := range t.ExtKeyUsage {
					addExtUsage(b, usage)
				}
				for _, id := range t.UnknownExtKeyUsage {
					b.AddASN1ObjectIdentifier(id)
				}
			})
		})
	}
	if t.CA || t.BasicConstraints {
		addExtension(b, oidBasicConstraints, true, func(b *cryptobyte.Builder) {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				if t.CA {
					b.AddASN1Boolean(true)
					if t.MaxPathLen >= 0 {
						b.AddASN1Int64(int64(t.MaxPathLen))
					}
				}
			})
		})
	}
	addExtension(b, oidSubjectKeyID, false, func(b *cryptobyte.Builder) { b.AddASN1OctetString(subjectKeyID) })
	if len(authorityKeyID) > 0 {
		addExtension(b, oidAuthorityKeyID, false, func(b *cryptobyte.Builder) {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(der.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(authorityKeyID) })
			})
		})
	}
	if !t.AltNames.Empty() {
		names, err := t.AltNames.marshal()
		if err != nil {
			return nil, err
		}
		// RFC 5280 section 4.2.1.6: critical if there is no subject.
		addExtension(b, oidAltNames, t.Subject.IsZero(), func(b *cryptobyte.Builder) { b.AddBytes(names) })
	}
	return b.Bytes()
}

// addExtension writes one extension (RFC 5280 section 4.1).
func addExtension(b *cryptobyte.Builder, id asn1.ObjectIdentifier, critical bool, value cryptobyte.BuilderContinuation) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(id)
		if critical {
			b.AddASN1Boolean(true)
		}
		b.AddASN1(der.OCTET_STRING, value)
	})
}

// addKeyUsage writes the value of keyUsage: a named bit list ends with its last set bit (X.690
// section 11.2.2).
func addKeyUsage(b *cryptobyte.Builder, usage x509.KeyUsage) {
	var octets [2]byte
	last := 0
	for bit := range 9 {
		if usage&(1<<bit) != 0 {
			octets[bit/8] |= 0x80 >> (bit % 8)
			last = bit
		}
	}
	b.AddASN1(der.BIT_STRING, func(b *cryptobyte.Builder) {
		b.AddUint8(uint8(7 - last%8)) // unused bits
		b.AddBytes(octets[:last/8+1])
	})
}

// addExtUsage writes the object identifier of an extended key usage of crypto/x509.
func addExtUsage(b *cryptobyte.Builder, usage x509.ExtKeyUsage) {
	if usage < firstExtUsage || usage > lastExtUsage {
		b.SetError(fmt.Errorf("unknown extended key usage %d", usage))
		return
	}
	octets, err := usage.OID().MarshalBinary()
	if err != nil {
		b.SetError(err)
		return
	}
	b.AddASN1(der.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(octets) })
}

// signing is how a key signs: what a certificate says of it, and what the key is told.
type signing struct {
	id         asn1.ObjectIdentifier
	parameters []byte // DER; nil: none
	options    crypto.SignerOpts
}

// signings are the algorithms that algorithmFor chooses from.
var signings = map[x509.SignatureAlgorithm]signing{
	x509.SHA256WithRSA:    {asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, asn1.NullBytes, crypto.SHA256}, // RFC 4055 section 5
	x509.SHA256WithRSAPSS: {asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, pssSHA256, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}},
	x509.ECDSAWithSHA256:  {asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, nil, crypto.SHA256}, // RFC 5758 section 3.2
	x509.ECDSAWithSHA384:  {asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, nil, crypto.SHA384},
	x509.ECDSAWithSHA512:  {asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, nil, crypto.SHA512},
	x509.PureEd25519:      {oidEd25519, nil, crypto.Hash(0)}, // RFC 8410 section 3
}

// pssSHA256 are the parameters of RSASSA-PSS with SHA-256, its mask by SHA-256 too, and a salt of
// 32 octets (RFC 4055 section 3.1).
var pssSHA256 = []byte{
	0x30, 52,
	0xa0, 15, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, // [0] SHA-256
	0xa1, 28, 0x30, 26, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8, // [1] MGF1
	0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, // by SHA-256
	0xa2, 3, 2, 1, 32, // [2] salt
}

// identifier writes the AlgorithmIdentifier (RFC 5280 section 4.1.1.2).
func (s signing) identifier() ([]byte, error) {
	b := cryptobyte.NewBuilder(make([]byte, 0, 16))
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(s.id)
		b.AddBytes(s.parameters)
	})
	return b.Bytes()
}

// seal signs and puts the certificate together (RFC 5280 section 4.1.1).
func (s signing) seal(tbs, identifier []byte, key crypto.Signer) ([]byte, error) {
	signature, err := crypto.SignMessage(key, rand.Reader, tbs, s.options)
	if err != nil {
		return nil, err
	}
	b := cryptobyte.NewBuilder(make([]byte, 0, len(tbs)+len(signature)+32))
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(identifier)
		b.AddASN1BitString(signature)
	})
	return b.Bytes()
}
