package ring

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"

	"signet/cert"
)

// Add asks for a certificate, or a package with its chain and perhaps its private key, to be
// stored (racdcert-certificates.md 4).
type Add struct {
	Owner    Owner
	Label    string // empty: LABELnnnnnnnn; for the end-entity of a package
	Status   Status // empty: decided by the rules
	Data     []byte // the file
	Source   string // its name, for messages
	Password []byte // nil: none given
}

// Added is the answer to Add: the certificate, and the CA certificates that came with it and
// were new.
type Added struct {
	Result
	Certificate *Certificate
	Issuers     []*Certificate
}

// Add stores the certificate and, under CERTAUTH, the issuers that come with it, all in one
// transaction.
func (m *Manager) Add(ctx context.Context, a Add) (*Added, error) {
	return perform(ctx, m, Act{Function: "ADD", Cert: CertRef{a.Owner, a.Label}}, a, (*call).add)
}

func (m *call) add(ctx context.Context, a Add) (*Added, error) {
	b, err := m.decode(a.Data, a.Password)
	if err != nil {
		return nil, newError(msgBadInput, a.Source, err)
	}
	leaf, issuers, err := endEntity(b, a.Source)
	if err != nil {
		return nil, err
	}
	var r *Added
	err = m.update(ctx, func(tx Tx) error {
		r, err = m.addAll(tx, a, leaf, issuers, b)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// addAll stores a certificate, its issuers before it, and the private key of the bundle. It is
// the part that ADD and IMPORT share. A keystore takes the issuers of a user's certificate into
// the chain of its private key, and does not trust them for that.
func (m *call) addAll(tx Tx, a Add, leaf *x509.Certificate, issuers []*x509.Certificate, b cert.Bundle) (*Added, error) {
	r := &Added{}
	if err := speakFor(tx, a.Owner); err != nil {
		return nil, err
	}
	if one, ok := tx.(OneRing); ok && one.KeepsChains() && a.Owner.IsUser() {
		one.Offer(issuers)
		issuers = nil
	}
	for _, x := range issuers {
		c, err := m.addIssuer(tx, x, &r.Result)
		if err != nil {
			return nil, err
		}
		if c != nil {
			r.Issuers = append(r.Issuers, c)
		}
	}
	if err := m.addLeaf(tx, a, leaf, b, r); err != nil {
		return nil, err
	}
	return r, r.remindRefresh(tx, "DIGTCERT")
}

// maxPackage caps the certificates of a package: each is tried as the issuer of each other.
const maxPackage = 64

// endEntity picks the certificate that a package is about: the one that matches its private
// key, else the one that issued no other. The rest are issuers, root first.
func endEntity(b cert.Bundle, source string) (leaf *x509.Certificate, issuers []*x509.Certificate, err error) {
	var certs []*x509.Certificate
	for _, c := range b.Certificates {
		if len(certs) <= maxPackage && !contains(certs, c) {
			certs = append(certs, c)
		}
	}
	switch {
	case len(certs) == 0:
		return nil, nil, newError(msgNoEndEntity, source)
	case len(certs) > maxPackage:
		return nil, nil, newError(msgBadInput, source, fmt.Errorf("it holds more than %d certificates, which cannot be one certificate and its chain", maxPackage))
	}
	var ends []*x509.Certificate
	for _, c := range certs {
		if b.Key != nil {
			if cert.SameKey(c.PublicKey, b.Key.Public()) {
				ends = append(ends, c)
			}
		} else if !issuesAny(c, certs) {
			ends = append(ends, c)
		}
	}
	switch {
	case len(ends) == 0 && b.Key != nil:
		return nil, nil, newError(msgBadInput, source, errors.New("no certificate in it matches its private key"))
	case len(ends) == 0: // certificates that sign each other in a circle
		return nil, nil, newError(msgBadInput, source, errors.New("its certificates sign each other in a circle"))
	case len(ends) > 1:
		return nil, nil, newError(msgManyEndEntities, source, cert.SubjectOf(ends[0]).RACF(), cert.SubjectOf(ends[1]).RACF())
	}
	leaf = ends[0]
	for next := leaf; !cert.SelfSigned(next); {
		rest := without(certs, append(issuers, leaf))
		i := cert.PickIssuer(next, rest)
		if i < 0 {
			break
		}
		next = rest[i]
		issuers = append([]*x509.Certificate{next}, issuers...)
	}
	if len(issuers)+1 < len(certs) {
		stray := without(certs, append(issuers, leaf))[0]
		return nil, nil, newError(msgManyEndEntities, source, cert.SubjectOf(leaf).RACF(), cert.SubjectOf(stray).RACF())
	}
	return leaf, issuers, nil
}

func contains(certs []*x509.Certificate, c *x509.Certificate) bool {
	for _, o := range certs {
		if o.Equal(c) {
			return true
		}
	}
	return false
}

func without(certs, drop []*x509.Certificate) []*x509.Certificate {
	var kept []*x509.Certificate
	for _, c := range certs {
		if !contains(drop, c) {
			kept = append(kept, c)
		}
	}
	return kept
}

func issuesAny(c *x509.Certificate, certs []*x509.Certificate) bool {
	for _, o := range certs {
		if !o.Equal(c) && cert.CheckSignature(o, c) == nil {
			return true
		}
	}
	return false
}

// addIssuer stores a CA certificate of a package under CERTAUTH; one that is already there is
// left alone, and nil is returned.
func (m *call) addIssuer(tx Tx, x *x509.Certificate, r *Result) (*Certificate, error) {
	old, err := tx.CertificateByIssuerSerial(x.RawIssuer, x.SerialNumber)
	if err == nil {
		if !bytes.Equal(old.DER, x.Raw) {
			return nil, newError(msgSameIdentity, old.Ref())
		}
		r.note(msgAlreadyThere, old.Ref())
		return nil, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if may, err := m.may(tx, Act{Function: "ADD", Cert: CertRef{Owner: CertAuth}}); err != nil {
		return nil, err
	} else if !may {
		r.note(msgIssuerSkipped, cert.SubjectOf(x).RACF())
		return nil, nil
	}
	label, err := freeLabel(tx, CertAuth)
	if err != nil {
		return nil, err
	}
	c := NewCertificate(CertRef{CertAuth, label}, x)
	return c, m.store1(tx, c, "", r)
}

// store1 adds a certificate that is new to the database, with the status wanted or, when that
// is empty, the one that the rules give.
func (m *Manager) store1(tx Tx, c *Certificate, want Status, r *Result) error {
	x, err := c.X509()
	if err != nil {
		return err
	}
	c.Status, err = m.statusOf(tx, c, x, want, r)
	if err != nil {
		return err
	}
	c.Added, c.AddedBy = m.now(), string(m.issuer)
	label := c.Label
	if err := tx.AddCertificate(c); err != nil {
		return err
	}
	r.noteLabel(label, c)
	r.note(msgAdded, c.Ref(), c.Status)
	if remark := cert.Remark(x); remark != "" {
		r.note(msgOddCertificate, c.Ref(), remark)
	}
	return nil
}

// addLeaf stores the certificate that ADD is about.
func (m *call) addLeaf(tx Tx, a Add, x *x509.Certificate, b cert.Bundle, r *Added) error {
	if a.Label != "" {
		label, err := CheckLabel(a.Label)
		if err != nil {
			return err
		}
		a.Label = label
	}
	old, err := tx.CertificateByIssuerSerial(x.RawIssuer, x.SerialNumber)
	if err == nil {
		return m.addAgain(tx, a, old, x, b, r)
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	if old, err = ownKeyHolder(tx, a.Owner, x, a.Label); err != nil {
		return err
	}
	if old != nil {
		return m.addAnswer(tx, a, old, x, r)
	}
	label, err := newLabel(tx, a.Owner, a.Label)
	if err != nil {
		return err
	}
	c := NewCertificate(CertRef{a.Owner, label}, x)
	if err := m.store1(tx, c, a.Status, &r.Result); err != nil {
		return err
	}
	r.Certificate = c
	return m.keepKey(tx, c, b, nil)
}

// addAgain handles a certificate that is already in the database: its label stays, its status
// changes only when a keyword says so, and a private key is taken if there was none.
func (m *call) addAgain(tx Tx, a Add, old *Certificate, x *x509.Certificate, b cert.Bundle, r *Added) error {
	switch {
	case !bytes.Equal(old.DER, x.Raw):
		return newError(msgSameIdentity, old.Ref())
	case old.Owner != a.Owner:
		named := "another owner's"
		if may, err := m.may(tx, Act{Function: "LIST", Cert: old.Ref()}); err != nil {
			return err
		} else if may {
			named = old.Ref().String()
		}
		return newError(msgOtherOwner, cert.SubjectOf(x).RACF(), named)
	}
	r.Certificate = old
	r.note(msgAlreadyThere, old.Ref())
	if a.Label != "" && !labelled(tx, old, a.Label) {
		r.note(msgLabelIgnored, a.Label, old.Label)
	}
	if a.Status != "" {
		old.Status = capStatus(old, a.Status, &r.Result)
		if err := tx.UpdateCertificate(old); err != nil {
			return err
		}
	}
	return m.keepKey(tx, old, b, &r.Result)
}

// addAnswer handles a certificate for a key that the owner already holds: the signed answer to
// a GENREQ, or a renewal. It replaces the old one in place.
func (m *Manager) addAnswer(tx Tx, a Add, old *Certificate, x *x509.Certificate, r *Added) error {
	o, err := old.X509()
	if err != nil {
		return err
	}
	answer := old.Requested || forgetsRequests(tx) && cert.SelfSigned(o) && !cert.SelfSigned(x)
	if !answer && x.NotAfter.Before(o.NotAfter) {
		return newError(msgSameKeyLater, old.Ref(), m.day(o.NotAfter), m.day(x.NotAfter))
	}
	if _, err := m.checkIssuer(tx, x); err != nil {
		return err
	}
	if a.Status != "" {
		old.Status = capStatus(old, a.Status, &r.Result)
	}
	r.Certificate = old
	return m.replace(tx, old, x, a.Label, &r.Result)
}

// keepKey stores the private key of the package if the certificate has none yet.
func (m *Manager) keepKey(tx Tx, c *Certificate, b cert.Bundle, r *Result) error {
	if b.Key == nil || c.HasKey() {
		return nil
	}
	x, err := c.X509()
	if err != nil {
		return err
	}
	retired, err := tx.KeyRetired(x.RawSubjectPublicKeyInfo)
	if err != nil {
		return err
	}
	if retired {
		return newError(msgRetiredKey, c.Ref())
	}
	if err := tx.PutPrivateKey(c, b.Key); err != nil {
		return err
	}
	if r != nil {
		r.note(msgKeyStored, c.Ref())
	}
	return nil
}
