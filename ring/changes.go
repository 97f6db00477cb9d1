package ring

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"math/big"
	"strconv"
	"strings"
	"time"

	"signet/audit"
	"signet/cert"
	"signet/saf"
)

// recordingTx is a transaction that remembers what was changed, before and after, for the trail.
// A function reads what it changes in the same transaction: so what a certificate was like is
// known without another look-up. None of it is secret: of a private key only where it is.
type recordingTx struct {
	Tx
	seen    map[int64]Certificate // as they were read
	changes []audit.Change
}

// facts are what the trail keeps of a thing; nil for a thing that is not there.
type facts map[string]string

// change remembers a change. Of a thing that was there and still is, only what differs counts.
func (t *recordingTx) change(kind, name string, before, after facts) {
	if before != nil && after != nil {
		b, a := facts{}, facts{}
		for k := range maps.Keys(before) {
			if before[k] != after[k] {
				b[k] = before[k]
			}
		}
		for k := range maps.Keys(after) {
			if before[k] != after[k] {
				a[k] = after[k]
			}
		}
		if len(a)+len(b) == 0 {
			return
		}
		before, after = b, a
	}
	t.changes = append(t.changes, audit.Change{Kind: kind, Name: name, Before: before, After: after})
}

// Attempt implements Tx: what is undone was no change.
func (t *recordingTx) Attempt(fn func() error) error {
	before := len(t.changes)
	err := t.Tx.Attempt(fn)
	if err != nil {
		t.changes = t.changes[:before]
	}
	return err
}

// forgetKey removes the reference to a private key, and not the key.
func (t *recordingTx) forgetKey(c *Certificate) error {
	was := c.Key
	if err := forgetKey(t.Tx, c); err != nil {
		return err
	}
	t.change("private key", c.Ref().String(), facts{"where": string(was)}, nil)
	return nil
}

// recordFacts are what the trail keeps of a certificate besides the certificate itself.
func recordFacts(c *Certificate) facts {
	f := facts{"name": c.Ref().String(), "status": string(c.Status)}
	if c.LastSerial > 0 {
		f["last serial"] = strconv.FormatUint(c.LastSerial, 10)
	}
	if c.Requested {
		f["requested"] = "yes"
	}
	return f
}

// certificateFacts are what the trail keeps of a certificate.
func certificateFacts(c *Certificate) facts {
	f := recordFacts(c)
	sum := sha256.Sum256(c.DER)
	f["sha256"] = hex.EncodeToString(sum[:])
	if x, err := c.X509(); err == nil {
		f["subject"], f["issuer"] = cert.SubjectOf(x).RACF(), cert.IssuerOf(x).RACF()
		f["serial"], f["ends"] = cert.SerialHex(x.SerialNumber), moment(x.NotAfter)
	}
	return f
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// see remembers what a certificate is like.
func (t *recordingTx) see(c *Certificate, err error) (*Certificate, error) {
	if err == nil {
		if t.seen == nil {
			t.seen = map[int64]Certificate{}
		}
		if _, seen := t.seen[c.ID]; !seen {
			t.seen[c.ID] = *c
		}
	}
	return c, err
}

func (t *recordingTx) seeAll(all iter.Seq2[*Certificate, error]) iter.Seq2[*Certificate, error] {
	return func(yield func(*Certificate, error) bool) {
		for c, err := range all {
			if !yield(t.see(c, err)) {
				return
			}
		}
	}
}

// Certificate implements Tx, as all below do.
func (t *recordingTx) Certificate(r CertRef) (*Certificate, error) {
	return t.see(t.Tx.Certificate(r))
}

func (t *recordingTx) CertificateByIssuerSerial(issuer []byte, serial *big.Int) (*Certificate, error) {
	return t.see(t.Tx.CertificateByIssuerSerial(issuer, serial))
}

func (t *recordingTx) Certificates(o Owner) iter.Seq2[*Certificate, error] {
	return t.seeAll(t.Tx.Certificates(o))
}

func (t *recordingTx) CertificatesBySubject(subject []byte) iter.Seq2[*Certificate, error] {
	return t.seeAll(t.Tx.CertificatesBySubject(subject))
}

func (t *recordingTx) CertificatesByPublicKey(spki []byte) iter.Seq2[*Certificate, error] {
	return t.seeAll(t.Tx.CertificatesByPublicKey(spki))
}

func (t *recordingTx) AddCertificate(c *Certificate) error {
	err := t.Tx.AddCertificate(c)
	if err == nil {
		t.added(c)
	}
	return err
}

func (t *recordingTx) added(c *Certificate) {
	t.change("certificate", c.Ref().String(), nil, certificateFacts(c))
	_, _ = t.see(c, nil)
}

func (t *recordingTx) AddWithKey(c *Certificate, key crypto.Signer) error {
	err := t.Tx.AddWithKey(c, key)
	if err == nil {
		t.added(c)
		t.keyed(c)
	}
	return err
}

func (t *recordingTx) keyed(c *Certificate) {
	t.change("private key", c.Ref().String(), nil, facts{"where": string(c.Key)})
}

func (t *recordingTx) UpdateCertificate(c *Certificate) error {
	err := t.Tx.UpdateCertificate(c)
	if err == nil {
		was, seen := t.seen[c.ID]
		switch {
		case !seen:
			t.change("certificate", c.Ref().String(), nil, certificateFacts(c))
		case bytes.Equal(was.DER, c.DER): // a counter that moves on, mostly
			t.change("certificate", was.Ref().String(), recordFacts(&was), recordFacts(c))
		default:
			t.change("certificate", was.Ref().String(), certificateFacts(&was), certificateFacts(c))
		}
		if seen {
			t.seen[c.ID] = *c
		}
	}
	return err
}

func (t *recordingTx) DeleteCertificate(c *Certificate) error {
	err := t.Tx.DeleteCertificate(c)
	if err == nil {
		before := certificateFacts(c)
		if c.HasKey() {
			before["private key"] = string(c.Key)
		}
		t.change("certificate", c.Ref().String(), before, nil)
	}
	return err
}

func (t *recordingTx) PutPrivateKey(c *Certificate, key crypto.Signer) error {
	err := t.Tx.PutPrivateKey(c, key)
	if err == nil {
		t.keyed(c)
	}
	return err
}

func (t *recordingTx) PutKeyRef(c *Certificate, ref KeyRef) error {
	err := t.Tx.PutKeyRef(c, ref)
	if err == nil {
		t.change("private key", c.Ref().String(), nil, facts{"where": string(ref)})
	}
	return err
}

func (t *recordingTx) DeletePrivateKey(c *Certificate) error {
	was := c.Key
	err := t.Tx.DeletePrivateKey(c)
	if err == nil {
		t.change("private key", c.Ref().String(), facts{"where": string(was)}, nil)
	}
	return err
}

func (t *recordingTx) AddRing(r *Ring) error {
	err := t.Tx.AddRing(r)
	if err == nil {
		t.change("ring", r.Ref().String(), nil, facts{})
	}
	return err
}

func (t *recordingTx) DeleteRing(r *Ring) error {
	before := facts{}
	n := 0
	for c, err := range t.Tx.Connections(r) {
		if err != nil {
			return err
		}
		if n++; n <= maxListed {
			before[c.Cert.Ref().String()] = string(c.Usage)
		}
	}
	if n > maxListed {
		before["connections"] = strconv.Itoa(n)
	}
	err := t.Tx.DeleteRing(r)
	if err == nil {
		t.change("ring", r.Ref().String(), before, nil)
	}
	return err
}

// maxListed is how many connections of a ring that is deleted the trail names.
const maxListed = 100

func connectionFacts(c *Connection) facts {
	f := facts{"usage": string(c.Usage)}
	if c.Default {
		f["default"] = "yes"
	}
	return f
}

func connectionName(c *Connection) string {
	return c.Cert.Ref().String() + " in " + c.Ring.Ref().String()
}

func (t *recordingTx) PutConnection(c *Connection) error {
	before, err := known(t.Tx.Connection(c.Ring, c.Cert))(connectionFacts)
	if err == nil {
		err = t.Tx.PutConnection(c)
	}
	if err == nil {
		t.change("connection", connectionName(c), before, connectionFacts(c))
	}
	return err
}

func (t *recordingTx) DeleteConnection(c *Connection) error {
	err := t.Tx.DeleteConnection(c)
	if err == nil {
		t.change("connection", connectionName(c), connectionFacts(c), nil)
	}
	return err
}

// known gives the facts of a thing that was looked up, nil when it is not there.
func known[T any](v T, err error) func(func(T) facts) (facts, error) {
	return func(of func(T) facts) (facts, error) {
		if none, err := isFree(err); none || err != nil {
			return nil, err
		}
		return of(v), nil
	}
}

func filterFacts(f *Filter) facts {
	return facts{"name": f.Ref().String(), "status": string(f.Status), "subject": f.Subject, "issuer": f.Issuer, "criteria": f.Criteria}
}

func (t *recordingTx) AddFilter(f *Filter) error {
	err := t.Tx.AddFilter(f)
	if err == nil {
		t.change("name filter", f.Ref().String(), nil, filterFacts(f))
	}
	return err
}

func (t *recordingTx) UpdateFilter(f *Filter) error {
	before, err := known(t.Tx.FilterByNames(f.Subject, f.Issuer))(filterFacts) // which never change
	if err == nil {
		err = t.Tx.UpdateFilter(f)
	}
	if err == nil {
		t.change("name filter", f.Ref().String(), before, filterFacts(f))
	}
	return err
}

func (t *recordingTx) DeleteFilter(f *Filter) error {
	err := t.Tx.DeleteFilter(f)
	if err == nil {
		t.change("name filter", f.Ref().String(), filterFacts(f), nil)
	}
	return err
}

func (t *recordingTx) PutSetting(name, value string) error {
	was, err := t.Tx.Setting(name)
	if err == nil {
		err = t.Tx.PutSetting(name, value)
	}
	if err == nil {
		t.change("setting", name, facts{"value": was}, facts{"value": value})
	}
	return err
}

func profileFacts(p *saf.Profile) facts {
	var list []string
	for _, e := range p.Access {
		entry := e.ID + "(" + e.Access.String() + ")"
		if e.When != "" {
			entry += " when " + e.When
		}
		list = append(list, entry)
	}
	return facts{"uacc": p.UACC.String(), "owner": p.Owner, "access": strings.Join(list, " "), "data": p.Data, "application data": p.ApplData,
		"level": strconv.Itoa(p.Level), "audit": p.Audit, "notify": p.Notify, "warning": yes(p.Warning), "generic": yes(p.Generic)}
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

func (t *recordingTx) PutProfile(p *saf.Profile) error {
	before, err := known(t.Tx.Profile(p.Class, p.Name))(profileFacts)
	if err == nil {
		err = t.Tx.PutProfile(p)
	}
	if err == nil {
		t.change("profile", p.Class+" "+p.Name, before, profileFacts(p))
	}
	return err
}

func (t *recordingTx) DeleteProfile(class, name string) error {
	before, err := known(t.Tx.Profile(class, name))(profileFacts)
	if err == nil {
		err = t.Tx.DeleteProfile(class, name)
	}
	if err == nil {
		t.change("profile", class+" "+name, before, nil)
	}
	return err
}

func classFacts(c saf.Class) facts {
	return facts{"active": yes(c.Active), "raclist": yes(c.RacList), "generic": yes(c.Generic), "gencmd": yes(c.GenCmd), "global": yes(c.Global)}
}

func (t *recordingTx) PutClass(c saf.Class) error {
	was, err := t.Tx.Class(c.Name)
	if err == nil {
		err = t.Tx.PutClass(c)
	}
	if err == nil {
		t.change("class", c.Name, classFacts(was), classFacts(c))
	}
	return err
}

func (t *recordingTx) TakeSnapshot(class string) error {
	err := t.Tx.TakeSnapshot(class)
	if err == nil {
		t.change("class", class, nil, facts{"raclist": "refreshed"})
	}
	return err
}

func attributeFacts(f facts, a saf.Attributes) facts {
	f["special"], f["operations"], f["auditor"], f["revoked"] = yes(a.Special), yes(a.Operations), yes(a.Auditor), yes(a.Revoked)
	return f
}

func userFacts(u *saf.User) facts {
	return attributeFacts(facts{"name": u.Name, "owner": u.Owner, "default group": u.DefaultGroup, "data": u.Data, "restricted": yes(u.Restricted)}, u.Attributes)
}

func (t *recordingTx) PutUser(u *saf.User) error {
	before, err := known(t.Tx.User(u.ID))(userFacts)
	if err == nil {
		err = t.Tx.PutUser(u)
	}
	if err == nil {
		t.change("user", u.ID, before, userFacts(u))
	}
	return err
}

func (t *recordingTx) DeleteUser(id string) error {
	before, err := known(t.Tx.User(id))(userFacts)
	if err == nil {
		err = t.Tx.DeleteUser(id)
	}
	if err == nil {
		t.change("user", id, before, nil)
	}
	return err
}

func groupFacts(g *saf.Group) facts {
	return facts{"owner": g.Owner, "superior": g.Superior, "data": g.Data}
}

func (t *recordingTx) PutGroup(g *saf.Group) error {
	before, err := known(t.Tx.Group(g.Name))(groupFacts)
	if err == nil {
		err = t.Tx.PutGroup(g)
	}
	if err == nil {
		t.change("group", g.Name, before, groupFacts(g))
	}
	return err
}

func (t *recordingTx) DeleteGroup(name string) error {
	before, err := known(t.Tx.Group(name))(groupFacts)
	if err == nil {
		err = t.Tx.DeleteGroup(name)
	}
	if err == nil {
		t.change("group", name, before, nil)
	}
	return err
}

func membershipFacts(m *saf.Membership) facts {
	return attributeFacts(facts{"owner": m.Owner, "authority": m.Authority.String()}, m.Attributes)
}

func (t *recordingTx) PutMembership(m *saf.Membership) error {
	before, err := known(t.Tx.Membership(m.User, m.Group))(membershipFacts)
	if err == nil {
		err = t.Tx.PutMembership(m)
	}
	if err == nil {
		t.change("membership", m.User+" in "+m.Group, before, membershipFacts(m))
	}
	return err
}

func (t *recordingTx) DeleteMembership(user, group string) error {
	before, err := known(t.Tx.Membership(user, group))(membershipFacts)
	if err == nil {
		err = t.Tx.DeleteMembership(user, group)
	}
	if err == nil {
		t.change("membership", user+" in "+group, before, nil)
	}
	return err
}

func (t *recordingTx) AddToken(k *Token) error {
	err := t.Tx.AddToken(k)
	if err == nil {
		t.change("token", k.Name, nil, facts{})
	}
	return err
}

func (t *recordingTx) DeleteToken(k *Token) error {
	err := t.Tx.DeleteToken(k)
	if err == nil {
		t.change("token", k.Name, facts{}, nil)
	}
	return err
}

func objectFacts(o *TokenObject) facts {
	sum := sha256.Sum256(o.DER)
	return facts{"certificate": CertRef{o.Owner, o.Label}.String(), "usage": string(o.Usage), "default": yes(o.Default), "sha256": fmt.Sprintf("%x", sum), "private key": yes(o.HasKey)}
}

func objectName(o *TokenObject) string { return o.Token.Name + " " + o.Seq.String() }

func (t *recordingTx) AddTokenObject(o *TokenObject) error {
	err := t.Tx.AddTokenObject(o)
	if err == nil {
		t.change("token object", objectName(o), nil, objectFacts(o))
	}
	return err
}

func (t *recordingTx) UpdateTokenObject(o *TokenObject) error {
	before, err := known(t.Tx.TokenObject(o.Token, o.Seq))(objectFacts)
	if err == nil {
		err = t.Tx.UpdateTokenObject(o)
	}
	if err == nil {
		t.change("token object", objectName(o), before, objectFacts(o))
	}
	return err
}

func (t *recordingTx) DeleteTokenObject(o *TokenObject) error {
	err := t.Tx.DeleteTokenObject(o)
	if err == nil {
		t.change("token object", objectName(o), objectFacts(o), nil)
	}
	return err
}

func (t *recordingTx) PutTokenKey(o *TokenObject, key crypto.Signer) error {
	err := t.Tx.PutTokenKey(o, key)
	if err == nil {
		t.change("private key", objectName(o), nil, facts{"where": "token " + o.Token.Name})
	}
	return err
}

func (t *recordingTx) DeleteTokenKey(o *TokenObject) error {
	err := t.Tx.DeleteTokenKey(o)
	if err == nil {
		t.change("private key", objectName(o), facts{"where": "token " + o.Token.Name}, nil)
	}
	return err
}
