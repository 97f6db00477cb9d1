package onering

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
	id    int64
	user  bool   // it belongs to the user: a private key, or what is to get one before the transaction ends
	keys  int    // how often its private key was put or taken away
	made  string // what it is called while it has no alias
	shown bool   // Java calls it that, too

	settled bool // its chain has been looked after: the one thing that an attempt does not undo

	// What is read on demand: listing a keystore needs none of it.
	certificate *x509.Certificate
	broken      error  // why the certificate cannot be parsed
	folded      string // the alias; empty if it was not needed yet
}

// with gives a copy for a change.
func (r *record) with(change func(*record)) *record {
	next := &record{Entry: r.Entry, id: r.id, user: r.user, keys: r.keys, made: r.made, shown: r.shown}
	change(next)
	return next
}

// label gives the alias, or what stands for it.
func (r *record) label() string {
	if r.Alias == "" {
		return r.made
	}
	return r.Alias
}

// x509 gives the record's own certificate.
func (r *record) x509() (*x509.Certificate, error) {
	if r.certificate == nil && r.broken == nil {
		r.certificate, r.broken = cert.Parse(r.Chain[0])
	}
	return r.certificate, r.broken
}

// fold gives the alias as Java folds it.
func (r *record) fold() string {
	if r.folded == "" {
		r.folded = keystore.Fold(r.label())
	}
	return r.folded
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
	return r == o || r.Alias == o.Alias && r.Trusted == o.Trusted && r.id == o.id && r.keys == o.keys && sameChain(r.Chain, o.Chain)
}

func sameChain(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
