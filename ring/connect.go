package ring

import (
	"context"
	"errors"
)

// AddRing makes an empty ring (racdcert-rings.md A3).
func (m *Manager) AddRing(ctx context.Context, ref RingRef) (*Result, error) {
	if err := checkRealRing(ref); err != nil {
		return nil, err
	}
	var r *Result
	err := m.store.Update(ctx, func(tx Tx) error {
		r = &Result{}
		err := tx.AddRing(&Ring{Owner: ref.Owner, Name: ref.Name, Created: m.now(), CreatedBy: string(m.issuer)})
		if errors.Is(err, ErrExists) {
			return newError(msgRingExists, ref.Name, ref.Owner)
		}
		if err != nil {
			return err
		}
		return r.remindRefresh(tx, "DIGTRING")
	})
	return r, err
}

// DelRing removes a ring with its connections; the certificates stay.
func (m *Manager) DelRing(ctx context.Context, ref RingRef) (*Result, error) {
	if err := checkRealRing(ref); err != nil {
		return nil, err
	}
	var r *Result
	err := m.store.Update(ctx, func(tx Tx) error {
		r = &Result{}
		ring, err := ringByRef(tx, ref)
		if err != nil {
			return err
		}
		if err := tx.DeleteRing(ring); err != nil {
			return err
		}
		return r.remindRefresh(tx, "DIGTRING")
	})
	return r, err
}

// Connect asks for a certificate to be put in a ring (racdcert-rings.md A4).
type Connect struct {
	Ring    RingRef
	Cert    CertRef
	Usage   Usage // empty: the usage of the certificate's owner
	Default bool  // make it the ring's default, in place of the one that is
}

// Connect puts a certificate at the end of a ring. One that is there already keeps its place
// and gets the new usage and default.
func (m *Manager) Connect(ctx context.Context, q Connect) (*Result, error) {
	if q.Ring.Name == "" || q.Cert.Label == "" {
		return nil, newError(msgRingAndLabel, "CONNECT")
	}
	if err := checkRealRing(q.Ring); err != nil {
		return nil, err
	}
	var r *Result
	err := m.store.Update(ctx, func(tx Tx) error {
		r = &Result{}
		ring, err := ringByRef(tx, q.Ring)
		if err != nil {
			return err
		}
		c, err := byRef(tx, q.Cert)
		if err != nil {
			return err
		}
		usage := q.Usage
		if usage == "" {
			usage = c.Owner.DefaultUsage()
		}
		if q.Default {
			if err := clearDefault(tx, ring); err != nil {
				return err
			}
		}
		err = tx.PutConnection(&Connection{Ring: ring, Cert: c, Usage: usage, Default: q.Default})
		if err != nil {
			return err
		}
		return r.remindRefresh(tx, "DIGTRING")
	})
	return r, err
}

// clearDefault takes the default mark from the connection that has it, if one does.
func clearDefault(tx Tx, r *Ring) error {
	d, err := tx.DefaultConnection(r)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	d.Default = false
	return tx.PutConnection(d)
}

// Remove asks for a certificate to be taken out of a ring (racdcert-rings.md A5).
type Remove struct {
	Ring RingRef
	Cert CertRef
}

// Remove takes a certificate out of a ring. When it was the default, the ring has none after.
func (m *Manager) Remove(ctx context.Context, q Remove) (*Result, error) {
	if q.Ring.Name == "" || q.Cert.Label == "" {
		return nil, newError(msgRingAndLabel, "REMOVE")
	}
	if err := checkRealRing(q.Ring); err != nil {
		return nil, err
	}
	var r *Result
	err := m.store.Update(ctx, func(tx Tx) error {
		r = &Result{}
		ring, err := ringByRef(tx, q.Ring)
		if err != nil {
			return err
		}
		c, err := byRef(tx, q.Cert)
		if err != nil {
			return err
		}
		conn, err := tx.Connection(ring, c)
		if errors.Is(err, ErrNotFound) {
			return newError(msgNotConnected, c.Label, c.Owner, ring.Name, ring.Owner)
		}
		if err != nil {
			return err
		}
		if err := tx.DeleteConnection(conn); err != nil {
			return err
		}
		return r.remindRefresh(tx, "DIGTRING")
	})
	return r, err
}

// checkRealRing refuses what cannot be a ring that somebody keeps.
func checkRealRing(ref RingRef) error {
	switch {
	case !ref.Owner.IsUser() && !ref.Virtual():
		return newError(msgRingOwner, ref.Owner)
	case ref.Virtual():
		return newError(msgVirtualRing, ref)
	}
	return CheckRingName(ref.Name)
}

func ringByRef(tx Tx, ref RingRef) (*Ring, error) {
	r, err := tx.Ring(ref)
	if errors.Is(err, ErrNotFound) {
		return nil, newError(msgNoRing, ref.Name, ref.Owner)
	}
	return r, err
}
