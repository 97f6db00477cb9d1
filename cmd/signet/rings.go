package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signet/ring"
)

// ringJSON is a ring as programs see it.
type ringJSON struct {
	Owner       string           `json:"owner"`
	Name        string           `json:"name"`
	Connections []connectionJSON `json:"connections"`
}

type connectionJSON struct {
	Owner      string `json:"owner"`
	Label      string `json:"label"`
	Usage      string `json:"usage"`
	Default    bool   `json:"default"`
	Status     string `json:"status"`
	PrivateKey bool   `json:"privateKey"`
}

// ringVerb builds a verb that takes one ring and changes it.
func (a *app) ringVerb(use, short, example, did string, do func(*ring.Manager, context.Context, ring.RingRef) (*ring.Result, error)) *cobra.Command {
	return &cobra.Command{
		Use:     use,
		Short:   short,
		Example: example,
		Args:    args(cobra.ExactArgs(1)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			ref, err := ring.ParseRingRef(given[0], m.Issuer())
			if err != nil {
				return err
			}
			r, err := do(m, ctx, ref)
			if err != nil {
				return err
			}
			return a.finish(r, answer{}, did, ref)
		}),
	}
}

func (a *app) addringCommand() *cobra.Command {
	return a.ringVerb("addring RING", "Make an empty key ring", `  signet addring WEBSRV/TLSRING`, "made ring %s", (*ring.Manager).AddRing)
}

func (a *app) delringCommand() *cobra.Command {
	return a.ringVerb("delring RING", "Remove a key ring; its certificates stay", `  signet delring WEBSRV/TLSRING`, "removed ring %s", (*ring.Manager).DelRing)
}

func (a *app) connectCommand() *cobra.Command {
	var usage string
	var isDefault bool
	c := &cobra.Command{
		Use:   "connect CERT RING [flags]",
		Short: "Put a certificate in a ring",
		Long: `Put a certificate at the end of a ring, or change the usage and default of one that is
there. The usage is by default that of the owner: personal for a user's certificate,
certauth or site for the others.`,
		Example: `  signet connect CERTAUTH/MyCA WEBSRV/TLSRING
  signet connect WEBSRV/web WEBSRV/TLSRING --default`,
		Args: args(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, given []string) error {
			m, certRef, ringRef, err := a.certAndRing(c.Context(), given)
			if err != nil {
				return err
			}
			q := ring.Connect{Cert: certRef, Ring: ringRef, Default: isDefault}
			if q.Usage, err = parseUsage(usage); err != nil {
				return err
			}
			r, err := m.Connect(c.Context(), q)
			if err != nil {
				return err
			}
			return a.finish(r, answer{}, "connected %s to %s", certRef, ringRef)
		},
	}
	c.Flags().StringVar(&usage, "usage", "", "personal, certauth or site")
	c.Flags().BoolVar(&isDefault, "default", false, "make it the ring's default certificate")
	return c
}

// parseUsage reads --usage, empty when it was not given.
func parseUsage(s string) (ring.Usage, error) {
	switch u := ring.Usage(strings.ToUpper(s)); u {
	case "", ring.UsagePersonal, ring.UsageCertAuth, ring.UsageSite:
		return u, nil
	}
	return "", usagef("--usage %q: choose personal, certauth or site", s)
}

func (a *app) removeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "remove CERT RING",
		Short:   "Take a certificate out of a ring",
		Example: `  signet remove WEBSRV/web WEBSRV/TLSRING`,
		Args:    args(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, given []string) error {
			m, certRef, ringRef, err := a.certAndRing(c.Context(), given)
			if err != nil {
				return err
			}
			r, err := m.Remove(c.Context(), ring.Remove{Cert: certRef, Ring: ringRef})
			if err != nil {
				return err
			}
			return a.finish(r, answer{}, "removed %s from %s", certRef, ringRef)
		},
	}
}

func (a *app) certAndRing(ctx context.Context, given []string) (*ring.Manager, ring.CertRef, ring.RingRef, error) {
	m, err := a.open(ctx)
	if err != nil {
		return nil, ring.CertRef{}, ring.RingRef{}, err
	}
	certRef, err := ring.ParseCertRef(given[0], m.Issuer())
	if err != nil {
		return nil, certRef, ring.RingRef{}, err
	}
	ringRef, err := ring.ParseRingRef(given[1], m.Issuer())
	return m, certRef, ringRef, err
}

func (a *app) listringCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "listring [USER[/RING]]",
		Short: "Show key rings and the certificates in them",
		Long: `Show a ring with its certificates in connection order, all rings of a user (default:
one's own), or a virtual ring: USER/* holds all certificates of a user, *AUTH*/* those of
CERTAUTH, *SITE*/* those of SITE.`,
		Example: `  signet listring WEBSRV
  signet listring WEBSRV/TLSRING --output json
  signet listring '*AUTH*/*'`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			var err error
			ref := ring.RingRef{Owner: m.Issuer()}
			if len(given) > 0 {
				if strings.Contains(given[0], "/") {
					ref, err = ring.ParseRingRef(given[0], m.Issuer())
				} else {
					ref.Owner, err = ring.UserOwner(given[0])
				}
				if err != nil {
					return err
				}
			}
			rings, err := m.ListRing(ctx, ref)
			if err != nil {
				return err
			}
			return a.showRings(rings)
		}),
	}
}

func (a *app) showRings(rings []ring.RingListing) error {
	if a.json() {
		ans := answer{}
		for _, r := range rings {
			j := ringJSON{Owner: r.Ring.Owner.Name(), Name: r.Ring.Name, Connections: []connectionJSON{}}
			for _, c := range r.Connections {
				j.Connections = append(j.Connections, connectionJSON{c.Cert.Owner.Name(), c.Cert.Label, string(c.Usage), c.Default, string(c.Cert.Status), c.Cert.HasKey()})
			}
			ans.Rings = append(ans.Rings, j)
		}
		return a.print(ans)
	}
	for i, r := range rings {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		fmt.Fprintf(a.stdout, "%s\n", r.Ring)
		if len(r.Connections) == 0 {
			fmt.Fprintln(a.stdout, "  no certificates connected")
			continue
		}
		t := a.table()
		fmt.Fprintln(t, "  CERTIFICATE\tUSAGE\tDEFAULT\tSTATUS\tKEY")
		for _, c := range r.Connections {
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", oneLine(c.Cert.Ref().String()), c.Usage, yesNo(c.Default), c.Cert.Status, yesNo(c.Cert.HasKey()))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}
