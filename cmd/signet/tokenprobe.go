package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"signet/cert"
	"signet/pkcs11"
)

func (a *app) tokenProbeCommand() *cobra.Command {
	var wrong bool
	var kinds []string
	c := &cobra.Command{
		Use:   "probe [TOKEN] [--key KIND]... [--wrong-pin]",
		Short: "Try out what a token really does, leaving nothing behind",
		Long: `Try out what a token really does: which keys it makes and how they sign, whether labels may
repeat, whether a key may leave or come in, how EC points are encoded, and how many sessions
there are. Everything is made as a temporary object of one session, and the objects of the token
are counted before and after. RSA keys of many bits take a slow token minutes: --key limits what
is tried.

--wrong-pin gives one wrong PIN first, to see how the token tells; it is refused if one was given
before.`,
		Example: `  signet token probe SIGNET
  signet token probe 'pkcs11:token=SIGNET' --key rsa:2048 --key ec:p256 --output json`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, given []string) error {
			o := a.tokenOptions()
			name := o.Default
			if len(given) > 0 {
				name = given[0]
			}
			u, err := tokenURI(name)
			if err != nil {
				return err
			}
			p := pkcs11.ProbeOptions{WrongPIN: wrong}
			for _, k := range kinds {
				spec, err := cert.ParseKeySpec(k)
				if err != nil {
					return usagef("--key: %v", err)
				}
				p.Keys = append(p.Keys, spec)
			}
			probe, err := o.Probe(c.Context(), u, p)
			if err != nil {
				return err
			}
			if a.json() {
				return a.print(answer{Probe: probe})
			}
			return a.showProbe(probe)
		},
	}
	c.Flags().StringArrayVar(&kinds, "key", nil, "kind of key to try, such as rsa:2048 or ec:p256 (may be repeated; default: all)")
	c.Flags().BoolVar(&wrong, "wrong-pin", false, "give one wrong PIN first, to see how the token tells")
	return c
}

// showProbe prints a probe as text.
func (a *app) showProbe(p *pkcs11.Probe) error {
	t := p.Token
	fmt.Fprintf(a.stdout, "token %s, serial %s, model %s, of %s\n", oneLine(t.Label), oneLine(t.Serial), oneLine(t.Model), oneLine(t.Manufacturer))
	fmt.Fprintf(a.stdout, "module: %s %s\n\n", oneLine(t.Library.Description), t.Library.Version)
	w := a.table()
	fmt.Fprintln(w, "KEY\tMADE\tSIGNS\tPSS")
	for _, k := range p.Keys {
		signs, pss := "-", "-"
		if k.Makes.Works {
			signs = word(k.Signs)
			if strings.HasPrefix(k.Kind, "rsa") {
				pss = word(k.PSS)
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.Kind, word(k.Makes), signs, pss)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout)
	w = a.table()
	probeFacts(w, p)
	return w.Flush()
}

// probeFacts prints what is no kind of key.
func probeFacts(w io.Writer, p *pkcs11.Probe) {
	fmt.Fprintf(w, "two keys with one label\t%s\n", word(p.Repeats.Label))
	fmt.Fprintf(w, "two keys with one id\t%s\n", word(p.Repeats.ID))
	fmt.Fprintf(w, "a key that may leave\t%s; kept as extractable: %s; readable: %s\n", word(p.Extractable.Makes), p.Extractable.Kept, yesNo(p.Extractable.Plain))
	fmt.Fprintf(w, "a key from outside\t%s\n", word(p.Import))
	if p.ECPoint != "" {
		fmt.Fprintf(w, "EC points\t%s\n", p.ECPoint)
	}
	told := "no limit told"
	if p.Sessions.Told > 0 {
		told = fmt.Sprintf("%d told", p.Sessions.Told)
	}
	ended := ""
	if p.Sessions.Code != "" {
		ended = ", then " + p.Sessions.Code
	}
	fmt.Fprintf(w, "sessions\t%s; opened at once: %d%s\n", told, p.Sessions.Opened, ended)
	if x := p.WrongPIN; x != nil {
		fmt.Fprintf(w, "a wrong PIN\t%s; then few attempts: %s, last attempt: %s\n", x.Code, yesNo(x.CountLow), yesNo(x.FinalTry))
	}
	fmt.Fprintf(w, "mechanisms\t%d\n", len(p.Mechanisms))
	fmt.Fprintf(w, "objects before and after\t%d, %d\n", p.Before, p.After)
}

// word shows an answer of a probe.
func word(a pkcs11.ProbeAnswer) string {
	switch {
	case a.Works:
		return "yes"
	case a.Code == "":
		return "no"
	}
	return "no: " + oneLine(a.Code)
}
