package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signet/backend"
	"signet/backend/sqldb"
)

func (a *app) dbCopyCommand() *cobra.Command {
	var from, to string
	var replace bool
	c := &cobra.Command{
		Use:   "copy --from URL --to URL",
		Short: "Copy a whole database to another place or engine",
		Long: `Copy all that a database holds at this moment to a new or empty database, or with --replace in
the place of what a database holds: from SQLite to PostgreSQL, back, or between two of a kind.
The copy has a stash file of its own. From then on the two are apart: what changes in one does
not change in the other.`,
		Example: `  signet db copy --from signet.db --to 'postgres://keeper@server/fleet?stash=/etc/signet/fleet.stash'`,
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if from == "" || to == "" {
				return usagef("copy: name both databases; use: signet db copy --from URL --to URL")
			}
			source, err := backend.Target(from)
			if err != nil {
				return err
			}
			target, err := backend.Target(to)
			if err != nil {
				return err
			}
			db, err := source.Open(c.Context(), a.databaseOptions(from))
			if err != nil {
				return err
			}
			defer db.Close()
			if err := a.mayReplace(c.Context(), target, to); err != nil {
				return err
			}
			var rows map[string]int64
			err = a.attend(c.Context(), db, backupDatabase, func() (err error) {
				stop := a.spin(true, "copying")
				defer stop()
				rows, err = db.CopyTo(c.Context(), target, sqldb.FillOptions{Options: a.databaseOptions(to), Replace: replace})
				return err
			})
			if err == nil {
				err = a.foundTarget(c.Context(), target, to, copyDatabase, "from "+shownURL(from))
			}
			if err != nil {
				return err
			}
			ans := answer{Database: &databaseJSON{Name: shownURL(to), Rows: rows}}
			ans.Database.Stash, _ = target.StashFile()
			return a.finish(nil, ans, "copied %d certificates and %d private keys to %s; they open with %s", rows["certificates"], rows["private_keys"], shownURL(to), ans.Database.Stash)
		},
	}
	c.Flags().StringVar(&from, "from", "", "the database to copy")
	c.Flags().StringVar(&to, "to", "", "the database to copy to")
	c.Flags().BoolVar(&replace, "replace", false, "replace what it holds")
	return c
}

// dbPopulateCommand makes databases for measurements (docs/database.md).
func (a *app) dbPopulateCommand() *cobra.Command {
	var crowd sqldb.Crowd
	c := &cobra.Command{
		Use:     "populate",
		Short:   "Fill a new or empty database with made-up certificates, for measurements",
		Long:    "Fill a new or empty database with real certificates and keys of made-up hosts, for measurements.",
		Example: `  signet --db crowd.db db populate --certificates 1000000 --rings 10000`,
		Hidden:  true,
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			t, url, err := a.target()
			if err != nil {
				return err
			}
			crowd := crowd
			crowd.Now = a.now()
			start := time.Now()
			stop := a.spin(true, "making certificates")
			err = t.Populate(c.Context(), crowd, sqldb.FillOptions{Options: sqldb.Options{Passphrase: a.stashPassphrase(), Now: a.now}})
			stop()
			if err != nil {
				return err
			}
			took := time.Since(start)
			if err := a.foundTarget(c.Context(), t, url, fillDatabase, fmt.Sprintf("with %d certificates", crowd.Certificates)); err != nil {
				return err
			}
			return a.finish(nil, answer{}, "%s: %d certificates in %d rings, in %.1f s (%.0f a second)", shownURL(url), crowd.Certificates, crowd.Rings,
				took.Seconds(), float64(crowd.Certificates)/took.Seconds())
		},
	}
	c.Flags().IntVar(&crowd.Certificates, "certificates", 1000, "how many certificates")
	c.Flags().IntVar(&crowd.Rings, "rings", 100, "how many rings")
	return c
}
