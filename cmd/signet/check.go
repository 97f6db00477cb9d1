package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"signet/backend"
	"signet/export"
	"signet/racdcert"
	"signet/ring"
)

// finding is a problem of a script.
type finding struct {
	file string
	racdcert.Message
}

// findings are the problems of scripts, each once.
type findings struct {
	all  []finding
	seen map[finding]bool
}

// add adds problems of one file.
func (f *findings) add(file string, messages ...racdcert.Message) {
	if f.seen == nil {
		f.seen = map[finding]bool{}
	}
	for _, m := range messages {
		if p := (finding{file, m}); !f.seen[p] {
			f.seen[p] = true
			f.all = append(f.all, p)
		}
	}
}

// worst is the highest code of the findings.
func (f *findings) worst() ring.Code {
	code := ring.Done
	for _, p := range f.all {
		code = max(code, p.Code)
	}
	return code
}

// print reports the findings and raises the return code.
func (f *findings) print(a *app) error {
	a.raise(f.worst())
	var ans answer
	for _, p := range f.all {
		ans.Messages = append(ans.Messages, placed(p.file, p.Message))
		if !a.json() {
			a.show(place(p.file, p.Pos), p.Message.Message)
		}
	}
	if a.json() {
		return a.print(ans)
	}
	return nil
}

// placed is a message of a script as programs see it.
func placed(file string, m racdcert.Message) messageJSON {
	j := message(m.Message)
	j.File, j.Line, j.Column = file, m.Pos.Line, m.Pos.Col
	return j
}

// checkScripts reports what is wrong with scripts: what shows in their text, and, when no job is
// unreadable as a whole, what a rehearsal meets. What depends on a command that is wrong itself
// fails there too.
func (a *app) checkScripts(ctx context.Context, scripts []script, issuer ring.Owner, f runFlags) error {
	var found findings
	for _, sc := range scripts {
		found.add(sc.name, a.checkScript(sc, f)...)
	}
	if !slices.ContainsFunc(scripts, func(sc script) bool { return len(sc.problems) > 0 }) {
		if err := a.rehearse(ctx, scripts, issuer, f, &found); err != nil {
			return err
		}
	}
	if err := found.print(a); err != nil {
		return err
	}
	if len(found.all) == 0 {
		a.say("no problems found")
	}
	return nil
}

// checkScript gives what shows of a script without a database, in the order of its lines.
func (a *app) checkScript(sc script, f runFlags) []racdcert.Message {
	all := sc.problems
	if sc.tso != nil {
		sc.tso.Check(&racdcert.Session{Strict: f.strict, Report: func(o racdcert.Outcome) { all = append(all, o.Messages...) }})
	}
	verbs := newLineVerbs()
	for _, line := range sc.plain {
		if _, err := a.checkPlain(verbs, line); err != nil {
			all = append(all, plainMessage(line, err))
		}
	}
	slices.SortStableFunc(all, func(x, y racdcert.Message) int {
		return cmp.Or(cmp.Compare(x.Pos.Line, y.Pos.Line), cmp.Compare(x.Pos.Col, y.Pos.Col))
	})
	return all
}

// plainMessage is what is wrong with one of signet's own commands.
func plainMessage(line plainCommand, err error) racdcert.Message {
	return racdcert.Message{Message: ring.Message{Code: codeOf(err), Text: err.Error()}, Pos: line.pos()}
}

// understood is a line of signet's own commands as far as it makes sense.
type understood struct {
	words []string
	verb  *cobra.Command
	rest  []string // what follows the verb
}

// checkPlain says what is wrong with one of signet's own commands.
func (a *app) checkPlain(verbs *lineVerbs, line plainCommand) (u understood, err error) {
	verbs.begin(a, place("script", line.pos()))
	if u.words, err = verbs.words(line); err != nil {
		return u, err
	}
	if _, _, ok := verbs.parse(u.words); ok {
		u.verb, u.rest = verbs.verb(u.words)
		return u, nil
	}
	root := verbs.app.root()
	if u.verb, u.rest, err = root.Find(u.words); err != nil {
		return u, usageError{err}
	}
	if u.verb == root && len(u.rest) > 0 {
		return u, root.RunE(root, u.rest) // it can only say that there is no such verb
	}
	if err := u.verb.ParseFlags(u.rest); err != nil {
		return u, u.verb.FlagErrorFunc()(u.verb, err)
	}
	if err := u.verb.ValidateArgs(u.verb.Flags().Args()); err != nil {
		return u, err
	}
	return u, verbs.app.checkFlags(u.verb)
}

// rehearse runs scripts so that nothing of it stays, and collects what fails.
func (a *app) rehearse(ctx context.Context, scripts []script, issuer ring.Owner, f runFlags, found *findings) error {
	store, remove, err := a.openForRehearsal(ctx, issuer)
	if err != nil {
		return err
	}
	defer remove()
	a.files.hold()
	a.files.rehearsal = true
	m, err := a.managerOf(ctx, store, export.Codec{}, issuer, a.hardwareOf(store))
	if err != nil {
		return err
	}
	before := *found
	verbs := newLineVerbs()
	return m.Rehearse(ctx, func(m *ring.Manager) {
		*found = findings{slices.Clone(before.all), maps.Clone(before.seen)} // a store may run it again
		for _, sc := range scripts {
			if sc.tso != nil {
				s := racdcert.Session{Manager: m, Files: a.files, Output: io.Discard, Strict: f.strict,
					Report: func(o racdcert.Outcome) { found.add(sc.name, o.Problems()...) }}
				sc.tso.Run(ctx, &s, racdcert.Nowhere)
			}
			for _, line := range sc.plain {
				found.add(sc.name, a.rehearsePlain(ctx, m, verbs, sc.name, line)...)
			}
		}
	})
}

// rehearsePlain runs one of signet's own commands in a rehearsal and gives what is wrong.
func (a *app) rehearsePlain(ctx context.Context, m *ring.Manager, verbs *lineVerbs, name string, line plainCommand) []racdcert.Message {
	pos := line.pos()
	var output bytes.Buffer
	verbs.begin(a, place(name, pos))
	child := verbs.app
	child.manager, child.stdout, child.stderr = m, &output, io.Discard
	child.locked = true
	child.flags.output = "json"
	words, problem := verbs.words(line)
	code := verbs.execute(ctx, words, problem)
	var ans answer
	if err := json.Unmarshal(output.Bytes(), &ans); err != nil && code > ring.Done {
		ans.Messages = []messageJSON{{Code: code, Text: fmt.Sprintf("%s ends %d", nameIn(words), code)}}
	}
	for _, c := range ans.Commands { // of racdcert and racf
		ans.Messages = append(ans.Messages, c.Messages...)
	}
	var all []racdcert.Message
	for _, j := range ans.Messages {
		if j.Code > ring.Done {
			all = append(all, racdcert.Message{Message: ring.Message{ID: j.ID, Code: j.Code, Text: j.Text, Hint: j.Hint}, Pos: pos})
		}
	}
	return all
}

// openForRehearsal opens the database, or an empty one that goes away with remove when there is
// none yet.
func (a *app) openForRehearsal(ctx context.Context, issuer ring.Owner) (store *backend.Opened, remove func(), err error) {
	url, err := a.database()
	if err != nil {
		return nil, nil, err
	}
	store, err = a.openStore(ctx, url, issuer, a.flags.stash.file, a.flags.keystore, false)
	if err == nil {
		return store, func() { store.Close() }, nil
	}
	if !errors.Is(err, ring.ErrNotFound) {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "signet-check-")
	if err != nil {
		return nil, nil, err
	}
	store, err = backend.Open(ctx, filepath.Join(dir, "signet.db"), backend.Options{Create: true})
	if err != nil {
		os.RemoveAll(dir)
		return nil, nil, err
	}
	return store, func() { store.Close(); os.RemoveAll(dir) }, nil
}

// explainScripts says what the commands of scripts would do.
func (a *app) explainScripts(scripts []script, f runFlags) error {
	var found findings
	var commands []commandJSON
	for _, sc := range scripts {
		all := a.explainScript(sc, f)
		found.add(sc.name, sc.problems...)
		for _, c := range all {
			commands = append(commands, c.commandJSON)
			found.add(sc.name, c.messages...)
			if !a.json() && c.Does != "" {
				where := fmt.Sprint(c.Line)
				if len(scripts) > 1 {
					where = fmt.Sprintf("%s:%d", sc.name, c.Line)
				}
				fmt.Fprintln(a.stdout, oneLine(where+": "+c.text()))
			}
		}
	}
	if a.json() {
		a.raise(found.worst())
		ans := answer{Commands: commands}
		for _, sc := range scripts {
			for _, m := range sc.problems {
				ans.Messages = append(ans.Messages, placed(sc.name, m))
			}
		}
		return a.print(ans)
	}
	return found.print(a)
}

// explained is a command that was explained.
type explained struct {
	commandJSON
	messages []racdcert.Message
}

// text is the command with what it would do.
func (e explained) text() string {
	text := e.Command + "  " + e.Does
	if e.Command == "EXEC" {
		text = e.Does
	}
	if len(e.Reads) > 0 {
		text += "; reads " + strings.Join(e.Reads, ", ")
	}
	if len(e.Writes) > 0 {
		text += "; writes " + strings.Join(e.Writes, ", ")
	}
	return text
}

func (a *app) explainScript(sc script, f runFlags) []explained {
	var all []explained
	if sc.tso != nil {
		sc.tso.Explain(&racdcert.Session{Strict: f.strict, Report: func(o racdcert.Outcome) {
			e := explained{commandJSON{File: sc.name, Line: o.Pos.Line, Command: o.Command, Code: o.Code, Does: o.Plan.Does}, o.Messages}
			for _, m := range o.Messages {
				e.Messages = append(e.Messages, placed("", m))
			}
			for _, name := range o.Plan.Reads {
				e.Reads = append(e.Reads, a.files.path(name))
			}
			for _, name := range o.Plan.Writes {
				e.Writes = append(e.Writes, a.files.path(name))
			}
			all = append(all, e)
		}})
	}
	verbs := newLineVerbs()
	for _, line := range sc.plain {
		e := explained{commandJSON: commandJSON{File: sc.name, Line: line.line}}
		u, err := a.checkPlain(verbs, line)
		if err == nil {
			e.Command = strings.TrimPrefix(u.verb.CommandPath(), "signet ")
			e.Does = u.verb.Short
			if len(u.rest) > 0 {
				e.Does += ": " + strings.Join(u.rest, " ")
			}
		} else {
			e.Command, e.Code = nameIn(u.words), codeOf(err)
			m := plainMessage(line, err)
			e.messages, e.Messages = []racdcert.Message{m}, []messageJSON{placed("", m)}
		}
		all = append(all, e)
	}
	return all
}
