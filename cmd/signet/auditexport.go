package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"signet/audit"
	"signet/backend/backup"
	"signet/ring"
)

type auditExportFlags struct {
	trailFlags
	format, file string
	after        uint64
	force        bool
}

func (a *app) auditExportCommand() *cobra.Command {
	var f auditExportFlags
	c := &cobra.Command{
		Use:   "export",
		Short: "Export the events of the audit trail, one a line",
		Long: `Export the events of the audit trail in their order, one a line: as JSON with the number and
the hashes of each, or in ArcSight's Common Event Format. With --after only those that came
after the event of this number, for a program that asks again and again.`,
		Example: `  signet audit export > trail.jsonl
  signet audit export --format cef --after 1200 -o trail.cef`,
		Args: args(cobra.NoArgs),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, _ []string) error { return a.auditExport(ctx, m, f) }),
	}
	f.register(c.Flags())
	c.Flags().StringVar(&f.format, "format", "json", "json or cef")
	c.Flags().StringVarP(&f.file, "file", "o", "-", "file to write, - for standard output")
	c.Flags().Uint64Var(&f.after, "after", 0, "only events with a higher number")
	c.Flags().BoolVar(&f.force, "force", false, "replace a file that is there")
	return c
}

func (a *app) auditExport(ctx context.Context, m *ring.Manager, f auditExportFlags) error {
	if f.format != "json" && f.format != "cef" {
		return usagef("--format %q: choose json or cef", f.format)
	}
	if f.file == "-" && a.json() {
		return usagef("--output json says what was written where; name a file with -o FILE, or leave it out")
	}
	q, err := f.query(a)
	if err != nil {
		return err
	}
	var out io.Writer = a.stdout
	var file *backup.File
	if f.file != "-" {
		if err := a.files.checkOwn(f.file, f.file); err != nil {
			return err
		}
		file, err = backup.Create(f.file, f.force)
		switch {
		case errors.Is(err, fs.ErrExist):
			return fmt.Errorf("%w; --force replaces it: %w", err, ring.ErrExists)
		case err != nil:
			return err
		}
		defer file.Discard()
		out = file
	}
	count, unreadable, err := a.writeTrail(ctx, m, f, q, out)
	if err != nil {
		return err
	}
	if unreadable > 0 {
		a.raise(ring.Refused)
		a.show(a.place, ring.Message{Code: ring.Refused, Text: fmt.Sprintf("%d events cannot be read; signet audit verify says more", unreadable)})
	}
	if file == nil {
		return nil
	}
	if err := file.Commit(f.force); err != nil {
		return err
	}
	return a.finish(nil, answer{File: f.file, Format: f.format}, "%s: %d events", f.file, count)
}

// writeTrail writes events line by line.
func (a *app) writeTrail(ctx context.Context, m *ring.Manager, f auditExportFlags, q audit.Query, out io.Writer) (count, unreadable int, err error) {
	ownVersion := version()
	w := bufio.NewWriterSize(out, 64<<10)
	err = m.ListEvents(ctx, ring.EventQuery{Query: q, InOrder: true, Above: f.after}, func(r audit.Record) error {
		line := audit.JSONLine(&r)
		if f.format == "cef" {
			line = audit.CEFLine(&r, ownVersion)
		}
		if _, err := r.Event(); err != nil {
			unreadable++
		}
		count++
		_, err := w.Write(line)
		return err
	})
	if err == nil {
		err = w.Flush()
	}
	return count, unreadable, err
}
