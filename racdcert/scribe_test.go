package racdcert

import (
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"signet/racdcert/tso"
)

// item is an operand, or a value, on its way to text.
type item struct {
	keyword string   // in full; empty for a value
	among   []string // the keywords of its place, among which it may be shortened; nil for one that may not
	value   string
	style   style
	list    []item
	parens  bool // there is a list, though perhaps an empty one
}

// style is how a value may be written.
type style int

const (
	asNeeded style = iota // in apostrophes where it must be, and sometimes where it need not
	bare                  // never in apostrophes
	quoted                // always
	folded                // as needed, in any case
	trimmed               // as needed, perhaps with blanks around it in the apostrophes
)

// key is a keyword with a list.
func key(among []string, keyword string, list ...item) item {
	return item{keyword: keyword, among: among, list: list, parens: true}
}

// alone is a keyword without a list.
func alone(among []string, keyword string) item { return item{keyword: keyword, among: among} }

func val(f style, s string) item { return item{value: s, style: f} }

func vals(f style, all []string) []item {
	var items []item
	for _, s := range all {
		items = append(items, val(f, s))
	}
	return items
}

// scribe writes commands as different people write them: words in any case and shortened,
// separators, comments and continuation marks of every kind wherever they may stand.
type scribe struct {
	*rand.Rand
	b    strings.Builder
	used map[string]bool // the keywords written so far
}

func (s *scribe) pick(from ...string) string { return from[s.IntN(len(from))] }

func (s *scribe) once(in int) bool { return s.IntN(in) == 0 }

// command writes a command: its name, and its operands in the order given.
func (s *scribe) command(name string, operands []item) string {
	s.b.Reset()
	s.b.WriteString(s.pick("", "", "  ", "\t", "/* c */ ", "/* a -\n b */", " -\n", " /* x */ +\n  "))
	s.b.WriteString(s.anyCase(name))
	for _, o := range operands {
		s.b.WriteString(s.separator())
		s.item(o)
	}
	s.b.WriteString(s.pick("", "", "  ", " /* c */", " /* to the end", " -", ",", " +\n", " /* c */ -\n"))
	return s.b.String()
}

func (s *scribe) item(i item) {
	if i.keyword != "" {
		s.used[i.keyword] = true
		s.b.WriteString(s.broken(s.anyCase(s.short(i.keyword, i.among))))
	} else {
		s.b.WriteString(s.broken(s.value(i.value, i.style)))
	}
	if !i.parens {
		return
	}
	s.b.WriteString(s.pick("", "", "", " ", "  ", " -\n ", "+\n   ", " /* c */ ", "/**/", " +\n/* c */ "))
	s.b.WriteByte('(')
	s.b.WriteString(s.margin())
	for n, v := range i.list {
		if n > 0 {
			s.b.WriteString(s.separator())
		}
		s.item(v)
	}
	s.b.WriteString(s.margin())
	s.b.WriteByte(')')
}

// short takes letters off the end of a keyword as long as it stays clear which one it is.
func (s *scribe) short(keyword string, among []string) string {
	if among == nil || s.once(2) {
		return keyword
	}
	least := len(keyword)
	for n := len(keyword) - 1; n > 0; n-- {
		if k, err := resolve(tso.Operand{Text: keyword[:n]}, "", among); err == nil && k == keyword {
			least = n
		} else {
			break
		}
	}
	return keyword[:least+s.IntN(len(keyword)-least+1)]
}

func (s *scribe) anyCase(word string) string {
	switch s.IntN(4) {
	case 0:
		return strings.ToLower(word)
	case 1:
		return word[:1] + strings.ToLower(word[1:])
	}
	return word
}

func (s *scribe) value(text string, f style) string {
	if f == folded {
		text = s.anyCase(text)
	}
	if f == trimmed && s.once(6) {
		return tso.Quote(s.pick("", " ", "  ") + text + s.pick("", " ", "   "))
	}
	if f == quoted || f != bare && (tso.NeedsQuote(text) || s.once(2)) {
		return tso.Quote(text)
	}
	return text
}

// separator is anything that keeps two items apart.
func (s *scribe) separator() string {
	return s.pick(" ", " ", " ", "  ", ",", ", ", " , ", "\t", " /* c */ ", "/* it's (not */", " -\n", " -\n   ", "-\n ",
		" +\n", " +\n\t  ", ",+\n  ", " /* a */ -\n /* b */ ", " /* a -\n b */", " +\n /* gone */ , ", " /* 'x +\n y) */ ", ",-\n")
}

// margin is what may stand inside a parenthesis without meaning.
func (s *scribe) margin() string {
	return s.pick("", "", "", "", " ", "   ", " -\n ", "+\n  ", "/* c */", " +\n /* c */")
}

// broken puts continuation marks into a word or a quoted string. What follows a plus loses the
// blanks and commas at its start.
func (s *scribe) broken(text string) string {
	if !s.once(4) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		rest := text[i:]
		if i > 0 && s.once(12) {
			if strings.IndexByte(" \t,", rest[0]) >= 0 || strings.HasPrefix(rest, "/*") || s.once(2) {
				b.WriteString("-\n")
			} else {
				b.WriteString("+\n" + s.pick("", "   ", "\t", " "))
			}
		}
		b.WriteString(text[i : i+utf8.RuneLen(r)])
	}
	return b.String()
}
