package ring_test

import (
	"crypto/x509"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"signet/cert"
	"signet/ring"
)

// trust stores certificates as trusted and says what became of each, one to a line.
func (d *db) trust(anchors ...ring.Anchor) string {
	d.t.Helper()
	r, err := d.Trust(d.t.Context(), anchors)
	if err != nil {
		d.t.Fatal(err)
	}
	return anchored(r)
}

func (d *db) untrust(all ...ring.Unwanted) string {
	d.t.Helper()
	r, err := d.Untrust(d.t.Context(), all)
	if err != nil {
		d.t.Fatal(err)
	}
	return anchored(r)
}

func anchored(r *ring.AnchorsDone) string {
	var lines []string
	for _, a := range r.Anchors {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %t %s", a.Ref, a.Done, a.Why)))
	}
	return strings.Join(lines, "\n")
}

// TestTrust adds what is not there, under a label that nothing has, and counts every one.
func TestTrust(t *testing.T) {
	d := newDB(t)
	for _, l := range []string{"a", "b", "c"} {
		d.gencert("CERTAUTH/"+l, "")
	}
	a, b, c := d.x509("CERTAUTH/a"), d.x509("CERTAUTH/b"), d.x509("CERTAUTH/c")
	d.gencert("OPER/web", "")
	web := d.take("OPER/web")[0]
	twin, err := cert.SelfSign(cert.Template{Subject: name(t, "CN=web"), Serial: web.Chain[0].SerialNumber, NotBefore: testNow, NotAfter: testNow.AddDate(3, 0, 0), MaxPathLen: -1}, web.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range append([]string{"database"}, formats...) {
		t.Run(format, func(t *testing.T) {
			k := newDB(t)
			if format != "database" {
				k = newKeystore(t, format)
			}
			k.put(web)
			is(t, "first", k.trust(ring.Anchor{Certificate: a, Alias: "ca"}, ring.Anchor{Certificate: b, Alias: "ca"}, ring.Anchor{Certificate: a, Alias: "again"}),
				"CERTAUTH/ca true", "CERTAUTH/ca-2 true", "CERTAUTH/ca false")
			is(t, "the certificate of a private key", k.trust(ring.Anchor{Certificate: web.Chain[0], Alias: "web"}), "OPER/web false")
			is(t, "another with its serial number", k.trust(ring.Anchor{Certificate: twin, Alias: "x"}), "OPER/web false OPER/web has the same issuer and serial number but other content")
			is(t, "removed", k.untrust(ring.Unwanted{Alias: "ca"}, ring.Unwanted{Certificate: b}, ring.Unwanted{Certificate: c, Alias: "c"}, ring.Unwanted{Alias: "web"}),
				"CERTAUTH/ca true", "CERTAUTH/ca-2 true", "CERTAUTH/c false it is not there", "CERTAUTH/web false it is the private key OPER/web, which trust does not remove")
			is(t, "what is left", k.everything(), "OPER/web key=true")
		})
	}
}

// TestTrustDecisions leaves alone what somebody decided in a database: NOTRUST, and a certificate
// that a request was made from.
func TestTrustDecisions(t *testing.T) {
	d := newDB(t)
	d.gencert("OPER/k", "")
	x, err := cert.SelfSign(cert.Template{Subject: name(t, "CN=CA"), Serial: big.NewInt(3), NotBefore: testNow, NotAfter: testNow.AddDate(1, 0, 0), CA: true, MaxPathLen: -1}, d.take("OPER/k")[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	doubted := ring.Credential{Owner: ring.CertAuth, Label: "doubted", Status: ring.NoTrust, Chain: []*x509.Certificate{x}}
	d.put(doubted)
	is(t, "NOTRUST", d.trust(ring.Anchor{Certificate: x, Alias: "ca"}), "CERTAUTH/doubted false it is there as CERTAUTH/doubted, NOTRUST; use alter")
	if got := d.get("CERTAUTH/doubted").Status; got != ring.NoTrust {
		t.Errorf("it became %s", got)
	}
	d.gencert("CERTAUTH/own", "")
	d.genreq(ref("CERTAUTH/own"))
	is(t, "requested", d.untrust(ring.Unwanted{Alias: "own"}), "CERTAUTH/own false a request was made from it; use delete --force")
	if d.get("CERTAUTH/own") == nil {
		t.Error("it is gone")
	}
}
