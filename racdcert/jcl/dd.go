package jcl

import (
	"fmt"
	"strings"

	"signet/racdcert/tso"
)

// ddKind says where the data of a DD statement is.
type ddKind int

const (
	elsewhere ddKind = iota // in a data set, a file, a printer
	inStream
	dummy
	forward // DDNAME=: the definition of a later DD
)

// dd is a DD statement of the current step.
type dd struct {
	name     string
	pos      tso.Pos
	kind     ddKind
	what     string   // the keyword that says where the data is, such as DSN=
	ref      tso.Line // the name in DDNAME=
	mode     string   // SYMBOLS=
	data     []tso.Line
	warnings []tso.Problem // of interest only if the data is read
	layout   []tso.Problem // of interest in any case
	used     bool
	more     []*dd // the unnamed DD statements that follow: data concatenated
}

const inputHint = "put the commands into the job: //SYSTSIN DD *"

// ddStatement handles DD. In-stream data is taken from the file even where it is of no use.
func (p *parser) ddStatement(s statement) {
	params, ok := p.params(s)
	if !ok {
		// Its data must not be taken for JCL all the same.
		kind, _, _ := strings.Cut(s.operands.Text, ",")
		params = []param{{value: tso.Line{Text: kind}}}
	}
	d := &dd{name: s.name, pos: s.namePos}
	data, delimiter := "", ""
	for _, a := range params {
		value := unquote(a.value)
		switch a.key {
		case "":
			switch value.Text {
			case "*", "DATA":
				d.kind, data = inStream, value.Text
			case "DUMMY":
				d.kind = dummy
			default:
				d.what = value.Text
			}
		case "DLM":
			delimiter = p.delimiter(d, a)
		case "SYMBOLS":
			d.mode = p.symbolsMode(d, a)
		case "DDNAME":
			d.kind, d.ref = forward, value
		case "DSN", "DSNAME":
			if d.what = a.key + "="; value.Text == "NULLFILE" {
				d.kind = dummy
			}
		case "PATH", "SYSOUT", "SUBSYS", "TERM":
			d.what = a.key + "="
		}
	}
	if data != "" {
		p.inStreamData(d, data, delimiter)
	}
	if !p.inProc {
		p.addDD(d, s)
	}
}

// addDD gives a DD statement to the step it belongs to.
func (p *parser) addDD(d *dd, s statement) {
	switch {
	case strings.Contains(d.name, "."):
		p.problem(d.pos, fmt.Sprintf("DD %q changes a procedure, and procedures are not run", d.name), "write the steps of the procedure into the job")
	case d.name != "" && !isName(d.name):
		p.problem(d.pos, fmt.Sprintf("%q is no DD name", d.name), nameHint)
	case p.step == nil && !strings.HasPrefix(d.name, "JOB") && len(p.problems) == 0:
		p.problem(s.opPos, fmt.Sprintf("DD %q stands before the first EXEC", d.name), "move it behind the EXEC statement of its step")
	case d.name == "" && len(p.dds) > 0:
		last := p.dds[len(p.dds)-1]
		last.more = append(last.more, d)
	default:
		p.dds = append(p.dds, d)
	}
}

// delimiter reads DLM=. Anything but two characters means /* (racdcert-rings.md E4).
func (p *parser) delimiter(d *dd, a param) string {
	value := unquote(a.value)
	if value.Text != a.value.Text {
		value = undouble(value)
	}
	if len([]rune(value.Text)) != 2 {
		d.layout = append(d.layout, tso.Problem{
			Pos:  a.pos,
			Text: fmt.Sprintf("DLM=%s is not two characters long; /* ends the data", a.value.Text),
			Hint: "write two characters, such as DLM=$$",
		})
		return ""
	}
	return value.Text
}

// symbolsMode reads SYMBOLS=. A second subparameter names a DD for a log, of which there is none.
func (p *parser) symbolsMode(d *dd, a param) string {
	values := list(a.value)
	if len(values) == 0 {
		values = []tso.Line{a.value}
	}
	switch mode := values[0].Text; mode {
	case "JCLONLY", "EXECSYS", "CNVTSYS", "NONE":
		return mode
	default:
		p.problem(a.pos, fmt.Sprintf("DD %q: SYMBOLS=%s is unknown", d.name, a.value.Text), "write JCLONLY, EXECSYS, CNVTSYS or NONE")
		return ""
	}
}

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

// endStep gives the current step its input. Symbols have the values that they have at the end of
// the step (z/OS MVS JCL Reference, EXPORT, example 2).
func (p *parser) endStep() {
	dds := p.dds
	p.dds = nil
	for i, d := range dds {
		if d.name != "SYSTSIN" || p.step == nil || !p.step.TMP() {
			continue
		}
		if p.step.HasInput {
			p.problem(d.pos, "SYSTSIN is given twice in one step", "remove one, or put the second step's EXEC before it")
			continue
		}
		p.step.HasInput = true
		for _, piece := range append([]*dd{d}, d.more...) {
			p.input(piece, dds[:i], dds[i+1:])
		}
	}
	for _, d := range dds {
		for _, piece := range append([]*dd{d}, d.more...) {
			if !piece.used {
				p.job.Warnings = append(p.job.Warnings, piece.layout...)
			}
		}
	}
}

// input adds the data of one DD to the input of the step.
func (p *parser) input(d *dd, before, after []*dd) {
	switch d.kind {
	case dummy:
	case forward:
		target := find(after, d.ref.Text)
		switch {
		case target == nil && find(before, d.ref.Text) != nil:
			p.problem(d.ref.At(0), fmt.Sprintf("DDNAME=%s names an earlier DD; only a later one can be meant", d.ref.Text), "move it behind SYSTSIN")
		case target == nil:
			p.problem(d.ref.At(0), fmt.Sprintf("DDNAME=%s: the step has no such DD", d.ref.Text), fmt.Sprintf("add //%s DD * with the commands", d.ref.Text))
		case target.kind == forward:
			p.problem(target.pos, fmt.Sprintf("DD %q is itself a DDNAME=", target.name), inputHint)
		default:
			for _, piece := range append([]*dd{target}, target.more...) {
				p.input(piece, nil, nil)
			}
		}
	case inStream:
		if !d.used {
			p.step.Warnings = append(append(p.step.Warnings, d.layout...), d.warnings...)
		}
		d.used = true
		find := p.data(d.mode)
		for _, l := range d.data {
			l = substitute(l, find, false)
			if p.size += len(l.Text); p.size > tso.MaxBytes {
				p.problem(d.pos, "the symbols make the input too long", "shorten their values")
				return
			}
			p.step.Input = append(p.step.Input, l)
		}
	default:
		where := d.what
		if where == "" {
			where = "no in-stream data"
		}
		p.problem(d.pos, fmt.Sprintf("the commands of SYSTSIN must stand in the job; DD %q has %s", d.name, where), inputHint)
	}
}

// find is the DD of a name, or nil.
func find(dds []*dd, name string) *dd {
	for _, d := range dds {
		if d.name == name && name != "" {
			return d
		}
	}
	return nil
}
