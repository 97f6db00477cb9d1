package ring

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"

	"signet/cert"
)

// Gencert asks for a new certificate (racdcert-certificates.md 3).
type Gencert struct {
	Owner     Owner
	Label     string        // empty: LABELnnnnnnnn
	Subject   cert.Name     // zero: the request's, else the name of the user
	Key       cert.KeySpec  // zero: RSA 2048; not used with a request
	Place     KeyPlace      // where the new key pair is to be; zero: in the store
	NotBefore Moment        // zero: today at 00:00:00
	NotAfter  Moment        // zero: a year after NotBefore, at 23:59:59
	Days      int           // zero: a year; how long it is valid when NotAfter has no date
	Usage     cert.Usage    // zero: the request's; for CERTAUTH CERTSIGN
	ExtUsage  []string      // extended key usages, words or OIDs; nil: the request's
	AltNames  cert.AltNames // empty: the request's
	SignWith  *CertRef      // nil: self-signed
	PSS       bool          // sign with RSASSA-PSS padding; the signing key must be RSA
	Request   []byte        // PKCS #10, DER or text; nil: a new key pair
}

// Issued is the answer to Gencert.
type Issued struct {
	Result
	Certificate *Certificate
}

// Gencert makes a certificate: self-signed or signed by another, for a new key pair or for a
// request. A request whose key belongs to a certificate of the same owner takes that
// certificate's place. The key pair is made outside the transaction, because it takes long.
func (m *Manager) Gencert(ctx context.Context, g Gencert) (*Issued, error) {
	return perform(ctx, m, Act{Function: "GENCERT", Cert: CertRef{g.Owner, g.Label}, SignWith: g.SignWith, Token: g.Place.resource()}, g, (*call).gencert)
}

func (m *call) gencert(ctx context.Context, g Gencert) (*Issued, error) {
	p, err := m.planGencert(g)
	if err != nil {
		return nil, err
	}
	if err := m.view(ctx, p.check); err != nil {
		return nil, err
	}
	if p.request == nil {
		if p.g.Place.Label == "" {
			p.g.Place.Label = p.g.Label
		}
		if p.key, err = m.makeKey(ctx, p.g.Place, p.g.Key); err != nil {
			return nil, err
		}
	}
	planned := p.Messages
	err = m.update(ctx, func(tx Tx) error {
		p.Messages = slices.Clone(planned) // a store may run this again
		p.checks = m.checks
		if p.checks == nil {
			p.checks = newChecks()
		}
		if err := p.perform(tx); err != nil || m.checks != nil {
			return err
		}
		return p.checks.wait()
	})
	if err != nil {
		return nil, m.unmake(ctx, err, p.key)
	}
	m.kept(p.key)
	return &p.Issued, nil
}

// gencertPlan is a Gencert on its way to a certificate.
type gencertPlan struct {
	Issued
	m        *Manager
	g        Gencert
	template cert.Template
	request  *cert.Request
	key      crypto.Signer // nil with a request
	checks   *checks       // of the signature
}

// planGencert settles everything that does not depend on the database.
func (m *Manager) planGencert(g Gencert) (*gencertPlan, error) {
	p := &gencertPlan{m: m, g: g}
	if g.SignWith != nil && g.SignWith.Label == "" {
		return nil, MissingKeyword("GENCERT SIGNWITH", "LABEL")
	}
	t := &p.template
	t.Subject, t.MaxPathLen, t.PSS = g.Subject, -1, g.PSS
	var alg cert.KeyAlgorithm
	if g.Request != nil {
		req, err := cert.ParseRequest(g.Request)
		if err != nil {
			return nil, newError(msgBadRequest, err)
		}
		spec, err := cert.SpecOf(req.PublicKey)
		if err != nil {
			return nil, newError(msgBadRequest, err)
		}
		p.request, alg = req, spec.Algorithm
		if t.Subject.IsZero() {
			t.Subject = req.Subject
		}
		t.SubjectKeyID = req.SubjectKeyID
		p.weigh(spec)
		if g.SignWith == nil {
			return nil, newError(msgKeyword, "GENCERT of a request", "SIGNWITH, because only the requester has the private key")
		}
	} else {
		if p.g.Key = g.Key.Round(); p.g.Key.Bits != g.Key.Bits && g.Key.Bits != 0 {
			p.note(msgRounded, g.Key.Bits, p.g.Key.Bits)
		}
		if err := p.g.Key.Check(); err != nil {
			return nil, newError(msgBadKey, err)
		}
		alg = p.g.Key.Algorithm
		p.weigh(p.g.Key)
	}
	if t.Subject.IsZero() && (p.request != nil || !g.Owner.IsUser()) {
		return nil, errNoSubject()
	}
	var err error
	if t.NotBefore, t.NotAfter, err = m.period(g.NotBefore, g.NotAfter, g.Days); err != nil {
		return nil, err
	}
	return p, p.setExtensions(alg)
}

func (p *gencertPlan) weigh(k cert.KeySpec) {
	if k.Weak() {
		p.note(msgWeakKey, k.Bits)
	}
}

// setExtensions fills the template from the operands and, where they say nothing, from the
// request (racdcert-certificates.md 3.6).
func (p *gencertPlan) setExtensions(alg cert.KeyAlgorithm) error {
	t, g, req := &p.template, &p.g, p.request
	if req == nil {
		req = &cert.Request{MaxPathLen: -1}
	}
	bits, err := g.Usage.Bits(alg)
	if err != nil {
		return newError(msgBadUsage, err)
	}
	if g.Usage == 0 && req.HasKeyUsage {
		bits = req.KeyUsage
		if err := cert.CheckUsageBits(bits, alg); err != nil {
			return newError(msgBadUsage, err)
		}
	}
	if g.Owner == CertAuth {
		switch {
		case req.HasKeyUsage && req.KeyUsage&x509.KeyUsageCertSign == 0:
			return newError(msgNotCA, "keyCertSign")
		case req.HasBasicConstraints && !req.CA:
			return newError(msgNotCA, "CA in basicConstraints")
		}
		if g.Usage != 0 || !req.HasKeyUsage {
			bits |= x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		}
		t.CA, t.BasicConstraints = true, true
	} else if req.HasBasicConstraints {
		t.CA, t.BasicConstraints, t.MaxPathLen = req.CA, true, req.MaxPathLen
	}
	t.KeyUsage = bits

	t.ExtKeyUsage, t.UnknownExtKeyUsage = req.ExtKeyUsage, req.UnknownExtKeyUsage
	if g.ExtUsage != nil {
		var oids []asn1.ObjectIdentifier
		if t.ExtKeyUsage, oids, err = cert.ParseExtUsage(g.ExtUsage); err != nil {
			return newError(msgBadUsage, err)
		}
		t.UnknownExtKeyUsage = oids
	}
	t.AltNames = g.AltNames
	if t.AltNames.Empty() {
		t.AltNames = req.AltNames
	}
	if err := t.AltNames.Check(); err != nil {
		return newError(msgBadAltName, err)
	}
	return nil
}

// check finds what is wrong before a key pair is made.
func (p *gencertPlan) check(tx Tx) error {
	if _, ok := tx.(OneRing); ok && p.request == nil && !p.g.Owner.IsUser() {
		return newError(msgKeyOwner, p.g.Owner.Name())
	}
	if p.template.Subject.IsZero() {
		var err error
		if p.template.Subject, err = namedSubject(tx, p.g.Owner); err != nil {
			return err
		}
	}
	if p.g.Label != "" && p.request == nil {
		if _, err := newLabel(tx, p.g.Owner, p.g.Label); err != nil {
			return err
		}
	}
	signer, err := p.signer(tx)
	if err == nil && signer != nil && signer.Key.InToken() {
		_, err = tx.PrivateKey(signer) // asks for the PIN now, while nobody has to wait
	}
	return err
}

// signer gives the signing certificate, nil for a self-signed one.
func (p *gencertPlan) signer(tx Tx) (*Certificate, error) {
	if p.g.SignWith == nil {
		return nil, nil
	}
	s, err := byRef(tx, *p.g.SignWith)
	if err == nil && !s.HasKey() {
		return nil, newError(msgNeedsKey, "GENCERT with SIGNWITH", s.Ref())
	}
	return s, err
}

// perform issues and stores the certificate.
func (p *gencertPlan) perform(tx Tx) error {
	if err := speakFor(tx, p.g.Owner); err != nil {
		return err
	}
	signer, err := p.signer(tx)
	if err != nil {
		return err
	}
	x, err := p.issue(tx, signer)
	if err != nil {
		return err
	}
	if p.request != nil {
		old, err := ownKeyHolder(tx, p.g.Owner, x, p.g.Label)
		if err != nil {
			return err
		}
		if old != nil {
			p.Certificate = old
			if p.statusBy(tx, old, x, signer) == NoTrust {
				old.Status = NoTrust
			}
			return p.m.replace(tx, old, x, p.g.Label, &p.Result)
		}
	}
	label, err := newLabel(tx, p.g.Owner, p.g.Label)
	if err != nil {
		return err
	}
	c := NewCertificate(CertRef{p.g.Owner, label}, x)
	c.Status = p.statusBy(tx, c, x, signer)
	c.Added, c.AddedBy = p.m.now(), string(p.m.issuer)
	if p.key != nil {
		err = tx.AddWithKey(c, p.key)
	} else {
		err = tx.AddCertificate(c)
	}
	if err != nil {
		return err
	}
	p.noteLabel(label, c)
	p.Certificate = c
	return p.remindRefresh(tx, "DIGTCERT")
}

// issue signs the template with the next serial number of its issuer.
func (p *gencertPlan) issue(tx Tx, signer *Certificate) (*x509.Certificate, error) {
	t := p.template
	var err error
	if signer == nil {
		if err := p.checkPSS(p.key.Public()); err != nil {
			return nil, err
		}
		if t.Serial, err = serialFor(tx, t.Subject.DER(), nil); err != nil {
			return nil, err
		}
		return cert.SelfSign(t, p.key)
	}
	by, err := issuerOfKey(tx, signer)
	if err != nil {
		return nil, err
	}
	if err := p.checkPSS(by.Cert.PublicKey); err != nil {
		return nil, err
	}
	if t.Serial, err = serialFor(tx, by.Cert.RawSubject, signer); err != nil {
		return nil, err
	}
	pub := crypto.PublicKey(nil)
	if p.key != nil {
		pub = p.key.Public()
	} else {
		pub = p.request.PublicKey
	}
	x, err := cert.IssueUnchecked(t, pub, by)
	if err != nil {
		return nil, err
	}
	if err := tx.UpdateCertificate(signer); err != nil { // the serial counter
		return nil, err
	}
	return x, p.checks.start(func() error { return cert.CheckSignature(x, by.Cert) })
}

// checkPSS refuses RSASSA-PSS with a signing key that is not RSA.
func (p *gencertPlan) checkPSS(signing crypto.PublicKey) error {
	if p.g.PSS && cert.AlgorithmOf(signing) != cert.RSA {
		return newError(msgBadKey, "RSASSA-PSS needs an RSA key to sign with")
	}
	return nil
}

// issuerOfKey makes a stored certificate ready to sign.
func issuerOfKey(tx Tx, c *Certificate) (cert.Issuer, error) {
	x, err := c.X509()
	if err != nil {
		return cert.Issuer{}, err
	}
	key, err := tx.PrivateKey(c)
	return cert.Issuer{Cert: x, Key: key}, err
}

// statusBy decides the status of a new certificate from its signer, and says why
// (racdcert-certificates.md 3.8).
func (p *gencertPlan) statusBy(tx Tx, c *Certificate, x *x509.Certificate, signer *Certificate) Status {
	now := p.m.now()
	status := Trust
	if signer != nil {
		s, err := signer.X509()
		if err == nil && !s.IsCA {
			p.note(msgSignerNotCA, signer.Ref())
		}
		switch {
		case !distrusts(tx, c):
		case signer.Status == NoTrust:
			p.note(msgNoTrustIssuerStatus, c.Ref(), signer.Ref())
			status = NoTrust
		case err != nil || now.After(s.NotAfter) || now.Before(s.NotBefore):
			p.note(msgNoTrustIssuerExpired, c.Ref(), signer.Ref())
			status = NoTrust
		case x.NotBefore.Before(s.NotBefore) || x.NotAfter.After(s.NotAfter):
			p.note(msgNoTrustOutside, c.Ref(), signer.Ref(), p.m.day(s.NotBefore), p.m.day(s.NotAfter))
			status = NoTrust
		}
	}
	if now.After(x.NotAfter) {
		p.note(msgBornExpired, c.Ref(), p.m.day(x.NotAfter))
	}
	return status
}

// ownKeyHolder finds the certificate of owner that holds the private key of x, nil when there
// is none. Among several, label decides.
func ownKeyHolder(tx Tx, owner Owner, x *x509.Certificate, label string) (*Certificate, error) {
	var holders []*Certificate
	for c, err := range ofOwner(tx.CertificatesByPublicKey(x.RawSubjectPublicKeyInfo), owner) {
		switch {
		case err != nil:
			return nil, err
		case !c.HasKey():
			continue
		case c.Label == label:
			return c, nil
		}
		holders = append(holders, c)
	}
	switch len(holders) {
	case 0:
		return nil, nil
	case 1:
		return holders[0], nil
	}
	return nil, newError(msgSameKeyTwice, holders[0].Ref(), holders[1].Ref())
}

// replace puts x in the place of a certificate with the same key: key, label, status, rings and
// serial counter stay (racdcert-certificates.md 4.3).
func (m *Manager) replace(tx Tx, c *Certificate, x *x509.Certificate, label string, r *Result) error {
	if label != "" && !labelled(tx, c, label) {
		r.note(msgLabelIgnored, label, c.Label)
	}
	c.setX509(x)
	c.Requested = false
	c.Added, c.AddedBy = m.now(), string(m.issuer)
	if err := tx.UpdateCertificate(c); err != nil {
		return err
	}
	r.note(msgReplaced, c.Ref())
	return r.remindRefresh(tx, "DIGTCERT")
}

// isFree reports whether a look-up found nothing.
func isFree(err error) (bool, error) {
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	return false, err
}

// expired reports whether x's validity has ended.
func (m *Manager) expired(x *x509.Certificate) bool { return m.now().After(x.NotAfter) }
