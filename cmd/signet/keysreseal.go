package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"signet/backend/sqldb"
)

type resealFlags struct {
	add, drop           []string
	newIdentity         bool
	passphrase, none    bool
	newPassphrase       string
	rotate, rotateGiven bool
}

func (a *app) keysResealCommand() *cobra.Command {
	var f resealFlags
	c := &cobra.Command{
		Use:   "reseal",
		Short: "Replace the data key, or who can open it",
		Long: `Replace the data key that seals the private keys, or change who can open it. Certificates and
rings are not touched, and other commands go on working meanwhile.

Without flags a new data key is made, every private key is sealed anew under it, and the old data
key is destroyed. So it is with --drop-recipient and --new-identity too, because whoever could open
the old data key may have kept it. --add-recipient, --passphrase and --no-passphrase alone leave the
data key as it is and take no time. --rotate and --rotate=false say otherwise.

A reseal can be interrupted at any moment: every key opens, and the next one goes on where it was.

With --new-identity the stash file with the old identity is kept beside the new one, as FILE.gN:
backups made before open with it. Keep it with them, and away from the database.`,
		Example: `  signet keys reseal
  signet keys reseal --passphrase
  signet keys reseal --add-recipient SAFE=age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p
  signet keys reseal --drop-recipient SAFE
  signet keys reseal --new-identity --no-passphrase
  signet --stash safe.key keys reseal --new-identity`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, given []string) error {
			f := f
			f.rotateGiven = c.Flags().Changed("rotate")
			o, err := a.resealOptions(f)
			if err != nil {
				return err
			}
			return a.withDatabase(resealDatabase, func(ctx context.Context, db *sqldb.DB, _ []string) error { return a.reseal(ctx, db, o) })(c, given)
		},
	}
	fl := c.Flags()
	fl.StringArrayVar(&f.add, "add-recipient", nil, "NAME=age1...: an escrow recipient that can open the database too; may be repeated")
	fl.StringArrayVar(&f.drop, "drop-recipient", nil, "NAME of an escrow recipient that is to be none; may be repeated")
	fl.BoolVar(&f.newIdentity, "new-identity", false, "make a new operator identity in a new stash file")
	fl.BoolVar(&f.passphrase, "passphrase", false, "protect the stash file with a new passphrase")
	fl.StringVar(&f.newPassphrase, "new-passphrase-file", "", "file with the new passphrase, which nobody else may read (default: the terminal)")
	fl.BoolVar(&f.none, "no-passphrase", false, "take the passphrase away from the stash file")
	fl.BoolVar(&f.rotate, "rotate", false, "make a new data key and seal every private key anew")
	return c
}

// resealOptions reads the flags.
func (a *app) resealOptions(f resealFlags) (o sqldb.ResealOptions, err error) {
	for _, text := range f.add {
		name, key, ok := strings.Cut(text, "=")
		if !ok {
			return o, usagef("--add-recipient %q: write NAME=age1...", text)
		}
		o.Add = append(o.Add, sqldb.Recipient{Name: name, Key: key})
	}
	o.Drop, o.NewIdentity = f.drop, f.newIdentity
	switch {
	case f.none && (f.passphrase || f.newPassphrase != ""):
		return o, usagef("--passphrase and --no-passphrase exclude each other; say one of them")
	case f.none:
		o.Protection = sqldb.WithoutPassphrase
	case f.passphrase || f.newPassphrase != "":
		o.Protection, o.NewPassphrase = sqldb.WithPassphrase, func() ([]byte, error) { return a.newPassphrase(f.newPassphrase) }
	}
	o.Rotate = len(o.Drop) > 0 || o.NewIdentity || len(o.Add) == 0 && o.Protection == sqldb.SameProtection
	if f.rotateGiven {
		o.Rotate = f.rotate
	}
	return o, nil
}

// newPassphrase gives a new passphrase of a stash file.
func (a *app) newPassphrase(file string) ([]byte, error) {
	if file != "" {
		return readSecretFile(file, "passphrase")
	}
	return a.askNew("New passphrase for the stash file: ", "--new-passphrase-file FILE")
}

// resealedJSON is what a reseal has done, as programs see it.
type resealedJSON struct {
	Generation uint32 `json:"generation"`
	Rotated    bool   `json:"rotated"`
	Finished   bool   `json:"finished,omitempty"`
	Keys       int64  `json:"sealedKeys"`
	Stray      int64  `json:"strayKeys,omitempty"`
	Stash      string `json:"stash,omitempty"`
	Kept       string `json:"keptStash,omitempty"`
}

// reseal changes who can open the private keys, and tells what was done.
func (a *app) reseal(ctx context.Context, db *sqldb.DB, o sqldb.ResealOptions) error {
	if len(o.Drop) > 0 && !o.Rotate {
		a.say("who is dropped may have kept the data key; signet keys reseal replaces it")
	}
	var done, total atomic.Int64
	show := func() string { return fmt.Sprintf("resealing: %d of %d keys", done.Load(), total.Load()) }
	var stop func() // nil while nothing is shown: a passphrase may be asked for
	o.Progress = func(d, t int64) {
		done.Store(d)
		total.Store(t)
		if stop == nil {
			stop = a.spinText(true, show)
		}
		if d >= t {
			stop()
			stop = nil
		}
	}
	r, err := db.Reseal(ctx, o)
	if stop != nil {
		stop()
	}
	if r.Kept != "" {
		a.say("the stash file with the old identity is kept as %s: backups made until now open with it; keep it with them, and away from the database", r.Kept)
	}
	if err != nil {
		return err
	}
	if r.Stray > 0 {
		a.warn("%d keys are sealed under a data key that is gone and cannot be opened; signet db check names them", r.Stray)
	}
	ans := answer{Resealed: &resealedJSON{r.Generation, r.Rotated, r.Finished, r.Keys, r.Stray, r.Stash, r.Kept}}
	return a.finish(nil, ans, "%s", resealText(o, r))
}

// resealText says what a reseal has done.
func resealText(o sqldb.ResealOptions, r sqldb.Resealed) string {
	var parts []string
	for _, added := range o.Add {
		parts = append(parts, "recipient "+added.Name+" added")
	}
	for _, name := range o.Drop {
		parts = append(parts, "recipient "+name+" dropped")
	}
	switch {
	case r.Rotated && r.Finished:
		parts = append(parts, fmt.Sprintf("finished the reseal that was begun: %d keys sealed anew under data key generation %d; the one before is destroyed", r.Keys, r.Generation))
	case r.Rotated:
		parts = append(parts, fmt.Sprintf("%d keys sealed anew under data key generation %d; the one before is destroyed", r.Keys, r.Generation))
	default:
		parts = append(parts, fmt.Sprintf("data key generation %d stays; no key was sealed anew", r.Generation))
	}
	if r.Stash != "" {
		parts = append(parts, fmt.Sprintf("the stash file %s was written anew: back it up, and keep it secret", r.Stash))
	}
	return strings.Join(parts, "; ")
}
