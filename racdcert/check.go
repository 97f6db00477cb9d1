package racdcert

import (
	"fmt"

	"signet/racdcert/jcl"
	"signet/racdcert/tso"
	"signet/ring"
)

// Check reads every command of the script, whatever the conditions of its steps, and reports
// those that something is to be said about. It runs none; s needs no Manager and no Files.
func (sc *Script) Check(s *Session) {
	report := s.Report
	defer func() { s.Report = report }()
	s.Report = func(o Outcome) {
		if len(o.Messages) > 0 && report != nil {
			report(o)
		}
	}
	sc.look(s, func(*reading) {}, func(*jcl.Step, string) {})
}

// Explain reports for every command of the script what it would do, and the steps of a job with
// the conditions under which they run. It runs none; s needs no Manager and no Files.
func (sc *Script) Explain(s *Session) {
	sc.look(s, func(r *reading) {
		if r.cmd != nil {
			r.Plan = r.cmd.plan(s)
		}
	}, func(st *jcl.Step, condition string) {
		does := "runs " + st.Program
		if st.Name != "" {
			does = "step " + st.Name + " " + does
		}
		s.report(Outcome{Pos: st.Pos, Command: "EXEC", Plan: Plan{Does: does + condition}})
	})
}

// look reads the commands of the script in the order of the file. step is told of each step
// before its commands.
func (sc *Script) look(s *Session, command func(*reading), step func(*jcl.Step, string)) {
	s.joined = sc.options.Join
	all := func(commands []tso.Command) {
		for i, c := range commands {
			s.next = following(commands, i)
			r := s.read(c, sc.options.User)
			command(r)
			s.finish(r)
		}
	}
	if sc.job == nil {
		all(sc.commands)
		return
	}
	s.doubt(sc.job.Warnings)
	sc.walk(sc.job.Body, "", func(st *jcl.Step, condition string) {
		step(st, condition)
		s.doubt(st.Warnings)
		if p := refusal(st); p != nil {
			s.report(stepOutcome(*p))
			return
		}
		if st.TMP() {
			all(sc.steps[st].commands)
		}
	})
}

// walk calls visit for the steps of a part of a job, with what must be true for each to run.
func (sc *Script) walk(nodes []jcl.Node, condition string, visit func(*jcl.Step, string)) {
	for _, n := range nodes {
		if n.Step != nil {
			own := condition
			if c := n.Step.Cond(); c != "" {
				own += ", unless " + c
			}
			visit(n.Step, own)
			continue
		}
		sc.walk(n.If.Then, fmt.Sprintf("%s, if %s", condition, n.If.Text), visit)
		sc.walk(n.If.Else, fmt.Sprintf("%s, if not %s", condition, n.If.Text), visit)
	}
}

// Problems are the messages of an outcome that call for attention: warnings and errors.
func (o Outcome) Problems() []Message {
	var all []Message
	for _, m := range o.Messages {
		if m.Code > ring.Done {
			all = append(all, m)
		}
	}
	return all
}
