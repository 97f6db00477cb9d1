package cert

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Extensions that the package reads itself (RFC 5280 section 4.2.1), because crypto/x509 does
// so for certificates only, not for requests.
var (
	oidSubjectKeyID     = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidAltNames         = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidAuthorityKeyID   = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidExtKeyUsage      = asn1.ObjectIdentifier{2, 5, 29, 37}
)

var errMalformed = errors.New("malformed")

// extension finds the value of an extension.
func extension(exts []pkix.Extension, id asn1.ObjectIdentifier) ([]byte, bool) {
	for _, e := range exts {
		if e.Id.Equal(id) {
			return e.Value, true
		}
	}
	return nil, false
}

// parseKeyUsage reads the value of keyUsage (RFC 5280 section 4.2.1.3).
func parseKeyUsage(value []byte) (x509.KeyUsage, error) {
	in := cryptobyte.String(value)
	var bits asn1.BitString
	if !in.ReadASN1BitString(&bits) || !in.Empty() {
		return 0, errMalformed
	}
	var usage x509.KeyUsage
	for i := range 9 {
		usage |= x509.KeyUsage(bits.At(i)) << i
	}
	return usage, nil
}

// parseBasicConstraints reads the value of basicConstraints (RFC 5280 section 4.2.1.9). A path
// length of -1 means that there is none.
func parseBasicConstraints(value []byte) (ca bool, pathLen int, err error) {
	in := cryptobyte.String(value)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, der.SEQUENCE) || !in.Empty() ||
		seq.PeekASN1Tag(der.BOOLEAN) && !seq.ReadASN1Boolean(&ca) {
		return false, -1, errMalformed
	}
	if seq.Empty() {
		return ca, -1, nil
	}
	var n uint32
	if !seq.ReadASN1Integer(&n) || !seq.Empty() || n > math.MaxInt32 {
		return false, -1, errMalformed
	}
	return ca, int(n), nil
}

// parseExtKeyUsage reads the value of extKeyUsage (RFC 5280 section 4.2.1.12).
func parseExtKeyUsage(value []byte) (known []x509.ExtKeyUsage, unknown []asn1.ObjectIdentifier, err error) {
	in := cryptobyte.String(value)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, der.SEQUENCE) || !in.Empty() {
		return nil, nil, errMalformed
	}
	for !seq.Empty() {
		var id asn1.ObjectIdentifier
		if !seq.ReadASN1ObjectIdentifier(&id) {
			return nil, nil, errMalformed
		}
		if u, ok := extUsageOf(id); ok {
			known = append(known, u)
		} else {
			unknown = append(unknown, id)
		}
	}
	return known, unknown, nil
}

// parseSubjectKeyID reads the value of subjectKeyIdentifier (RFC 5280 section 4.2.1.2).
func parseSubjectKeyID(value []byte) ([]byte, error) {
	in := cryptobyte.String(value)
	var id cryptobyte.String
	if !in.ReadASN1(&id, der.OCTET_STRING) || !in.Empty() || len(id) == 0 {
		return nil, errMalformed
	}
	return id, nil
}
