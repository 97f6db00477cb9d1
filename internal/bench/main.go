// Bench measures signet against the programs that an administrator could use instead, on the same
// work in one run. Every contestant of a row (rows.txt) runs as whole processes under hyperfine;
// the results go into docs/benchmarks.json, and as tables into docs/benchmarks.md.
//
// It is a tool of the tree and not part of signet: make bench runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench: error:", err)
		os.Exit(1)
	}
}

// settings are what the command line says.
type settings struct {
	rows           *regexp.Regexp
	runs           int
	document, json string
	work           string
}

func run(args []string) error {
	if len(args) == 2 && args[0] == limitName {
		n, err := strconv.Atoi(args[1])
		if err != nil || n < 1 {
			return fmt.Errorf("limit %q: write how many certificates, as in \"limit 10000\"", args[1])
		}
		return limit(n)
	}
	s, err := parseSettings(args)
	if err != nil {
		return err
	}
	p, err := parse(rowsFile, rowsText)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return s.bench(ctx, p)
}

func parseSettings(args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	rows := f.String("run", "", "measure the rows whose names match this `expression`")
	f.IntVar(&s.runs, "runs", 0, "measure every contestant so many times (default: as its row says)")
	f.StringVar(&s.document, "o", "docs/benchmarks.md", "write the tables into this `file`")
	f.StringVar(&s.json, "json", "docs/benchmarks.json", "keep the results in this `file`")
	f.StringVar(&s.work, "work", "", "work in this `folder` and leave it, with its fixtures for the next time (default: a new one in bin, removed at the end)")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	switch {
	case f.NArg() > 0:
		return s, fmt.Errorf("%q: bench takes flags, or \"limit N\"", f.Args())
	case s.runs < 0:
		return s, fmt.Errorf("-runs %d: write a positive number, or 0 for as many as a row says", s.runs)
	}
	var err error
	if s.rows, err = regexp.Compile(*rows); err != nil {
		return s, fmt.Errorf("-run %q: not a regular expression: %w", *rows, err)
	}
	return s, nil
}

// bench measures the rows that are asked for. After each the results so far are written, so that
// an end before the last loses nothing. A row that fails does not stop the others.
func (s settings) bench(ctx context.Context, p plan) error {
	rep, err := loadReport(s.json)
	if err != nil {
		return err
	}
	dir := s.work
	if dir == "" {
		// Not in the folder for temporary files, which may be in memory, where nothing waits for a disk.
		if err := os.MkdirAll("bin", 0o755); err != nil { // #nosec G301 -- where make build puts the program
			return err
		}
		if dir, err = os.MkdirTemp("bin", "bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	w, err := newWorkFolder(dir)
	if err != nil {
		return err
	}
	if rep.Machine, err = w.machine(ctx); err != nil {
		return err
	}
	say := func(text string) { fmt.Fprintln(os.Stderr, "  "+text) }
	var failed []string
	chosen := 0
	for i, r := range p.rows {
		if !s.rows.MatchString(r.name) || ctx.Err() != nil {
			continue
		}
		chosen++
		fmt.Fprintf(os.Stderr, "%s row %d of %d, %s: %s\n", time.Now().Format(time.TimeOnly), i+1, len(p.rows), r.name, r.title)
		results, err := w.measure(ctx, p, r, s.runs, say)
		if err != nil {
			failed = append(failed, r.name)
			say("failed: " + err.Error())
			continue
		}
		rep.put(p, measured{r.name, time.Now().UTC().Format(time.DateOnly), results})
		if err := errors.Join(rep.save(s.json), writeDocument(s.document, render(p, rep))); err != nil {
			return err
		}
		if s.work == "" {
			os.RemoveAll(filepath.Join(w.dir, "rows", r.name))
		}
	}
	if chosen == 0 {
		return fmt.Errorf("-run %q: no row has such a name; rows.txt has them all", s.rows)
	}
	fmt.Print(render(p, rep))
	if len(failed) > 0 {
		return fmt.Errorf("rows that failed, and why is above: %s", strings.Join(failed, ", "))
	}
	return ctx.Err()
}
