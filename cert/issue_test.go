package cert

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/internal/oracle"
)

// A CA of every kind issues for a key of every kind, and openssl accepts each chain.
func TestIssueVerifiedByOpenssl(t *testing.T) {
	hash := map[string]string{
		"rsa:1024": "sha256RSA", "rsa:2048": "sha256RSA", "ec:p224": "sha256ECDSA", "ec:p256": "sha256ECDSA",
		"ec:p384": "sha384ECDSA", "ec:p521": "sha512ECDSA", "ed25519": "Ed25519",
	}
	dir := t.TempDir()
	for caKey, want := range hash {
		ca := selfSign(t, caTemplate(t, "CN=CA "+caKey+",O=Test,C=US"), key(t, caKey))
		writeCert(t, dir, "ca.pem", ca)
		oracle.OpenSSL(t, dir, "verify", "-auth_level", "0", "-x509_strict", "-CAfile", "ca.pem", "ca.pem")
		files := []string{"verify", "-auth_level", "0", "-CAfile", "ca.pem"}
		for leafKey := range hash {
			leaf := issue(t, basic(t, "CN=leaf,C=US"), key(t, leafKey).Public(), ca, key(t, caKey))
			if got := SignatureName(leaf); got != want {
				t.Errorf("%s signs with %s, want %s", caKey, got, want)
			}
			if leaf.Version != 3 || IssuerOf(leaf) != SubjectOf(ca) || !bytes.Equal(leaf.AuthorityKeyId, ca.SubjectKeyId) {
				t.Errorf("%s for %s: version %d, issuer %q, AKI %x", caKey, leafKey, leaf.Version, IssuerOf(leaf), leaf.AuthorityKeyId)
			}
			files = append(files, writeCert(t, dir, strings.ReplaceAll(leafKey, ":", "-")+".pem", leaf))
		}
		if out := oracle.OpenSSL(t, dir, files...); strings.Count(out, ": OK") != len(hash) {
			t.Errorf("%s:\n%s", caKey, out)
		}
	}
}

// What openssl shows of a certificate with everything in it.
func TestIssueShownByOpenssl(t *testing.T) {
	dir := t.TempDir()
	ca := selfSign(t, caTemplate(t, "CN=CA"), key(t, "rsa:2048"))
	tmpl := basic(t, "CN('leaf') T('t') OU('a','b') O('o') L('l') SP('s') C('US')")
	tmpl.Serial = big.NewInt(0x279)
	tmpl.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	tmpl.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 2, 3, 4}}
	tmpl.BasicConstraints = true
	tmpl.AltNames = AltNames{
		IPs: []netip.Addr{netip.MustParseAddr("192.0.2.10")}, DNS: []string{"www.example.org"},
		Emails: []string{"a@example.org"}, URIs: []string{"https://example.org/"},
	}
	writeCert(t, dir, "c.pem", issue(t, tmpl, key(t, "rsa:1024").Public(), ca, key(t, "rsa:2048")))
	out := oracle.OpenSSL(t, dir, "x509", "-in", "c.pem", "-noout", "-text", "-certopt", "no_pubkey,no_sigdump", "-nameopt", "sep_comma_plus")
	out = strings.Join(strings.Fields(out), " ")
	for _, want := range []string{
		"Version: 3 (0x2)", "Serial Number: 633 (0x279)", "Signature Algorithm: sha256WithRSAEncryption",
		"Issuer: CN=CA ", "Subject: C=US,ST=s,L=l,O=o,OU=b,OU=a,title=t,CN=leaf ",
		"Not Before: Jan 2 03:04:05 2025 GMT", "Not After : Jan 2 03:04:05 2035 GMT",
		"X509v3 Key Usage: critical Digital Signature, Key Encipherment X509v3",
		"X509v3 Extended Key Usage: TLS Web Server Authentication, 1.2.3.4 X509v3",
		"X509v3 Basic Constraints: critical CA:FALSE X509v3",
		"X509v3 Subject Key Identifier: ", "X509v3 Authority Key Identifier: ",
		"X509v3 Subject Alternative Name: IP Address:192.0.2.10, DNS:www.example.org, email:a@example.org, URI:https://example.org/",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("missing %q in\n%s", want, out)
		}
	}
}

func TestSelfSignExtensions(t *testing.T) {
	k := key(t, "ec:p256")
	plain := selfSign(t, basic(t, "CN=plain"), k)
	if plain.BasicConstraintsValid || plain.KeyUsage != 0 || len(plain.AuthorityKeyId) != 0 || len(plain.Extensions) != 1 {
		t.Errorf("a plain certificate has %v", plain.Extensions)
	}
	id, err := SubjectKeyID(k.Public())
	if err != nil || !bytes.Equal(plain.SubjectKeyId, id) {
		t.Errorf("SKI %x, want %x, %v", plain.SubjectKeyId, id, err)
	}
	tests := []struct {
		name string
		set  func(*Template)
		ok   func(*x509.Certificate) bool
	}{
		{"CA", func(p *Template) { p.CA = true }, func(c *x509.Certificate) bool { return c.IsCA && c.MaxPathLen == -1 }},
		{"path length 0", func(p *Template) { p.CA, p.MaxPathLen = true, 0 }, func(c *x509.Certificate) bool { return c.IsCA && c.MaxPathLen == 0 && c.MaxPathLenZero }},
		{"path length 3", func(p *Template) { p.CA, p.MaxPathLen = true, 3 }, func(c *x509.Certificate) bool { return c.IsCA && c.MaxPathLen == 3 }},
		{"not a CA, path length ignored", func(p *Template) { p.MaxPathLen = 0 }, func(c *x509.Certificate) bool { return !c.BasicConstraintsValid }},
		{"not a CA, said so", func(p *Template) { p.BasicConstraints, p.MaxPathLen = true, 5 }, func(c *x509.Certificate) bool { return c.BasicConstraintsValid && !c.IsCA && c.MaxPathLen == -1 }},
		{"own SKI", func(p *Template) { p.SubjectKeyID = []byte{1, 2} }, func(c *x509.Certificate) bool { return bytes.Equal(c.SubjectKeyId, []byte{1, 2}) }},
		{"empty SKI", func(p *Template) { p.SubjectKeyID, p.CA = []byte{}, true }, func(c *x509.Certificate) bool { return bytes.Equal(c.SubjectKeyId, id) }},
	}
	for _, tt := range tests {
		tmpl := basic(t, "CN=x")
		tt.set(&tmpl)
		if c := selfSign(t, tmpl, k); !tt.ok(c) {
			t.Errorf("%s: %v, CA %v, path length %d", tt.name, c.BasicConstraintsValid, c.IsCA, c.MaxPathLen)
		}
	}
}

// The bytes of names are not touched, neither the subject's nor the issuer's.
func TestIssueKeepsNames(t *testing.T) {
	raw, _ := hex.DecodeString("3019310b3009060355040613025553310a300806035504031401e4") // a T61String
	odd, err := NameFromDER(raw)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := caTemplate(t, "CN=x")
	tmpl.Subject = odd
	ca := selfSign(t, tmpl, key(t, "ec:p256"))
	leaf := issue(t, tmpl, key(t, "other").Public(), ca, key(t, "ec:p256"))
	for _, got := range [][]byte{ca.RawSubject, ca.RawIssuer, leaf.RawSubject, leaf.RawIssuer} {
		if !bytes.Equal(got, raw) {
			t.Errorf("name became %x", got)
		}
	}
	// Same name, other key: issued, not self-signed, so it tells which key signed it.
	if !bytes.Equal(leaf.AuthorityKeyId, ca.SubjectKeyId) || SelfSigned(leaf) {
		t.Errorf("AKI %x, self-signed %v", leaf.AuthorityKeyId, SelfSigned(leaf))
	}
}

func TestIssueAltNamesCritical(t *testing.T) {
	ca := selfSign(t, caTemplate(t, "CN=CA"), key(t, "ec:p256"))
	tmpl := basic(t, "CN=x")
	tmpl.AltNames.DNS = []string{"a.example"}
	for _, subject := range []Name{tmpl.Subject, {}} {
		tmpl.Subject = subject
		c := issue(t, tmpl, key(t, "other").Public(), ca, key(t, "ec:p256"))
		for _, e := range c.Extensions {
			if critical := e.Id.Equal(oidAltNames) && subject.IsZero(); e.Critical != critical {
				t.Errorf("subject %q: extension %v critical %v", subject, e.Id, e.Critical)
			}
		}
	}
}

func TestPSS(t *testing.T) {
	dir := t.TempDir()
	tmpl := caTemplate(t, "CN=pss")
	tmpl.PSS = true
	c := selfSign(t, tmpl, key(t, "rsa:2048"))
	if SignatureName(c) != "sha256RSAPSS" || !SelfSigned(c) {
		t.Errorf("signed with %s", SignatureName(c))
	}
	writeCert(t, dir, "c.pem", c)
	oracle.OpenSSL(t, dir, "verify", "-CAfile", "c.pem", "c.pem")
	_, err := SelfSign(tmpl, key(t, "ec:p256"))
	wantError(t, err, "RSASSA-PSS needs an RSA key")
}

// A name in UTF-8 arrives as openssl shows it.
func TestUTF8Subject(t *testing.T) {
	dir := t.TempDir()
	tmpl := basic(t, "CN=Grüße 日本,O=a\\, b\\=c,C=DE")
	writeCert(t, dir, "c.pem", selfSign(t, tmpl, key(t, "ed25519")))
	out := strings.TrimSpace(oracle.OpenSSL(t, dir, "x509", "-in", "c.pem", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8"))
	if want := `subject=CN=Grüße 日本,O=a\, b=c,C=DE`; out != want {
		t.Errorf("%s, want %s", out, want)
	}
}

// An RSA public key keeps its bytes whoever hands it in.
func TestIssueForRequestKey(t *testing.T) {
	pub := *key(t, "rsa:1024").Public().(*rsa.PublicKey)
	ca := selfSign(t, caTemplate(t, "CN=CA"), key(t, "ec:p256"))
	c := issue(t, basic(t, "CN=x"), &pub, ca, key(t, "ec:p256"))
	want, err := MarshalPublicKey(&pub)
	if err != nil || !cmp.Equal(c.RawSubjectPublicKeyInfo, want) {
		t.Errorf("%x, want %x, %v", c.RawSubjectPublicKeyInfo, want, err)
	}
}
