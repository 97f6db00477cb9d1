package ring_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"signet/cert"
	"signet/export"
	"signet/ring"
)

func TestRekey(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/CA", "")
	d.gencert("U/a", "CERTAUTH/CA", func(q *ring.Gencert) {
		q.Subject = name(t, "CN=a,O=x,C=NL")
		q.Usage = cert.Handshake | cert.DocSign
		q.ExtUsage = []string{"serverauth"}
		q.AltNames = cert.AltNames{DNS: []string{"a.example"}, Emails: []string{"a@example.org"}}
	})
	must(t, d.AddRing, ringRef("U/R"))
	d.connect("U/a", "U/R", true)
	before := d.dump("U")
	r, err := d.Rekey(t.Context(), ring.Rekey{CertRef: ref("U/a"), NewLabel: "a2"})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.dump("U"); !strings.HasPrefix(got, before) || d.show("U/R") != "U/a PERSONAL true\n" {
		t.Error("REKEY changed the existing certificate or its ring")
	}
	old, x := d.x509("U/a"), d.x509("U/a2")
	if cert.SameKey(old.PublicKey, x.PublicKey) || !bytes.Equal(old.RawSubject, x.RawSubject) || old.KeyUsage != x.KeyUsage ||
		len(x.ExtKeyUsage) != 1 || len(x.DNSNames) != 1 || len(x.EmailAddresses) != 1 {
		t.Errorf("the new certificate: %v %v %v", x.Subject, x.KeyUsage, x.DNSNames)
	}
	if !cert.SelfSigned(x) || r.Certificate.Status != ring.Trust || !r.Certificate.HasKey() {
		t.Errorf("the new certificate is %+v", r.Certificate)
	}
	if spec, _ := cert.SpecOf(x.PublicKey); spec != ec {
		t.Errorf("key %v, want that of the existing one", spec)
	}
	// Another key: what the words of KEYUSAGE mean follows it. A size alone keeps the kind.
	if _, err := d.Rekey(t.Context(), ring.Rekey{CertRef: ref("U/a"), NewLabel: "rsa", Key: cert.KeySpec{Algorithm: cert.RSA, Bits: 2048}}); err != nil {
		t.Fatal(err)
	}
	if got := d.x509("U/rsa").KeyUsage; got != x509.KeyUsageDigitalSignature|x509.KeyUsageKeyEncipherment|x509.KeyUsageContentCommitment {
		t.Errorf("key usage of the RSA certificate: %b", got)
	}
	if _, err := d.Rekey(t.Context(), ring.Rekey{CertRef: ref("U/a"), NewLabel: "p384", Key: cert.KeySpec{Bits: 384}}); err != nil || cert.KeySize(d.x509("U/p384")) != 384 {
		t.Errorf("a size alone: %v", err)
	}
	// The label is generated, and a taken one refused; a key is needed.
	if r, err := d.Rekey(t.Context(), ring.Rekey{CertRef: ref("U/a")}); err != nil || r.Certificate.Label != "LABEL00000001" {
		t.Errorf("generated label: %v %v", r, err)
	}
	_, err = d.Rekey(t.Context(), ring.Rekey{CertRef: ref("U/a"), NewLabel: "a"})
	wantError(t, err, "SGN010I", ring.ErrExists)
	d.add(ring.Add{Owner: "V", Label: "nokey", Data: newDBCert(t)})
	_, err = d.Rekey(t.Context(), ring.Rekey{CertRef: ref("V/nokey")})
	wantError(t, err, "IRRD128I", ring.ErrRefused)
	_, err = d.Rekey(t.Context(), ring.Rekey{CertRef: ref("V/none")})
	wantError(t, err, "IRRD107I", ring.ErrNotFound)
	_, err = d.Rekey(t.Context(), ring.Rekey{CertRef: ring.CertRef{Owner: "U"}})
	wantError(t, err, "IRRD130I", ring.ErrInvalid)
}

// The documented flow: REKEY, GENREQ, GENCERT of the request, ROLLOVER.
func TestRollover(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/Root", "")
	d.gencert("CERTAUTH/CA", "CERTAUTH/Root")
	for i := range 3 {
		d.gencert(fmt.Sprintf("U/c%d", i), "CERTAUTH/CA")
	}
	d.gencert("CERTAUTH/other", "")
	for _, r := range []string{"U/trust", "U/personal", "V/both"} {
		must(t, d.AddRing, ringRef(r))
	}
	connect := func(c, r string, usage ring.Usage, isDefault bool) {
		t.Helper()
		if _, err := d.Connect(t.Context(), ring.Connect{Cert: ref(c), Ring: ringRef(r), Usage: usage, Default: isDefault}); err != nil {
			t.Fatal(err)
		}
	}
	connect("CERTAUTH/CA", "U/trust", ring.UsageCertAuth, false)
	connect("CERTAUTH/CA", "U/personal", ring.UsagePersonal, true)
	connect("U/c0", "U/personal", ring.UsagePersonal, false)
	connect("CERTAUTH/CA", "V/both", ring.UsageSite, true)

	copied := d.export("CERTAUTH/CA", cert.PKCS12DER, "pw")
	if _, err := d.AddToken(t.Context(), "KEPT"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Bind(t.Context(), ring.Bind{Token: "KEPT", Cert: ref("CERTAUTH/CA"), Usage: ring.UsagePersonal}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Rekey(t.Context(), ring.Rekey{CertRef: ref("CERTAUTH/CA"), NewLabel: "CA-2"}); err != nil {
		t.Fatal(err)
	}
	pem := d.genreq(ref("CERTAUTH/CA-2"))
	d.gencert("CERTAUTH/CA-2", "CERTAUTH/Root", func(q *ring.Gencert) { q.Request, q.Subject, q.Label = pem, cert.Name{}, "" })
	connect("CERTAUTH/CA-2", "U/trust", ring.UsageSite, true)

	r, err := d.Rollover(t.Context(), ring.Rollover{CertRef: ref("CERTAUTH/CA"), NewLabel: "CA-2"})
	if err != nil {
		t.Fatal(err)
	}
	if !hasMessage(r.Result, "SGN057I") || r.Certificate.Label != "CA-2" {
		t.Errorf("answer: %+v", r)
	}
	// PERSONAL: replaced. CERTAUTH and SITE: added beside, the default handed on. Where the new
	// one was already, it stays as it was.
	for ringName, want := range map[string]string{
		"U/trust":    "CERTAUTH/CA CERTAUTH false\nCERTAUTH/CA-2 SITE true\n",
		"U/personal": "U/c0 PERSONAL false\nCERTAUTH/CA-2 PERSONAL true\n",
		"V/both":     "CERTAUTH/CA SITE false\nCERTAUTH/CA-2 SITE true\n",
	} {
		if got := d.show(ringName); got != want {
			t.Errorf("%s:\n%swant:\n%s", ringName, got, want)
		}
	}
	// The old key signs no more; the counter goes on.
	old := d.get("CERTAUTH/CA")
	if old == nil || old.HasKey() {
		t.Fatalf("the old certificate: %+v", old)
	}
	_, err = d.tryGencert("U/no", "CERTAUTH/CA")
	wantError(t, err, "IRRD128I", ring.ErrRefused)
	err = d.store.View(t.Context(), func(tx ring.Tx) error { _, err := tx.PrivateKey(old); return err })
	if err == nil {
		t.Error("the old private key can still be read")
	}
	// A copy kept elsewhere does not bring the key back.
	_, err = d.Add(t.Context(), ring.Add{Owner: ring.CertAuth, Data: copied, Password: []byte("pw")})
	wantError(t, err, "SGN059I", ring.ErrRefused)
	_, err = d.Import(t.Context(), ring.Import{Token: "KEPT", Seq: 1, Owner: ring.CertAuth})
	wantError(t, err, "SGN059I", ring.ErrRefused)
	if d.get("CERTAUTH/CA").HasKey() {
		t.Error("the retired key came back")
	}
	// Nor under another certificate for the same key.
	b, err := export.Decode(copied, []byte("pw"))
	if err != nil {
		t.Fatal(err)
	}
	twin, err := cert.SelfSign(cert.Template{Subject: name(t, "CN=twin"), Serial: big.NewInt(5), NotBefore: d.now, NotAfter: d.now.AddDate(1, 0, 0), MaxPathLen: -1}, b.Key)
	if err != nil {
		t.Fatal(err)
	}
	other, err := export.Codec{}.Encode(cert.PKCS12DER, cert.Bundle{Key: b.Key, Certificates: []*x509.Certificate{twin}}, []byte("pw"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Add(t.Context(), ring.Add{Owner: "U", Data: other, Password: []byte("pw")})
	wantError(t, err, "SGN059I", ring.ErrRefused)
	d.gencert("U/next", "CERTAUTH/CA-2")
	if got := d.x509("U/next").SerialNumber.Int64(); got != 4 {
		t.Errorf("the next serial number is %d, want 4", got)
	}
	// What the old one signed still verifies, through the old certificate.
	if err := cert.CheckSignature(d.x509("U/c0"), d.x509("CERTAUTH/CA")); err != nil {
		t.Error(err)
	}
}

func TestRolloverRefusals(t *testing.T) {
	d := newDB(t)
	d.gencert("U/old", "")
	d.gencert("U/new", "")
	d.gencert("U/used", "")
	d.gencert("U/signed", "U/used")
	d.add(ring.Add{Owner: "U", Label: "nokey", Data: newDBCert(t)})
	must(t, d.AddRing, ringRef("U/R"))
	d.connect("U/old", "U/R", true)
	before, ringBefore := d.dump("U"), d.show("U/R")
	roll := func(old, next string, force bool) error {
		_, err := d.Rollover(t.Context(), ring.Rollover{CertRef: ring.CertRef{Owner: "U", Label: old}, NewLabel: next, Force: force})
		return err
	}
	for _, tc := range []struct{ old, next, id string }{
		{"old", "nokey", "SGN056I"}, {"nokey", "new", "SGN056I"}, {"old", "used", "SGN056I"}, {"old", "old", "SGN064I"},
		{"none", "new", "IRRD107I"}, {"old", "none", "IRRD107I"}, {"", "new", "IRRD130I"}, {"old", "", "IRRD130I"},
	} {
		err := roll(tc.old, tc.next, false)
		var e *ring.Error
		if !errors.As(err, &e) || e.ID != tc.id {
			t.Errorf("%s to %s: %v, want %s", tc.old, tc.next, err, tc.id)
		}
	}
	if d.dump("U") != before || d.show("U/R") != ringBefore {
		t.Error("a refused ROLLOVER changed something")
	}
	// FORCE skips the checks; with one label it only retires the key.
	if err := roll("old", "used", true); err != nil || d.show("U/R") != "U/used PERSONAL true\n" {
		t.Errorf("FORCE: %v; ring %s", err, d.show("U/R"))
	}
	if err := roll("new", "new", true); err != nil || d.get("U/new").HasKey() {
		t.Errorf("FORCE with one label: %v", err)
	}
}

func TestListChain(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/Root", "")
	d.gencert("CERTAUTH/Sub", "CERTAUTH/Root")
	d.gencert("U/leaf", "CERTAUTH/Sub")
	must(t, d.AddRing, ringRef("U/all"))
	must(t, d.AddRing, ringRef("U/some"))
	for _, c := range []string{"CERTAUTH/Root", "CERTAUTH/Sub", "U/leaf"} {
		d.connect(c, "U/all", false)
	}
	d.connect("U/leaf", "U/some", false)
	labels := func(ch *ring.Chain) string {
		var all []string
		for _, l := range ch.Links {
			all = append(all, l.Certificate.Ref().String())
		}
		return strings.Join(all, " ")
	}
	list := func(c string) *ring.Chain {
		t.Helper()
		ch, err := d.ListChain(t.Context(), ring.Listchain{CertRef: ref(c)})
		if err != nil {
			t.Fatal(err)
		}
		brief, err := d.ListChain(t.Context(), ring.Listchain{CertRef: ref(c), Common: true})
		if err != nil || !slices.Equal(brief.Rings, ch.Rings) || len(brief.Links) != len(ch.Links) || brief.Complete != ch.Complete {
			t.Errorf("%s: with the common rings alone %+v, %v; in full %+v", c, brief, err, ch)
		}
		return ch
	}
	ch := list("U/leaf")
	if labels(ch) != "U/leaf CERTAUTH/Sub CERTAUTH/Root" || !ch.Complete || ch.Expired || ch.NoTrust || len(ch.Rings) != 1 || ch.Rings[0].Name != "all" {
		t.Errorf("chain %s: %+v", labels(ch), ch)
	}
	// The issuer is sought among the owner's own certificates first.
	if _, err := d.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: ring.CertAuth, Label: "Root"}}); err != nil {
		t.Fatal(err)
	}
	if ch = list("U/leaf"); ch.Complete || labels(ch) != "U/leaf CERTAUTH/Sub" {
		t.Errorf("without the root: %s %v", labels(ch), ch.Complete)
	}
	d.gencert("U/own CA", "")
	d.gencert("U/own leaf", "U/own CA")
	if ch = list("U/own leaf"); !ch.Complete || labels(ch) != "U/own leaf U/own CA" {
		t.Errorf("own issuer: %s", labels(ch))
	}
	if _, err := d.Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: "U", Label: "own CA"}, Status: ring.NoTrust}); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.AddDate(3, 0, 0)
	if ch = list("U/own leaf"); !ch.NoTrust || !ch.Expired {
		t.Errorf("NOTRUST and expired: %+v", ch)
	}
	_, err := d.ListChain(t.Context(), ring.Listchain{CertRef: ref("U/none")})
	wantError(t, err, "IRRD107I", ring.ErrNotFound)
	if ring.CodeOf(err) != ring.Warning {
		t.Errorf("code %d", ring.CodeOf(err))
	}
}

func TestCheckcert(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/Root", "")
	d.gencert("CERTAUTH/Sub", "CERTAUTH/Root")
	d.gencert("U/leaf", "CERTAUTH/Sub")
	before := d.dump("U", ring.CertAuth)
	p12 := d.export("U/leaf", cert.PKCS12DER, "pw")
	ch, err := d.Checkcert(t.Context(), ring.Checkcert{Data: p12, Password: []byte("pw"), Source: "x.p12"})
	if err != nil {
		t.Fatal(err)
	}
	if len(ch.Links) != 3 || !ch.Complete || ch.Links[0].Certificate.Ref() != ref("U/leaf") || ch.Links[2].Certificate.Ref() != ref("CERTAUTH/Root") {
		t.Errorf("chain %+v", ch)
	}
	// A CA in the database does not complete the chain of the file.
	ch, err = d.Checkcert(t.Context(), ring.Checkcert{Data: d.export("U/leaf", cert.B64, "")})
	if err != nil || len(ch.Links) != 1 || ch.Complete || ch.Links[0].Certificate == nil {
		t.Errorf("the leaf alone: %+v %v", ch, err)
	}
	// Without authority, and for a certificate that is not there, nothing tells of the database.
	ch, err = d.Checkcert(t.Context(), ring.Checkcert{Data: p12, Password: []byte("pw"), Outside: true})
	if err != nil || len(ch.Links) != 3 || ch.Links[0].Certificate != nil {
		t.Errorf("outside: %+v %v", ch, err)
	}
	ch, err = d.Checkcert(t.Context(), ring.Checkcert{Data: newDBCert(t)})
	if err != nil || ch.Links[0].Certificate != nil {
		t.Errorf("a stranger: %+v %v", ch, err)
	}
	// A name filter that the certificate matches.
	if _, err := d.Map(t.Context(), ring.Map{Owner: "W", Subject: "CN=leaf", Label: "by name"}); err != nil {
		t.Fatal(err)
	}
	ch, err = d.Checkcert(t.Context(), ring.Checkcert{Data: p12, Password: []byte("pw")})
	if err != nil || ch.Links[0].Mapping == nil || ch.Links[0].Mapping.Label != "by name" || ch.Links[1].Mapping != nil {
		t.Errorf("mapping: %+v %v", ch, err)
	}
	_, err = d.Checkcert(t.Context(), ring.Checkcert{Data: p12, Password: []byte("no"), Source: "x.p12"})
	wantError(t, err, "IRRD302I", ring.ErrInvalid)
	if d.dump("U", ring.CertAuth) != before {
		t.Error("CHECKCERT changed the database")
	}
}

// A certificate that Go's parser refuses is kept, listed, and breaks no listing of its ring.
func TestOddCertificates(t *testing.T) {
	d := newDB(t)
	d.gencert("U/sound", "")
	odd := bytes.Replace(d.gencert("V/odd", "", func(q *ring.Gencert) { q.Subject = name(t, "CN=odd one") }).Certificate.DER,
		[]byte{2, 1, 0, 0x30}, []byte{2, 1, 0xff, 0x30}, 1) // serial number -1
	if _, err := x509.ParseCertificate(odd); err == nil {
		t.Fatal("crypto/x509 reads the odd certificate")
	}
	r := d.add(ring.Add{Owner: "U", Label: "odd", Data: odd, Status: ring.Trust})
	if !hasMessage(r.Result, "SGN058I") || r.Code() != ring.Warning {
		t.Errorf("messages %v", r.Messages)
	}
	must(t, d.AddRing, ringRef("U/R"))
	d.connect("U/odd", "U/R", false)
	d.connect("U/sound", "U/R", true)
	if got := d.show("U/R"); got != "U/odd PERSONAL false\nU/sound PERSONAL true\n" {
		t.Errorf("ring:\n%s", got)
	}
	if got := d.dump("U"); strings.Count(got, "\n") < 2 {
		t.Errorf("listing:\n%q", got)
	}
	if got := d.export("U/odd", cert.DER, ""); !bytes.Equal(got, odd) {
		t.Error("the bytes changed")
	}
}
