package jcl

import (
	"strings"
	"unicode/utf8"

	"signet/racdcert/tso"
)

// lastColumn is the last column of a record that is read; sequence numbers follow it.
const lastColumn = 72

// card is one record, divided at column 72.
type card struct {
	line tso.Line
	text string // columns 1 to 72
	rest string // from column 73 on
}

func newCard(l tso.Line) card {
	i := columnIndex(l.Text, lastColumn+1)
	return card{l, l.Text[:i], l.Text[i:]}
}

// columnIndex is the byte where a column begins, or the length of a shorter text. Columns count
// characters: z/OS has them in one byte each.
func columnIndex(text string, column int) int {
	if len(text) < column {
		return columnScan(text, column)
	}
	for i := range column {
		if text[i] >= utf8.RuneSelf {
			return columnScan(text, column)
		}
	}
	return column - 1
}

func columnScan(text string, column int) int {
	n := 1
	for i := range text {
		if n == column {
			return i
		}
		n++
	}
	return len(text)
}

// blank says whether a text is nothing but blanks.
func blank(text string) bool { return strings.Trim(text, " \t") == "" }

// dropped is what stands behind column 72, if it is not just a sequence number.
func (c card) dropped() (string, bool) {
	if blank(c.rest) || sequence(c.text, c.rest) {
		return "", false
	}
	return strings.TrimRight(c.rest, " \t"), true
}

// sequence says whether columns 73 to 80 hold what editors put there: a number, perhaps after a
// few letters, as in 00010000 or AB000100. What is shorter must stand apart from the text before
// it, or it may be the end of a word.
func sequence(text, rest string) bool {
	field := strings.Trim(rest, " \t")
	letters := len(field) - len(strings.TrimLeft(field, "ABCDEFGHIJKLMNOPQRSTUVWXYZ@#$"))
	digits := len(field) - letters
	if utf8.RuneCountInString(strings.TrimRight(rest, " \t")) > 80-lastColumn || strings.Trim(field[letters:], "0123456789") != "" {
		return false
	}
	if digits == 8 {
		return true
	}
	// Column 72 may hold a continuation mark or the comma of a continued statement.
	apart := strings.IndexByte(" \t", rest[0]) >= 0 || strings.LastIndexAny(text, " \t-+,") == len(text)-1
	return apart && (len(field) == 8 && letters <= 4 || letters <= 2 && digits >= 4)
}

// reader goes through the records of a file.
type reader struct {
	lines []tso.Line
	i     int
}

func (r *reader) done() bool { return r.i >= len(r.lines) }

// peek is the next record; next moves on.
func (r *reader) peek() card { return newCard(r.lines[r.i]) }

func (r *reader) next() card {
	c := r.peek()
	r.i++
	return c
}

// continuation takes the next record if it continues a statement: // and a blank, then text.
// Comment statements before it are passed over if comments is true.
func (r *reader) continuation(comments bool) (card, bool) {
	at := r.i
	for !r.done() {
		c := r.next()
		switch {
		case comments && strings.HasPrefix(c.text, "//*"):
			continue
		case strings.HasPrefix(c.text, "// ") && !blank(c.text[2:]):
			return c, true
		}
		break
	}
	r.i = at
	return card{}, false
}
