package keystore

import (
	"slices"
	"strings"
	"unicode"
)

// The letters whose lower case is not one letter of its own.
const (
	bigSigma   = 'Σ'
	smallSigma = 'σ'
	finalSigma = 'ς'
	dottedI    = 'İ'
)

// Fold gives an alias as Java folds it, with String.toLowerCase(Locale.ENGLISH): the form under
// which a Java keystore looks entries up. Letters that are newer than a Java version stay as
// they are in that version; Fold knows those of Unicode 16, as Java 25 does.
func Fold(alias string) string {
	if isFolded(alias) {
		return alias
	}
	runes := []rune(alias)
	var words []int
	if slices.Contains(runes, bigSigma) {
		words = wordEnds(runes)
	}
	var out strings.Builder
	out.Grow(len(alias))
	for i, r := range runes {
		switch {
		case r == bigSigma && endsWord(runes, words, i):
			out.WriteRune(finalSigma)
		case r == dottedI:
			out.WriteString("i\u0307")
		default:
			out.WriteRune(lower(r))
		}
	}
	return out.String()
}

// isFolded reports whether an alias is plain ASCII without upper-case letters, as nearly all are.
func isFolded(alias string) bool {
	for i := range len(alias) {
		if b := alias[i]; b >= 0x80 || 'A' <= b && b <= 'Z' {
			return false
		}
	}
	return true
}

// lower gives the lower case of a letter, in Unicode 16: what Go does not know yet is listed.
func lower(r rune) rune {
	switch {
	case r == 0x1c89, r == 0xa7cc, r == 0xa7da:
		return r + 1
	case r == 0xa7cb:
		return 0x0264
	case r == 0xa7dc:
		return 0x019b
	case 0x10d50 <= r && r <= 0x10d65: // Garay
		return r + 0x20
	}
	return unicode.ToLower(r)
}

// FoldTogether gives the entries whose aliases Java takes for the same, as groups of their
// places, in file order.
func (k *Keystore) FoldTogether() [][]int {
	first := make(map[string]int, len(k.Entries)) // the place of the first of each name
	groups := map[string]int{}                    // in out
	var out [][]int
	for i, e := range k.Entries {
		if e.Alias == "" && k.Format == PKCS12 {
			continue // Java makes up a name for each
		}
		name := Fold(e.Alias)
		at, seen := first[name]
		if !seen {
			first[name] = i
			continue
		}
		group, ok := groups[name]
		if !ok {
			group = len(out)
			groups[name] = group
			out = append(out, []int{at})
		}
		out[group] = append(out[group], i)
	}
	return out
}
