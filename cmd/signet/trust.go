package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signet/backend"
	"signet/cert"
	"signet/export"
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

// openTruststore opens the store of --to.
func (a *app) openTruststore(ctx context.Context, f trustAddFlags, write bool) (*ring.Manager, *backend.Opened, ring.Result, error) {
	var notes ring.Result
	issuer, err := a.issuer()
	if err != nil {
		return nil, nil, notes, err
	}
	k := a.flags.keystore
	k.password, k.backup = f.password, k.backup || f.backup
	if k.password == (passwordFlags{}) {
		k.known, notes = guessPassword(f.to, write)
	}
	m, store, err := a.openManager(ctx, f.to, issuer, k, false)
	switch {
	case errors.Is(err, errNoTerminal):
		return nil, nil, notes, usagef("truststore %s: no well-known password opens it, and there is no terminal to ask for another; give --to-password-file FILE", f.to)
	case err != nil:
		return nil, nil, notes, err
	case store.Missing && !write:
		store.Close()
		return nil, nil, notes, fmt.Errorf("truststore %s: %w", f.to, ring.ErrNotFound)
	}
	return m, store, notes, nil
}

// guessPassword finds out which well-known password opens a keystore, and says so. A JKS file can
// be listed without one.
func guessPassword(url string, write bool) (*[]byte, ring.Result) {
	r, ok := inspectStore(url)
	if !ok {
		return nil, ring.Result{}
	}
	note := func(password []byte, format string, args ...any) (*[]byte, ring.Result) {
		text := fmt.Sprintf("truststore %s ", url) + fmt.Sprintf(format, args...)
		return &password, ring.Result{Messages: []ring.Message{{Code: ring.Done, Text: text}}}
	}
	switch {
	case r.Lock == export.LockWellKnown:
		return note([]byte(r.WellKnown), "opens with the well-known password %q", r.WellKnown)
	case r.Lock == export.LockUnknown && !write && r.Format != "PKCS12":
		return note(nil, "was read without its password: that it was not altered is not known")
	}
	return nil, ring.Result{}
}

// inspectStore looks into the file of a keystore's URL; ok is false if there is none.
func inspectStore(url string) (r export.Report, ok bool) {
	path := url
	if scheme, rest, found := strings.Cut(url, ":"); found {
		switch scheme {
		case "jks", "jceks", "pkcs12":
			path = rest
		}
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > export.MaxInspect {
		return r, false
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return r, false
	}
	return export.Inspect(data, export.Inspection{}), true
}

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

func (a *app) trustListCommand() *cobra.Command {
	var f trustAddFlags
	c := &cobra.Command{
		Use:     "list --to URL",
		Short:   "Show the trusted certificates of a truststore",
		Example: `  signet trust list --to jks:/etc/ssl/certs/java/cacerts`,
		Args:    args(cobra.NoArgs),
		RunE:    func(c *cobra.Command, _ []string) error { return a.trustList(c.Context(), f) },
	}
	f.register(c)
	return c
}

func (a *app) trustList(ctx context.Context, f trustAddFlags) error {
	if f.to == "" {
		return usagef("trust list: --to URL is missing; it names the truststore, as jks:FILE or pkcs12:FILE")
	}
	m, store, notes, err := a.openTruststore(ctx, f, false)
	if err != nil {
		return err
	}
	defer store.Close()
	all, err := listings(ctx, m)
	if err != nil {
		return err
	}
	ans := answer{Messages: a.tell(&notes)}
	if len(all) == 0 {
		a.raise(ring.Warning)
	}
	t := a.table()
	fmt.Fprintln(t, "ALIAS\tSTATUS\tEXPIRES\tSHA-256\tSUBJECT")
	for _, l := range all {
		d, err := describe(l)
		if err != nil {
			return err
		}
		ans.Certificates = append(ans.Certificates, *d)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", oneLine(d.Label), d.Status, d.NotAfter.In(a.zone).Format(time.DateOnly), d.SHA256, oneLine(d.Subject))
	}
	if a.json() {
		return a.print(ans)
	}
	return t.Flush()
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
