package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signet/backend/sqldb"
	"signet/ring"
)

func (a *app) keysCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "keys",
		Short: "Who can open the private keys of the database",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.keysStatusCommand(), a.keysResealCommand())
	return c
}

// custodyJSON is who can open the private keys, as programs see it.
type custodyJSON struct {
	Database    string           `json:"database"`
	Generations []generationJSON `json:"generations"`
	Recipients  []recipientJSON  `json:"recipients"`
	Stash       string           `json:"stash,omitempty"`
	Protected   bool             `json:"stashProtected"`
	Opens       *bool            `json:"stashOpens,omitempty"`
	Former      bool             `json:"stashHasFormer,omitempty"`
	Problem     string           `json:"problem,omitempty"`
	Unfinished  bool             `json:"unfinished"`
}

type generationJSON struct {
	Generation uint32     `json:"generation"`
	Made       *time.Time `json:"made,omitempty"`
	Keys       int64      `json:"sealedKeys"`
	There      bool       `json:"present"`
}

type recipientJSON struct {
	Name   string     `json:"name"`
	Key    string     `json:"key"`
	Since  *time.Time `json:"since,omitempty"`
	Forged bool       `json:"forged,omitempty"`
}

func (a *app) keysStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the data key, whom it is wrapped to, and what is sealed under it",
		Long: `Show the data key of the database and its age, the recipients that can open it, whether the
stash file does, and how many keys are sealed under which generation of the data key.

Nobody is asked for a passphrase: whether a protected stash file opens the database is shown when
--stash-passphrase-file or --stash-passphrase-env gives it.`,
		Example: `  signet keys status
  signet keys status --stash-passphrase-file /etc/signet/passphrase --output json`,
		Args: args(cobra.NoArgs),
		RunE: a.withDatabaseAs(a.lookingOptions, func(ctx context.Context, db *sqldb.DB, _ []string) error { return a.keysStatus(ctx, db) }),
	}
}

// keysStatus shows who can open the private keys.
func (a *app) keysStatus(ctx context.Context, db *sqldb.DB) error {
	c, err := db.Custody(ctx)
	if err != nil {
		return err
	}
	if c.Problem != "" {
		a.raise(ring.Failed)
	}
	for _, r := range c.Recipients {
		if r.Forged {
			a.raise(ring.Refused)
		}
	}
	if a.json() {
		return a.print(answer{Custody: describeCustody(c)})
	}
	a.showCustody(c)
	return nil
}

func describeCustody(c sqldb.Custody) *custodyJSON {
	j := &custodyJSON{Database: c.Name, Generations: []generationJSON{}, Recipients: []recipientJSON{}, Stash: c.Stash, Protected: c.Protected,
		Former: c.Former, Problem: c.Problem, Unfinished: c.Unfinished}
	if opens, known := stashOpens(c.Opens, c.Protected, c.Problem); known {
		j.Opens = &opens
	}
	for _, g := range c.Generations {
		j.Generations = append(j.Generations, generationJSON{g.Number, moment(g.Made), g.Keys, g.There})
	}
	for _, r := range c.Recipients {
		j.Recipients = append(j.Recipients, recipientJSON{r.Name, r.Key, moment(r.Since), r.Forged})
	}
	return j
}

// stashOpens reports whether a stash file opens the database, if that is known: nobody is asked
// for its passphrase.
func stashOpens(opens, protected bool, problem string) (yes, known bool) {
	return opens, opens || !protected || problem != ""
}

func (a *app) showCustody(c sqldb.Custody) {
	w := a.table()
	fmt.Fprintf(w, "database\t%s\n", c.Name)
	name := "data key"
	newest := c.Generations[len(c.Generations)-1]
	for _, g := range c.Generations {
		if g.There {
			newest = g
		}
	}
	for _, g := range c.Generations {
		switch {
		case g.Number == newest.Number:
			fmt.Fprintf(w, "%s\tgeneration %d, %s: %d keys sealed\n", name, g.Number, a.since("made", g.Made), g.Keys)
		case g.There:
			fmt.Fprintf(w, "%s\tgeneration %d, %s: %d keys not resealed yet\n", name, g.Number, a.since("made", g.Made), g.Keys)
		case g.Number == 0:
			fmt.Fprintf(w, "%s\tnone known: %d keys that cannot be opened\n", name, g.Keys)
		default:
			fmt.Fprintf(w, "%s\tgeneration %d, gone: %d keys that cannot be opened\n", name, g.Number, g.Keys)
		}
		name = ""
	}
	name = "recipients"
	for _, r := range c.Recipients {
		fmt.Fprintf(w, "%s\t%s %s, %s\n", name, r.Name, r.Key, a.since("since", r.Since))
		name = ""
	}
	opens := "not known, as nobody has given the passphrase"
	if yes, known := stashOpens(c.Opens, c.Protected, c.Problem); known {
		opens = map[bool]string{true: "yes", false: "no"}[yes]
	}
	fmt.Fprintf(w, "stash file\t%s\n", stashText(c.Stash, c.Protected))
	fmt.Fprintf(w, "opens\t%s\n", opens)
	_ = w.Flush() // the end of the run tells
	for _, r := range c.Recipients {
		if r.Forged {
			a.show("", ring.Message{Code: ring.Refused, Text: fmt.Sprintf("recipient %q: somebody who did not have the data key put it there, and it has none", r.Name),
				Hint: "signet db check --repair recipient"})
		}
	}
	switch {
	case c.Unfinished:
		a.say("a reseal was begun and is not finished; signet keys reseal finishes it")
	case c.Former:
		a.say("the stash file still has the identity before too; signet keys reseal takes it out")
	}
	if c.Problem != "" {
		a.show("", ring.Message{Code: ring.Failed, Text: c.Problem})
	}
}

// since gives a date for people.
func (a *app) since(word string, t time.Time) string {
	if t.IsZero() {
		return word + " before schema 5"
	}
	return word + " " + t.In(a.zone).Format(time.DateOnly)
}
