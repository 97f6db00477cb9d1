package jcl

import "fmt"

// Result is what became of a job.
type Result struct {
	Code  int // the highest code of a step, unless JOBRC= says otherwise
	Steps []StepResult
}

// StepResult is what became of a step.
type StepResult struct {
	Name string
	Ran  bool
	Code int    // zero if the step did not run
	Why  string // why it did not run
}

// state is what conditions look at: the steps so far.
type state struct {
	codes map[*Step]int
	max   int
	last  int
}

// code is the code of a step, or the highest so far if step is nil. It is false for a step that
// has not run.
func (s *state) code(step *Step) (int, bool) {
	if step == nil {
		return s.max, true
	}
	code, ok := s.codes[step]
	return code, ok
}

// ran says whether a step has run; nil stands for no step in particular.
func (s *state) ran(step *Step) bool {
	_, ok := s.code(step)
	return ok
}

// Run runs the steps of a job in their order. It calls exec for each step whose conditions hold;
// exec returns the step's code.
func (j *Job) Run(exec func(*Step) int) Result {
	r := &run{job: j, exec: exec, state: state{codes: map[*Step]int{}}}
	r.nodes(j.Body, "")
	r.result.Code = r.code()
	return r.result
}

// run is a job being run.
type run struct {
	job    *Job
	exec   func(*Step) int
	state  state
	result Result
	ended  string // why the whole job has ended, if it has
}

// nodes runs a part of the job, or skips it if skip says why.
func (r *run) nodes(nodes []Node, skip string) {
	for _, n := range nodes {
		switch {
		case n.Step != nil:
			r.step(n.Step, skip)
		case skip != "":
			r.nodes(n.If.Then, skip)
			r.nodes(n.If.Else, skip)
		default:
			then, otherwise := "", ""
			if n.If.test == nil || !n.If.test(&r.state) {
				then = fmt.Sprintf("IF %s in line %d is false", n.If.Text, n.If.Pos.Line)
			} else {
				otherwise = fmt.Sprintf("IF %s in line %d is true", n.If.Text, n.If.Pos.Line)
			}
			r.nodes(n.If.Then, then)
			r.nodes(n.If.Else, otherwise)
		}
	}
}

// step runs a step, unless a condition skips it. A test of the JOB statement ends the job.
func (r *run) step(s *Step, skip string) {
	if skip == "" && r.ended == "" {
		if why := r.state.skips(r.job.conds); why != "" {
			r.ended = "the job has ended: " + why
		}
	}
	if skip == "" {
		skip = r.ended
	}
	if skip == "" {
		skip = r.state.skips(s.conds)
	}
	result := StepResult{Name: s.Name, Why: skip}
	if skip == "" {
		result.Ran, result.Code = true, r.exec(s)
		r.state.codes[s] = result.Code
		r.state.max = max(r.state.max, result.Code)
		r.state.last = result.Code
	}
	r.result.Steps = append(r.result.Steps, result)
}

// skips says why COND= skips a step, or nothing. A test of a step that has not run is ignored.
func (s *state) skips(conds []cond) string {
	for _, c := range conds {
		if c.op == onlyAfterAbend {
			return "COND=ONLY runs it only after an abnormal end"
		}
		for step, code := range s.codes {
			if (c.step == nil || c.step == step) && compare(c.code, c.op, code) {
				return c.text + " is true"
			}
		}
	}
	return ""
}

// code is the code of the job.
func (r *run) code() int {
	if r.job.code.last {
		return r.state.last
	}
	if name := r.job.code.step.Text; name != "" {
		for _, s := range r.job.Steps {
			if code, ok := r.state.codes[s]; ok && s.Name == name {
				return code
			}
		}
	}
	return r.state.max
}
