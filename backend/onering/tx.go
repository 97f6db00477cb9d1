package onering

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"slices"
	"time"

	"signet/cert"
	"signet/export/keystore"
	"signet/ring"
)

// tx is a transaction: the records as they are so far. What is written is decided at its end.
type tx struct {
	Refusals
	store    *Store
	ctx      context.Context
	writable bool
	records  []*record
	nextID   int64
	moved    bool // the records are not in the order of their handles

	user      ring.Owner          // whose the private keys are; empty until a command says
	ringName  string              // likewise
	offered   []*x509.Certificate // may become part of chains
	twins     bool                // one certificate may be there under several labels
	noDefault bool                // the mark was taken from the first key and is about to go to another

	weighed int // how many of offered were there when chains were last looked after

	// What finds records without going through all of them; nil until it is needed.
	labels, certificates *index
	issuers              map[string][]*ring.Certificate // in chains, by subject
}

// errReadOnly is the error of a change in a View: a mistake of the caller.
var errReadOnly = errors.New("a View changes nothing")

// begin reports why a method cannot go on.
func (t *tx) begin() error { return t.ctx.Err() }

// change is begin for a method that changes something.
func (t *tx) change() error {
	if !t.writable {
		return errReadOnly
	}
	return t.begin()
}

// Attempt implements ring.Tx.
func (t *tx) Attempt(fn func() error) error {
	before := *t
	before.records = slices.Clone(t.records)
	done := false
	defer func() {
		if !done {
			before.nextID = t.nextID // a handle names one certificate for ever
			*t = before
		}
	}()
	err := fn()
	if err == nil {
		err = t.complete()
	}
	done = err == nil
	return err
}

// ErrNotFound of one certificate.
func (t *tx) notFound(ref ring.CertRef) error {
	return fmt.Errorf("%s: certificate %s: %w", t.Store, ref, ring.ErrNotFound)
}

// view turns a record into what the rules work with.
func (t *tx) view(r *record) *ring.Certificate {
	c := &ring.Certificate{DER: r.Chain[0]}
	if r.certificate != nil { // so that nobody parses it again
		c = ring.NewCertificate(ring.CertRef{}, r.certificate)
	}
	c.ID, c.Owner, c.Label, c.Status, c.Added = r.id, r.owner(t.userName()), r.label(), r.status(), r.Created
	if r.Key != nil {
		c.Key = ring.KeyInStore
	}
	if k, ok := r.Key.(interface{ KeyRef() ring.KeyRef }); ok { // it never leaves its token
		c.Key = k.KeyRef()
	}
	return c
}

// at finds the place of a record by the handle of its certificate, or -1. Handles were given in
// file order.
func (t *tx) at(id int64) int {
	i, found := slices.BinarySearchFunc(t.records, id, func(r *record, id int64) int { return cmp.Compare(r.id, id) })
	switch {
	case found:
		return i
	case !t.moved:
		return -1
	}
	return slices.IndexFunc(t.records, func(r *record) bool { return r.id == id })
}

// put puts a record in the place of another.
func (t *tx) put(i int, r *record) {
	old := t.records[i]
	t.records[i] = r
	t.entered(r, old)
}

// visible yields the certificates that keep says yes to, in file order. A record that the body
// of the loop deletes does not come; one that it adds does not either.
func (t *tx) visible(keep func(*record) bool) iter.Seq2[*ring.Certificate, error] {
	return func(yield func(*ring.Certificate, error) bool) { t.yield(t.records, keep, yield) }
}

// outlined is visible for a condition on the certificate, among the records at some places. What
// cannot be parsed fits none.
func (t *tx) outlined(question byte, part []byte, keep func(*outline) bool) iter.Seq2[*ring.Certificate, error] {
	return func(yield func(*ring.Certificate, error) bool) {
		var those []*record
		for _, i := range t.certified(question, part) {
			those = append(those, t.records[i])
		}
		t.yield(those, func(r *record) bool {
			if o := outlineOf(r.Chain[0]); !keep(&o) {
				return false
			}
			_, err := r.x509()
			return err == nil
		}, yield)
	}
}

func (t *tx) yield(those []*record, keep func(*record) bool, yield func(*ring.Certificate, error) bool) {
	for _, old := range slices.Clone(those) {
		if err := t.begin(); err != nil {
			yield(nil, err)
			return
		}
		i := t.at(old.id)
		if i < 0 || !t.records[i].holds() || !keep(t.records[i]) {
			continue
		}
		if !yield(t.view(t.records[i]), nil) {
			return
		}
	}
}

// Certificate implements ring.Tx. A label is an alias, and Java folds the case of those.
func (t *tx) Certificate(ref ring.CertRef) (*ring.Certificate, error) {
	if err := t.begin(); err != nil {
		return nil, err
	}
	user, err := t.ours(ref.Owner)
	if err != nil {
		return nil, err
	}
	if r := t.byAlias(ref.Label); r != nil && r.user == user && r.holds() {
		return t.view(r), nil
	}
	return nil, t.notFound(ref)
}

// LabelHint implements ring.Tx. The two owners share the aliases of a keystore, so that one number
// is the hint for both: the lowest whose label nobody has.
func (t *tx) LabelHint(ring.Owner) (int, error) {
	if err := t.begin(); err != nil {
		return 0, err
	}
	taken := map[int]bool{}
	for _, r := range t.records {
		var n int
		if _, err := fmt.Sscanf(r.fold(), "label%08d", &n); err == nil && r.fold() == fmt.Sprintf("label%08d", n) {
			taken[n] = true
		}
	}
	n := 1
	for taken[n] {
		n++
	}
	return n, nil
}

// byAlias finds the record of an alias: as it is spelled, else as Java folds it.
func (t *tx) byAlias(alias string) *record {
	var found *record
	for _, i := range t.labelled(alias) {
		r := t.records[i]
		if r.label() == alias {
			return r
		}
		if found == nil && t.store.medium.Folds() && r.fold() == keystore.Fold(alias) {
			found = r
		}
	}
	return found
}

// CertificateByIssuerSerial implements ring.Tx.
func (t *tx) CertificateByIssuerSerial(issuer []byte, serial *big.Int) (*ring.Certificate, error) {
	if err := t.begin(); err != nil {
		return nil, err
	}
	for _, i := range t.identified(issuer, serial) {
		r := t.records[i]
		if x, err := r.x509(); err == nil && bytes.Equal(x.RawIssuer, issuer) && x.SerialNumber.Cmp(serial) == 0 {
			return t.view(r), nil
		}
	}
	return nil, fmt.Errorf("%s: serial number %s: %w", t.Store, cert.SerialHex(serial), ring.ErrNotFound)
}

// Certificates implements ring.Tx.
func (t *tx) Certificates(owner ring.Owner) iter.Seq2[*ring.Certificate, error] {
	user, err := t.ours(owner)
	if err != nil {
		return func(yield func(*ring.Certificate, error) bool) { yield(nil, err) }
	}
	return t.visible(func(r *record) bool { return r.user == user })
}

// CertificatesBySubject implements ring.Tx. The certificates in the chains of private keys come
// after those that are entries, as certificates of CERTAUTH.
func (t *tx) CertificatesBySubject(subject []byte) iter.Seq2[*ring.Certificate, error] {
	return func(yield func(*ring.Certificate, error) bool) {
		seen := map[string]bool{}
		for c, err := range t.outlined(bySubject, subject, func(o *outline) bool { return bytes.Equal(o.subject, subject) }) {
			if err == nil {
				seen[string(c.DER)] = true
			}
			if !yield(c, err) {
				return
			}
		}
		for _, c := range t.links(subject) {
			if !seen[string(c.DER)] {
				seen[string(c.DER)] = true
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

// CertificatesByPublicKey implements ring.Tx.
func (t *tx) CertificatesByPublicKey(spki []byte) iter.Seq2[*ring.Certificate, error] {
	return t.outlined(byKey, spki, func(o *outline) bool { return bytes.Equal(o.key, spki) })
}

// CertificatesExpiring implements ring.Tx.
func (t *tx) CertificatesExpiring(from, to time.Time) iter.Seq2[*ring.Certificate, error] {
	return func(yield func(*ring.Certificate, error) bool) {
		type ending struct {
			id int64
			at time.Time
		}
		var all []ending
		for _, r := range t.records {
			if !r.holds() {
				continue
			}
			// Not r.x509, which keeps what it parses: ten thousand of those are 40 MB.
			if x, err := cert.Parse(r.Chain[0]); err == nil && !x.NotAfter.Before(from) && x.NotAfter.Before(to) {
				all = append(all, ending{r.id, x.NotAfter})
			}
		}
		slices.SortStableFunc(all, func(a, b ending) int { return a.at.Compare(b.at) })
		for _, e := range all {
			if i := t.at(e.id); i >= 0 && !yield(t.view(t.records[i]), nil) {
				return
			}
		}
	}
}

// AddCertificate implements ring.Tx.
func (t *tx) AddCertificate(c *ring.Certificate) error {
	if err := t.change(); err != nil {
		return err
	}
	r := &record{id: t.nextID, Entry: keystore.Entry{Created: c.Added}}
	if err := t.fill(r, c); err != nil {
		return err
	}
	t.records = append(t.records, r)
	t.entered(r, nil)
	t.nextID++
	c.ID, c.Key, c.Label = r.id, ring.NoKey, r.Alias
	return nil
}

// AddWithKey implements ring.Tx.
func (t *tx) AddWithKey(c *ring.Certificate, key crypto.Signer) error {
	if err := t.AddCertificate(c); err != nil {
		return err
	}
	return t.PutPrivateKey(c, key)
}

// UpdateCertificate implements ring.Tx.
func (t *tx) UpdateCertificate(c *ring.Certificate) error {
	if err := t.change(); err != nil {
		return err
	}
	i := t.at(c.ID)
	if i < 0 {
		return t.notFound(c.Ref())
	}
	old := t.records[i]
	r := old.with(func(*record) {})
	if err := t.fill(r, c); err != nil {
		return err
	}
	if r.user != old.user {
		return t.Refuse(fmt.Sprintf("certificate %s cannot change its owner", c.Ref()))
	}
	if r.Key != nil && !bytes.Equal(r.Chain[0], old.Chain[0]) {
		was, err := old.x509()
		if err != nil {
			return err
		}
		is, err := r.x509()
		if err != nil {
			return err
		}
		if !bytes.Equal(was.RawSubjectPublicKeyInfo, is.RawSubjectPublicKeyInfo) {
			return fmt.Errorf("%s: certificate %s: not for its private key: %w", t.Store, c.Ref(), ring.ErrInvalid)
		}
		r.Created = c.Added
	}
	t.put(i, r)
	c.Label = r.Alias
	return nil
}

// fill takes over what a keystore holds of a certificate, after checking that it is all there is.
func (t *tx) fill(r *record, c *ring.Certificate) error {
	if c.Owner == "" || c.Label == "" {
		return fmt.Errorf("%s: a certificate without owner or label: %w", t.Store, ring.ErrInvalid)
	}
	user, err := t.ours(c.Owner)
	switch {
	case err != nil:
		return err
	case c.Status != ring.Trust && c.Status != ring.NoTrust && c.Status != ring.HighTrust:
		return fmt.Errorf("%s: certificate %s: status %q: %w", t.Store, c.Ref(), c.Status, ring.ErrInvalid)
	case !t.HoldsStatus(c.Owner, c.Status):
		return t.Refuse(fmt.Sprintf("certificate %s cannot be %s: %s", c.Ref(), c.Status, t.store.medium.TrustRule()))
	}
	if c.Status == ring.NoTrust && t.inChain(c.DER) {
		return t.Refuse(fmt.Sprintf("certificate %s cannot be NOTRUST while it is in the chain of a private key: it would be a part of that and nothing else; delete it", c.Ref()))
	}
	alias, err := t.store.medium.Alias(c.Label)
	if err != nil {
		return fmt.Errorf("%s: label %q: %w", t.Store, c.Label, err)
	}
	if other := t.byAlias(alias); other != nil && other.id != r.id {
		return fmt.Errorf("%s: label %q: the entry %q has it, as case does not count: %w", t.Store, c.Label, other.label(), ring.ErrExists)
	}
	x, err := c.X509()
	if err != nil {
		return err
	}
	twin, err := t.CertificateByIssuerSerial(x.RawIssuer, x.SerialNumber)
	// Twins that another program put there may stay.
	mayBe := err == nil && bytes.Equal(twin.DER, c.DER) && (t.twins || len(r.Chain) > 0 && bytes.Equal(r.Chain[0], c.DER))
	if err == nil && twin.ID != r.id && !mayBe {
		return fmt.Errorf("%s: certificate %s has the same issuer and serial number: %w", t.Store, twin.Ref(), ring.ErrExists)
	}
	if err != nil && !errors.Is(err, ring.ErrNotFound) {
		return err
	}
	r.Alias, r.user, r.Trusted = alias, user, !user && c.Status == ring.Trust
	if len(r.Chain) == 0 || !bytes.Equal(r.Chain[0], c.DER) {
		r.Chain = append([][]byte{c.DER}, r.Chain[min(1, len(r.Chain)):]...)
		r.certificate = x
	}
	return nil
}

// AllowTwins implements ring.OneRing. A token ties a private key to its certificate by what both
// say, so that two of one kind are one too many.
func (t *tx) AllowTwins() bool {
	t.twins = t.store.medium.KeepsChains()
	return t.twins
}

// HoldsStatus implements ring.OneRing.
func (t *tx) HoldsStatus(owner ring.Owner, s ring.Status) bool {
	return s == ring.Trust || s == ring.NoTrust && !owner.IsUser() && t.store.medium.Distrusts()
}

// DeleteCertificate implements ring.Tx.
func (t *tx) DeleteCertificate(c *ring.Certificate) error {
	if err := t.change(); err != nil {
		return err
	}
	i := t.at(c.ID)
	if i < 0 {
		return t.notFound(c.Ref())
	}
	t.left(t.records[i])
	t.records = slices.Delete(slices.Clone(t.records), i, i+1)
	return nil
}

// PrivateKey implements ring.Tx.
func (t *tx) PrivateKey(c *ring.Certificate) (crypto.Signer, error) {
	if err := t.begin(); err != nil {
		return nil, err
	}
	i := t.at(c.ID)
	if i < 0 || t.records[i].Key == nil {
		return nil, fmt.Errorf("%s: private key of %s: %w", t.Store, c.Ref(), ring.ErrNotFound)
	}
	return t.store.openKey(t.records[i])
}

// PutPrivateKey implements ring.Tx.
func (t *tx) PutPrivateKey(c *ring.Certificate, key crypto.Signer) error {
	if err := t.change(); err != nil {
		return err
	}
	i := t.at(c.ID)
	if i < 0 {
		return t.notFound(c.Ref())
	}
	old := t.records[i]
	x, err := old.x509()
	switch {
	case err != nil:
		return err
	case !cert.SameKey(x.PublicKey, key.Public()):
		return fmt.Errorf("%s: private key of %s: not that of the certificate: %w", t.Store, c.Ref(), ring.ErrInvalid)
	case !old.user:
		return t.Refuse(fmt.Sprintf("%s cannot have a private key: the certificates of CERTAUTH are trusted entries there; make it under a user ID", c.Ref()))
	}
	if err := t.store.medium.CheckKey(key); err != nil {
		return fmt.Errorf("%s: %s: %w: %w", t.Store, c.Ref(), err, ring.ErrUnsupported)
	}
	t.put(i, old.with(func(n *record) {
		n.Key = keystore.Clear{Signer: key}
		n.keys++
	}))
	c.Key = ring.KeyInStore
	return nil
}

// PutKeyRef implements ring.Tx.
func (t *tx) PutKeyRef(c *ring.Certificate, _ ring.KeyRef) error {
	return t.Refuse(fmt.Sprintf("the private key of %s cannot be in a token", c.Ref()))
}

// DeletePrivateKey implements ring.Tx. What is left must get another key, or go, before the
// transaction ends.
func (t *tx) DeletePrivateKey(c *ring.Certificate) error {
	if err := t.change(); err != nil {
		return err
	}
	i := t.at(c.ID)
	if i < 0 || t.records[i].Key == nil {
		return fmt.Errorf("%s: private key of %s: %w", t.Store, c.Ref(), ring.ErrNotFound)
	}
	t.put(i, t.records[i].with(func(n *record) {
		n.Key = nil
		n.keys++
	}))
	c.Key = ring.NoKey
	return nil
}
