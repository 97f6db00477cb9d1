package ring

import (
	"bytes"
	"crypto/x509"
	"errors"

	"signet/cert"
)

// capStatus turns HIGHTRUST into TRUST for certificates that are not under CERTAUTH
// (racdcert-certificates.md 5).
func capStatus(c *Certificate, want Status, r *Result) Status {
	if want == HighTrust && c.Owner != CertAuth {
		r.note(msgHighTrust, c.Ref(), Trust)
		return Trust
	}
	return want
}

// statusOf decides the status of a certificate that is being added, and says why
// (racdcert-certificates.md 4.2). HIGHTRUST is not honoured outside CERTAUTH: the rules decide.
func (m *Manager) statusOf(tx Tx, c *Certificate, x *x509.Certificate, want Status, r *Result) (Status, error) {
	issuer, err := m.checkIssuer(tx, x)
	if err != nil {
		return "", err
	}
	selfSigned := cert.SelfSigned(x)
	if selfSigned {
		r.note(msgSelfSigned)
	}
	if want == HighTrust && c.Owner != CertAuth {
		r.note(msgHighTrust, c.Ref(), "the status that the rules give")
		want = ""
	}
	if want != "" {
		return want, nil
	}
	var i *x509.Certificate
	if issuer != nil {
		if i, err = issuer.X509(); err != nil {
			return "", err
		}
	}
	if !distrusts(tx, c) {
		return Trust, nil
	}
	switch {
	case m.now().After(x.NotAfter):
		r.note(msgNoTrustExpired, c.Ref(), m.day(x.NotAfter))
	case selfSigned && c.Owner == CertAuth:
		return Trust, nil
	case selfSigned:
		r.note(msgNoTrustSelfSigned, c.Ref())
	case issuer == nil:
		r.note(msgNoTrustNoIssuer, c.Ref(), cert.IssuerOf(x).RACF())
	case issuer.Owner != CertAuth:
		r.note(msgNoTrustIssuerOwner, c.Ref(), issuer.Ref())
	case issuer.Status == NoTrust:
		r.note(msgNoTrustIssuerStatus, c.Ref(), issuer.Ref())
	case m.now().After(i.NotAfter):
		r.note(msgNoTrustIssuerExpired, c.Ref(), issuer.Ref())
	case x.NotBefore.Before(i.NotBefore) || x.NotAfter.After(i.NotAfter):
		r.note(msgNoTrustOutside, c.Ref(), issuer.Ref(), m.day(i.NotBefore), m.day(i.NotAfter))
	default:
		return Trust, nil
	}
	return NoTrust, nil
}

// checkIssuer finds the issuer of x in the database, under CERTAUTH if it is there, else under
// any owner; nil when it is not there. An issuer whose name and key identifier fit but whose
// signature does not verify stops the ADD.
func (m *Manager) checkIssuer(tx Tx, x *x509.Certificate) (*Certificate, error) {
	var certs []*Certificate
	var parsed []*x509.Certificate
	for c, err := range tx.CertificatesBySubject(x.RawIssuer) {
		if err != nil {
			return nil, err
		}
		p, err := c.X509()
		if err != nil {
			return nil, err
		}
		if p.Equal(x) {
			continue
		}
		certs, parsed = append(certs, c), append(parsed, p)
	}
	for _, certAuth := range []bool{true, false} {
		var owned []*Certificate
		var xs []*x509.Certificate
		for i, c := range certs {
			if (c.Owner == CertAuth) == certAuth {
				owned, xs = append(owned, c), append(xs, parsed[i])
			}
		}
		if i := cert.PickIssuer(x, xs); i >= 0 {
			return owned[i], nil
		}
	}
	for i, c := range certs {
		if len(x.AuthorityKeyId) > 0 && bytes.Equal(x.AuthorityKeyId, parsed[i].SubjectKeyId) &&
			errors.Is(cert.CheckSignature(x, parsed[i]), cert.ErrSignature) {
			return nil, newError(msgForgedIssuer, c.Ref())
		}
	}
	return nil, nil
}
