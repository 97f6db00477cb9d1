package main

import (
	_ "embed"
	"slices"
	"strings"
)

// rowsFile is where the rows are; a row more is three lines there.
const rowsFile = "rows.txt"

//go:embed rows.txt
var rowsText string

// plan is what a file of rows says.
type plan struct {
	fixtures []fixture
	rows     []row
}

// fixture is what several rows work on, made once and only when one of them runs.
type fixture struct {
	name   string
	needs  []string // fixtures above it
	script string
}

// row is one piece of work and the programs that do it.
type row struct {
	name, title    string
	needs          []string // fixtures
	setup, prepare string   // scripts: once, and before every run; neither is measured
	contestants    []contestant
	goals          []goal
}

// contestant is a program that does the work of a row.
type contestant struct {
	name         string
	command      string
	check        string // a script that fails when the work was not done
	runs, warmup int
}

// goal says that one contestant takes at most so many times as long as another.
type goal struct {
	who    string
	factor float64
	than   string
}

// limitName is the contestant that no program of this machine can beat.
const limitName = "limit"

// ours reports whether a contestant is signet, perhaps one of several ways to use it.
func ours(name string) bool { return name == "signet" || strings.HasPrefix(name, "signet-") }

// isPeer reports whether a contestant is another program.
func isPeer(name string) bool { return !ours(name) && name != limitName }

// oneProcess reports whether a command is one program with its operands, which needs no shell.
func oneProcess(command string) bool { return !strings.ContainsAny(command, "\n;|&<>$`*?[]{}()~!#") }

func (p plan) fixture(name string) (fixture, bool) {
	i := slices.IndexFunc(p.fixtures, func(f fixture) bool { return f.name == name })
	if i < 0 {
		return fixture{}, false
	}
	return p.fixtures[i], true
}

// recipe is how a fixture is made, with all that it needs.
func (p plan) recipe(f fixture) string {
	var b strings.Builder
	for _, name := range f.needs {
		needed, _ := p.fixture(name)
		b.WriteString(p.recipe(needed) + "\n")
	}
	return b.String() + f.script
}

func (r *row) contestant(name string) *contestant {
	for i := range r.contestants {
		if r.contestants[i].name == name {
			return &r.contestants[i]
		}
	}
	return nil
}
