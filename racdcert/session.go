package racdcert

import (
	"context"
	"errors"
	"io"
	"strings"

	"signet/racdcert/tso"
	"signet/ring"
)

// Files is where data sets live. A path is what a data set name became, or a path that the
// script gave.
type Files interface {
	// Read gives the content of a file; one larger than limit bytes is refused.
	Read(path string, limit int64) ([]byte, error)
	// Write replaces a file at once and durably. private keeps it from other users.
	Write(path string, data []byte, private bool) error
}

// Session runs commands one after the other, as a TSO session does.
type Session struct {
	Manager *ring.Manager
	Files   Files
	Output  io.Writer     // displays
	Report  func(Outcome) // what each command did; may be nil

	prefix string // put before unquoted data set names; empty for none
}

// Outcome is what one command did.
type Outcome struct {
	Pos      tso.Pos
	Command  string // its name and function, without operands: those may hold passwords
	Code     ring.Code
	Messages []Message
}

// Message is a message with its place in the script.
type Message struct {
	ring.Message
	Pos tso.Pos
}

// Command is one command, parsed and ready to run.
type Command interface {
	// Name is the command and, for RACDCERT, its function.
	Name() string
	// run performs it; notes are returned as a Result, which may be nil.
	run(ctx context.Context, s *Session) (*ring.Result, error)
}

// Execute parses and runs one command, reports it and gives its return code. Messages never
// repeat what PASSWORD holds.
func (s *Session) Execute(ctx context.Context, c tso.Command) ring.Code {
	o := Outcome{Pos: c.Pos()}
	var secrets map[string]bool
	fail := func(err error) ring.Code {
		o.add(err)
		for i := range o.Messages {
			o.Messages[i].Text = redact(o.Messages[i].Text, secrets)
		}
		s.report(o)
		return o.Code
	}
	st, err := c.Parse()
	o.Command = st.Name
	if err != nil {
		secrets = secretsOfText(c.Text())
		return fail(err)
	}
	secrets = secretsOf(st)
	for _, w := range st.Warnings {
		o.Messages = append(o.Messages, Message{ring.Message{ID: idMissing, Code: ring.Warning, Text: w.Text, Hint: w.Hint}, w.Pos})
		o.Code = max(o.Code, ring.Warning)
	}
	cmd, notes, err := Parse(st, s.Manager.Issuer())
	if err != nil {
		return fail(err)
	}
	o.Command = cmd.Name()
	for _, n := range notes {
		o.Messages = append(o.Messages, Message{n, o.Pos})
	}
	r, err := cmd.run(ctx, s)
	if r != nil {
		for _, m := range r.Messages {
			o.Messages = append(o.Messages, Message{m, o.Pos})
		}
		o.Code = max(o.Code, r.Code())
	}
	if err != nil {
		return fail(err)
	}
	s.report(o)
	return o.Code
}

// add turns an error into a message of the outcome.
func (o *Outcome) add(err error) {
	m := Message{Pos: o.Pos}
	m.Code = ring.CodeOf(err)
	var p *tso.Problem
	var e *ring.Error
	switch {
	case errors.As(err, &p):
		m.Pos, m.Code, m.Text, m.Hint = p.Pos, ring.Refused, p.Text, p.Hint
		if id, text, ok := strings.Cut(p.Text, " "); ok && strings.HasPrefix(id, "IKJ") {
			m.ID, m.Text = id, text
		} else {
			m.ID = idInvalid
		}
	case errors.As(err, &e):
		m.Message = e.Message
	default:
		m.ID, m.Text = idSystem, err.Error()
	}
	o.Messages = append(o.Messages, m)
	o.Code = max(o.Code, m.Code)
}

// idSystem is the message of a failure that no rule foresaw, such as a full disk.
const idSystem = "SGN099I"

func (s *Session) report(o Outcome) {
	if s.Report != nil {
		s.Report(o)
	}
}

// Parse reads one command. issuer is the user whose certificates are meant where no owner is
// given. The notes are remarks on the text, such as operands that do not matter.
func Parse(st tso.Statement, issuer ring.Owner) (Command, []ring.Message, error) {
	switch st.Name {
	case "RACDCERT":
		return parseRacdcert(st, issuer)
	case "SETROPTS", "SETR":
		return plain(parseSetropts(st))
	case "RDEFINE", "RDEF":
		return plain(parseRdefine(st, "RDEFINE"))
	case "RALTER", "RALT":
		return plain(parseRdefine(st, "RALTER"))
	case "RDELETE", "RDEL":
		return plain(parseRdelete(st))
	case "PERMIT", "PE":
		return plain(parsePermit(st))
	case "RLIST", "RL":
		return plain(parseRlist(st))
	case "PROFILE", "PROF":
		return plain(parseProfile(st))
	}
	return nil, nil, fail(st.Pos, "signet runs RACDCERT, SETROPTS, RDEFINE, RALTER, RDELETE, PERMIT, RLIST and PROFILE",
		"%s command %s not found", idNoCommand, st.Name)
}

func plain(c Command, err error) (Command, []ring.Message, error) { return c, nil, err }
