package jcl

import (
	"fmt"
	"slices"
	"strings"

	"signet/racdcert/tso"
)

// token is a word or an operator of a condition.
type token struct {
	text   string // operators by their names
	pos    tso.Pos
	symbol bool // it is the value of a symbol
}

// signs are the operators of a condition that are not words, the longer ones first.
var signs = []struct{ sign, name string }{
	{"¬=", "NE"}, {"^=", "NE"}, {"¬>", "LE"}, {"^>", "LE"}, {"¬<", "GE"}, {"^<", "GE"},
	{">=", "GE"}, {"<=", "LE"}, {">", "GT"}, {"<", "LT"}, {"=", "EQ"},
	{"&", "AND"}, {"|", "OR"}, {"¬", "NOT"}, {"^", "NOT"}, {"(", "("}, {")", ")"},
}

// operator says whether a token is an operator or a parenthesis.
func (t token) operator() bool {
	switch t.text {
	case "(", ")", "AND", "OR", "NOT":
		return true
	}
	return slices.Contains(comparisons, t.text)
}

const ifHint = "write conditions such as (RC = 0), (STEP1.RC <= 4) or (STEP1.RUN AND RC < 8)"

// tokens divides a condition into words and operators.
func (p *parser) tokens(l tso.Line) ([]token, bool) {
	var tokens []token
	for i := 0; i < len(l.Text); {
		if strings.IndexByte(" \t", l.Text[i]) >= 0 {
			i++
			continue
		}
		if name, size := sign(l.Text[i:]); size > 0 {
			tokens = append(tokens, token{text: name, pos: l.At(i)})
			i += size
			continue
		}
		j := i
		for j < len(l.Text) && (nameByte(l.Text[j]) || l.Text[j] == '.') {
			j++
		}
		if j == i {
			what := fmt.Sprintf("IF: %q is not expected here", []rune(l.Text[i:])[0])
			if l.Text[i] == '&' {
				what = fmt.Sprintf("IF: symbol &%s is not defined", symbolName(l.Text[i+1:]))
			}
			p.problem(l.At(i), what, ifHint)
			return nil, false
		}
		tokens = append(tokens, token{word(l.Text[i:j]), l.At(i), fixed(l, i)})
		i = j
	}
	return tokens, true
}

// sign finds the operator at the start of a text. An & before a name is none: it is a symbol that
// is not defined.
func sign(text string) (name string, size int) {
	for _, s := range signs {
		if strings.HasPrefix(text, s.sign) && (s.sign != "&" || symbolName(text[1:]) == "") {
			return s.name, len(s.sign)
		}
	}
	return "", 0
}

// word replaces the operators "not greater" and "not less" by their equals.
func word(text string) string {
	switch text {
	case "NG":
		return "LE"
	case "NL":
		return "GE"
	}
	return text
}

// fixed says whether byte i stands for something else in the file: here, for a symbol.
func fixed(l tso.Line, i int) bool {
	f := false
	for _, s := range l.Spans {
		if s.Offset > i {
			break
		}
		f = s.Fixed
	}
	return f
}
