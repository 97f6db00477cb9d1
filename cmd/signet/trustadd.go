package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"time"

	"github.com/spf13/cobra"

	"signet/cert"
	"signet/ring"
)

func (a *app) trustAddCommand() *cobra.Command {
	var f trustAddFlags
	c := &cobra.Command{
		Use:   "add {FILE | FOLDER | -}... --to URL [--alias ALIAS]",
		Short: "Trust every certificate of files",
		Long: `Trust every certificate of files: PEM with any number of certificates, DER, PKCS #7, PKCS #12
and Java keystores, told by their content. A folder is searched with all folders in it;
links to folders are not followed, and what is no certificate file is passed over.

Each certificate is counted: it is added, or it was skipped, and then it is said why. What
is there already is skipped, so that a second run changes nothing. A certificate that has
expired or is not that of a CA is added with a warning. What has OpenSSL's trust settings
with it is skipped, since they may forbid its use.

The alias is that of the entry in a keystore; else the name of the file, when it holds one
certificate; else the common name, or the organization, in lower case. One that another
certificate has gets a number: nothing is replaced.

Return codes: 0 everything is there now; 4 something could not be read or added; 8 nothing
could.`,
		Example: `  signet trust add corporate-ca.pem --to jks:/etc/ssl/certs/java/cacerts
  signet trust add /usr/local/share/ca-certificates --to pkcs12:truststore.p12 --to-password-file p12.password
  signet trust add /etc/ssl/certs/ca-certificates.crt --to pkcs12:public.p12 --profile passwordless`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, given []string) error { return a.trustAdd(c.Context(), given, f) },
	}
	f.register(c)
	f.registerPackage(c)
	c.Flags().StringVar(&f.alias, "alias", "", "the alias; for one certificate")
	return c
}

func (a *app) trustAdd(ctx context.Context, given []string, f trustAddFlags) error {
	if f.to == "" {
		return usagef("trust add: --to URL is missing; it names the truststore, as jks:FILE or pkcs12:FILE")
	}
	found, err := a.anchors(ctx, given, f)
	if err != nil {
		return err
	}
	var anchors []ring.Anchor
	for _, t := range found {
		if t.x509 != nil {
			anchors = append(anchors, ring.Anchor{Certificate: t.x509, Alias: t.alias})
		}
	}
	if f.alias != "" {
		if len(anchors) != 1 {
			return usagef("trust add: --alias is for one certificate, and there are %d", len(anchors))
		}
		anchors[0].Alias = f.alias
	}
	var answers *ring.AnchorsDone
	var messages []messageJSON
	if len(anchors) > 0 {
		m, store, notes, err := a.openTruststore(ctx, f, true)
		if err != nil {
			return err
		}
		defer store.Close()
		if answers, err = m.Trust(ctx, anchors); err != nil {
			return err
		}
		answers.Messages = append(notes.Messages, answers.Messages...)
		messages = a.tell(&answers.Result)
	}
	r, done := trustJSON{}, 0
	for _, t := range found {
		j := t.describe(a.now())
		if t.x509 != nil {
			j.settle(answers.Anchors[done])
			done++
		}
		r.Certificates = append(r.Certificates, j)
	}
	return a.showTrust(r, messages)
}

// settle says what became of a certificate that was to be added.
func (j *trustedJSON) settle(d ring.Anchored) {
	j.Alias, j.Result = d.Ref.Label, resultAdded
	switch {
	case d.Why != "":
		j.Result, j.Reason, j.Text, j.Warnings = resultSkipped, reasonConflict, d.Why, nil
	case !d.Done:
		j.Result, j.Reason, j.Text, j.Warnings = resultSkipped, reasonAlready, "already there as "+d.Ref.Label, nil
	}
}

// isCA reports whether a certificate may issue others; one of version 1 cannot say so.
func isCA(x *x509.Certificate) bool {
	return x.BasicConstraintsValid && x.IsCA || x.Version < 3 && bytes.Equal(x.RawSubject, x.RawIssuer)
}

// warningsOf says what is odd about trusting a certificate.
func warningsOf(x *x509.Certificate, now time.Time) []string {
	var all []string
	if now.After(x.NotAfter) {
		all = append(all, "it has expired, on "+x.NotAfter.UTC().Format(time.DateOnly))
	}
	if !isCA(x) {
		all = append(all, "it is not the certificate of a CA: only what presents this very certificate is trusted")
	}
	if remark := cert.Remark(x); remark != "" {
		all = append(all, "it is odd, and Java may refuse it: "+remark)
	}
	return all
}
