package ring_test

import (
	"context"
	"crypto/x509"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signet/backend/sqldb"
	"signet/cert"
	"signet/export"
	"signet/ring"
)

// db is a database under test with its manager and a clock that stands still.
type db struct {
	*ring.Manager
	t     *testing.T
	store ring.Store
	now   time.Time
}

var testNow = time.Date(2027, 3, 15, 10, 30, 0, 0, time.UTC)

func newDB(t *testing.T) *db {
	t.Helper()
	store, err := sqldb.Open(t.Context(), filepath.Join(t.TempDir(), "signet.db"), sqldb.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if err := ring.Found(t.Context(), store, "OPER", testNow); err != nil {
		t.Fatal(err)
	}
	d := &db{t: t, store: store, now: testNow}
	d.Manager = ring.NewManager(ring.Config{Store: store, Codec: export.Codec{}, Issuer: "OPER", Zone: time.UTC,
		Now: func() time.Time { return d.now }})
	return d
}

var ec = cert.KeySpec{Algorithm: cert.EC, Bits: 256}

func name(t *testing.T, s string) cert.Name {
	t.Helper()
	n, err := cert.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func ref(s string) ring.CertRef {
	r, err := ring.ParseCertRef(s, "OPER")
	if err != nil {
		panic(err)
	}
	return r
}

func ringRef(s string) ring.RingRef {
	r, err := ring.ParseRingRef(s, "OPER")
	if err != nil {
		panic(err)
	}
	return r
}

// gencert makes a certificate or fails the test. An empty signer means self-signed.
func (d *db) gencert(target, signer string, change ...func(*ring.Gencert)) *ring.Issued {
	d.t.Helper()
	r, err := d.tryGencert(target, signer, change...)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *db) tryGencert(target, signer string, change ...func(*ring.Gencert)) (*ring.Issued, error) {
	d.t.Helper()
	c := ref(target)
	q := ring.Gencert{Owner: c.Owner, Label: c.Label, Subject: name(d.t, "CN="+c.Label), Key: ec}
	if signer != "" {
		s := ref(signer)
		q.SignWith = &s
	}
	for _, f := range change {
		f(&q)
	}
	return d.Gencert(d.t.Context(), q)
}

// get gives a stored certificate, nil when it is not there.
func (d *db) get(target string) *ring.Certificate {
	d.t.Helper()
	var c *ring.Certificate
	err := d.store.View(d.t.Context(), func(tx ring.Tx) error {
		var err error
		c, err = tx.Certificate(ref(target))
		if errors.Is(err, ring.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *db) x509(target string) *x509.Certificate {
	d.t.Helper()
	x, err := d.get(target).X509()
	if err != nil {
		d.t.Fatal(err)
	}
	return x
}

// dump shows the whole content that matters of some owners, to compare before and after.
func (d *db) dump(owners ...ring.Owner) string {
	d.t.Helper()
	var b strings.Builder
	for _, o := range owners {
		err := d.List(context.Background(), ring.Selector{Owner: o}, func(l ring.Listing) error {
			c := l.Certificate
			b.WriteString(strings.Join([]string{c.Ref().String(), string(c.Status), string(c.Key), string(c.DER)}, "|"))
			for _, r := range l.Rings {
				b.WriteString("|" + r.String())
			}
			b.WriteString("\n")
			return nil
		})
		if err != nil && !errors.Is(err, ring.ErrNotFound) {
			d.t.Fatal(err)
		}
	}
	return b.String()
}

func hasMessage(r ring.Result, id string) bool {
	for _, m := range r.Messages {
		if m.ID == id {
			return true
		}
	}
	return false
}

// wantError checks the id, the class and the code of an error.
func wantError(t *testing.T, err error, id string, class error) {
	t.Helper()
	var e *ring.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want message %s", err, id)
	}
	if e.ID != id || !errors.Is(err, class) {
		t.Errorf("got %s (%v), want %s of class %v", e.ID, err, id, class)
	}
}
