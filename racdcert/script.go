package racdcert

import (
	"context"
	"fmt"
	"strings"

	"signet/racdcert/jcl"
	"signet/racdcert/tso"
	"signet/ring"
)

// Script is a job or a command file, read and ready to run.
type Script struct {
	options  Options
	job      *jcl.Job      // nil for a command file
	commands []tso.Command // of a command file
	steps    map[*jcl.Step]step
	total    int // how many commands there are
}

// step is what the terminal monitor program of a step reads.
type step struct {
	commands []tso.Command
	first    int // the number of the first one in the script
}

// Options say how a script is read.
type Options struct {
	User ring.Owner // who runs it: the symbol SYSUID, and the owner where none is named
	Join bool       // a line that does not begin with the name of a command continues the one before it
}

// Read reads a job or a command file. The problems of a job that cannot run at all are
// returned; those of single commands appear when the commands run, as they do under TSO.
func Read(data []byte, o Options) (*Script, []tso.Problem) {
	sc := &Script{options: o}
	lines, err := tso.Lines(data)
	if err != nil {
		return nil, []tso.Problem{problemOf(err)}
	}
	if !jcl.IsJob(lines) {
		sc.commands = sc.split(withoutShellComments(lines))
		sc.total = len(sc.commands)
		return sc, nil
	}
	var problems []tso.Problem
	sc.job, problems = jcl.ParseWith(lines, jcl.Options{Symbols: map[string]string{"SYSUID": string(o.User)}})
	sc.steps = map[*jcl.Step]step{}
	sc.walk(sc.job.Body, "", func(st *jcl.Step, _ string) {
		if st.TMP() {
			s := step{sc.stepCommands(st), sc.total}
			sc.steps[st] = s
			sc.total += len(s.commands)
		}
	})
	return sc, problems
}

func problemOf(err error) tso.Problem {
	if p, ok := err.(*tso.Problem); ok {
		return *p
	}
	return tso.Problem{Pos: tso.Pos{Line: 1, Col: 1}, Text: err.Error()}
}

// withoutShellComments drops the comments of a shell script, in which tsocmd runs commands. It
// is one when its first line says so.
func withoutShellComments(lines []tso.Line) []tso.Line {
	if len(lines) == 0 || !strings.HasPrefix(lines[0].Text, "#!") {
		return lines
	}
	var kept []tso.Line
	for _, l := range lines {
		if !strings.HasPrefix(strings.TrimLeft(l.Text, " \t"), "#") {
			kept = append(kept, l)
		}
	}
	return kept
}

// split makes commands of lines.
func (sc *Script) split(lines []tso.Line) []tso.Command {
	if sc.options.Join {
		lines = tso.Join(lines, beginsCommand)
	}
	return tso.Split(lines)
}

// stepCommands gives the commands of a step: that of PARM= first, then those of SYSTSIN.
func (sc *Script) stepCommands(st *jcl.Step) []tso.Command {
	var all []tso.Command
	if st.Parm != "" {
		all = tso.Split([]tso.Line{st.ParmLine})
	}
	return append(all, sc.split(st.Input)...)
}

// Summary is what a script did.
type Summary struct {
	Code     ring.Code // as the terminal monitor program of the job gives it
	Commands int
	Failed   int  // how many commands ended above 4
	Stopped  bool // before the end
}

// Ending says when a run ends early.
type Ending int

const (
	AsTMP   Ending = iota // where the terminal monitor program of the job does
	Strict                // also after the first command that ends above 4
	Nowhere               // not even where the terminal monitor program does
)

// Run runs the script in s. A job's return code follows the terminal monitor program that its
// steps name (racdcert-rings.md E3); a command file names none and gets the highest code of
// its commands.
func (sc *Script) Run(ctx context.Context, s *Session, ending Ending) Summary {
	s.joined = sc.options.Join
	r := &runner{s: s, sc: sc, ending: ending}
	if sc.job == nil {
		r.commands(ctx, step{sc.commands, 0}, func(code ring.Code) bool {
			r.Code = max(r.Code, code)
			return false
		})
		return r.Summary
	}
	s.doubt(sc.job.Warnings)
	result := sc.job.Run(func(st *jcl.Step) int { return int(r.step(ctx, st)) })
	if !r.Stopped {
		r.Code = ring.Code(result.Code)
	}
	return r.Summary
}

// doubt reports what looks doubtful in job control. It does not change the code of the job.
func (s *Session) doubt(warnings []tso.Problem) {
	for _, w := range warnings {
		m := Message{ring.Message{ID: idJCL, Code: ring.Warning, Text: w.Text, Hint: w.Hint}, w.Pos}
		s.report(Outcome{Pos: w.Pos, Command: "JCL", Code: ring.Warning, Messages: []Message{m}})
	}
}

type runner struct {
	Summary
	s      *Session
	sc     *Script
	ending Ending
}

// commands runs commands in order until done says so or strict does.
func (r *runner) commands(ctx context.Context, st step, done func(ring.Code) bool) {
	for i, c := range st.commands {
		if r.s.Reach != nil {
			r.s.Reach(st.first + i)
		}
		if ctx.Err() != nil {
			r.s.report(Outcome{Pos: c.Pos(), Code: ring.Failed, Messages: []Message{{ring.Message{ID: idSystem, Code: ring.Failed, Text: "stopped before this command: " + context.Cause(ctx).Error()}, c.Pos()}}})
			r.Stopped, r.Code = true, ring.Failed
			return
		}
		r.s.next = following(st.commands, i)
		code := r.s.Execute(ctx, c)
		r.Commands++
		if code > ring.Warning {
			r.Failed++
			if r.ending == Strict {
				r.Stopped, r.Code = true, code
				return
			}
		}
		if done(code) || r.s.ended {
			r.s.ended = false
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
	r.s.doubt(st.Warnings)
	if p := refusal(st); p != nil {
		return r.refuse(*p)
	}
	if !st.TMP() {
		return ring.Done
	}
	code := ring.Done
	r.commands(ctx, r.sc.steps[st], func(c ring.Code) bool {
		if st.Program == "IKJEFT01" {
			code = c
			return false
		}
		if code == ring.Done {
			code = c
		}
		return code != ring.Done && r.ending != Nowhere
	})
	if r.Stopped {
		return r.Code
	}
	return code
}

// refusal says why a step cannot run, nil when it can.
func refusal(st *jcl.Step) *tso.Problem {
	switch {
	case st.Program == "IEFBR14":
		return nil
	case !st.TMP():
		return &tso.Problem{Pos: st.Pos, Text: fmt.Sprintf("step %s runs program %s, which signet does not have", st.Name, st.Program),
			Hint: "signet runs IKJEFT01, IKJEFT1A, IKJEFT1B and IEFBR14"}
	case !st.HasInput && st.Parm == "":
		return &tso.Problem{Pos: st.Pos, Text: fmt.Sprintf("step %s has no SYSTSIN", st.Name), Hint: "add //SYSTSIN DD * and the commands"}
	}
	return nil
}

func (r *runner) refuse(p tso.Problem) ring.Code {
	r.s.report(stepOutcome(p))
	r.Failed++
	if r.ending == Strict {
		r.Stopped, r.Code = true, ring.Refused
	}
	return ring.Refused
}

func stepOutcome(p tso.Problem) Outcome {
	return Outcome{Pos: p.Pos, Command: "EXEC", Code: ring.Refused, Messages: []Message{ProblemMessage(p)}}
}

// idJCL is the message of a problem in job control.
const idJCL = "SGN097I"

// ProblemMessage turns a problem of a script into a message.
func ProblemMessage(p tso.Problem) Message {
	return Message{ring.Message{ID: idJCL, Code: ring.Refused, Text: p.Text, Hint: p.Hint}, p.Pos}
}
