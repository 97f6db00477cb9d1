package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signet/backend"
	"signet/export"
	"signet/ring"
)

// copyFlags are the flags of copy.
type copyFlags struct {
	from, to string
	ring     string
	alias    string
	fromPass passwordFlags
	toPass   passwordFlags
	fromKeys passwordFlags
}

func (a *app) copyCommand() *cobra.Command {
	var f copyFlags
	c := &cobra.Command{
		Use:   "copy {CERT... | --ring USER/RING} [--from URL] --to URL",
		Short: "Copy certificates with their keys and chains between databases and keystores",
		Long: `Copy certificates, each with its private key and its chain, or a whole ring: what is
PERSONAL in it as private keys, the rest as trusted certificates. Labels become aliases.
What is there already with the same content stays untouched, so that a second run changes
nothing; another certificate under the same label is replaced, and the answer says which.

Without --from the certificates come from the database that --db names. Of a keystore,
leave CERT and --ring out to copy all of it.`,
		Example: `  signet copy WEBSRV/web --to pkcs12:web.p12 --for java8 --to-password-file p12.password
  signet copy --ring WEBSRV/TLSRING --to jks:keystore.jks
  signet copy CAE/WEBSERVER --from jks:defaultKeystore.jks --to pem:/etc/web/tls --alias web`,
		RunE: func(c *cobra.Command, given []string) error { return a.copy(c.Context(), given, f) },
	}
	c.Flags().StringVar(&f.from, "from", "", "where the certificates are (default: the database that --db names)")
	c.Flags().StringVar(&f.to, "to", "", "where they go")
	c.Flags().StringVar(&f.ring, "ring", "", "copy this ring")
	c.Flags().StringVar(&f.alias, "alias", "", "another label there; for one certificate")
	f.fromPass.register(c.Flags(), "from-", "the keystore that --from names")
	f.fromKeys.register(c.Flags(), "from-key-", "private keys in it that have another")
	f.toPass.register(c.Flags(), "to-", "the keystore that --to names")
	return c
}

// openManager opens a second store, beside the one of --db, for a user.
func (a *app) openManager(ctx context.Context, url string, user ring.Owner, k keystoreFlags, create bool) (*ring.Manager, *backend.Opened, error) {
	if a.place != "" {
		return nil, nil, usagef("a command that opens another store does not belong in a script; run it by itself")
	}
	store, err := a.openStore(ctx, url, user, "", k, create)
	if err != nil {
		return nil, nil, err
	}
	codec, err := k.codec()
	if err != nil {
		store.Close()
		return nil, nil, err
	}
	m, err := a.managerOf(ctx, store, codec, user, store.Hardware)
	if err != nil {
		store.Close()
		return nil, nil, err
	}
	return m, store, nil
}

func (a *app) copy(ctx context.Context, given []string, f copyFlags) error {
	if f.to == "" {
		return usagef("copy: --to URL is missing; it says where the certificates go")
	}
	if len(given) > 0 && f.ring != "" {
		return usagef("copy: give certificates or --ring, not both")
	}
	if f.alias != "" && len(given) > 1 {
		return usagef("copy: --alias is for one certificate, and %d are given", len(given))
	}
	issuer, err := a.actingFor(ctx)
	if err != nil {
		return err
	}
	from, closeFrom, err := a.copySource(ctx, issuer, f)
	if err != nil {
		return err
	}
	defer closeFrom()
	taken, err := a.take(ctx, from, given, f)
	if err != nil {
		return err
	}
	if n := len(taken.Credentials); f.alias != "" && n > 1 {
		return usagef("copy: --alias is for one certificate, and there are %d; name the one", n)
	}
	if f.alias != "" {
		taken.Credentials[0].Label = f.alias
	}
	// The private keys of a keystore are one user's: the one who has them here.
	user := issuer
	for _, c := range taken.Credentials {
		if c.Key != nil && c.Owner.IsUser() {
			user = c.Owner
			break
		}
	}
	k := a.flags.keystore
	k.password, k.prefix = f.toPass, "to-"
	to, store, err := a.openManager(ctx, f.to, user, k, true)
	if err != nil {
		return err
	}
	defer store.Close()
	r, err := to.Put(ctx, taken.Credentials)
	if err != nil {
		return err
	}
	r.Messages = append(taken.Messages, r.Messages...)
	return a.showPuts(r)
}

// copySource opens the store that certificates are copied from.
func (a *app) copySource(ctx context.Context, issuer ring.Owner, f copyFlags) (*ring.Manager, func(), error) {
	if f.from == "" {
		m, err := a.open(ctx)
		return m, func() {}, err
	}
	k := keystoreFlags{password: f.fromPass, key: f.fromKeys, prefix: "from-"}
	if k.password == (passwordFlags{}) { // there is no --db that they could be for
		k.password = a.flags.keystore.password
	}
	if k.key == (passwordFlags{}) {
		k.key = a.flags.keystore.key
	}
	m, store, err := a.openManager(ctx, f.from, issuer, k, false)
	if err != nil {
		return nil, nil, err
	}
	if store.Missing {
		store.Close()
		return nil, nil, fmt.Errorf("keystore %s: %w", f.from, ring.ErrNotFound)
	}
	return m, func() { store.Close() }, nil
}

func (a *app) take(ctx context.Context, m *ring.Manager, given []string, f copyFlags) (*ring.Taken, error) {
	var q ring.Take
	for _, name := range given {
		ref, err := ring.ParseCertRef(name, m.Issuer())
		if err != nil {
			return nil, err
		}
		q.Certs = append(q.Certs, ref)
	}
	switch {
	case len(given) > 0:
	case f.ring != "":
		var err error
		if q.Ring, err = ring.ParseRingRef(f.ring, m.Issuer()); err != nil {
			return nil, err
		}
	case m.OneRing():
		q.Ring = ring.RingRef{Owner: m.Issuer(), Name: wholeKeystore}
	default:
		return nil, usagef("copy: name certificates, or a ring with --ring USER/RING")
	}
	taken, err := m.Take(ctx, q)
	if err == nil && len(taken.Credentials) == 0 {
		return nil, fmt.Errorf("there is nothing to copy: %w", ring.ErrNotFound)
	}
	return taken, err
}

// wholeKeystore is a name for the one ring of a keystore, which answers to any.
const wholeKeystore = "KEYSTORE"

// putJSON is what became of a copied certificate.
type putJSON struct {
	Owner      string           `json:"owner"`
	Label      string           `json:"label"`
	PrivateKey bool             `json:"privateKey"`
	Status     string           `json:"status,omitempty"`
	Result     string           `json:"result"` // added, replaced or unchanged
	Replaced   *certificateJSON `json:"replaced,omitempty"`
}

// showPuts tells what became of each certificate.
func (a *app) showPuts(r *ring.PutAll) error {
	return a.showCopied(answer{Messages: a.tell(&r.Result), Copied: copied(r.Puts)})
}

// copied gives the JSON form of what became of certificates.
func copied(puts []ring.Put) []putJSON {
	var all []putJSON
	for _, p := range puts {
		j := putJSON{Owner: p.Ref.Owner.Name(), Label: p.Ref.Label, PrivateKey: p.Key, Status: string(p.Status), Result: string(p.Place)}
		if p.Was != nil {
			j.Replaced = describeX509(p.Was)
		}
		all = append(all, j)
	}
	return all
}

// showCopied ends a verb that put certificates into a store.
func (a *app) showCopied(ans answer) error {
	if a.json() {
		return a.print(ans)
	}
	if a.flags.quiet {
		return nil
	}
	t := a.table()
	for _, p := range ans.Copied {
		kind := "trusted certificate"
		switch {
		case p.PrivateKey:
			kind = "private key"
		case p.Status == string(ring.NoTrust):
			kind = "certificate, not trusted"
		}
		line := fmt.Sprintf("%s\t%s\t%s", p.Result, oneLine(p.Owner+"/"+p.Label), kind)
		if w := p.Replaced; w != nil {
			line += fmt.Sprintf("\twas %s, serial %s, until %s", oneLine(w.Subject), w.Serial, a.date(w.NotAfter))
		}
		fmt.Fprintln(t, line)
	}
	return t.Flush()
}

// codec gives the codec for files that are read and written beside the store.
func (k keystoreFlags) codec() (export.Codec, error) {
	p, err := k.writtenProfile()
	return export.Codec{Profile: p}, err
}
