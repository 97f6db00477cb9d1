package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signet/ring"
)

func (a *app) listCommand() *cobra.Command {
	var expiring string
	c := &cobra.Command{
		Use:   "list [OWNER[/LABEL]] [--expiring 30d]",
		Short: "Show certificates",
		Long: `Show the certificates of an owner (default: one's own), one of them in full, or, with
--expiring, those of every owner that have expired or will within a time.`,
		Example: `  signet list CERTAUTH
  signet list WEBSRV/web --output json
  signet list --expiring 60d`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			var err error
			if expiring != "" {
				if len(given) > 0 {
					return usagef("--expiring shows every owner; leave %q out", given[0])
				}
				within, err := parseDays(expiring)
				if err != nil {
					return err
				}
				return a.listAll(func(yield func(ring.Listing) error) error {
					return m.ListExpiring(ctx, within, yield)
				})
			}
			s := ring.Selector{Owner: m.Issuer()}
			if len(given) > 0 {
				if s.Owner, s.Label, err = ownerAndLabel(given[0]); err != nil {
					return err
				}
			}
			if s.Label != "" {
				return a.listOne(ctx, m, s)
			}
			return a.listAll(func(yield func(ring.Listing) error) error { return m.List(ctx, s, yield) })
		}),
	}
	c.Flags().StringVar(&expiring, "expiring", "", "show what expires within this many days, as 30d, and what has expired")
	return c
}

// maxDays keeps a number of days inside what a duration can hold.
const maxDays = 100_000

// parseDays reads a number of days such as 30d.
func parseDays(s string) (time.Duration, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(s, "d"))
	if err != nil || n < 0 || n > maxDays {
		return 0, usagef("--expiring %q: write a number of days, as 30d", s)
	}
	return time.Duration(n) * 24 * time.Hour, nil
}

// listAll shows certificates as a table.
func (a *app) listAll(each func(func(ring.Listing) error) error) error {
	var ans answer
	t := a.table()
	fmt.Fprintln(t, "CERTIFICATE\tSTATUS\tKEY\tTYPE\tEXPIRES\tRINGS\tSUBJECT")
	err := each(func(l ring.Listing) error {
		d, err := describe(l)
		if err != nil {
			return err
		}
		if a.json() {
			ans.Certificates = append(ans.Certificates, *d)
			return nil
		}
		key := "-"
		if d.PrivateKey {
			key = "yes"
		}
		_, err = fmt.Fprintf(t, "%s\t%s\t%s\t%s %d\t%s\t%d\t%s\n", oneLine(l.Certificate.Ref().String()), d.Status, key,
			d.KeyType, d.KeySize, d.NotAfter.In(a.zone).Format(time.DateOnly), len(d.Rings), oneLine(d.Subject))
		return err
	})
	if err != nil {
		return err
	}
	if a.json() {
		return a.print(ans)
	}
	return t.Flush()
}

// listOne shows one certificate in full.
func (a *app) listOne(ctx context.Context, m *ring.Manager, s ring.Selector) error {
	return m.List(ctx, s, func(l ring.Listing) error {
		d, err := describe(l)
		if err != nil {
			return err
		}
		if a.json() {
			return a.print(answer{Certificate: d})
		}
		t := a.table()
		line := func(name, value string) {
			if value != "" {
				fmt.Fprintf(t, "%s\t%s\n", name, oneLine(value))
			}
		}
		line("Certificate", l.Certificate.Ref().String())
		line("Status", d.Status)
		line("Subject", d.Subject)
		line("Issuer", d.Issuer)
		line("Serial", d.Serial)
		line("Valid", a.date(d.NotBefore)+" to "+a.date(d.NotAfter))
		if d.AltNames != nil {
			line("Alternative names", strings.Join(append(append(append(d.AltNames.DNS, d.AltNames.IPs...), d.AltNames.Emails...), d.AltNames.URIs...), ", "))
		}
		line("Key", fmt.Sprintf("%s %d", d.KeyType, d.KeySize))
		line("Signed with", d.SigningAlgorithm)
		line("Key usage", strings.Join(append(d.KeyUsage, d.ExtKeyUsage...), ", "))
		line("CA", yesNo(d.CA))
		line("Private key", yesNo(d.PrivateKey))
		if d.Requested {
			line("Request", "under way; add the answer")
		}
		line("SHA-256", d.SHA256)
		line("Added", strings.TrimSuffix(a.date(*d.Added)+" by "+d.AddedBy, " by "))
		line("Remark", d.Remark)
		line("Rings", strings.Join(d.Rings, ", "))
		return t.Flush()
	})
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
