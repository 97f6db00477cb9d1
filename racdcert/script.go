package racdcert

import (
	"context"
	"fmt"

	"signet/racdcert/jcl"
	"signet/racdcert/tso"
	"signet/ring"
)

// Script is a job or a command file, read and ready to run.
type Script struct {
	job      *jcl.Job // nil for a command file
	commands []tso.Command
}

// Read reads a job or a command file. user gives the symbol SYSUID. The problems of a job that
// cannot run at all are returned; those of single commands appear when the commands run, as
// they do under TSO.
func Read(data []byte, user ring.Owner) (*Script, []tso.Problem) {
	lines, err := tso.Lines(data)
	if err != nil {
		return nil, []tso.Problem{problemOf(err)}
	}
	if !jcl.IsJob(lines) {
		return &Script{commands: tso.Split(lines)}, nil
	}
	job, problems := jcl.ParseWith(lines, jcl.Options{Symbols: map[string]string{"SYSUID": string(user)}})
	return &Script{job: job}, problems
}

func problemOf(err error) tso.Problem {
	if p, ok := err.(*tso.Problem); ok {
		return *p
	}
	return tso.Problem{Pos: tso.Pos{Line: 1, Col: 1}, Text: err.Error()}
}

// Summary is what a script did.
type Summary struct {
	Code     ring.Code // as the terminal monitor program of the job gives it
	Commands int
	Failed   int  // how many commands ended above 4
	Stopped  bool // by strict, before the end
}

// Run runs the script in s. A job's return code follows the terminal monitor program that its
// steps name (racdcert-rings.md E3); a command file names none and gets the highest code of
// its commands. strict stops the script after the first command that ends above 4.
func (sc *Script) Run(ctx context.Context, s *Session, strict bool) Summary {
	r := &runner{s: s, strict: strict}
	if sc.job == nil {
		r.commands(ctx, sc.commands, func(code ring.Code) bool {
			r.Code = max(r.Code, code)
			return false
		})
		return r.Summary
	}
	result := sc.job.Run(func(st *jcl.Step) int { return int(r.step(ctx, st)) })
	if !r.Stopped {
		r.Code = ring.Code(result.Code)
	}
	return r.Summary
}

type runner struct {
	Summary
	s      *Session
	strict bool
}

// commands runs commands in order until done says so or strict does.
func (r *runner) commands(ctx context.Context, all []tso.Command, done func(ring.Code) bool) {
	for _, c := range all {
		if ctx.Err() != nil {
			r.s.report(Outcome{Pos: c.Pos(), Code: ring.Failed, Messages: []Message{{ring.Message{ID: idSystem, Code: ring.Failed, Text: "stopped before this command: " + context.Cause(ctx).Error()}, c.Pos()}}})
			r.Stopped, r.Code = true, ring.Failed
			return
		}
		code := r.s.Execute(ctx, c)
		r.Commands++
		if code > ring.Warning {
			r.Failed++
			if r.strict {
				r.Stopped, r.Code = true, code
				return
			}
		}
		if done(code) {
			return
		}
	}
}

// step runs one step of a job and gives its return code: of IKJEFT01 the code of the last
// command, of IKJEFT1A and IKJEFT1B the first that is not zero, which also ends the step.
func (r *runner) step(ctx context.Context, st *jcl.Step) ring.Code {
	if r.Stopped {
		return r.Code
	}
	for _, w := range st.Warnings {
		r.s.report(Outcome{Pos: w.Pos, Command: "JCL", Code: ring.Done, Messages: []Message{{ring.Message{ID: idJCL, Text: w.Text, Hint: w.Hint}, w.Pos}}})
	}
	var stopAtFirst bool
	switch st.Program {
	case "IEFBR14":
		return ring.Done
	case "IKJEFT01":
	case "IKJEFT1A", "IKJEFT1B":
		stopAtFirst = true
	default:
		return r.refuse(st, fmt.Sprintf("step %s runs program %s, which signet does not have", st.Name, st.Program),
			"signet runs IKJEFT01, IKJEFT1A, IKJEFT1B and IEFBR14")
	}
	if !st.HasInput && st.Parm == "" {
		return r.refuse(st, fmt.Sprintf("step %s has no SYSTSIN", st.Name), "add //SYSTSIN DD * and the commands")
	}
	lines := st.Input
	if st.Parm != "" {
		lines = append([]tso.Line{{Number: st.Pos.Line, Text: st.Parm, Col: st.Pos.Col}, {Number: st.Pos.Line, Col: st.Pos.Col}}, lines...)
	}
	code := ring.Done
	r.commands(ctx, tso.Split(lines), func(c ring.Code) bool {
		code = c
		return stopAtFirst && c != ring.Done
	})
	if r.Stopped {
		return r.Code
	}
	return code
}

func (r *runner) refuse(st *jcl.Step, text, hint string) ring.Code {
	r.s.report(Outcome{Pos: st.Pos, Command: "EXEC", Code: ring.Refused, Messages: []Message{{ring.Message{ID: idJCL, Code: ring.Refused, Text: text, Hint: hint}, st.Pos}}})
	r.Failed++
	if r.strict {
		r.Stopped, r.Code = true, ring.Refused
	}
	return ring.Refused
}

// idJCL is the message of a problem in job control.
const idJCL = "SGN097I"

// ProblemMessage turns a problem of a script into a message.
func ProblemMessage(p tso.Problem) Message {
	return Message{ring.Message{ID: idJCL, Code: ring.Refused, Text: p.Text, Hint: p.Hint}, p.Pos}
}
