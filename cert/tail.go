package cert

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Tail is an end of a name as RACF prints it: the form of a certificate name filter
// (racdcert-rings.md C2).
type Tail struct {
	Text string
	// Plain is false when another name could print the same text: RACF escapes nothing, so a
	// value such as x.OU=Admins reads like two parts. Whoever chooses a value must not be able
	// to choose what the certificate is taken for.
	Plain bool
}

// Tails gives the ends of a name, the whole name first, then without its most specific part,
// and so on to the least specific part alone. A name without parts has none.
func (n Name) Tails() []Tail {
	rdns, _ := parseRDNs(n.DER()) // sound: every constructor has parsed them
	slices.Reverse(rdns)
	tails := make([]Tail, len(rdns))
	var text strings.Builder
	starts := make([]int, len(rdns))
	for i, rdn := range rdns {
		if i > 0 {
			text.WriteByte('.')
		}
		starts[i] = text.Len()
		for j, p := range rdn {
			if j > 0 {
				text.WriteByte('+')
			}
			text.WriteString(p.racf())
		}
	}
	next, plain := "", true
	for i := len(rdns) - 1; i >= 0; i-- {
		for j := len(rdns[i]) - 1; j >= 0; j-- {
			p := rdns[i][j]
			plain = plain && p.plain(next)
			next = "+" + p.keyword() + "="
		}
		next = "." + next[1:]
		tails[i] = Tail{text.String()[starts[i]:], plain}
	}
	return tails
}

// plain reports whether the printed value ends where a reader of the printed name sees the next
// attribute begin. next is how that one begins, empty after the last.
func (p part) plain(next string) bool {
	if !p.isText || strings.IndexFunc(p.text, unsafeRune) >= 0 {
		return false
	}
	found := nextAttribute().FindStringIndex(p.text + next)
	if next == "" {
		return found == nil
	}
	return found != nil && found[0] == len(p.text)
}

// nextAttribute is how an attribute begins in a printed name, after another one.
var nextAttribute = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[.+](` + printedKeywords() + `)=`) })

// firstAttribute is how a printed name begins.
var firstAttribute = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(` + printedKeywords() + `)=`) })

// otherSpelling is an attribute as other programs print it.
var otherSpelling = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(^|[.+,] *)([A-Za-z]+)=`) })

// printedKeywords is a pattern for the types that RACF's form can have.
func printedKeywords() string {
	var words []string
	for _, a := range attributes {
		words = append(words, a.racf)
	}
	return strings.Join(words, "|") + `|[0-9]+(?:\.[0-9]+)+`
}

// CheckTail says why a text cannot be an end of a name as RACF prints it. Values are free, so
// it refuses only what begins with no attribute, and what is surely a name in another form,
// which would match nothing.
func CheckTail(s string) error {
	if strings.IndexFunc(s, unsafeRune) >= 0 {
		return errors.New("it holds a control character")
	}
	for _, m := range otherSpelling().FindAllStringSubmatch(s, -1) {
		a, known := attributeNamed(m[2])
		switch {
		case !known:
		case m[2] != a.racf:
			return fmt.Errorf("%s= is printed as %s=", m[2], a.racf)
		case strings.HasPrefix(m[1], ","):
			return fmt.Errorf("parts are joined by periods, and %s= stands after a comma", a.racf)
		}
	}
	if !firstAttribute().MatchString(s) {
		return errors.New("it does not begin with an attribute such as C= or OU=")
	}
	return nil
}
