package ring

import (
	"context"
	"errors"
	"time"
)

// Listing is a certificate with the rings it is in.
type Listing struct {
	Certificate *Certificate
	Rings       []RingRef
}

// List gives the selected certificate, or, when s names none in particular, all of the owner's,
// each to yield in the order they were added (racdcert-certificates.md 11). An error of yield
// stops the listing.
func (m *Manager) List(ctx context.Context, s Selector, yield func(Listing) error) error {
	return performEach(ctx, m, Act{Function: "LIST", Cert: CertRef{s.Owner, s.Label}}, s, yield, (*call).list)
}

func (m *call) list(ctx context.Context, s Selector, yield func(Listing) error) error {
	return m.view(ctx, func(tx Tx) error {
		if !s.All() {
			c, err := find(tx, s, msgNoMatchListed)
			if err != nil {
				return err
			}
			if err := m.requireFound(tx, s, c); err != nil {
				return err
			}
			return yieldListing(tx, c, yield)
		}
		byName, err := m.byName(tx)
		if err != nil {
			return err
		}
		none := true
		for c, err := range tx.Certificates(s.Owner) {
			if err != nil {
				return err
			}
			if byName {
				if may, err := m.may(tx, Act{Function: "LIST", Cert: c.Ref()}); err != nil {
					return err
				} else if !may {
					continue
				}
			}
			none = false
			if err := yieldListing(tx, c, yield); err != nil {
				return err
			}
		}
		if none {
			return newError(msgNothingListed, s.Owner)
		}
		return nil
	})
}

// ListExpiring gives the certificates of every owner whose validity ends within the given time
// from now, and those that have expired already, soonest first.
func (m *Manager) ListExpiring(ctx context.Context, within time.Duration, yield func(Listing) error) error {
	return performEach(ctx, m, Act{Function: "LISTEXPIRING"}, within, yield, (*call).listExpiring)
}

func (m *call) listExpiring(ctx context.Context, within time.Duration, yield func(Listing) error) error {
	return m.view(ctx, func(tx Tx) error {
		for c, err := range tx.CertificatesExpiring(time.Time{}, m.now().Add(within)) {
			if err != nil {
				return err
			}
			if err := yieldListing(tx, c, yield); err != nil {
				return err
			}
		}
		return nil
	})
}

func yieldListing(tx Tx, c *Certificate, yield func(Listing) error) error {
	rings, err := ringsOf(tx, c)
	if err != nil {
		return err
	}
	return yield(Listing{c, rings})
}

// RingListing is a ring with its connections in connection order.
type RingListing struct {
	Ring        RingRef
	Connections []*Connection
}

// ListRing gives one ring, the virtual ring of an owner when the name is an asterisk, or all
// rings of the owner when the name is empty (racdcert-rings.md A6, A7).
func (m *Manager) ListRing(ctx context.Context, ref RingRef) ([]RingListing, error) {
	return perform(ctx, m, Act{Function: "LISTRING", Ring: ref}, ref, (*call).listRing)
}

func (m *call) listRing(ctx context.Context, ref RingRef) ([]RingListing, error) {
	var listings []RingListing
	err := m.view(ctx, func(tx Tx) error {
		listings = nil
		switch {
		case ref.Virtual():
			l, err := virtualListing(tx, ref)
			listings = []RingListing{l}
			return err
		case ref.Name != "":
			r, err := tx.Ring(ref)
			if errors.Is(err, ErrNotFound) {
				return newError(msgNoRingListed, ref.Name, ref.Owner)
			}
			if err != nil {
				return err
			}
			l, err := listingOf(tx, r)
			listings = []RingListing{l}
			return err
		}
		for r, err := range tx.Rings(ref.Owner) {
			if err != nil {
				return err
			}
			l, err := listingOf(tx, r)
			if err != nil {
				return err
			}
			listings = append(listings, l)
		}
		if len(listings) == 0 {
			return newError(msgNoRings, ref.Owner)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return listings, nil
}

func listingOf(tx Tx, r *Ring) (RingListing, error) {
	l := RingListing{Ring: r.Ref()}
	for c, err := range tx.Connections(r) {
		if err != nil {
			return l, err
		}
		l.Connections = append(l.Connections, c)
	}
	return l, nil
}

// virtualListing gives the virtual ring of an owner: every certificate, with the owner's usage
// and no default.
func virtualListing(tx Tx, ref RingRef) (RingListing, error) {
	l := RingListing{Ring: ref}
	r := &Ring{Owner: ref.Owner, Name: ref.Name}
	for c, err := range tx.Certificates(ref.Owner) {
		if err != nil {
			return l, err
		}
		l.Connections = append(l.Connections, &Connection{Ring: r, Cert: c, Usage: ref.Owner.DefaultUsage()})
	}
	return l, nil
}
