package keyfile

import (
	"bytes"
	"crypto/x509"

	"signet/cert"
	"signet/export/keystore"
	"signet/ring"
)

// record is an entry of a keystore within one transaction. Records are never changed: a change
// puts another in the place of the old one, so that a savepoint is a copy of the list.
type record struct {
	keystore.Entry
	id   int64
	user bool // it belongs to the user: a private key, or what is to get one before the transaction ends
	keys int  // how often its private key was put or taken away

	certificate *x509.Certificate // parsed on demand: listing a keystore needs no parsing
	broken      error             // why it cannot be parsed
}

// x509 gives the record's own certificate.
func (r *record) x509() (*x509.Certificate, error) {
	if r.certificate == nil && r.broken == nil {
		r.certificate, r.broken = cert.Parse(r.Chain[0])
	}
	return r.certificate, r.broken
}

// holds reports whether the ring's rules can see the record: a certificate with or without its
// private key. What a keystore holds besides stays in it, unseen.
func (r *record) holds() bool { return r.Other == "" && len(r.Chain) > 0 }

// owner gives the owner of the certificate; user is the name of the one user.
func (r *record) owner(user ring.Owner) ring.Owner {
	if r.user {
		return user
	}
	return ring.CertAuth
}

// status is what the format says of the certificate: a private key is its reader's own.
func (r *record) status() ring.Status {
	if r.user || r.Trusted {
		return ring.Trust
	}
	return ring.NoTrust
}

// usage is the role of the certificate in the ring.
func (r *record) usage() ring.Usage {
	if r.user {
		return ring.UsagePersonal
	}
	return ring.UsageCertAuth
}

// same reports whether two records would be written alike.
func (r *record) same(o *record) bool {
	if r == o {
		return true
	}
	if r.Alias != o.Alias || r.Trusted != o.Trusted || r.keys != o.keys || len(r.Chain) != len(o.Chain) {
		return false
	}
	for i := range r.Chain {
		if !bytes.Equal(r.Chain[i], o.Chain[i]) {
			return false
		}
	}
	return true
}
