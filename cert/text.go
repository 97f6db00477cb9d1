package cert

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	der "golang.org/x/crypto/cryptobyte/asn1"
)

// String types that cryptobyte/asn1 does not name.
const (
	tagNumericString   = der.Tag(18)
	tagUniversalString = der.Tag(28)
	tagBMPString       = der.Tag(30)
)

// decodeString reads the content of any string type that names hold. It is lenient about the
// characters of PrintableString, as crypto/x509 is, but not about broken encodings.
func decodeString(tag der.Tag, content []byte) (string, bool) {
	s := string(content)
	switch tag {
	case der.UTF8String:
		return s, utf8.ValidString(s)
	case der.PrintableString, der.IA5String, tagNumericString:
		return s, isASCII(s)
	case der.T61String:
		// Nobody implements T.61; everybody writes and reads Latin-1.
		var b strings.Builder
		for _, c := range content {
			b.WriteRune(rune(c))
		}
		return b.String(), true
	case tagBMPString:
		if len(content)%2 != 0 {
			return "", false
		}
		var units []uint16
		for i := 0; i < len(content); i += 2 {
			units = append(units, uint16(content[i])<<8|uint16(content[i+1]))
		}
		return string(utf16.Decode(units)), true
	case tagUniversalString:
		if len(content)%4 != 0 {
			return "", false
		}
		var b strings.Builder
		for i := 0; i < len(content); i += 4 {
			r := uint32(content[i])<<24 | uint32(content[i+1])<<16 | uint32(content[i+2])<<8 | uint32(content[i+3])
			if r > utf8.MaxRune {
				return "", false
			}
			b.WriteRune(rune(r))
		}
		return b.String(), true
	}
	return "", false
}

// isPrintable reports whether PrintableString can hold s (X.680 section 41.4).
func isPrintable(s string) bool {
	for _, r := range s {
		if notLetter(r) && (r < '0' || r > '9') && !strings.ContainsRune(" '()+,-./:=?", r) {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > 127 {
			return false
		}
	}
	return true
}
