package ring

import (
	"context"
	"errors"
)

// AddRing makes an empty ring (racdcert-rings.md A3).
func (m *Manager) AddRing(ctx context.Context, ref RingRef) (*Result, error) {
	return perform(ctx, m, Act{Function: "ADDRING", Ring: ref}, ref, (*call).addRing)
}

func (m *call) addRing(ctx context.Context, ref RingRef) (*Result, error) {
	if err := checkRealRing(ref); err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, r *Result) error {
		err := tx.AddRing(&Ring{Owner: ref.Owner, Name: ref.Name, Created: m.now(), CreatedBy: string(m.issuer)})
		if errors.Is(err, ErrExists) {
			return newError(msgRingExists, ref.Name, ref.Owner)
		}
		if err != nil {
			return err
		}
		return r.remindRefresh(tx, "DIGTRING")
	})
}

// DelRing removes a ring with its connections; the certificates stay.
func (m *Manager) DelRing(ctx context.Context, ref RingRef) (*Result, error) {
	return perform(ctx, m, Act{Function: "DELRING", Ring: ref}, ref, (*call).delRing)
}

func (m *call) delRing(ctx context.Context, ref RingRef) (*Result, error) {
	if err := checkRealRing(ref); err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, r *Result) error {
		ring, err := ringByRef(tx, ref)
		if err != nil {
			return err
		}
		if err := tx.DeleteRing(ring); err != nil {
			return err
		}
		return r.remindRefresh(tx, "DIGTRING")
	})
}

// Connect asks for a certificate to be put in a ring (racdcert-rings.md A4).
type Connect struct {
	Ring    RingRef
	Cert    CertRef
	Usage   Usage // empty: the usage of the certificate's owner
	Default bool  // make it the ring's default, in place of the one that is
}

// usage is the usage that the connection gets.
func (q Connect) usage() Usage {
	if q.Usage == "" {
		return q.Cert.Owner.DefaultUsage()
	}
	return q.Usage
}

// Connect puts a certificate at the end of a ring. One that is there already keeps its place
// and gets the new usage and default.
func (m *Manager) Connect(ctx context.Context, q Connect) (*Result, error) {
	return perform(ctx, m, Act{Function: "CONNECT", Cert: q.Cert, Ring: q.Ring, Usage: q.usage()}, q, (*call).connect)
}

func (m *call) connect(ctx context.Context, q Connect) (*Result, error) {
	return m.changeRing(ctx, "CONNECT", q.Ring, q.Cert, func(tx Tx, ring *Ring, c *Certificate) error {
		if q.Default {
			if err := clearDefault(tx, ring); err != nil {
				return err
			}
		}
		return tx.PutConnection(&Connection{Ring: ring, Cert: c, Usage: q.usage(), Default: q.Default})
	})
}

// changeRing runs a change of one certificate in one ring, after the checks that CONNECT and
// REMOVE share.
func (m *call) changeRing(ctx context.Context, function string, ringRef RingRef, certRef CertRef, change func(Tx, *Ring, *Certificate) error) (*Result, error) {
	if ringRef.Name == "" || certRef.Label == "" {
		return nil, newError(msgRingAndLabel, function)
	}
	if err := checkRealRing(ringRef); err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, r *Result) error {
		ring, err := ringByRef(tx, ringRef)
		if err != nil {
			return err
		}
		c, err := byRef(tx, certRef)
		if err != nil {
			return err
		}
		if err := change(tx, ring, c); err != nil {
			return err
		}
		return r.remindRefresh(tx, "DIGTRING")
	})
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
	return perform(ctx, m, Act{Function: "REMOVE", Cert: q.Cert, Ring: q.Ring}, q, (*call).remove)
}

func (m *call) remove(ctx context.Context, q Remove) (*Result, error) {
	return m.changeRing(ctx, "REMOVE", q.Ring, q.Cert, func(tx Tx, ring *Ring, c *Certificate) error {
		conn, err := tx.Connection(ring, c)
		if errors.Is(err, ErrNotFound) {
			return newError(msgNotConnected, c.Label, c.Owner, ring.Name, ring.Owner)
		}
		if err != nil {
			return err
		}
		return tx.DeleteConnection(conn)
	})
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
