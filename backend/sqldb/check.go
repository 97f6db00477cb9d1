package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"signet/backend/seal"
	"signet/ring"
)

// Finding is something that a check found. Its word stays as it is, for programs.
type Finding struct {
	Word    string
	Object  string // what it is about, as Repair takes it
	Text    string
	Warning bool   // nothing is wrong with the content
	Repair  string // what a repair does; empty when there is none
	Loses   bool   // the repair loses something, and must name the object

	fix func(*tx) error
}

// CheckOptions say how a database is checked.
type CheckOptions struct {
	// Repair has the words of the findings to be repaired, or WORD=OBJECT for one object.
	Repair []string
	// Found, if set, gets every finding.
	Found func(Finding)
	// Progress, if set, is told how many certificates have been checked.
	Progress func(done, total int64)
}

// Checked is the outcome of a check.
type Checked struct {
	Certificates, Keys int64 // that were looked at
	Warnings, Errors   int   // findings, with those that were repaired
	Repaired           []Finding
}

// repairWords are the words of the findings that can be repaired, and whether a repair loses
// something.
var repairWords = map[string]bool{
	"certificate-unreadable": true, "certificate-columns": false,
	"key-unreadable": true, "key-retired": true, "key-missing": false, "key-stray": false,
	"serial-counter": false, "label-hint": false, "filter-label-hint": false, "filter-columns": false,
	"token-columns": false, "token-counter": false, "token-key-unreadable": true, "token-certificate-unreadable": true,
	"dangling": true, "trail-end": false, "data-key": true, "recipient": false,
}

// RepairWords gives the words that CheckOptions.Repair takes.
func RepairWords() []string {
	var words []string
	for word := range repairWords {
		words = append(words, word)
	}
	slices.Sort(words)
	return words
}

// checkRepairs refuses words that mean nothing, and losses that name no object.
func checkRepairs(given []string) error {
	for _, g := range given {
		word, _, named := strings.Cut(g, "=")
		loses, known := repairWords[word]
		switch {
		case !known:
			return fmt.Errorf("repair %q: choose from %s: %w", word, strings.Join(RepairWords(), ", "), ring.ErrInvalid)
		case loses && !named:
			return fmt.Errorf("repair %q: it loses what it repairs: name the object, as %s=OBJECT: %w", word, word, ring.ErrInvalid)
		}
	}
	return nil
}

// Check looks for whatever the schema cannot rule out, and repairs what it is told to, in one
// transaction. It needs the stash file.
func (db *DB) Check(ctx context.Context, o CheckOptions) (Checked, error) {
	if err := checkRepairs(o.Repair); err != nil {
		return Checked{}, err
	}
	var done Checked
	attempt := func(x ring.Tx) error {
		done = Checked{}
		c := &checker{t: x.(*tx), o: o, done: &done}
		return c.run()
	}
	broken, err := db.engine.integrity(ctx)
	if err != nil {
		return done, err
	}
	if len(broken) > 0 {
		// What is damaged below the tables cannot be read as tables.
		for _, text := range broken {
			f := Finding{Word: "damaged", Object: "database", Text: text}
			if o.Found != nil {
				o.Found(f)
			}
		}
		return Checked{Errors: len(broken)}, nil
	}
	if len(o.Repair) > 0 {
		err = db.Update(ctx, attempt)
	} else {
		err = db.View(ctx, attempt)
	}
	return done, err
}

// checker is one run of a check in a transaction.
type checker struct {
	t       *tx
	o       CheckOptions
	done    *Checked
	keys    *seal.DataKeys
	uuid    string
	total   int64
	repairs []Finding
	issuers map[string][]issuerKey
	cas     []authority
}

func (c *checker) run() (err error) {
	if err := c.custody(); err != nil {
		return err
	}
	for _, step := range []func() error{c.references, c.certificates, c.serialCounters, c.hints, c.filters, c.tokens, c.words, c.handles, c.trail} {
		if err := step(); err != nil {
			return err
		}
		if err := c.t.ctx.Err(); err != nil {
			return c.t.fail(err)
		}
	}
	for _, f := range c.repairs {
		if err := f.fix(c.t); err != nil {
			return fmt.Errorf("repair of %s, %s: %w", f.Object, f.Word, err)
		}
	}
	c.done.Repaired = c.repairs
	return nil
}

// found takes a finding, and remembers its repair if it is wanted.
func (c *checker) found(f Finding) {
	f.Loses = f.fix != nil && repairWords[f.Word]
	if f.Warning {
		c.done.Warnings++
	} else {
		c.done.Errors++
	}
	if c.o.Found != nil {
		c.o.Found(f)
	}
	wanted := slices.Contains(c.o.Repair, f.Word+"="+f.Object) || slices.Contains(c.o.Repair, f.Word) && !f.Loses
	if wanted && f.fix != nil {
		c.repairs = append(c.repairs, f)
	}
}

// run1 gives a repair that is one statement.
func run1(query string, args ...any) func(*tx) error {
	return func(t *tx) error {
		_, err := t.exec(query, args...)
		return err
	}
}

// integrity asks SQLite about the pages, the indexes and the constraints of the file.
func (e *sqliteEngine) integrity(ctx context.Context) (broken []string, err error) {
	found, err := e.db.pool.QueryContext(ctx, "PRAGMA integrity_check(100)")
	if err != nil {
		return nil, e.fail(err)
	}
	defer found.Close()
	for found.Next() {
		var text string
		if err := found.Scan(&text); err != nil {
			return nil, e.fail(err)
		}
		if text != "ok" {
			broken = append(broken, strings.Join(strings.Fields(text), " "))
		}
	}
	if err := found.Err(); err != nil {
		return nil, e.fail(err)
	}
	return broken, nil
}

// integrity has nothing to ask: a server looks after its pages itself, and its checks need
// extensions that may not be there.
func (*postgres) integrity(context.Context) ([]string, error) { return nil, nil }
