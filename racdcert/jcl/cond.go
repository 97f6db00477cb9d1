package jcl

import (
	"fmt"
	"strconv"
	"strings"

	"signet/racdcert/tso"
)

// onlyAfterAbend is the test of COND=ONLY: the step runs only when one before ended abnormally,
// which no step does here.
const onlyAfterAbend = "ONLY"

// maxCode is the largest return code that a condition can name.
const maxCode = 4095

// cond is one test of COND=. Where it is true, the step is skipped: COND=(4,LT) means "skip if 4
// is less than the code of any step before".
type cond struct {
	code int
	op   string
	step *Step // nil for any step
	text string
}

const condHint = "write COND=(code,operator) or COND=(code,operator,step)"

// conds reads COND= of a step or of the job.
func (p *parser) conds(a param, ofJob bool) []cond {
	members := list(a.value)
	if len(members) > 0 && members[0].Text != "" && members[0].Text[0] != '(' && !isEvenOnly(members[0].Text) {
		members = []tso.Line{a.value} // one test without parentheses of its own
	}
	var conds []cond
	for _, m := range members {
		switch m.Text {
		case "EVEN":
			continue // no step ends abnormally, so EVEN changes nothing
		case "ONLY":
			conds = append(conds, cond{op: onlyAfterAbend, text: "COND=ONLY"})
			continue
		}
		if c, ok := p.cond(m, ofJob); ok {
			conds = append(conds, c)
		}
	}
	return conds
}

// Cond is COND= of the step as it was written, without the keyword; empty when it has none that
// can skip the step.
func (s *Step) Cond() string {
	var all []string
	for _, c := range s.conds {
		all = append(all, strings.TrimPrefix(c.text, "COND="))
	}
	return strings.Join(all, " or ")
}

func isEvenOnly(s string) bool { return s == "EVEN" || s == "ONLY" }

// cond reads (code,operator[,step]).
func (p *parser) cond(l tso.Line, ofJob bool) (cond, bool) {
	c := cond{text: "COND=" + l.Text}
	fields := list(l)
	if len(fields) < 2 || len(fields) > 3 {
		p.problem(l.At(0), fmt.Sprintf("COND=%s is no condition", l.Text), condHint)
		return c, false
	}
	code, err := strconv.Atoi(fields[0].Text)
	if err != nil || code < 0 || code > maxCode {
		p.problem(fields[0].At(0), fmt.Sprintf("COND: %q is no return code", fields[0].Text), "write a number from 0 to 4095")
		return c, false
	}
	c.code, c.op = code, fields[1].Text
	switch c.op {
	case "GT", "GE", "EQ", "NE", "LT", "LE":
	default:
		p.problem(fields[1].At(0), fmt.Sprintf("COND: %q is no operator", c.op), "write GT, GE, EQ, NE, LT or LE")
		return c, false
	}
	if len(fields) == 3 {
		if ofJob {
			p.problem(fields[2].At(0), "COND of a JOB statement names no step", condHint)
			return c, false
		}
		c.step = p.earlier(fields[2])
		return c, c.step != nil
	}
	return c, true
}

// earlier finds a step that stands before the statement being read, and reports if there is none
// or more than one.
func (p *parser) earlier(name tso.Line) *Step {
	var found *Step
	for _, s := range p.job.Steps {
		if s.Name != name.Text || name.Text == "" {
			continue
		}
		if found != nil {
			p.problem(name.At(0), fmt.Sprintf("two steps before are named %q, at %s and %s", name.Text, found.Pos, s.Pos), "give them different names")
			return found
		}
		found = s
	}
	if found == nil {
		p.problem(name.At(0), fmt.Sprintf("no step before is named %q", name.Text), "name a step that stands before this statement")
	}
	return found
}

// compare applies a comparison operator.
func compare(a int, op string, b int) bool {
	switch op {
	case "GT":
		return a > b
	case "GE":
		return a >= b
	case "EQ":
		return a == b
	case "NE":
		return a != b
	case "LT":
		return a < b
	}
	return a <= b // LE
}

// jobCode says which step gives the code of the job.
type jobCode struct {
	last bool     // JOBRC=LASTRC
	step tso.Line // JOBRC=(STEP,name); looked up when the job is run
}

// jobCode reads JOBRC=.
func (p *parser) jobCode(a param) {
	values := list(a.value)
	switch {
	case len(values) == 1 && values[0].Text == "MAXRC":
	case len(values) == 1 && values[0].Text == "LASTRC":
		p.job.code.last = true
	case len(values) == 2 && values[0].Text == "STEP" && isName(values[1].Text):
		p.job.code.step = values[1]
	default:
		p.problem(a.pos, fmt.Sprintf("JOBRC=%s is unknown", a.value.Text), "write MAXRC, LASTRC or (STEP,name)")
	}
}
