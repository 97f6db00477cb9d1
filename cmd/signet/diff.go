package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signet/ring"
)

func (a *app) diffCommand() *cobra.Command {
	var name string
	var left, right passwordFlags
	c := &cobra.Command{
		Use:   "diff URL URL [--ring USER/RING]",
		Short: "Compare two databases or keystores by content",
		Long: `Compare what two stores hold: certificates, whether each has its private key, chains and
trust. Labels go together without regard to case, because some keystores fold it; what has
another label on the other side is found by its certificate. With --ring a database shows
that ring only, as a keystore made from it holds it.

Return code 0: they hold the same; 4: they do not.`,
		Example: `  signet diff jks:old.jks pkcs12:new.p12 --left-password-file old.pw --right-password-file new.pw
  signet diff signet.db jks:keystore.jks --ring WEBSRV/TLSRING`,
		Args: args(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, given []string) error {
			l, err := a.contents(c.Context(), given[0], name, left)
			if err != nil {
				return err
			}
			r, err := a.contents(c.Context(), given[1], name, right)
			if err != nil {
				return err
			}
			return a.showDifferences(given, ring.Diff(l, r))
		},
	}
	c.Flags().StringVar(&name, "ring", "", "of a database compare this ring")
	left.register(c.Flags(), "left-", "the first store")
	right.register(c.Flags(), "right-", "the second store")
	return c
}

// contents reads one side of a comparison.
func (a *app) contents(ctx context.Context, url, name string, p passwordFlags) ([]ring.Content, error) {
	issuer, err := a.actingFor(ctx)
	if err != nil {
		return nil, err
	}
	if p == (passwordFlags{}) {
		p = a.flags.keystore.password
	}
	m, store, err := a.openManager(ctx, url, issuer, keystoreFlags{password: p}, false)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	if store.Missing {
		return nil, fmt.Errorf("keystore %s: %w", url, ring.ErrNotFound)
	}
	var ref ring.RingRef
	if name != "" && !m.OneRing() {
		if ref, err = ring.ParseRingRef(name, issuer); err != nil {
			return nil, err
		}
	}
	return m.Contents(ctx, ref)
}

// differenceJSON is one difference between two stores.
type differenceJSON struct {
	Label string           `json:"label"`
	Only  string           `json:"only,omitempty"` // the store that alone has it
	What  []string         `json:"what,omitempty"` // in what the two differ
	Left  *certificateJSON `json:"left,omitempty"`
	Right *certificateJSON `json:"right,omitempty"`
}

func (a *app) showDifferences(urls []string, ds []ring.Difference) error {
	var ans answer
	if len(ds) > 0 {
		a.raise(ring.Warning)
	}
	for _, d := range ds {
		j := differenceJSON{What: d.What}
		var err error
		if d.Left != nil {
			j.Label = d.Left.Certificate.Label
			if j.Left, err = describe(ring.Listing{Certificate: d.Left.Certificate}); err != nil {
				return err
			}
		}
		if d.Right != nil {
			if j.Label == "" {
				j.Label = d.Right.Certificate.Label
			}
			if j.Right, err = describe(ring.Listing{Certificate: d.Right.Certificate}); err != nil {
				return err
			}
		}
		switch {
		case d.Right == nil:
			j.Only = urls[0]
		case d.Left == nil:
			j.Only = urls[1]
		}
		ans.Differences = append(ans.Differences, j)
	}
	if a.json() {
		return a.print(ans)
	}
	if len(ds) == 0 && !a.flags.quiet {
		fmt.Fprintln(a.stdout, "they hold the same")
	}
	for _, j := range ans.Differences {
		if j.Only != "" {
			one := j.Left
			if one == nil {
				one = j.Right
			}
			fmt.Fprintf(a.stdout, "only in %s: %s  %s\n", oneLine(j.Only), oneLine(j.Label), oneLine(sideText(one)))
			continue
		}
		fmt.Fprintf(a.stdout, "%s: other %s\n", oneLine(j.Label), strings.Join(j.What, ", "))
		fmt.Fprintf(a.stdout, "  < %s\n  > %s\n", oneLine(sideText(j.Left)), oneLine(sideText(j.Right)))
	}
	return nil
}

// sideText shows a certificate on one side of a difference.
func sideText(c *certificateJSON) string {
	kind := "certificate"
	if c.PrivateKey {
		kind = "private key"
	}
	return fmt.Sprintf("%s %s, %s, serial %s, sha256 %s", kind, c.Label, c.Subject, c.Serial, c.SHA256)
}
