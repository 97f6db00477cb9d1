package ring_test

import (
	"cmp"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"signet/cert"
	"signet/export"
	"signet/ring"
)

// memory is a ring.Hardware that keeps keys in memory.
type memory struct {
	keys      map[ring.KeyRef]held
	made      int
	destroyed []ring.KeyRef
	stuck     error // why Destroy fails; nil: it works
	away      error // why no key can be used; nil: they can
}

type held struct {
	crypto.Signer
	ref   ring.KeyRef
	label string
}

func (h held) Ref() ring.KeyRef { return h.ref }

func (m *memory) Generate(_ context.Context, p ring.KeyPlace, spec cert.KeySpec) (crypto.Signer, error) {
	key, err := spec.Generate()
	if err != nil {
		return nil, err
	}
	m.made++
	k := held{key, ring.KeyRef(fmt.Sprintf("pkcs11:token=%s;id=%%%02X;type=private", cmp.Or(p.Token, "HSM"), m.made)), p.Label}
	m.keys[k.ref] = k
	return k, nil
}

func (m *memory) Open(_ context.Context, ref ring.KeyRef, public crypto.PublicKey) (crypto.Signer, error) {
	k, ok := m.keys[ref]
	switch {
	case m.away != nil:
		return nil, m.away
	case !ok:
		return nil, fmt.Errorf("key %s: %w", ref, ring.ErrNotFound)
	case !cert.SameKey(k.Public(), public):
		return nil, fmt.Errorf("key %s: %w", ref, ring.ErrInvalid)
	}
	return k, nil
}

func (m *memory) Destroy(_ context.Context, ref ring.KeyRef) error {
	if m.stuck != nil {
		return m.stuck
	}
	if _, ok := m.keys[ref]; !ok {
		return fmt.Errorf("key %s: %w", ref, ring.ErrNotFound)
	}
	delete(m.keys, ref)
	m.destroyed = append(m.destroyed, ref)
	return nil
}

func (m *memory) Keys(_ context.Context, token string) ([]ring.HeldKey, error) {
	if m.away != nil {
		return nil, m.away
	}
	var all []ring.HeldKey
	for _, k := range m.keys {
		if k.ref.Token() == token {
			all = append(all, ring.HeldKey{Ref: k.ref, Label: k.label, Public: k.Public()})
		}
	}
	slices.SortFunc(all, func(a, b ring.HeldKey) int { return cmp.Compare(a.Ref, b.Ref) })
	return all, nil
}

func (m *memory) Default(context.Context) (string, error) { return "HSM", nil }
func (m *memory) Tokens(context.Context) ring.Tokens      { return nil }

// failing is a store whose transactions fail at their end while it says so, and those only that
// change something.
type failing struct {
	ring.Store
	cause error
}

func (f *failing) Update(ctx context.Context, fn func(ring.Tx) error) error {
	return f.Store.Update(ctx, func(tx ring.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return f.cause
	})
}

// newHSM is newDB with keys in memory beside the database.
func newHSM(t *testing.T) (*db, *memory, *failing) {
	d := newDB(t)
	h := &memory{keys: map[ring.KeyRef]held{}}
	s := &failing{Store: d.store}
	d.Manager = ring.NewManager(ring.Config{Store: s, Codec: export.Codec{}, Issuer: "OPER", Zone: time.UTC,
		Now: func() time.Time { return d.now }, Hardware: h})
	return d, h, s
}

// inside puts a new key into a token.
func inside(q *ring.Gencert) { q.Place = ring.KeyPlace{Token: "HSM"} }

// holds checks that the token has exactly the keys of these certificates.
func (m *memory) holds(d *db, targets ...string) {
	d.t.Helper()
	want := map[ring.KeyRef]bool{}
	for _, target := range targets {
		c := d.get(target)
		if c == nil || !c.Key.InToken() {
			d.t.Errorf("%s has no key in the token", target)
			continue
		}
		want[c.Key] = true
	}
	for r := range m.keys {
		if !want[r] {
			d.t.Errorf("key %s is left", r)
		}
	}
	if len(m.keys) != len(want) {
		d.t.Errorf("%d keys, want %d", len(m.keys), len(want))
	}
}

var errDisk = errors.New("the disk is full")
