package racdcert

import (
	"context"
	"slices"

	"signet/racdcert/tso"
	"signet/ring"
)

// ringCommand is a command that changes rings and has nothing to show.
type ringCommand struct {
	command
	do func(context.Context, *ring.Manager) (*ring.Result, error)
}

func (r ringCommand) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return r.do(ctx, s.Manager)
}

// ringName reads the ring in the parentheses of ADDRING, DELRING or LISTRING.
func (c *racdcert) ringName(fn tso.Operand) (ring.RingRef, error) {
	name, err := value(fn, c.function)
	return ring.RingRef{Owner: c.owner, Name: name}, err
}

func parseAddring(c *racdcert, fn tso.Operand) (Command, error) {
	ref, err := c.ringName(fn)
	return ringCommand{"RACDCERT ADDRING", func(ctx context.Context, m *ring.Manager) (*ring.Result, error) {
		return m.AddRing(ctx, ref)
	}}, err
}

func parseDelring(c *racdcert, fn tso.Operand) (Command, error) {
	ref, err := c.ringName(fn)
	return ringCommand{"RACDCERT DELRING", func(ctx context.Context, m *ring.Manager) (*ring.Result, error) {
		return m.DelRing(ctx, ref)
	}}, err
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
	return ringCommand{"RACDCERT CONNECT", func(ctx context.Context, m *ring.Manager) (*ring.Result, error) {
		return m.Connect(ctx, q)
	}}, err
}

func parseRemove(c *racdcert, fn tso.Operand) (Command, error) {
	_, certRef, ringRef, err := c.connection(fn)
	q := ring.Remove{Ring: ringRef, Cert: certRef}
	return ringCommand{"RACDCERT REMOVE", func(ctx context.Context, m *ring.Manager) (*ring.Result, error) {
		return m.Remove(ctx, q)
	}}, err
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
