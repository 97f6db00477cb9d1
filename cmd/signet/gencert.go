package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signet/cert"
	"signet/ring"
)

// gencertFlags are the flags of gencert as typed.
type gencertFlags struct {
	subject, key, signWith string
	keyUsage, extUsage     []string
	dns, ips, emails, uris []string
	notBefore, notAfter    string
	days                   int
	request                string
	token                  string
	pss                    bool
}

func (a *app) gencertCommand() *cobra.Command {
	var f gencertFlags
	c := &cobra.Command{
		Use:   "gencert CERT [flags]",
		Short: "Make a certificate with a new key pair, or from a request",
		Long: `Make a certificate, self-signed or signed with --signwith, for a new key pair or
for a PKCS #10 request. A certificate of CERTAUTH becomes a CA. Dates are local time.`,
		Example: `  signet gencert CERTAUTH/IMSCA --subject "CN=IMSCA,OU=ZCEE,O=US IBM SVL,C=US" --keyusage certsign
  signet gencert WEBSRV/web --subject "CN('www.example.org') O('Example') C('NL')" --key ec:p256 \
      --dns www.example.org --ip 192.0.2.10 --signwith CERTAUTH/IMSCA --days 90
  signet gencert PEER/peer --request peer.csr --signwith CERTAUTH/IMSCA`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, given []string) error { return a.gencert(c.Context(), given[0], f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.subject, "subject", "", "distinguished name, as CN=x,O=y or CN('x') O('y') (default: the request's, else the user's name)")
	fl.StringVar(&f.key, "key", "", "rsa:2048, ec:p256, ec:p384, ec:p521, ec:p224 or ed25519 (default rsa:2048)")
	fl.StringVar(&f.signWith, "signwith", "", "certificate to sign with (default: self-signed)")
	fl.StringSliceVar(&f.keyUsage, "keyusage", nil, "handshake, dataencrypt, docsign, certsign, keyagree")
	fl.StringSliceVar(&f.extUsage, "eku", nil, "extended key usages: serverauth, clientauth, ... or OIDs")
	fl.StringArrayVar(&f.dns, "dns", nil, "alternative name: host name (may be repeated)")
	fl.StringArrayVar(&f.ips, "ip", nil, "alternative name: IP address (may be repeated)")
	fl.StringArrayVar(&f.emails, "email", nil, "alternative name: mail address (may be repeated)")
	fl.StringArrayVar(&f.uris, "uri", nil, "alternative name: URI (may be repeated)")
	fl.StringVar(&f.notBefore, "notbefore", "", "first moment, as 2027-01-31 or '2027-01-31 08:00:00' (default: today at 00:00:00)")
	fl.StringVar(&f.notAfter, "notafter", "", "last moment (default: a year after the first, at 23:59:59)")
	fl.IntVar(&f.days, "days", 0, "days of validity, instead of --notafter")
	fl.BoolVar(&f.pss, "pss", false, "sign with RSASSA-PSS padding instead of PKCS #1")
	fl.StringVar(&f.token, "token", "", "make the private key in this PKCS #11 token, which it never leaves")
	fl.StringVar(&f.request, "request", "", "file with a PKCS #10 request, - for standard input")
	return c
}

func (a *app) gencert(ctx context.Context, name string, f gencertFlags) error {
	m, err := a.open(ctx)
	if err != nil {
		return err
	}
	q, err := a.gencertRequest(m, name, f)
	if err != nil {
		return err
	}
	stop := a.spin(q.Request == nil && q.Key.Algorithm != cert.EC, "making the key pair")
	r, err := m.Gencert(ctx, q)
	stop()
	if err != nil {
		return err
	}
	return a.printIssued(r)
}

// gencertRequest turns the flags into the request.
func (a *app) gencertRequest(m *ring.Manager, name string, f gencertFlags) (q ring.Gencert, err error) {
	ref, err := ring.ParseCertRef(name, m.Issuer())
	if err != nil {
		return q, err
	}
	q = ring.Gencert{Owner: ref.Owner, Label: ref.Label, Days: f.days, ExtUsage: f.extUsage, PSS: f.pss, Place: ring.KeyPlace{Token: f.token}}
	if f.subject != "" {
		if q.Subject, err = cert.ParseName(f.subject); err != nil {
			return q, usagef("--subject: %w", err)
		}
	}
	q.Key = cert.KeySpec{Algorithm: cert.RSA, Bits: 2048}
	if f.key != "" {
		if q.Key, err = cert.ParseKeySpec(f.key); err != nil {
			return q, usagef("--key: %w", err)
		}
	}
	if q.Usage, err = cert.ParseUsage(f.keyUsage); err != nil {
		return q, usagef("--keyusage: %w", err)
	}
	q.AltNames = cert.AltNames{DNS: f.dns, Emails: f.emails, URIs: f.uris}
	for _, s := range f.ips {
		ip, err := netip.ParseAddr(s)
		if err != nil {
			return q, usagef("--ip %q: write an IPv4 or IPv6 address", s)
		}
		q.AltNames.IPs = append(q.AltNames.IPs, ip)
	}
	if q.NotBefore, q.NotAfter, err = period(f.notBefore, f.notAfter, f.days); err != nil {
		return q, err
	}
	if f.signWith != "" {
		signer, err := ring.ParseCertRef(f.signWith, m.Issuer())
		if err != nil {
			return q, err
		}
		q.SignWith = &signer
	}
	if f.request != "" {
		q.Request, err = a.files.Read(f.request, cert.MaxSize)
	}
	return q, err
}

// period reads the flags of the validity.
func period(notBefore, notAfter string, days int) (from, to ring.Moment, err error) {
	switch {
	case days < 0:
		return from, to, usagef("--days %d: write a positive number", days)
	case days > 0 && notAfter != "":
		return from, to, usagef("--days and --notafter exclude each other")
	}
	if from, err = momentOf(notBefore); err != nil {
		return from, to, err
	}
	to, err = momentOf(notAfter)
	return from, to, err
}

// momentOf reads a date, or a date and a time with a blank or a T between them.
func momentOf(s string) (ring.Moment, error) {
	var w ring.Moment
	if s == "" {
		return w, nil
	}
	date, clock, both := strings.Cut(strings.Replace(s, "T", " ", 1), " ")
	var err error
	if w.Date, err = ring.ParseDate(date); err != nil || !both {
		return w, err
	}
	w.Time, err = ring.ParseTimeOfDay(clock)
	return w, err
}

// printIssued shows the certificate that a function made or changed.
func (a *app) printIssued(r *ring.Issued) error {
	messages := a.tell(&r.Result)
	if a.json() {
		d, err := describe(ring.Listing{Certificate: r.Certificate})
		if err != nil {
			return err
		}
		return a.print(answer{Messages: messages, Certificate: d})
	}
	if a.flags.quiet {
		return nil
	}
	x, err := r.Certificate.X509()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s  %s  %s %d  until %s\n", r.Certificate.Ref(), r.Certificate.Status, cert.KeyType(x), cert.KeySize(x), a.date(x.NotAfter))
	return nil
}

func (a *app) date(t time.Time) string { return t.In(a.zone).Format(time.DateTime) }
