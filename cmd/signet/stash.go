package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"signet/backend/seal"
	"signet/backend/sqldb"
)

// stashFlags say which stash file opens the database that --db names, and where the passphrase of
// one that has a passphrase comes from.
type stashFlags struct {
	file       string
	passphrase passwordFlags
}

func (s *stashFlags) register(f *pflag.FlagSet) {
	f.StringVar(&s.file, "stash", s.file, "stash file that opens the private keys of the database, or the age identity file of an escrow recipient (default: that of the database)")
	s.passphrase.registerAs(f, "stash-passphrase", "file with the passphrase of the stash file, which nobody else may read (default $SIGNET_STASH_PASSPHRASE_FILE)",
		"name of the environment variable with the passphrase of the stash file")
}

// givenPassphrase gives the passphrase of stash files from where the flags say; nil when they say
// nothing.
func (a *app) givenPassphrase() seal.Passphrase {
	p := a.flags.stash.passphrase
	if p == (passwordFlags{}) {
		p.file = a.getenv("SIGNET_STASH_PASSPHRASE_FILE")
	}
	switch {
	case p.file != "" && p.env == "":
		return func(string) ([]byte, error) { return readSecretFile(p.file, "passphrase") }
	case p != (passwordFlags{}):
		return func(string) ([]byte, error) { return p.read(a) }
	}
	return nil
}

// stashPassphrase gives the passphrase of stash files from where the flags say or else from the
// terminal. Nobody is asked before a private key is needed, nor while others wait for a lock.
func (a *app) stashPassphrase() seal.Passphrase {
	if given := a.givenPassphrase(); given != nil {
		return given
	}
	return func(path string) ([]byte, error) {
		return a.askFor(fmt.Sprintf("Passphrase of stash file %s: ", path), "--stash-passphrase-file FILE")
	}
}

// lookingOptions is databaseOptions for verbs that only look: they ask nobody.
func (a *app) lookingOptions(url string) sqldb.Options {
	o := a.databaseOptions(url)
	o.Passphrase = a.givenPassphrase()
	return o
}

// stashText names a stash file for people.
func stashText(path string, protected bool) string {
	switch {
	case path == "":
		return "none named"
	case protected:
		return path + ", protected by a passphrase"
	}
	return path
}

// databaseOptions gives the options of a database that exists.
func (a *app) databaseOptions(url string) sqldb.Options {
	return sqldb.Options{Migrating: a.migrating(url), Passphrase: a.stashPassphrase(), Now: a.now}
}
