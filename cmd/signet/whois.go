package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"signet/cert"
	"signet/racdcert"
	"signet/ring"
)

// identityJSON says which user a certificate maps to. Subject and issuer of the certificate are
// in RFC 4514 form; those of the steps are as RACF prints names, which is what filters hold.
type identityJSON struct {
	Subject     string      `json:"subject"`
	Issuer      string      `json:"issuer"`
	Serial      string      `json:"serial"`
	User        string      `json:"user,omitempty"`
	Rule        string      `json:"rule"`
	Certificate string      `json:"certificate,omitempty"`
	Filter      *filterJSON `json:"filter,omitempty"`
	Profile     string      `json:"profile,omitempty"`
	Steps       []stepJSON  `json:"steps"`
}

type stepJSON struct {
	Search  string `json:"search"`
	Subject string `json:"subject,omitempty"`
	Issuer  string `json:"issuer,omitempty"`
	Result  string `json:"result"`
}

func (a *app) whoisCommand() *cobra.Command {
	var q ring.Whois
	var stored bool
	c := &cobra.Command{
		Use:   "whois FILE|CERT [flags]",
		Short: "Show which user a client certificate maps to, and by which rule",
		Long: `Show which user a client certificate maps to, as RACF would log the client on, with every
step on the way: the certificate itself in the database, then the name filters, most
specific first, then the hostIdMappings extension of a CA with HIGHTRUST. The code is 4
when there is no user. Validity and signature are for the server to check.

The certificate is in a file, or one of the database as OWNER/LABEL. If there are both,
write ./NAME for the file, or --stored for the certificate in the database.`,
		Example: `  signet whois client.pem
  signet whois client.pem --applid BANKU --sysid SYS1
  signet whois WEBUSER/laptop --output json`,
		Args: args(cobra.ExactArgs(1)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			if err := a.findCertificate(ctx, m, given[0], stored, &q); err != nil {
				return err
			}
			id, err := m.Whois(ctx, q)
			if err != nil {
				return err
			}
			return a.showIdentity(id)
		}),
	}
	f := c.Flags()
	f.StringVar(&q.ApplID, "applid", "", "name of the application that the client logs on to, for MULTIID filters")
	f.StringVar(&q.SysID, "sysid", "", "name of the system, for MULTIID filters")
	f.StringVar(&q.Host, "host", "", "name of the host, for the hostIdMappings extension")
	f.BoolVar(&stored, "stored", false, "the certificate is one of the database, even if a file has that name")
	return c
}

// findCertificate decides whether a name is that of a file or of a certificate in the database,
// and reads the file.
func (a *app) findCertificate(ctx context.Context, m *ring.Manager, name string, stored bool, q *ring.Whois) error {
	ref, refErr := ring.ParseCertRef(name, m.Issuer())
	if stored {
		q.Ref = ref
		return refErr
	}
	file := name == "-" || a.files.holds(name)
	known := false
	if refErr == nil {
		err := m.List(ctx, ring.Selector{Owner: ref.Owner, Label: ref.Label}, func(ring.Listing) error { known = true; return nil })
		if err != nil && !errors.Is(err, ring.ErrNotFound) && !errors.Is(err, ring.ErrDenied) {
			return err
		}
	}
	switch {
	case file && known:
		return usagef("%q is a file, and the certificate %s in the database; write ./%s for the file, or --stored", name, ref, strings.TrimPrefix(name, "./"))
	case known:
		q.Ref = ref
		return nil
	case !file && refErr == nil:
		return fmt.Errorf("%q: neither a file nor, as %s, a certificate in the database: %w", name, ref, ring.ErrNotFound)
	}
	var err error
	q.Source = name
	q.Data, err = a.files.Read(name, racdcert.MaxInput)
	return err
}

// holds reports whether there is a file, or a write held back, of that name.
func (f *files) holds(name string) bool {
	path := f.path(name)
	if _, ok := f.held[path]; ok {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// showIdentity shows the user, the rule and the steps.
func (a *app) showIdentity(id *ring.Identity) error {
	subject, issuer := cert.SubjectOf(id.Certificate), cert.IssuerOf(id.Certificate)
	messages := a.tell(&id.Result)
	if a.json() {
		j := &identityJSON{Subject: subject.String(), Issuer: issuer.String(), Serial: cert.SerialHex(id.Certificate.SerialNumber),
			User: id.User.Name(), Rule: string(id.Rule), Profile: id.Profile}
		if id.Stored != nil {
			j.Certificate = id.Stored.Ref().String()
		}
		if id.Filter != nil {
			f := describeFilter(id.Filter)
			j.Filter = &f
		}
		for _, s := range id.Steps {
			j.Steps = append(j.Steps, stepJSON{s.Search, s.Subject, s.Issuer, s.Result})
		}
		return a.print(answer{Messages: messages, Identity: j})
	}
	user, rule := id.User.Name(), string(id.Rule)
	if user == "" {
		user = "none"
	}
	switch {
	case id.Stored != nil:
		rule += " " + id.Stored.Ref().String()
	case id.Filter != nil:
		rule += " " + id.Filter.Ref().String()
	}
	if id.Profile != "" {
		rule += ", profile " + id.Profile
	}
	t := a.table()
	fmt.Fprintf(t, "User\t%s\nRule\t%s\nSubject\t%s\nIssuer\t%s\n", user, oneLine(rule), oneLine(subject.RACF()), oneLine(issuer.RACF()))
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout)
	t = a.table()
	fmt.Fprintln(t, "SEARCH\tSUBJECT\tISSUER\tRESULT")
	for _, s := range id.Steps {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", s.Search, s.Subject, s.Issuer, oneLine(s.Result))
	}
	return t.Flush()
}
