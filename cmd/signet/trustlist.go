package main

import (
	"context"
	"errors"
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
	ans := answer{Messages: a.tell(&notes)}
	t := a.table()
	fmt.Fprintln(t, "ALIAS\tSTATUS\tEXPIRES\tSHA-256\tSUBJECT")
	empty := true
	err = m.List(ctx, ring.Selector{Owner: ring.CertAuth}, func(l ring.Listing) error {
		empty = false
		d, err := describe(l)
		if err != nil {
			return err
		}
		if a.json() {
			ans.Certificates = append(ans.Certificates, *d)
			return nil
		}
		_, err = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", oneLine(d.Label), d.Status, d.NotAfter.In(a.zone).Format(time.DateOnly), d.SHA256, oneLine(d.Subject))
		return err
	})
	if err != nil && !errors.Is(err, ring.ErrNotFound) {
		return err
	}
	if empty {
		a.raise(ring.Warning)
	}
	if a.json() {
		return a.print(ans)
	}
	return t.Flush()
}
