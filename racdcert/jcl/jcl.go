// Package jcl reads jobs in z/OS job control language, as far as jobs that run TSO/E commands
// in batch need it: JOB, EXEC PGM=, DD with in-stream data, SET, EXPORT, IF/THEN/ELSE/ENDIF and
// COND=. Out come the steps with the command lines of their SYSTSIN, and a Run that decides
// which of them run.
//
// It is no scheduler and allocates nothing: procedures, INCLUDE and commands kept in data sets
// are reported as problems, never guessed; DD statements other than SYSTSIN are accepted and
// ignored. What a step does is the caller's business. The rules are those of racdcert-rings.md,
// sections E3 and E4, which follow the "z/OS MVS JCL Reference".
package jcl

import (
	"strings"

	"signet/racdcert/tso"
)

// Job is a job: its steps, and the conditions under which they run.
type Job struct {
	Name     string // empty without a JOB statement
	User     string // USER= of the JOB statement
	Pos      tso.Pos
	Steps    []*Step // all steps, in the order of the file
	Body     []Node  // the same steps in their IF/THEN/ELSE structure
	Warnings []tso.Problem

	conds []cond // COND= of the JOB statement
	code  jobCode
}

// Node is one part of a job: a step or an IF. Exactly one of the two is set.
type Node struct {
	Step *Step
	If   *If
}

// If is an IF/THEN/ELSE/ENDIF construct.
type If struct {
	Pos  tso.Pos
	Text string // the condition, symbols substituted
	Then []Node
	Else []Node

	test test
}

// Step is an EXEC PGM= statement with what its DD statements give it.
type Step struct {
	Name     string // may be empty
	Program  string
	Parm     string     // PARM=: a command that runs before those of SYSTSIN
	ParmLine tso.Line   // the same with its place in the file
	Input    []tso.Line // SYSTSIN: columns 1 to 72 of its records, symbols substituted
	HasInput bool       // there is a SYSTSIN, though perhaps with nothing in it
	Pos      tso.Pos
	Warnings []tso.Problem

	conds []cond // COND=
}

// TMP says whether the step runs the terminal monitor program, which reads SYSTSIN.
func (s *Step) TMP() bool {
	switch s.Program {
	case "IKJEFT01", "IKJEFT1A", "IKJEFT1B":
		return true
	}
	return false
}

// Commands are the step's commands: that of PARM= first, then those of SYSTSIN.
func (s *Step) Commands() []tso.Command {
	var commands []tso.Command
	if s.Parm != "" {
		commands = tso.Split([]tso.Line{s.ParmLine})
	}
	return append(commands, tso.Split(s.Input)...)
}

// Options are what a job gets from its surroundings.
type Options struct {
	Symbols map[string]string // symbols every job has, such as SYSUID; usable without EXPORT
	System  map[string]string // system symbols, for SYMBOLS=EXECSYS and SYMBOLS=CNVTSYS
}

// topOfFile is how many lines, blank ones and comments apart, IsJob looks at.
const topOfFile = 100

// IsJob says whether a file looks like JCL: one of its first lines is a JOB, EXEC or named DD
// statement.
func IsJob(lines []tso.Line) bool {
	seen := 0
	for _, l := range lines {
		if blank(l.Text) || strings.HasPrefix(l.Text, "//*") {
			continue
		}
		if seen++; seen > topOfFile {
			break
		}
		if !strings.HasPrefix(l.Text, "//") {
			continue
		}
		fields := strings.Fields(l.Text[2:])
		unnamed := strings.IndexByte(" \t", (l.Text + "  ")[2]) >= 0
		if unnamed {
			fields = append([]string{""}, fields...)
		}
		if len(fields) < 2 {
			continue
		}
		switch strings.ToUpper(fields[1]) {
		case "JOB", "EXEC":
			return true
		case "DD":
			if !unnamed {
				return true
			}
		}
	}
	return false
}
