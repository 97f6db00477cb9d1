package tso

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote puts a value in apostrophes and doubles those in it.
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// NeedsQuote says whether a value must be quoted to stand as one word: it is empty, holds a
// character that ends a word, or would be taken for a comment or a continuation mark.
func NeedsQuote(s string) bool {
	if s == "" || strings.Contains(s, "/*") || strings.HasPrefix(s, "*/") || strings.HasSuffix(s, "*/") {
		return true
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !isWordRune(r) }) {
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(s)
	return isDash(last) || last == '+'
}

// isWordRune says whether a character may stand in a bare word.
func isWordRune(r rune) bool {
	switch r {
	case ' ', ',', ';', '(', ')', '\'':
		return false
	}
	return unicode.IsPrint(r) && !isTypographic(r)
}

// isTypographic recognizes the quotation marks that word processors and web pages put in place
// of an apostrophe or a double quote. None of them means anything to TSO/E.
func isTypographic(r rune) bool {
	switch r {
	case '‘', '’', '‚', '‛', '“', '”', '„', '‟', '′', '″', '«', '»', '‹', '›', '＇', '＂':
		return true
	}
	return false
}

// isDash recognizes the hyphen and what text processing makes of it.
func isDash(r rune) bool {
	switch r {
	case '-', '‐', '‑', '‒', '–', '—', '―', '−', '﹣', '－':
		return true
	}
	return false
}
