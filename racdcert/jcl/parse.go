package jcl

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"signet/racdcert/tso"
)

// maxProblems is how many problems are reported; a file that is no JCL has one on every line.
const maxProblems = 100

// Parse reads a job without symbols from its surroundings.
func Parse(lines []tso.Line) (*Job, []tso.Problem) { return ParseWith(lines, Options{}) }

// ParseWith reads a job. It reports every problem it finds, in the order of the file; a job with
// problems must not be run.
func ParseWith(lines []tso.Line, opts Options) (*Job, []tso.Problem) {
	p := &parser{reader: reader{lines: lines}, opts: opts, job: &Job{}}
	p.body = &p.job.Body
	for !p.done() && len(p.problems) < maxProblems {
		if !p.advance() {
			break
		}
	}
	p.endStep()
	p.finish()
	return p.job, p.problems
}

// parser reads a job from top to bottom.
type parser struct {
	reader
	opts     Options
	job      *Job
	problems []tso.Problem
	symbols  symbolTable
	step     *Step   // the current one
	dds      []*dd   // its DD statements
	body     *[]Node // where the next step goes
	open     []branch
	ended    ending
	stray    bool // the record before was neither JCL nor data
	inProc   bool // between PROC and PEND
	started  bool // the JOB statement or a step has been seen
	size     int  // bytes of input so far
}

func (p *parser) problem(pos tso.Pos, text, hint string) {
	p.problems = append(p.problems, tso.Problem{Pos: pos, Text: text, Hint: hint})
}

// finish checks what only the end of the job can show, and puts the problems in order.
func (p *parser) finish() {
	for _, b := range p.open {
		p.problem(b.node.Pos, "IF has no ENDIF", "add // ENDIF")
	}
	if len(p.job.Steps) == 0 && len(p.problems) == 0 {
		p.problem(tso.Pos{Line: 1, Col: 1}, "the job has no step", "add //STEP EXEC PGM=IKJEFT01 and //SYSTSIN DD *")
	}
	if l := p.job.code.step; l.Text != "" && !slices.ContainsFunc(p.job.Steps, func(s *Step) bool { return s.Name == l.Text }) {
		p.problem(l.At(0), fmt.Sprintf("JOBRC: no step is named %q", l.Text), "name a step of the job")
	}
	slices.SortStableFunc(p.problems, func(a, b tso.Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	if len(p.problems) >= maxProblems {
		p.problem(tso.Pos{}, "too many problems; the rest is not reported", "")
	}
}

// advance handles the next record that is not in-stream data. It says whether the job goes on.
func (p *parser) advance() bool {
	c := p.next()
	stray := p.stray
	p.stray = false
	switch {
	case strings.HasPrefix(c.text, "//*"):
	case strings.HasPrefix(c.text, "//") && blank(c.text[2:]):
		p.afterEnd(c.line.Number)
		return false
	case strings.HasPrefix(c.text, "//"):
		if s, ok := p.statement(c); ok {
			return p.operation(s)
		}
	case strings.HasPrefix(c.text, "/*"):
		// A control statement of JES2, or a delimiter that delimits nothing.
	case !blank(c.text):
		if p.stray = true; !stray {
			p.strayText(c)
		}
	}
	return true
}

// strayText reports text outside in-stream data, once for all records in a row.
func (p *parser) strayText(c card) {
	text := "text outside in-stream data"
	hint := "begin JCL statements with //, and put commands after //SYSTSIN DD *"
	if e := p.ended; e.dd != nil {
		text = fmt.Sprintf("text outside in-stream data; the input of %s ended at line %d", e.dd.title(), e.line)
		switch {
		case strings.HasPrefix(e.text, "/*") && !blank(e.text[2:]):
			hint = dlmHint
		case strings.HasPrefix(e.text, "//"):
			hint = "// ends the data of DD *, even with DLM=; write DD DATA,DLM=$$"
		}
	}
	p.problem(c.line.At(blanksEnd(c.text, 0)), text, hint)
}

// afterEnd looks at what follows the null statement. It is ignored, but statements there were
// surely meant to run.
func (p *parser) afterEnd(line int) {
	for !p.done() {
		c := p.next()
		if strings.HasPrefix(c.text, "//") && !strings.HasPrefix(c.text, "//*") && !blank(c.text[2:]) {
			p.job.Warnings = append(p.job.Warnings, tso.Problem{
				Pos:  c.line.At(0),
				Text: fmt.Sprintf("the job ended with the null statement of line %d; what follows is ignored", line),
				Hint: "remove the null statement, or put a second job into its own file",
			})
			return
		}
	}
}

// operation handles one statement by its operation. It says whether the job goes on.
func (p *parser) operation(s statement) bool {
	if p.inProc && s.op != "PEND" && s.op != "DD" {
		return true
	}
	switch s.op {
	case "JOB":
		if p.started {
			p.problem(s.opPos, fmt.Sprintf("a second job, %q, begins", s.name), "put each job into its own file")
			return false
		}
		p.jobStatement(s)
	case "EXEC":
		p.execStatement(s)
	case "DD":
		p.ddStatement(s)
	case "SET":
		p.setStatement(s)
	case "EXPORT":
		p.exportStatement(s)
	case "IF":
		p.ifStatement(s)
	case "ELSE":
		p.elseStatement(s)
	case "ENDIF":
		p.endifStatement(s)
	case "OUTPUT", "NOTIFY":
		// They say what becomes of printed output and who is told.
	case "PROC":
		p.inProc = true
		p.problem(s.opPos, "procedures are not run", "write the steps of the procedure into the job")
	case "PEND":
		p.inProc = false
	case "INCLUDE":
		p.problem(s.opPos, "INCLUDE: libraries of JCL are not read", "copy the member's statements into the job")
	case "JCLLIB":
		p.problem(s.opPos, "JCLLIB: libraries of procedures are not read", "write the steps of the procedure into the job and remove JCLLIB")
	default:
		p.problem(s.opPos, fmt.Sprintf("operation %q is unknown", s.op), "a JCL comment begins with //*")
	}
	return true
}

// jobStatement handles JOB. Of its many parameters only those are read that decide which steps
// run and for whom.
func (p *parser) jobStatement(s statement) {
	p.started = true
	p.job.Name, p.job.Pos = s.name, s.namePos
	if !isName(s.name) {
		p.problem(s.namePos, fmt.Sprintf("%q is no job name", s.name), nameHint)
	}
	params, _ := p.params(s)
	for _, a := range params {
		switch value := unquote(a.value); a.key {
		case "USER":
			p.job.User = value.Text
		case "COND":
			p.job.conds = p.conds(a, true)
		case "JOBRC":
			p.jobCode(a)
		case "RESTART":
			if value.Text != "*" {
				p.problem(a.pos, "RESTART= is not supported: all steps of a job are run", "remove RESTART=, or the steps before")
			}
		case "TYPRUN":
			p.job.Warnings = append(p.job.Warnings, tso.Problem{
				Pos:  a.pos,
				Text: fmt.Sprintf("TYPRUN=%s has no effect: the job is run", value.Text),
				Hint: "remove TYPRUN=, or only check the job instead of running it",
			})
		}
	}
}

// execStatement handles EXEC, which ends the step before it.
func (p *parser) execStatement(s statement) {
	p.endStep()
	p.started = true
	p.step = &Step{Name: s.name, Pos: s.opPos}
	if s.name != "" {
		p.step.Pos = s.namePos
	}
	if s.name != "" && !isName(s.name) {
		p.problem(s.namePos, fmt.Sprintf("%q is no step name", s.name), nameHint)
	}
	if params, ok := p.params(s); ok {
		p.execParams(s, params)
	}
	if len(p.job.Steps) == maxSteps {
		p.problem(s.opPos, fmt.Sprintf("the job has more than %d steps", maxSteps), "divide the job")
	}
	p.job.Steps = append(p.job.Steps, p.step)
	*p.body = append(*p.body, Node{Step: p.step})
}

// maxSteps is how many steps a job may have (z/OS MVS JCL Reference, EXEC).
const maxSteps = 255

func (p *parser) execParams(s statement, params []param) {
	for i, a := range params {
		switch {
		case i == 0 && (a.key == "" || a.key == "PROC"):
			p.problem(a.pos, fmt.Sprintf("procedure %q is not known", unquote(a.value).Text), "write the steps of the procedure into the job, as EXEC PGM=")
			return
		case a.key == "PGM":
			p.step.Program = unquote(a.value).Text
			if !isName(p.step.Program) {
				p.problem(a.pos, fmt.Sprintf("PGM=%s is no program name", p.step.Program), "name the program: PGM=IKJEFT01")
			}
		case a.key == "PARM":
			p.parm(a)
		case a.key == "PARMDD":
			p.problem(a.pos, "PARMDD= is not supported", "use PARM=, or put the command first in SYSTSIN")
		case a.key == "COND":
			p.step.conds = p.conds(a, false)
		case strings.Contains(a.key, "."):
			p.problem(a.pos, fmt.Sprintf("%q changes a procedure, and procedures are not run", a.key), "write the steps of the procedure into the job")
		}
	}
	if p.step.Program == "" && !s.broken {
		p.problem(s.opPos, "EXEC names no program", "write EXEC PGM=IKJEFT01")
	}
}

// maxParm is the longest PARM= (racdcert-rings.md E3).
const maxParm = 100

// parm reads PARM=, of which ('A','B') is a form that is passed as A,B.
func (p *parser) parm(a param) {
	value := a.value
	if n := len(value.Text); n > 1 && value.Text[0] == '(' && value.Text[n-1] == ')' {
		value = slice(value, 1, n-1)
	}
	value = undouble(unquote(value))
	if n := len([]rune(value.Text)); n > maxParm {
		p.problem(a.pos, fmt.Sprintf("PARM= has %d characters; at most %d are possible", n, maxParm), "put the command into SYSTSIN")
	}
	p.step.Parm, p.step.ParmLine = value.Text, value
}
