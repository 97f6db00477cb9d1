package ring

import (
	"crypto/x509"
	"iter"

	"signet/cert"
)

// maxChain is the longest chain that is followed; loops of cross-signed CAs end there.
const maxChain = 32

// chain follows the issuers of c: first among the certificates of its owner, from the first
// that is not there on under CERTAUTH (racdcert-certificates.md 12). The chain is complete when
// it reaches a self-signed certificate.
func chain(tx Tx, c *Certificate) (certs []*Certificate, complete bool, err error) {
	certs = []*Certificate{c}
	owner := c.Owner
	for len(certs) < maxChain {
		last := certs[len(certs)-1]
		x, err := last.X509()
		if err != nil {
			return nil, false, err
		}
		if cert.SelfSigned(x) {
			return certs, true, nil
		}
		next, err := issuerOf(tx, x, owner)
		if err == nil && next == nil && owner != CertAuth {
			owner = CertAuth
			next, err = issuerOf(tx, x, owner)
		}
		if err != nil || next == nil {
			return certs, false, err
		}
		certs = append(certs, next)
	}
	return certs, false, nil
}

// issuerOf finds the certificate of owner that signed x, nil when it is not there.
func issuerOf(tx Tx, x *x509.Certificate, owner Owner) (*Certificate, error) {
	var certs []*Certificate
	var parsed []*x509.Certificate
	for c, err := range ofOwner(tx.CertificatesBySubject(x.RawIssuer), owner) {
		if err != nil {
			return nil, err
		}
		p, err := c.X509()
		if err != nil {
			return nil, err
		}
		certs, parsed = append(certs, c), append(parsed, p)
	}
	if i := cert.PickIssuer(x, parsed); i >= 0 {
		return certs[i], nil
	}
	return nil, nil
}

// ofOwner keeps the certificates of one owner.
func ofOwner(seq iter.Seq2[*Certificate, error], owner Owner) iter.Seq2[*Certificate, error] {
	return func(yield func(*Certificate, error) bool) {
		for c, err := range seq {
			if err == nil && c.Owner != owner {
				continue
			}
			if !yield(c, err) {
				return
			}
		}
	}
}
