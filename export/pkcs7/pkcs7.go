// Package pkcs7 reads and writes PKCS #7 certificate packages: a SignedData without signers
// that carries certificates (RFC 2315 section 9, "certs-only" of RFC 5652 section 5). It reads
// BER and writes DER. Of a SignedData that carries more it reads the certificates: no content, no
// signatures, no CRLs, no attribute certificates.
package pkcs7

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"
	"signet/export/ber"
)

var (
	oidData       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
)

// maxCertificates caps the certificates of one package, so that a file of the smallest ones
// possible does not fill the memory. The largest public bundles hold a few hundred.
const maxCertificates = 4096

var contextTag0 = der.Tag(0).Constructed().ContextSpecific()

// Looks reports whether data begins as a PKCS #7 SignedData does.
func Looks(data []byte) bool {
	_, err := open(data)
	if err != nil {
		if data, err = ber.ToDER(data); err == nil {
			_, err = open(data)
		}
	}
	return err == nil
}

var errNotSignedData = errors.New("not a PKCS #7 SignedData")

// open gives the content of ContentInfo.
func open(data []byte) (cryptobyte.String, error) {
	input := cryptobyte.String(data)
	var info, content cryptobyte.String
	var kind asn1.ObjectIdentifier
	if !input.ReadASN1(&info, der.SEQUENCE) || !input.Empty() || !info.ReadASN1ObjectIdentifier(&kind) ||
		!kind.Equal(oidSignedData) || !info.ReadASN1(&content, contextTag0) {
		return nil, errNotSignedData
	}
	return content, nil
}

// Decode gives the certificates of a package in its order.
func Decode(data []byte) ([]*x509.Certificate, error) {
	certs, err := decode(data)
	if err == nil {
		return certs, nil
	}
	// What is not damaged may be BER. The error is about what is there, not about its frame.
	converted, berErr := ber.ToDER(data)
	if berErr != nil || bytes.Equal(converted, data) {
		return nil, err
	}
	return decode(converted)
}

func decode(data []byte) ([]*x509.Certificate, error) {
	content, err := open(data)
	if err != nil {
		return nil, err
	}
	var signed, certs cryptobyte.String
	if !content.ReadASN1(&signed, der.SEQUENCE) || !signed.SkipASN1(der.INTEGER) || // version
		!signed.SkipASN1(der.SET) || !signed.SkipASN1(der.SEQUENCE) || // digestAlgorithms, contentInfo
		!signed.ReadOptionalASN1(&certs, nil, contextTag0) {
		return nil, errors.New("PKCS #7 package: damaged")
	}
	raw, err := split(certs)
	if err != nil {
		return nil, fmt.Errorf("PKCS #7 package: %w", err)
	}
	var all []*x509.Certificate
	for i, r := range raw {
		c, err := cert.Parse(r)
		if err != nil {
			return nil, fmt.Errorf("PKCS #7 package: certificate %d: %w", i+1, err)
		}
		all = append(all, c)
	}
	return all, nil
}

// split gives the certificates of a CertificateSet, yet unread.
func split(set cryptobyte.String) ([]cryptobyte.String, error) {
	var all []cryptobyte.String
	for !set.Empty() {
		var raw cryptobyte.String
		var tag der.Tag
		if !set.ReadAnyASN1Element(&raw, &tag) {
			return nil, fmt.Errorf("certificate %d is damaged", len(all)+1)
		}
		if tag != der.SEQUENCE { // an attribute certificate (RFC 5652 section 10.2.2)
			continue
		}
		if len(all) == maxCertificates {
			return nil, fmt.Errorf("more than %d certificates", maxCertificates)
		}
		all = append(all, raw)
	}
	if len(all) == 0 {
		return nil, errors.New("it holds no certificates")
	}
	return all, nil
}

// Encode gives a package of the certificates in their order, as openssl does; DER would have
// the set sorted.
func Encode(certs []*x509.Certificate) ([]byte, error) {
	if len(certs) == 0 {
		return nil, errors.New("there is no certificate to write")
	}
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
				b.AddASN1(der.SET, func(*cryptobyte.Builder) {}) // signerInfos
			})
		})
	})
	return b.Bytes()
}
