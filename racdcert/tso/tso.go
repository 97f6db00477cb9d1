// Package tso reads the TSO/E command language: the lines of a command file become logical
// commands (continuation, comments), and a logical command becomes a tree of operands.
//
// It knows nothing about any command: which keywords exist, how they may be shortened and which
// values are folded is the business of the package that runs them. It neither reads files nor
// prints. The rules are those of racdcert-rings.md, sections E1 and E2, which follow the "z/OS
// TSO/E Command Reference" (command syntax, continuation lines, comments).
package tso

import "fmt"

// Limits on what is read. A command file comes from anybody, so each has an end.
const (
	MaxBytes = 32 << 20 // one file; a larger one is not a command file but a mistake
	MaxLine  = 32 << 10 // bytes of one line; no record of a data set is longer
	MaxLines = 2 << 20  // lines of one file; an empty line costs far more memory than its byte
	MaxDepth = 16       // nested parentheses of one command; stops exhaustion of the stack
	MaxItems = 4096     // operands and values of one command; stops memory amplification
)

// Pos is a place in a file: physical line and column, both counted from 1. The column counts
// characters, not bytes. The zero Pos means the file as a whole.
type Pos struct{ Line, Col int }

// String is the place as messages give it.
func (p Pos) String() string {
	if p.Line == 0 {
		return "file"
	}
	return fmt.Sprintf("line %d column %d", p.Line, p.Col)
}

// Problem is something wrong, or only doubtful, at one place of the input. It is an error; a
// caller that reports places and hints in its own way takes the fields apart.
type Problem struct {
	Pos  Pos
	Text string // what is wrong, naming the object; never the value of an operand
	Hint string // how to mend it; may be empty
}

// Error gives the place and what is wrong, without the hint.
func (p Problem) Error() string {
	if p.Pos.Line == 0 {
		return p.Text
	}
	return p.Pos.String() + ": " + p.Text
}
