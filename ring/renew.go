package ring

import (
	"context"
	"crypto/x509"
	"errors"

	"signet/cert"
)

// Rekey asks for a certificate like an existing one, with a new key pair
// (racdcert-certificates.md 13).
type Rekey struct {
	CertRef
	NewLabel  string       // empty: LABELnnnnnnnn
	Key       cert.KeySpec // no algorithm: the existing one's; no size then: its size
	Place     KeyPlace     // where the new key pair is to be; zero: where the existing one is
	NotBefore Moment
	NotAfter  Moment
	Days      int
	PSS       bool
}

// Rekey makes a self-signed certificate with the subject, key usages and alternative names of
// an existing one, which it leaves alone. Next comes a request for the new one, and, when its
// answer has been added, Rollover.
func (m *Manager) Rekey(ctx context.Context, q Rekey) (*Issued, error) {
	return perform(ctx, m, Act{Function: "REKEY", Cert: q.CertRef, Token: q.Place.resource()}, q, (*call).rekey)
}

func (m *call) rekey(ctx context.Context, q Rekey) (*Issued, error) {
	if q.Label == "" {
		return nil, MissingKeyword("REKEY", "LABEL")
	}
	g := Gencert{Owner: q.Owner, Label: q.NewLabel, Key: q.Key, Place: q.Place, NotBefore: q.NotBefore, NotAfter: q.NotAfter, Days: q.Days, PSS: q.PSS}
	var lost bool
	err := m.view(ctx, func(tx Tx) error {
		if err := m.requireNew(tx, q.Owner, q.NewLabel); err != nil {
			return err
		}
		c, err := byRef(tx, q.CertRef)
		if err != nil {
			return err
		}
		if !c.HasKey() {
			return newError(msgNeedsKey, "REKEY", c.Ref())
		}
		x, err := c.X509()
		if err != nil {
			return err
		}
		if token := c.Key.Token(); token != "" && !q.Place.InHardware() {
			if err := m.require(tx, Act{Function: "REKEY", Cert: c.Ref(), Token: token}); err != nil {
				return err
			}
			g.Place.Token = token
		}
		lost = cert.HasOtherAltNames(x)
		return g.like(x)
	})
	if err != nil {
		return nil, err
	}
	r, err := m.gencert(ctx, g)
	if err == nil && lost {
		r.note(msgAltNamesLost, q.CertRef)
	}
	return r, err
}

// like fills in what a rekeyed certificate takes from the one before it.
func (g *Gencert) like(x *x509.Certificate) error {
	spec, err := cert.SpecOf(x.PublicKey)
	if err != nil {
		return newError(msgBadKey, err)
	}
	if g.Key.Algorithm == "" {
		g.Key.Algorithm = spec.Algorithm
		if g.Key.Bits == 0 {
			g.Key.Bits = spec.Bits
		}
	}
	g.Subject = cert.SubjectOf(x)
	g.AltNames = cert.AltNamesOf(x)
	if g.Usage, err = cert.ParseUsage(cert.UsageWords(x.KeyUsage, spec.Algorithm)); err != nil {
		return newError(msgBadUsage, err)
	}
	g.ExtUsage = cert.ExtUsageWords(x.ExtKeyUsage, x.UnknownExtKeyUsage)
	return nil
}

// Rollover asks for a new certificate to take the place of an old one
// (racdcert-certificates.md 14).
type Rollover struct {
	CertRef
	NewLabel string
	Force    bool // without the checks; with NewLabel the old label, only retire the key
}

// Rollover retires the private key of the old certificate, so that it can never sign again,
// puts the new one in its place in every ring, and hands the serial number counter on: all in
// one transaction. Where the old one was PERSONAL it leaves the ring; where it was CERTAUTH or
// SITE it stays beside the new one, so that what it signed still verifies.
func (m *Manager) Rollover(ctx context.Context, q Rollover) (*Issued, error) {
	return perform(ctx, m, Act{Function: "ROLLOVER", Cert: q.CertRef, Detail: "to " + q.NewLabel}, q, (*call).rollover)
}

func (m *call) rollover(ctx context.Context, q Rollover) (*Issued, error) {
	switch {
	case q.Label == "":
		return nil, MissingKeyword("ROLLOVER", "LABEL")
	case q.NewLabel == "":
		return nil, MissingKeyword("ROLLOVER", "NEWLABEL")
	}
	return update(ctx, m, func(tx Tx, r *Issued) error {
		if err := m.requireNew(tx, q.Owner, q.NewLabel); err != nil {
			return err
		}
		old, err := byRef(tx, q.CertRef)
		if err != nil {
			return err
		}
		next, err := byRef(tx, CertRef{q.Owner, q.NewLabel})
		if err != nil {
			return err
		}
		r.Certificate = next
		if !q.Force {
			if err := checkRollover(old, next); err != nil {
				return err
			}
		}
		if err := retire(tx, old); err != nil {
			return err
		}
		r.note(msgRetired, old.Ref())
		if old.ID == next.ID {
			r.note(msgKeyless, old.Ref())
			return r.remindRefresh(tx, "DIGTCERT")
		}
		if next.LastSerial < old.LastSerial {
			next.LastSerial = old.LastSerial
			if err := tx.UpdateCertificate(next); err != nil {
				return err
			}
		}
		if err := takePlace(tx, old, next); err != nil {
			return err
		}
		if err := r.remindRefresh(tx, "DIGTRING"); err != nil {
			return err
		}
		return r.remindRefresh(tx, "DIGTCERT")
	})
}

// checkRollover says why a certificate cannot take the place of another without FORCE.
func checkRollover(old, next *Certificate) error {
	refuse := func(why string) error { return newError(msgRollover, old.Ref(), next.Ref(), why) }
	switch {
	case old.ID == next.ID:
		return newError(msgRolloverSelf, old.Ref())
	case !old.HasKey():
		return refuse("the old one has no private key")
	case !next.HasKey():
		return refuse("the new one has no private key")
	case next.LastSerial != 0:
		return refuse("the new one has signed certificates already")
	}
	a, err := old.X509()
	if err != nil {
		return err
	}
	b, err := next.X509()
	if err != nil {
		return err
	}
	if cert.SameKey(a.PublicKey, b.PublicKey) {
		return refuse("they have the same key")
	}
	return nil
}

// retire destroys the private key of a certificate, if it has one, and remembers it: no ADD or
// IMPORT of a copy brings it back.
func retire(tx Tx, c *Certificate) error {
	x, err := c.X509()
	if err != nil {
		return err
	}
	if err := tx.RetireKey(x.RawSubjectPublicKeyInfo); err != nil || !c.HasKey() {
		return err
	}
	return tx.DeletePrivateKey(c)
}

// takePlace puts next in every ring that old is in, with its usage and default. Where it is
// already, it keeps its place and usage.
func takePlace(tx Tx, old, next *Certificate) error {
	var conns []*Connection
	for conn, err := range tx.ConnectionsOf(old) {
		if err != nil {
			return err
		}
		conns = append(conns, conn)
	}
	for _, conn := range conns {
		added := *conn
		added.Cert = next
		switch there, err := tx.Connection(conn.Ring, next); {
		case err == nil:
			added.Usage, added.Default = there.Usage, there.Default || conn.Default
		case !errors.Is(err, ErrNotFound):
			return err
		}
		if conn.Usage == UsagePersonal {
			if err := tx.DeleteConnection(conn); err != nil {
				return err
			}
		} else if conn.Default {
			conn.Default = false
			if err := tx.PutConnection(conn); err != nil {
				return err
			}
		}
		if err := tx.PutConnection(&added); err != nil {
			return err
		}
	}
	return nil
}
