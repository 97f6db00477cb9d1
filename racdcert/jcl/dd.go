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
