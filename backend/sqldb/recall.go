package sqldb

import (
	"crypto"
	"crypto/x509"
	"errors"
	"maps"
	"strings"

	"signet/ring"
	"signet/saf"
)

// recall is what a transaction has read of single rows that many functions ask for: a script of
// thousands of commands asks for each of its issuer, its CA and its settings again. Nobody else
// changes them meanwhile. A statement that changes a table takes what is remembered of the table
// away (forget); a method that knows better puts it back.
type recall struct {
	users        map[string]*saf.User // nil: there is none
	classes      map[string]saf.Class
	settings     map[string]string
	certificates map[ring.CertRef]*ring.Certificate // nil: there is none
	signer       openedKey
	added        addedCertificate
	free         identity   // no certificate has it
	missed       ring.Owner // of the last label that was not there
	labels       map[ring.Owner]labels
	missedIssuer string            // of the last serial number that was not there
	serials      map[identity]bool // no certificate has one of these
}

// labels are those of all certificates of an owner.
type labels map[string]bool

// maxLabels bounds the labels that are remembered of an owner: as they are found, and as they grow.
const (
	maxLabelsFound = 1024
	maxLabels      = 64 << 10
)

// identity is the issuer and the serial number of a certificate, as they are stored.
type identity struct{ issuer, serial string }

// maxRecalled bounds each kind of what is remembered.
const maxRecalled = 256

// forget takes away what is remembered of the table that a statement changes.
func (r *recall) forget(statement string) {
	verb, rest, _ := strings.Cut(statement, " ")
	if verb != "UPDATE" { // INSERT INTO, DELETE FROM
		_, rest, _ = strings.Cut(rest, " ")
	}
	table, _, _ := strings.Cut(rest, " ")
	switch table {
	case "users":
		r.users = nil
	case "classes":
		r.classes = nil
	case "settings":
		r.settings = nil
	case "certificates":
		r.certificates, r.labels, r.serials = nil, nil, nil
		r.signer, r.added, r.free = openedKey{}, addedCertificate{}, identity{}
	case "private_keys":
		r.signer, r.added = openedKey{}, addedCertificate{}
	}
}

// recalled gives what is remembered under a key, or looks it up and remembers it. Only what was
// found, or is known not to be there, is remembered.
func recalled[K comparable, V any](m *map[K]V, key K, lookUp func() (V, error)) (V, error) {
	if v, ok := (*m)[key]; ok {
		return v, nil
	}
	v, err := lookUp()
	if err != nil {
		return v, err
	}
	if *m == nil || len(*m) >= maxRecalled {
		*m = map[K]V{}
	}
	(*m)[key] = v
	return v, nil
}

// recalledRow is recalled for a row that may not be there. Every caller gets a copy of its own.
func recalledRow[K comparable, V any](m *map[K]*V, key K, lookUp func() (*V, error), notThere func() error) (*V, error) {
	v, err := recalled(m, key, func() (*V, error) {
		v, err := lookUp()
		if errors.Is(err, ring.ErrNotFound) {
			return nil, nil
		}
		return v, err
	})
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, notThere()
	}
	row := *v
	return &row, nil
}

// keeping runs a statement that changes certificates or private keys, of which change alone says
// what is not as it was.
func (r *recall) keeping(statement func() error, change func(*recall)) error {
	kept := *r
	if err := statement(); err != nil {
		return err
	}
	r.certificates, r.labels, r.serials = kept.certificates, kept.labels, kept.serials
	r.signer, r.free = kept.signer, kept.free
	change(r)
	return nil
}

// update takes over what changed of a certificate that kept its name and its key.
func (r *recall) update(c *ring.Certificate) {
	if known := r.certificates[c.Ref()]; known != nil {
		row := *c
		row.Key = known.Key
		r.certificates[c.Ref()] = &row
	}
}

// add takes over that a certificate was added.
func (r *recall) add(c *ring.Certificate, id identity) {
	delete(r.certificates, c.Ref())
	delete(r.serials, id)
	r.free = identity{}
	if known, ok := r.labels[c.Owner]; ok {
		if known[c.Label] = true; len(known) > maxLabels {
			delete(r.labels, c.Owner)
		}
	}
}

// drop forgets one certificate and its key.
func (r *recall) drop(id int64) {
	maps.DeleteFunc(r.certificates, func(_ ring.CertRef, c *ring.Certificate) bool { return c != nil && c.ID == id })
	if r.signer.certificate == id {
		r.signer = openedKey{}
	}
}

// openedKey is the private key that a transaction opened last: a run of many commands signs them
// with the key of one CA, and RSA keys take long to open.
type openedKey struct {
	certificate int64
	signer      crypto.Signer
}

// addedCertificate is the certificate that a transaction added last, while it has no private key.
type addedCertificate struct {
	id   int64
	cert *x509.Certificate
}
