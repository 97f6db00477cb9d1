package ring

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"signet/cert"
	"signet/saf"
)

// Whois asks which user a client certificate maps to, as a server that logs the client on would
// ask RACF (racdcert-rings.md C5). The certificate is in a file, or one of the database. Whether
// it is valid today is for the server to check.
type Whois struct {
	Data   []byte // the file; nil for Ref
	Source string // its name, for messages
	Ref    CertRef

	ApplID string // what &APPLID stands for in the criteria of MULTIID filters; empty when not known
	SysID  string // the same for &SYSID
	Host   string // name of the server's host in hostIdMappings extensions; empty for none
}

// Rule says what decided who a certificate belongs to.
type Rule string

// The rules. Each but the last can also decide that it belongs to nobody.
const (
	RuleCertificate Rule = "certificate"    // it is in the database
	RuleFilter      Rule = "filter"         // a name filter matches
	RuleHost        Rule = "hostIdMappings" // its extension names the user
	RuleNone        Rule = "none"           // nothing is known of it
)

// Step is one look-up on the way to the answer.
type Step struct {
	Search  string // what was searched for
	Subject string // the two names that a filter must have; empty for any
	Issuer  string
	Result  string // what came of it
}

// Identity is the answer to Whois.
type Identity struct {
	Result
	Certificate *x509.Certificate
	User        Owner // empty: none
	Rule        Rule
	Stored      *Certificate // with RuleCertificate
	Filter      *Filter      // with RuleFilter
	Profile     string       // with a filter of MULTIID: the profile of class DIGTCRIT that named the user
	Steps       []Step
}

// classCriteria holds the profiles that name the users of MULTIID filters.
const classCriteria = "DIGTCRIT"

// Whois finds the user of a certificate. That there is none is no error: the result says why.
func (m *Manager) Whois(ctx context.Context, q Whois) (*Identity, error) {
	return perform(ctx, m, Act{Function: "WHOIS", Cert: CertRef{Owner: MultiID}, Detail: q.Source}, q, (*call).whois)
}

func (m *call) whois(ctx context.Context, q Whois) (*Identity, error) {
	for _, v := range []struct {
		name  string
		value *string
	}{{"APPLID", &q.ApplID}, {"SYSID", &q.SysID}} {
		*v.value = strings.ToUpper(*v.value)
		// A period or an asterisk would make a name of other parts, or a pattern, out of it.
		if i := strings.IndexFunc(*v.value, notInVariable); i >= 0 {
			r, _ := utf8.DecodeRuneInString((*v.value)[i:])
			return nil, newError(msgBadVariable, v.name, *v.value, r)
		}
	}
	var x *x509.Certificate
	if q.Data != nil {
		b, err := m.codec.Decode(q.Data, nil)
		if err != nil {
			return nil, newError(msgBadInput, q.Source, err)
		}
		if x, _, err = endEntity(b, q.Source); err != nil {
			return nil, err
		}
	}
	var id *Identity
	err := m.view(ctx, func(tx Tx) error {
		if q.Data == nil {
			c, err := byRef(tx, q.Ref)
			if err != nil {
				return err
			}
			if x, err = c.X509(); err != nil {
				return err
			}
		}
		w := whois{Whois: q, tx: tx, id: &Identity{Certificate: x, Rule: RuleNone}}
		id = w.id
		return w.resolve()
	})
	if err != nil {
		return nil, err
	}
	return id, nil
}

func notInVariable(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("#@$_-", r)
}

// whois is a resolution on its way.
type whois struct {
	Whois
	tx Tx
	id *Identity
}

// nobody records why there is no user.
func (w *whois) nobody(format string, args ...any) error {
	w.id.note(msgNoUser, fmt.Sprintf(format, args...))
	return nil
}

func (w *whois) step(search, subject, issuer, format string, args ...any) {
	w.id.Steps = append(w.id.Steps, Step{search, subject, issuer, fmt.Sprintf(format, args...)})
}

// resolve applies the rules in order; the first that knows the certificate decides.
func (w *whois) resolve() error {
	c, err := w.tx.CertificateByIssuerSerial(w.id.Certificate.RawIssuer, w.id.Certificate.SerialNumber)
	if err == nil {
		return w.byCertificate(c)
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	w.step("certificate", "", "", "not in the database")
	f, err := w.findFilter()
	if err != nil {
		return err
	}
	if f != nil {
		return w.byFilter(f)
	}
	return w.byHost()
}

// byCertificate decides for a certificate in the database: filters are not consulted, even if
// its status is NOTRUST.
func (w *whois) byCertificate(c *Certificate) error {
	w.id.Rule, w.id.Stored = RuleCertificate, c
	w.step("certificate", "", "", "%s, status %s", c.Ref(), c.Status)
	switch {
	case !bytes.Equal(c.DER, w.id.Certificate.Raw):
		return w.nobody("certificate %s has the same issuer and serial number but other content", c.Ref())
	case !c.Owner.IsUser():
		return w.nobody("certificate %s belongs to no user", c.Ref())
	case c.Status == NoTrust:
		return w.nobody("certificate %s is NOTRUST", c.Ref())
	}
	w.id.User = c.Owner
	return nil
}

// filterFor finds the filter that a certificate's names match, nil when there is none.
func filterFor(tx Tx, x *x509.Certificate) (*Filter, error) {
	w := whois{tx: tx, id: &Identity{Certificate: x}}
	return w.findFilter()
}

// findFilter searches the filters, most specific first: subject before issuer, whole names
// before ends of names, longer ends before shorter ones. A part of the issuer's name never goes
// with a subject. It gives nil when none matches.
func (w *whois) findFilter() (*Filter, error) {
	subjects, issuers := cert.SubjectOf(w.id.Certificate).Tails(), cert.IssuerOf(w.id.Certificate).Tails()
	whole := func(t []cert.Tail) []cert.Tail { return t[:min(1, len(t))] }
	ends := func(t []cert.Tail) []cert.Tail { return t[min(1, len(t)):] }
	anyName := []cert.Tail{{Text: "", Plain: true}}
	for _, series := range []struct {
		search   string
		subjects []cert.Tail
		issuers  []cert.Tail
	}{
		{"full subject, full issuer", whole(subjects), whole(issuers)},
		{"partial subject, full issuer", ends(subjects), whole(issuers)},
		{"full subject", whole(subjects), anyName},
		{"partial subject", ends(subjects), anyName},
		{"full issuer", anyName, whole(issuers)},
		{"partial issuer", anyName, ends(issuers)},
	} {
		for _, s := range series.subjects {
			for _, i := range series.issuers {
				f, err := w.filter(series.search, s, i)
				if f != nil || err != nil {
					return f, err
				}
			}
		}
	}
	return nil, nil
}

// filter looks up one pair of names.
func (w *whois) filter(search string, subject, issuer cert.Tail) (*Filter, error) {
	for _, t := range []cert.Tail{subject, issuer} {
		switch {
		case tooLong(t.Text): // no filter has it
			return nil, nil
		case !t.Plain: // a filter could be meant for another name
			w.step(search, subject.Text, issuer.Text, "not searched: a value in the name reads like a further part of it")
			return nil, nil
		}
	}
	f, err := w.tx.FilterByNames(subject.Text, issuer.Text)
	if errors.Is(err, ErrNotFound) {
		w.step(search, subject.Text, issuer.Text, "no filter")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	w.step(search, subject.Text, issuer.Text, "%s, status %s", f.Ref(), f.Status)
	return f, nil
}

// tooLong reports whether a name is longer than a filter can be. The bytes are compared first:
// a certificate can have very many long names to count.
func tooLong(name string) bool {
	return len(name) > maxFilter*utf8.UTFMax || utf8.RuneCountInString(name) > maxFilter
}

// byFilter decides by the first filter found.
func (w *whois) byFilter(f *Filter) error {
	w.id.Rule, w.id.Filter = RuleFilter, f
	switch {
	case f.Status == NoTrust:
		return w.nobody("filter %s is NOTRUST", f.Ref())
	case f.Owner == MultiID:
		return w.byCriteria(f)
	}
	w.id.User = f.Owner
	return nil
}

// byCriteria finds the user of a MULTIID filter in the profile that its template leads to
// (racdcert-rings.md C3).
func (w *whois) byCriteria(f *Filter) error {
	values := map[string]string{"APPLID": w.ApplID, "SYSID": w.SysID}
	var parts []string
	for _, part := range strings.Split(f.Criteria, ".") {
		name, _, _ := strings.Cut(part, "=")
		if values[name] == "" {
			return w.nobody("filter %s asks for the %s of the server, which was not given", f.Ref(), name)
		}
		parts = append(parts, name+"="+values[name])
	}
	resource := strings.Join(parts, ".")
	p, err := w.criteriaProfile(resource)
	switch {
	case err != nil:
		return err
	case p == nil:
		w.step("profile "+resource, "", "", "no profile of class "+classCriteria)
		return w.nobody("no profile of class %s covers %s, which filter %s leads to", classCriteria, resource, f.Ref())
	}
	w.id.Profile = p.Name
	w.step("profile "+resource, "", "", "%s, application data %q", p.Name, p.ApplData)
	user, err := UserOwner(strings.TrimSpace(p.ApplData))
	if err != nil {
		return w.nobody("the application data %q of profile %s in class %s is not a user ID", p.ApplData, p.Name, classCriteria)
	}
	w.id.User = user
	return nil
}

// criteriaProfile gives the profile that covers a resource, nil when there is none.
func (w *whois) criteriaProfile(resource string) (*saf.Profile, error) {
	src := newSource(w.tx)
	class, err := src.Class(classCriteria)
	if err != nil {
		return nil, err
	}
	return saf.Best(src, class, resource)
}

// byHost decides by the hostIdMappings extension, in which a CA names the user itself. Only a CA
// under CERTAUTH with HIGHTRUST is believed, and only if its signature verifies: whoever can
// write the extension chooses the user.
func (w *whois) byHost() error {
	const search = "hostIdMappings"
	ids, err := cert.HostIDs(w.id.Certificate)
	switch {
	case err != nil:
		w.step(search, "", "", "%v", err)
		return w.nobody("no filter matches its names, and its %v", err)
	case len(ids) == 0:
		w.step(search, "", "", "no such extension")
		return w.nobody("it is not in the database, and no filter matches its names")
	case w.Host == "":
		w.step(search, "", "", "the name of the host was not given")
		return w.nobody("no filter matches its names; it names users for some hosts, but the host's name was not given")
	}
	var user string
	for _, id := range ids {
		switch {
		case !strings.EqualFold(id.Host, w.Host):
		case user != "" && !strings.EqualFold(user, id.User):
			w.step(search, "", "", "host %s twice, with users %s and %s", w.Host, user, id.User)
			return w.nobody("it names two users for host %s: %s and %s", w.Host, user, id.User)
		default:
			user = id.User
		}
	}
	if user == "" {
		w.step(search, "", "", "nothing for host %s", w.Host)
		return w.nobody("no filter matches its names, and it names no user for host %s", w.Host)
	}
	issuer, err := w.highTrustIssuer()
	switch {
	case err != nil:
		return err
	case issuer == nil:
		w.step(search, "", "", "user %s, but its issuer is not a CERTAUTH certificate with HIGHTRUST", user)
		return w.nobody("it names user %s for host %s, but its issuer is not a CERTAUTH certificate with HIGHTRUST", user, w.Host)
	}
	w.id.Rule = RuleHost
	w.step(search, "", "", "user %s, believed because of %s", user, issuer.Ref())
	if w.id.User, err = UserOwner(user); err != nil {
		return w.nobody("%q, which it names for host %s, is not a user ID", user, w.Host)
	}
	return nil
}

// highTrustIssuer finds the CA that signed the certificate among those with HIGHTRUST; nil when
// it is not there.
func (w *whois) highTrustIssuer() (*Certificate, error) {
	for c, err := range w.tx.CertificatesBySubject(w.id.Certificate.RawIssuer) {
		if err != nil {
			return nil, err
		}
		if c.Owner != CertAuth || c.Status != HighTrust {
			continue
		}
		ca, err := c.X509()
		if err != nil {
			return nil, err
		}
		if cert.CheckSignature(w.id.Certificate, ca) == nil {
			return c, nil
		}
	}
	return nil, nil
}
