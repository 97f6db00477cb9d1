package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signet/cert"
	"signet/export"
	"signet/racdcert"
	"signet/ring"
)

// chainJSON is a chain as programs see it, end-entity first.
type chainJSON struct {
	Certificates []certificateJSON `json:"certificates"`
	Complete     bool              `json:"complete"`
	Expired      bool              `json:"expired"`
	NoTrust      bool              `json:"notrust"`
	Rings        []string          `json:"rings,omitempty"` // in common
	Problems     []string          `json:"problems,omitempty"`
}

func (a *app) listchainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "listchain CERT",
		Short: "Show a certificate with its issuers",
		Long: `Show a certificate and its issuers up to the root, as far as the database has them, what
is wrong with the chain, and the rings that all of them are in.`,
		Example: `  signet listchain WEBSRV/web`,
		Args:    args(cobra.ExactArgs(1)),
		RunE: a.withCert(func(ctx context.Context, m *ring.Manager, ref ring.CertRef, _ []string) error {
			ch, err := m.ListChain(ctx, ring.Listchain{CertRef: ref, Common: !a.json()})
			if err != nil {
				return err
			}
			return a.showChain(ch)
		}),
	}
}

func (a *app) checkcertCommand() *cobra.Command {
	var passwordFile string
	var outside bool
	c := &cobra.Command{
		Use:   "checkcert FILE [flags]",
		Short: "Show what a certificate file holds and whether the database has it",
		Long: `Show the certificates of a file, end-entity first, and what the database knows of them.
Nothing is changed.`,
		Example: `  signet checkcert peer.p7b
  signet checkcert keystore.p12 --password-file p12.password`,
		Args: args(cobra.ExactArgs(1)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			q := ring.Checkcert{Source: given[0], Outside: outside}
			var err error
			if q.Data, q.Password, err = a.readPackage(given[0], passwordFlags{file: passwordFile}); err != nil {
				return err
			}
			ch, err := m.Checkcert(ctx, q)
			if err != nil {
				return err
			}
			return a.showChain(ch)
		}),
	}
	c.Flags().StringVar(&passwordFile, "password-file", "", "file with the password of a PKCS #12 package, - for standard input")
	c.Flags().BoolVar(&outside, "outside", false, "only what the file holds, as a user sees it who may not list the database")
	return c
}

// readPackage reads a certificate file and, when it needs one, its password: from a file, or
// asked for on the terminal.
func (a *app) readPackage(file string, from passwordFlags) (data, password []byte, err error) {
	if data, err = a.files.Read(file, racdcert.MaxInput); err != nil {
		return nil, nil, err
	}
	if password, err = from.read(a); err != nil || password != nil {
		return data, password, err
	}
	if _, decodeErr := export.Decode(data, nil); errors.Is(decodeErr, export.ErrPassword) {
		password, err = a.ask("Password of " + file + ": ")
	}
	return data, password, err
}

// showChain shows the certificates of a chain and what is to be said of them together.
func (a *app) showChain(ch *ring.Chain) error {
	messages := a.tell(&ch.Result)
	j := chainJSON{Complete: ch.Complete, Expired: ch.Expired, NoTrust: ch.NoTrust}
	for _, l := range ch.Links {
		j.Certificates = append(j.Certificates, *describeLink(l))
	}
	for _, p := range cert.CheckChain(ch.Certificates(), a.now()) {
		j.Problems = append(j.Problems, p.Error())
	}
	for _, r := range ch.Rings {
		j.Rings = append(j.Rings, r.String())
	}
	if a.json() {
		return a.print(answer{Messages: messages, Chain: &j})
	}
	t := a.table()
	fmt.Fprintln(t, "\tCERTIFICATE\tSTATUS\tEXPIRES\tSUBJECT")
	for i, c := range j.Certificates {
		name, status := "(not in the database)", "-"
		if l := ch.Links[i]; l.Certificate != nil {
			name, status = oneLine(l.Certificate.Ref().String()), c.Status
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\n", i+1, name, status, c.NotAfter.In(a.zone).Format(time.DateOnly), oneLine(c.Subject))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	complete := "complete"
	if !j.Complete {
		complete = "incomplete"
	}
	fmt.Fprintf(a.stdout, "%d certificates, the chain is %s\n", len(j.Certificates), complete)
	for _, p := range j.Problems {
		fmt.Fprintln(a.stdout, oneLine(p))
	}
	for _, r := range j.Rings {
		fmt.Fprintf(a.stdout, "all are in ring %s\n", r)
	}
	return nil
}

// describeLink gives the JSON form of a link; what only the database knows is empty for a
// certificate that it does not have.
func describeLink(l ring.Link) *certificateJSON {
	c := l.Certificate
	var j *certificateJSON
	if c == nil {
		j = describeX509(l.X509)
	} else {
		j = describeStored(c, l.X509, l.Rings)
	}
	if l.Mapping != nil {
		j.Mapping = l.Mapping.Ref().String()
	}
	return j
}
