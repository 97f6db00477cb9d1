package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"signet/backend"
	"signet/backend/backup"
	"signet/backend/seal"
	"signet/backend/sqldb"
	"signet/ring"
)

// backupJSON is a backup as programs see it.
type backupJSON struct {
	File     string           `json:"file"`
	Size     int64            `json:"size,omitempty"`
	Database string           `json:"database"` // its UUID
	Engine   string           `json:"engine"`
	Schema   int              `json:"schema"`
	Made     time.Time        `json:"made"`
	Rows     map[string]int64 `json:"rows"`
	Proved   bool             `json:"proved,omitempty"`
	Restored string           `json:"restored,omitempty"`
}

func describeBackup(path string, h backup.Header, t backup.Trailer) *backupJSON {
	j := &backupJSON{File: path, Database: h.Database, Engine: h.Engine, Schema: h.Schema, Made: h.Made, Rows: t.Rows}
	if info, err := os.Stat(path); err == nil {
		j.Size = info.Size()
	}
	return j
}

type backupFlags struct {
	recipients []string
	passphrase string
	force      bool
}

func (a *app) dbBackupCommand() *cobra.Command {
	var f backupFlags
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a sealed backup of the database, while others use it",
		Long: `Write all that the database holds at this moment to one file, while others go on reading and
writing. The file is sealed with age to the identity in the stash file, and to the recipients
given besides, and to the escrow recipients of the database: each of them can open the backup, and
with it the private keys. It can be
restored into SQLite and into PostgreSQL.

With --passphrase-file it is sealed with the passphrase and with nothing else.`,
		Example: `  signet db backup /backup/signet-monday.backup
  signet db backup escrowed.backup --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p`,
		Args: args(cobra.ExactArgs(1)),
		RunE: a.withDatabase(backupDatabase, func(ctx context.Context, db *sqldb.DB, given []string) error { return a.backup(ctx, db, given[0], f) }),
	}
	c.Flags().StringArrayVar(&f.recipients, "recipient", nil, "seal to this age recipient (age1...) too; may be repeated")
	c.Flags().StringVar(&f.passphrase, "passphrase-file", "", "seal with the passphrase in this file only")
	c.Flags().BoolVar(&f.force, "force", false, "replace a file that is there")
	return c
}

func (a *app) backup(ctx context.Context, db *sqldb.DB, path string, f backupFlags) error {
	recipients, err := a.recipients(ctx, db, f)
	if err != nil {
		return err
	}
	if err := a.files.checkOwn(path, path); err != nil {
		return err
	}
	file, err := backup.Create(path, f.force)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w; --force replaces it: %w", err, ring.ErrExists)
	case err != nil:
		return err
	}
	defer file.Discard()
	stop := a.spin(true, "writing the backup")
	t, h, err := db.Backup(ctx, file, a.now(), recipients...)
	stop()
	if err != nil {
		return err
	}
	if err := file.Commit(f.force); err != nil {
		return err
	}
	ans := answer{Backup: describeBackup(path, h, t)}
	return a.finish(nil, ans, "%s: backup of %d certificates and %d private keys, %s", path, t.Rows["certificates"], t.Rows["private_keys"], sizeText(ans.Backup.Size))
}

// recipients gives those who can open a backup.
func (a *app) recipients(ctx context.Context, db *sqldb.DB, f backupFlags) ([]age.Recipient, error) {
	if f.passphrase != "" {
		if len(f.recipients) > 0 {
			return nil, usagef("a passphrase seals alone: give --passphrase-file or --recipient, not both")
		}
		phrase, err := a.password(f.passphrase)
		if err != nil {
			return nil, err
		}
		defer clear(phrase)
		r, err := age.NewScryptRecipient(string(phrase))
		if err != nil {
			return nil, usagef("--passphrase-file: %v", err)
		}
		return []age.Recipient{r}, nil
	}
	all, err := db.Recipients(ctx)
	if err != nil {
		return nil, err
	}
	for _, text := range f.recipients {
		r, err := seal.ParseRecipient(text)
		if err != nil {
			return nil, usagef("--recipient %v", err)
		}
		all = append(all, r)
	}
	return all, nil
}

type restoreFlags struct {
	to, identity, passphrase, scratch string
	verify, replace, findings         bool
}

func (a *app) dbRestoreCommand() *cobra.Command {
	var f restoreFlags
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Prove a backup, and restore it",
		Long: `Prove a backup and put what it holds into a new or empty database, or with --replace in the
place of what a database holds. To prove it, its database is built in a scratch file and
everything in it is checked, as db check does, before anything changes. The restore is done
whole or not at all; who has the database open sees the old content until the new is there.

With --verify it is proved and nothing is changed.

The backup opens with the stash file of the database that it is restored to. Where that is not
the one it was sealed to, name the right one with --identity-file.`,
		Example: `  signet db restore monday.backup --verify
  signet db restore monday.backup --to new.db --identity-file old.stash`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, given []string) error { return a.restore(c.Context(), given[0], f) },
	}
	c.Flags().StringVar(&f.to, "to", "", "the database to restore to (default: that of --db)")
	c.Flags().BoolVar(&f.verify, "verify", false, "prove the backup and change nothing")
	c.Flags().BoolVar(&f.replace, "replace", false, "replace what the database holds")
	c.Flags().StringVar(&f.identity, "identity-file", "", "the stash file that opens the backup")
	c.Flags().StringVar(&f.passphrase, "passphrase-file", "", "the file with the passphrase that opens the backup")
	c.Flags().BoolVar(&f.findings, "with-findings", false, "restore although the check of the backup has findings")
	c.Flags().StringVar(&f.scratch, "scratch", "", "folder for the scratch file of --verify and of PostgreSQL (default: the system's)")
	return c
}

func (a *app) restore(ctx context.Context, path string, f restoreFlags) error {
	to, url, err := a.restoreTarget(f)
	if err != nil {
		return err
	}
	identity, err := a.backupIdentity(to, f)
	if err != nil {
		return err
	}
	b, err := sqldb.OpenBackup(path, identity)
	if err != nil {
		return err
	}
	defer b.Close()
	if f.scratch == "" {
		f.scratch = os.TempDir()
	}
	var found []dbFindingJSON
	prove := func(ctx context.Context, scratch *sqldb.DB) error {
		return a.prove(ctx, path, scratch, f.findings, &found)
	}
	stop := a.spin(true, "proving "+path)
	if f.verify {
		err = b.Prove(ctx, f.scratch, prove)
	} else if err = a.mayReplace(ctx, to, url); err == nil {
		err = b.Restore(ctx, to, f.scratch, sqldb.FillOptions{Options: a.databaseOptions(url), Replace: f.replace, Prove: prove})
	}
	stop()
	if err != nil {
		return err
	}
	if !f.verify {
		if err := a.foundTarget(ctx, to, url, restoreDatabase, fmt.Sprintf("from a backup of %s", b.Header.Made.Format(time.RFC3339))); err != nil {
			return err
		}
	}
	ans := answer{Backup: describeBackup(path, b.Header, b.Trailer), Findings: found}
	ans.Backup.Proved = true
	what := fmt.Sprintf("%d certificates and %d private keys of %s", b.Trailer.Rows["certificates"], b.Trailer.Rows["private_keys"], b.Header.Made.In(a.zone).Format(time.DateTime))
	if f.verify {
		return a.finish(nil, ans, "%s: proved: %s", path, what)
	}
	ans.Backup.Restored = shownURL(url)
	return a.finish(nil, ans, "%s: restored %s to %s", path, what, shownURL(url))
}

// restoreTarget gives the database that a restore is about.
func (a *app) restoreTarget(f restoreFlags) (sqldb.Target, string, error) {
	if f.to == "" {
		return a.target()
	}
	t, err := backend.Target(f.to)
	return t, f.to, err
}

// backupIdentity gives what opens a backup.
func (a *app) backupIdentity(to sqldb.Target, f restoreFlags) (age.Identity, error) {
	switch {
	case f.passphrase != "" && f.identity != "":
		return nil, usagef("give --identity-file or --passphrase-file, not both")
	case f.passphrase != "":
		phrase, err := a.password(f.passphrase)
		if err != nil {
			return nil, err
		}
		defer clear(phrase)
		return age.NewScryptIdentity(string(phrase))
	case f.identity != "":
		return seal.LoadStash(f.identity, a.stashPassphrase())
	}
	stash, err := to.StashFile()
	if err != nil {
		return nil, err
	}
	id, err := seal.LoadStash(stash, a.stashPassphrase())
	if err != nil {
		return nil, fmt.Errorf("%w; or name the one that opens the backup with --identity-file", err)
	}
	return id, nil
}

// prove checks the database of a backup.
func (a *app) prove(ctx context.Context, path string, scratch *sqldb.DB, anyway bool, found *[]dbFindingJSON) error {
	done, err := scratch.Check(ctx, sqldb.CheckOptions{Found: func(f sqldb.Finding) {
		if len(*found) < maxListed {
			*found = append(*found, findingOf(f))
		}
	}})
	if err != nil {
		return err
	}
	if !a.json() {
		for _, f := range *found {
			a.say("%s: %s: %s: %s", path, f.Word, f.Object, f.Text)
		}
	}
	switch {
	case done.Errors > 0 && !anyway:
		return fmt.Errorf("backup %q: the check of what it holds has %d findings, and nothing was changed; --with-findings restores it as it is: %w", path, done.Errors, ring.ErrInvalid)
	case done.Errors > 0 || done.Warnings > 0:
		a.raise(ring.Warning)
	}
	return nil
}
