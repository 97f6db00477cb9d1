package ring_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signet/backend/keyfile"
	"signet/cert"
	"signet/export"
	"signet/export/keystore"
	"signet/ring"
)

// formats are the kinds of keystores that copies go to.
var formats = []string{keystore.JKS, keystore.JCEKS, keystore.PKCS12, ring.FormatPEM}

// newKeystore gives an empty keystore of a format; OPER has its private keys.
func newKeystore(t *testing.T, format string) *db {
	t.Helper()
	o := keyfile.Options{User: "OPER", Known: []byte("changeit"), Password: func(bool) ([]byte, error) { return []byte("changeit"), nil }}
	path := filepath.Join(t.TempDir(), "keystore")
	store, err := keyfile.OpenFile(path, format, o)
	if format == ring.FormatPEM {
		store, err = keyfile.OpenFolder(path, o)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	d := &db{t: t, store: store, now: testNow}
	d.Manager = ring.NewManager(ring.Config{Store: store, Codec: export.Codec{}, Issuer: "OPER", Zone: time.UTC, OneRing: true,
		Now: func() time.Time { return d.now }})
	return d
}

// take reads certificates by name.
func (d *db) take(names ...string) []ring.Credential {
	d.t.Helper()
	var q ring.Take
	for _, n := range names {
		q.Certs = append(q.Certs, ref(n))
	}
	r, err := d.Take(d.t.Context(), q)
	if err != nil {
		d.t.Fatal(err)
	}
	return r.Credentials
}

// put stores credentials and says what became of each, one to a line.
func (d *db) put(ids ...ring.Credential) string {
	d.t.Helper()
	r, err := d.Put(d.t.Context(), ids)
	if err != nil {
		d.t.Fatal(err)
	}
	var lines []string
	for _, p := range r.Puts {
		lines = append(lines, fmt.Sprintf("%s %s key=%t", p.Place, p.Ref, p.Key))
	}
	return strings.Join(lines, "\n")
}

// everything lists what the store holds, one to a line.
func (d *db) everything() string {
	d.t.Helper()
	all, err := d.Contents(d.t.Context(), ring.RingRef{})
	if err != nil {
		d.t.Fatal(err)
	}
	var lines []string
	for _, c := range all {
		lines = append(lines, fmt.Sprintf("%s key=%t", c.Certificate.Ref(), c.Key))
	}
	return strings.Join(lines, "\n")
}

func is(t *testing.T, what, got string, want ...string) {
	t.Helper()
	if w := strings.Join(want, "\n"); got != w {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, w)
	}
}

// as gives a credential another label.
func as(id ring.Credential, label string) ring.Credential { id.Label = label; return id }

// alone gives the certificate without its private key, to be trusted.
func alone(id ring.Credential) ring.Credential {
	id.Owner, id.Key, id.Chain = ring.CertAuth, nil, id.Chain[:1]
	return id
}

// TestPutTwins copies one certificate under several labels: as two private keys, and as one that is
// trusted besides. All stay, whatever is copied afterwards.
func TestPutTwins(t *testing.T) {
	d := newDB(t)
	d.gencert("OPER/web", "")
	web := d.take("OPER/web")[0]
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			k := newKeystore(t, format)
			ids := []ring.Credential{as(alone(web), "anchor"), web, as(web, "second"), as(alone(web), "other")}
			is(t, "first", k.put(ids...), "added CERTAUTH/anchor key=false", "added OPER/web key=true", "added OPER/second key=true", "added CERTAUTH/other key=false")
			is(t, "again", k.put(ids...), "unchanged CERTAUTH/anchor key=false", "unchanged OPER/web key=true", "unchanged OPER/second key=true", "unchanged CERTAUTH/other key=false")
			is(t, "the key alone", k.put(web), "unchanged OPER/web key=true")
			if got := k.everything(); strings.Count(got, "\n") != 3 {
				t.Errorf("it holds\n%s", got)
			}
			// To a database, which has it once: with its key.
			taken, err := k.Take(t.Context(), ring.Take{Ring: ringRef("OPER/ANY")})
			if err != nil {
				t.Fatal(err)
			}
			to := newDB(t)
			to.put(taken.Credentials...)
			if got := to.everything(); !strings.HasPrefix(got, "OPER/") || !strings.HasSuffix(got, "key=true") || strings.Contains(got, "\n") {
				t.Errorf("the database holds\n%s", got)
			}
		})
	}
}

// TestPutStatus copies what is HIGHTRUST as trusted, and what is NOTRUST to where it stays so.
func TestPutStatus(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/high", "")
	d.gencert("CERTAUTH/none", "")
	high, none := alone(d.take("CERTAUTH/high")[0]), alone(d.take("CERTAUTH/none")[0])
	high.Status, none.Status = ring.HighTrust, ring.NoTrust
	for _, format := range formats {
		k := newKeystore(t, format)
		is(t, format, k.put(high), "added CERTAUTH/high key=false")
		if got := k.get("CERTAUTH/high").Status; got != ring.Trust {
			t.Errorf("%s: HIGHTRUST became %s", format, got)
		}
		if format == keystore.PKCS12 {
			k.put(none)
			if got := k.get("CERTAUTH/none").Status; got != ring.NoTrust {
				t.Errorf("%s: NOTRUST became %s", format, got)
			}
			trusted := none
			trusted.Status = ring.Trust
			is(t, "trusted after all", k.put(trusted), "replaced CERTAUTH/none key=false")
			if got := k.get("CERTAUTH/none").Status; got != ring.Trust {
				t.Errorf("%s: TRUST became %s", format, got)
			}
			continue
		}
		_, err := k.Put(t.Context(), []ring.Credential{none})
		if !errors.Is(err, ring.ErrUnsupported) || !strings.Contains(err.Error(), "CERTAUTH/none cannot be copied: it is NOTRUST") {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// TestPutChain completes the chain of a private key that is there, and leaves a whole one alone.
func TestPutChain(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/ca", "")
	d.gencert("OPER/web", "CERTAUTH/ca")
	web := d.take("OPER/web")[0]
	leaf := web
	leaf.Chain = leaf.Chain[:1]
	for _, format := range formats {
		k := newKeystore(t, format)
		is(t, format, k.put(leaf), "added OPER/web key=true")
		is(t, format, k.put(web), "replaced OPER/web key=true")
		if got := len(k.take("OPER/web")[0].Chain); got != 2 {
			t.Errorf("%s: the chain has %d certificates", format, got)
		}
		is(t, format, k.put(leaf), "unchanged OPER/web key=true")
		is(t, format, k.put(web), "unchanged OPER/web key=true")
	}
}

// TestPutKeepsKeys refuses a certificate alone in the place of a private key, also when it is for
// the same key: in a keystore it would be the end of that.
func TestPutKeepsKeys(t *testing.T) {
	d := newDB(t)
	d.gencert("OPER/web", "")
	web := d.take("OPER/web")[0]
	x, err := cert.SelfSign(cert.Template{Subject: name(t, "CN=web"), Serial: big.NewInt(7), NotBefore: testNow, NotAfter: testNow.AddDate(2, 0, 0), MaxPathLen: -1}, web.Key)
	if err != nil {
		t.Fatal(err)
	}
	renewed := web
	renewed.Chain = []*x509.Certificate{x}
	for _, format := range formats {
		k := newKeystore(t, format)
		k.put(web)
		_, err := k.Put(t.Context(), []ring.Credential{alone(renewed)})
		if !errors.Is(err, ring.ErrRefused) || !strings.Contains(err.Error(), "private key of OPER/web would be lost") {
			t.Errorf("%s: %v", format, err)
		}
		is(t, format, k.everything(), "OPER/web key=true")
		is(t, format, k.put(renewed), "replaced OPER/web key=true")
	}
}

// TestPutOtherOwner refuses a private key for a certificate that a database has under another
// owner: nothing that is connected to rings is deleted on the way.
func TestPutOtherOwner(t *testing.T) {
	d, to := newDB(t), newDB(t)
	d.gencert("OPER/web", "")
	web := d.take("OPER/web")[0]
	to.put(as(alone(web), "web"))
	_, err := to.Put(t.Context(), []ring.Credential{web})
	if !errors.Is(err, ring.ErrExists) || !strings.Contains(err.Error(), "CERTAUTH/web") {
		t.Errorf("%v", err)
	}
	is(t, "still there", to.everything(), "CERTAUTH/web key=false")
}

// TestPutReplaces puts another certificate with another key under a label: both change together.
func TestPutReplaces(t *testing.T) {
	d := newDB(t)
	d.gencert("OPER/web", "")
	d.gencert("OPER/other", "")
	web, other := d.take("OPER/web")[0], d.take("OPER/other")[0]
	for _, format := range append([]string{"database"}, formats...) {
		k := newDB(t)
		if format != "database" {
			k = newKeystore(t, format)
		}
		k.put(web)
		k.now = k.now.Add(time.Hour)
		is(t, format, k.put(as(other, "web")), "replaced OPER/web key=true")
		got := k.take("OPER/web")[0]
		if !got.Chain[0].Equal(other.Chain[0]) || !cert.SameKey(got.Key.Public(), other.Key.Public()) {
			t.Errorf("%s: the certificate or its key is the old one", format)
		}
		if at := k.get("OPER/web").Added; format == "database" && !at.Equal(k.now) {
			t.Errorf("it came at %v, want %v", at, k.now)
		}
	}
}

// TestContentsOfRing shows a key only where it is PERSONAL, and labels that differ in case as two.
func TestContentsOfRing(t *testing.T) {
	d := newDB(t)
	d.gencert("OPER/a", "")
	d.gencert("OPER/A", "")
	if _, err := d.AddRing(t.Context(), ringRef("OPER/R")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Connect(t.Context(), ring.Connect{Cert: ref("OPER/a"), Ring: ringRef("OPER/R"), Usage: ring.UsageSite}); err != nil {
		t.Fatal(err)
	}
	d.connect("OPER/A", "OPER/R", true)
	all, err := d.Contents(t.Context(), ringRef("OPER/R"))
	if err != nil || len(all) != 2 || all[0].Key || !all[1].Key {
		t.Fatalf("%v, %v", all, err)
	}
	taken, err := d.Take(t.Context(), ring.Take{Ring: ringRef("OPER/R")})
	if err != nil || len(taken.Credentials) != 2 || taken.Credentials[0].Label != "A" || taken.Credentials[0].Key == nil || taken.Credentials[1].Key != nil {
		t.Errorf("%v, %v", taken, err)
	}
	all[0].Key = true // of one role, in another order
	if got := ring.Diff(all, []ring.Content{all[1], all[0]}); len(got) != 0 {
		t.Errorf("the same labels differ: %v", got)
	}
}
