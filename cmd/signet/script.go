package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signet/racdcert"
	"signet/racdcert/tso"
	"signet/ring"
)

// commandJSON is one command of a script as programs see it. Its operands are left out: they
// may hold passwords.
type commandJSON struct {
	File     string        `json:"file,omitempty"`
	Line     int           `json:"line"`
	Command  string        `json:"command"`
	Code     ring.Code     `json:"code"`
	Messages []messageJSON `json:"messages,omitempty"`
	Output   string        `json:"output,omitempty"`
	Does     string        `json:"does,omitempty"`
	Reads    []string      `json:"reads,omitempty"`
	Writes   []string      `json:"writes,omitempty"`
}

// runFlags are the flags of run.
type runFlags struct {
	dsnDir               string
	strict, atomic, join bool
	check, explain       bool
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run FILE...|- [flags]",
		Short: "Run scripts: RACDCERT jobs, TSO command files, or signet's own commands",
		Long: `Run scripts one after the other. A script is a whole job (JCL), a file of TSO commands
such as RACDCERT and PERMIT, or a file of signet commands, one to a line; signet sees which.
A data set name becomes a file of that name in --dsn-dir; a name with a slash is a path.

The code of a job is the one that its terminal monitor program gives: of IKJEFT01 the code
of the last command, of IKJEFT1A and IKJEFT1B the first that is not zero. Other scripts end
with the highest code of their commands.

--check runs nothing. It reports every problem of every script with its line and column:
first whatever cannot be read; when everything can, what would fail, such as a certificate
that is not there, found by a rehearsal that changes neither the database nor a file. It goes
on after a problem and ends with the highest code of all.

--explain runs nothing either and looks at no database: it says for each command what it
would do, and which files it would read and write.

--join is for commands copied from documentation, over several lines without continuation
marks: a line that does not begin with the name of a command continues the one before it.

Closing parentheses that are missing at the end of a command are supplied with a warning
where it is certain which; with --strict they are an error.`,
		Example: `  signet run job.jcl
  signet run --check job.jcl commands.txt
  signet run --explain job.jcl
  signet run --dsn-dir out --strict commands.txt
  signet run --atomic rings.txt --output json`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, given []string) error { return a.runScripts(c.Context(), given, f) },
	}
	c.Flags().StringVar(&f.dsnDir, "dsn-dir", "", "folder of the data sets (default: the current folder)")
	c.Flags().BoolVar(&f.strict, "strict", false, "stop at the first command that ends above 4, and supply no parentheses")
	c.Flags().BoolVar(&f.atomic, "atomic", false, "all changes or none: one transaction, undone when a command ends above 4")
	c.Flags().BoolVar(&f.check, "check", false, "report all problems, and change nothing")
	c.Flags().BoolVar(&f.explain, "explain", false, "say what each command would do, and do nothing")
	c.Flags().BoolVar(&f.join, "join", false, "a line that begins no command continues the one before it")
	return c
}

// oneCommand builds a verb that runs one TSO command; text makes it of what was given.
func (a *app) oneCommand(c *cobra.Command, text func(given string) string) *cobra.Command {
	var f runFlags
	c.Args = args(cobra.MinimumNArgs(1))
	c.RunE = func(c *cobra.Command, given []string) error {
		command := text(strings.TrimSpace(strings.Join(given, " ")))
		if strings.Contains(strings.ToUpper(command), "PASSWORD(") {
			a.show("", ring.Message{ID: "SGN092I", Text: "others can see a password on the command line; put the command in a file and run that"})
		}
		return a.runSources(c.Context(), []source{{"", []byte(command)}}, f)
	}
	c.Flags().BoolVar(&f.strict, "strict", false, "supply no missing parentheses")
	return c
}

func (a *app) racdcertCommand() *cobra.Command {
	return a.oneCommand(&cobra.Command{
		Use:     "racdcert 'COMMAND'",
		Short:   "Run one command in RACDCERT syntax",
		Example: `  signet racdcert "ID(WEBSRV) LISTRING(TLSRING)"`,
	}, racdcertText)
}

// racdcertText is the command that is meant by what was given to the verb racdcert.
func racdcertText(given string) string {
	if word, _, _ := strings.Cut(given, " "); strings.EqualFold(word, "RACDCERT") {
		return given
	}
	return "RACDCERT " + given
}

func (a *app) racfCommand() *cobra.Command {
	return a.oneCommand(&cobra.Command{
		Use:   "racf 'COMMAND'",
		Short: "Run one command on profiles, users or groups, in RACF's syntax",
		Long: `Run one of RACF's commands besides RACDCERT: RDEFINE, RALTER, RDELETE, PERMIT, RLIST and
SETROPTS on general resources, ADDUSER, ALTUSER, DELUSER and LISTUSER on users, ADDGROUP,
DELGROUP, LISTGRP, CONNECT and REMOVE on groups.

They say who may do what (signet can explains it). Passwords are not kept.`,
		Example: `  signet racf "ADDUSER WEBSRV NAME('Web server') DFLTGRP(STCGROUP)"
  signet racf "LISTUSER *"
  signet racf "PERMIT START1.MYRING.LST CLASS(RDATALIB) ID(WEBSRV) ACCESS(READ)"`,
	}, func(given string) string {
		// In capitals the command is never one of signet's own, such as connect.
		if i := strings.IndexAny(given, " ("); i > 0 {
			return strings.ToUpper(given[:i]) + given[i:]
		}
		return strings.ToUpper(given)
	})
}

// source is a script with its name, empty for a command from the command line.
type source struct {
	name string
	data []byte
}

func (a *app) runScripts(ctx context.Context, names []string, f runFlags) error {
	if f.check && f.explain {
		return usagef("run: --check and --explain exclude each other")
	}
	var sources []source
	for _, name := range names {
		path := name
		if name != "-" && !strings.Contains(name, "/") {
			path = "./" + name
		}
		data, err := a.files.Read(path, tso.MaxBytes)
		if err != nil {
			return err
		}
		if name != "-" {
			a.files.protect(path, "the script that runs")
		}
		sources = append(sources, source{name, data})
	}
	a.files.dir = f.dsnDir
	return a.runSources(ctx, sources, f)
}

// errStopped ends an atomic run whose command failed; the command has been reported.
var errStopped = errors.New("a command failed")

// runSources reads scripts and does with them what the flags say.
func (a *app) runSources(ctx context.Context, sources []source, f runFlags) error {
	issuer, err := a.actingFor(ctx)
	if err != nil {
		return err
	}
	var scripts []script
	for _, s := range sources {
		scripts = append(scripts, a.readScript(s, racdcert.Options{User: issuer, Join: f.join}))
	}
	switch {
	case f.check:
		return a.checkScripts(ctx, scripts, issuer, f)
	case f.explain:
		return a.explainScripts(scripts, f)
	}
	var problems findings
	for _, sc := range scripts {
		problems.add(sc.name, sc.problems...)
	}
	if len(problems.all) > 0 { // a job that cannot be run as a whole is not begun
		return problems.print(a)
	}
	m, err := a.open(ctx)
	if err != nil {
		return err
	}
	r := &scriptRun{app: a, flags: f}
	total := 0
	for _, sc := range scripts {
		total += sc.size()
	}
	defer a.startProgress(total)()
	if f.atomic {
		err = a.runAtomic(ctx, m, scripts, r)
	} else {
		r.all(ctx, m, scripts)
	}
	if err != nil {
		return err
	}
	if a.json() {
		return a.print(answer{Commands: r.commands})
	}
	return nil
}

// runAtomic runs scripts in one transaction. The files they write appear together as its last
// act: when one cannot, the database is as it was.
func (a *app) runAtomic(ctx context.Context, m *ring.Manager, scripts []script, r *scriptRun) error {
	if a.store.Database != nil { // nobody can be asked for a passphrase while the database is locked
		if err := a.store.Database.Unlock(ctx); err != nil {
			return err
		}
	}
	a.files.hold()
	before := a.manager
	a.locked = true
	again := false
	err := m.Atomic(ctx, func(inner *ring.Manager) error {
		if again { // what was printed so far is of no account
			a.say("another writer was in the way: the run starts again")
			a.files.drop()
			a.files.hold()
			a.code, r.commands = ring.Done, nil
		}
		again = true
		a.manager = inner
		r.all(ctx, inner, scripts)
		if a.code > ring.Warning {
			return errStopped
		}
		if err := inner.Settle(); err != nil {
			return err
		}
		return a.files.release()
	})
	a.manager, a.locked = before, false
	if err == nil {
		return nil
	}
	a.files.drop()
	if errors.Is(err, errStopped) {
		a.say("the run was atomic: nothing was changed")
		return nil
	}
	return err
}

// script is one script ready to run: of TSO commands, or of signet's own.
type script struct {
	name     string
	tso      *racdcert.Script // nil when not even its lines could be read
	plain    []plainCommand
	problems []racdcert.Message // why it cannot be run
}

// size is how many commands the script has.
func (sc script) size() int {
	if sc.tso != nil {
		return sc.tso.Commands()
	}
	return len(sc.plain)
}

// readScript reads a script.
func (a *app) readScript(s source, o racdcert.Options) script {
	sc := script{name: s.name}
	if lines, ok := a.plainScript(s.data); ok {
		sc.plain = lines
		return sc
	}
	var problems []tso.Problem
	sc.tso, problems = racdcert.Read(s.data, o)
	for _, p := range problems {
		sc.problems = append(sc.problems, racdcert.ProblemMessage(p))
	}
	return sc
}

// place says where in a script something is.
func place(name string, p tso.Pos) string {
	if name == "" {
		return ""
	}
	if name == "-" {
		name = "standard input"
	}
	return fmt.Sprintf("%s:%d:%d", name, p.Line, p.Col)
}

// scriptRun is a run of scripts on its way.
type scriptRun struct {
	app      *app
	flags    runFlags
	commands []commandJSON
	before   int // how many commands the scripts before have
}

// all runs the scripts until one stops early.
func (r *scriptRun) all(ctx context.Context, m *ring.Manager, scripts []script) {
	r.before = 0
	for _, sc := range scripts {
		if r.one(ctx, m, sc) {
			return
		}
		r.before += sc.size()
		r.app.progress.reach(r.before)
	}
}

// one runs a script, and makes the keys of its commands ahead.
func (r *scriptRun) one(ctx context.Context, m *ring.Manager, sc script) (stopped bool) {
	reach := func(n int) { r.app.progress.reach(r.before + n) }
	if sc.size() > 1 {
		supplied, keys := m.SupplyKeys(ctx, r.app.keys(sc))
		defer keys.Stop()
		shown := reach
		m, reach = supplied, func(n int) { keys.Reach(n); shown(n) }
	}
	if sc.tso != nil {
		return r.tso(ctx, m, sc, reach)
	}
	before := r.app.manager
	r.app.manager = m
	defer func() { r.app.manager = before }()
	return r.plain(ctx, sc, reach)
}

// tso runs a job or a file of TSO commands.
func (r *scriptRun) tso(ctx context.Context, m *ring.Manager, sc script, reach func(int)) (stopped bool) {
	a := r.app
	var output bytes.Buffer
	displays := bufio.NewWriter(a.stdout) // a command displays line by line
	s := racdcert.Session{Manager: m, Files: a.files, Output: displays, Strict: r.flags.strict, Reach: reach}
	if a.json() {
		s.Output = &output
	}
	s.Report = func(o racdcert.Outcome) {
		_ = displays.Flush() // the end of the run tells
		c := commandJSON{File: sc.name, Line: o.Pos.Line, Command: o.Command, Code: o.Code, Output: output.String()}
		output.Reset()
		for _, msg := range o.Messages {
			c.Messages = append(c.Messages, placed("", msg))
			if !a.json() {
				a.show(place(sc.name, msg.Pos), msg.Message)
			}
		}
		if a.json() {
			r.commands = append(r.commands, c)
		}
	}
	ending := racdcert.AsTMP
	if r.stopsEarly() {
		ending = racdcert.Strict
	}
	sum := sc.tso.Run(ctx, &s, ending)
	a.raise(sum.Code)
	if sum.Failed > 0 && sum.Code <= ring.Warning {
		a.say("%s ends %d as its terminal monitor program would, though %d of %d commands failed; --strict stops at the first",
			sc.name, sum.Code, sum.Failed, sum.Commands)
	}
	return sum.Stopped
}

// stopsEarly reports whether the run ends with the first command that ends above 4.
func (r *scriptRun) stopsEarly() bool { return r.flags.strict || r.flags.atomic }

// plain runs a file of signet commands.
func (r *scriptRun) plain(ctx context.Context, sc script, reach func(int)) (stopped bool) {
	a := r.app
	total := a.code
	defer func() { a.code = max(a.code, total) }()
	verbs := newLineVerbs()
	var output bytes.Buffer
	for i, line := range sc.plain {
		reach(i)
		verbs.begin(a, place(sc.name, line.pos()))
		if a.json() {
			verbs.app.stdout = &output
		}
		words, problem := verbs.words(line)
		interrupted := ctx.Err() != nil
		if interrupted {
			problem = ctx.Err()
		}
		code := verbs.execute(ctx, words, problem)
		total = max(total, code)
		if a.json() {
			r.commands = append(r.commands, commandJSON{File: sc.name, Line: line.line, Command: nameIn(words), Code: code, Output: output.String()})
			output.Reset()
		}
		if interrupted || code > ring.Warning && r.stopsEarly() {
			return true
		}
	}
	return false
}
