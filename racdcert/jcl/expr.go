package jcl

import (
	"fmt"
	"strconv"
	"strings"

	"signet/racdcert/tso"
)

// test is the compiled condition of an IF.
type test func(*state) bool

// expression compiles a condition by descent: OR, AND, NOT, comparison.
type expression struct {
	*parser
	tokens []token
	i      int
	end    tso.Pos
	depth  int
	bad    bool // a problem has been reported
}

// Limits of a condition: its length, since it may be continued without end, and its nesting,
// which must not exhaust the stack.
const (
	maxCondition = 4096
	maxNesting   = 100
)

// compile makes a test of a condition, or reports why it cannot.
func (p *parser) compile(l tso.Line) test {
	e := &expression{parser: p, end: l.At(len(strings.TrimRight(l.Text, " \t")) - 1)}
	if len(l.Text) > maxCondition {
		e.fail(fmt.Sprintf("IF: the condition is longer than %d characters", maxCondition))
		return nil
	}
	var ok bool
	if e.tokens, ok = p.tokens(l); !ok {
		return nil
	}
	t := e.or()
	if !e.bad && e.i < len(e.tokens) {
		e.fail(fmt.Sprintf("IF: %q is not expected here", e.tokens[e.i].text))
	}
	if e.bad {
		return nil
	}
	return t
}

// fail reports a problem at the next token, but only one for a condition.
func (e *expression) fail(text string) {
	if !e.bad {
		pos := e.end
		if e.i < len(e.tokens) {
			pos = e.tokens[e.i].pos
		}
		e.problem(pos, text, ifHint)
	}
	e.bad = true
}

// take moves on if the next token is one of these, and says which.
func (e *expression) take(texts ...string) string {
	if !e.bad && e.i < len(e.tokens) {
		for _, t := range texts {
			if e.tokens[e.i].text == t {
				e.i++
				return t
			}
		}
	}
	return ""
}

func (e *expression) or() test {
	t := e.and()
	for e.take("OR") != "" {
		a, b := t, e.and()
		t = func(s *state) bool { return a(s) || b(s) }
	}
	return t
}

func (e *expression) and() test {
	t := e.not()
	for e.take("AND") != "" {
		a, b := t, e.not()
		t = func(s *state) bool { return a(s) && b(s) }
	}
	return t
}

func (e *expression) not() test {
	e.depth++
	defer func() { e.depth-- }()
	if e.depth > maxNesting {
		e.fail("IF: the condition is nested too deeply")
		return nil
	}
	switch e.take("NOT", "(") {
	case "NOT":
		a := e.not()
		return func(s *state) bool { return !a(s) }
	case "(":
		t := e.or()
		if e.take(")") == "" {
			e.fail("IF: unbalanced parenthesis")
		}
		return t
	}
	return e.comparison()
}

var comparisons = []string{"EQ", "NE", "GT", "LT", "GE", "LE"}

// comparison reads a comparison, or a flag such as STEP1.RUN, which may stand alone.
func (e *expression) comparison() test {
	a := e.operand()
	if a.flag != nil {
		return e.flag(a)
	}
	at := e.i
	op := e.take(comparisons...)
	if op == "" {
		e.fail("IF: a comparison is missing")
	}
	b := e.operand()
	switch {
	case e.bad:
		return nil
	case a.number != nil && b.number != nil:
		return func(s *state) bool {
			x, ok := a.number(s)
			y, also := b.number(s)
			return ok && also && compare(x, op, y)
		}
	case a.text == "" || b.text == "" || !a.symbol && !b.symbol || op != "EQ" && op != "NE":
		// Without a symbol, a word is a mistake: most often a step name without .RC.
		e.i = at - 1
		if a.number != nil {
			e.i = at + 1
		}
		e.fail(fmt.Sprintf("IF: %q cannot be compared here", e.tokens[e.i].text))
		return nil
	}
	same := (a.text == b.text) == (op == "EQ")
	return func(*state) bool { return same }
}

// operand is what can be compared. A number may have no value, if it is the code of a step that
// has not run; every comparison with it is false (z/OS MVS JCL Reference, relational-expression
// field).
type operand struct {
	number func(*state) (int, bool)
	flag   func(s *state, want bool) bool
	text   string // of a constant
	symbol bool
}

// operand reads RC, ABEND, RUN, with or without a step, or a constant.
func (e *expression) operand() operand {
	if e.bad || e.i == len(e.tokens) {
		e.fail("IF: something to compare is missing")
		return operand{}
	}
	t := e.tokens[e.i]
	if t.operator() {
		e.fail(fmt.Sprintf("IF: %q is not expected here", t.text))
		return operand{}
	}
	name, key, dotted := strings.Cut(t.text, ".")
	var step *Step
	switch {
	case !dotted:
		key = name
	case strings.Contains(key, "."):
		e.fail(fmt.Sprintf("IF: %q names a step of a procedure, and procedures are not run", t.text))
		return operand{}
	default:
		step = e.earlier(tso.Line{Number: t.pos.Line, Col: t.pos.Col, Text: name})
		e.bad = e.bad || step == nil
	}
	e.i++
	switch {
	case key == "RC":
		return operand{number: func(s *state) (int, bool) { return s.code(step) }}
	case key == "ABEND":
		// No step ends abnormally. With a step that has not run, not even FALSE is true.
		return operand{flag: func(s *state, want bool) bool { return !want && s.ran(step) }}
	case key == "RUN" && dotted:
		return operand{flag: func(s *state, want bool) bool { return s.ran(step) == want }}
	case dotted || key == "RUN" || key == "ABENDCC":
		e.i--
		e.fail(fmt.Sprintf("IF: %q is not supported", t.text))
		return operand{}
	}
	o := operand{text: t.text, symbol: t.symbol}
	if n, err := strconv.Atoi(t.text); err == nil {
		o.number = func(*state) (int, bool) { return n, true }
	}
	return o
}

// flag finishes a flag, which may be compared with TRUE or FALSE.
func (e *expression) flag(a operand) test {
	want := true
	if op := e.take("EQ", "NE"); op != "" {
		value := e.take("TRUE", "FALSE")
		if value == "" {
			e.fail("IF: TRUE or FALSE is missing")
		}
		want = (value == "TRUE") == (op == "EQ")
	}
	return func(s *state) bool { return a.flag(s, want) }
}
