package cert

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"strings"
	"unicode"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Name is a distinguished name. It keeps the encoded bytes, so that a name read from a
// certificate can be written again unchanged. Names compare with ==, byte by byte, as
// crypto/x509 compares them; the zero Name has no parts.
type Name struct {
	der string // empty for the name without parts
}

// emptyName is the encoding of a name without parts: an empty SEQUENCE.
const emptyName = "\x30\x00"

// part is one attribute of a name (RFC 5280 section 4.1.2.4, AttributeTypeAndValue).
type part struct {
	id     asn1.ObjectIdentifier
	value  []byte // the whole encoded value
	text   string // what it says
	isText bool   // false when the value is no string, or a broken one
}

// NameFromDER takes an encoded name as it stands, with nothing after it.
func NameFromDER(data []byte) (Name, error) {
	if len(data) > MaxSize {
		return Name{}, errors.New("name: larger than a certificate may be")
	}
	if _, err := parseRDNs(data); err != nil {
		return Name{}, err
	}
	if string(data) == emptyName {
		return Name{}, nil
	}
	return Name{string(data)}, nil
}

// SubjectOf gives the subject of a certificate that Parse read.
func SubjectOf(c *x509.Certificate) Name { n, _ := NameFromDER(c.RawSubject); return n }

// IssuerOf gives the issuer of a certificate that Parse read.
func IssuerOf(c *x509.Certificate) Name { n, _ := NameFromDER(c.RawIssuer); return n }

// DER gives the encoded name.
func (n Name) DER() []byte {
	if n.der == "" {
		return []byte(emptyName)
	}
	return []byte(n.der)
}

// IsZero reports whether the name has no parts.
func (n Name) IsZero() bool { return n.der == "" }

// Equal reports whether the two names have the same encoding.
func (n Name) Equal(o Name) bool { return n == o }

// RACF gives the name as RACF prints it (racdcert-certificates.md 15.2): most specific part
// first, joined by periods, nothing escaped. Control and text-direction characters, with which
// a certificate could forge lines of a listing, become question marks.
func (n Name) RACF() string {
	return n.join(".", part.racf)
}

// racf gives one attribute as RACF prints it.
func (p part) racf() string {
	if !p.isText {
		return p.keyword() + "=" + hexValue(p.value)
	}
	return p.keyword() + "=" + strings.Map(func(r rune) rune {
		if unsafeRune(r) {
			return '?'
		}
		return r
	}, p.text)
}

// keyword is the type as RACF prints it.
func (p part) keyword() string { return attributeOf(p.id).keyword() }

// String gives the name in the form of RFC 4514: most specific part first, with escapes. A
// type without a keyword, and a value that is no string, are written as section 2.4 says.
func (n Name) String() string {
	return n.join(",", func(p part) string {
		a := attributeOf(p.id)
		switch {
		case a.text == "":
			return p.id.String() + "=" + hexValue(p.value)
		case !p.isText:
			return a.text + "=" + hexValue(p.value)
		}
		return a.text + "=" + escape(p.text)
	})
}

// join writes the parts last one first; the attributes of one part are joined by plus signs.
func (n Name) join(sep string, text func(part) string) string {
	rdns, _ := parseRDNs(n.DER()) // sound: every constructor has parsed them
	var out []string
	for i := len(rdns) - 1; i >= 0; i-- {
		var one []string
		for _, p := range rdns[i] {
			one = append(one, text(p))
		}
		out = append(out, strings.Join(one, "+"))
	}
	return strings.Join(out, sep)
}

// parseRDNs reads the parts of an encoded name in encoded order.
func parseRDNs(data []byte) ([][]part, error) {
	bad := errors.New("not a distinguished name")
	in, seq := cryptobyte.String(data), cryptobyte.String(nil)
	if !in.ReadASN1(&seq, der.SEQUENCE) || !in.Empty() {
		return nil, bad
	}
	var rdns [][]part
	for !seq.Empty() {
		var set cryptobyte.String
		if !seq.ReadASN1(&set, der.SET) || set.Empty() {
			return nil, bad
		}
		var rdn []part
		for !set.Empty() {
			var attr, value, content cryptobyte.String
			var p part
			var tag der.Tag
			if !set.ReadASN1(&attr, der.SEQUENCE) || !attr.ReadASN1ObjectIdentifier(&p.id) ||
				!attr.ReadAnyASN1Element(&value, &tag) || !attr.Empty() {
				return nil, bad
			}
			p.value = value
			value.ReadAnyASN1(&content, &tag)
			p.text, p.isText = decodeString(tag, content)
			rdn = append(rdn, p)
		}
		rdns = append(rdns, rdn)
	}
	return rdns, nil
}

// Visible makes a foreign text fit to be shown: control and text-direction characters, with
// which it could forge lines of a listing or command a terminal, become question marks.
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unsafeRune(r) {
			return '?'
		}
		return r
	}, s)
}

// unsafeRune reports whether a character could change how the text around it is seen.
func unsafeRune(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}
