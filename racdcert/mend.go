package racdcert

import (
	"errors"
	"slices"
	"strings"

	"signet/racdcert/tso"
	"signet/ring"
)

// statement parses a command. Parentheses that are missing at its very end are supplied, as
// TSO/E does it, where there is only one way to read the command with them. None are supplied
// where the next line begins no command, because then it is likely to hold them, nor in a strict
// session.
func (s *Session) statement(c tso.Command, issuer ring.Owner) (tso.Statement, error) {
	st, err := c.Parse()
	if err == nil {
		return st, nil
	}
	if _, known := commands[st.Name]; !known && st.Name != "" && !tso.IsWrapper(st.Name) {
		return st, notFound(st) // what its operands look like does not matter
	}
	if s.Strict || s.goesOn() {
		return st, err
	}
	mended, problem := c.ParseWith(tso.ParseOptions{CloseParens: true})
	if problem != nil || mended.Supplied > maxSupplied {
		return st, err
	}
	if _, notes, problem := Parse(mended, issuer); problem != nil || len(notes) > 0 { // what is ignored may be ill-formed
		return st, err
	}
	for _, other := range closedEarlier(mended) {
		if valid(other, issuer) {
			return st, err
		}
	}
	return mended, nil
}

// maxSupplied is how many parentheses are supplied at most: no command nests deeper. It bounds the
// ways to read one that are tried.
const maxSupplied = 4

func valid(st tso.Statement, issuer ring.Owner) bool {
	_, _, err := Parse(st, issuer)
	return err == nil
}

// closedEarlier gives the statements that a command also may have meant whose last parentheses
// were supplied: with one of them before the last item of its list, so that the item belongs
// to a list around it, or to the command itself.
func closedEarlier(st tso.Statement) []tso.Statement {
	var all []tso.Statement
	for from := 1; from <= st.Supplied; from++ {
		for to := range from {
			if other, ok := moved(st.Operands, from, to); ok {
				all = append(all, tso.Statement{Name: st.Name, Pos: st.Pos, Operands: other})
			}
		}
	}
	return all
}

// moved takes the last item out of the list that is from levels deep at the end of ops and puts
// it at the end of the one that is to levels deep. The first item of a list stays: nobody closes
// an empty one.
func moved(ops []tso.Operand, from, to int) ([]tso.Operand, bool) {
	ops = slices.Clone(ops)
	levels := []*[]tso.Operand{&ops}
	for range from {
		list := *levels[len(levels)-1]
		last := &list[len(list)-1]
		last.Values = slices.Clone(last.Values)
		levels = append(levels, &last.Values)
	}
	list := levels[from]
	n := len(*list) - 1
	if n < 1 {
		return nil, false
	}
	item := (*list)[n]
	*list = (*list)[:n]
	*levels[to] = append(*levels[to], item)
	return ops, true
}

// lacking reports whether a command was refused because something was missing at its end, or
// looked like a piece of another one.
func (o *Outcome) lacking() bool {
	return slices.ContainsFunc(o.Messages, func(m Message) bool {
		return m.Code >= ring.Refused && (m.Hint == joinHint || m.ID == idMissing || m.ID == "IRRD130I" || m.ID == "IRRD121I" ||
			strings.HasPrefix(m.Text, "unbalanced parenthesis") || strings.HasPrefix(m.Text, "unterminated quote"))
	})
}

// joinHint is what to do about a command over several lines that does not say so.
const joinHint = "a line that another one continues must end with + or -; for text without such marks try --join"

// hintAtJoin adds to the error of a command that does not exist the hint that its line may
// belong to the command before.
func (s *Session) hintAtJoin(st tso.Statement, err error) error {
	var p *tso.Problem
	if s.joined || !errors.As(err, &p) {
		return err
	}
	_, known := commands[st.Name]
	piece := !known && (s.lacking || isKeyword(st.Name)) || known && looksLikeFunction(st)
	if !piece && !(s.goesOn() && strings.HasPrefix(p.Text, "unbalanced parenthesis")) {
		return err
	}
	q := *p
	q.Hint = joinHint
	return &q
}

// isKeyword reports whether a word is an operand of RACDCERT, in full or shortened to no less
// than three letters.
func isKeyword(word string) bool {
	k, err := resolve(tso.Operand{Text: word}, "RACDCERT", firstLevel())
	return err == nil && (k == word || len(word) >= 3)
}

// goesOn reports whether the line after the command begins no command, and so may belong to it.
func (s *Session) goesOn() bool { return s.next != nil && beginsNone(*s.next) }

// following gives the command after the one with number i, nil when there is none.
func following(all []tso.Command, i int) *tso.Command {
	if i+1 < len(all) {
		return &all[i+1]
	}
	return nil
}

// beginsNone reports whether a command is none that signet knows, but perhaps a piece of the one
// before it.
func beginsNone(c tso.Command) bool {
	st, _ := c.Parse()
	_, known := commands[st.Name]
	return !known && !tso.IsWrapper(st.Name) || known && looksLikeFunction(st)
}

// looksLikeFunction reports whether a command such as CONNECT, which has the name of a function
// of RACDCERT, has the function's operands.
func looksLikeFunction(st tso.Statement) bool {
	if !isKeyword(st.Name) || len(st.Operands) == 0 || st.Operands[0].Text != "" {
		return false
	}
	return slices.ContainsFunc(st.Operands[0].Values, func(v tso.Operand) bool { return v.HasValue })
}

// beginsCommand reports whether a line of text that has no continuation marks begins a command:
// with its name, or with a wrapper for the shell. CONNECT( and REMOVE( are functions of RACDCERT
// there.
func beginsCommand(text string) bool {
	word := text
	if i := strings.IndexAny(text, " \t,()'\""); i >= 0 {
		word = text[:i]
	}
	name := strings.ToUpper(word)
	if tso.IsWrapper(name) {
		return true
	}
	if _, ok := commands[name]; !ok {
		return false
	}
	rest := strings.TrimLeft(text[len(word):], " \t")
	return !(isKeyword(name) && strings.HasPrefix(rest, "("))
}
