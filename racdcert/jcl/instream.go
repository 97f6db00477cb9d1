package jcl

import (
	"fmt"
	"strings"

	"signet/racdcert/tso"
)

// inStreamData takes the records after DD * or DD DATA, up to their delimiter. A record that
// begins with // ends the data of DD *, with DLM= as well (JES2), but not that of DD DATA.
func (p *parser) inStreamData(d *dd, kind, dlm string) {
	given := dlm != ""
	if !given {
		dlm = "/*"
	}
	for !p.done() {
		c := p.peek()
		if strings.HasPrefix(c.text, dlm) {
			p.i++
			p.ended = ending{d, c.line.Number, c.text}
			if rest := strings.TrimSpace(c.text[len(dlm):]); !given && rest != "" && !jes2(c.text) {
				d.warnings = append(d.warnings, tso.Problem{
					Pos:  c.line.At(0),
					Text: fmt.Sprintf("the comment at the start of the record ends the input of %s", d.title()),
					Hint: dlmHint,
				})
			}
			return
		}
		if kind == "*" && strings.HasPrefix(c.text, "//") {
			p.ended = ending{d, c.line.Number, c.text}
			return
		}
		p.i++
		p.record(d, c)
	}
	if given || kind == "DATA" {
		d.layout = append(d.layout, tso.Problem{
			Pos:  d.pos,
			Text: fmt.Sprintf("the input of %s has no delimiter %s and reaches to the end of the file", d.title(), dlm),
			Hint: "put " + dlm + " into columns 1 and 2 of the line after it",
		})
	}
}

const dlmHint = "begin comments in column 2, or write DD DATA,DLM=$$ and end the data with $$"

// ending remembers how in-stream data ended, to explain text that follows it.
type ending struct {
	dd   *dd
	line int
	text string
}

// record adds a record to in-stream data. Its columns 73 to 80 are sequence numbers.
func (p *parser) record(d *dd, c card) {
	if rest, bad := c.dropped(); bad {
		hint := "the line must fit in 72 columns: continue it with + or -"
		if rest = strings.TrimLeft(rest, " \t"); rest == "-" || rest == "+" {
			hint = "move the continuation mark to column 72 or before"
		}
		c.line.Cut = strings.HasSuffix(rest, "-") || strings.HasSuffix(rest, "+")
		d.warnings = append(d.warnings, tso.Problem{
			Pos:  c.line.At(len(c.text)),
			Text: fmt.Sprintf("columns 73 to 80 are not read: %q is dropped", rest),
			Hint: hint,
		})
	}
	c.line.Text = strings.TrimRight(c.text, " ")
	d.data = append(d.data, c.line)
}

// title names the DD in messages.
func (d *dd) title() string {
	if d.name == "" {
		return "the unnamed DD"
	}
	return "DD " + d.name
}

// jes2 says whether a /* record is a control statement of JES2, or just a word to mark the end.
func jes2(text string) bool {
	return len(text) > 2 && (text[2] == '$' || 'A' <= text[2] && text[2] <= 'Z')
}
