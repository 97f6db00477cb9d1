package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"signet/backend/sqldb"
	"signet/ring"
)

// dbFindingJSON is a finding of a check as programs see it.
type dbFindingJSON struct {
	Word     string `json:"word"`
	Level    string `json:"level"`
	Object   string `json:"object"`
	Text     string `json:"text"`
	Repair   string `json:"repair,omitempty"`
	Repaired bool   `json:"repaired,omitempty"`
}

func findingOf(f sqldb.Finding) dbFindingJSON {
	j := dbFindingJSON{Word: f.Word, Level: "error", Object: f.Object, Text: f.Text, Repair: f.Repair}
	if f.Warning {
		j.Level = "warning"
	}
	return j
}

func (a *app) dbCheckCommand() *cobra.Command {
	var repair []string
	c := &cobra.Command{
		Use:   "check",
		Short: "Check everything in the database, and repair what is asked for",
		Long: `Check what the schema of the database cannot rule out: pages and indexes (SQLite), every
certificate and what it is listed under, its signature where its CA is in the database, every
private key, counters, and what refers to what. Each finding has a word, which stays as it is.

Nothing is changed without --repair WORD, which repairs the findings of that word in one
transaction. A repair that loses something takes WORD=OBJECT, one object at a time.
The words that can be repaired:
  ` + strings.Join(sqldb.RepairWords(), "\n  ") + `

Return codes: 0 clean or all repaired, 4 warnings, 8 findings.`,
		Example: `  signet db check
  signet db check --repair label-hint --repair key-unreadable=WEBSRV/web`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, given []string) error {
			function := checkDatabase
			if len(repair) > 0 {
				function = repairDatabase
			}
			return a.withDatabase(function, func(ctx context.Context, db *sqldb.DB, _ []string) error { return a.check(ctx, db, repair) })(c, given)
		},
	}
	c.Flags().StringArrayVar(&repair, "repair", nil, "repair the findings of this word, or WORD=OBJECT for one object; may be repeated")
	return c
}

// maxListed is how many findings are kept for JSON, where all are in one object.
const maxListed = 100_000

func (a *app) check(ctx context.Context, db *sqldb.DB, repair []string) error {
	var findings []dbFindingJSON
	left := 0
	show := func(f sqldb.Finding) {
		if a.json() {
			if len(findings) < maxListed {
				findings = append(findings, findingOf(f))
			}
			return
		}
		if !f.Warning || !a.flags.quiet {
			fmt.Fprintln(a.stdout, oneLine(fmt.Sprintf("%s: %s: %s%s", f.Word, f.Object, f.Text, repairHint(f))))
		}
	}
	done, err := a.watched("checking", func(progress func(done, total int64)) (sqldb.Checked, error) {
		return db.Check(ctx, sqldb.CheckOptions{Repair: repair, Found: show, Progress: progress})
	})
	if err != nil {
		return err
	}
	left = done.Errors
	warnings := done.Warnings
	for _, f := range done.Repaired {
		if f.Warning {
			warnings--
		} else {
			left--
		}
		for i := range findings {
			if findings[i].Word == f.Word && findings[i].Object == f.Object {
				findings[i].Repaired = true
			}
		}
	}
	switch {
	case left > 0:
		a.raise(ring.Refused)
	case warnings > 0:
		a.raise(ring.Warning)
	}
	if a.json() {
		return a.print(answer{Findings: findings, Checked: &checkedJSON{done.Certificates, done.Keys, done.Errors, done.Warnings, len(done.Repaired)}})
	}
	for _, f := range done.Repaired {
		fmt.Fprintln(a.stdout, oneLine(fmt.Sprintf("repaired: %s: %s: %s", f.Word, f.Object, f.Repair)))
	}
	fmt.Fprintf(a.stdout, "checked %d certificates and %d private keys: %d findings, %d warnings, %d repaired\n",
		done.Certificates, done.Keys, done.Errors, done.Warnings, len(done.Repaired))
	return nil
}

// checkedJSON counts what a check did.
type checkedJSON struct {
	Certificates int64 `json:"certificates"`
	PrivateKeys  int64 `json:"privateKeys"`
	Errors       int   `json:"errors"`
	Warnings     int   `json:"warnings"`
	Repaired     int   `json:"repaired"`
}

func repairHint(f sqldb.Finding) string {
	switch {
	case f.Repair == "":
		return ""
	case f.Loses:
		return fmt.Sprintf(" (--repair %s=%s would: %s)", f.Word, f.Object, f.Repair)
	}
	return fmt.Sprintf(" (--repair %s would: %s)", f.Word, f.Repair)
}

// watched shows on a terminal how far a check is.
func (a *app) watched(what string, do func(progress func(done, total int64)) (sqldb.Checked, error)) (sqldb.Checked, error) {
	var done, total atomic.Int64
	stop := a.spinText(true, func() string {
		if total.Load() == 0 {
			return what
		}
		return fmt.Sprintf("%s: %d of %d certificates", what, done.Load(), total.Load())
	})
	defer stop()
	return do(func(d, t int64) { done.Store(d); total.Store(t) })
}
