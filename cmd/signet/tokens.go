package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signet/cert"
	"signet/ring"
)

// tokenJSON is a token as programs see it.
type tokenJSON struct {
	Name      string       `json:"name"`
	Created   time.Time    `json:"created"`
	CreatedBy string       `json:"createdBy"`
	Objects   []objectJSON `json:"objects"`
}

// objectJSON is a certificate in a token. Owner and label are those it was bound under;
// Certificate is the one in the database that it is a copy of.
type objectJSON struct {
	Sequence    string    `json:"sequence"`
	Owner       string    `json:"owner"`
	Label       string    `json:"label"`
	Usage       string    `json:"usage"`
	Default     bool      `json:"default"`
	PrivateKey  bool      `json:"privateKey"`
	SHA256      string    `json:"sha256"`
	Bound       time.Time `json:"bound"`
	BoundBy     string    `json:"boundBy"`
	Certificate string    `json:"certificate,omitempty"`
}

func describeToken(t *ring.Token, objects ...ring.ListedObject) tokenJSON {
	j := tokenJSON{Name: t.Name, Created: t.Created.UTC(), CreatedBy: t.CreatedBy, Objects: []objectJSON{}}
	for _, o := range objects {
		sum := cert.Fingerprint(o.DER)
		object := objectJSON{Sequence: o.Seq.String(), Owner: o.Owner.Name(), Label: o.Label, Usage: string(o.Usage), Default: o.Default,
			PrivateKey: o.HasKey, SHA256: hex.EncodeToString(sum[:]), Bound: o.Bound.UTC(), BoundBy: o.BoundBy}
		if o.Certificate != nil {
			object.Certificate = o.Certificate.Ref().String()
		}
		j.Objects = append(j.Objects, object)
	}
	return j
}

func (a *app) addtokenCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "addtoken NAME",
		Short: "Make an empty token",
		Long: `Make an empty PKCS #11 token, kept in the database. A name has 1 to 32 letters, digits or
@ # $ and period, begins with a letter or @ # $, and is folded to upper case.`,
		Example: `  signet addtoken FTPSRV.TOKEN`,
		Args:    args(cobra.ExactArgs(1)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			r, err := m.AddToken(ctx, given[0])
			if err != nil {
				return err
			}
			return a.finish(r, answer{}, "made token %s", strings.ToUpper(given[0]))
		}),
	}
}

func (a *app) deltokenCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "deltoken NAME [--force]",
		Short: "Remove a token with everything in it",
		Long: `Remove a token with its certificates and private keys. They are copies: those in the
database stay. A token that holds what other programs put there is kept, unless --force is
given.`,
		Example: `  signet deltoken FTPSRV.TOKEN`,
		Args:    args(cobra.ExactArgs(1)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			r, err := m.DelToken(ctx, ring.DelToken{Name: given[0], Force: force})
			if err != nil {
				return err
			}
			return a.finish(r, answer{}, "removed token %s", strings.ToUpper(given[0]))
		}),
	}
	c.Flags().BoolVar(&force, "force", false, "even if it holds what other programs put there")
	return c
}

func (a *app) listtokenCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "listtoken [NAME]",
		Short: "Show tokens and the certificates in them",
		Long: `Show a token with its certificates, or all tokens. A certificate in a token is a copy,
under the owner and label that it had when it was bound; the last column is what it is in
the database now, - when it is not there any more.`,
		Example: `  signet listtoken FTPSRV.TOKEN
  signet listtoken --output json`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			var err error
			var name string // none means all tokens
			if len(given) > 0 && given[0] != "*" {
				name = given[0]
			}
			var ans answer
			first := true
			err = m.ListToken(ctx, name, func(l ring.TokenListing) error {
				if a.json() {
					ans.Tokens = append(ans.Tokens, describeToken(l.Token, l.Objects...))
					return nil
				}
				if !first {
					fmt.Fprintln(a.stdout)
				}
				first = false
				return a.showToken(l)
			})
			if err != nil || !a.json() {
				return err
			}
			return a.print(ans)
		}),
	}
}

func (a *app) showToken(l ring.TokenListing) error {
	fmt.Fprintln(a.stdout, l.Token.Name)
	if len(l.Objects) == 0 {
		fmt.Fprintln(a.stdout, "  no certificates bound")
		return nil
	}
	t := a.table()
	fmt.Fprintln(t, "  SEQUENCE\tCERTIFICATE\tUSAGE\tDEFAULT\tKEY\tIN DATABASE")
	for _, o := range l.Objects {
		now := "-"
		if o.Certificate != nil {
			now = o.Certificate.Ref().String()
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\t%s\n", o.Seq, oneLine(o.Ref().String()), o.Usage, yesNo(o.Default), yesNo(o.HasKey), oneLine(now))
	}
	return t.Flush()
}

func (a *app) bindCommand() *cobra.Command {
	var usage string
	var isDefault bool
	c := &cobra.Command{
		Use:   "bind CERT TOKEN [flags]",
		Short: "Copy a certificate to a token",
		Long: `Copy a certificate to a token and, when its usage is personal, its private key. Later
changes of the certificate in the database do not reach the token. Binding it once more
keeps its sequence number and sets label, usage and default anew. The usage is by default
that of the owner: personal for a user's certificate, certauth or site for the others.`,
		Example: `  signet bind FTPSRV/ftp FTPSRV.TOKEN --default
  signet bind CERTAUTH/MyCA FTPSRV.TOKEN`,
		Args: args(cobra.ExactArgs(2)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			var err error
			q := ring.Bind{Token: given[1], Default: isDefault}
			if q.Cert, err = ring.ParseCertRef(given[0], m.Issuer()); err != nil {
				return err
			}
			if q.Usage, err = parseUsage(usage); err != nil {
				return err
			}
			r, err := m.Bind(ctx, q)
			if err != nil {
				return err
			}
			return a.finishObject(r, "bound %s to %s as %s")
		}),
	}
	c.Flags().StringVar(&usage, "usage", "", "personal, certauth or site")
	c.Flags().BoolVar(&isDefault, "default", false, "make it the token's default certificate")
	return c
}

// finishObject ends a verb about one object of a token.
func (a *app) finishObject(r *ring.Bound, format string) error {
	o := r.Object
	return a.finish(&r.Result, answer{Tokens: []tokenJSON{describeToken(o.Token, o)}}, format, o.Ref(), o.Token.Name, o.Seq)
}

func (a *app) unbindCommand() *cobra.Command {
	var number string
	c := &cobra.Command{
		Use:                   "unbind CERT TOKEN | unbind --seqnum N TOKEN",
		DisableFlagsInUseLine: true,
		Short:                 "Remove a certificate from a token",
		Long: `Remove a certificate with its private key from a token; the database keeps its own. Name it
by the owner and label that it was bound under, or has in the database now, or by its
sequence number as listtoken shows it.`,
		Example: `  signet unbind FTPSRV/ftp FTPSRV.TOKEN
  signet unbind --seqnum 00000002 FTPSRV.TOKEN`,
		Args: args(cobra.RangeArgs(1, 2)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			q := ring.Unbind{Token: given[len(given)-1]}
			var err error
			switch {
			case number != "" && len(given) == 2:
				return usagef("unbind: %q and --seqnum exclude each other; say one of them", given[0])
			case number != "":
				q.Seq, err = ring.ParseSeqNum(number)
			case len(given) == 2:
				q.Cert, err = ring.ParseCertRef(given[0], m.Issuer())
			}
			if err != nil {
				return err
			}
			r, err := m.Unbind(ctx, q)
			if err != nil {
				return err
			}
			return a.finishObject(r, "unbound %s from %s, where it was %s")
		}),
	}
	c.Flags().StringVar(&number, "seqnum", "", "sequence number of the certificate in the token, hexadecimal")
	return c
}

func (a *app) importCommand() *cobra.Command {
	var trust statusFlags
	c := &cobra.Command{
		Use:   "import TOKEN SEQUENCE OWNER[/LABEL] [flags]",
		Short: "Store a certificate of a token in the database",
		Long: `Store a certificate of a token, and the private key that is with it, in the database, by
the rules of add. The token is not changed. Name the certificate by its sequence number as
listtoken shows it.`,
		Example: `  signet import FTPSRV.TOKEN 00000001 FTPSRV/ftp --trust`,
		Args:    args(cobra.ExactArgs(3)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			q := ring.Import{Token: given[0]}
			var err error
			if q.Seq, err = ring.ParseSeqNum(given[1]); err != nil {
				return err
			}
			if q.Owner, q.Label, err = ownerAndLabel(given[2]); err != nil {
				return err
			}
			if q.Status, err = trust.status(); err != nil {
				return err
			}
			r, err := m.Import(ctx, q)
			if err != nil {
				return err
			}
			return a.printIssued(&ring.Issued{Result: r.Result, Certificate: r.Certificate})
		}),
	}
	trust.register(c)
	return c
}
