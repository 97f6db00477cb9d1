package main

import (
	"context"

	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signet/backend/token"
	"signet/cert"
	"signet/pkcs11"
	"signet/ring"
)

func (a *app) tokenCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "token",
		Short: "Look at PKCS #11 tokens: list them, probe what they can do, check their keys",
		Long: `Look at PKCS #11 tokens. The module is named with --module or SIGNET_PKCS11_MODULE, the token by
its label or by an RFC 7512 URI. The PIN comes from --pin-file, --pin-fd, SIGNET_PKCS11_PIN_FILE
or the terminal.`,
		Example: `  signet token list
  signet token probe SIGNET
  signet token check --fix`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.tokenListCommand(), a.tokenProbeCommand(), a.tokenCheckCommand())
	return c
}

// moduleJSON is a PKCS #11 module with its slots.
type moduleJSON struct {
	Module  string             `json:"module"`
	Slots   []pkcs11.TokenInfo `json:"slots"`
	Problem string             `json:"problem,omitempty"` // why it cannot be used
}

func (a *app) tokenListCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "list [--all]",
		Short: "Show modules, slots and tokens, and the state of their PINs",
		Long: `Show every slot of the PKCS #11 module that is named, with its token, serial number and the state
of its PIN. Without a module, or with --all, those that the p11-kit files of this machine name.
Nobody logs in.`,
		Example: `  signet token list --module /usr/lib/softhsm/libsofthsm2.so`,
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			var modules []string
			if m := a.tokenOptions().Module; m != "" {
				modules = append(modules, m)
			}
			if all || len(modules) == 0 {
				found, err := a.systemModules()
				if err != nil {
					return err
				}
				modules = appendNew(modules, found)
			}
			if len(modules) == 0 {
				return usagef("token list: no PKCS #11 module is known here; name one with --module or SIGNET_PKCS11_MODULE")
			}
			return a.listModules(modules)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "also the modules that this machine's p11-kit files name")
	return c
}

// listModules shows modules. One of several that does not load is told of; the only one ends it.
func (a *app) listModules(modules []string) error {
	var ans answer
	for _, path := range modules {
		slots, err := token.New(token.Options{Module: path}).Slots()
		j := moduleJSON{Module: path, Slots: slots}
		if j.Slots == nil {
			j.Slots = []pkcs11.TokenInfo{}
		}
		if err != nil {
			if len(modules) == 1 {
				return err
			}
			j.Problem = err.Error()
			m := ring.Message{Code: ring.Warning, Text: err.Error()}
			a.raise(m.Code)
			ans.Messages = append(ans.Messages, message(m))
			if !a.json() {
				a.show(a.place, m)
			}
		}
		ans.Modules = append(ans.Modules, j)
	}
	if a.json() {
		return a.print(ans)
	}
	t := a.table()
	fmt.Fprintln(t, "MODULE\tSLOT\tTOKEN\tSERIAL\tMODEL\tPIN")
	for _, m := range ans.Modules {
		for _, s := range m.Slots {
			label := s.Label
			if !s.Initialized {
				label = "(not initialised)"
			}
			fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\n", oneLine(m.Module), s.Slot, oneLine(label), oneLine(s.Serial), oneLine(s.Model), pinState(s))
		}
		if len(m.Slots) == 0 && m.Problem == "" {
			fmt.Fprintf(t, "%s\t-\t(no token)\t\t\t\n", oneLine(m.Module))
		}
	}
	return t.Flush()
}

// pinState says what is known of the PIN of a token, the worst first.
func pinState(i pkcs11.TokenInfo) string {
	var s []string
	switch {
	case !i.Initialized:
		return "-"
	case i.PINLocked:
		return "locked"
	case !i.LoginRequired:
		return "none needed"
	case !i.UserPINSet:
		return "not set"
	case i.PINFinalTry:
		s = append(s, "one more wrong one locks it")
	case i.PINCountLow:
		s = append(s, "a wrong one was given")
	default:
		s = append(s, "set")
	}
	if i.Keypad {
		s = append(s, "given at the token")
	}
	return strings.Join(s, ", ")
}

func (a *app) tokenCheckCommand() *cobra.Command {
	var name string
	var fix, yes bool
	c := &cobra.Command{
		Use:   "check [--token NAME] [--fix [--yes]]",
		Short: "Compare the certificates of the database with the private keys in the tokens",
		Long: `Compare the certificates of the database with the private keys in the tokens, both ways:
certificates whose private key is not there, and private keys without a certificate. Without
--token those tokens are looked at that certificates refer to, and the one that is configured.

--fix forgets references to keys that are gone, gives keys back to the certificates that they
belong to, and destroys the private keys without a certificate, which it names first and asks
about. A key without a certificate here may be another program's, or another database's. Let no
other command make keys meanwhile.

Return codes: 0 everything fits, or was mended; 4 something does not; 8 no token could be used.`,
		Example: `  signet token check
  signet token check --token SIGNET --fix`,
		Args: args(cobra.NoArgs),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, _ []string) error {
			if yes && !fix {
				return usagef("token check: --yes goes with --fix")
			}
			var names []string
			if name != "" {
				names = append(names, name)
			}
			check, err := m.CheckTokens(ctx, names...)
			if err != nil {
				return err
			}
			ans := answer{TokenCheck: describeCheck(check)}
			if !fix || check.Fits() {
				return a.checked(check, ans)
			}
			return a.mend(ctx, m, check, ans, yes)
		}),
	}
	c.Flags().StringVar(&name, "token", "", "label of the token")
	c.Flags().BoolVar(&fix, "fix", false, "mend what is wrong")
	c.Flags().BoolVar(&yes, "yes", false, "destroy private keys without asking")
	return c
}

// checked shows what was found.
func (a *app) checked(check *ring.TokenCheck, ans answer) error {
	ans.Messages = a.tell(&check.Result)
	if a.json() {
		return a.print(ans)
	}
	for _, t := range ans.TokenCheck {
		switch {
		case a.flags.quiet:
		case t.Problem != "":
			fmt.Fprintf(a.stdout, "token %s: not looked at\n", oneLine(t.Token))
		default:
			fmt.Fprintf(a.stdout, "token %s: %d private keys, %d of them of certificates in the database, %d without a certificate; %d missing\n",
				oneLine(t.Token), t.Keys, t.Used, len(t.Orphans), len(t.Missing))
		}
	}
	if len(ans.TokenCheck) == 0 && !a.flags.quiet {
		fmt.Fprintln(a.stdout, "no certificate refers to a token, and none is configured")
	}
	return nil
}

// mend mends what was found, and looks again.
func (a *app) mend(ctx context.Context, m *ring.Manager, check *ring.TokenCheck, ans answer, yes bool) error {
	before := a.code
	found := a.tell(&check.Result)
	orphans := 0
	var names []string
	for _, t := range check.Tokens {
		names = append(names, t.Name)
		orphans += len(t.Orphans)
	}
	if orphans > 0 && !yes {
		p, err := a.askFor(fmt.Sprintf("Destroy %d private keys without a certificate for good? Type yes: ", orphans), "--yes")
		if err != nil {
			return err
		}
		if string(p) != "yes" {
			return fmt.Errorf("token check: nothing was changed: %w", ring.ErrRefused)
		}
	}
	r, err := m.MendTokens(ctx, check)
	ans.Messages = append(found, a.tell(r)...)
	if err != nil {
		return err
	}
	after, err := m.CheckTokens(ctx, names...)
	if err != nil {
		return err
	}
	a.code = max(before, r.Code(), after.Code())
	ans.TokenCheck = describeCheck(after)
	if a.json() {
		return a.print(ans)
	}
	after.Messages = nil
	return a.checked(after, ans)
}

// tokenCheckJSON is one token that was checked.
type tokenCheckJSON struct {
	Token   string    `json:"token"`
	Keys    int       `json:"keys"`
	Used    int       `json:"used"`
	Missing []keyJSON `json:"missing,omitempty"`
	Other   []keyJSON `json:"other,omitempty"`
	Loose   []keyJSON `json:"loose,omitempty"`
	Orphans []keyJSON `json:"orphans,omitempty"`
	Problem string    `json:"problem,omitempty"`
}

// keyJSON is a private key in a token: its certificate in the database and its URI.
type keyJSON struct {
	Certificate string `json:"certificate,omitempty"`
	Label       string `json:"label,omitempty"`
	Kind        string `json:"kind,omitempty"`
	Key         string `json:"key"`
}

func describeCheck(c *ring.TokenCheck) []tokenCheckJSON {
	all := []tokenCheckJSON{}
	of := func(cs []*ring.Certificate) (list []keyJSON) {
		for _, c := range cs {
			list = append(list, keyJSON{Certificate: c.Ref().String(), Key: string(c.Key)})
		}
		return list
	}
	held := func(k ring.HeldKey) keyJSON {
		j := keyJSON{Label: k.Label, Key: string(k.Ref)}
		if spec, err := cert.SpecOf(k.Public); err == nil {
			j.Kind = spec.String()
		}
		return j
	}
	for _, t := range c.Tokens {
		j := tokenCheckJSON{Token: t.Name, Keys: t.Keys, Used: t.Used, Missing: of(t.Missing), Other: of(t.Other)}
		for _, l := range t.Loose {
			k := held(l.Key)
			k.Certificate = l.Certificate.Ref().String()
			j.Loose = append(j.Loose, k)
		}
		for _, k := range t.Orphans {
			j.Orphans = append(j.Orphans, held(k))
		}
		if t.Problem != nil {
			j.Problem = t.Problem.Error()
		}
		all = append(all, j)
	}
	return all
}

// tokenURI reads the name of a token: an RFC 7512 URI or a label.
func tokenURI(s string) (pkcs11.URI, error) {
	if !strings.HasPrefix(strings.ToLower(s), "pkcs11:") {
		return pkcs11.URI{Token: s}, nil
	}
	u, err := pkcs11.ParseURI(s)
	if err != nil {
		return u, usageError{err}
	}
	return u, nil
}
