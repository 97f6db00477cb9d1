package ring

import (
	"crypto/x509"
	"iter"

	"signet/cert"
)

// maxChain is the longest chain that is followed; loops of cross-signed CAs end there.
const maxChain = 32

// chain follows the issuers of one certificate, as chains does.
func chain(tx Tx, c *Certificate) (certs []*Certificate, complete bool, err error) {
	return newChains(tx).of(c)
}

// chains follows the issuers of many certificates of a store that does not change meanwhile.
// Most end in the same few CAs, which are looked up, parsed and verified once.
type chains struct {
	tx    Tx
	named map[name][]*Certificate
	rest  map[step]tail
}

// name is what issuers are looked up by: an owner and a subject in DER.
type name struct {
	owner   Owner
	subject string
}

// step is an issuer that a chain comes to, and the owner that is looked under from there on.
type step struct {
	issuer *Certificate
	owner  Owner
}

// tail is what follows it.
type tail struct {
	certs    []*Certificate
	complete bool
}

// maxNamed caps the names whose certificates are kept: more are not the same few CAs.
const maxNamed = 1000

func newChains(tx Tx) *chains {
	return &chains{tx: tx, named: map[name][]*Certificate{}, rest: map[step]tail{}}
}

// of follows the issuers of c: first among the certificates of its owner, from the first
// that is not there on under CERTAUTH (racdcert-certificates.md 12). The chain is complete when
// it reaches a self-signed certificate.
func (cs *chains) of(c *Certificate) (certs []*Certificate, complete bool, err error) {
	certs = []*Certificate{c}
	owner := c.Owner
	var first step
	for len(certs) < maxChain {
		last := certs[len(certs)-1]
		at := step{last, owner}
		if t, known := cs.rest[at]; known {
			certs = append(certs, t.certs[:min(len(t.certs), maxChain-len(certs))]...)
			return certs, t.complete && certs[len(certs)-1] == t.last(last), nil
		}
		if len(certs) == 2 {
			first = at
		}
		x, err := last.X509()
		if err != nil {
			return nil, false, err
		}
		if complete = cert.SelfSigned(x); complete {
			break
		}
		next, err := cs.issuerOf(x, owner)
		if err == nil && next == nil && owner != CertAuth {
			owner = CertAuth
			next, err = cs.issuerOf(x, owner)
		}
		if err != nil {
			return certs, false, err
		}
		if next == nil {
			break
		}
		certs = append(certs, next)
	}
	if first.issuer != nil {
		cs.rest[first] = tail{certs[2:], complete}
	}
	return certs, complete, nil
}

// last gives the end of a chain that comes to issuer and goes on with the tail.
func (t tail) last(issuer *Certificate) *Certificate {
	if len(t.certs) == 0 {
		return issuer
	}
	return t.certs[len(t.certs)-1]
}

// issuerOf finds the certificate of owner that signed x, nil when it is not there.
func (cs *chains) issuerOf(x *x509.Certificate, owner Owner) (*Certificate, error) {
	certs, err := cs.called(name{owner, string(x.RawIssuer)})
	if err != nil {
		return nil, err
	}
	parsed := make([]*x509.Certificate, len(certs))
	for i, c := range certs {
		if parsed[i], err = c.X509(); err != nil {
			return nil, err
		}
	}
	if i := cert.PickIssuer(x, parsed); i >= 0 {
		return certs[i], nil
	}
	return nil, nil
}

// called gives the certificates of an owner with a subject.
func (cs *chains) called(n name) ([]*Certificate, error) {
	if certs, known := cs.named[n]; known {
		return certs, nil
	}
	var certs []*Certificate
	for c, err := range ofOwner(cs.tx.CertificatesBySubject([]byte(n.subject)), n.owner) {
		if err != nil {
			return nil, err
		}
		certs = append(certs, c)
	}
	if len(cs.named) == maxNamed {
		clear(cs.named)
		clear(cs.rest)
	}
	cs.named[n] = certs
	return certs, nil
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
