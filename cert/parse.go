package cert

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
)

// MaxSize is the most bytes that one certificate or request may have, in DER or as text. Real
// ones have a few thousand; the cap stops a file made to fill the memory.
const MaxSize = 1 << 20

// Parse reads one DER certificate with nothing after it. What crypto/x509 refuses although the
// structure is whole (an odd serial number, a curve that Go does not have) is read as far as
// possible, and Remark says why. PublicKey is nil where the key cannot be used: such a
// certificate can be stored and listed, but what it signed cannot be verified.
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
		if c = parseLoosely(data); c == nil {
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
