package ring

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"slices"

	"signet/cert"
)

// Chain is what LISTCHAIN and CHECKCERT show: certificates, end-entity first, and what there is
// to say of them together (racdcert-certificates.md 15.4).
type Chain struct {
	Result
	Links    []Link
	Complete bool      // it ends in a self-signed certificate
	Expired  bool      // one of them at least is past its validity
	NoTrust  bool      // one of them at least is NOTRUST
	Rings    []RingRef // LISTCHAIN: the rings that all of them are in
}

// Link is one certificate of a chain. Certificate is nil when the database does not have it, or
// when the user may not know.
type Link struct {
	X509        *x509.Certificate
	Certificate *Certificate
	Mapping     *Filter // CHECKCERT: the name filter that it matches, nil when there is none
	Rings       []RingRef
}

// add takes a link into account for the summary.
func (ch *Chain) add(m *Manager, l Link) {
	ch.Links = append(ch.Links, l)
	ch.Expired = ch.Expired || m.expired(l.X509)
	ch.NoTrust = ch.NoTrust || l.Certificate != nil && l.Certificate.Status == NoTrust
}

// Listchain asks for a certificate with its issuers (racdcert-certificates.md 12).
type Listchain struct {
	CertRef
	// Common leaves out the rings of each certificate but the first: those that they have in
	// common are found without reading all that a CA is in.
	Common bool
}

// ListChain gives the chain of a certificate as far as the database has it.
func (m *Manager) ListChain(ctx context.Context, q Listchain) (*Chain, error) {
	return perform(ctx, m, Act{Function: "LISTCHAIN", Cert: q.CertRef}, q, (*call).listChain)
}

func (m *call) listChain(ctx context.Context, q Listchain) (*Chain, error) {
	ref := q.CertRef
	if ref.Label == "" {
		return nil, MissingKeyword("LISTCHAIN", "LABEL")
	}
	var ch *Chain
	err := m.view(ctx, func(tx Tx) error {
		ch = &Chain{}
		c, err := find(tx, Selector{Owner: ref.Owner, Label: ref.Label}, msgNoMatchListed)
		if err != nil {
			return err
		}
		certs, complete, err := chain(tx, c)
		if err != nil {
			return err
		}
		ch.Complete = complete
		for i, c := range certs {
			l := Link{Certificate: c}
			if l.X509, err = c.X509(); err != nil {
				return err
			}
			switch {
			case i == 0 || !q.Common:
				if l.Rings, err = ringsOf(tx, c); err != nil {
					return err
				}
				if i == 0 {
					ch.Rings = l.Rings
				} else {
					ch.Rings = common(ch.Rings, l.Rings)
				}
			default:
				if ch.Rings, err = connectedTo(tx, ch.Rings, c); err != nil {
					return err
				}
			}
			ch.add(m.Manager, l)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ch, nil
}

// connectedTo keeps the rings that a certificate is in.
func connectedTo(tx Tx, rings []RingRef, c *Certificate) ([]RingRef, error) {
	var kept []RingRef
	for _, ref := range rings {
		r, err := tx.Ring(ref)
		if err != nil {
			return nil, err
		}
		_, err = tx.Connection(r, c)
		if missing, err := isFree(err); err != nil {
			return nil, err
		} else if !missing {
			kept = append(kept, ref)
		}
	}
	return kept, nil
}

func ringsOf(tx Tx, c *Certificate) ([]RingRef, error) {
	var rings []RingRef
	for conn, err := range tx.ConnectionsOf(c) {
		if err != nil {
			return nil, err
		}
		rings = append(rings, conn.Ring.Ref())
	}
	return rings, nil
}

func common(a, b []RingRef) []RingRef {
	in := map[RingRef]bool{}
	for _, r := range b {
		in[r] = true
	}
	var both []RingRef
	for _, r := range a {
		if in[r] {
			both = append(both, r)
		}
	}
	return both
}

// Checkcert asks what a file holds and whether the database has it
// (racdcert-certificates.md 6).
type Checkcert struct {
	Data     []byte
	Source   string // the file's name, for messages
	Password []byte // nil: none given
	Outside  bool   // show only what the file holds, as a user sees it who may not list
}

// Checkcert shows the certificates of a file, end-entity first, with what the database knows of
// each. The chain is complete when the file itself holds it up to the root. The database is not
// changed.
func (m *Manager) Checkcert(ctx context.Context, q Checkcert) (*Chain, error) {
	return perform(ctx, m, Act{Function: "CHECKCERT", Detail: q.Source}, q, (*call).checkcert)
}

func (m *call) checkcert(ctx context.Context, q Checkcert) (*Chain, error) {
	b, err := m.decode(q.Data, q.Password)
	if err != nil {
		return nil, newError(msgCheckcert, q.Source, err)
	}
	leaf, issuers, err := endEntity(b, q.Source)
	if err != nil {
		return nil, err
	}
	all := append(issuers, leaf)
	slices.Reverse(all)
	var ch *Chain
	err = m.view(ctx, func(tx Tx) error {
		ch = &Chain{Complete: cert.SelfSigned(all[len(all)-1])}
		for _, x := range all {
			l := Link{X509: x}
			if !q.Outside {
				if err := m.tellKnown(tx, &l); err != nil {
					return err
				}
			}
			ch.add(m.Manager, l)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ch, nil
}

// tellKnown adds what the database knows of a certificate, for a user who may list it.
func (m *call) tellKnown(tx Tx, l *Link) error {
	c, err := sameCertificate(tx, l.X509)
	if err != nil {
		return err
	}
	if c != nil {
		if may, err := m.may(tx, Act{Function: "LIST", Cert: c.Ref()}); err != nil {
			return err
		} else if may {
			l.Certificate = c
		}
	}
	f, err := filterFor(tx, l.X509)
	if err != nil || f == nil {
		return err
	}
	may, err := m.may(tx, Act{Function: "LISTMAP", Cert: CertRef(f.Ref())})
	if may {
		l.Mapping = f
	}
	return err
}

// sameCertificate finds a certificate in the database, nil when it is not there.
func sameCertificate(tx Tx, x *x509.Certificate) (*Certificate, error) {
	c, err := tx.CertificateByIssuerSerial(x.RawIssuer, x.SerialNumber)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil || !bytes.Equal(c.DER, x.Raw) {
		return nil, err
	}
	return c, nil
}

// Certificates gives the chain as certificates alone.
func (ch *Chain) Certificates() []*x509.Certificate {
	var all []*x509.Certificate
	for _, l := range ch.Links {
		all = append(all, l.X509)
	}
	return all
}
