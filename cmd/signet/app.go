package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"signet/backend"
	"signet/backend/token"
	"signet/ring"
	"signet/serve"
)

// app is one run of the program: the global flags and what they lead to.
type app struct {
	environment
	flags struct {
		db      string
		as      string
		output  string
		quiet   bool
		noColor bool

		keystore keystoreFlags
		hardware hardwareFlags
		server   serverFlags
		stash    stashFlags
	}
	hardware      *token.Hardware // tokens beside the database; nil for none
	descriptorPIN []byte          // a descriptor can be read once
	files         *files
	store         *backend.Opened
	manager       *ring.Manager // opened on first use
	code          ring.Code     // the return code so far
	locked        bool          // the database is locked for the run: nobody may be kept waiting
	place         string        // where in a script the command stands; empty outside one
	progress      *progress     // of the run of scripts; nil when none is shown
}

// run runs one command line and gives its return code.
func run(ctx context.Context, env environment, args []string) int {
	out := &results{out: env.stdout}
	env.stdout = out
	a := &app{environment: env, files: newFiles(env.stdin, out)}
	a.execute(ctx, args)
	a.close()
	a.tellLost(out)
	return int(a.code)
}

// execute runs a command line in a and gives its return code.
func (a *app) execute(ctx context.Context, args []string) ring.Code {
	a.code = ring.Done
	only := ""
	if len(args) > 0 { // to build all verbs takes as long as to run a short one
		only = args[0]
	}
	root := a.rootWith(only)
	root.SetArgs(spellFlags(args))
	help := bufio.NewWriter(a.stdout) // which cobra writes in many small pieces
	root.SetOut(help)
	err := root.ExecuteContext(ctx)
	_ = help.Flush() // the end of the run tells
	if err != nil {
		a.fail(err)
	}
	return a.code
}

func (a *app) close() {
	clear(a.descriptorPIN)
	if a.hardware != nil {
		a.hardware.Close() // nothing of it can be lost any more
	}
	if a.store != nil {
		if err := a.store.Close(); err != nil { // after the answer, so never as JSON
			a.raise(codeOf(err))
			a.show("", ring.Message{Code: codeOf(err), Text: err.Error()})
		}
	}
}

// root builds the command tree.
func (a *app) root() *cobra.Command { return a.rootWith("") }

// rootWith builds the command tree with one verb alone when it is known by that name.
func (a *app) rootWith(only string) *cobra.Command {
	alone := a.verb(only)
	root := &cobra.Command{
		Use:   "signet",
		Short: "Certificates and key rings, as RACF's RACDCERT manages them, on any machine",
		Long: `signet keeps certificates under an owner and a label, connects them to key rings,
and runs RACDCERT commands and jobs unchanged.

A certificate is named OWNER/LABEL, where OWNER is a user ID, CERTAUTH or SITE;
a ring is named USER/RING. Names without a slash are the issuing user's own.

Return codes: 0 done, 4 done with a warning or nothing found, 8 refused, 12 failed.`,
		Example: `  signet gencert CERTAUTH/MyCA --subject "CN=My CA,O=Example,C=NL"
  signet gencert WEBSRV/web --subject CN=www.example.org --dns www.example.org --signwith CERTAUTH/MyCA
  signet addring WEBSRV/TLSRING
  signet connect WEBSRV/web WEBSRV/TLSRING --default
  signet listring WEBSRV/TLSRING
  signet run job.jcl`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, given []string) error {
			if len(given) == 0 {
				return c.Help()
			}
			if near := c.SuggestionsFor(given[0]); len(near) > 0 {
				return usagef("unknown command %q; did you mean %s?", given[0], strings.Join(near, " or "))
			}
			return usagef("unknown command %q; see: signet --help", given[0])
		},
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		PersistentPreRunE:          func(c *cobra.Command, _ []string) error { return a.checkFlags(c) },
		CompletionOptions:          cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see: %s --help", err, c.CommandPath())}
	})
	f := root.PersistentFlags()
	f.StringVar(&a.flags.db, "db", a.flags.db, "database, as sqlite:PATH or a plain path, or a keystore as jks:FILE, pkcs12:FILE or pem:FOLDER, or a token as pkcs11:token=NAME, or a server as unix:PATH or https://HOST:PORT (default $SIGNET_DB, else signet/signet.db in the user's data folder)")
	a.flags.keystore.registerGlobal(f)
	a.flags.hardware.register(f)
	a.flags.server.register(f)
	a.flags.stash.register(f)
	f.StringVar(&a.flags.as, "as", a.flags.as, "user ID to act for (default: the account that runs signet)")
	f.StringVar(&a.flags.output, "output", orText(a.flags.output), "text or json")
	f.BoolVarP(&a.flags.quiet, "quiet", "q", a.flags.quiet, "show errors and results only")
	f.BoolVar(&a.flags.noColor, "no-color", a.flags.noColor, "never use colours")
	root.SetHelpCommand(a.helpCommand())
	if alone != nil {
		root.AddCommand(alone())
		return root
	}
	root.Version = version()
	for _, v := range a.verbs() {
		root.AddCommand(v.build())
	}
	return root
}

func orText(output string) string {
	if output == "" {
		return "text"
	}
	return output
}

// version tells which program this is: its version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v == "(devel)" {
			v = s.Value
		}
	}
	return v + ", " + info.GoVersion
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (a *app) checkFlags(c *cobra.Command) error {
	if a.zoneError != nil {
		return a.zoneError
	}
	if a.place != "" { // a line of a script: the database is open, the user settled
		for _, name := range []string{"db", "as", "output"} {
			if c.Root().PersistentFlags().Changed(name) {
				return usagef("--%s belongs on the command line of run, not inside its script", name)
			}
		}
		if c.Name() == "run" {
			return usagef("run: a script cannot run another; name both on one command line")
		}
	}
	if a.flags.output != "text" && a.flags.output != "json" {
		return usagef("--output %q: choose text or json", a.flags.output)
	}
	return nil
}

// args turns cobra's check of positional arguments into a usage error that shows the form.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, given []string) error {
		if err := check(c, given); err != nil {
			return usagef("%s: %v; use: %s", c.Name(), err, c.UseLine())
		}
		return nil
	}
}

// open gives the manager, opening the database on first use. A database that is not there is
// made, and the user told so.
func (a *app) open(ctx context.Context) (*ring.Manager, error) {
	if a.manager != nil {
		return a.manager, nil
	}
	url, err := a.database()
	if err != nil {
		return nil, err
	}
	var issuer ring.Owner
	if !serve.IsURL(url) {
		if issuer, err = a.issuer(); err != nil {
			return nil, err
		}
	}
	k := a.flags.keystore
	k.prefix = "db-" // which all verbs have, also those whose --password-file is another's
	if a.store, err = a.openStore(ctx, url, issuer, a.flags.stash.file, k, true); err != nil {
		return nil, err
	}
	codec, err := a.flags.keystore.codec()
	if err != nil {
		return nil, err
	}
	a.manager, err = a.managerOf(ctx, a.store, codec, issuer, a.hardwareOf(a.store))
	return a.manager, err
}

// managerOf gives a manager of an open store for a user. A database that is new gets its first
// SPECIAL user.
func (a *app) managerOf(ctx context.Context, store *backend.Opened, codec ring.Codec, user ring.Owner, hardware ring.Hardware) (*ring.Manager, error) {
	if s, ok := store.Store.(serverStore); ok {
		return a.remote(s), nil
	}
	c := ring.Config{Store: store.Store, Codec: codec, Issuer: user, Now: a.now, Zone: a.zone, OneRing: store.Format != "", Hardware: hardware}
	if !c.OneRing {
		var err error
		if c.Account, err = a.accountID(); err != nil {
			return nil, err
		}
		c.Host = a.host()
		if err := ring.Found(ctx, store, c.Account, a.now()); err != nil {
			return nil, err
		}
	}
	return ring.NewManager(c), nil
}

// hardwareOf gives where the private keys of a store are that are not in it; nil for nowhere.
func (a *app) hardwareOf(store *backend.Opened) ring.Hardware {
	o := a.tokenOptions()
	switch {
	case store.Hardware != nil:
		return store.Hardware
	case store.Format != "" || o.Module == "":
		return nil
	}
	if a.hardware == nil {
		a.hardware = token.New(o)
	}
	return a.hardware
}

// issuer gives the user on whose behalf the command runs.
func (a *app) issuer() (ring.Owner, error) {
	if a.flags.as != "" {
		return ring.UserOwner(a.flags.as)
	}
	return a.accountID()
}

// accountID gives the user ID of the account that runs signet.
func (a *app) accountID() (ring.Owner, error) {
	account, err := a.account()
	if err != nil {
		return "", fmt.Errorf("the account that runs signet is not known: %w", err)
	}
	owner, err := ring.UserOwner(account)
	if err != nil {
		return "", usagef("the account %q cannot be a user ID; run signet under another", account)
	}
	return owner, nil
}

// database gives the URL of the database.
func (a *app) database() (string, error) {
	if a.flags.db != "" {
		return a.flags.db, nil
	}
	if url := a.getenv("SIGNET_DB"); url != "" {
		return url, nil
	}
	dir, err := a.dataHome()
	if err != nil {
		return "", fmt.Errorf("the data folder is not known: %w; name the database with --db", err)
	}
	return filepath.Join(dir, "signet", "signet.db"), nil
}

// codeOf gives the return code of an error.
func codeOf(err error) ring.Code {
	var u usageError
	if errors.As(err, &u) {
		return ring.Refused
	}
	return ring.CodeOf(err)
}
