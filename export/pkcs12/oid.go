package pkcs12

import (
	"encoding/asn1"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// oid is the contents of an object identifier in DER: of ten thousand bags, none is worth a list
// of its numbers.
type oid string

// newOID gives an object identifier that is written in the program.
func newOID(parts ...int) oid {
	var out cryptobyte.Builder
	out.AddASN1ObjectIdentifier(parts)
	return oid(out.BytesOrPanic()[2:])
}

var (
	// RFC 2315 section 14.
	dataOID          = newOID(1, 2, 840, 113549, 1, 7, 1)
	signedDataOID    = newOID(1, 2, 840, 113549, 1, 7, 2)
	encryptedDataOID = newOID(1, 2, 840, 113549, 1, 7, 6)

	// RFC 7292 appendix D, bag types.
	keyBagOID          = newOID(1, 2, 840, 113549, 1, 12, 10, 1, 1)
	shroudedKeyBagOID  = newOID(1, 2, 840, 113549, 1, 12, 10, 1, 2)
	certBagOID         = newOID(1, 2, 840, 113549, 1, 12, 10, 1, 3)
	crlBagOID          = newOID(1, 2, 840, 113549, 1, 12, 10, 1, 4)
	secretBagOID       = newOID(1, 2, 840, 113549, 1, 12, 10, 1, 5)
	safeContentsBagOID = newOID(1, 2, 840, 113549, 1, 12, 10, 1, 6)

	// RFC 2985 sections 5.5.1, 5.5.2 and appendix A.
	x509CertificateOID = newOID(1, 2, 840, 113549, 1, 9, 22, 1)
	friendlyNameOID    = newOID(1, 2, 840, 113549, 1, 9, 20)
	localKeyIDOID      = newOID(1, 2, 840, 113549, 1, 9, 21)

	// Java's mark of a trusted certificate, and the key usage that stands for all of them
	// (RFC 5280 section 4.2.1.12).
	trustedUsageOID = newOID(2, 16, 840, 1, 113894, 746875, 1, 1)
	anyUsageOID     = newOID(2, 5, 29, 37, 0)
)

func (o oid) String() string {
	in := cryptobyte.String(o.encode())
	var id asn1.ObjectIdentifier
	if len(o) > 4*maxOIDParts || !in.ReadASN1ObjectIdentifier(&id) || len(id) > maxOIDParts {
		return fmt.Sprintf("object identifier %.20x", string(o))
	}
	return id.String()
}

// encode gives the object identifier with its tag and length.
func (o oid) encode() []byte {
	var out cryptobyte.Builder
	out.AddASN1(der.OBJECT_IDENTIFIER, func(out *cryptobyte.Builder) { out.AddBytes([]byte(o)) })
	return out.BytesOrPanic()
}

// parseOID reads an object identifier in numbers.
func parseOID(text string) (asn1.ObjectIdentifier, error) {
	var id asn1.ObjectIdentifier
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, err
		}
		id = append(id, n)
	}
	return id, nil
}
