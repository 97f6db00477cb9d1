package ring_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"signet/cert"
	"signet/export"
	"signet/ring"
)

func (d *db) connect(c, r string, isDefault bool) {
	d.t.Helper()
	if _, err := d.Connect(d.t.Context(), ring.Connect{Cert: ref(c), Ring: ringRef(r), Default: isDefault}); err != nil {
		d.t.Fatal(err)
	}
}

// show gives a ring as text: owner/label usage default, in order.
func (d *db) show(r string) string {
	d.t.Helper()
	rings, err := d.ListRing(d.t.Context(), ringRef(r))
	if err != nil {
		d.t.Fatal(err)
	}
	var b strings.Builder
	for _, c := range rings[0].Connections {
		fmt.Fprintf(&b, "%s %s %v\n", c.Cert.Ref(), c.Usage, c.Default)
	}
	return b.String()
}

func TestConnect(t *testing.T) {
	d := newDB(t)
	for _, c := range []string{"CERTAUTH/CA", "SITE/shared", "U/a", "U/b", "V/c"} {
		d.gencert(c, "")
	}
	must(t, d.AddRing, ringRef("U/R"))
	for _, c := range []string{"V/c", "CERTAUTH/CA", "U/a", "SITE/shared", "U/b"} {
		d.connect(c, "U/R", c == "U/a")
	}
	want := "V/c PERSONAL false\nCERTAUTH/CA CERTAUTH false\nU/a PERSONAL true\nSITE/shared SITE false\nU/b PERSONAL false\n"
	if got := d.show("U/R"); got != want {
		t.Errorf("ring:\n%swant:\n%s", got, want)
	}
	// Another default moves the mark; the place in the ring stays.
	d.connect("V/c", "U/R", true)
	if got := d.show("U/R"); got != strings.NewReplacer("V/c PERSONAL false", "V/c PERSONAL true", "U/a PERSONAL true", "U/a PERSONAL false").Replace(want) {
		t.Errorf("after another default:\n%s", got)
	}
	// Connecting again without DEFAULT clears it, and USAGE changes in place.
	if _, err := d.Connect(t.Context(), ring.Connect{Cert: ref("V/c"), Ring: ringRef("U/R"), Usage: ring.UsageCertAuth}); err != nil {
		t.Fatal(err)
	}
	if got := d.show("U/R"); !strings.HasPrefix(got, "V/c CERTAUTH false\n") || strings.Contains(got, "true") {
		t.Errorf("after connecting again:\n%s", got)
	}
	// REMOVE of the default leaves none; the certificate stays.
	d.connect("U/a", "U/R", true)
	if _, err := d.Remove(t.Context(), ring.Remove{Cert: ref("U/a"), Ring: ringRef("U/R")}); err != nil {
		t.Fatal(err)
	}
	if got := d.show("U/R"); strings.Contains(got, "true") || strings.Contains(got, "U/a") || d.get("U/a") == nil {
		t.Errorf("after REMOVE:\n%s", got)
	}
	// DELETE takes a certificate out of every ring.
	must(t, d.AddRing, ringRef("V/Other"))
	d.connect("V/c", "V/Other", true)
	if _, err := d.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: "V", Label: "c"}}); err != nil {
		t.Fatal(err)
	}
	if d.show("V/Other") != "" || strings.Contains(d.show("U/R"), "V/c") {
		t.Error("a deleted certificate is still in a ring")
	}
	// DELRING leaves the certificates.
	must(t, d.DelRing, ringRef("U/R"))
	if d.get("U/b") == nil {
		t.Error("DELRING deleted a certificate")
	}
}

func TestRingRefusals(t *testing.T) {
	d := newDB(t)
	d.gencert("U/a", "")
	must(t, d.AddRing, ringRef("U/R"))
	must(t, d.AddRing, ringRef("U/r")) // another ring: names are case-sensitive
	try := func(f func(context.Context, ring.RingRef) (*ring.Result, error), r ring.RingRef) error {
		_, err := f(t.Context(), r)
		return err
	}
	connect := func(c, r string) error {
		_, err := d.Connect(t.Context(), ring.Connect{Cert: ref(c), Ring: ringRef(r)})
		return err
	}
	remove := func(c, r string) error {
		_, err := d.Remove(t.Context(), ring.Remove{Cert: ref(c), Ring: ringRef(r)})
		return err
	}
	_, noLabel := d.Connect(t.Context(), ring.Connect{Ring: ringRef("U/R")})
	_, listMissing := d.ListRing(t.Context(), ringRef("U/none"))
	_, listNone := d.ListRing(t.Context(), ring.RingRef{Owner: "W"})
	for _, tc := range []struct {
		what  string
		err   error
		id    string
		class error
		code  ring.Code
	}{
		{"existing ring", try(d.AddRing, ringRef("U/R")), "IRRD122I", ring.ErrExists, 8},
		{"ring of CERTAUTH", try(d.AddRing, ring.RingRef{Owner: ring.CertAuth, Name: "R"}), "IRRD120I", ring.ErrInvalid, 8},
		{"ring of SITE", try(d.AddRing, ring.RingRef{Owner: ring.Site, Name: "R"}), "IRRD120I", ring.ErrInvalid, 8},
		{"virtual ring", try(d.AddRing, ringRef("U/*")), "SGN060I", ring.ErrRefused, 8},
		{"delete a virtual ring", try(d.DelRing, ringRef("*AUTH*/*")), "SGN060I", ring.ErrRefused, 8},
		{"bad name", try(d.AddRing, ring.RingRef{Owner: "U", Name: "A B"}), "SGN003I", ring.ErrInvalid, 8},
		{"delete a missing ring", try(d.DelRing, ringRef("U/none")), "IRRD114I", ring.ErrNotFound, 8},
		{"connect to a missing ring", connect("U/a", "U/none"), "IRRD114I", ring.ErrNotFound, 8},
		{"connect a missing certificate", connect("U/none", "U/R"), "IRRD107I", ring.ErrNotFound, 8},
		{"connect to a virtual ring", connect("U/a", "U/*"), "SGN060I", ring.ErrRefused, 8},
		{"connect without a label", noLabel, "IRRD121I", ring.ErrInvalid, 8},
		{"remove what is not there", remove("U/a", "U/R"), "IRRD116I", ring.ErrNotFound, 8},
		{"remove a missing certificate", remove("U/none", "U/R"), "IRRD107I", ring.ErrNotFound, 8},
		{"list a missing ring", listMissing, "IRRD114I", ring.ErrNotFound, 4},
		{"list rings of nobody", listNone, "IRRD115I", ring.ErrNotFound, 4},
	} {
		t.Run(tc.what, func(t *testing.T) {
			wantError(t, tc.err, tc.id, tc.class)
			if got := ring.CodeOf(tc.err); got != tc.code {
				t.Errorf("code %d, want %d", got, tc.code)
			}
		})
	}
}

func TestVirtualRings(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/CA", "")
	d.gencert("SITE/s", "")
	d.gencert("U/a", "")
	d.gencert("U/b", "")
	for r, want := range map[string]string{
		"U/*":      "U/a PERSONAL false\nU/b PERSONAL false\n",
		"*AUTH*/*": "CERTAUTH/CA CERTAUTH false\n",
		"*SITE*/*": "SITE/s SITE false\n",
		"W/*":      "",
	} {
		if got := d.show(r); got != want {
			t.Errorf("%s:\n%swant:\n%s", r, got, want)
		}
	}
	must(t, d.AddRing, ringRef("U/R2"))
	must(t, d.AddRing, ringRef("U/R1"))
	all, err := d.ListRing(t.Context(), ring.RingRef{Owner: "U"})
	if err != nil || len(all) != 2 || all[0].Ring.Name != "R2" {
		t.Errorf("all rings: %v %v", all, err)
	}
}

func TestAlter(t *testing.T) {
	d := newDB(t)
	d.gencert("U/a", "")
	d.gencert("U/b", "")
	d.gencert("CERTAUTH/CA", "")
	must(t, d.AddRing, ringRef("U/R"))
	d.connect("U/a", "U/R", true)
	alter := func(target string, status ring.Status, label string) (*ring.Issued, error) {
		c := ref(target)
		return d.Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: c.Owner, Label: c.Label}, Status: status, NewLabel: label})
	}
	if r, err := alter("U/a", ring.HighTrust, " new name "); err != nil || r.Certificate.Status != ring.Trust || !hasMessage(r.Result, "SGN023I") {
		t.Errorf("HIGHTRUST for a user: %v %v", r, err)
	}
	if got := d.show("U/R"); got != "U/new name PERSONAL true\n" {
		t.Errorf("ring shows %q", got)
	}
	if r, err := alter("CERTAUTH/CA", ring.HighTrust, ""); err != nil || r.Certificate.Status != ring.HighTrust {
		t.Errorf("HIGHTRUST for a CA: %v %v", r, err)
	}
	_, err := alter("U/b", "", "new name")
	wantError(t, err, "SGN010I", ring.ErrExists)
	_, err = alter("U/b", "", "")
	wantError(t, err, "IRRD130I", ring.ErrInvalid)
	_, err = alter("U/none", ring.Trust, "")
	wantError(t, err, "IRRD107I", ring.ErrNotFound)
	// The one-certificate shorthand, and its refusal when there are two.
	if _, err := d.Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: ring.CertAuth}, Status: ring.NoTrust}); err != nil {
		t.Error(err)
	}
	_, err = d.Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: "U"}, Status: ring.NoTrust})
	wantError(t, err, "SGN040I", ring.ErrRefused)
	// By serial number and issuer.
	x := d.x509("U/b")
	r, err := d.Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: "U", Serial: x.SerialNumber, Issuer: "CN=b"}, Status: ring.NoTrust})
	if err != nil || r.Certificate.Label != "b" {
		t.Errorf("by serial number: %v %v", r, err)
	}
}

func TestDeleteForce(t *testing.T) {
	d := newDB(t)
	d.gencert("U/a", "")
	d.genreq(ref("U/a"))
	sel := ring.Selector{Owner: "U", Label: "a"}
	_, err := d.Delete(t.Context(), ring.Delete{Selector: sel})
	wantError(t, err, "SGN046I", ring.ErrRefused)
	if _, err := d.Delete(t.Context(), ring.Delete{Selector: sel, Force: true}); err != nil || d.get("U/a") != nil {
		t.Errorf("FORCE: %v", err)
	}
}

func TestExport(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/Root", "")
	d.gencert("CERTAUTH/Issuing", "CERTAUTH/Root")
	d.gencert("U/leaf", "CERTAUTH/Issuing")
	for _, f := range cert.Formats() {
		password := ""
		if f.WithKey() {
			password = "it's a \"secret\""
		}
		data := d.export("U/leaf", f, password)
		var given []byte
		if password != "" {
			given = []byte(password)
		}
		b, err := export.Decode(data, given)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		want := 3
		if f == cert.B64 || f == cert.DER {
			want = 1
		}
		if len(b.Certificates) != want || (b.Key != nil) != f.WithKey() || !b.Certificates[0].Equal(d.x509("U/leaf")) {
			t.Errorf("%s: %d certificates, key %v", f, len(b.Certificates), b.Key != nil)
		}
		if b.Key != nil && !cert.SameKey(b.Key.Public(), d.x509("U/leaf").PublicKey) {
			t.Errorf("%s: another key", f)
		}
	}
	try := func(q ring.Export) error { _, err := d.Export(t.Context(), q); return err }
	leaf := ref("U/leaf")
	wantError(t, try(ring.Export{CertRef: leaf, Format: cert.PKCS12DER}), "SGN050I", ring.ErrInvalid)
	wantError(t, try(ring.Export{CertRef: leaf, Format: cert.B64, Password: []byte("x")}), "SGN051I", ring.ErrInvalid)
	wantError(t, try(ring.Export{CertRef: ref("U/none")}), "IRRD107I", ring.ErrNotFound)
	wantError(t, try(ring.Export{CertRef: ring.CertRef{Owner: "U"}}), "IRRD130I", ring.ErrInvalid)
	if r, err := d.Export(t.Context(), ring.Export{CertRef: leaf, Password: []byte("x")}); err != nil || r.Format != cert.PKCS12DER {
		t.Errorf("a password alone means PKCS12DER: %v", err)
	}
	// The issuer is gone: what is there is written, with a warning.
	if _, err := d.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: ring.CertAuth, Label: "Root"}}); err != nil {
		t.Fatal(err)
	}
	r, err := d.Export(t.Context(), ring.Export{CertRef: leaf, Format: cert.PKCS7DER})
	if err != nil || r.Code() != ring.Warning || !hasMessage(r.Result, "SGN052I") {
		t.Errorf("incomplete chain: %v %v", r, err)
	}
	// A certificate without a key.
	d.add(ring.Add{Owner: "V", Label: "nokey", Data: newDBCert(t)})
	wantError(t, try(ring.Export{CertRef: ref("V/nokey"), Format: cert.PKCS12B64, Password: []byte("x")}), "IRRD147I", ring.ErrRefused)
	_, err = d.Genreq(t.Context(), ring.Genreq{CertRef: ref("V/nokey")}, func([]byte) error { return nil })
	wantError(t, err, "IRRD128I", ring.ErrRefused)
}

// A request that cannot be delivered leaves no mark.
func TestGenreqUndelivered(t *testing.T) {
	d := newDB(t)
	d.gencert("U/a", "")
	full := errors.New("disk full")
	_, err := d.Genreq(t.Context(), ring.Genreq{CertRef: ref("U/a")}, func([]byte) error { return full })
	if !errors.Is(err, full) || d.get("U/a").Requested {
		t.Errorf("error %v, requested %v", err, d.get("U/a").Requested)
	}
	if ring.CodeOf(err) != ring.Failed {
		t.Errorf("code %d for a failure of the system", ring.CodeOf(err))
	}
}

func TestAtomic(t *testing.T) {
	d := newDB(t)
	before := d.dump("U")
	stop := errors.New("stop")
	err := d.Atomic(t.Context(), func(m *ring.Manager) error {
		if _, err := m.Gencert(t.Context(), ring.Gencert{Owner: "U", Label: "a", Subject: name(t, "CN=a"), Key: ec}); err != nil {
			return err
		}
		if _, err := m.AddRing(t.Context(), ringRef("U/R")); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) || d.dump("U") != before {
		t.Errorf("error %v; content %q", err, d.dump("U"))
	}
	if _, err := d.ListRing(t.Context(), ringRef("U/R")); !errors.Is(err, ring.ErrNotFound) {
		t.Errorf("the ring of an undone run is there: %v", err)
	}
	err = d.Atomic(t.Context(), func(m *ring.Manager) error {
		_, err := m.AddRing(t.Context(), ringRef("U/R"))
		return err
	})
	if err != nil || d.show("U/R") != "" {
		t.Errorf("an atomic run that went well: %v", err)
	}
}

// The five published values of racdcert-displays.md.
func TestCertificateID(t *testing.T) {
	for _, tc := range []struct {
		owner ring.Owner
		label string
		want  string
	}{
		{ring.CertAuth, "zOSMFCA", "2QiJmZmDhZmjganW4tTGw8FA"},
		{ring.CertAuth, "MQ CA", "2QiJmZmDhZmjgdTYQMPB"},
		{"AN01X", "billtst", "2QXB1fDx54KJk5OjoqNA"},
		{"WFCHOI", "ipcert2", "2QbmxsPI1smJl4OFmaPy"},
		{"GTM", "GTM Certificate", "2QPH49TH49RAw4WZo4mGiYOBo4VA"},
	} {
		if got := (ring.CertRef{Owner: tc.owner, Label: tc.label}).CertificateID(); got != tc.want {
			t.Errorf("%s %q: %s, want %s", tc.owner, tc.label, got, tc.want)
		}
	}
	// What IBM-1047 lacks becomes X'3F'.
	if got := (ring.CertRef{Owner: "A", Label: "€"}).CertificateID(); got != "2QHBP0BA" {
		t.Errorf("a character that IBM-1047 lacks gives %s", got)
	}
}

func TestReferences(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"CERTAUTH/IMSCA", "CERTAUTH/IMSCA"},
		{"certauth/IMSCA", "CERTAUTH/IMSCA"},
		{"site/shared", "SITE/shared"},
		{"omvsadm/a/b", "OMVSADM/a/b"},
		{"just a label", "OPER/just a label"},
		{"U/ padded ", "U/padded"},
	} {
		got, err := ring.ParseCertRef(tc.in, "OPER")
		if err != nil || got.String() != tc.want {
			t.Errorf("%q: %v %v, want %s", tc.in, got, err, tc.want)
		}
	}
	for _, bad := range []string{"", "U/", "/x", "A B/x", "U/\x07", "U/" + strings.Repeat("x", 256)} {
		if _, err := ring.ParseCertRef(bad, "OPER"); !errors.Is(err, ring.ErrInvalid) {
			t.Errorf("%q: error %v", bad, err)
		}
	}
	for _, tc := range []struct{ in, want string }{
		{"U/R", "U/R"}, {"R", "OPER/R"}, {"u/*", "U/*"}, {"*auth*/*", "*AUTH*/*"}, {"*SITE*/*", "*SITE*/*"},
	} {
		got, err := ring.ParseRingRef(tc.in, "OPER")
		if err != nil || got.String() != tc.want {
			t.Errorf("ring %q: %v %v, want %s", tc.in, got, err, tc.want)
		}
	}
}
