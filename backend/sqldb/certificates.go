package sqldb

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/sha256"
	"database/sql"
	"encoding/asn1"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/big"
	"time"

	"signet/backend/seal"
	"signet/ring"
)

// certificateColumns are what scanCertificate takes, in its order.
const certificateColumns = "c.id, c.owner, c.label, c.status, c.der, c.key_ref, c.last_serial, c.requested, c.added, c.added_by"

// scanCertificate reads certificateColumns, and before them what else the query selects.
func scanCertificate(scan func(...any) error, before ...any) (*ring.Certificate, error) {
	c := new(ring.Certificate)
	var lastSerial, added int64
	err := scan(append(before, &c.ID, &c.Owner, &c.Label, &c.Status, &c.DER, &c.Key, &lastSerial, &c.Requested, &added, &c.AddedBy)...)
	c.LastSerial, c.Added = uint64(lastSerial), seconds(added)
	return c, err
}

// certificate finds one. unseen says that it may have been added behind the transaction.
func (t *tx) certificate(what fmt.Stringer, unseen bool, query string, args ...any) (*ring.Certificate, error) {
	look := t.oneAhead
	if unseen {
		look = t.one
	}
	c, err := scanCertificate(func(dest ...any) error { return look(query, args, dest...) })
	if err == nil && t.unseen.changes { // perhaps its own
		c, err = scanCertificate(func(dest ...any) error { return t.one(query, args, dest...) })
	}
	if err != nil {
		return nil, missing(err, what)
	}
	return c, nil
}

func (t *tx) Certificate(r ring.CertRef) (*ring.Certificate, error) {
	return recalledRow(&t.recall.certificates, r, func() (*ring.Certificate, error) {
		if absent, err := t.labelAbsent(r); absent || err != nil {
			return nil, cmp.Or(err, notFound(certName(r)))
		}
		c, err := t.certificate(certName(r), t.unseen.labels[r],
			"SELECT "+certificateColumns+" FROM certificates c WHERE c.owner = $1 AND c.label = $2", r.Owner, r.Label)
		if err == nil {
			_, _ = c.X509() // once for all; who needs it is told what is wrong with it
		}
		if errors.Is(err, ring.ErrNotFound) {
			t.recall.missed = r.Owner
		}
		return c, err
	}, func() error { return notFound(certName(r)) })
}

// labelAbsent reports whether it is known without a look that an owner has no certificate of a
// label. A run of many functions looks for one free label after the other: when a second one of an
// owner is looked for, all labels of an owner that has few are read.
func (t *tx) labelAbsent(r ring.CertRef) (bool, error) {
	if known, ok := t.recall.labels[r.Owner]; ok {
		return !known[r.Label], nil
	}
	if t.readOnly || t.recall.missed != r.Owner {
		return false, nil
	}
	t.recall.missed = ""
	found := labels{}
	err := t.each("SELECT label FROM certificates WHERE owner = $1 ORDER BY label LIMIT $2", []any{r.Owner, maxLabelsFound + 1}, func(scan func(...any) error) error {
		var label string
		err := scan(&label)
		found[label] = true
		return err
	})
	if err != nil || len(found) > maxLabelsFound {
		return false, err
	}
	if t.recall.labels == nil {
		t.recall.labels = map[ring.Owner]labels{}
	}
	t.recall.labels[r.Owner] = found
	return !found[r.Label], nil
}

func (t *tx) CertificateByIssuerSerial(issuer []byte, serial *big.Int) (*ring.Certificate, error) {
	number, err := serialOctets(serial)
	if err != nil {
		return nil, err
	}
	key := digest(issuer)
	id := identity{string(key), string(number)}
	what := name("certificate with serial number " + serial.String())
	if absent, err := t.serialAbsent(id, serial); err != nil {
		return nil, err
	} else if absent {
		t.recall.free = id
		return nil, notFound(what)
	}
	c, err := t.certificate(what, t.unseen.identities[id],
		"SELECT "+certificateColumns+" FROM certificates c WHERE c.issuer_sha256 = $1 AND c.serial = $2", key, number)
	if errors.Is(err, ring.ErrNotFound) {
		t.recall.free, t.recall.missedIssuer = id, id.issuer
	}
	return c, err
}

// serialsAhead is how many serial numbers are looked for together.
const serialsAhead = 16

// serialAbsent is labelAbsent for the serial numbers of an issuer, which come one after the other: it
// looks for the next few of them together.
func (t *tx) serialAbsent(id identity, serial *big.Int) (bool, error) {
	if t.recall.serials[id] {
		return true, nil
	}
	if t.readOnly || t.recall.missedIssuer != id.issuer {
		return false, nil
	}
	absent := map[identity]bool{}
	args := []any{[]byte(id.issuer)}
	for n, i := new(big.Int).Set(serial), 0; i < serialsAhead; n, i = n.Add(n, big.NewInt(1)), i+1 {
		number, err := serialOctets(n)
		if err != nil {
			return false, err
		}
		args = append(args, number)
		if next := (identity{id.issuer, string(number)}); !t.unseen.identities[next] {
			absent[next] = true
		}
	}
	const query = "SELECT serial FROM certificates WHERE issuer_sha256 = $1 AND serial IN" +
		" ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
	err := t.eachAhead(query, args, func(scan func(...any) error) error {
		var number []byte
		err := scan(&number)
		delete(absent, identity{id.issuer, string(number)})
		return err
	})
	if err != nil {
		return false, err
	}
	t.recall.serials = absent
	return absent[id], nil
}

func (t *tx) Certificates(o ring.Owner) iter.Seq2[*ring.Certificate, error] {
	return t.certificates("SELECT "+certificateColumns+" FROM certificates c WHERE c.owner = $1 AND c.id > $2 AND c.id <= $3 ORDER BY c.id LIMIT $4", o)
}

func (t *tx) CertificatesBySubject(subject []byte) iter.Seq2[*ring.Certificate, error] {
	return t.certificates("SELECT "+certificateColumns+" FROM certificates c WHERE c.subject_sha256 = $1 AND c.id > $2 AND c.id <= $3 ORDER BY c.id LIMIT $4", digest(subject))
}

func (t *tx) CertificatesByPublicKey(spki []byte) iter.Seq2[*ring.Certificate, error] {
	return t.certificates("SELECT "+certificateColumns+" FROM certificates c WHERE c.spki_sha256 = $1 AND c.id > $2 AND c.id <= $3 ORDER BY c.id LIMIT $4", digest(spki))
}

// certificates yields the rows of a query that takes what to look for, the handle to start
// after, the bound and the limit.
func (t *tx) certificates(query string, what any) iter.Seq2[*ring.Certificate, error] {
	return sequence(t, certificates, 0, func(after, bound int64, limit int) (page []entry[int64, *ring.Certificate], err error) {
		err = t.each(query, []any{what, after, bound, limit}, func(scan func(...any) error) error {
			c, err := scanCertificate(scan)
			page = append(page, entry[int64, *ring.Certificate]{c.ID, c})
			return err
		})
		return page, err
	})
}

// expiry is a place in the order of CertificatesExpiring.
type expiry struct{ notAfter, id int64 }

func (t *tx) CertificatesExpiring(from, to time.Time) iter.Seq2[*ring.Certificate, error] {
	// Two statements: very many certificates can end in the same second, and SQLite would read
	// all of them again for each page of (not_after, id) > ($1, $2).
	const (
		columns    = "SELECT c.not_after, " + certificateColumns + " FROM certificates c"
		sameSecond = columns + " WHERE c.not_after = $1 AND c.id > $2 AND c.id <= $3 ORDER BY c.id LIMIT $4"
		later      = columns + " WHERE c.not_after > $1 AND c.not_after < $2 AND c.id <= $3 ORDER BY c.not_after, c.id LIMIT $4"
	)
	// Whole seconds are stored: what ends in [from, to) is the same with both rounded up.
	start, end := expiry{ceil(from) - 1, math.MaxInt64}, ceil(to)
	return sequence(t, certificates, start, func(after expiry, bound int64, limit int) (page []entry[expiry, *ring.Certificate], err error) {
		row := func(scan func(...any) error) error {
			var notAfter int64
			c, err := scanCertificate(scan, &notAfter)
			page = append(page, entry[expiry, *ring.Certificate]{expiry{notAfter, c.ID}, c})
			return err
		}
		err = t.each(sameSecond, []any{after.notAfter, after.id, bound, limit}, row)
		if err == nil && len(page) < limit {
			err = t.each(later, []any{after.notAfter, end, bound, limit - len(page)}, row)
		}
		return page, err
	})
}

func ceil(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// facts are the columns that come out of the certificate itself.
type facts struct {
	issuer, serial, subject, spki []byte
	notBefore, notAfter           int64
}

func factsOf(c *ring.Certificate) (facts, error) {
	x, err := c.X509()
	if err != nil {
		return facts{}, err
	}
	serial, err := serialOctets(x.SerialNumber)
	return facts{digest(x.RawIssuer), serial, digest(x.RawSubject), digest(x.RawSubjectPublicKeyInfo),
		x.NotBefore.Unix(), x.NotAfter.Unix()}, err
}

func (f facts) identity() identity { return identity{string(f.issuer), string(f.serial)} }

func digest(b []byte) []byte {
	d := sha256.Sum256(b)
	return d[:]
}

// serialOctets gives the one encoding of a serial number, of either sign: the content octets
// of its DER INTEGER (X.690 8.3).
func serialOctets(n *big.Int) ([]byte, error) {
	der, err := asn1.Marshal(n)
	if err != nil {
		return nil, err
	}
	var v asn1.RawValue
	_, err = asn1.Unmarshal(der, &v)
	return v.Bytes, err
}

// check refuses what the columns of a certificate cannot hold.
func check(c *ring.Certificate) error {
	switch {
	case c.Owner == "" || c.Label == "":
		return fmt.Errorf("%v: owner or label is empty: %w", certName(c.Ref()), ring.ErrInvalid)
	case c.Status != ring.Trust && c.Status != ring.NoTrust && c.Status != ring.HighTrust:
		return fmt.Errorf("%v: status %q: %w", certName(c.Ref()), c.Status, ring.ErrInvalid)
	}
	return nil
}

func (t *tx) AddCertificate(c *ring.Certificate) error {
	if c.Key.InToken() { // a sealed key is PutPrivateKey's business; a token keeps its own
		return t.addCertificate(c, c.Key)
	}
	if err := t.addCertificate(c, ring.NoKey); err != nil {
		return err
	}
	if x, err := c.X509(); err == nil {
		t.recall.added = addedCertificate{c.ID, x}
	}
	return nil
}

func (t *tx) AddWithKey(c *ring.Certificate, signer crypto.Signer) error {
	x, err := c.X509()
	if err != nil {
		return err
	}
	k, err := t.sealing(keyName(c), signer, x)
	if err != nil {
		return err
	}
	if err := t.addCertificate(c, ring.KeyInStore); err != nil {
		return err
	}
	id := c.ID
	return t.recall.keeping(func() error {
		return t.laterMade("INSERT INTO private_keys (certificate, sealed) VALUES ($1, $2)", 1, func() ([]any, error) {
			sealed, err := k.seal(seal.Bind, id)
			return []any{id, sealed}, err
		})
	}, func(*recall) {})
}

// What is given for a certificate that is added, besides its handle.
const (
	addedColumns = "owner, label, status, der, issuer_sha256, serial, subject_sha256, spki_sha256," +
		" not_before, not_after, key_ref, last_serial, requested, added, added_by"
	addedValues = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15"
)

// addCertificate adds one whose private key is, or will be, where key says.
func (t *tx) addCertificate(c *ring.Certificate, key ring.KeyRef) error {
	if err := check(c); err != nil {
		return err
	}
	f, err := factsOf(c)
	if err != nil {
		return err
	}
	id, reserved, err := t.reserve(c, f)
	if err != nil {
		return err
	}
	values := []any{c.Owner, c.Label, c.Status, c.DER, f.issuer, f.serial, f.subject, f.spki,
		f.notBefore, f.notAfter, key, int64(c.LastSerial), bit(c.Requested), c.Added.Unix(), c.AddedBy}
	err = t.recall.keeping(func() error {
		if !reserved {
			return t.insert(certificates, "INSERT INTO certificates ("+addedColumns+") VALUES ("+addedValues+") ON CONFLICT DO NOTHING RETURNING id", values, &id)
		}
		t.unseen.add(c.Ref(), f.identity())
		t.added[certificates] = append(t.added[certificates], id)
		return t.later("INSERT INTO certificates ("+addedColumns+", id) VALUES ("+addedValues+", $16)", 1, append(values, id)...)
	}, func(r *recall) { r.add(c, f.identity()) })
	if errors.Is(err, sql.ErrNoRows) {
		return t.conflict(c, f, 0)
	}
	if err != nil {
		return err
	}
	c.ID, c.Key = id, key
	return nil
}

// unseen is what was written behind a transaction since it last waited for that.
type unseen struct {
	changes    bool // of certificates that were there
	labels     map[ring.CertRef]bool
	identities map[identity]bool
}

func (u *unseen) add(r ring.CertRef, id identity) {
	if u.labels == nil {
		u.labels, u.identities = map[ring.CertRef]bool{}, map[identity]bool{}
	}
	u.labels[r], u.identities[id] = true, true
}

// handles is where the handles of certificates are, when they are given here.
type handles struct {
	known bool
	last  int64
}

// reserve gives the handle for a certificate of which it is known that nothing is in its way: its
// label and its identity have just been looked for. An engine may want to give handles itself.
func (t *tx) reserve(c *ring.Certificate, f facts) (id int64, ok bool, err error) {
	known, asked := t.recall.certificates[c.Ref()]
	if !asked || known != nil || t.recall.free != f.identity() {
		t.handles = handles{}
		return 0, false, nil
	}
	if len(t.unseen.labels) >= maxRecalled || !t.handles.known {
		last, ok, err := t.on.highest(t.ctx, "certificates")
		if err != nil {
			return 0, false, t.fail(err)
		}
		if !ok {
			return 0, false, nil
		}
		t.unseen, t.handles = unseen{}, handles{true, last}
	}
	t.handles.last++
	return t.handles.last, true, nil
}

// conflict says which other certificate has the label, or the issuer and serial number, of c.
func (t *tx) conflict(c *ring.Certificate, f facts, self int64) error {
	var id int64
	err := t.one("SELECT id FROM certificates WHERE owner = $1 AND label = $2", []any{c.Owner, c.Label}, &id)
	switch {
	case err == nil && id != self:
		return exists(certName(c.Ref()))
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	}
	var other ring.CertRef
	err = t.one("SELECT id, owner, label FROM certificates WHERE issuer_sha256 = $1 AND serial = $2", []any{f.issuer, f.serial}, &id, &other.Owner, &other.Label)
	switch {
	case err == nil && id != self:
		return fmt.Errorf("%v: its issuer and serial number are those of %v: %w", certName(c.Ref()), other, ring.ErrExists)
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	}
	return nil
}

func (t *tx) UpdateCertificate(c *ring.Certificate) error {
	if err := check(c); err != nil {
		return err
	}
	if known := t.recall.certificates[c.Ref()]; known != nil && known.ID == c.ID && bytes.Equal(known.DER, c.DER) {
		return t.updateRecord(c)
	}
	var old struct {
		owner     ring.Owner
		label     string
		key       ring.KeyRef
		der, spki []byte
	}
	err := t.one("SELECT owner, label, key_ref, der, spki_sha256 FROM certificates WHERE id = $1", []any{c.ID},
		&old.owner, &old.label, &old.key, &old.der, &old.spki)
	if err != nil {
		return missing(err, certName(c.Ref()))
	}
	if old.owner == c.Owner && old.label == c.Label && bytes.Equal(old.der, c.DER) {
		return t.updateRecord(c)
	}
	f, err := factsOf(c)
	if err != nil {
		return err
	}
	if old.key != ring.NoKey && !bytes.Equal(old.spki, f.spki) {
		return fmt.Errorf("%v: its public key is not that of the private key in the database: %w", certName(c.Ref()), ring.ErrInvalid)
	}
	if err := t.conflict(c, f, c.ID); err != nil {
		return err
	}
	return t.execOne(certName(c.Ref()), "UPDATE certificates SET owner = $1, label = $2, status = $3, der = $4, issuer_sha256 = $5, serial = $6,"+
		" subject_sha256 = $7, spki_sha256 = $8, not_before = $9, not_after = $10, last_serial = $11, requested = $12, added = $13, added_by = $14"+
		" WHERE id = $15",
		c.Owner, c.Label, c.Status, c.DER, f.issuer, f.serial, f.subject, f.spki, f.notBefore, f.notAfter,
		int64(c.LastSerial), bit(c.Requested), c.Added.Unix(), c.AddedBy, c.ID)
}

// updateRecord is UpdateCertificate for what is not in the certificate itself, nor its name. The
// frequent case, a serial counter that moves on, leaves the indexes alone.
func (t *tx) updateRecord(c *ring.Certificate) error {
	return t.recall.keeping(func() error {
		t.unseen.changes = true
		return t.later("UPDATE certificates SET status = $1, last_serial = $2, requested = $3, added = $4, added_by = $5 WHERE id = $6", 1,
			c.Status, int64(c.LastSerial), bit(c.Requested), c.Added.Unix(), c.AddedBy, c.ID)
	}, func(r *recall) { r.update(c) })
}

func (t *tx) DeleteCertificate(c *ring.Certificate) error {
	return t.execOne(certName(c.Ref()), "DELETE FROM certificates WHERE id = $1", c.ID)
}
