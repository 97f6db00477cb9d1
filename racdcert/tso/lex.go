package tso

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// separators are the characters between items; a comment is one too.
const separators = " \t,"

// lexer reads words, quoted strings and what stands between them.
type lexer struct {
	text     string
	i        int // the next byte
	open     int // the quoted string or word being read begins here
	loc      locator
	warnings []Problem
}

func (p *lexer) done() bool { return p.i >= len(p.text) }

func (p *lexer) pos(off int) Pos { return p.loc.at(off) }

func (p *lexer) fail(off int, text, hint string) *Problem {
	return &Problem{Pos: p.pos(off), Text: text, Hint: hint}
}

func (p *lexer) warn(off int, text, hint string) {
	p.warnings = append(p.warnings, Problem{p.pos(off), text, hint})
}

// skip passes over blanks and comments. A comment without an end reaches to the end of the
// command.
func (p *lexer) skip(blanks string) {
	for ; !p.done(); p.i++ {
		if strings.IndexByte(blanks, p.text[p.i]) >= 0 {
			continue
		}
		if !strings.HasPrefix(p.text[p.i:], "/*") {
			break
		}
		end := strings.Index(p.text[p.i+2:], "*/")
		if end < 0 {
			if p.i > 0 && strings.IndexByte(" \t,()'", p.text[p.i-1]) < 0 {
				p.warn(p.i, `"/*" after a word begins a comment, which has no end`,
					"quote the word if the characters belong to it")
			}
			p.i = len(p.text)
			break
		}
		p.i += 2 + end + 1
	}
	p.open = p.i
}

// word reads a bare word.
func (p *lexer) word() (string, *Problem) {
	start := p.i
	p.open = start
	for !p.done() {
		c := p.text[p.i]
		if c < utf8.RuneSelf && isWordRune(rune(c)) {
			if c == '/' && strings.HasPrefix(p.text[p.i:], "/*") {
				break
			}
			p.i++
			continue
		}
		if strings.IndexByte(" \t,()", c) >= 0 {
			break
		}
		r, size := utf8.DecodeRuneInString(p.text[p.i:])
		if problem := p.check(r); problem != nil {
			return "", problem
		}
		p.i += size
	}
	word := p.text[start:p.i]
	return word, p.doubtful(word, start)
}

// check refuses a character that cannot stand in a bare word.
func (p *lexer) check(r rune) *Problem {
	switch {
	case r == ';':
		return p.fail(p.i, `";" outside apostrophes`, "remove it, or put the value in apostrophes")
	case r == '\'':
		return p.fail(p.i, "an apostrophe inside a word",
			"put a blank or a parenthesis before the quoted string, or quote the whole value and double the apostrophe")
	case isTypographic(r):
		return p.fail(p.i, fmt.Sprintf("the typographic quote %c (U+%04X) is no apostrophe", r, r), "use ' in its place")
	case unicode.IsSpace(r) && !unicode.IsControl(r):
		return p.fail(p.i, fmt.Sprintf("the space U+%04X is no blank", r), "replace it with an ordinary blank")
	case !unicode.IsPrint(r):
		return p.fail(p.i, fmt.Sprintf("the character U+%04X cannot stand in a command", r), "remove it")
	}
	return nil
}

// doubtful looks at a word that is legal by its characters but surely not meant: a continuation
// mark that is not at the end of its line, and the end of a comment that has no beginning.
func (p *lexer) doubtful(word string, start int) *Problem {
	switch {
	case word == "+" || word == "-":
		return p.fail(start, fmt.Sprintf("the continuation mark %q is not the last character of its line", word),
			"put it after any comment, and leave nothing behind it")
	case utf8.RuneCountInString(word) == 1 && isDash([]rune(word)[0]):
		return p.fail(start, fmt.Sprintf("the dash %s (U+%04X) is no continuation mark", word, []rune(word)[0]), "use - in its place")
	case word == "*/":
		return p.fail(start, `"*/" ends no comment`,
			"a comment over several lines needs a continuation mark at the end of each line but the last")
	case strings.HasPrefix(word, "*/") || strings.HasSuffix(word, "*/"):
		p.warn(start, `"*/" in a word ends no comment`,
			"a comment over several lines needs a continuation mark at the end of each line but the last")
	}
	return nil
}

// quoted reads a quoted string; within names its surroundings for messages.
func (p *lexer) quoted(within func() string) (string, *Problem) {
	start := p.i
	p.open = start
	doubled := false
	for p.i++; ; p.i++ {
		end := strings.IndexByte(p.text[p.i:], '\'')
		if end < 0 {
			return "", p.unterminated(start, within())
		}
		p.i += end + 1
		if p.done() || p.text[p.i] != '\'' {
			break
		}
		doubled = true
	}
	value := p.text[start+1 : p.i-1]
	if doubled {
		value = strings.ReplaceAll(value, "''", "'")
	}
	if i := strings.IndexFunc(p.text[start:p.i], func(r rune) bool { return unicode.IsControl(r) && r != '\t' }); i >= 0 {
		r, _ := utf8.DecodeRuneInString(p.text[start+i:])
		return "", p.fail(start+i, fmt.Sprintf("the character U+%04X cannot stand in a quoted string", r), "remove it")
	}
	if !p.done() && strings.IndexByte(" \t,()", p.text[p.i]) < 0 && !strings.HasPrefix(p.text[p.i:], "/*") {
		if r, _ := utf8.DecodeRuneInString(p.text[p.i:]); !isWordRune(r) {
			if problem := p.check(r); problem != nil {
				return "", problem
			}
		}
		if i := strings.IndexFunc(p.text[start:p.i], isTypographic); i >= 0 { // meant to end it
			p.i = start + i
			r, _ := utf8.DecodeRuneInString(p.text[p.i:])
			return "", p.check(r)
		}
		return "", p.fail(p.i, "a quoted string"+within()+" is followed by text without a blank",
			"put a blank or comma between them, or double the apostrophe if it belongs to the value")
	}
	return value, nil
}

// unterminated reports a quote without an end, and a typographic one that was perhaps meant to
// be its end.
func (p *lexer) unterminated(start int, within string) *Problem {
	hint := "close it with an apostrophe; an apostrophe inside the value is doubled"
	if i := strings.IndexFunc(p.text[start:], isTypographic); i >= 0 {
		r, _ := utf8.DecodeRuneInString(p.text[start+i:])
		hint = fmt.Sprintf("the typographic quote %c (U+%04X) at %s is no apostrophe: use ' in its place", r, r, p.pos(start+i))
	}
	p.i = len(p.text)
	return p.fail(start, "unterminated quote"+within, hint)
}
