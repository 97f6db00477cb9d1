package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signet/audit"
	"signet/internal/atomicfile"
	"signet/ring"
)

// trailJSON is the outcome of a verification as programs see it.
type trailJSON struct {
	Database    string     `json:"database"` // its UUID
	PublicKey   string     `json:"publicKey,omitempty"`
	Events      uint64     `json:"events"`
	Unsigned    uint64     `json:"unsigned,omitempty"`
	Checkpoints int        `json:"checkpoints"`
	First       *time.Time `json:"first,omitempty"`
	Last        *time.Time `json:"last,omitempty"`
	Hash        audit.Hash `json:"hash"`
	Fault       *faultJSON `json:"fault,omitempty"`
	Compared    []string   `json:"compared,omitempty"` // checkpoint files
}

// faultJSON is what is wrong with a trail.
type faultJSON struct {
	Kind  audit.FaultKind `json:"kind"`
	Event uint64          `json:"event,omitempty"` // the first that is bad
	Last  uint64          `json:"last,omitempty"`  // where it is one of several
	Text  string          `json:"text"`
}

type verifyFlags struct {
	checkpoints []string
	publicKey   string
}

func (a *app) auditVerifyCommand() *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify",
		Short: "Prove that nothing in the audit trail was changed",
		Long: `Read the whole audit trail and prove that no event was changed, removed, put in or moved:
by the chain of hashes, by the signatures in the database, and by what is kept outside of it.
The first bad event is named.

A database that was replaced by an old copy of itself is whole: only a checkpoint outside
shows it. The file NAME.checkpoint beside the database is compared when it is there, and
brought up to date when the trail is whole. Whoever can change the database can change that
file, too: name copies that are kept elsewhere with --checkpoint, or the audit key with
--public-key, as signet audit checkpoint shows it.

Return codes: 0 whole and signed, 4 whole but for events at the end that no signature covers
yet, 8 not whole.`,
		Example: `  signet audit verify
  signet audit verify --checkpoint /mnt/worm/signet-monday.checkpoint`,
		Args: args(cobra.NoArgs),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, _ []string) error { return a.auditVerify(ctx, m, f) }),
	}
	c.Flags().StringArrayVar(&f.checkpoints, "checkpoint", nil, "compare with this checkpoint file; may be repeated (default: NAME.checkpoint beside the database)")
	c.Flags().StringVar(&f.publicKey, "public-key", "", "the audit key of the database, as it is known from elsewhere")
	return c
}

func (a *app) auditVerify(ctx context.Context, m *ring.Manager, f verifyFlags) error {
	var known ring.TrailKnown
	var err error
	if f.publicKey != "" {
		if known.Key, err = audit.ParseKey(f.publicKey); err != nil {
			return usagef("--public-key: %v", err)
		}
	}
	files, own := f.checkpoints, ""
	if len(files) == 0 {
		own = a.checkpointFile()
	}
	for _, path := range files {
		c, err := a.readCheckpoint(path)
		if err != nil {
			return err
		}
		known.Checkpoints = append(known.Checkpoints, *c)
	}
	if own != "" {
		switch c, err := a.readCheckpoint(own); {
		case err == nil:
			known.Checkpoints, files = append(known.Checkpoints, *c), []string{own}
		case !errors.Is(err, ring.ErrNotFound):
			return err
		}
	}
	v, err := m.VerifyEvents(ctx, known)
	if err != nil {
		return err
	}
	switch {
	case v.Report.Fault != nil:
		a.raise(ring.Refused)
	case v.Report.Unsigned() > 0:
		a.raise(ring.Warning)
	}
	if v.Report.Fault == nil && v.Checkpoint != nil && own != "" {
		if err := writeCheckpoint(own, v.Checkpoint); err != nil {
			return err
		}
	}
	if a.json() {
		return a.print(answer{Trail: trailOf(&v.Report, files)})
	}
	a.showTrail(&v.Report, files)
	return nil
}

func trailOf(r *audit.Report, files []string) *trailJSON {
	j := &trailJSON{Database: r.Database, Events: r.Events, Unsigned: r.Unsigned(), Checkpoints: r.Checkpoints, Hash: r.Hash, Compared: files}
	if r.Key != nil {
		j.PublicKey = audit.KeyText(r.Key)
	}
	if r.Events > 0 {
		j.First, j.Last = &r.First, &r.Last
	}
	if f := r.Fault; f != nil {
		j.Fault = &faultJSON{Kind: f.Kind, Event: f.Seq, Text: f.Error()}
		if f.Last != f.Seq {
			j.Fault.Last = f.Last
		}
	}
	return j
}

func (a *app) showTrail(r *audit.Report, files []string) {
	if r.Fault != nil {
		fmt.Fprintf(a.stdout, "%s: %s\n", r.Fault.Kind, oneLine(r.Fault.Error()))
		fmt.Fprintf(a.stdout, "the audit trail is not whole; %d events before that are\n", r.Events)
		return
	}
	t := a.table()
	line := func(name, format string, args ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", args...) }
	line("audit trail", "whole")
	line("events", "%d", r.Events)
	if r.Events > 0 {
		line("from", "%s to %s", r.First.In(a.zone).Format(time.DateTime), r.Last.In(a.zone).Format(time.DateTime))
	}
	line("signatures", "%d agree", r.Checkpoints)
	for _, file := range files {
		line("compared with", "%s", oneLine(file))
	}
	if r.Key != nil {
		line("public key", "%s", audit.KeyText(r.Key))
	}
	_ = t.Flush() // the end of the run tells
	if n := r.Unsigned(); n > 0 {
		a.show(a.place, ring.Message{Code: ring.Warning, Text: fmt.Sprintf("the last %d events are not signed: the audit key could not be opened when they came", n),
			Hint: "signet audit checkpoint signs them"})
	}
}

// checkpointFile gives the file beside the database for its latest checkpoint; empty for none.
func (a *app) checkpointFile() string {
	if a.store == nil || a.store.Database == nil {
		return ""
	}
	return a.store.Database.CheckpointPath()
}

// readCheckpoint reads a checkpoint from a file.
func (a *app) readCheckpoint(path string) (*audit.Checkpoint, error) {
	data, err := a.files.Read(path, audit.MaxCheckpoint)
	if err != nil {
		return nil, err
	}
	c, err := audit.ParseCheckpoint(data)
	if err != nil {
		return nil, fmt.Errorf("file %q: %w: %w", path, err, ring.ErrInvalid)
	}
	return c, nil
}

// writeCheckpoint brings the file beside the database up to date.
func writeCheckpoint(path string, c *audit.Checkpoint) error {
	if err := atomicfile.Write(path, c.Text(), modePrivate); err != nil {
		return fileError(path, err)
	}
	return nil
}
