package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signet/backend"
	"signet/cert"
	"signet/ring"
)

func (a *app) resolveCommand() *cobra.Command {
	var as, alias string
	c := &cobra.Command{
		Use:   "resolve --as PROGRAM {URL | USER/RING} [--alias NAME]",
		Short: "Tell which certificate a program picks from a ring or a keystore, and why",
		Long: `Tell which private key and certificate a program picks to identify itself, why, what is
wrong with the choice, and what would change it:
  cae        the CAE Server: WEBSERVER, else the first private key, for its web server;
             CAE_AGENT_PORTAL, or the alias of --alias, for the TLS socket of its agents
  java       a Java program that looks for --alias, or takes the first private key. Java lists
             a JKS file in the order of its hash table, and a PKCS #12 file in file order
  systemssl  z/OS System SSL and AT-TLS: the label of --alias, else the default certificate
  openssl    a program that loads a file through OpenSSL: the first private key in it

Return code 0: a choice without problems; 4: with problems; 8: nothing is picked.`,
		Example: `  signet resolve --as cae jks:defaultKeystore.jks
  signet resolve --as systemssl FTPD/FTPRING --alias "FTP server"`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, given []string) error {
			return a.resolve(c.Context(), given[0], ring.Resolve{As: ring.Consumer(as), Alias: alias})
		},
	}
	c.Flags().StringVar(&as, "as", "", "the program: cae, java, systemssl or openssl")
	c.Flags().StringVar(&alias, "alias", "", "the alias or label that the program is told to use")
	return c
}

func (a *app) resolve(ctx context.Context, target string, q ring.Resolve) error {
	if q.As == "" {
		return usagef("resolve: --as is missing; choose cae, java, systemssl or openssl")
	}
	issuer, err := a.actingFor(ctx)
	if err != nil {
		return err
	}
	var m *ring.Manager
	if backend.IsURL(target) || backend.IsKeystore(target) {
		opened, store, err := a.openManager(ctx, target, issuer, keystoreFlags{password: a.flags.keystore.password}, false)
		if err != nil {
			return err
		}
		defer store.Close()
		if store.Missing {
			return fmt.Errorf("keystore %s: %w", target, ring.ErrNotFound)
		}
		if !opened.OneRing() {
			return usagef("resolve: %s holds many rings; name the database with --db and give USER/RING", target)
		}
		m, q.Ring = opened, ring.RingRef{Owner: issuer, Name: wholeKeystore}
	} else {
		if m, err = a.open(ctx); err != nil {
			return err
		}
		if q.Ring, err = ring.ParseRingRef(target, m.Issuer()); err != nil {
			return err
		}
	}
	r, err := m.Resolve(ctx, q)
	if err != nil {
		return err
	}
	return a.showPicks(r)
}

// pickJSON is a program's choice for one purpose.
type pickJSON struct {
	Purpose     string            `json:"purpose"`
	Certificate *certificateJSON  `json:"certificate,omitempty"`
	Chain       []certificateJSON `json:"chain,omitempty"`
	Why         string            `json:"why"`
	Problems    []string          `json:"problems,omitempty"`
	Changes     []string          `json:"changes,omitempty"`
}

func (a *app) showPicks(r *ring.Resolution) error {
	ans := answer{Messages: a.tell(&r.Result)}
	for _, p := range r.Picks {
		j := pickJSON{Purpose: p.Purpose, Why: p.Why, Problems: p.Problems, Changes: p.Changes}
		switch {
		case p.Certificate == nil:
			a.raise(ring.Refused)
		case len(p.Problems) > 0:
			a.raise(ring.Warning)
		}
		if p.Certificate != nil {
			var err error
			if j.Certificate, err = describe(ring.Listing{Certificate: p.Certificate}); err != nil {
				return err
			}
		}
		for _, x := range p.Chain {
			j.Chain = append(j.Chain, *describeX509(x))
		}
		ans.Picks = append(ans.Picks, j)
	}
	if a.json() {
		return a.print(ans)
	}
	for i, p := range r.Picks {
		picked := "nothing"
		if p.Certificate != nil {
			picked = p.Certificate.Ref().String()
		}
		fmt.Fprintf(a.stdout, "%s: %s\n  because %s\n", p.Purpose, oneLine(picked), oneLine(p.Why))
		for n, x := range p.Chain {
			fmt.Fprintf(a.stdout, "  chain %d  %s, until %s\n", n+1, oneLine(cert.SubjectOf(x).String()), a.date(x.NotAfter))
		}
		for _, text := range r.Picks[i].Problems {
			fmt.Fprintf(a.stdout, "  problem: %s\n", oneLine(text))
		}
		for _, text := range p.Changes {
			fmt.Fprintf(a.stdout, "  to change it: %s\n", oneLine(text))
		}
	}
	return nil
}
