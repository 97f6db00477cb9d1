package jcl

import (
	"fmt"
	"strings"

	"signet/racdcert/tso"
)

// statement is a JCL statement: its name and operation, and its operand field, put together from
// all its records, with symbols substituted.
type statement struct {
	name, op       string
	namePos, opPos tso.Pos
	operands       tso.Line
	broken         bool // a problem of the operand field has been reported
}

// maxField is the longest operand field, in bytes. z/OS allows less; the limit keeps a statement
// that is continued without end from filling memory.
const maxField = 32 << 10

const fitHint = "the line must fit in 72 columns: continue it on the next one"

// statement reads the statement that begins with record c. It says whether there is one.
func (p *parser) statement(c card) (statement, bool) {
	s := statement{namePos: c.line.At(2)}
	i := wordEnd(c.text, 2)
	s.name = c.text[2:i]
	i = blanksEnd(c.text, i)
	if i == len(c.text) {
		p.problem(s.namePos, fmt.Sprintf("statement %q has no operation", s.name), "put JOB, EXEC, DD or another operation after the name")
		return s, false
	}
	j := wordEnd(c.text, i)
	s.op, s.opPos = c.text[i:j], c.line.At(i)
	if s.op != strings.ToUpper(s.op) {
		p.problem(s.opPos, fmt.Sprintf("operation %q is in lower case", s.op), "write JCL statements in upper case")
		return s, false
	}
	ok := true
	switch i = blanksEnd(c.text, j); s.op {
	case "IF":
		s.operands, ok = p.condition(c, i)
	case "ELSE", "ENDIF", "PEND":
		// What follows are comments.
	default:
		s.operands, ok = p.operands(c, i)
	}
	s.operands = substitute(s.operands, p.statements, true)
	s.broken = !ok
	return s, true
}

func wordEnd(text string, i int) int {
	if n := strings.IndexAny(text[i:], " \t"); n >= 0 {
		return i + n
	}
	return len(text)
}

func blanksEnd(text string, i int) int {
	return len(text) - len(strings.TrimLeft(text[i:], " \t"))
}

// operands reads an operand field from byte i of record c on. The field ends at the first blank
// outside apostrophes; a comma before that blank continues it in columns 4 to 16 of the next
// record, an open quoted string, broken at column 71, in column 16.
func (p *parser) operands(c card, i int) (tso.Line, bool) {
	var b tso.Builder
	quoted, opened := false, tso.Pos{}
	for {
		end := i
		for ; end < len(c.text) && (quoted || strings.IndexByte(" \t", c.text[end]) < 0); end++ {
			if c.text[end] == '\'' {
				if quoted = !quoted; quoted {
					opened = c.line.At(end)
				}
			}
		}
		if rest, bad := c.dropped(); bad && end == len(c.text) && strings.IndexByte(" \t", rest[0]) < 0 {
			p.problem(c.line.At(len(c.text)), fmt.Sprintf("operands run past column 72: %q is not read", rest), fitHint)
		}
		if quoted {
			end = columnIndex(c.text, lastColumn)
			b.Append(c.line, i, end)
			// The record is filled up with blanks, and those before column 72 belong to the string.
			b.Insert(strings.Repeat(" ", lastColumn-1-len([]rune(c.text[:end]))), c.line.At(end))
		} else {
			b.Append(c.line, i, end)
			if end == i || c.text[end-1] != ',' {
				return placed(&b, tso.Line{Number: c.line.Number, Col: c.line.At(i).Col}), true
			}
		}
		last := c.line.At(max(end-1, 0))
		if b.Len() > maxField {
			p.problem(last, fmt.Sprintf("the operands are longer than %d characters", maxField), "divide the statement")
			for ok := true; ok; {
				_, ok = p.continuation(true)
			}
			return tso.Line{Number: last.Line, Col: last.Col}, false
		}
		next, ok := p.continuation(!quoted)
		if !ok && quoted {
			p.problem(opened, "unterminated quote in a statement",
				"close it, or break the value at column 71 and resume it in column 16 of the next line")
			return b.Line(), false
		}
		if !ok {
			p.problem(last, "a comma continues the statement, but no continuation line follows",
				"remove the comma, or begin the next line with // and text in columns 4 to 16")
			return b.Line(), false
		}
		c, i = next, blanksEnd(next.text, 2)
		if quoted && i < 15 || !quoted && i > 15 {
			where := "columns 4 to 16"
			if quoted {
				where = "column 16, for the string of " + opened.String()
			}
			p.problem(c.line.At(i), "the continuation does not begin in "+where, "move it there")
		}
		if quoted {
			i = min(i, 15) // blanks from column 16 on belong to the string
		}
	}
}

// condition reads the condition of an IF, up to THEN. It is continued wherever THEN has not come
// yet.
func (p *parser) condition(c card, i int) (tso.Line, bool) {
	var b tso.Builder
	start := c.line.At(i)
	for {
		if end := findThen(c.text[i:]); end >= 0 {
			b.Append(c.line, i, i+end)
			return placed(&b, tso.Line{Number: start.Line, Col: start.Col}), true
		}
		if b.Len() <= maxCondition { // what is longer is refused
			b.Append(c.line, i, len(c.text))
			b.Insert(" ", c.line.At(len(c.text)))
		}
		next, ok := p.continuation(true)
		if !ok {
			p.problem(start, "IF has no THEN", "write // IF (condition) THEN")
			return b.Line(), false
		}
		c, i = next, blanksEnd(next.text, 2)
	}
}

// findThen is where the word THEN stands in a text, or -1.
func findThen(text string) int {
	for i := 0; ; i++ {
		n := strings.Index(text[i:], "THEN")
		if n < 0 {
			return -1
		}
		i += n
		before := i == 0 || strings.IndexByte(" \t)", text[i-1]) >= 0
		after := i+4 == len(text) || strings.IndexByte(" \t", text[i+4]) >= 0
		if before && after {
			return i
		}
	}
}
