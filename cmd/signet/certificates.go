package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signet/ring"
)

func (a *app) addCommand() *cobra.Command {
	var passwordFile string
	var trust statusFlags
	c := &cobra.Command{
		Use:   "add OWNER[/LABEL] FILE [flags]",
		Short: "Store a certificate, or a package with its chain and private key",
		Long: `Store a certificate from a file: PEM, DER, PKCS #7 or PKCS #12, whatever its name.
The signed answer to a request takes the place of the certificate it was made from and
keeps its private key, label and rings. CA certificates in a package go to CERTAUTH.`,
		Example: `  signet add CERTAUTH/PeerCA peer-ca.pem
  signet add WEBSRV/web answer.crt --trust
  signet add WEBSRV/old keystore.p12 --password-file p12.password`,
		Args: args(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, given []string) error {
			return a.add(c.Context(), given[0], given[1], trust, passwordFile)
		},
	}
	trust.register(c)
	c.Flags().StringVar(&passwordFile, "password-file", "", "file with the password of a PKCS #12 package, - for standard input")
	return c
}

func (a *app) add(ctx context.Context, target, file string, trust statusFlags, passwordFile string) error {
	m, err := a.open(ctx)
	if err != nil {
		return err
	}
	q := ring.Add{Source: file}
	if q.Status, err = trust.status(); err != nil {
		return err
	}
	if q.Owner, q.Label, err = ownerAndLabel(target); err != nil {
		return err
	}
	if q.Data, q.Password, err = a.readPackage(file, passwordFlags{file: passwordFile}); err != nil {
		return err
	}
	r, err := m.Add(ctx, q)
	if err != nil {
		return err
	}
	return a.printIssued(&ring.Issued{Result: r.Result, Certificate: r.Certificate})
}

// ownerAndLabel reads OWNER or OWNER/LABEL.
func ownerAndLabel(s string) (ring.Owner, string, error) {
	if strings.Contains(s, "/") {
		ref, err := ring.ParseCertRef(s, "")
		return ref.Owner, ref.Label, err
	}
	owner, err := ring.ParseOwner(s)
	return owner, "", err
}

// statusFlags are --trust, --notrust and --hightrust.
type statusFlags struct{ trust, noTrust, highTrust *bool }

func (s *statusFlags) register(c *cobra.Command) {
	s.trust = c.Flags().Bool("trust", false, "status TRUST")
	s.noTrust = c.Flags().Bool("notrust", false, "status NOTRUST")
	s.highTrust = c.Flags().Bool("hightrust", false, "status HIGHTRUST, for CERTAUTH certificates")
}

// status gives the status asked for, empty when none was.
func (s *statusFlags) status() (ring.Status, error) {
	var status ring.Status
	for _, f := range []struct {
		given  bool
		status ring.Status
	}{{*s.trust, ring.Trust}, {*s.noTrust, ring.NoTrust}, {*s.highTrust, ring.HighTrust}} {
		if f.given && status != "" {
			return "", usagef("%s and %s exclude each other; say one of them", status, f.status)
		}
		if f.given {
			status = f.status
		}
	}
	return status, nil
}

func (a *app) alterCommand() *cobra.Command {
	var newLabel string
	var trust statusFlags
	c := &cobra.Command{
		Use:   "alter CERT [flags]",
		Short: "Change the status or the label of a certificate",
		Example: `  signet alter WEBSRV/web --notrust
  signet alter WEBSRV/web --newlabel "web 2027"`,
		Args: args(cobra.ExactArgs(1)),
		RunE: a.withCert(func(ctx context.Context, m *ring.Manager, ref ring.CertRef, _ []string) error {
			q := ring.Alter{Selector: ring.Selector{Owner: ref.Owner, Label: ref.Label}, NewLabel: newLabel}
			var err error
			if q.Status, err = trust.status(); err != nil {
				return err
			}
			r, err := m.Alter(ctx, q)
			if err != nil {
				return err
			}
			return a.printIssued(r)
		}),
	}
	trust.register(c)
	c.Flags().StringVar(&newLabel, "newlabel", "", "the new label")
	return c
}

func (a *app) deleteCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "delete CERT [--force]",
		Short: "Remove a certificate, its private key and its connections",
		Long: `Remove a certificate with its private key from the database and from every ring. One
that a request was made from is kept until the answer is added, unless --force is given.`,
		Example: `  signet delete WEBSRV/web`,
		Args:    args(cobra.ExactArgs(1)),
		RunE: a.withCert(func(ctx context.Context, m *ring.Manager, ref ring.CertRef, _ []string) error {
			r, err := m.Delete(ctx, ring.Delete{Selector: ring.Selector{Owner: ref.Owner, Label: ref.Label}, Force: force})
			if err != nil {
				return err
			}
			return a.finish(&r.Result, answer{}, "deleted %s", r.Certificate.Ref())
		}),
	}
	c.Flags().BoolVar(&force, "force", false, "even if a request is under way")
	return c
}

// finish ends a verb that has no certificate to show.
func (a *app) finish(r *ring.Result, ans answer, format string, args ...any) error {
	ans.Messages = a.tell(r)
	if a.json() {
		return a.print(ans)
	}
	if !a.flags.quiet {
		fmt.Fprintf(a.stdout, format+"\n", args...)
	}
	return nil
}

func (a *app) genreqCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "genreq CERT [-o FILE]",
		Short: "Make a certificate request from an existing certificate",
		Long: `Make a PKCS #10 request with the subject, the key and the extensions of a certificate.
Send it to a CA, then add the answer under the same owner.`,
		Example: `  signet genreq WEBSRV/web -o web.csr`,
		Args:    args(cobra.ExactArgs(1)),
		RunE: a.withCert(func(ctx context.Context, m *ring.Manager, ref ring.CertRef, _ []string) error {
			if out == "-" && a.json() {
				return usagef("--output json needs -o FILE for the request")
			}
			r, err := m.Genreq(ctx, ring.Genreq{CertRef: ref}, func(pem []byte) error {
				return a.files.Write(out, pem, false)
			})
			if err != nil {
				return err
			}
			return a.wrote(&r.Result, ref, "request", out)
		}),
	}
	c.Flags().StringVarP(&out, "out", "o", "-", "file to write, - for standard output")
	return c
}

// wrote ends a verb that wrote a file.
func (a *app) wrote(r *ring.Result, ref ring.CertRef, what, file string) error {
	if file == "-" {
		a.tell(r)
		return nil
	}
	return a.finish(r, answer{File: file, Format: what}, "%s: %s written to %s", ref, what, file)
}

func (a *app) exportCommand() *cobra.Command {
	var format, out, passwordFile string
	c := &cobra.Command{
		Use:   "export CERT [flags]",
		Short: "Write a certificate, its chain or its private key to a file",
		Long: `Write a certificate as certb64 or certder, with its chain as pkcs7b64 or pkcs7der, or
with chain and private key as pkcs12b64 or pkcs12der. PKCS #12 needs a password, from
--password-file or asked for on the terminal.`,
		Example: `  signet export CERTAUTH/IMSCA -o ca.pem
  signet export WEBSRV/web --format pkcs12der --password-file p12.password -o web.p12`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, given []string) error {
			return a.export(c.Context(), given[0], format, out, passwordFile)
		},
	}
	c.Flags().StringVar(&format, "format", "", "certb64, certder, pkcs7b64, pkcs7der, pkcs12b64 or pkcs12der (default certb64)")
	c.Flags().StringVarP(&out, "out", "o", "-", "file to write, - for standard output")
	c.Flags().StringVar(&passwordFile, "password-file", "", "file with the password for PKCS #12, - for standard input")
	return c
}

func (a *app) export(ctx context.Context, name, format, out, passwordFile string) error {
	m, err := a.open(ctx)
	if err != nil {
		return err
	}
	if k := a.flags.keystore; a.onServer() != nil && (k.profile != "" || k.reader != "") {
		return usagef("export: what protects a file is settled where it is made, on the server; signet copy --to pkcs12:FILE makes it here")
	}
	q := ring.Export{}
	if q.CertRef, err = ring.ParseCertRef(name, m.Issuer()); err != nil {
		return err
	}
	if format != "" {
		if q.Format, err = ring.ParseFormat(format); err != nil {
			return err
		}
	}
	if out == "-" && a.json() {
		return usagef("--output json needs -o FILE for the certificate")
	}
	switch {
	case passwordFile != "":
		if q.Password, err = a.password(passwordFile); err != nil {
			return err
		}
	case q.Format.WithKey():
		if q.Password, err = a.askNew("Password for "+out+": ", "--password-file FILE"); err != nil {
			return err
		}
	}
	r, err := m.Export(ctx, q)
	clear(q.Password)
	if err != nil {
		return err
	}
	if err := a.files.Write(out, r.Data, r.Format.WithKey()); err != nil {
		return err
	}
	return a.wrote(&r.Result, q.CertRef, string(r.Format), out)
}
