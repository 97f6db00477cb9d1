package tso

import (
	"fmt"
	"strings"
)

// ParseOptions changes how strictly commands are parsed. The zero value is the strict form.
type ParseOptions struct {
	// CloseParens supplies closing parentheses missing at the end, as TSO/E does, with a
	// warning; but not to a command whose last line lost its continuation mark.
	CloseParens bool
}

// Parse makes a statement of a command, strictly. An error is a *Problem; the statement then has
// what was understood before it.
func (c Command) Parse() (Statement, error) { return c.ParseWith(ParseOptions{}) }

// ParseWith makes a statement of a command. A command wrapped for the shell, such as
// `tsocmd "RACDCERT LIST"`, is unwrapped first.
func (c Command) ParseWith(opts ParseOptions) (Statement, error) {
	inner, problem := c.unwrap()
	if problem != nil {
		return Statement{Name: wrapperName(c), Pos: c.Pos(), Text: c.Text()}, problem
	}
	p := newParser(inner)
	p.opts = opts
	p.opts.CloseParens = opts.CloseParens && !inner.cut
	s, problem := p.statement()
	if problem != nil {
		return s, problem
	}
	return s, nil
}

// Masked is the command for display, with the lists of the keywords that secret accepts replaced
// by asterisks. Keywords are passed in upper case, as they were written. Of a command that does
// not parse only the part before the error is shown.
func (c Command) Masked(secret func(keyword string) bool) string {
	inner, problem := c.unwrap()
	if problem != nil {
		return wrapperName(c) + " ..."
	}
	p := newParser(inner)
	p.secret = secret
	p.opts.CloseParens = true
	_, problem = p.statement()
	end := len(p.text)
	if problem != nil {
		end = min(p.open, p.i)
	}
	var b strings.Builder
	from := 0
	for _, h := range p.hidden {
		if h[0] > end {
			break
		}
		b.WriteString(p.text[from:h[0]])
		b.WriteString("********")
		from = h[1]
	}
	b.WriteString(p.text[min(from, end):end])
	if problem != nil {
		b.WriteString(" ...")
	}
	return b.String()
}

// fewOperands is what most commands have at most.
const fewOperands = 8

// parser reads the text of one command from left to right.
type parser struct {
	lexer
	opts     ParseOptions
	items    int
	stack    [MaxDepth]Operand // the operands whose lists are open
	depth    int               // and how many those are
	supplied int               // closing parentheses that were missing
	secret   func(string) bool
	hidden   [][2]int // the lists of secret keywords, the outermost only
	hiding   bool     // inside such a list
}

func newParser(c Command) parser {
	return parser{lexer: lexer{
		text:     c.line.Text,
		loc:      newLocator(c.line),
		warnings: append([]Problem(nil), c.warnings...),
	}}
}

func (p *parser) statement() (s Statement, problem *Problem) {
	s.Text = p.text
	p.skip(" \t")
	s.Pos = p.pos(p.i)
	defer func() { s.Warnings, s.Supplied = p.warnings, p.supplied }()
	if p.done() || strings.IndexByte(",()'", p.text[p.i]) >= 0 {
		found := "nothing"
		if !p.done() {
			found = fmt.Sprintf("%q", p.text[p.i])
		}
		return s, p.fail(p.i, "a command name is expected, found "+found, "begin the command with its name")
	}
	name, problem := p.word()
	if problem != nil {
		return s, problem
	}
	s.Name = strings.ToUpper(name)
	for {
		p.skip(separators)
		if p.done() {
			break
		}
		if s.Operands == nil {
			s.Operands = make([]Operand, 0, fewOperands)
		}
		o, problem := p.item(len(s.Operands) == 0)
		s.Operands = append(s.Operands, o)
		if problem != nil {
			return s, problem
		}
	}
	return s, nil
}

// item reads a word or quoted string and the list that follows. A list alone is allowed only
// where anonymous says so, as in `DELUSER (A B)`.
func (p *parser) item(anonymous bool) (Operand, *Problem) {
	o := Operand{Pos: p.pos(p.i)}
	if p.items++; p.items > MaxItems {
		return o, p.fail(p.i, fmt.Sprintf("the command has more than %d operands", MaxItems), "split the command")
	}
	var problem *Problem
	switch c := p.text[p.i]; {
	case c == ')':
		return o, p.fail(p.i, `unbalanced parenthesis: ")" closes nothing`, "remove it, or add the opening parenthesis")
	case c == '(':
		if !anonymous {
			return o, p.fail(p.i, `"(" follows no operand`, "put the keyword it belongs to before it")
		}
	case c == '\'':
		o.Quoted = true
		o.Text, problem = p.quoted(p.within)
	default:
		o.Text, problem = p.word()
	}
	if problem != nil {
		return o, problem
	}
	o.End = p.pos(max(p.i-1, 0))
	if p.skip(separators); p.done() || p.text[p.i] != '(' {
		return o, nil
	}
	problem = p.list(&o)
	return o, problem
}

// list reads the parenthesised list of o.
func (p *parser) list(o *Operand) *Problem {
	o.HasValue = true
	if p.depth == MaxDepth {
		return p.fail(p.i, fmt.Sprintf("parentheses are nested more than %d deep", MaxDepth), "")
	}
	hide := p.secret != nil && !p.hiding && p.secret(strings.ToUpper(o.Text))
	if hide {
		p.hiding = true
		p.hidden = append(p.hidden, [2]int{p.i + 1, len(p.text)})
	}
	p.stack[p.depth] = *o
	p.depth++
	p.i++
	for {
		p.skip(separators)
		if p.done() {
			if !p.opts.CloseParens {
				return p.unclosed()
			}
			p.supply()
			break
		}
		if p.text[p.i] == ')' {
			break
		}
		v, problem := p.item(false)
		o.Values = append(o.Values, v)
		if problem != nil {
			return problem
		}
	}
	if hide {
		p.hiding = false
		p.hidden[len(p.hidden)-1][1] = p.i
	}
	o.End = p.pos(min(p.i, len(p.text)-1))
	p.i = min(p.i+1, len(p.text))
	p.depth--
	return nil
}

// unclosed reports the innermost open parenthesis, which is most often the one forgotten.
func (p *parser) unclosed() *Problem {
	o := p.stack[p.depth-1]
	end := p.pos(len(p.text) - 1)
	hint := fmt.Sprintf(`add ")" before the command ends at %s`, end)
	if n := p.depth; n > 1 {
		hint = fmt.Sprintf(`%d parentheses are open where the command ends at %s`, n, end)
	}
	return &Problem{
		Pos:  o.Pos,
		Text: fmt.Sprintf("unbalanced parenthesis: %s at %s is not closed", o.describe(), o.Pos),
		Hint: hint,
	}
}

// supply closes a parenthesis at the end of the command. All that are missing give one warning.
func (p *parser) supply() {
	if p.supplied == 0 {
		w := *p.unclosed()
		w.Hint = "a closing parenthesis is supplied at the end of the command"
		if n := p.depth; n > 1 {
			w.Hint = fmt.Sprintf("%d closing parentheses are supplied at the end of the command", n)
		}
		p.warnings = append(p.warnings, w)
	}
	p.supplied++
}

// within names the keyword whose list is being read, for messages.
func (p *parser) within() string {
	if p.depth == 0 {
		return ""
	}
	return " in " + p.stack[p.depth-1].describe()
}
