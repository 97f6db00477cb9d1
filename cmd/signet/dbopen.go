package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signet/backend"
	"signet/backend/sqldb"
	"signet/ring"
	"signet/serve"
)

// migrating tells that an older database is about to be changed.
func (a *app) migrating(url string) func(from, to int) {
	return func(from, to int) {
		a.say("database %s: schema %d becomes %d; programs older than this one refuse it from then on", shownURL(url), from, to)
	}
}

// shownURL gives a URL without what may be secret in it.
func shownURL(url string) string {
	if t, err := backend.Target(url); err == nil && t.Postgres {
		return sqldb.Shown(url)
	}
	return url
}

// target gives the database that a verb of db is about.
func (a *app) target() (sqldb.Target, string, error) {
	url, err := a.database()
	if err != nil {
		return sqldb.Target{}, "", err
	}
	if serve.IsURL(url) {
		return sqldb.Target{}, "", onServer(url)
	}
	t, err := backend.Target(url)
	t.Stash = a.flags.stash.file
	return t, url, err
}

// withDatabase makes the run of a verb that performs a function on a database that is there.
func (a *app) withDatabase(function string, do func(ctx context.Context, db *sqldb.DB, given []string) error) runE {
	return a.withDatabaseAs(a.databaseOptions, func(ctx context.Context, db *sqldb.DB, given []string) error {
		return a.attend(ctx, db, function, func() error { return do(ctx, db, given) })
	})
}

// withDatabaseAs is withDatabase with options of its own.
func (a *app) withDatabaseAs(options func(url string) sqldb.Options, do func(ctx context.Context, db *sqldb.DB, given []string) error) runE {
	return func(c *cobra.Command, given []string) error {
		t, url, err := a.target()
		if err != nil {
			return err
		}
		db, err := t.Open(c.Context(), options(url))
		if err != nil {
			return noDatabase(err)
		}
		a.protectDatabase(db)
		return errors.Join(do(c.Context(), db, given), db.Close())
	}
}

// noDatabase says how to get a database that is not there.
func noDatabase(err error) error {
	if errors.Is(err, ring.ErrNotFound) {
		return fmt.Errorf("%w; signet db init makes it", err)
	}
	return err
}

// protectDatabase keeps a verb from writing over the files of a database.
func (a *app) protectDatabase(db *sqldb.DB) {
	for path, what := range db.Files() {
		a.files.protect(path, what)
	}
}

func (a *app) dbInitCommand() *cobra.Command {
	var protect bool
	var passphrase string
	c := &cobra.Command{
		Use:   "init",
		Short: "Make a new database and its stash file",
		Long: `Make a new database, as a SQLite file or as tables in the empty schema of a PostgreSQL
database, with the stash file that opens its private keys. Other verbs make a SQLite
database on first use too; init refuses one that is there.

With --passphrase the stash file is protected by a passphrase, which verbs that need a private
key ask for from then on.`,
		Example: `  signet db init
  signet db init --passphrase
  signet --db 'postgres://keeper@server/fleet?stash=/etc/signet/fleet.stash' db init`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			t, _, err := a.target()
			if err != nil {
				return err
			}
			o := sqldb.Options{Create: true, Migrating: func(int, int) {}, MustCreate: true, Passphrase: a.stashPassphrase(), Now: a.now}
			if protect || passphrase != "" {
				if o.Protect, err = a.newPassphrase(passphrase); err != nil {
					return err
				}
				defer clear(o.Protect)
			}
			db, err := t.Open(c.Context(), o)
			if err != nil {
				return err
			}
			defer db.Close()
			if err := a.found(c.Context(), db); err != nil {
				return err
			}
			ans := answer{Database: &databaseJSON{Name: db.Path(), Schema: sqldb.SchemaVersion, Stash: db.Stash()}}
			return a.finish(nil, ans, "created database %s; its private keys open with %s: back up both, and keep that one secret", db.Path(), db.Stash())
		},
	}
	c.Flags().BoolVar(&protect, "passphrase", false, "protect the stash file with a new passphrase")
	c.Flags().StringVar(&passphrase, "new-passphrase-file", "", "file with the new passphrase, which nobody else may read (default: the terminal)")
	return c
}

func (a *app) dbMigrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring an older database to this program's schema",
		Long: `Bring an older database to the schema of this program, in one transaction. Every verb does
that on first use and says so; migrate does nothing else.`,
		Example: `  signet db migrate`,
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			t, url, err := a.target()
			if err != nil {
				return err
			}
			from, say := sqldb.SchemaVersion, a.migrating(url)
			db, err := t.Open(c.Context(), sqldb.Options{Migrating: func(old, to int) { from = old; say(old, to) }})
			if err != nil {
				return noDatabase(err)
			}
			defer db.Close()
			ans := answer{Database: &databaseJSON{Name: db.Path(), Schema: sqldb.SchemaVersion, From: from}}
			if from == sqldb.SchemaVersion {
				return a.finish(nil, ans, "database %s has schema %d: nothing to do", db.Path(), from)
			}
			return a.finish(nil, ans, "database %s had schema %d and has %d", db.Path(), from, sqldb.SchemaVersion)
		},
	}
}

// databaseJSON is a database as programs see it.
type databaseJSON struct {
	Name    string           `json:"name"`
	Engine  string           `json:"engine,omitempty"`
	Server  string           `json:"engineVersion,omitempty"`
	UUID    string           `json:"uuid,omitempty"`
	Schema  int              `json:"schema,omitempty"`
	From    int              `json:"from,omitempty"`
	Size    int64            `json:"size,omitempty"`
	Owners  map[string]int64 `json:"certificates,omitempty"`
	Sealed  *int64           `json:"sealedKeys,omitempty"`
	InToken *int64           `json:"tokenKeys,omitempty"`
	Rows    map[string]int64 `json:"rows,omitempty"`
	Oldest  *time.Time       `json:"firstExpiry,omitempty"`
	Newest  *time.Time       `json:"lastExpiry,omitempty"`
	Stash   string           `json:"stash,omitempty"`
	Opens   *bool            `json:"stashOpens,omitempty"`
	Problem string           `json:"problem,omitempty"`

	Protected bool `json:"stashProtected,omitempty"`
}

func (a *app) dbStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Show what the database holds and whether its stash file opens it",
		Example: `  signet db status`,
		Args:    args(cobra.NoArgs),
		RunE: a.withDatabaseAs(a.lookingOptions, func(ctx context.Context, db *sqldb.DB, _ []string) error {
			s, err := db.Status(ctx)
			if err != nil {
				return err
			}
			if s.Problem != "" {
				a.raise(ring.Failed)
			}
			var opens *bool
			if yes, known := stashOpens(s.Opens, s.Protected, s.Problem); known {
				opens = &yes
			}
			if a.json() {
				j := &databaseJSON{Name: s.Name, Engine: s.Engine, Server: s.Server, UUID: s.UUID, Schema: s.Schema, Size: s.Size, Owners: s.Owners,
					Sealed: &s.Sealed, InToken: &s.InToken, Rows: s.Rows, Stash: s.Stash, Opens: opens, Protected: s.Protected, Problem: s.Problem}
				if !s.Oldest.IsZero() {
					j.Oldest, j.Newest = &s.Oldest, &s.Newest
				}
				return a.print(answer{Database: j})
			}
			a.showStatus(s)
			return nil
		}),
	}
}

func (a *app) showStatus(s sqldb.Status) {
	w := a.table()
	line := func(name, format string, args ...any) { fmt.Fprintf(w, name+"\t"+format+"\n", args...) }
	line("database", "%s", s.Name)
	line("engine", "%s %s", s.Engine, s.Server)
	line("schema", "%d", s.Schema)
	line("size", "%s", sizeText(s.Size))
	line("stash file", "%s", stashText(s.Stash, s.Protected))
	line("certificates", "%d (CERTAUTH %d, SITE %d, users %d)", s.Rows["certificates"], s.Owners["CERTAUTH"], s.Owners["SITE"], s.Owners["users"])
	line("private keys", "%d sealed, %d in tokens", s.Sealed, s.InToken)
	line("rings", "%d, with %d connections", s.Rows["rings"], s.Rows["connections"])
	line("tokens", "%d, with %d objects", s.Rows["tokens"], s.Rows["token_objects"])
	line("filters", "%d", s.Rows["filters"])
	line("profiles", "%d", s.Rows["profiles"])
	line("users", "%d, and %d groups", s.Rows["users"], s.Rows["user_groups"])
	line("audit trail", "%d events", s.Rows["audit_records"])
	if !s.Oldest.IsZero() {
		line("expiry", "%s to %s", s.Oldest.In(a.zone).Format(time.DateOnly), s.Newest.In(a.zone).Format(time.DateOnly))
	}
	_ = w.Flush() // the end of the run tells
	if s.Problem != "" {
		a.show("", ring.Message{Code: ring.Failed, Text: s.Problem})
	}
}

// sizeText gives a size for people.
func sizeText(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
