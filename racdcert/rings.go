package racdcert

import (
	"context"
	"slices"

	"signet/racdcert/tso"
	"signet/ring"
)

// ringName reads the ring in the parentheses of ADDRING, DELRING or LISTRING.
func (c *racdcert) ringName(fn tso.Operand) (ring.RingRef, error) {
	name, err := value(fn, c.function)
	return ring.RingRef{Owner: c.owner, Name: name}, err
}

// addring is RACDCERT ADDRING.
type addring struct {
	command
	request ring.RingRef
}

func parseAddring(c *racdcert, fn tso.Operand) (Command, error) {
	ref, err := c.ringName(fn)
	return addring{"RACDCERT ADDRING", ref}, err
}

func (a addring) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.AddRing(ctx, a.request)
}

// delring is RACDCERT DELRING.
type delring struct {
	command
	request ring.RingRef
}

func parseDelring(c *racdcert, fn tso.Operand) (Command, error) {
	ref, err := c.ringName(fn)
	return delring{"RACDCERT DELRING", ref}, err
}

func (d delring) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.DelRing(ctx, d.request)
}

// connection reads what CONNECT and REMOVE have in common: the certificate, by default one of
// the ring owner's, and the ring. A repeated owner counts as it was given last.
func (c *racdcert) connection(fn tso.Operand, more ...string) (operands, ring.CertRef, ring.RingRef, error) {
	ringRef := ring.RingRef{Owner: c.owner}
	parts, err := inside(fn, c.function, append([]string{"ID", "SITE", "CERTAUTH", "LABEL", "RING"}, more...)...)
	if err != nil {
		return parts, ring.CertRef{}, ringRef, err
	}
	cert, err := certRef(parts, c.owner)
	if err != nil {
		return parts, cert, ringRef, err
	}
	ringRef.Name, err = parts.text("RING")
	return parts, cert, ringRef, err
}

// connect is RACDCERT CONNECT.
type connect struct {
	command
	request ring.Connect
}

func parseConnect(c *racdcert, fn tso.Operand) (Command, error) {
	parts, certRef, ringRef, err := c.connection(fn, "DEFAULT", "USAGE")
	if err != nil {
		return nil, err
	}
	q := ring.Connect{Ring: ringRef, Cert: certRef}
	if q.Default, err = parts.flag("DEFAULT"); err != nil {
		return nil, err
	}
	usage, err := parts.choice("USAGE", []string{"PERSONAL", "SITE", "CERTAUTH"})
	q.Usage = ring.Usage(usage)
	return connect{"RACDCERT CONNECT", q}, err
}

func (c connect) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.Connect(ctx, c.request)
}

// remove is RACDCERT REMOVE.
type remove struct {
	command
	request ring.Remove
}

func parseRemove(c *racdcert, fn tso.Operand) (Command, error) {
	_, certRef, ringRef, err := c.connection(fn)
	return remove{"RACDCERT REMOVE", ring.Remove{Ring: ringRef, Cert: certRef}}, err
}

func (r remove) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.Remove(ctx, r.request)
}

// listring is RACDCERT LISTRING.
type listring struct {
	command
	ring ring.RingRef // an empty name means all rings
}

// parseListring reads LISTRING. An asterisk, and no name at all, mean all rings of the owner
// (racdcert-rings.md A2).
func parseListring(c *racdcert, fn tso.Operand) (Command, error) {
	ref := ring.RingRef{Owner: c.owner}
	if fn.HasValue {
		var err error
		if ref, err = c.ringName(fn); err != nil {
			return nil, err
		}
	}
	if ref.Virtual() {
		ref.Name = ""
	}
	return listring{"RACDCERT LISTRING", ref}, nil
}

func (l listring) run(ctx context.Context, s *Session) (*ring.Result, error) {
	rings, err := s.Manager.ListRing(ctx, l.ring)
	if err != nil {
		return nil, err
	}
	d := display{w: s.Output, zone: s.Manager.Zone()}
	d.rings(l.ring.Owner, slices.Values(rings))
	return nil, d.err
}
