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
	Strict  bool          // what is mended with a warning is an error instead
	Reach   func(int)     // is told the number in its script, from 0, of the command that is next; may be nil

	prefix  string       // put before unquoted data set names; empty for none
	lacking bool         // the command before was refused because something was missing at its end
	ended   bool         // END or LOGOFF was run: nothing more of the input is read
	hiding  bool         // and it was a password: what follows may be the rest of it
	joined  bool         // lines were joined without continuation marks
	next    *tso.Command // nil at the end of the input
}

// Outcome is what one command did, or what a look at it found.
type Outcome struct {
	Pos      tso.Pos
	Command  string // its name and function, without operands: those may hold passwords
	Code     ring.Code
	Messages []Message
	Plan     Plan // when it was explained
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
	// plan says what it would do in s.
	plan(s *Session) Plan
	// run performs it; notes are returned as a Result, which may be nil.
	run(ctx context.Context, s *Session) (*ring.Result, error)
}

// Execute parses and runs one command, reports it and gives its return code. Messages never
// repeat what PASSWORD holds.
func (s *Session) Execute(ctx context.Context, c tso.Command) ring.Code {
	r := s.read(c, s.Manager.Issuer())
	if r.cmd != nil {
		r.perform(ctx, s)
	}
	return s.finish(r)
}

// reading is a command that has been read as far as it can be.
type reading struct {
	Outcome
	cmd     Command         // nil when it cannot be run
	secrets map[string]bool // words that no message may repeat

	secretive bool // it was cut off behind a word such as PASSWORD
}

// read parses a command. What is wrong with it is in the outcome.
func (s *Session) read(c tso.Command, issuer ring.Owner) *reading {
	r := &reading{Outcome: Outcome{Pos: c.Pos()}}
	st, err := s.statement(c, issuer)
	r.Command = st.Name
	if _, known := commands[st.Name]; s.hiding && !known {
		r.Command = "(hidden)"
		r.add(fail(c.Pos(), "the command before it is not complete", "%s command not found", idNoCommand))
		return r
	}
	if err != nil {
		r.secrets, r.secretive = secretsOfText(c.Text())
		r.add(s.hintAtJoin(st, err))
		return r
	}
	r.secrets = secretsOf(st)
	for _, w := range st.Warnings {
		r.Messages = append(r.Messages, Message{ring.Message{ID: idDoubtful, Code: ring.Warning, Text: w.Text, Hint: w.Hint}, w.Pos})
		r.Code = max(r.Code, ring.Warning)
	}
	cmd, notes, err := Parse(st, issuer)
	if err != nil {
		r.add(s.hintAtJoin(st, err))
		return r
	}
	r.cmd, r.Command = cmd, cmd.Name()
	for _, n := range notes {
		r.note(n)
	}
	return r
}

// perform runs the command.
func (r *reading) perform(ctx context.Context, s *Session) {
	result, err := r.cmd.run(ctx, s)
	if result != nil {
		for _, m := range result.Messages {
			r.note(m)
		}
	}
	if err != nil {
		r.add(err)
	}
}

// finish reports the outcome and gives its code.
func (s *Session) finish(r *reading) ring.Code {
	for i := range r.Messages {
		r.Messages[i].Text = redact(r.Messages[i].Text, r.secrets)
	}
	s.lacking = r.lacking()
	s.hiding = s.lacking && (s.hiding || r.secretive)
	s.report(r.Outcome)
	return r.Code
}

// note adds a message about the command as a whole.
func (o *Outcome) note(m ring.Message) {
	o.Messages = append(o.Messages, Message{m, o.Pos})
	o.Code = max(o.Code, m.Code)
}

// add turns an error into a message of the outcome.
func (o *Outcome) add(err error) {
	m := Message{Pos: o.Pos}
	m.Code = ring.CodeOf(err)
	var p *tso.Problem
	var e *ring.Error
	var placed placedError
	if errors.As(err, &placed) {
		m.Pos = placed.pos
	}
	switch {
	case errors.As(err, &p):
		m.Pos, m.Code, m.Text, m.Hint = p.Pos, ring.Refused, p.Text, p.Hint
		if id, text, ok := strings.Cut(p.Text, " "); ok && (strings.HasPrefix(id, "IKJ") || strings.HasPrefix(id, "IRRD") || strings.HasPrefix(id, "SGN")) {
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

// Messages of signet's own about the text of a command.
const (
	idDoubtful = "SGN090I" // it was read, but is hardly what was meant
	idSystem   = "SGN099I" // a failure that no rule foresaw, such as a full disk
)

func (s *Session) report(o Outcome) {
	if s.Report != nil {
		s.Report(o)
	}
}

// commands are the commands that signet runs, by name and alias.
var commands = map[string]func(tso.Statement, ring.Owner) (Command, []ring.Message, error){
	"RACDCERT": parseRacdcert,
	"SETROPTS": plain(parseSetropts), "SETR": plain(parseSetropts),
	"RDEFINE": parseRdefine, "RDEF": parseRdefine,
	"RALTER": parseRalter, "RALT": parseRalter,
	"RDELETE": plain(parseRdelete), "RDEL": plain(parseRdelete),
	"PERMIT": plain(parsePermit), "PE": plain(parsePermit),
	"RLIST": plain(parseRlist), "RL": plain(parseRlist),
	"PROFILE": plain(parseProfile), "PROF": plain(parseProfile),
	"END": plain(parseEnd), "LOGOFF": plain(parseEnd),

	"ADDUSER": parseAdduser, "AU": parseAdduser,
	"ALTUSER": parseAltuser, "ALU": parseAltuser,
	"DELUSER": parseDeluser, "DU": parseDeluser,
	"LISTUSER": parseListuser, "LU": parseListuser,
	"ADDGROUP": parseAddgroup, "AG": parseAddgroup,
	"DELGROUP": parseDelgroup, "DG": parseDelgroup,
	"LISTGRP": parseListgrp, "LG": parseListgrp,
	"CONNECT": parseConnectGroup, "CO": parseConnectGroup,
	"REMOVE": parseRemoveGroup, "RE": parseRemoveGroup,
}

// Parse reads one command. issuer is the user whose certificates are meant where no owner is
// given. The notes are remarks on the text, such as operands that do not matter.
func Parse(st tso.Statement, issuer ring.Owner) (Command, []ring.Message, error) {
	if read, ok := commands[st.Name]; ok {
		return read(st, issuer)
	}
	return nil, nil, notFound(st)
}

func notFound(st tso.Statement) error {
	return fail(st.Pos, "signet runs RACDCERT, SETROPTS, RDEFINE, RALTER, RDELETE, PERMIT, RLIST, PROFILE, ADDUSER, ALTUSER, DELUSER, LISTUSER, ADDGROUP, DELGROUP, LISTGRP, CONNECT and REMOVE",
		"%s command %s not found", idNoCommand, st.Name)
}

// plain is the reader of a command without notes that does not depend on the issuer.
func plain(read func(tso.Statement) (Command, error)) func(tso.Statement, ring.Owner) (Command, []ring.Message, error) {
	return func(st tso.Statement, _ ring.Owner) (Command, []ring.Message, error) {
		c, err := read(st)
		return c, nil, err
	}
}
