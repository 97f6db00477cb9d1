package ring_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"
	"time"

	"signet/cert"
	"signet/ring"
)

// pick resolves a ring for a program with one purpose.
func (d *db) pick(as ring.Consumer, alias string) ring.Pick {
	d.t.Helper()
	r, err := d.Resolve(d.t.Context(), ring.Resolve{As: as, Ring: ringRef("OPER/R"), Alias: alias})
	if err != nil {
		d.t.Fatal(err)
	}
	return r.Picks[0]
}

// TestResolveProblems names everything that is wrong with a choice, and nothing else.
func TestResolveProblems(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	host := cert.AltNames{DNS: []string{"web.example.org"}}
	day := 24 * time.Hour
	tests := []struct {
		name   string
		change func(*cert.Template, *ring.Credential)
		want   string // empty: there is no problem
	}{
		{"nothing", func(*cert.Template, *ring.Credential) {}, ""},
		{"expired", func(c *cert.Template, _ *ring.Credential) { c.NotAfter = testNow.Add(-day) }, "it expired on"},
		{"early", func(c *cert.Template, _ *ring.Credential) { c.NotBefore = testNow.Add(day) }, "it is not valid before"},
		{"a CA", func(c *cert.Template, _ *ring.Credential) { c.CA = true }, "it is the certificate of a CA"},
		{"key usage", func(c *cert.Template, _ *ring.Credential) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, "its key usage does not allow signatures"},
		{"key agreement", func(c *cert.Template, _ *ring.Credential) { c.KeyUsage = x509.KeyUsageKeyAgreement }, ""},
		{"client only", func(c *cert.Template, _ *ring.Credential) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}, "does not name server authentication"},
		{"any usage", func(c *cert.Template, _ *ring.Credential) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }, ""},
		{"no host", func(c *cert.Template, _ *ring.Credential) { c.AltNames = cert.AltNames{} }, "it names no host"},
		{"weak", func(_ *cert.Template, id *ring.Credential) { id.Key = weak }, "its key has 1024 bits"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDB(t)
			d.gencert("CERTAUTH/ca", "")
			d.gencert("OPER/k", "")
			ca, id := d.take("CERTAUTH/ca")[0], d.take("OPER/k")[0]
			c := cert.Template{Subject: name(t, "CN=web"), Serial: big.NewInt(99), NotBefore: testNow.Add(-9 * day), NotAfter: testNow.Add(9 * day), AltNames: host, MaxPathLen: -1}
			test.change(&c, &id)
			x, err := cert.Issue(c, id.Key.Public(), cert.Issuer{Cert: ca.Chain[0], Key: ca.Key})
			if err != nil {
				t.Fatal(err)
			}
			id.Label, id.Chain = "web", []*x509.Certificate{x}
			d.put(id)
			if _, err := d.AddRing(t.Context(), ringRef("OPER/R")); err != nil {
				t.Fatal(err)
			}
			d.connect("OPER/web", "OPER/R", true)
			p := d.pick(ring.ConsumerSystemSSL, "")
			got := strings.Join(p.Problems, "\n")
			if p.Certificate == nil || p.Certificate.Label != "web" || (test.want == "") != (got == "") || !strings.Contains(got, test.want) || len(p.Problems) > 1 {
				t.Errorf("%v, problems %q, want %q", p.Certificate, got, test.want)
			}
		})
	}
}

// TestResolveRing follows what a ring of the database releases: of several keys the first that is
// PERSONAL and trusted, and a label as it is written.
func TestResolveRing(t *testing.T) {
	d := newDB(t)
	for _, l := range []string{"site", "doubted", "good", "late"} {
		d.gencert("OPER/"+l, "")
	}
	if _, err := d.AddRing(t.Context(), ringRef("OPER/R")); err != nil {
		t.Fatal(err)
	}
	for _, l := range []string{"site", "doubted", "good", "late"} {
		q := ring.Connect{Cert: ref("OPER/" + l), Ring: ringRef("OPER/R")}
		if l == "site" {
			q.Usage = ring.UsageSite
		}
		if _, err := d.Connect(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: "OPER", Label: "doubted"}, Status: ring.NoTrust}); err != nil {
		t.Fatal(err)
	}
	if p := d.pick(ring.ConsumerJava, ""); p.Certificate == nil || p.Certificate.Label != "good" {
		t.Errorf("Java takes %v: %s", p.Certificate, p.Why)
	}
	if p := d.pick(ring.ConsumerSystemSSL, ""); p.Certificate != nil || len(p.Changes) == 0 {
		t.Errorf("without a default System SSL takes %v, %q", p.Certificate, p.Changes)
	}
	for label, want := range map[string]string{"doubted": "NOTRUST", "site": "connected as SITE"} {
		if p := d.pick(ring.ConsumerSystemSSL, label); len(p.Problems) == 0 || !strings.Contains(p.Problems[0], want) {
			t.Errorf("%s: problems %q, want %q", label, p.Problems, want)
		}
	}
	if p := d.pick(ring.ConsumerSystemSSL, " GOOD"); p.Certificate != nil || len(p.Changes) != 1 || !strings.Contains(p.Changes[0], `"good"`) {
		t.Errorf("of another case: %v, %q", p.Certificate, p.Changes)
	}
}
