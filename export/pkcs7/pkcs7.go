// Package pkcs7 reads and writes PKCS #7 certificate packages: a SignedData without signers
// that carries certificates (RFC 2315 section 9, "certs-only" of RFC 5652 section 5). It takes
// DER only.
package pkcs7

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"
)

var (
	oidData       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
)

// maxCertificates caps the certificates of one package.
const maxCertificates = 4096

var (
	contextTag0 = der.Tag(0).Constructed().ContextSpecific()
	contextTag1 = der.Tag(1).Constructed().ContextSpecific()
)

// Looks reports whether data begins as a PKCS #7 SignedData does.
func Looks(data []byte) bool {
	_, err := open(data)
	return err == nil
}

var errNotSignedData = errors.New("not a PKCS #7 SignedData in DER")

// open gives the content of ContentInfo.
func open(data []byte) (cryptobyte.String, error) {
	input := cryptobyte.String(data)
	var info, content cryptobyte.String
	var kind asn1.ObjectIdentifier
	if !input.ReadASN1(&info, der.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidSignedData) ||
		!info.ReadASN1(&content, contextTag0) {
		return nil, errNotSignedData
	}
	return content, nil
}

// Decode gives the certificates of a package in its order.
func Decode(data []byte) ([]*x509.Certificate, error) {
	content, err := open(data)
	if err != nil {
		return nil, err
	}
	var signed, digests, inner, certs cryptobyte.String
	var version int
	var present bool
	if !content.ReadASN1(&signed, der.SEQUENCE) || !signed.ReadASN1Integer(&version) ||
		!signed.ReadASN1(&digests, der.SET) || !signed.ReadASN1(&inner, der.SEQUENCE) ||
		!signed.ReadOptionalASN1(&certs, &present, contextTag0) {
		return nil, errors.New("PKCS #7 package: damaged or cut")
	}
	var all []*x509.Certificate
	for !certs.Empty() {
		var raw cryptobyte.String
		var tag der.Tag
		if !certs.ReadAnyASN1Element(&raw, &tag) {
			return nil, fmt.Errorf("PKCS #7 package: certificate %d is damaged or cut", len(all)+1)
		}
		if tag != der.SEQUENCE { // an attribute certificate or another choice of CertificateChoices
			continue
		}
		if len(all) == maxCertificates {
			return nil, fmt.Errorf("PKCS #7 package: more than %d certificates", maxCertificates)
		}
		c, err := cert.Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("PKCS #7 package: certificate %d: %w", len(all)+1, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("PKCS #7 package: it holds no certificates")
	}
	return all, nil
}

// Encode gives a package of the certificates in their order.
func Encode(certs []*x509.Certificate) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(contextTag0, func(b *cryptobyte.Builder) {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(1)                                     // version
				b.AddASN1(der.SET, func(*cryptobyte.Builder) {})      // digestAlgorithms
				b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) { // contentInfo
					b.AddASN1ObjectIdentifier(oidData)
				})
				b.AddASN1(contextTag0, func(b *cryptobyte.Builder) {
					for _, c := range certs {
						b.AddBytes(c.Raw)
					}
				})
				b.AddASN1(contextTag1, func(*cryptobyte.Builder) {}) // crls
				b.AddASN1(der.SET, func(*cryptobyte.Builder) {})     // signerInfos
			})
		})
	})
	return b.Bytes()
}
