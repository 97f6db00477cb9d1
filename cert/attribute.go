package cert

import (
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// form says which string type a value must have (RFC 5280 section 4.1.2.4 and appendix A).
type form int

const (
	directory form = iota // PrintableString where possible, else UTF8String
	printable             // PrintableString only
	ia5                   // IA5String only
)

// attribute is a type that names can hold and that has a keyword: those of SUBJECTSDN, those
// that RFC 5280 section 4.1.2.4 wants every reader to know, and those that LDAP names have.
type attribute struct {
	id   asn1.ObjectIdentifier
	racf string   // in RACF's form (racdcert-certificates.md 15.2); upper case
	text string   // in the form of RFC 4514
	also []string // further keywords that are read; upper case
	form form
	max  int // characters: SUBJECTSDN's limit, else an upper bound of RFC 5280 appendix A.1
}

var attributes = []attribute{
	{asn1.ObjectIdentifier{2, 5, 4, 3}, "CN", "CN", []string{"COMMONNAME"}, directory, 64},
	{asn1.ObjectIdentifier{2, 5, 4, 12}, "T", "title", nil, directory, 64},
	{asn1.ObjectIdentifier{2, 5, 4, 11}, "OU", "OU", nil, directory, 64},
	{asn1.ObjectIdentifier{2, 5, 4, 10}, "O", "O", nil, directory, 64},
	{asn1.ObjectIdentifier{2, 5, 4, 7}, "L", "L", nil, directory, 64},
	{asn1.ObjectIdentifier{2, 5, 4, 8}, "SP", "ST", []string{"S"}, directory, 64},
	{asn1.ObjectIdentifier{2, 5, 4, 6}, "C", "C", nil, printable, 2},
	{asn1.ObjectIdentifier{2, 5, 4, 9}, "STREET", "STREET", nil, directory, 128},
	{asn1.ObjectIdentifier{2, 5, 4, 17}, "PC", "postalCode", nil, directory, 40},
	{asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, "DC", "DC", nil, ia5, 63},
	{asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, "UID", "UID", []string{"USERID"}, directory, 256},
	{asn1.ObjectIdentifier{2, 5, 4, 4}, "SN", "SN", []string{"SURNAME"}, directory, 64},
	{asn1.ObjectIdentifier{2, 5, 4, 42}, "GN", "givenName", nil, directory, 64},
	{asn1.ObjectIdentifier{2, 5, 4, 5}, "SERIALNUMBER", "serialNumber", nil, printable, 64},
	{asn1.ObjectIdentifier{2, 5, 4, 46}, "DNQUALIFIER", "dnQualifier", nil, printable, 64},
	{asn1.ObjectIdentifier{2, 5, 4, 43}, "INITIALS", "initials", nil, directory, 64},
	{asn1.ObjectIdentifier{2, 5, 4, 44}, "GENERATIONQUALIFIER", "generationQualifier", nil, directory, 64},
	{asn1.ObjectIdentifier{2, 5, 4, 65}, "PSEUDONYM", "pseudonym", nil, directory, 128},
	{asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 3}, "MAIL", "mail", nil, ia5, 256},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, "EMAIL", "emailAddress", []string{"E"}, ia5, 255},
}

// maxOther is the longest text value of a type without a keyword.
const maxOther = 256

// attributeOf finds a type; one without a keyword gives an attribute with empty keywords.
func attributeOf(id asn1.ObjectIdentifier) attribute {
	for _, a := range attributes {
		if a.id.Equal(id) {
			return a
		}
	}
	return attribute{id: id, max: maxOther}
}

// attributeNamed finds a type by any of its keywords, in any case.
func attributeNamed(keyword string) (attribute, bool) {
	up := strings.ToUpper(keyword)
	for _, a := range attributes {
		if up == a.racf || up == strings.ToUpper(a.text) || slices.Contains(a.also, up) {
			return a, true
		}
	}
	return attribute{}, false
}

// keyword is how an error names the type.
func (a attribute) keyword() string {
	if a.racf == "" {
		return a.id.String()
	}
	return a.racf
}

// check says why a text cannot be a value of this type.
func (a attribute) check(s string) error {
	bad := func(why string) error {
		return fmt.Errorf("name part %s=%q: %s", a.keyword(), clip(s), why)
	}
	switch {
	case strings.Trim(s, " ") == "":
		return bad("it is empty")
	case !utf8.ValidString(s):
		return bad("it is not valid UTF-8")
	case utf8.RuneCountInString(s) > a.max:
		return bad(fmt.Sprintf("it is longer than %d characters", a.max))
	case strings.IndexFunc(s, unsafeRune) >= 0:
		return bad("it holds a control character")
	case a.racf == "C" && (len(s) != 2 || strings.IndexFunc(s, notLetter) >= 0):
		return bad("a country is two letters (ISO 3166)")
	case a.form == printable && !isPrintable(s):
		return bad("only letters, digits, blanks and '()+,-./:=? are allowed here")
	case a.form == ia5 && !isASCII(s):
		return bad("only ASCII is allowed here")
	}
	return nil
}

// encode gives the encoded value of a text that check has passed.
func (a attribute) encode(s string) []byte {
	tag := der.UTF8String
	switch {
	case a.form == ia5:
		tag = der.IA5String
	case isPrintable(s):
		tag = der.PrintableString
	}
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
	return b.BytesOrPanic() // a few hundred bytes always fit
}

// decodeHex reads a value written as a number sign and hexadecimal digits (RFC 4514 section
// 2.4). If it turns out to be a string it must obey the same rules as one written plainly.
func (a attribute) decodeHex(s string) ([]byte, error) {
	value, err := hex.DecodeString(strings.TrimPrefix(s, "#"))
	in, content := cryptobyte.String(value), cryptobyte.String(nil)
	var tag der.Tag
	if err != nil || !in.ReadAnyASN1(&content, &tag) || !in.Empty() {
		return nil, fmt.Errorf("name part %s=%q: not the hexadecimal digits of one DER value", a.keyword(), clip(s))
	}
	if text, ok := decodeString(tag, content); ok && a.racf != "" {
		if err := a.check(text); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// hexValue is the opposite of decodeHex.
func hexValue(value []byte) string { return "#" + hex.EncodeToString(value) }

// parseOID reads a dotted object identifier.
func parseOID(s string) (asn1.ObjectIdentifier, error) {
	var id asn1.ObjectIdentifier
	for _, arc := range strings.Split(s, ".") {
		n := 0
		for _, d := range []byte(arc) {
			// Arcs above 31 bits do not fit the types of crypto/x509.
			if d < '0' || d > '9' || n > (1<<31-1-9)/10 {
				return nil, errors.New("not an object identifier")
			}
			n = n*10 + int(d-'0')
		}
		if arc == "" || len(arc) > 1 && arc[0] == '0' {
			return nil, errors.New("not an object identifier")
		}
		id = append(id, n)
	}
	if len(id) < 2 || len(id) > 32 || id[0] > 2 || id[0] < 2 && id[1] > 39 {
		return nil, errors.New("not an object identifier")
	}
	return id, nil
}

func notLetter(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }

// clip shortens a text for an error message.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}
