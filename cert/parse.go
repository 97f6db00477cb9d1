package cert

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// MaxSize is the most bytes that one certificate or request may have, in DER or as text. Real
// ones have a few thousand; the cap stops a file made to fill the memory.
const MaxSize = 1 << 20

// Parse reads one DER certificate with nothing after it. A key on a curve that Go does not
// have (Brainpool, P-192) leaves PublicKey nil: such a certificate can be stored and listed,
// but neither it nor what it signed can be verified.
func Parse(data []byte) (*x509.Certificate, error) {
	c, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("not an X.509 certificate: %s", reason(err))
	}
	return c, nil
}

func parse(data []byte) (*x509.Certificate, error) {
	switch {
	case len(data) == 0:
		return nil, errors.New("no data")
	case len(data) > MaxSize:
		return nil, fmt.Errorf("larger than %d bytes", MaxSize)
	case bytes.HasPrefix(data, []byte("-----BEGIN")):
		return nil, errors.New("it is PEM text where DER is wanted")
	}
	c, err := x509.ParseCertificate(data)
	if err != nil {
		if c = parseForeign(data); c == nil {
			return nil, err
		}
	}
	// crypto/x509 lets empty sets in names pass; SubjectOf and IssuerOf rely on sound names.
	for _, raw := range [][]byte{c.RawSubject, c.RawIssuer} {
		if _, err := NameFromDER(raw); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// parseForeign reads a certificate that crypto/x509 refuses only for the curve of its key: it
// gives crypto/x509 a copy whose key type is one that nobody uses, which leaves the key unread,
// and puts the true bytes back. It returns nil if anything else is wrong.
func parseForeign(data []byte) *x509.Certificate {
	copied := bytes.Clone(data)
	hidden, ok := locate(copied)
	if !ok || !hidden.foreign() {
		return nil
	}
	hidden.keyType[len(hidden.keyType)-1] = 0x7f // 1.2.840.10045.2.127 is assigned to nothing
	c, err := x509.ParseCertificate(copied)
	if err != nil {
		return nil
	}
	seen, _ := locate(data)
	c.Raw, c.RawTBSCertificate, c.RawSubjectPublicKeyInfo = data, seen.tbs, seen.spki
	return c
}

// parts are places in a certificate's DER, as slices of it.
type parts struct {
	tbs, spki cryptobyte.String
	keyType   cryptobyte.String // content of the key algorithm's object identifier
	params    cryptobyte.String // the key algorithm's parameters
}

// locate finds the parts of a certificate (RFC 5280 section 4.1).
func locate(data []byte) (parts, bool) {
	var p parts
	var outer, in, info, alg cryptobyte.String
	in = data
	ok := in.ReadASN1(&outer, der.SEQUENCE) && outer.ReadASN1Element(&p.tbs, der.SEQUENCE)
	in = p.tbs
	ok = ok && in.ReadASN1(&in, der.SEQUENCE) &&
		in.SkipOptionalASN1(der.Tag(0).Constructed().ContextSpecific()) && // version
		in.SkipASN1(der.INTEGER) && // serial number
		in.SkipASN1(der.SEQUENCE) && // signature algorithm
		in.SkipASN1(der.SEQUENCE) && // issuer
		in.SkipASN1(der.SEQUENCE) && // validity
		in.SkipASN1(der.SEQUENCE) && // subject
		in.ReadASN1Element(&p.spki, der.SEQUENCE)
	info = p.spki
	ok = ok && info.ReadASN1(&info, der.SEQUENCE) && info.ReadASN1(&alg, der.SEQUENCE) &&
		alg.ReadASN1(&p.keyType, der.OBJECT_IDENTIFIER)
	p.params = alg
	return p, ok
}

// foreign reports whether the key is an EC key on a named curve that Go has not.
func (p parts) foreign() bool {
	var id asn1.ObjectIdentifier
	params := p.params
	return bytes.Equal(p.keyType, oidContentEC) && params.ReadASN1ObjectIdentifier(&id) && !curveOf(id).inGo
}

// reason is the text of an error of crypto/x509 or encoding/asn1 without their prefixes, which
// tell a user nothing.
func reason(err error) string {
	var structural asn1.StructuralError
	if errors.As(err, &structural) {
		return "malformed DER" // what encoding/asn1 says of it is about Go types
	}
	s := err.Error()
	for _, prefix := range []string{"x509: ", "asn1: ", "crypto/rsa: "} {
		s = strings.TrimPrefix(s, prefix)
	}
	return s
}
