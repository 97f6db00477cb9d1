package ring_test

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"signet/cert"
	"signet/export"
	"signet/ring"
)

func TestGencertSerials(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/CA", "")
	for i, want := range []string{"00", "01", "02"} {
		target := "CERTAUTH/CA"
		if i > 0 {
			target = fmt.Sprintf("U/c%d", i)
			d.gencert(target, "CERTAUTH/CA")
		}
		if got := cert.SerialHex(d.x509(target).SerialNumber); got != want {
			t.Errorf("%s: serial %s, want %s", target, got, want)
		}
	}
	if got := d.get("CERTAUTH/CA").LastSerial; got != 2 {
		t.Errorf("the CA's counter is %d, want 2", got)
	}
	// A second self-signed certificate of the same subject takes the lowest free number: 1 and
	// 2 were issued by that name already.
	d.gencert("CERTAUTH/CA again", "", func(q *ring.Gencert) { q.Subject = name(t, "CN=CA") })
	if got := cert.SerialHex(d.x509("CERTAUTH/CA again").SerialNumber); got != "03" {
		t.Errorf("second self-signed certificate: serial %s, want 03", got)
	}
	// The counter steps over a number that is taken.
	d.gencert("U/c3", "CERTAUTH/CA")
	if got := cert.SerialHex(d.x509("U/c3").SerialNumber); got != "04" {
		t.Errorf("after a collision: serial %s, want 04", got)
	}
}

func TestGencertRandomSerials(t *testing.T) {
	d := newDB(t)
	if _, err := d.Set(t.Context(), ring.Setting{Name: "serials", Value: "random"}); err != nil {
		t.Fatal(err)
	}
	d.gencert("CERTAUTH/CA", "")
	d.gencert("U/c", "CERTAUTH/CA")
	for _, target := range []string{"CERTAUTH/CA", "U/c"} {
		if n := d.x509(target).SerialNumber; len(n.Bytes()) != 16 {
			t.Errorf("%s: serial %x has %d octets, want 16", target, n, len(n.Bytes()))
		}
	}
	if d.get("CERTAUTH/CA").LastSerial != 0 {
		t.Error("random serials moved the counter")
	}
	for _, s := range []ring.Setting{{Name: "serials", Value: "odd"}, {Name: "nonsense", Value: "1"}} {
		_, err := d.Set(t.Context(), s)
		wantError(t, err, "SGN005I", ring.ErrInvalid)
	}
}

func TestGencertLabels(t *testing.T) {
	d := newDB(t)
	label := func(r *ring.Issued) string { return r.Certificate.Label }
	auto := func(owner ring.Owner) *ring.Issued {
		t.Helper()
		r, err := d.Gencert(t.Context(), ring.Gencert{Owner: owner, Subject: name(t, "CN=x"), Key: ec})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, want := range []string{"LABEL00000001", "LABEL00000002"} {
		if got := label(auto("U")); got != want {
			t.Errorf("generated label %q, want %q", got, want)
		}
	}
	if got := label(auto("V")); got != "LABEL00000001" {
		t.Errorf("another owner's first label is %q", got)
	}
	// A label that was given up is the first free one again.
	if _, err := d.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: "U", Label: "LABEL00000001"}}); err != nil {
		t.Fatal(err)
	}
	if got := label(auto("U")); got != "LABEL00000001" {
		t.Errorf("after DELETE: generated label %q, want LABEL00000001", got)
	}
	// A taken label stops the command before anything is made; labels are case-sensitive.
	_, err := d.tryGencert("U/LABEL00000002", "")
	wantError(t, err, "SGN010I", ring.ErrExists)
	d.gencert("U/label00000002", "")
	_, err = d.tryGencert("U/x", "", func(q *ring.Gencert) { q.Label = "123456789012345678901234567890123" })
	wantError(t, err, "SGN002I", ring.ErrInvalid)
}

func TestGencertDates(t *testing.T) {
	amsterdam, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	store := newDB(t).store
	m := ring.NewManager(ring.Config{Store: store, Codec: export.Codec{}, Issuer: "OPER", Zone: amsterdam,
		// Half past midnight in Amsterdam, still the day before in UTC.
		Now: func() time.Time { return time.Date(2027, 3, 14, 23, 30, 0, 0, time.UTC) }})
	for _, tc := range []struct {
		name     string
		q        ring.Gencert
		from, to string // UTC
		err      string
	}{
		{"defaults", ring.Gencert{}, "2027-03-14 23:00:00", "2028-03-15 22:59:59", ""},
		{"dates", ring.Gencert{NotBefore: ring.Moment{Date: "2027-07-01"}, NotAfter: ring.Moment{Date: "2027-12-31"}},
			"2027-06-30 22:00:00", "2027-12-31 22:59:59", ""},
		{"a year after the first day", ring.Gencert{NotBefore: ring.Moment{Date: "2028-02-29"}}, "2028-02-28 23:00:00", "2029-03-01 22:59:59", ""},
		{"times", ring.Gencert{NotBefore: ring.Moment{Time: "08:30:00"}, NotAfter: ring.Moment{Date: "2027-03-15", Time: "08:30:01"}},
			"2027-03-15 07:30:00", "2027-03-15 07:30:01", ""},
		{"days", ring.Gencert{Days: 30}, "2027-03-14 23:00:00", "2027-04-14 21:59:59", ""},
		{"slashes and short numbers", ring.Gencert{NotAfter: ring.Moment{Date: "2027/5/1"}}, "2027-03-14 23:00:00", "2027-05-01 21:59:59", ""},
		{"the last year", ring.Gencert{NotAfter: ring.Moment{Date: "9997-12-31"}}, "2027-03-14 23:00:00", "9997-12-31 22:59:59", ""},
		{"a time that summer time leaves out", ring.Gencert{NotBefore: ring.Moment{Date: "2027-03-28", Time: "02:30:00"}}, "2027-03-28 01:00:00", "2028-03-28 21:59:59", ""},
		{"too many days", ring.Gencert{Days: 1 << 60}, "", "", "SGN006I"},
		{"backwards", ring.Gencert{NotBefore: ring.Moment{Date: "2027-03-16"}, NotAfter: ring.Moment{Date: "2027-03-15"}}, "", "", "IRRD133I"},
		{"equal", ring.Gencert{NotAfter: ring.Moment{Date: "2027-03-15", Time: "00:00:00"}}, "", "", "IRRD133I"},
		{"no such day", ring.Gencert{NotAfter: ring.Moment{Date: "2027-02-29"}}, "", "", "SGN006I"},
		{"too early", ring.Gencert{NotBefore: ring.Moment{Date: "1949-12-31"}}, "", "", "SGN006I"},
		{"no such time", ring.Gencert{NotAfter: ring.Moment{Time: "24:00:00"}}, "", "", "SGN006I"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.q.Owner, tc.q.Subject, tc.q.Key = "U", name(t, "CN="+tc.name), ec
			r, err := m.Gencert(t.Context(), tc.q)
			if tc.err != "" {
				wantError(t, err, tc.err, ring.ErrInvalid)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			x, err := r.Certificate.X509()
			if err != nil {
				t.Fatal(err)
			}
			if got := x.NotBefore.UTC().Format(time.DateTime); got != tc.from {
				t.Errorf("not before %s, want %s", got, tc.from)
			}
			if got := x.NotAfter.UTC().Format(time.DateTime); got != tc.to {
				t.Errorf("not after %s, want %s", got, tc.to)
			}
		})
	}
}

// The table of racdcert-certificates.md 3.6, without a request.
func TestGencertExtensions(t *testing.T) {
	d := newDB(t)
	for _, tc := range []struct {
		target string
		usage  cert.Usage
		ca     bool
		bits   x509.KeyUsage
	}{
		{"CERTAUTH/a", 0, true, x509.KeyUsageCertSign | x509.KeyUsageCRLSign},
		{"CERTAUTH/b", cert.Handshake, true, x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature},
		{"U/c", 0, false, 0},
		{"U/d", cert.Handshake | cert.KeyAgree, false, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement},
		{"SITE/e", cert.CertSign, false, x509.KeyUsageCertSign | x509.KeyUsageCRLSign},
	} {
		d.gencert(tc.target, "", func(q *ring.Gencert) { q.Usage = tc.usage })
		x := d.x509(tc.target)
		if x.BasicConstraintsValid != tc.ca || x.IsCA != tc.ca {
			t.Errorf("%s: CA is %v (constraints %v), want %v", tc.target, x.IsCA, x.BasicConstraintsValid, tc.ca)
		}
		if x.KeyUsage != tc.bits {
			t.Errorf("%s: key usage %b, want %b", tc.target, x.KeyUsage, tc.bits)
		}
		if len(x.SubjectKeyId) != 20 || x.AuthorityKeyId != nil {
			t.Errorf("%s: key identifiers %x and %x", tc.target, x.SubjectKeyId, x.AuthorityKeyId)
		}
	}
	_, err := d.tryGencert("U/f", "", func(q *ring.Gencert) { q.Usage = cert.DataEncrypt })
	wantError(t, err, "IRRD156I", ring.ErrInvalid)

	d.gencert("U/g", "CERTAUTH/a", func(q *ring.Gencert) {
		q.AltNames = cert.AltNames{IPs: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")},
			DNS: []string{"a.example", "b.example"}, Emails: []string{"x@example.org"}, URIs: []string{"https://example.org/"}}
		q.ExtUsage = []string{"serverauth", "clientauth"}
	})
	x := d.x509("U/g")
	if len(x.IPAddresses) != 2 || len(x.DNSNames) != 2 || len(x.EmailAddresses) != 1 || len(x.URIs) != 1 || len(x.ExtKeyUsage) != 2 {
		t.Errorf("extensions are not complete: %v %v %v %v %v", x.IPAddresses, x.DNSNames, x.EmailAddresses, x.URIs, x.ExtKeyUsage)
	}
	if string(x.AuthorityKeyId) != string(d.x509("CERTAUTH/a").SubjectKeyId) {
		t.Error("the authority key identifier is not the signer's")
	}
}

func TestGencertStatus(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/CA", "")
	d.gencert("CERTAUTH/old", "", func(q *ring.Gencert) {
		q.NotBefore, q.NotAfter = ring.Moment{Date: "2020-01-01"}, ring.Moment{Date: "2020-12-31"}
	})
	d.gencert("CERTAUTH/distrusted", "")
	if _, err := d.Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: ring.CertAuth, Label: "distrusted"}, Status: ring.NoTrust}); err != nil {
		t.Fatal(err)
	}
	d.gencert("U/plain", "")
	for _, tc := range []struct {
		signer  string
		days    int
		status  ring.Status
		message string
	}{
		{"", 0, ring.Trust, ""},
		{"CERTAUTH/CA", 0, ring.Trust, ""},
		{"CERTAUTH/CA", 4000, ring.NoTrust, "SGN034I"},
		{"CERTAUTH/old", 0, ring.NoTrust, "SGN033I"},
		{"CERTAUTH/distrusted", 0, ring.NoTrust, "SGN032I"},
		{"U/plain", 0, ring.Trust, "SGN049I"},
	} {
		r := d.gencert("V/"+tc.signer[max(0, len(tc.signer)-8):]+fmt.Sprint(tc.days), tc.signer, func(q *ring.Gencert) { q.Days = tc.days; q.Label = "" })
		if r.Certificate.Status != tc.status {
			t.Errorf("signed by %q for %d days: status %s, want %s", tc.signer, tc.days, r.Certificate.Status, tc.status)
		}
		if tc.message != "" && !hasMessage(r.Result, tc.message) {
			t.Errorf("signed by %q for %d days: messages %v, want %s", tc.signer, tc.days, r.Messages, tc.message)
		}
	}
}

func TestGencertRefusals(t *testing.T) {
	d := newDB(t)
	ca := d.gencert("CERTAUTH/CA", "")
	outside := newDB(t)
	outside.gencert("CERTAUTH/Peer", "")
	peer := outside.get("CERTAUTH/Peer")
	if _, err := d.Add(t.Context(), ring.Add{Owner: ring.CertAuth, Label: "Peer", Data: peer.DER}); err != nil {
		t.Fatal(err)
	}
	_, err := d.tryGencert("U/a", "CERTAUTH/Peer")
	wantError(t, err, "IRRD128I", ring.ErrRefused)
	_, err = d.tryGencert("U/a", "CERTAUTH/nobody")
	wantError(t, err, "IRRD107I", ring.ErrNotFound)
	_, err = d.tryGencert("U/a", "", func(q *ring.Gencert) { q.Subject = cert.Name{} })
	wantError(t, err, "IRRD130I", ring.ErrInvalid)
	_, err = d.tryGencert("U/a", "", func(q *ring.Gencert) { q.Key = cert.KeySpec{Algorithm: cert.RSA, Bits: 512} })
	wantError(t, err, "SGN041I", ring.ErrInvalid)
	_, err = d.tryGencert("U/a", "", func(q *ring.Gencert) { q.AltNames.Emails = []string{"nobody"} })
	wantError(t, err, "SGN043I", ring.ErrInvalid)
	if d.get("U/a") != nil || d.get("CERTAUTH/CA").LastSerial != ca.Certificate.LastSerial {
		t.Error("a refused GENCERT changed the database")
	}
	weak := d.gencert("U/weak", "", func(q *ring.Gencert) { q.Key = cert.KeySpec{Algorithm: cert.RSA, Bits: 1024} })
	if weak.Code() != ring.Warning || !hasMessage(weak.Result, "SGN047I") {
		t.Errorf("a weak key gave code %d and %v", weak.Code(), weak.Messages)
	}
}

// A request for one's own certificate does not hide what is wrong with the signer.
func TestGencertOwnRequestStatus(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/CA", "")
	if _, err := d.Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: ring.CertAuth, Label: "CA"}, Status: ring.NoTrust}); err != nil {
		t.Fatal(err)
	}
	d.gencert("U/a", "")
	pem := d.genreq(ref("U/a"))
	r := d.gencert("U/a", "CERTAUTH/CA", func(q *ring.Gencert) { q.Request, q.Label = pem, "" })
	if r.Certificate.Status != ring.NoTrust || !hasMessage(r.Result, "SGN032I") || r.Code() != ring.Warning {
		t.Errorf("status %s, messages %v", r.Certificate.Status, r.Messages)
	}
}

// request makes a PKCS #10 request in another database.
func request(t *testing.T, change ...func(*ring.Gencert)) []byte {
	t.Helper()
	d := newDB(t)
	r := d.gencert("U/requester", "", change...)
	return d.genreq(r.Certificate.Ref())
}

func (d *db) genreq(c ring.CertRef) []byte {
	d.t.Helper()
	var pem []byte
	_, err := d.Genreq(d.t.Context(), ring.Genreq{CertRef: c}, func(p []byte) error { pem = p; return nil })
	if err != nil {
		d.t.Fatal(err)
	}
	return pem
}

func TestGencertFromRequest(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/CA", "")
	pem := request(t, func(q *ring.Gencert) {
		q.Usage = cert.Handshake
		q.AltNames = cert.AltNames{DNS: []string{"req.example"}}
		q.Subject = name(t, "CN=from request,C=NL")
	})
	r := d.gencert("U/signed", "CERTAUTH/CA", func(q *ring.Gencert) { q.Request, q.Subject = pem, cert.Name{} })
	x := d.x509("U/signed")
	if r.Certificate.HasKey() {
		t.Error("a certificate for another's request has a private key")
	}
	if got := cert.SubjectOf(x).RACF(); got != "CN=from request.C=NL" {
		t.Errorf("subject %q", got)
	}
	if x.KeyUsage != x509.KeyUsageDigitalSignature || len(x.DNSNames) != 1 {
		t.Errorf("the request's extensions are not there: %b %v", x.KeyUsage, x.DNSNames)
	}
	// Operands override.
	d.gencert("U/other", "CERTAUTH/CA", func(q *ring.Gencert) {
		q.Request, q.Subject, q.Usage = pem, name(t, "CN=mine"), cert.DocSign
		q.AltNames = cert.AltNames{DNS: []string{"mine.example"}}
	})
	x = d.x509("U/other")
	if cert.SubjectOf(x).RACF() != "CN=mine" || x.KeyUsage != x509.KeyUsageContentCommitment || x.DNSNames[0] != "mine.example" {
		t.Errorf("operands did not override: %s %b %v", x.Subject, x.KeyUsage, x.DNSNames)
	}
	// A request that switches keyCertSign off cannot become a CA.
	_, err := d.tryGencert("CERTAUTH/no", "CERTAUTH/CA", func(q *ring.Gencert) { q.Request = pem })
	wantError(t, err, "SGN045I", ring.ErrRefused)
	_, err = d.tryGencert("U/no", "", func(q *ring.Gencert) { q.Request = pem })
	wantError(t, err, "IRRD130I", ring.ErrInvalid)
	_, err = d.tryGencert("U/no", "CERTAUTH/CA", func(q *ring.Gencert) { q.Request = pem[:len(pem)/2] })
	wantError(t, err, "SGN044I", ring.ErrInvalid)

	// GENREQ, then GENCERT of the request: the certificate's own place (3.5).
	mine := d.gencert("V/mine", "").Certificate
	must(t, d.AddRing, ringRef("V/R"))
	if _, err := d.Connect(t.Context(), ring.Connect{Ring: ringRef("V/R"), Cert: mine.Ref(), Default: true}); err != nil {
		t.Fatal(err)
	}
	pem = d.genreq(mine.Ref())
	if !d.get("V/mine").Requested {
		t.Error("GENREQ did not mark the certificate")
	}
	r = d.gencert("V/x", "CERTAUTH/CA", func(q *ring.Gencert) { q.Request, q.Label = pem, "" })
	c := d.get("V/mine")
	if r.Certificate.Label != "mine" || !c.HasKey() || c.Requested || cert.IssuerOf(d.x509("V/mine")).RACF() != "CN=CA" {
		t.Errorf("the answer did not take the certificate's place: %+v", c)
	}
	rings, err := d.ListRing(t.Context(), ringRef("V/R"))
	if err != nil || len(rings[0].Connections) != 1 || !rings[0].Connections[0].Default {
		t.Errorf("the ring changed: %v %v", rings, err)
	}
}
