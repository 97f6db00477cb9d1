package ring_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"

	"signet/cert"
	"signet/export"
	"signet/ring"
)

// must runs a method on a ring and fails the test when it fails.
func must(t *testing.T, f func(context.Context, ring.RingRef) (*ring.Result, error), r ring.RingRef) {
	t.Helper()
	if _, err := f(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func (d *db) add(q ring.Add) *ring.Added {
	d.t.Helper()
	r, err := d.Add(d.t.Context(), q)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *db) export(target string, f cert.Format, password string) []byte {
	d.t.Helper()
	q := ring.Export{CertRef: ref(target), Format: f}
	if password != "" {
		q.Password = []byte(password)
	}
	r, err := d.Export(d.t.Context(), q)
	if err != nil {
		d.t.Fatal(err)
	}
	return r.Data
}

// The status that ADD gives, by racdcert-certificates.md 4.2.
func TestAddStatus(t *testing.T) {
	other := newDB(t)
	other.gencert("CERTAUTH/CA", "")
	other.gencert("U/good", "CERTAUTH/CA")
	other.gencert("U/self", "")
	other.gencert("U/past", "", func(q *ring.Gencert) {
		q.NotBefore, q.NotAfter = ring.Moment{Date: "2020-01-01"}, ring.Moment{Date: "2020-12-31"}
	})
	other.gencert("U/long", "CERTAUTH/CA", func(q *ring.Gencert) { q.Days = 4000 })
	ca := other.get("CERTAUTH/CA").DER

	for _, tc := range []struct {
		name, file string
		owner      ring.Owner
		issuer     string // how the CA is in the database: its owner and status, or empty
		want       ring.Status
		status     ring.Status
		message    string
	}{
		{"issuer trusted", "U/good", "U", "CERTAUTH TRUST", "", ring.Trust, "IRRD199I"},
		{"issuer not there", "U/good", "U", "", "", ring.NoTrust, "SGN030I"},
		{"issuer not under CERTAUTH", "U/good", "U", "U TRUST", "", ring.NoTrust, "SGN031I"},
		{"issuer NOTRUST", "U/good", "U", "CERTAUTH NOTRUST", "", ring.NoTrust, "SGN032I"},
		{"outside the issuer's validity", "U/long", "U", "CERTAUTH TRUST", "", ring.NoTrust, "SGN034I"},
		{"expired", "U/past", "U", "", "", ring.NoTrust, "SGN035I"},
		{"self-signed", "U/self", "U", "", "", ring.NoTrust, "SGN036I"},
		{"self-signed, the note", "U/self", "U", "", "", ring.NoTrust, "IRRD113I"},
		{"self-signed CA", "U/self", ring.CertAuth, "", "", ring.Trust, "IRRD113I"},
		{"forced", "U/good", "U", "", ring.Trust, ring.Trust, ""},
		{"forced down", "U/good", "U", "CERTAUTH TRUST", ring.NoTrust, ring.NoTrust, ""},
		{"HIGHTRUST for a CA", "U/self", ring.CertAuth, "", ring.HighTrust, ring.HighTrust, ""},
		{"HIGHTRUST for a user", "U/good", "U", "CERTAUTH TRUST", ring.HighTrust, ring.Trust, "SGN023I"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDB(t)
			if owner, status, ok := strings.Cut(tc.issuer, " "); ok {
				o, err := ring.ParseOwner(owner)
				if err != nil {
					t.Fatal(err)
				}
				d.add(ring.Add{Owner: o, Label: "CA", Data: ca, Status: ring.Status(status)})
			}
			r := d.add(ring.Add{Owner: tc.owner, Label: "x", Data: other.get(tc.file).DER, Status: tc.want})
			if r.Certificate.Status != tc.status {
				t.Errorf("status %s, want %s (%v)", r.Certificate.Status, tc.status, r.Messages)
			}
			if tc.message != "" && !hasMessage(r.Result, tc.message) {
				t.Errorf("messages %v, want %s", r.Messages, tc.message)
			}
			if wantCode := tc.status == ring.NoTrust && tc.want == ""; (r.Code() == ring.Warning) != wantCode {
				t.Errorf("code %d", r.Code())
			}
		})
	}
}

func TestAddAgain(t *testing.T) {
	other := newDB(t)
	other.gencert("U/x", "")
	der := other.get("U/x").DER
	d := newDB(t)
	d.add(ring.Add{Owner: "U", Label: "first", Data: der, Status: ring.Trust})

	r := d.add(ring.Add{Owner: "U", Label: "second", Data: der})
	if r.Certificate.Label != "first" || r.Certificate.Status != ring.Trust || !hasMessage(r.Result, "SGN021I") {
		t.Errorf("added again: %s %s %v", r.Certificate.Ref(), r.Certificate.Status, r.Messages)
	}
	if d.get("U/second") != nil {
		t.Error("the second label exists")
	}
	r = d.add(ring.Add{Owner: "U", Data: der, Status: ring.NoTrust})
	if r.Certificate.Status != ring.NoTrust {
		t.Error("a trust keyword did not change the status")
	}
	_, err := d.Add(t.Context(), ring.Add{Owner: "V", Data: der})
	wantError(t, err, "IRRD109I", ring.ErrExists)

	// A private key that comes with it is taken.
	p12 := other.export("U/x", cert.PKCS12DER, "secret")
	r = d.add(ring.Add{Owner: "U", Data: p12, Password: []byte("secret")})
	if !d.get("U/first").HasKey() || !hasMessage(r.Result, "SGN022I") {
		t.Error("the private key was not stored")
	}
	// A label that another certificate has.
	other.gencert("U/y", "")
	_, err = d.Add(t.Context(), ring.Add{Owner: "U", Label: "first", Data: other.get("U/y").DER})
	wantError(t, err, "SGN010I", ring.ErrExists)
}

// The deck's flow: GENCERT, GENREQ, signed elsewhere, ADD under the same label.
func TestAddAnswer(t *testing.T) {
	d, ca := newDB(t), newDB(t)
	ca.gencert("CERTAUTH/Outside", "")
	d.add(ring.Add{Owner: ring.CertAuth, Label: "Outside", Data: ca.get("CERTAUTH/Outside").DER})
	d.gencert("U/srv", "")
	// It has issued something, which its counter must remember.
	d.gencert("U/issued", "U/srv")
	for _, r := range []string{"U/A", "V/B"} {
		must(t, d.AddRing, ringRef(r))
		if _, err := d.Connect(t.Context(), ring.Connect{Ring: ringRef(r), Cert: ref("U/srv"), Default: true}); err != nil {
			t.Fatal(err)
		}
	}
	before := d.get("U/srv")
	pem := d.genreq(ref("U/srv"))
	answer := ca.gencert("PEER/answer", "CERTAUTH/Outside", func(q *ring.Gencert) {
		q.Request, q.Days = pem, 90
		q.Subject = name(t, "CN=srv,O=as the CA wants it")
	})
	r := d.add(ring.Add{Owner: "U", Label: "srv", Data: answer.Certificate.DER})
	after := d.get("U/srv")
	if !hasMessage(r.Result, "SGN020I") || !bytes.Equal(after.DER, answer.Certificate.DER) {
		t.Fatalf("not replaced: %v", r.Messages)
	}
	if after.ID != before.ID || !after.HasKey() || after.LastSerial != before.LastSerial || after.Requested || after.Status != ring.Trust {
		t.Errorf("after %+v, before %+v", after, before)
	}
	if got := strings.Count(d.dump("U"), "srv|TRUST"); got != 1 {
		t.Errorf("%d certificates of that label", got)
	}
	for _, r := range []string{"U/A", "V/B"} {
		rings, err := d.ListRing(t.Context(), ringRef(r))
		if err != nil || len(rings[0].Connections) != 1 || rings[0].Connections[0].Cert.ID != before.ID || !rings[0].Connections[0].Default {
			t.Errorf("ring %s changed: %v", r, err)
		}
	}
	// The key still belongs to the certificate: it signs a request.
	d.genreq(ref("U/srv"))

	// Another label in WITHLABEL is a warning, the old one stays.
	again := ca.gencert("PEER/again", "CERTAUTH/Outside", func(q *ring.Gencert) { q.Request = pem })
	r = d.add(ring.Add{Owner: "U", Label: "new name", Data: again.Certificate.DER})
	if r.Certificate.Label != "srv" || !hasMessage(r.Result, "SGN021I") {
		t.Errorf("label %q, messages %v", r.Certificate.Label, r.Messages)
	}
	// Without a request under way, one that ends earlier does not replace.
	older := ca.gencert("PEER/older", "CERTAUTH/Outside", func(q *ring.Gencert) { q.Request, q.Days = pem, 10 })
	_, err := d.Add(t.Context(), ring.Add{Owner: "U", Data: older.Certificate.DER})
	wantError(t, err, "SGN013I", ring.ErrRefused)
}

// Two certificates of the owner that hold the key of an answer: which one is meant must be said.
func TestAddAnswerAmbiguous(t *testing.T) {
	ca := newDB(t)
	ca.gencert("CERTAUTH/CA", "")
	ca.gencert("U/x", "")
	pem := ca.genreq(ref("U/x"))
	y := ca.gencert("P/y", "CERTAUTH/CA", func(q *ring.Gencert) { q.Request = pem }).Certificate.DER
	answer := ca.gencert("P/z", "CERTAUTH/CA", func(q *ring.Gencert) { q.Request, q.Days = pem, 800 }).Certificate.DER
	x := ca.export("U/x", cert.PKCS12DER, "pw")

	d := newDB(t)
	d.add(ring.Add{Owner: "U", Label: "y", Data: y})
	d.add(ring.Add{Owner: "U", Label: "x", Data: x, Password: []byte("pw")})
	key, err := export.Decode(x, []byte("pw"))
	if err != nil {
		t.Fatal(err)
	}
	yx, err := cert.Parse(y)
	if err != nil {
		t.Fatal(err)
	}
	both, err := export.Codec{}.Encode(cert.PKCS12DER, cert.Bundle{Key: key.Key, Certificates: []*x509.Certificate{yx}}, []byte("pw"))
	if err != nil {
		t.Fatal(err)
	}
	d.add(ring.Add{Owner: "U", Data: both, Password: []byte("pw")})
	if !d.get("U/y").HasKey() {
		t.Fatal("the second certificate did not get the key")
	}
	for _, label := range []string{"", "another"} {
		_, err := d.Add(t.Context(), ring.Add{Owner: "U", Label: label, Data: answer})
		wantError(t, err, "SGN014I", ring.ErrRefused)
	}
	if r := d.add(ring.Add{Owner: "U", Label: "y", Data: answer}); r.Certificate.Label != "y" || !bytes.Equal(d.get("U/y").DER, answer) {
		t.Errorf("WITHLABEL did not say which: %v", r.Certificate.Ref())
	}
}

func TestAddPackages(t *testing.T) {
	other := newDB(t)
	other.gencert("CERTAUTH/Root", "")
	other.gencert("CERTAUTH/Issuing", "CERTAUTH/Root")
	other.gencert("U/leaf", "CERTAUTH/Issuing")
	for _, tc := range []struct {
		name     string
		data     []byte
		password string
		key      bool
	}{
		{"PKCS #7", other.export("U/leaf", cert.PKCS7DER, ""), "", false},
		{"PKCS #7 text", append([]byte("subject=leaf\n"), other.export("U/leaf", cert.PKCS7B64, "")...), "", false},
		{"PKCS #12", other.export("U/leaf", cert.PKCS12DER, "p w"), "p w", true},
		{"PKCS #12 text", other.export("U/leaf", cert.PKCS12B64, "p w"), "p w", true},
		{"PEM certificates", bytes.Join([][]byte{other.export("CERTAUTH/Root", cert.B64, ""),
			other.export("U/leaf", cert.B64, ""), other.export("CERTAUTH/Issuing", cert.B64, "")}, nil), "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDB(t)
			q := ring.Add{Owner: "V", Label: "leaf", Data: tc.data, Source: "package"}
			if tc.password != "" {
				q.Password = []byte(tc.password)
			}
			r := d.add(q)
			if len(r.Issuers) != 2 || cert.SubjectOf(mustX509(t, r.Issuers[0])).RACF() != "CN=Root" {
				t.Fatalf("issuers %v, want the root first", r.Issuers)
			}
			if r.Certificate.Status != ring.Trust || r.Certificate.HasKey() != tc.key {
				t.Errorf("certificate: status %s, key %v", r.Certificate.Status, r.Certificate.HasKey())
			}
			for _, label := range []string{"LABEL00000001", "LABEL00000002"} {
				if c := d.get("CERTAUTH/" + label); c == nil || c.Status != ring.Trust {
					t.Errorf("CERTAUTH/%s is %+v", label, c)
				}
			}
			// Once more: the issuers are left alone.
			if r = d.add(q); len(r.Issuers) != 0 {
				t.Errorf("issuers added twice: %v", r.Issuers)
			}
		})
	}

	d := newDB(t)
	two := bytes.Join([][]byte{other.export("U/leaf", cert.B64, ""), newDBCert(t)}, nil)
	_, err := d.Add(t.Context(), ring.Add{Owner: "U", Data: two, Source: "two.pem"})
	wantError(t, err, "SGN018I", ring.ErrInvalid)
	p12 := other.export("U/leaf", cert.PKCS12DER, "right")
	_, err = d.Add(t.Context(), ring.Add{Owner: "U", Data: p12, Password: []byte("wrong"), Source: "x.p12"})
	wantError(t, err, "SGN016I", ring.ErrInvalid)
	if !strings.Contains(err.Error(), "wrong password") || strings.Contains(err.Error(), "right") {
		t.Errorf("error %q", err)
	}
	_, err = d.Add(t.Context(), ring.Add{Owner: "U", Data: p12[:len(p12)-20], Password: []byte("right"), Source: "x.p12"})
	wantError(t, err, "SGN016I", ring.ErrInvalid)
	// The label is taken: the issuers of the package are not added either.
	d.gencert("U/taken", "")
	before := d.dump("U", ring.CertAuth)
	_, err = d.Add(t.Context(), ring.Add{Owner: "U", Label: "taken", Data: p12, Password: []byte("right")})
	wantError(t, err, "SGN010I", ring.ErrExists)
	if after := d.dump("U", ring.CertAuth); after != before {
		t.Errorf("a refused package left something:\n%s", after)
	}
}

// A bundle of a whole CA programme is no package.
func TestAddTooMany(t *testing.T) {
	other := newDB(t)
	var all []byte
	for i := range 65 {
		other.gencert(fmt.Sprintf("U/c%d", i), "")
		all = append(all, other.export(fmt.Sprintf("U/c%d", i), cert.B64, "")...)
	}
	_, err := newDB(t).Add(t.Context(), ring.Add{Owner: "U", Data: all, Source: "bundle.pem"})
	wantError(t, err, "SGN016I", ring.ErrInvalid)
	if !strings.Contains(err.Error(), "more than 64 certificates") {
		t.Error(err)
	}
}

// newDBCert gives the PEM of an unrelated certificate.
func newDBCert(t *testing.T) []byte {
	d := newDB(t)
	d.gencert("U/stranger", "")
	return d.export("U/stranger", cert.B64, "")
}

func TestAddForged(t *testing.T) {
	other := newDB(t)
	other.gencert("CERTAUTH/CA", "")
	other.gencert("U/x", "CERTAUTH/CA")
	d := newDB(t)
	d.add(ring.Add{Owner: ring.CertAuth, Label: "CA", Data: other.get("CERTAUTH/CA").DER})
	forged := bytes.Clone(other.get("U/x").DER)
	forged[len(forged)-1] ^= 1 // the signature's last byte
	_, err := d.Add(t.Context(), ring.Add{Owner: "U", Label: "x", Data: forged})
	wantError(t, err, "SGN015I", ring.ErrInvalid)
}

func mustX509(t *testing.T, c *ring.Certificate) *x509.Certificate {
	t.Helper()
	x, err := c.X509()
	if err != nil {
		t.Fatal(err)
	}
	return x
}
