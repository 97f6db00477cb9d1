package racdcert

import (
	"context"
	"net/netip"
	"strconv"
	"strings"

	"signet/cert"
	"signet/racdcert/tso"
	"signet/ring"
)

// gencert is RACDCERT GENCERT.
type gencert struct {
	command
	request ring.Gencert
	dsn     dataSet // the request data set
}

var usageWords = []string{"HANDSHAKE", "DATAENCRYPT", "DOCSIGN", "CERTSIGN", "KEYAGREE"}

func parseGencert(c *racdcert, fn tso.Operand) (Command, error) {
	g := gencert{command: "RACDCERT GENCERT"}
	q := &g.request
	q.Owner = c.owner
	var err error
	if fn.HasValue {
		if g.dsn, err = dataSetOf(fn, "GENCERT"); err != nil {
			return nil, err
		}
	}
	if q.Label, err = c.takeLabel("WITHLABEL"); err != nil {
		return nil, err
	}
	if q.Subject, err = c.subject(); err != nil {
		return nil, err
	}
	if q.Key, q.Place, err = c.key(q.Label); err != nil {
		return nil, err
	}
	if q.NotBefore, err = c.moment("NOTBEFORE"); err != nil {
		return nil, err
	}
	if q.NotAfter, err = c.moment("NOTAFTER"); err != nil {
		return nil, err
	}
	if q.SignWith, err = c.signWith(); err != nil {
		return nil, err
	}
	c.use("KEYUSAGE")
	words, err := c.choices("KEYUSAGE", usageWords)
	if err != nil {
		return nil, err
	}
	if q.Usage, err = cert.ParseUsage(words); err != nil {
		return nil, err
	}
	if q.PSS, err = c.pss(); err != nil {
		return nil, err
	}
	if q.ExtUsage, err = c.extUsage(); err != nil {
		return nil, err
	}
	q.AltNames, err = c.altNames()
	if _, err := c.take("TRUST"); err != nil { // some scripts give it; it is what GENCERT does
		return nil, err
	}
	return g, err
}

// subject reads SUBJECTSDN.
func (c *racdcert) subject() (cert.Name, error) {
	c.use("SUBJECTSDN")
	op, ok := c.find("SUBJECTSDN")
	if !ok {
		return cert.Name{}, nil
	}
	parts, err := inside(op, "SUBJECTSDN", "CN", "T", "OU", "O", "L", "SP", "C")
	if err != nil {
		return cert.Name{}, err
	}
	var s cert.Subject
	for _, part := range []struct {
		keyword string
		to      *string
	}{{"CN", &s.CN}, {"T", &s.T}, {"O", &s.O}, {"L", &s.L}, {"SP", &s.SP}, {"C", &s.C}} {
		if *part.to, err = parts.text(part.keyword); err != nil {
			return cert.Name{}, err
		}
	}
	if s.OU, err = parts.list("OU"); err != nil {
		return cert.Name{}, err
	}
	name, err := s.Name()
	if err != nil {
		return name, fail(op.Pos, "", "%s SUBJECTSDN: %v", idInvalid, err)
	}
	return name, nil
}

// key reads the key type, SIZE and where the private key is to be. label is the certificate's.
func (c *racdcert) key(label string) (spec cert.KeySpec, place ring.KeyPlace, err error) {
	size, err := c.takeText("SIZE")
	if err != nil {
		return spec, place, err
	}
	kind, err := c.take("RSA", "NISTECC", "ED25519", "BPECC", "DSA", "PCICC", "ICSF", "FROMICSF")
	if err != nil {
		return spec, place, err
	}
	op := c.operand(kind)
	spec = cert.KeySpec{Algorithm: cert.RSA, Bits: 2048}
	switch kind {
	case "":
	case "RSA":
		place, err = keyPlace(op, kind, label)
	case "PCICC", "ICSF":
		place, err = pkdsPlace(op, kind, label)
	case "NISTECC":
		spec = cert.KeySpec{Algorithm: cert.EC, Bits: 256}
		place, err = keyPlace(op, kind, label)
	case "ED25519":
		spec = cert.KeySpec{Algorithm: cert.Ed25519}
		place, err = keyPlace(op, kind, label)
		return spec, place, err
	case "BPECC":
		err = fail(op.Pos, "use NISTECC", "%s Brainpool keys are not supported", idInvalid)
	case "DSA":
		err = fail(op.Pos, "use RSA or NISTECC", "%s DSA keys are obsolete and not generated", idInvalid)
	default:
		err = fail(op.Pos, "make a request with the key there, and give it to GENCERT", "%s %s: a key that is in the PKDS already is not used", idInvalid, kind)
	}
	if err != nil || size == "" {
		return spec, place, err
	}
	spec.Bits, err = strconv.Atoi(size)
	if err != nil || spec.Bits < 1 {
		return spec, place, fail(c.operand("SIZE").Pos, "write the number of bits, as in SIZE(2048)", "%s SIZE %q is not a number of bits", idInvalid, size)
	}
	return spec, place, nil
}

// keyPlace reads what is in the parentheses of a key type: TOKEN(name), PKDS or PKDS(label).
func keyPlace(op tso.Operand, kind, label string) (place ring.KeyPlace, err error) {
	if !op.HasValue {
		return place, nil
	}
	parts, err := inside(op, kind, "TOKEN", "PKDS")
	if err != nil {
		return place, err
	}
	switch {
	case parts.has("TOKEN") && parts.has("PKDS"):
		return place, fail(op.Pos, "say one of them", "%s %s: TOKEN and PKDS exclude each other", idInvalid, kind)
	case parts.has("TOKEN"):
		place.Token, err = parts.text("TOKEN")
		return place, err
	}
	return pkdsPlace(parts.operand("PKDS"), "PKDS", label)
}

// pkdsPlace reads the label of a key in the PKDS, which is that of the certificate when it is
// an asterisk or left out (racdcert-certificates.md 2).
func pkdsPlace(op tso.Operand, keyword, label string) (ring.KeyPlace, error) {
	place := ring.KeyPlace{PKDS: true}
	if !op.HasValue {
		return place, nil
	}
	name, err := value(op, keyword)
	if err != nil {
		return place, err
	}
	if name == "*" {
		name = label
		if name == "" {
			return place, fail(op.Pos, "give WITHLABEL, or the label itself", "%s %s(*) stands for the label of WITHLABEL, which is missing", idInvalid, keyword)
		}
	}
	if !pkdsLabel(name) {
		return place, fail(op.Pos, "use up to 64 letters, digits and @ # $ . and begin with a letter or @ # $", "IRRD160I %q cannot be a PKDS label", name)
	}
	place.Label = strings.ToUpper(name)
	return place, nil
}

// pkdsLabel reports whether a key in the PKDS can have a label (racdcert-certificates.md 2).
func pkdsLabel(s string) bool {
	const maxPKDSLabel = 64
	for i, r := range strings.ToUpper(s) {
		letter := r >= 'A' && r <= 'Z' || strings.ContainsRune("@#$", r)
		if !letter && (i == 0 || r != '.' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != "" && len(s) <= maxPKDSLabel
}

// extUsage reads EKU, an extension: the words of extended key usages, or object identifiers.
func (c *racdcert) extUsage() ([]string, error) {
	c.use("EKU")
	words, err := c.list("EKU")
	if err != nil {
		return nil, err
	}
	if _, _, err := cert.ParseExtUsage(words); err != nil {
		return nil, fail(c.operand("EKU").Pos, "", "%s EKU: %v", idInvalid, err)
	}
	return words, nil
}

// pss reads SIGATTR.
func (c *racdcert) pss() (bool, error) {
	c.use("SIGATTR")
	attr, err := c.choice("SIGATTR", []string{"RSAPSS"})
	return attr != "", err
}

// moment reads NOTBEFORE or NOTAFTER.
func (c *racdcert) moment(keyword string) (ring.Moment, error) {
	var w ring.Moment
	c.use(keyword)
	op, ok := c.find(keyword)
	if !ok {
		return w, nil
	}
	parts, err := inside(op, keyword, "DATE", "TIME")
	if err != nil {
		return w, err
	}
	if w.Date, err = parts.text("DATE"); err != nil {
		return w, err
	}
	if w.Time, err = parts.text("TIME"); err != nil {
		return w, err
	}
	if w.Date != "" {
		if w.Date, err = ring.ParseDate(w.Date); err != nil {
			return w, at(parts.operand("DATE").Pos, err)
		}
	}
	if w.Time != "" {
		w.Time, err = ring.ParseTimeOfDay(w.Time)
	}
	return w, at(parts.operand("TIME").Pos, err)
}

// signWith reads SIGNWITH. A label alone means the issuer's own certificate.
func (c *racdcert) signWith() (*ring.CertRef, error) {
	c.use("SIGNWITH")
	op, ok := c.find("SIGNWITH")
	if !ok {
		return nil, nil
	}
	parts, err := inside(op, "SIGNWITH", "CERTAUTH", "SITE", "ID", "LABEL")
	if err != nil {
		return nil, err
	}
	ref, err := certRef(parts, c.issuer)
	if err == nil && ref.Label == "" {
		err = fail(op.Pos, "write SIGNWITH(CERTAUTH LABEL('label'))", "%s SIGNWITH needs a LABEL", idMissing)
	}
	return &ref, err
}

// certRef reads ID, SITE or CERTAUTH and LABEL; owner is the one meant when none is given.
func certRef(parts operands, owner ring.Owner) (ring.CertRef, error) {
	ref := ring.CertRef{Owner: owner}
	k, err := parts.exclusive("ID", "SITE", "CERTAUTH")
	if err != nil {
		return ref, err
	}
	if k != "" {
		if ref.Owner, err = ownerOf(parts.operand(k), k); err != nil {
			return ref, err
		}
	}
	ref.Label, err = parts.label("LABEL")
	return ref, err
}

// label reads a label, empty when the keyword was not given.
func (o operands) label(keyword string) (string, error) {
	s, err := o.text(keyword)
	if err != nil || !o.has(keyword) {
		return "", err
	}
	label, err := ring.CheckLabel(s)
	return label, at(o.operand(keyword).Pos, err)
}

// altNames reads ALTNAME. The forms for one value and for several may be mixed.
func (c *racdcert) altNames() (cert.AltNames, error) {
	var a cert.AltNames
	c.use("ALTNAME")
	op, ok := c.find("ALTNAME")
	if !ok {
		return a, nil
	}
	parts, err := inside(op, "ALTNAME", "IP", "AIP", "DOMAIN", "ADOMAIN", "EMAIL", "AEMAIL", "URI", "AURI")
	if err != nil {
		return a, err
	}
	var ips []string
	for _, kind := range []struct {
		keyword string
		to      *[]string
	}{{"IP", &ips}, {"DOMAIN", &a.DNS}, {"EMAIL", &a.Emails}, {"URI", &a.URIs}} {
		one, err := parts.list(kind.keyword)
		if err != nil {
			return a, err
		}
		several, err := parts.list("A" + kind.keyword)
		if err != nil {
			return a, err
		}
		*kind.to = append(one, several...)
	}
	for _, s := range ips {
		ip, err := netip.ParseAddr(s)
		if err != nil || ip.Zone() != "" {
			return a, fail(op.Pos, "write an IPv4 or IPv6 address", "%s ALTNAME IP %q is not an address", idInvalid, s)
		}
		a.IPs = append(a.IPs, ip)
	}
	if err := a.Check(); err != nil {
		return a, fail(op.Pos, "", "%s ALTNAME: %v", idInvalid, err)
	}
	return a, nil
}

func (g gencert) run(ctx context.Context, s *Session) (*ring.Result, error) {
	if g.dsn.given() {
		var err error
		if g.request.Request, err = g.dsn.read(s, cert.MaxSize); err != nil {
			return nil, err
		}
	}
	return issued(s.Manager.Gencert(ctx, g.request))
}
