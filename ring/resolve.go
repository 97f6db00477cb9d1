package ring

import (
	"context"
	"crypto/x509"
	"fmt"
	"strings"

	"signet/cert"
)

// Consumer is a kind of program that picks a certificate from a ring or a keystore to identify
// itself with.
type Consumer string

// The consumers whose choice is known.
const (
	ConsumerCAE       Consumer = "cae"       // the CAE Server: two certificates, by alias
	ConsumerJava      Consumer = "java"      // a Java program that takes the first private key, or one by alias
	ConsumerSystemSSL Consumer = "systemssl" // z/OS System SSL, and AT-TLS on top of it
	ConsumerOpenSSL   Consumer = "openssl"   // programs that load a file through OpenSSL
)

// Formats of keystores that only some consumers read.
const (
	FormatPKCS12 = "PKCS12"
	FormatPEM    = "PEM"
)

// The aliases that the CAE Server looks for. That of its web server is fixed; the other can be
// changed in its configuration.
const (
	CAEWebServer   = "WEBSERVER"
	CAEAgentPortal = "CAE_AGENT_PORTAL"
)

// JavaAlias is an alias as a JVM enumerates it.
type JavaAlias struct {
	Alias  string
	Listed *Certificate // what the alias was listed for; nil for what is no certificate
	Found  *Certificate // what a look-up of the alias finds; nil if it finds no certificate
}

// Resolve asks which certificate a program will pick, and why.
type Resolve struct {
	As    Consumer
	Ring  RingRef // may name any ring when the store is one
	Alias string  // what the program is configured to look for; empty for its default
}

// Pick is a program's choice for one purpose.
type Pick struct {
	Purpose     string       // what it is for
	Certificate *Certificate // nil when nothing is picked
	Chain       []*x509.Certificate
	Why         string   // how it came to it
	Problems    []string // what is wrong with it
	Changes     []string // what would make it another
}

// Resolution is the answer to Resolve.
type Resolution struct {
	Result
	Picks []Pick
}

// Resolve tells which private key and certificate a program picks from a ring, for each purpose
// that it has, what is wrong with the choice, and what would change it.
func (m *Manager) Resolve(ctx context.Context, q Resolve) (*Resolution, error) {
	return perform(ctx, m, Act{Function: "RESOLVE", Ring: q.Ring, Detail: string(q.As)}, q, (*call).resolve)
}

func (m *call) resolve(ctx context.Context, q Resolve) (*Resolution, error) {
	var r *Resolution
	err := m.view(ctx, func(tx Tx) error {
		r = &Resolution{}
		v, err := m.viewOf(tx, q)
		if err != nil {
			return err
		}
		switch q.As {
		case ConsumerCAE:
			r.Picks = v.cae(q.Alias)
		case ConsumerJava:
			r.Picks = []Pick{v.firstOr(q.Alias)}
		case ConsumerSystemSSL:
			r.Picks = []Pick{v.systemSSL(q.Alias)}
		case ConsumerOpenSSL:
			r.Picks = []Pick{v.openSSL(q.Alias)}
		default:
			return newError(msgNoConsumer, q.As)
		}
		for i := range r.Picks {
			if err := m.judge(tx, &r.Picks[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return r, err
}

// view is a ring as programs see it.
type view struct {
	format string              // of a keystore; empty for a database
	conns  []*Connection       // in connection order, or file order
	java   []JavaAlias         // as Java enumerates them; of a database in connection order
	fold   func(string) string // how Java folds an alias to look it up
}

func (m *Manager) viewOf(tx Tx, q Resolve) (*view, error) {
	r, err := ringByRef(tx, q.Ring)
	if err != nil {
		return nil, err
	}
	l, err := listingOf(tx, r)
	if err != nil {
		return nil, err
	}
	if one, ok := tx.(OneRing); ok {
		return &view{one.Format(), l.Connections, one.JavaAliases(), one.FoldAlias}, nil
	}
	v := &view{conns: l.Connections, fold: func(s string) string { return s }}
	for _, c := range v.conns {
		found := c.Cert
		if c.Cert.Status == NoTrust {
			found = nil
		}
		v.java = append(v.java, JavaAlias{Alias: c.Cert.Label, Listed: c.Cert, Found: found})
	}
	return v, nil
}

// usable reports whether a certificate of the ring can identify the program: it is PERSONAL with
// a private key (racdcert-rings.md A8).
func (v *view) usable(c *Certificate) bool {
	if c == nil || !c.HasKey() {
		return false
	}
	for _, conn := range v.conns {
		if conn.Cert.ID == c.ID {
			return conn.Usage == UsagePersonal
		}
	}
	return false
}

// lookUp finds what Java finds under an alias.
func (v *view) lookUp(alias string) *Certificate {
	for _, j := range v.java {
		if j.Alias == v.fold(alias) {
			return j.Found
		}
	}
	return nil
}

// hidden finds an entry that has the alias in the file and that Java does not find.
func (v *view) hidden(alias string) *Certificate {
	for _, j := range v.java {
		if j.Listed != nil && j.Found != j.Listed && v.fold(j.Alias) == v.fold(alias) {
			return j.Listed
		}
	}
	return nil
}

// first gives the first private key in the order in which Java enumerates aliases.
func (v *view) first() (*Certificate, int) {
	for i, j := range v.java {
		if v.usable(j.Found) {
			return j.Found, i
		}
	}
	return nil, 0
}

// byAlias is the choice of a Java program that looks for one alias.
func (v *view) byAlias(purpose, alias string) Pick {
	p := Pick{Purpose: purpose}
	if v.format == FormatPEM {
		p.Why = "Java reads no folder of PEM files"
		p.Changes = []string{"copy the ring to a keystore: signet copy --ring USER/RING --to pkcs12:FILE"}
		return p
	}
	switch c := v.lookUp(alias); {
	case v.usable(c):
		p.Certificate, p.Why = c, fmt.Sprintf("it is the private key under the alias %q", alias)
	case c != nil:
		p.Why = fmt.Sprintf("the alias %q is there, but it is not a private key", alias)
	default:
		p.Why = fmt.Sprintf("there is no private key under the alias %q", alias)
		if h := v.hidden(alias); h != nil {
			p.Why = fmt.Sprintf("the entry %q is in the file, but Java looks for %q in lower case and does not find it", h.Label, alias)
			p.Changes = []string{fmt.Sprintf("give it its alias anew, which folds it: signet alter %s --newlabel %s", h.Ref(), strings.ToLower(alias))}
			return p
		}
	}
	if p.Certificate == nil {
		p.Changes = []string{fmt.Sprintf("give a private key this alias: signet alter CERT --newlabel %s", alias)}
	}
	return p
}

// orderName says in which order the first private key is the first.
func (v *view) orderName() string {
	if v.format != "" {
		return "as Java enumerates the file"
	}
	return "in the order of connection, which is what signet assumes of Java on z/OS"
}

// cae is the choice of the CAE Server: a private key for its web server, by alias or else the
// first, and one for the TLS socket of its agents, by alias alone.
func (v *view) cae(portal string) []Pick {
	web := v.byAlias("web server", CAEWebServer)
	if web.Certificate == nil && v.format != FormatPEM {
		if c, i := v.first(); c != nil {
			web.Certificate = c
			web.Why = fmt.Sprintf("%s, and %q is the first private key %s (place %d of %d)", web.Why, c.Label, v.orderName(), i+1, len(v.java))
		} else {
			web.Why += ", and no other private key"
		}
	}
	if portal == "" {
		portal = CAEAgentPortal
	}
	agents := v.byAlias("TLS socket for agents", portal)
	if agents.Certificate == nil {
		agents.Why += ": the TLS socket does not start"
	}
	return []Pick{web, agents}
}

// firstOr is the choice of a Java program that is told an alias, or takes the first private key.
func (v *view) firstOr(alias string) Pick {
	const purpose = "private key"
	if alias != "" || v.format == FormatPEM {
		return v.byAlias(purpose, alias)
	}
	c, i := v.first()
	if c == nil {
		return Pick{Purpose: purpose, Why: "there is no private key that Java finds"}
	}
	return Pick{Purpose: purpose, Certificate: c, Why: fmt.Sprintf("it is the first private key %s (place %d of %d)", v.orderName(), i+1, len(v.java)),
		Changes: []string{"tell the program an alias, if it takes one"}}
}

// systemSSL is the choice of System SSL: the label, else the default, else nothing
// (racdcert-rings.md A8). Labels are matched exactly.
func (v *view) systemSSL(label string) Pick {
	p := Pick{Purpose: "server or client"}
	for _, c := range v.conns {
		if label != "" && c.Cert.Label != label || label == "" && !c.Default {
			continue
		}
		p.Certificate = c.Cert
		p.Why = "it is the default certificate of the ring"
		p.Changes = []string{"name another with CertificateLabel, or connect another with DEFAULT"}
		if label != "" {
			p.Why = fmt.Sprintf("it has the label %q", label)
			p.Changes = nil
		}
		switch {
		case c.Cert.Status == NoTrust:
			p.Problems = append(p.Problems, "it is NOTRUST, and such certificates are not returned: error 6 or 407")
		case c.Usage != UsagePersonal:
			p.Problems = append(p.Problems, fmt.Sprintf("it is connected as %s, which never releases the private key; connect it as PERSONAL", c.Usage))
		}
		return p
	}
	if label == "" {
		p.Why = "the ring has no default certificate, and no label is given: the handshake fails"
		p.Changes = []string{"connect one with --default, or name one with CertificateLabel"}
		return p
	}
	p.Why = fmt.Sprintf("no certificate in the ring has the label %q: error 6 or 407", label)
	for _, c := range v.conns {
		if strings.EqualFold(strings.TrimSpace(c.Cert.Label), strings.TrimSpace(label)) {
			p.Changes = []string{fmt.Sprintf("write it as it is, %q: case and blanks count", c.Cert.Label)}
		}
	}
	return p
}

// openSSL is the choice of what loads a file through OpenSSL: the first private key in the file,
// or in a PEM folder the files that the configuration names.
func (v *view) openSSL(label string) Pick {
	p := Pick{Purpose: "server or client"}
	switch v.format {
	case FormatPKCS12, FormatPEM:
	case "":
		p.Why = "OpenSSL does not read a key ring"
		p.Changes = []string{"export it: signet copy --ring USER/RING --to pem:FOLDER"}
		return p
	default:
		p.Why = "OpenSSL does not read " + v.format + " files"
		p.Changes = []string{"copy it to one that it reads: signet copy --ring USER/RING --to pkcs12:FILE --for openssl3"}
		return p
	}
	for i, c := range v.conns {
		switch {
		case !c.Cert.HasKey():
		case v.format == FormatPEM && c.Cert.Label == label:
			p.Certificate, p.Why, p.Changes = c.Cert, fmt.Sprintf("it is in %s.crt and %s.key", label, label), nil
			return p
		case v.format == FormatPEM:
			p.Changes = append(p.Changes, "--alias "+c.Cert.Label)
		default:
			p.Certificate, p.Why = c.Cert, fmt.Sprintf("it is the first private key in the file (place %d of %d)", i+1, len(v.conns))
			if label != "" {
				p.Why += ", and OpenSSL takes no alias"
			}
			p.Changes = []string{"make another the first: signet connect CERT RING --default"}
			return p
		}
	}
	p.Why = "there is no private key"
	if len(p.Changes) > 0 {
		p.Why = "a program is told the files, and --alias names none of them"
	}
	return p
}

// judge adds the chain of a choice, and what is wrong with it.
func (m *Manager) judge(tx Tx, p *Pick) error {
	c := p.Certificate
	if c == nil {
		return nil
	}
	certs, complete, err := chain(tx, c)
	if err != nil {
		return err
	}
	for _, link := range certs {
		x, err := link.X509()
		if err != nil {
			return err
		}
		p.Chain = append(p.Chain, x)
	}
	problem := func(format string, args ...any) { p.Problems = append(p.Problems, fmt.Sprintf(format, args...)) }
	if !c.HasKey() {
		problem("it has no private key")
	}
	if !complete {
		problem("its chain is incomplete: the issuer %s is missing; clients that do not have it refuse it", cert.IssuerOf(p.Chain[len(p.Chain)-1]))
	}
	for i, x := range p.Chain {
		what := "it"
		if i > 0 {
			what = fmt.Sprintf("its issuer %s", cert.SubjectOf(x))
		}
		switch now := m.now(); {
		case now.After(x.NotAfter):
			problem("%s expired on %s", what, m.day(x.NotAfter))
		case now.Before(x.NotBefore):
			problem("%s is not valid before %s", what, m.day(x.NotBefore))
		}
	}
	leaf := p.Chain[0]
	if cert.SelfSigned(leaf) {
		problem("it is self-signed: every client must trust it by itself")
	}
	if leaf.BasicConstraintsValid && leaf.IsCA {
		problem("it is the certificate of a CA, which should not identify a server")
	}
	if leaf.KeyUsage != 0 && leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageKeyAgreement) == 0 {
		problem("its key usage does not allow signatures, which TLS needs (HANDSHAKE)")
	}
	if !servesTLS(leaf) {
		problem("its extended key usage does not name server authentication")
	}
	if alt := cert.AltNamesOf(leaf); len(alt.DNS)+len(alt.IPs) == 0 {
		problem("it names no host in its alternative names, which clients look for")
	}
	if spec, err := cert.SpecOf(leaf.PublicKey); err == nil && spec.Weak() {
		problem("its key has %d bits, which is weak", spec.Bits)
	}
	return nil
}

// servesTLS reports whether the extended key usage leaves server authentication open.
func servesTLS(x *x509.Certificate) bool {
	if len(x.ExtKeyUsage)+len(x.UnknownExtKeyUsage) == 0 {
		return true
	}
	for _, u := range x.ExtKeyUsage {
		if u == x509.ExtKeyUsageServerAuth || u == x509.ExtKeyUsageAny {
			return true
		}
	}
	return false
}
