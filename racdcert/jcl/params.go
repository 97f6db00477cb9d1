package jcl

import (
	"strings"

	"signet/racdcert/tso"
)

// param is one operand of a statement: KEY=VALUE, or a positional value without a key.
type param struct {
	key   string
	value tso.Line // as written, apostrophes and parentheses included
	pos   tso.Pos
}

// params takes the operand field apart at its commas. It reports what keeps it from doing so.
func (p *parser) params(s statement) ([]param, bool) {
	parts, problem := parts(s.operands)
	if problem != nil {
		if !s.broken {
			p.problem(problem.Pos, s.op+": "+problem.Text, problem.Hint)
		}
		return nil, false
	}
	var params []param
	for _, part := range parts {
		a := param{value: part, pos: part.At(0)}
		if i := strings.IndexAny(part.Text, "='("); i > 0 && part.Text[i] == '=' {
			a.key, a.value = part.Text[:i], slice(part, i+1, len(part.Text))
		}
		params = append(params, a)
	}
	return params, true
}

// parts divides a text at the commas outside apostrophes and parentheses. An empty text has no
// parts.
func parts(l tso.Line) ([]tso.Line, *tso.Problem) {
	var out []tso.Line
	var open []int
	from, quote := 0, -1
	for i := range len(l.Text) {
		switch c := l.Text[i]; {
		case c == '\'' && quote < 0:
			quote = i
		case c == '\'':
			quote = -1
		case quote >= 0:
		case c == '(':
			open = append(open, i)
		case c == ')' && len(open) == 0:
			return nil, &tso.Problem{Pos: l.At(i), Text: `unbalanced parenthesis: ")" closes nothing`, Hint: "remove it"}
		case c == ')':
			open = open[:len(open)-1]
		case c == ',' && len(open) == 0:
			out = append(out, slice(l, from, i))
			from = i + 1
		}
	}
	if quote >= 0 {
		return nil, &tso.Problem{Pos: l.At(quote), Text: "unterminated quote", Hint: "close it with an apostrophe"}
	}
	if n := len(open); n > 0 {
		return nil, &tso.Problem{Pos: l.At(open[n-1]), Text: "unbalanced parenthesis: it is not closed", Hint: `add ")"`}
	}
	if l.Text != "" {
		out = append(out, slice(l, from, len(l.Text)))
	}
	return out, nil
}

// list is the members of (A,B), or the value itself if it has no parentheses around it.
func list(l tso.Line) []tso.Line {
	n := len(l.Text)
	if n < 2 || l.Text[0] != '(' || l.Text[n-1] != ')' {
		return []tso.Line{l}
	}
	inner, problem := parts(slice(l, 1, n-1))
	if problem != nil { // such as (A)(B)
		return []tso.Line{l}
	}
	return inner
}

// slice is a part of a line, with its places.
func slice(l tso.Line, i, j int) tso.Line {
	if i == j {
		pos := l.At(i)
		return tso.Line{Number: pos.Line, Col: pos.Col}
	}
	var b tso.Builder
	b.Append(l, i, j)
	return b.Line()
}

// unquote takes off the apostrophes of a value and undoubles those inside.
func unquote(l tso.Line) tso.Line {
	if strings.IndexByte(l.Text, '\'') < 0 {
		return l
	}
	var b tso.Builder
	from, quoted := 0, false
	for i := 0; i < len(l.Text); i++ {
		if l.Text[i] != '\'' {
			continue
		}
		b.Append(l, from, i)
		from = i + 1
		if quoted && strings.HasPrefix(l.Text[from:], "'") {
			i++ // the second of a doubled one is text
			continue
		}
		quoted = !quoted
	}
	b.Append(l, from, len(l.Text))
	return placed(&b, l)
}

// undouble makes one ampersand of two, as in PARM= and DLM= between apostrophes.
func undouble(l tso.Line) tso.Line {
	var b tso.Builder
	from := 0
	for i := 0; ; {
		n := strings.Index(l.Text[i:], "&&")
		if n < 0 {
			break
		}
		i += n + 1
		b.Append(l, from, i)
		i++
		from = i
	}
	b.Append(l, from, len(l.Text))
	return placed(&b, l)
}
