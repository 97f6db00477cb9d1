package tso

import (
	"fmt"
	"strings"
)

// Operand is one item of a command: a word or a quoted string, with the list in parentheses that
// belongs to it, if any. Text keeps its case; what is folded depends on the command.
type Operand struct {
	Text     string // a quoted string without its apostrophes; empty for a list right after the command name
	Quoted   bool   // it stood in apostrophes
	Pos      Pos    // its first character
	HasValue bool   // parentheses followed, though perhaps with nothing in them
	Values   []Operand
	End      Pos // its last character, a closing parenthesis included
}

// Statement is a parsed command.
type Statement struct {
	Name     string // upper case
	Pos      Pos    // of the name
	Operands []Operand
	Warnings []Problem
	Supplied int    // how many closing parentheses were missing at the end
	Text     string // the command as joined, comments included; it may hold a password, see Command.Masked
}

// String is the operand in the command language, in a form that parses to the same tree.
func (o Operand) String() string {
	var b strings.Builder
	o.write(&b)
	return b.String()
}

func (o Operand) write(b *strings.Builder) {
	switch {
	case o.Quoted:
		b.WriteString(Quote(o.Text))
	default:
		b.WriteString(o.Text)
	}
	if !o.HasValue {
		return
	}
	b.WriteByte('(')
	for i, v := range o.Values {
		if i > 0 {
			b.WriteByte(' ')
		}
		v.write(b)
	}
	b.WriteByte(')')
}

// String is the statement in the command language, on one line and without comments.
func (s Statement) String() string {
	var b strings.Builder
	b.WriteString(s.Name)
	for _, o := range s.Operands {
		b.WriteByte(' ')
		o.write(&b)
	}
	return b.String()
}

// describe names an operand in a message: a keyword, but never a quoted value, which may be a
// password.
func (o Operand) describe() string {
	switch {
	case o.Quoted:
		return "a quoted string"
	case o.Text == "":
		return `"("`
	}
	return fmt.Sprintf("%q", o.Text+"(")
}
