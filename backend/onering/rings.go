package onering

import (
	"fmt"
	"iter"
	"slices"

	"signet/ring"
)

// theRing is the one ring's handle.
const theRing = 1

// ours settles whose the certificates of an owner are: true for the one user, false for
// CERTAUTH. A keystore has no place for a user ID: the first one that a change names is its user
// for as long as it is open.
func (t *tx) ours(owner ring.Owner) (user bool, err error) {
	switch {
	case owner == ring.CertAuth:
		return false, nil
	case owner == ring.Site || owner == ring.MultiID:
		return false, t.Refuse(fmt.Sprintf("it has no place for %s, only for one user and for CERTAUTH", owner.Name()))
	case t.user == "":
		t.user = owner
	case t.user != owner:
		return false, t.Refuse(fmt.Sprintf("it is the ring of one user, %s in this run, and not of %s", t.userName(), owner))
	}
	return true, nil
}

// userName gives the user that the private keys belong to.
func (t *tx) userName() ring.Owner {
	if t.user == "" {
		return t.store.firstUser
	}
	return t.user
}

// nameOfRing gives the name of the one ring: the first that a change named, else that of the file.
func (t *tx) nameOfRing() string {
	if t.ringName != "" {
		return t.ringName
	}
	name := t.store.medium.RingName()
	if ring.CheckRingName(name) != nil {
		return "KEYSTORE"
	}
	return name
}

// SpeakFor implements ring.OneRing.
func (t *tx) SpeakFor(owner ring.Owner) error {
	_, err := t.ours(owner)
	return err
}

// named settles the name of the one ring in the same way.
func (t *tx) named(ref ring.RingRef) (*ring.Ring, error) {
	if err := t.begin(); err != nil {
		return nil, err
	}
	if user, err := t.ours(ref.Owner); err != nil || !user {
		return nil, fmt.Errorf("%s: ring %s: %w", t.Store, ref, ring.ErrNotFound)
	}
	if t.ringName == "" {
		t.ringName = ref.Name
	}
	if t.ringName != ref.Name {
		return nil, fmt.Errorf("%s: ring %s: the keystore is one ring, %q in this run: %w", t.Store, ref, t.nameOfRing(), ring.ErrNotFound)
	}
	return t.ring(), nil
}

func (t *tx) ring() *ring.Ring {
	return &ring.Ring{ID: theRing, Owner: t.userName(), Name: t.nameOfRing()}
}

// Ring implements ring.Tx. The keystore is the ring, whatever it is called.
func (t *tx) Ring(ref ring.RingRef) (*ring.Ring, error) { return t.named(ref) }

// Rings implements ring.Tx.
func (t *tx) Rings(owner ring.Owner) iter.Seq2[*ring.Ring, error] {
	return func(yield func(*ring.Ring, error) bool) {
		if err := t.begin(); err != nil {
			yield(nil, err)
		} else if user, err := t.ours(owner); err != nil {
			yield(nil, err)
		} else if user {
			yield(t.ring(), nil)
		}
	}
}

// AddRing implements ring.Tx. The ring is there already: it only gets its name.
func (t *tx) AddRing(r *ring.Ring) error {
	if err := t.change(); err != nil {
		return err
	}
	if _, err := t.named(r.Ref()); err != nil {
		return t.Refuse(fmt.Sprintf("it is one ring, %s in this run, and cannot hold %s too", t.ring().Ref(), r.Ref()))
	}
	r.ID = theRing
	return nil
}

// DeleteRing implements ring.Tx.
func (t *tx) DeleteRing(*ring.Ring) error {
	return t.Refuse("it is the ring; delete its certificates, or the keystore itself")
}

// connection gives the connection of a certificate that is in the keystore.
func (t *tx) connection(r *record) *ring.Connection {
	return &ring.Connection{Ring: t.ring(), Cert: t.view(r), Usage: r.usage(), Default: t.isDefault(r)}
}

// isDefault reports whether a record is the default: in PKCS12 the first private key is.
func (t *tx) isDefault(r *record) bool {
	return t.store.medium.Defaults() && !t.noDefault && r.user && r == t.firstKey()
}

func (t *tx) firstKey() *record {
	i := slices.IndexFunc(t.records, func(r *record) bool { return r.user && r.holds() })
	if i < 0 {
		return nil
	}
	return t.records[i]
}

// severalKeys reports whether there is more than one private key.
func (t *tx) severalKeys() bool {
	keys := 0
	for _, r := range t.records {
		if r.user && r.holds() {
			keys++
		}
	}
	return keys > 1
}

// Connection implements ring.Tx. Every certificate is in the ring.
func (t *tx) Connection(r *ring.Ring, c *ring.Certificate) (*ring.Connection, error) {
	if err := t.begin(); err != nil {
		return nil, err
	}
	i := t.at(c.ID)
	if i < 0 || r.ID != theRing {
		return nil, fmt.Errorf("%s: connection of %s: %w", t.Store, c.Ref(), ring.ErrNotFound)
	}
	return t.connection(t.records[i]), nil
}

// Connections implements ring.Tx.
func (t *tx) Connections(r *ring.Ring) iter.Seq2[*ring.Connection, error] {
	return func(yield func(*ring.Connection, error) bool) {
		for c, err := range t.visible(func(*record) bool { return r.ID == theRing }) {
			if err != nil {
				yield(nil, err)
				return
			}
			if i := t.at(c.ID); i >= 0 && !yield(t.connection(t.records[i]), nil) {
				return
			}
		}
	}
}

// ConnectionsOf implements ring.Tx.
func (t *tx) ConnectionsOf(c *ring.Certificate) iter.Seq2[*ring.Connection, error] {
	return func(yield func(*ring.Connection, error) bool) {
		if err := t.begin(); err != nil {
			yield(nil, err)
		} else if i := t.at(c.ID); i >= 0 {
			yield(t.connection(t.records[i]), nil)
		}
	}
}

// DefaultConnection implements ring.Tx.
func (t *tx) DefaultConnection(r *ring.Ring) (*ring.Connection, error) {
	if err := t.begin(); err != nil {
		return nil, err
	}
	if first := t.firstKey(); r.ID == theRing && first != nil && t.isDefault(first) {
		return t.connection(first), nil
	}
	return nil, fmt.Errorf("%s: default certificate: %w", t.Store, ring.ErrNotFound)
}

// PutConnection implements ring.Tx. The certificate is in the ring already: what may change is
// which one is the default.
func (t *tx) PutConnection(c *ring.Connection) error {
	if err := t.change(); err != nil {
		return err
	}
	i := t.at(c.Cert.ID)
	if i < 0 || c.Ring.ID != theRing {
		return fmt.Errorf("%s: connection of %s: %w", t.Store, c.Cert.Ref(), ring.ErrNotFound)
	}
	r := t.records[i]
	switch {
	case c.Usage != r.usage():
		return t.Refuse(fmt.Sprintf("%s can only be connected as %s, and not as %s", c.Cert.Ref(), r.usage(), c.Usage))
	case !c.Default:
		t.noDefault = t.noDefault || t.isDefault(r)
		return nil
	case !t.store.medium.Defaults() && t.firstKey() == r && !t.severalKeys():
		return nil // there is no other to choose
	case !t.store.medium.Defaults():
		return t.Refuse("it has no default certificate among several private keys; programs choose by alias")
	case !r.user:
		return t.Refuse(fmt.Sprintf("%s cannot be the default, which is the first private key", c.Cert.Ref()))
	}
	first := t.firstKey()
	if first != r && !t.noDefault {
		return fmt.Errorf("%s: default certificate: %w", t.Store, ring.ErrExists)
	}
	rest := slices.Delete(slices.Clone(t.records), i, i+1)
	if at := slices.Index(t.records, first); at < i {
		t.records = slices.Insert(rest, at, r)
		t.moved = true
	}
	t.noDefault = false
	return nil
}

// DeleteConnection implements ring.Tx.
func (t *tx) DeleteConnection(c *ring.Connection) error {
	return t.Refuse(fmt.Sprintf("%s is in the ring as long as it is in the keystore; delete it, or leave it", c.Cert.Ref()))
}
