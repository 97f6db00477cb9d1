package main

import (
	"context"
	"github.com/spf13/cobra"

	"signet/cert"
	"signet/ring"
)

func (a *app) rekeyCommand() *cobra.Command {
	var label, key, inToken, notBefore, notAfter string
	var days int
	var pss bool
	c := &cobra.Command{
		Use:   "rekey CERT [flags]",
		Short: "Make a certificate like an existing one with a new key pair",
		Long: `Make a self-signed certificate with the subject, key usages and alternative names of an
existing one and a new key pair. The existing one is not changed. Next: genreq the new one,
have it signed, add the answer, and rollover.`,
		Example: `  signet rekey WEBSRV/web --label "web 2028"`,
		Args:    args(cobra.ExactArgs(1)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			var err error
			q := ring.Rekey{NewLabel: label, Days: days, PSS: pss, Place: ring.KeyPlace{Token: inToken}}
			if q.CertRef, err = ring.ParseCertRef(given[0], m.Issuer()); err != nil {
				return err
			}
			if key != "" {
				if q.Key, err = cert.ParseKeySpec(key); err != nil {
					return usagef("--key: %w", err)
				}
			}
			if q.NotBefore, q.NotAfter, err = period(notBefore, notAfter, days); err != nil {
				return err
			}
			stop := a.spin(q.Key.Algorithm != cert.EC, "making the key pair")
			r, err := m.Rekey(ctx, q)
			stop()
			if err != nil {
				return err
			}
			return a.printIssued(r)
		}),
	}
	f := c.Flags()
	f.StringVar(&label, "label", "", "label of the new certificate (default: generated)")
	f.StringVar(&key, "key", "", "key of the new certificate, as gencert takes it (default: as the existing one)")
	f.StringVar(&inToken, "token", "", "make the new key in this PKCS #11 token (default: where the existing one is)")
	f.StringVar(&notBefore, "notbefore", "", "first moment (default: today at 00:00:00)")
	f.StringVar(&notAfter, "notafter", "", "last moment (default: a year after the first, at 23:59:59)")
	f.IntVar(&days, "days", 0, "days of validity, instead of --notafter")
	f.BoolVar(&pss, "pss", false, "sign with RSASSA-PSS padding instead of PKCS #1")
	return c
}

func (a *app) rolloverCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "rollover OLD NEW [--force]",
		Short: "Put a new certificate in the place of an old one",
		Long: `Destroy the private key of the old certificate, put the new one in its place in every
ring, and hand the serial number counter on. Where the old one is personal it leaves the
ring; where it is a CA it stays beside the new one. NEW is a label of the same owner.
Without --force both need a private key, different ones, and the new certificate must not
have signed anything yet.`,
		Example: `  signet rollover CERTAUTH/IMSCA "IMSCA 2028"`,
		Args:    args(cobra.ExactArgs(2)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			var err error
			q := ring.Rollover{Force: force}
			if q.CertRef, err = ring.ParseCertRef(given[0], m.Issuer()); err != nil {
				return err
			}
			next, err := ring.ParseCertRef(given[1], q.Owner)
			if err != nil {
				return err
			}
			if next.Owner != q.Owner {
				return usagef("%s and %s have different owners; rollover is among the certificates of one", q.CertRef, next)
			}
			q.NewLabel = next.Label
			r, err := m.Rollover(ctx, q)
			if err != nil {
				return err
			}
			return a.printIssued(r)
		}),
	}
	c.Flags().BoolVar(&force, "force", false, "without the checks")
	return c
}
