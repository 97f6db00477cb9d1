package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"signet/ring"
)

func (a *app) trustRemoveCommand() *cobra.Command {
	var f trustAddFlags
	c := &cobra.Command{
		Use:   "remove {ALIAS | FILE}... --to URL",
		Short: "Remove trusted certificates",
		Long: `Remove trusted certificates by alias, or those that a file holds. What has a slash in it is
a file; another name is an alias if there is such an entry, and else a file. Private keys
are never removed.

Return codes: 0 everything is gone; 4 something was not there; 8 nothing was.`,
		Example: `  signet trust remove corporate-ca --to jks:/etc/ssl/certs/java/cacerts
  signet trust remove ./old-ca.pem --to pkcs12:truststore.p12`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, given []string) error { return a.trustRemove(c.Context(), given, f) },
	}
	f.register(c)
	f.registerPackage(c)
	return c
}

func (a *app) trustRemove(ctx context.Context, given []string, f trustAddFlags) error {
	if f.to == "" {
		return usagef("trust remove: --to URL is missing; it names the truststore, as jks:FILE or pkcs12:FILE")
	}
	m, store, notes, err := a.openTruststore(ctx, f, true)
	if err != nil {
		return err
	}
	defer store.Close()
	if store.Missing {
		return fmt.Errorf("truststore %s: %w", f.to, ring.ErrNotFound)
	}
	there, err := listings(ctx, m)
	if err != nil {
		return err
	}
	var unwanted []ring.Unwanted
	var sources []trustedJSON // of unwanted
	r := trustJSON{}
	for _, name := range given {
		entry := find(m, there, name)
		_, statErr := os.Stat(name)
		if entry != nil && statErr == nil && !strings.Contains(name, "/") {
			return usagef("%q is an alias and a file; write ./%s for the file, or the alias %q in another folder", name, name, name)
		}
		if !strings.Contains(name, "/") && (entry != nil || statErr != nil) {
			unwanted, sources = append(unwanted, ring.Unwanted{Alias: name}), append(sources, trustedJSON{})
			continue
		}
		found, err := a.anchors(ctx, []string{name}, f)
		if err != nil {
			return err
		}
		for _, t := range found {
			j := t.describe(a.now())
			if j.Warnings = nil; t.x509 == nil {
				r.Certificates = append(r.Certificates, j)
				continue
			}
			unwanted, sources = append(unwanted, ring.Unwanted{Certificate: t.x509, Alias: j.Subject}), append(sources, j)
		}
	}
	done, err := m.Untrust(ctx, unwanted)
	if err != nil {
		return err
	}
	done.Messages = append(notes.Messages, done.Messages...)
	for i, d := range done.Anchors {
		j := trustedJSON{Alias: d.Ref.Label, Result: resultRemoved}
		if !d.Done {
			j.Result, j.Reason, j.Text = resultSkipped, reasonMissing, fmt.Sprintf("%s: %s", d.Ref.Label, d.Why)
		}
		if len(done.Anchors) == len(sources) && sources[i].File != "" {
			j.File, j.Line, j.Subject, j.SHA256 = sources[i].File, sources[i].Line, sources[i].Subject, sources[i].SHA256
		}
		r.Certificates = append(r.Certificates, j)
	}
	return a.showTrust(r, a.tell(&done.Result))
}

// listings gives the trusted certificates of a truststore.
func listings(ctx context.Context, m *ring.Manager) ([]ring.Listing, error) {
	var all []ring.Listing
	err := m.List(ctx, ring.Selector{Owner: ring.CertAuth}, func(l ring.Listing) error {
		all = append(all, l)
		return nil
	})
	if errors.Is(err, ring.ErrNotFound) { // it is empty
		err = nil
	}
	return all, err
}

// find gives the entry that an alias means.
func find(m *ring.Manager, all []ring.Listing, alias string) *ring.Certificate {
	for _, l := range all {
		if l.Certificate.Label == alias || m.OneRing() && strings.EqualFold(l.Certificate.Label, alias) {
			return l.Certificate
		}
	}
	return nil
}
