package pkcs12

import (
	"crypto/sha256"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// certificate is what chains need of a certificate. Of one that is damaged the names are empty.
type certificate struct {
	der       []byte
	id        [sha256.Size]byte // of der
	subject   string            // as canonicalName gives it
	issuer    string
	publicKey []byte // SubjectPublicKeyInfo
	keyID     []byte // its subject key identifier; nil if there is none
	issuerID  []byte // its authority key identifier
}

// readCertificate reads a certificate no further than chains need it (RFC 5280 section 4.1):
// crypto/x509 would take ten times as long, and refuse what is only odd.
func readCertificate(data []byte) certificate {
	c := certificate{der: data, id: sha256.Sum256(data)}
	in := cryptobyte.String(data)
	var whole, tbs, issuer, subject, key, extensions cryptobyte.String
	ok := in.ReadASN1(&whole, der.SEQUENCE) && whole.ReadASN1(&tbs, der.SEQUENCE) &&
		tbs.SkipOptionalASN1(contextTag0) && // version
		tbs.SkipASN1(der.INTEGER) && tbs.SkipASN1(der.SEQUENCE) && // serialNumber, signature
		tbs.ReadASN1(&issuer, der.SEQUENCE) && tbs.SkipASN1(der.SEQUENCE) && // validity
		tbs.ReadASN1(&subject, der.SEQUENCE) && tbs.ReadASN1Element(&key, der.SEQUENCE)
	if !ok {
		return c
	}
	c.subject, c.issuer, c.publicKey = canonicalName(subject), canonicalName(issuer), key
	tbs.SkipOptionalASN1(der.Tag(1).ContextSpecific()) // unique identifiers
	tbs.SkipOptionalASN1(der.Tag(2).ContextSpecific())
	if tbs.ReadASN1(&extensions, der.Tag(3).Constructed().ContextSpecific()) && extensions.ReadASN1(&extensions, der.SEQUENCE) {
		c.readKeyIDs(extensions)
	}
	return c
}

var (
	subjectKeyIDOID   = newOID(2, 5, 29, 14) // RFC 5280 section 4.2.1.2
	authorityKeyIDOID = newOID(2, 5, 29, 35) // RFC 5280 section 4.2.1.1
)

func (c *certificate) readKeyIDs(extensions cryptobyte.String) {
	for !extensions.Empty() {
		var extension, id, value, inner, key cryptobyte.String
		if !extensions.ReadASN1(&extension, der.SEQUENCE) || !extension.ReadASN1(&id, der.OBJECT_IDENTIFIER) ||
			!extension.SkipOptionalASN1(der.BOOLEAN) || !extension.ReadASN1(&value, der.OCTET_STRING) {
			return
		}
		switch string(id) {
		case string(subjectKeyIDOID):
			if value.ReadASN1(&key, der.OCTET_STRING) {
				c.keyID = key
			}
		case string(authorityKeyIDOID):
			if value.ReadASN1(&inner, der.SEQUENCE) && inner.ReadASN1(&key, der.Tag(0).ContextSpecific()) {
				c.issuerID = key
			}
		}
	}
}

// canonicalName gives a name in a form that is equal for names that Java takes for equal: without
// regard to the type of text, to case, and to how many blanks there are.
func canonicalName(rdns cryptobyte.String) string {
	out := make([]byte, 0, len(rdns))
	for !rdns.Empty() {
		var rdn cryptobyte.String
		if !rdns.ReadASN1(&rdn, der.SET) {
			return ""
		}
		out = append(out, '/')
		for !rdn.Empty() {
			var pair, id, value cryptobyte.String
			var tag der.Tag
			if !rdn.ReadASN1(&pair, der.SEQUENCE) || !pair.ReadASN1(&id, der.OBJECT_IDENTIFIER) || !pair.ReadAnyASN1(&value, &tag) {
				return ""
			}
			out = append(append(append(out, '+'), id...), '=')
			out = appendText(out, value, tag)
		}
	}
	return string(out)
}

// appendText folds text as canonicalName says; what is no text stays as it is.
func appendText(out, value []byte, tag der.Tag) []byte {
	text := value
	switch tag {
	case der.UTF8String, der.PrintableString, der.IA5String, der.T61String:
	case bmpString:
		decoded, ok := decodeBMP(value)
		if !ok {
			return append(out, value...)
		}
		text = []byte(decoded)
	default:
		return append(out, value...)
	}
	if !utf8.Valid(text) {
		return append(out, text...)
	}
	if folded, ok := appendASCII(out, text); ok {
		return folded
	}
	return append(out, strings.ToLower(strings.Join(strings.Fields(string(text)), " "))...)
}

// appendASCII folds text in ASCII, as most is, without taking it apart; ok says whether it is that.
func appendASCII(out, text []byte) (folded []byte, ok bool) {
	start, blank := len(out), false
	for _, b := range text {
		switch {
		case b >= utf8.RuneSelf:
			return nil, false
		case b == ' ' || '\t' <= b && b <= '\r':
			blank = len(out) > start
			continue
		case 'A' <= b && b <= 'Z':
			b += 'a' - 'A'
		}
		if blank {
			out, blank = append(out, ' '), false
		}
		out = append(out, b)
	}
	return out, true
}
