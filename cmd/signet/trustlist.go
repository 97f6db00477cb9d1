package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signet/ring"
)

func (a *app) trustListCommand() *cobra.Command {
	var f trustAddFlags
	c := &cobra.Command{
		Use:     "list --to URL",
		Short:   "Show the trusted certificates of a truststore",
		Example: `  signet trust list --to jks:/etc/ssl/certs/java/cacerts`,
		Args:    args(cobra.NoArgs),
		RunE:    func(c *cobra.Command, _ []string) error { return a.trustList(c.Context(), f) },
	}
	f.register(c)
	return c
}

func (a *app) trustList(ctx context.Context, f trustAddFlags) error {
	if f.to == "" {
		return usagef("trust list: --to URL is missing; it names the truststore, as jks:FILE or pkcs12:FILE")
	}
	m, store, notes, err := a.openTruststore(ctx, f, false)
	if err != nil {
		return err
	}
	defer store.Close()
	all, err := listings(ctx, m)
	if err != nil {
		return err
	}
	ans := answer{Messages: a.tell(&notes)}
	if len(all) == 0 {
		a.raise(ring.Warning)
	}
	t := a.table()
	fmt.Fprintln(t, "ALIAS\tSTATUS\tEXPIRES\tSHA-256\tSUBJECT")
	for _, l := range all {
		d, err := describe(l)
		if err != nil {
			return err
		}
		ans.Certificates = append(ans.Certificates, *d)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", oneLine(d.Label), d.Status, d.NotAfter.In(a.zone).Format(time.DateOnly), d.SHA256, oneLine(d.Subject))
	}
	if a.json() {
		return a.print(ans)
	}
	return t.Flush()
}
