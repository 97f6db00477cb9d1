package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A file of rows has blocks. A line without indentation begins one; lines indented by two spaces
// are its items; lines that are indented deeper go on with the item above, on a line of their own
// unless that one ends with a backslash. Blank lines and those that begin with # are left out.
//
//	fixture NAME
//	  needs FIXTURE...
//	  make SCRIPT
//
//	row NAME: TITLE
//	  needs FIXTURE...                     each is a folder of its name for all that follows
//	  setup SCRIPT                         once
//	  prepare SCRIPT                       before every run
//	  CONTESTANT: COMMAND                  signet, signet-..., limit, or another program
//	  check CONTESTANT: SCRIPT             after the runs of the contestant
//	  runs N [CONTESTANT...]
//	  warmup N [CONTESTANT...]
//	  goal CONTESTANT <= FACTOR CONTESTANT

// What is measured how often, where a row does not say.
const (
	defaultRuns   = 20
	defaultWarmup = 2
)

var nameForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// item is one item of a block with the lines that go on with it.
type item struct {
	line int
	text string
}

// parse reads a file of rows. Errors name the file and the line.
func parse(file, text string) (plan, error) {
	var p plan
	blocks, err := split(text)
	if err != nil {
		return p, fmt.Errorf("%s:%w", file, err)
	}
	for _, b := range blocks {
		if err := p.block(b); err != nil {
			return p, fmt.Errorf("%s:%w", file, err)
		}
	}
	if len(p.rows) == 0 {
		return p, fmt.Errorf("%s: no row in it", file)
	}
	return p, nil
}

// at is an error in a line.
func at(line int, format string, args ...any) error {
	return fmt.Errorf("%d: %w", line, fmt.Errorf(format, args...))
}

// split gives the blocks of a file; the first item of each is its heading.
func split(text string) ([][]item, error) {
	var blocks [][]item
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, " \n")
		content := strings.TrimLeft(line, " ")
		indent := len(line) - len(content)
		last := len(blocks) - 1
		switch {
		case content == "" || content[0] == '#':
		case strings.ContainsAny(line, "\t\r"):
			return nil, at(number, "a tab or a carriage return: indent with spaces")
		case indent == 0:
			blocks = append(blocks, []item{{number, content}})
		case last < 0:
			return nil, at(number, "%q belongs to no row: begin with \"row NAME: TITLE\"", content)
		case indent == 2:
			blocks[last] = append(blocks[last], item{number, content})
		case indent < 2 || len(blocks[last]) == 1:
			return nil, at(number, "%q is indented by %d: an item has two spaces before it", content, indent)
		default:
			above := &blocks[last][len(blocks[last])-1]
			if joined, ok := strings.CutSuffix(above.text, `\`); ok {
				above.text = strings.TrimRight(joined, " ") + " " + content
			} else {
				above.text += "\n" + content
			}
		}
	}
	return blocks, nil
}

func (p *plan) block(b []item) error {
	kind, rest, _ := strings.Cut(b[0].text, " ")
	switch kind {
	case "fixture":
		return p.addFixture(strings.TrimSpace(rest), b)
	case "row":
		name, title, ok := strings.Cut(rest, ":")
		if title = strings.TrimSpace(title); !ok || title == "" {
			return at(b[0].line, "row %q has no title: write \"row NAME: TITLE\"", rest)
		}
		return p.addRow(strings.TrimSpace(name), title, b)
	}
	return at(b[0].line, "%q begins neither a row nor a fixture", kind)
}

func (p *plan) addFixture(name string, b []item) error {
	f := fixture{name: name}
	if _, there := p.fixture(name); there || !nameForm.MatchString(name) {
		return at(b[0].line, "fixture %q: there already, or no name of letters in lower case, digits and -", name)
	}
	for _, i := range b[1:] {
		word, rest := cutWord(i.text)
		var err error
		switch word {
		case "needs":
			f.needs, err = p.needed(f.needs, rest)
		case "make":
			f.script, err = once(f.script, rest)
		default:
			err = fmt.Errorf("%q is nothing that a fixture has", word)
		}
		if err != nil {
			return at(i.line, "fixture %q: %w", name, err)
		}
	}
	if f.script == "" {
		return at(b[0].line, "fixture %q has no \"make\"", name)
	}
	p.fixtures = append(p.fixtures, f)
	return nil
}

func (p *plan) addRow(name, title string, b []item) error {
	r := row{name: name, title: title}
	taken := slices.ContainsFunc(p.rows, func(other row) bool { return other.name == name })
	if taken || !nameForm.MatchString(name) {
		return at(b[0].line, "row %q: there already, or no name of letters in lower case, digits and -", name)
	}
	var later []item // what names contestants
	for _, i := range b[1:] {
		word, rest := cutWord(i.text)
		var err error
		switch word {
		case "needs":
			r.needs, err = p.needed(r.needs, rest)
		case "setup":
			r.setup, err = once(r.setup, rest)
		case "prepare":
			r.prepare, err = once(r.prepare, rest)
		case "check", "runs", "warmup", "goal":
			later = append(later, i)
		default:
			err = r.addContestant(word, rest)
		}
		if err != nil {
			return at(i.line, "row %q: %w", name, err)
		}
	}
	for _, i := range later {
		if err := r.about(cutWord(i.text)); err != nil {
			return at(i.line, "row %q: %w", name, err)
		}
	}
	if r.contestant("signet") == nil {
		return at(b[0].line, "row %q has no contestant \"signet\"", name)
	}
	p.rows = append(p.rows, r)
	return nil
}

func (r *row) addContestant(word, command string) error {
	name, ok := strings.CutSuffix(word, ":")
	switch {
	case !ok:
		return fmt.Errorf("%q is nothing that a row has; a contestant has a colon behind its name", word)
	case !nameForm.MatchString(name):
		return fmt.Errorf("%q is no name of letters in lower case, digits and -", name)
	case r.contestant(name) != nil:
		return fmt.Errorf("contestant %q is there already", name)
	case command == "":
		return fmt.Errorf("contestant %q has no command", name)
	}
	r.contestants = append(r.contestants, contestant{name: name, command: command, runs: defaultRuns, warmup: defaultWarmup})
	return nil
}

// about takes an item that names contestants.
func (r *row) about(word, rest string) error {
	switch word {
	case "check":
		name, script := cutWord(rest)
		c := r.contestant(strings.TrimSuffix(name, ":"))
		if c == nil || !strings.HasSuffix(name, ":") {
			return fmt.Errorf("check of %q: write \"check CONTESTANT: SCRIPT\" with a contestant of the row", name)
		}
		var err error
		c.check, err = once(c.check, script)
		return err
	case "goal":
		return r.addGoal(strings.Fields(rest))
	}
	f := strings.Fields(rest)
	if len(f) == 0 {
		return fmt.Errorf("%s has no number", word)
	}
	n, err := strconv.Atoi(f[0])
	if err != nil || n < 0 || n == 0 && word == "runs" {
		return fmt.Errorf("%s %q is no number that can be", word, f[0])
	}
	for i := range r.contestants {
		if c := &r.contestants[i]; len(f) == 1 || slices.Contains(f[1:], c.name) {
			if word == "runs" {
				c.runs = n
			} else {
				c.warmup = n
			}
		}
	}
	return r.named(f[1:]...)
}

func (r *row) addGoal(f []string) error {
	if len(f) != 4 || f[1] != "<=" {
		return fmt.Errorf("goal %q: write \"goal CONTESTANT <= FACTOR CONTESTANT\"", strings.Join(f, " "))
	}
	factor, err := strconv.ParseFloat(f[2], 64)
	if err != nil || !(factor > 0) {
		return fmt.Errorf("goal: %q is no factor", f[2])
	}
	if !ours(f[0]) || ours(f[3]) {
		return fmt.Errorf("goal of %s against %s: a goal is signet's, against another", f[0], f[3])
	}
	r.goals = append(r.goals, goal{f[0], factor, f[3]})
	return r.named(f[0], f[3])
}

// named refuses names that no contestant of the row has.
func (r *row) named(names ...string) error {
	for _, n := range names {
		if r.contestant(n) == nil {
			return fmt.Errorf("no contestant %q", n)
		}
	}
	return nil
}

// needed adds fixtures, which stand above whatever needs them.
func (p *plan) needed(before []string, rest string) ([]string, error) {
	names := strings.Fields(rest)
	for _, n := range names {
		if _, ok := p.fixture(n); !ok {
			return nil, fmt.Errorf("no fixture %q above it", n)
		}
	}
	return append(before, names...), nil
}

// once sets a script that may be there only once.
func once(before, script string) (string, error) {
	switch {
	case before != "":
		return "", fmt.Errorf("the second of its kind: indent what goes on")
	case script == "":
		return "", fmt.Errorf("an empty script")
	}
	return script, nil
}

// cutWord cuts the first word off.
func cutWord(text string) (word, rest string) {
	end := strings.IndexAny(text, " \n")
	if end < 0 {
		return text, ""
	}
	return text[:end], strings.TrimLeft(text[end:], " \n")
}
