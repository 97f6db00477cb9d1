package cert

import (
	"errors"
	"fmt"
	"strings"
)

// Limits of a name written by hand. RACF shows 256 bytes of a name; the caps stop text made to
// exhaust the reader.
const (
	maxNameText = 8192
	maxRDNs     = 64
)

// ParseName reads a name in RACDCERT's form, CN('x') T('t') OU('a','b') O('o') L('l') SP('s')
// C('US'), or in that of RFC 4514, CN=x,OU=a,O=o,C=US. Either way the parts are encoded in
// X.500 order: RACDCERT's in the order that Subject says, those of RFC 4514 last one first.
func ParseName(s string) (Name, error) {
	switch {
	case strings.TrimSpace(s) == "":
		return Name{}, errors.New("name: it is empty")
	case len(s) > maxNameText:
		return Name{}, fmt.Errorf("name: longer than %d bytes", maxNameText)
	}
	// A keyword ends at a parenthesis in RACDCERT's form and at an equals sign in the other.
	if i := strings.IndexAny(s, "(="); i >= 0 && s[i] == '(' {
		sub, err := parseOperands(s)
		if err != nil {
			return Name{}, err
		}
		return sub.Name()
	}
	return parse4514(s)
}

// parseOperands reads the operands of SUBJECTSDN: keywords in any case, blanks or commas
// between them; values in apostrophes, doubled where one is meant, or bare.
func parseOperands(s string) (Subject, error) {
	var sub Subject
	single := map[string]*string{"CN": &sub.CN, "T": &sub.T, "O": &sub.O, "L": &sub.L, "SP": &sub.SP, "C": &sub.C}
	seen := map[string]bool{}
	for rest := trimSeparators(s); rest != ""; rest = trimSeparators(rest) {
		word, tail, ok := strings.Cut(rest, "(")
		keyword := strings.ToUpper(strings.TrimSpace(word))
		if _, known := single[keyword]; !ok || !known && keyword != "OU" {
			return sub, fmt.Errorf("name %q: CN, T, OU, O, L, SP or C and a parenthesis expected at %q", clip(s), clip(rest))
		}
		if seen[keyword] {
			return sub, fmt.Errorf("name %q: %s is given twice", clip(s), keyword)
		}
		seen[keyword] = true
		values, after, err := parseOperandValues(tail)
		switch {
		case err != nil:
			return sub, fmt.Errorf("name %q: %s: %v", clip(s), keyword, err)
		case keyword == "OU":
			sub.OU = values
		case len(values) > 1:
			return sub, fmt.Errorf("name %q: %s takes one value; put it in apostrophes if it holds blanks or commas", clip(s), keyword)
		default:
			*single[keyword] = values[0]
		}
		rest = after
	}
	return sub, nil
}

// parseOperandValues reads values up to the closing parenthesis and returns what follows it.
func parseOperandValues(s string) (values []string, rest string, err error) {
	for {
		s = trimSeparators(s)
		switch {
		case s == "":
			return nil, "", errors.New("the closing parenthesis is missing")
		case s[0] == ')' && len(values) == 0:
			return nil, "", errors.New("no value is given")
		case s[0] == ')':
			return values, s[1:], nil
		case len(values) == maxRDNs:
			return nil, "", fmt.Errorf("more than %d values", maxRDNs)
		case s[0] == '\'':
			value, after, err := parseQuoted(s[1:])
			if err != nil {
				return nil, "", err
			}
			if value == "" {
				return nil, "", errors.New("a value is empty")
			}
			values, s = append(values, value), after
		default:
			end := strings.IndexAny(s, separators+"()'")
			if end <= 0 {
				return nil, "", fmt.Errorf("a value or the closing parenthesis expected at %q", clip(s))
			}
			values, s = append(values, s[:end]), s[end:]
		}
	}
}

// parseQuoted reads up to the closing apostrophe; two in a row stand for one.
func parseQuoted(s string) (value, rest string, err error) {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, "'")
		if !ok {
			return "", "", errors.New("the closing apostrophe is missing")
		}
		b.WriteString(before)
		if !strings.HasPrefix(after, "'") {
			return b.String(), after, nil
		}
		b.WriteByte('\'')
		s = after[1:]
	}
}

// separators may stand between the operands and between the values of RACDCERT's form.
const separators = " ,\t\r\n"

func trimSeparators(s string) string { return strings.TrimLeft(s, separators) }
