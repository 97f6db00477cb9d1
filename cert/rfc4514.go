package cert

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// special are the characters that RFC 4514 section 2.4 lets a backslash precede.
const special = `"+,;<>\ #=`

// parse4514 reads the string form of RFC 4514. Blanks around separators are allowed, as in
// RFC 2253, because people write them.
func parse4514(s string) (Name, error) {
	var rdns [][]typed
	var rdn []typed
	for rest := s; ; {
		t, after, err := parseAttribute(rest)
		if err != nil {
			return Name{}, fmt.Errorf("name %q: %w", clip(s), err)
		}
		for _, other := range rdn {
			// X.501 section 9.3: one value of a type in one part.
			if other.id.Equal(t.id) {
				return Name{}, fmt.Errorf("name %q: %s twice in one part; write a comma for the plus sign", clip(s), t.keyword())
			}
		}
		rdn = append(rdn, t)
		if !strings.HasPrefix(after, "+") {
			rdns, rdn = append(rdns, rdn), nil
		}
		if after == "" {
			break
		}
		if len(rdns) == maxRDNs || len(rdn) == maxRDNs {
			return Name{}, fmt.Errorf("name %q: more than %d parts", clip(s), maxRDNs)
		}
		rest = after[1:]
	}
	slices.Reverse(rdns) // the first written is the last encoded: section 2.1
	return encodeName(rdns)
}

// parseAttribute reads KEYWORD=value up to an unescaped comma or plus sign, which it leaves.
func parseAttribute(s string) (typed, string, error) {
	keyword, rest, ok := strings.Cut(s, "=")
	keyword = strings.TrimSpace(keyword)
	if !ok || keyword == "" {
		return typed{}, "", fmt.Errorf("KEYWORD=value expected at %q", clip(s))
	}
	a, ok := attributeNamed(keyword)
	if !ok {
		id, err := parseOID(strings.TrimPrefix(strings.ToUpper(keyword), "OID."))
		if err != nil {
			return typed{}, "", fmt.Errorf("unknown keyword %q; CN, T, OU, O, L, ST, C, STREET, DC, UID, SN, GN, SERIALNUMBER, EMAIL or a dotted object identifier expected", clip(keyword))
		}
		a = attributeOf(id)
	}
	rest = strings.TrimLeft(rest, " ")
	if strings.HasPrefix(rest, "#") {
		end := strings.IndexAny(rest, ",+")
		if end < 0 {
			end = len(rest)
		}
		raw, err := a.decodeHex(strings.TrimRight(rest[:end], " "))
		return typed{a, "", raw}, rest[end:], err
	}
	text, after, err := unescape(rest)
	if err != nil {
		return typed{}, "", fmt.Errorf("%s: %w", a.keyword(), err)
	}
	return typed{a, text, nil}, after, nil
}

// unescape reads a value up to an unescaped comma or plus sign, without the blanks around it.
func unescape(s string) (text, rest string, err error) {
	var out []byte
	keep := 0 // length of out up to the last character that is not a plain blank
	i := 0
	for ; i < len(s) && s[i] != ',' && s[i] != '+'; i++ {
		switch c := s[i]; {
		case strings.IndexByte(`";<>`, c) >= 0:
			return "", "", fmt.Errorf(`a plain %c is not allowed here; write \%c`, c, c)
		case c == '=' && looksLikeRACF(out):
			return "", "", errors.New(`parts joined by periods; separate them by commas, or write \= if the sign belongs to the value`)
		case c != '\\':
			out = append(out, c)
			if c != ' ' {
				keep = len(out)
			}
			continue
		case i+1 < len(s) && strings.IndexByte(special, s[i+1]) >= 0:
			out = append(out, s[i+1])
			i++
		case i+2 < len(s) && isHex(s[i+1:i+3]):
			b, _ := hex.DecodeString(s[i+1 : i+3])
			out = append(out, b...)
			i += 2
		default:
			return "", "", errors.New(`a backslash needs a special character or two hexadecimal digits after it; write \\ for a plain one`)
		}
		keep = len(out)
	}
	return string(out[:keep]), s[i:], nil
}

// looksLikeRACF reports whether an equals sign after value would begin a further part in the
// form that RACF prints: CN=a.O=b.C=US read as one long CN is surely not what was meant.
func looksLikeRACF(value []byte) bool {
	i := strings.LastIndexByte(string(value), '.')
	return i >= 0 && slices.Contains([]string{"CN", "T", "OU", "O", "L", "SP", "C"}, string(value[i+1:]))
}

func isHex(s string) bool { _, err := hex.DecodeString(s); return err == nil }

// escape writes a value so that unescape gives it back (RFC 4514 section 2.4).
func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		edge := i == 0 || i == len(s)-1
		switch {
		case unsafeRune(r):
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, `\%02X`, c)
			}
		case strings.ContainsRune(`"+,;<>\=`, r), r == ' ' && edge, r == '#' && i == 0:
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
