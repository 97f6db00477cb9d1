package saf

import (
	"strings"
	"unicode/utf8"
)

// Match reports whether a generic profile name covers a resource name (racdcert-rings.md D7).
// Variables of class RACFVARS are not resolved: an ampersand is an ordinary character. What is
// not UTF-8 covers nothing and is not covered.
func Match(pattern, name string) bool {
	if !utf8.ValidString(pattern) || !utf8.ValidString(name) {
		return false
	}
	p, n := strings.Split(pattern, "."), strings.Split(name, ".")
	// covers[j] tells whether the qualifiers of p from i on cover those of n from j on. The
	// table keeps many ** in one name from costing more than their number.
	covers := make([]bool, len(n)+1)
	covers[len(n)] = true
	for i := len(p) - 1; i >= 0; i-- {
		q, last := p[i], i == len(p)-1
		row := make([]bool, len(n)+1)
		for j := len(n); j >= 0; j-- {
			switch {
			case q == "**":
				row[j] = covers[j] || j < len(n) && row[j+1]
			case j == len(n):
			case last && strings.HasSuffix(q, "*"):
				row[j] = matchQualifier(q, n[j]) // and whatever qualifiers follow
			default:
				row[j] = covers[j+1] && matchQualifier(q, n[j])
			}
		}
		covers = row
	}
	return covers[0]
}

// matchQualifier matches one qualifier: % stands for one character, * for any number.
func matchQualifier(pattern, s string) bool {
	p, n := []rune(pattern), []rune(s)
	star, mark := -1, 0 // the last asterisk, and where what it stands for ends
	i, j := 0, 0
	for j < len(n) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '%' || p[i] == n[j]):
			i++
			j++
		case star >= 0: // it takes one character more
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(string(p[i:]), "*") == ""
}

// IsPattern reports whether a profile name is generic, if its class has generic names.
func IsPattern(name string) bool { return strings.ContainsAny(name, "*%") }

// Stem gives the part of a profile name that every resource begins with that the profile covers:
// what is before the first % or *, without the period of .** because A.** covers A. Of two
// profiles that cover one resource the one with the longer stem is the more specific.
func Stem(name string) string {
	name = strings.ReplaceAll(name, ".**", "*")
	if i := strings.IndexAny(name, "*%"); i >= 0 {
		return name[:i]
	}
	return name
}

// MoreSpecific reports whether profile name a goes before b where both cover a resource: at the
// first difference an ordinary character beats %, which beats *, which beats ** (racdcert-rings.md
// D7). Names that this does not tell apart are ordered by the number of their ordinary characters,
// then as texts.
func MoreSpecific(a, b string) bool {
	x, y := a, b
	for x != "" && y != "" {
		rx, nx := rank(x)
		ry, ny := rank(y)
		if rx != ry {
			return rx > ry
		}
		if x[:nx] != y[:ny] {
			break
		}
		x, y = x[nx:], y[ny:]
	}
	if ox, oy := ordinary(a), ordinary(b); ox != oy {
		return ox > oy
	}
	return a < b
}

// rank says how specific the first character of a profile name is, and how long it is.
func rank(s string) (rank, length int) {
	switch {
	case strings.HasPrefix(s, "**"):
		return 0, 2
	case s[0] == '*':
		return 1, 1
	case s[0] == '%':
		return 2, 1
	}
	return 3, 1
}

func ordinary(s string) int { return len(s) - strings.Count(s, "*") - strings.Count(s, "%") }
