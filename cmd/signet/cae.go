package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"signet/backend/keyfile"
	"signet/cert"
	"signet/export"
	"signet/ring"
)

// caeUser owns the private keys of a CAE Server, in signet's words.
const caeUser ring.Owner = "CAE"

// What the CAE Server expects where nothing else is configured.
const (
	caeKeystore = "defaultKeystore.jks"
	caePassword = "password"
	caeExports  = "exportedcerts"
	caeIncoming = "certs"
)

// caeSpellings are the flags that the CAE Server's scripts document with one dash.
var caeSpellings = []string{"-keystore", "-storepass", "-alias", "-importincacerts"}

// spellFlags turns the documented spellings of the cae verbs into those that are parsed.
func spellFlags(args []string) []string {
	at := slices.Index(args, "cae")
	if at < 0 {
		return args
	}
	out := slices.Clone(args)
	for i := at + 1; i < len(out); i++ {
		name, _, _ := strings.Cut(out[i], "=")
		if slices.Contains(caeSpellings, name) {
			out[i] = "-" + out[i]
		}
	}
	return out
}

// caeFlags are those that the cae verbs share.
type caeFlags struct {
	home      string
	keystore  string
	storePass string
	password  passwordFlags
	backup    bool
}

func (f *caeFlags) register(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.home, "home", ".", "installation folder of the CAE Server")
	fl.StringVar(&f.keystore, "keystore", "", "its keystore (default "+caeKeystore+" in the installation folder)")
	fl.StringVar(&f.storePass, "storepass", "", "password of the keystore; others on this machine can see it, --password-file is better (default "+caePassword+")")
	f.password.register(fl, "", "the keystore")
	fl.BoolVar(&f.backup, "backup", false, "keep the keystore as it was as FILE.bak")
}

func (f *caeFlags) path() string {
	if f.keystore != "" {
		return f.keystore
	}
	return filepath.Join(f.home, caeKeystore)
}

// open opens the keystore.
func (f *caeFlags) open(ctx context.Context, a *app, create bool) (*ring.Manager, func(), error) {
	k := keystoreFlags{password: f.password, backup: f.backup}
	fixed := ""
	switch given := f.password != (passwordFlags{}); {
	case given && f.storePass != "":
		return nil, nil, usagef("-storepass and the other sources of the password exclude each other; say one of them")
	case f.storePass != "":
		fixed = f.storePass
		a.warn("the password on the command line can be seen by others on this machine; give it with --password-file")
	case !given:
		fixed = caePassword
		a.warn("the keystore has the password that everybody knows, %q; choose another with --password-file", caePassword)
	}
	k.password.value = fixed
	m, store, err := a.openManager(ctx, "jks:"+f.path(), caeUser, k, create)
	if err != nil {
		return nil, nil, err
	}
	if store.Missing && !create {
		store.Close()
		return nil, nil, fmt.Errorf("keystore %q: %w; make it with: signet cae create", f.path(), ring.ErrNotFound)
	}
	return m, func() { store.Close() }, nil
}

func (a *app) caeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "cae",
		Short: "Create, fill and export the keystore of a CAE Server",
		Long: `Keep the keystore of a CAE Server: its private keys ` + ring.CAEWebServer + `, for the web server, and
` + ring.CAEAgentPortal + `, for the TLS socket of its agents. The flags -keystore, -storepass and -alias
may be written as the CAE Server documents them, with one dash.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.caeCreateCommand(), a.caeImportCommand(), a.caeExportCommand())
	return c
}

func (a *app) caeCreateCommand() *cobra.Command {
	var f caeFlags
	var g gencertFlags
	var portal string
	c := &cobra.Command{
		Use:   "create",
		Short: "Make the keystore with its two private keys",
		Long: `Make the keystore of a CAE Server with a self-signed certificate for its web server and
one for the TLS socket of its agents. Keys that are there already stay. For certificates of
a CA make requests from them (signet --db jks:FILE genreq CAE/webserver), and import the
answers.`,
		Example: `  signet cae create --dns cae.example.org --password-file keystore.password
  signet cae create -keystore /opt/cae/defaultKeystore.jks --dns cae.example.org`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return a.caeCreate(c.Context(), f, g, portal) },
	}
	f.register(c)
	c.Flags().StringVar(&g.subject, "subject", "", "distinguished name (default: CN= and the first host name)")
	c.Flags().StringArrayVar(&g.dns, "dns", nil, "host name of the server (may be repeated; default: that of this machine)")
	c.Flags().StringArrayVar(&g.ips, "ip", nil, "IP address of the server (may be repeated)")
	c.Flags().StringVar(&g.key, "key", "", "rsa:2048, ec:p256, ... (default rsa:2048)")
	c.Flags().IntVar(&g.days, "days", 0, "days of validity (default: a year)")
	c.Flags().StringVar(&portal, "alias", ring.CAEAgentPortal, "alias for the TLS socket, if the server is configured to look for another")
	return c
}

func (a *app) caeCreate(ctx context.Context, f caeFlags, g gencertFlags, portal string) error {
	if len(g.dns)+len(g.ips) == 0 {
		name, err := os.Hostname()
		if err != nil {
			return usagef("the name of this machine is not known: %v; give --dns NAME", err)
		}
		g.dns = []string{name}
	}
	if g.subject == "" {
		g.subject = "CN=" + append(slices.Clone(g.dns), g.ips...)[0]
	}
	m, done, err := f.open(ctx, a, true)
	if err != nil {
		return err
	}
	defer done()
	var ans answer
	for _, alias := range []string{ring.CAEWebServer, portal} {
		q, err := a.gencertRequest(m, string(caeUser)+"/"+alias, g)
		if err != nil {
			return err
		}
		stop := a.spin(q.Key.Algorithm == cert.RSA, "making the key pair of "+alias)
		r, err := m.Gencert(ctx, q)
		stop()
		if errors.Is(err, ring.ErrExists) {
			ans.Copied = append(ans.Copied, putJSON{Owner: string(caeUser), Label: strings.ToLower(alias), PrivateKey: true, Result: string(ring.Unchanged)})
			continue
		}
		if err != nil {
			return err
		}
		ans.Messages = append(ans.Messages, a.tell(&r.Result)...)
		ans.Copied = append(ans.Copied, putJSON{Owner: string(caeUser), Label: r.Certificate.Label, PrivateKey: true, Result: string(ring.Placed)})
	}
	return a.showCopied(ans)
}

func (a *app) caeImportCommand() *cobra.Command {
	var f caeFlags
	var alias, cacerts string
	var inCacerts bool
	var pack, cacertsPass passwordFlags
	c := &cobra.Command{
		Use:   "import [FILE...]",
		Short: "Bring certificates into the keystore, or into the truststore of the server's JVM",
		Long: `Bring certificates into the keystore: packages with private keys under their aliases, the
answers of a CA in the place of the certificates that the requests were made from, and
certificates to trust. Without FILE it is everything in the folder ` + caeIncoming + ` of the installation.
With -importincacerts they go into the truststore of the server's JVM instead; what is in
it already is left alone.`,
		Example: `  signet cae import web.p12 -alias WEBSERVER --package-password-file p12.password
  signet cae import -importincacerts --home /opt/cae`,
		RunE: func(c *cobra.Command, given []string) error {
			if len(given) == 0 {
				given = []string{filepath.Join(f.home, caeIncoming)}
			}
			if inCacerts && (f.keystore != "" || f.storePass != "" || f.password != (passwordFlags{})) {
				return usagef("cae import: -importincacerts is for the truststore of the server's JVM, not for its keystore; name another with --cacerts, and its password with --cacerts-password-file")
			}
			if inCacerts {
				to := cacerts
				if to == "" {
					to = a.caeCacerts(f.home)
				}
				return a.trustAdd(c.Context(), given, trustAddFlags{to: "jks:" + to, password: cacertsPass, packages: pack, alias: alias, backup: f.backup})
			}
			return a.caeImport(c.Context(), given, f, alias, pack)
		},
	}
	f.register(c)
	c.Flags().StringVar(&alias, "alias", "", "alias for what is imported; for one certificate or package")
	c.Flags().BoolVar(&inCacerts, "importincacerts", false, "import into the truststore of the server's JVM")
	c.Flags().StringVar(&cacerts, "cacerts", "", "that truststore (default: cacerts of the JVM in the installation folder, else of JAVA_HOME)")
	cacertsPass.register(c.Flags(), "cacerts-", "that truststore")
	pack.register(c.Flags(), "package-", "the packages that are imported")
	return c
}

// caeCacerts gives the truststore of the server's JVM.
func (a *app) caeCacerts(home string) string {
	const cacerts = "lib/security/cacerts"
	own := filepath.Join(home, "bin", "jre", filepath.FromSlash(cacerts))
	if _, err := os.Stat(own); err == nil {
		return own
	}
	if java := a.getenv("JAVA_HOME"); java != "" {
		for _, path := range []string{cacerts, "jre/" + cacerts} {
			if other := filepath.Join(java, filepath.FromSlash(path)); fileExists(other) {
				return other
			}
		}
	}
	return own
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (a *app) caeImport(ctx context.Context, given []string, f caeFlags, alias string, pack passwordFlags) error {
	names, err := regularFiles(given)
	if err != nil {
		return err
	}
	if alias != "" && len(names) != 1 {
		return usagef("cae import: -alias is for one file, and there are %d", len(names))
	}
	m, done, err := f.open(ctx, a, true)
	if err != nil {
		return err
	}
	defer done()
	var ans answer
	for _, name := range names {
		r, err := a.caeImportFile(ctx, m, name, alias, pack)
		if err != nil { // the others are imported all the same
			ans.Messages = append(ans.Messages, a.report(err))
			continue
		}
		ans.Messages = append(ans.Messages, a.tell(&r.Result)...)
		ans.Copied = append(ans.Copied, copied(r.Puts)...)
	}
	return a.showCopied(ans)
}

// regularFiles gives the files that are named, or that lie in the folders that are named.
func regularFiles(given []string) ([]string, error) {
	var names []string
	for _, name := range given {
		info, err := os.Stat(name)
		if err != nil {
			return nil, fileError(name, err)
		}
		if !info.IsDir() {
			names = append(names, name)
			continue
		}
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, fileError(name, err)
		}
		for _, e := range entries {
			if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
				names = append(names, filepath.Join(name, e.Name()))
			}
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("there is no file in %s: %w", strings.Join(given, ", "), ring.ErrNotFound)
	}
	return names, nil
}

// caeImportFile imports a keystore with all its entries, or one certificate or package.
func (a *app) caeImportFile(ctx context.Context, m *ring.Manager, name, alias string, pack passwordFlags) (*ring.PutAll, error) {
	if keyfile.Looks(name) {
		return a.caeImportKeystore(ctx, m, name, alias, pack)
	}
	data, err := a.files.Read(name, export.MaxSize)
	if err != nil {
		return nil, err
	}
	b, err := export.Decode(data, nil)
	if err != nil {
		return nil, fmt.Errorf("file %q: %w: %w", name, err, ring.ErrInvalid)
	}
	wanted := alias
	if alias == "" {
		alias = strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	}
	ours, err := a.answered(ctx, m, b)
	if err != nil {
		return nil, err
	}
	if ours != nil && b.Key == nil && bytes.Equal(ours.DER, b.Certificates[0].Raw) {
		return &ring.PutAll{Puts: []ring.Put{{Ref: ours.Ref(), Key: true, Place: ring.Unchanged}}}, nil
	}
	if b.Key != nil || ours != nil {
		p := ring.Put{Key: true, Place: ring.Placed}
		if ours != nil {
			alias, p.Place = wanted, ring.Replaced
			if p.Was, err = ours.X509(); err != nil {
				return nil, err
			}
		}
		r, err := m.Add(ctx, ring.Add{Owner: caeUser, Label: alias, Data: data, Source: name})
		if err != nil {
			return nil, err
		}
		p.Ref = r.Certificate.Ref()
		return &ring.PutAll{Result: r.Result, Puts: []ring.Put{p}}, nil
	}
	var all []ring.Credential
	for i, x := range b.Certificates {
		c := ring.Credential{Owner: ring.CertAuth, Label: alias, Status: ring.Trust, Chain: []*x509.Certificate{x}}
		if i > 0 {
			c.Label = fmt.Sprintf("%s-%d", alias, i+1)
		}
		all = append(all, c)
	}
	return m.Put(ctx, all)
}

// answered finds the private key in the keystore that a certificate is for, nil if there is none.
func (a *app) answered(ctx context.Context, m *ring.Manager, b cert.Bundle) (*ring.Certificate, error) {
	all, err := m.Contents(ctx, ring.RingRef{})
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		x, err := c.Certificate.X509()
		if err != nil || !c.Certificate.HasKey() {
			continue
		}
		if slices.ContainsFunc(b.Certificates, func(o *x509.Certificate) bool { return cert.SameKey(o.PublicKey, x.PublicKey) }) {
			return c.Certificate, nil
		}
	}
	return nil, nil
}

func (a *app) caeImportKeystore(ctx context.Context, m *ring.Manager, name, alias string, pack passwordFlags) (*ring.PutAll, error) {
	from, store, err := a.openManager(ctx, "pkcs12:"+name, caeUser, keystoreFlags{password: pack}, false)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	taken, err := from.Take(ctx, ring.Take{Ring: ring.RingRef{Owner: caeUser, Name: wholeKeystore}})
	if err != nil {
		return nil, err
	}
	if alias != "" {
		keys := 0
		for i := range taken.Credentials {
			if taken.Credentials[i].Key != nil {
				taken.Credentials[i].Label = alias
				keys++
			}
		}
		if keys != 1 {
			return nil, usagef("cae import: -alias is for one private key, and %s holds %d", name, keys)
		}
	}
	r, err := m.Put(ctx, taken.Credentials)
	if err != nil {
		return nil, err
	}
	r.Messages = append(taken.Messages, r.Messages...)
	return r, nil
}

func (a *app) caeExportCommand() *cobra.Command {
	var f caeFlags
	var alias string
	c := &cobra.Command{
		Use:   "export -alias NAME",
		Short: "Write a certificate of the keystore, without its key, to " + caeExports + "/NAME",
		Long: `Write the certificate of an alias, as text and without its private key, to a file of that
name in the folder ` + caeExports + ` of the installation, for those who are to trust it.`,
		Example: `  signet cae export -alias CAE_AGENT_PORTAL`,
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if alias == "" {
				return usagef("cae export: -alias NAME is missing; it says which certificate to export")
			}
			return a.caeExport(c.Context(), f, alias)
		},
	}
	f.register(c)
	c.Flags().StringVar(&alias, "alias", "", "which certificate (required)")
	return c
}

func (a *app) caeExport(ctx context.Context, f caeFlags, alias string) error {
	if filepath.Base(alias) != alias || strings.HasPrefix(alias, ".") {
		return usagef("cae export: alias %q cannot be the name of a file", alias)
	}
	m, done, err := f.open(ctx, a, false)
	if err != nil {
		return err
	}
	defer done()
	ref := ring.CertRef{Owner: caeUser, Label: alias}
	r, err := m.Export(ctx, ring.Export{CertRef: ref, Format: cert.B64})
	if errors.Is(err, ring.ErrNotFound) {
		ref.Owner = ring.CertAuth
		r, err = m.Export(ctx, ring.Export{CertRef: ref, Format: cert.B64})
	}
	if err != nil {
		return err
	}
	dir := filepath.Join(f.home, caeExports)
	if err := os.MkdirAll(dir, 0o755); err != nil { // #nosec G301 -- for certificates alone, which are public
		return fileError(dir, err)
	}
	out := filepath.Join(dir, alias)
	if !strings.Contains(out, "/") {
		out = "./" + out
	}
	if err := a.files.Write(out, r.Data, false); err != nil {
		return err
	}
	return a.wrote(&r.Result, ref, string(r.Format), out)
}
