package ring

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"signet/cert"
)

// Credential is a certificate on its way from one store to another, with all that goes with it.
type Credential struct {
	Owner  Owner
	Label  string
	Status Status
	Chain  []*x509.Certificate // the certificate and its issuers, as far as the store has them
	Key    crypto.Signer       // nil for a certificate alone
}

// Take asks for credentials: certificates by name, or those of a ring.
type Take struct {
	Certs []CertRef
	Ring  RingRef // used when Certs is empty
}

// Taken is the answer to Take.
type Taken struct {
	Result
	Credentials []Credential
}

// Take reads credentials. Of a ring, what is PERSONAL comes with its private key and its chain,
// and the rest as certificates to trust; of certificates by name, each with its key if it has
// one. A private key that cannot leave its token is refused before anything is read.
func (m *Manager) Take(ctx context.Context, q Take) (*Taken, error) {
	return perform(ctx, m, q.act(), q, (*call).take)
}

// act says what the question is about. Each certificate is asked for by itself.
func (q Take) act() Act {
	if len(q.Certs) == 0 {
		return Act{Function: "TAKE", Ring: q.Ring, Key: true}
	}
	var names []string
	for _, c := range q.Certs {
		names = append(names, c.String())
	}
	return Act{Function: "TAKE", Key: true, Detail: strings.Join(names, " ")}
}

func (m *call) take(ctx context.Context, q Take) (*Taken, error) {
	var r *Taken
	err := m.view(ctx, func(tx Tx) error {
		r = &Taken{}
		certs, trusted, err := m.selected(tx, q, r)
		if err != nil {
			return err
		}
		for _, c := range certs {
			if c.Key.InToken() && !trusted[c] {
				return newError(msgNoExportKey, c.Ref())
			}
		}
		chains := newChains(tx)
		for _, c := range certs {
			id, err := credential(tx, chains, c, trusted[c], &r.Result)
			if err != nil {
				return err
			}
			r.Credentials = append(r.Credentials, id)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// selected gives the certificates of a Take, and which of them go without a key.
func (m *call) selected(tx Tx, q Take, r *Taken) (certs []*Certificate, trusted map[*Certificate]bool, err error) {
	trusted = map[*Certificate]bool{}
	for _, ref := range q.Certs {
		if ref.Label == "" {
			return nil, nil, MissingKeyword("TAKE", "LABEL")
		}
		if err := m.require(tx, Act{Function: "TAKE", Cert: ref}); err != nil {
			return nil, nil, err
		}
		c, err := byRef(tx, ref)
		if err != nil {
			return nil, nil, err
		}
		certs = append(certs, c)
	}
	if len(q.Certs) > 0 {
		return certs, trusted, nil
	}
	var l RingListing
	if q.Ring.Virtual() {
		l, err = virtualListing(tx, q.Ring)
	} else {
		var named *Ring
		if named, err = ringByRef(tx, q.Ring); err == nil {
			l, err = listingOf(tx, named)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	for _, conn := range l.Connections {
		c := conn.Cert
		switch {
		case conn.Usage != UsagePersonal:
			trusted[c] = true
		case !c.HasKey():
			r.note(msgKeylessPersonal, c.Ref(), q.Ring)
			continue
		default:
			if err := m.release(tx, q.Ring, conn); err != nil {
				return nil, nil, err
			}
		}
		if conn.Default { // the first private key of a PKCS #12 file is its default
			certs = slices.Insert(certs, 0, c)
			continue
		}
		certs = append(certs, c)
	}
	return certs, trusted, nil
}

func credential(tx Tx, chains *chains, c *Certificate, trusted bool, r *Result) (Credential, error) {
	id := Credential{Owner: c.Owner, Label: c.Label, Status: c.Status}
	if trusted || !c.HasKey() {
		x, err := c.X509()
		id.Chain = []*x509.Certificate{x}
		return id, err
	}
	certs, complete, err := chains.of(c)
	if err != nil {
		return id, err
	}
	for _, c := range certs {
		x, err := c.X509()
		if err != nil {
			return id, err
		}
		id.Chain = append(id.Chain, x)
	}
	if !complete {
		r.note(msgChainBroken, c.Ref(), cert.IssuerOf(id.Chain[len(id.Chain)-1]).RACF())
	}
	id.Key, err = tx.PrivateKey(c)
	return id, err
}

// Place is what Put did with a credential.
type Place string

// What can become of a credential.
const (
	Placed    Place = "added"
	Replaced  Place = "replaced"
	Unchanged Place = "unchanged"
)

// Put is what became of one credential.
type Put struct {
	Ref    CertRef           // its name in the store
	Key    bool              // it has a private key there
	Place  Place             //
	Status Status            // of the certificate there
	Was    *x509.Certificate // what it replaced, nil if nothing
}

// PutAll is the answer to Put, in the order of the credentials.
type PutAll struct {
	Result
	Puts []Put
}

// Put stores credentials, all in one transaction. What is there already with the same content
// stays as it is; another certificate under the same label is replaced where it stands. In a
// keystore one certificate may come under several labels; in a database it is found under the
// one it has.
func (m *Manager) Put(ctx context.Context, ids []Credential) (*PutAll, error) {
	return perform(ctx, m, Act{Function: "PUT", Detail: fmt.Sprintf("%d certificates", len(ids))}, ids, (*call).putAll)
}

func (m *call) putAll(ctx context.Context, ids []Credential) (*PutAll, error) {
	return update(ctx, m, func(tx Tx, r *PutAll) error {
		_, isOne := tx.(OneRing)
		r.Puts = make([]Put, len(ids))
		// A database holds a certificate once: the one with its private key comes before the same
		// one without. A keystore keeps the order.
		for _, keys := range []bool{true, false} {
			for i, id := range ids {
				if isOne && !keys || !isOne && (id.Key != nil) != keys {
					continue
				}
				var err error
				if r.Puts[i], err = m.put(tx, id, &r.Result); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (m *call) put(tx Tx, id Credential, r *Result) (Put, error) {
	if len(id.Chain) == 0 || slices.Contains(id.Chain, nil) {
		return Put{}, newError(msgNoEndEntity, CertRef{id.Owner, id.Label})
	}
	one, isOne := tx.(OneRing)
	x, longest, from := id.Chain[0], maxLabel, CertRef{id.Owner, id.Label}
	if isOne {
		longest = maxAlias
		if err := one.SpeakFor(m.issuer); err != nil {
			return Put{}, err
		}
		id.Owner = CertAuth
		if id.Key != nil {
			id.Owner = m.issuer
		}
		if id.Status == HighTrust { // no keystore knows more than trust
			id.Status = Trust
		}
		if !one.HoldsStatus(id.Owner, id.Status) {
			return Put{}, newError(msgNoCopy, from, one.Format())
		}
	}
	label, err := checkLabel(id.Label, longest)
	if err != nil {
		return Put{}, err
	}
	if err := m.require(tx, Act{Function: "ADD", Cert: CertRef{id.Owner, label}}); err != nil {
		return Put{}, err
	}
	if !isOne {
		c := &Certificate{Owner: id.Owner, Label: label}
		if id.Status = capStatus(c, id.Status, r); id.Status != Trust && id.Status != NoTrust && id.Status != HighTrust {
			return Put{}, newError(msgBadOperand, "status", string(id.Status), "it is not TRUST, NOTRUST or HIGHTRUST")
		}
	}
	p := Put{Ref: CertRef{id.Owner, label}, Key: id.Key != nil, Place: Placed, Status: id.Status}
	there, err := tx.CertificateByIssuerSerial(x.RawIssuer, x.SerialNumber)
	if err == nil && !bytes.Equal(there.DER, x.Raw) {
		return p, newError(msgSameIdentity, there.Ref())
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return p, err
	}
	found := err == nil
	if isOne && one.AllowTwins() { // then only what has the label counts
		if there, err = m.occupant(tx, p.Ref, isOne); err != nil {
			return p, err
		}
		found = there != nil && bytes.Equal(there.DER, x.Raw)
	}
	same := found
	if found {
		if same, err = m.holdsAll(tx, there, id, isOne); err != nil {
			return p, err
		}
	}
	switch {
	case same:
	case isOne && one.KeepsChains():
		one.Offer(id.Chain[1:])
	default:
		for _, issuer := range slices.Backward(id.Chain[1:]) {
			if _, err := m.addIssuer(tx, issuer, r); err != nil {
				return p, err
			}
		}
	}
	if found && !isOne && there.Owner != id.Owner {
		if may, err := m.may(tx, Act{Function: "LIST", Cert: there.Ref()}); err != nil {
			return p, err
		} else if !may { // whose it is, and whether it has a key, is not told
			return p, newError(msgOtherOwner, cert.SubjectOf(x).RACF(), "another owner's")
		}
	}
	if same {
		p.Ref, p.Key, p.Status, p.Place = there.Ref(), there.HasKey(), there.Status, Unchanged
		return p, nil
	}
	if found && (there.Owner == id.Owner || id.Key == nil) {
		return m.exchange(tx, there, x, id, p)
	}
	if found && !isOne {
		return p, newError(msgOtherOwner, cert.SubjectOf(x).RACF(), there.Ref())
	}
	if found { // trusted alone so far, and now with its key
		if err := tx.DeleteCertificate(there); err != nil {
			return p, err
		}
		p.Place, p.Was = Replaced, x
	}
	old, err := m.occupant(tx, p.Ref, isOne)
	if err != nil {
		return p, err
	}
	if old != nil && !isOne { // another certificate goes, perhaps with its private key
		if err := m.require(tx, Act{Function: "DELETE", Cert: old.Ref()}); err != nil {
			return p, err
		}
	}
	if old != nil && old.Owner == p.Ref.Owner {
		return m.exchange(tx, old, x, id, p)
	}
	if old != nil { // an alias of the other kind
		if old.HasKey() {
			return p, newError(msgKeyWouldGo, old.Ref())
		}
		if p.Was, err = old.X509(); err != nil {
			return p, err
		}
		p.Place = Replaced
		if err := tx.DeleteCertificate(old); err != nil {
			return p, err
		}
	}
	c := NewCertificate(p.Ref, x)
	c.Status = id.Status
	c.Added, c.AddedBy = m.now(), string(m.issuer)
	if err := tx.AddCertificate(c); err != nil {
		return p, err
	}
	r.noteLabel(label, c)
	p.Ref = c.Ref()
	return p, m.keepKey(tx, c, cert.Bundle{Key: id.Key}, nil)
}

// holdsAll reports whether what the store has of a credential is all that there is of it. Only a
// keystore keeps the chain with the key; only there is trust a matter of the copy.
func (m *Manager) holdsAll(tx Tx, there *Certificate, id Credential, isOne bool) (bool, error) {
	if id.Key != nil && !there.HasKey() {
		return false, nil
	}
	if !isOne {
		return true, nil
	}
	if id.Key == nil {
		return there.HasKey() || there.Status == id.Status, nil
	}
	certs, complete, err := chain(tx, there)
	return complete || len(certs) >= len(id.Chain), err
}

// occupant finds what has the label already, nil if nothing has. In a keystore an alias belongs
// to the user or to CERTAUTH, whichever came first.
func (m *Manager) occupant(tx Tx, ref CertRef, isOne bool) (*Certificate, error) {
	owners := []Owner{ref.Owner}
	if isOne {
		owners = []Owner{m.issuer, CertAuth}
	}
	for _, o := range owners {
		c, err := tx.Certificate(CertRef{o, ref.Label})
		if err == nil || !errors.Is(err, ErrNotFound) {
			return c, err
		}
	}
	return nil, nil
}

// replaceable gives the certificate that a credential replaces, unless a private key would be lost
// for a certificate without one.
func replaceable(old *Certificate, id Credential) (*x509.Certificate, error) {
	was, err := old.X509()
	if err == nil && old.HasKey() && id.Key == nil && !cert.SameKey(was.PublicKey, id.Chain[0].PublicKey) {
		return nil, newError(msgKeyWouldGo, old.Ref())
	}
	return was, err
}

// exchange puts another certificate, with its key, in the place of one with the same label.
func (m *Manager) exchange(tx Tx, old *Certificate, x *x509.Certificate, id Credential, p Put) (Put, error) {
	was, err := replaceable(old, id)
	if err != nil {
		return p, err
	}
	p.Place, p.Was, p.Ref = Replaced, was, old.Ref()
	if old.HasKey() && !cert.SameKey(was.PublicKey, x.PublicKey) {
		if err := tx.DeletePrivateKey(old); err != nil {
			return p, err
		}
	}
	old.setX509(x)
	old.Status, old.Requested = id.Status, false
	old.Added, old.AddedBy = m.now(), string(m.issuer)
	if err := tx.UpdateCertificate(old); err != nil {
		return p, err
	}
	return p, m.keepKey(tx, old, cert.Bundle{Key: id.Key}, nil)
}
