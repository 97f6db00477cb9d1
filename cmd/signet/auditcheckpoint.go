package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"signet/audit"
	"signet/ring"
)

// checkpointJSON is a checkpoint as programs see it.
type checkpointJSON struct {
	File      string     `json:"file"`
	Database  string     `json:"database"`
	Events    uint64     `json:"events"`
	Hash      audit.Hash `json:"hash"`
	Time      time.Time  `json:"time"`
	PublicKey string     `json:"publicKey"`
	Signature []byte     `json:"signature"` // base64
}

func (a *app) auditCheckpointCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "checkpoint",
		Short: "Write down what the audit trail is now, signed, for a place outside the database",
		Long: `Sign the audit trail as it is and write a small text file: how many events it has, and the
hash that they lead to. A copy that is kept where the database cannot be changed from (another
machine, a write-once medium, a printout) proves all events up to there, and shows when an old
copy of the database is put back. signet audit verify --checkpoint compares.`,
		Example: `  signet audit checkpoint
  signet audit checkpoint -o - | ssh loghost 'cat > signet.checkpoint'`,
		Args: args(cobra.NoArgs),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, _ []string) error {
			own := a.checkpointFile()
			if file == "" && own == "" {
				return usagef("there is no place for it beside the database; name a file with -o FILE")
			}
			if file == "-" && a.json() {
				return usagef("--output json needs -o FILE for the checkpoint")
			}
			c, err := m.Checkpoint(ctx)
			if err != nil {
				return err
			}
			path := file
			if path == "" {
				path = own
				err = writeCheckpoint(path, c)
			} else {
				err = a.files.Write(path, c.Text(), true)
			}
			if err != nil {
				return err
			}
			if path == "-" {
				return nil
			}
			ans := answer{Checkpoint: &checkpointJSON{File: path, Database: c.Database, Events: c.Seq, Hash: c.Hash, Time: c.Time,
				PublicKey: audit.KeyText(c.Key), Signature: c.Signature}}
			return a.finish(nil, ans, "%s: %d events, signed with the audit key %s", path, c.Seq, audit.KeyText(c.Key))
		}),
	}
	c.Flags().StringVarP(&file, "file", "o", "", "file to write, - for standard output (default: NAME.checkpoint beside the database)")
	return c
}
