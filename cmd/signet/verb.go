package main

import (
	"context"

	"github.com/spf13/cobra"

	"signet/ring"
)

// runE is what cobra runs for a verb.
type runE = func(*cobra.Command, []string) error

// withManager makes the run of a verb that needs the database.
func (a *app) withManager(do func(ctx context.Context, m *ring.Manager, given []string) error) runE {
	return func(c *cobra.Command, given []string) error {
		m, err := a.open(c.Context())
		if err != nil {
			return err
		}
		return do(c.Context(), m, given)
	}
}

// withCert makes the run of a verb whose first argument names a certificate.
func (a *app) withCert(do func(ctx context.Context, m *ring.Manager, ref ring.CertRef, given []string) error) runE {
	return a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
		ref, err := ring.ParseCertRef(given[0], m.Issuer())
		if err != nil {
			return err
		}
		return do(ctx, m, ref, given)
	})
}
