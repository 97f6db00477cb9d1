package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signet/ring"
)

// trustAddFlags are the flags of trust add; the other verbs of trust have some of them.
type trustAddFlags struct {
	to, alias          string
	password, packages passwordFlags
	backup             bool
}

func (a *app) trustCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "trust",
		Short: "Keep truststores: add, remove and list trusted certificates, and find those of Java",
		Long: `Keep truststores, such as the cacerts of a JDK: trusted certificates without private keys.
Both formats that Java has had for them are read and written, JKS and PKCS #12, the latter
also without a password.

The password of the truststore comes from --to-password-file or --to-password-env. Without
them none is tried, then those that everybody knows, the JDK's changeit first; a note says
which one it is. Only then is it asked for.`,
		Example: `  signet trust find
  signet trust add corporate-ca.pem --to jks:/etc/ssl/certs/java/cacerts
  signet trust list --to pkcs12:truststore.p12`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.trustAddCommand(), a.trustRemoveCommand(), a.trustListCommand(), a.trustFindCommand())
	return c
}

func (f *trustAddFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.to, "to", "", "the truststore, as jks:FILE, pkcs12:FILE or pem:FOLDER")
	f.password.register(c.Flags(), "to-", "the truststore")
}

func (f *trustAddFlags) registerPackage(c *cobra.Command) {
	f.packages.register(c.Flags(), "package-", "the packages and keystores that are read")
}

// The results of trust add and trust remove.
const (
	resultAdded   = "added"
	resultRemoved = "removed"
	resultSkipped = "skipped"
)

// Why something was skipped, as programs see it.
const (
	reasonAlready    = "already-there"
	reasonUnreadable = "unreadable"
	reasonConflict   = "conflict"
	reasonMissing    = "not-there"
)

// trustedJSON is what became of a certificate, as programs see it.
type trustedJSON struct {
	File     string     `json:"file,omitempty"`
	Line     int        `json:"line,omitempty"`
	Alias    string     `json:"alias,omitempty"` // in the truststore
	Result   string     `json:"result"`
	Reason   string     `json:"reason,omitempty"`
	Text     string     `json:"text,omitempty"` // says it
	Subject  string     `json:"subject,omitempty"`
	NotAfter *time.Time `json:"notAfter,omitempty"`
	SHA256   string     `json:"sha256,omitempty"`
	Warnings []string   `json:"warnings,omitempty"`
}

// trustJSON is what trust add or trust remove did.
type trustJSON struct {
	Certificates []trustedJSON `json:"certificates"`
	In           int           `json:"in"`
	Added        int           `json:"added"`
	Removed      int           `json:"removed"`
	Skipped      int           `json:"skipped"`
}

// showTrust shows what became of each certificate, and settles the return code.
func (a *app) showTrust(r trustJSON, messages []messageJSON) error {
	good := 0
	for _, c := range r.Certificates {
		r.In++
		switch {
		case c.Result == resultAdded:
			r.Added++
		case c.Result == resultRemoved:
			r.Removed++
		default:
			r.Skipped++
		}
		if c.Result != resultSkipped || c.Reason == reasonAlready {
			good++
		}
	}
	switch {
	case good == 0:
		a.raise(ring.Refused)
	case good < r.In:
		a.raise(ring.Warning)
	}
	if a.json() {
		return a.print(answer{Messages: messages, Trust: &r})
	}
	for _, c := range r.Certificates {
		if a.flags.quiet && (c.Result != resultSkipped || c.Reason == reasonAlready) {
			continue
		}
		line := c.Result
		for _, part := range []string{c.Alias, c.Text, c.Subject} {
			if part != "" && (part != c.Alias || c.Result != resultSkipped) {
				line += " " + oneLine(part) + ","
			}
		}
		line = strings.TrimSuffix(line, ",")
		if c.File != "" {
			line += " (" + oneLine(c.place()) + ")"
		}
		fmt.Fprintln(a.stdout, line)
		for _, w := range c.Warnings {
			a.show("", ring.Message{Code: ring.Warning, Text: fmt.Sprintf("%s: %s", c.Alias, w)})
		}
	}
	if a.flags.quiet {
		return nil
	}
	what, n := resultAdded, r.Added
	if r.Removed > 0 {
		what, n = resultRemoved, r.Removed
	}
	fmt.Fprintf(a.stdout, "%d certificates in: %d %s, %d skipped\n", r.In, n, what, r.Skipped)
	return nil
}

// place says where a certificate came from.
func (j *trustedJSON) place() string {
	if j.Line > 0 {
		return fmt.Sprintf("%s:%d", j.File, j.Line)
	}
	return j.File
}
