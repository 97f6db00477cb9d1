package cert

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
		openssl(t, dir, "verify", "-auth_level", "0", "-x509_strict", "-CAfile", "ca.pem", "ca.pem")
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
		if out := openssl(t, dir, files...); strings.Count(out, ": OK") != len(hash) {
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
	out := openssl(t, dir, "x509", "-in", "c.pem", "-noout", "-text", "-certopt", "no_pubkey,no_sigdump", "-nameopt", "sep_comma_plus")
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

func TestIssueSerials(t *testing.T) {
	dir := t.TempDir()
	random, err := RandomSerial()
	if err != nil {
		t.Fatal(err)
	}
	longest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 159), big.NewInt(1))
	for _, serial := range []*big.Int{big.NewInt(0), big.NewInt(1), big.NewInt(128), random, longest} {
		tmpl := basic(t, "CN=serial")
		tmpl.Serial = serial
		c := selfSign(t, tmpl, key(t, "ec:p256"))
		writeCert(t, dir, "c.pem", c)
		out := strings.TrimSpace(openssl(t, dir, "x509", "-in", "c.pem", "-noout", "-serial"))
		if c.SerialNumber.Cmp(serial) != 0 || out != "serial="+SerialHex(serial) {
			t.Errorf("serial %v: openssl says %s", serial, out)
		}
	}
}

func TestIssueDates(t *testing.T) {
	dir := t.TempDir()
	zone := time.FixedZone("east", 5*3600)
	tests := []struct {
		from, to time.Time
		want     string
		tags     string // the types of the two times: UTCTime 17, GeneralizedTime 18
	}{
		{time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC), "Jan  1 00:00:00 1950 GMT to Dec 31 23:59:59 2049 GMT", "\x17\x17"},
		{time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), "Dec 31 00:00:00 1999 GMT to Jan  1 00:00:00 2050 GMT", "\x17\x18"},
		{time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9997, 12, 31, 23, 59, 59, 0, time.UTC), "Jan  1 00:00:00 2050 GMT to Dec 31 23:59:59 9997 GMT", "\x18\x18"},
		{time.Date(2025, 1, 2, 3, 4, 5, 999999999, zone), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), "Jan  1 22:04:05 2025 GMT to Dec 31 23:59:59 9999 GMT", "\x17\x18"},
	}
	for _, tt := range tests {
		tmpl := basic(t, "CN=dates")
		tmpl.NotBefore, tmpl.NotAfter = tt.from, tt.to
		c := selfSign(t, tmpl, key(t, "ec:p256"))
		writeCert(t, dir, "c.pem", c)
		out := openssl(t, dir, "x509", "-in", "c.pem", "-noout", "-dates")
		from, to, _ := strings.Cut(strings.TrimSpace(out), "\n")
		if got := strings.TrimPrefix(from, "notBefore=") + " to " + strings.TrimPrefix(to, "notAfter="); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
		if !c.NotBefore.Equal(tt.from.Truncate(time.Second)) || !c.NotAfter.Equal(tt.to) || c.NotBefore.Location() != time.UTC {
			t.Errorf("%v to %v", c.NotBefore, c.NotAfter)
		}
		var tbs struct {
			Version       int `asn1:"explicit,tag:0"`
			Serial        *big.Int
			Alg, Issuer   asn1.RawValue
			From          asn1.RawValue // the SEQUENCE of both
			Subject, Spki asn1.RawValue
			Extensions    asn1.RawValue `asn1:"explicit,tag:3"`
		}
		if _, err := asn1.Unmarshal(c.RawTBSCertificate, &tbs); err != nil {
			t.Fatal(err)
		}
		v := tbs.From.Bytes
		if got := string([]byte{v[0], v[2+v[1]]}); got != tt.tags {
			t.Errorf("times encoded as %x, want %x", got, tt.tags)
		}
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
	openssl(t, dir, "verify", "-CAfile", "c.pem", "c.pem")
	_, err := SelfSign(tmpl, key(t, "ec:p256"))
	wantError(t, err, "RSASSA-PSS needs an RSA key")
}

func TestIssueRefused(t *testing.T) {
	k := key(t, "ec:p256")
	ca := selfSign(t, caTemplate(t, "CN=CA"), k)
	nameless := *ca
	nameless.RawSubject = []byte{0x30, 0}
	tests := []struct {
		name string
		set  func(*Template)
		want string
	}{
		{"no serial", func(p *Template) { p.Serial = nil }, "serial number"},
		{"negative serial", func(p *Template) { p.Serial = big.NewInt(-1) }, "serial number"},
		{"long serial", func(p *Template) { p.Serial = new(big.Int).Lsh(big.NewInt(1), 159) }, "longer than 20 octets"},
		{"year 1949", func(p *Template) { p.NotBefore = date(1949) }, "years 1950 to 9999"},
		{"year 10000", func(p *Template) { p.NotAfter = date(10000) }, "years 1950 to 9999"},
		{"no dates", func(p *Template) { p.NotBefore, p.NotAfter = time.Time{}, time.Time{} }, "years 1950 to 9999"},
		{"ends first", func(p *Template) { p.NotAfter = p.NotBefore.Add(-time.Hour) }, "ends before it begins"},
		{"ends at once", func(p *Template) { p.NotAfter = p.NotBefore.Add(999 * time.Millisecond) }, "ends before it begins"},
		{"path length", func(p *Template) { p.CA, p.MaxPathLen = true, -2 }, "path length -2"},
		{"no subject", func(p *Template) { p.Subject = Name{} }, "needs a subject"},
		{"CA without subject", func(p *Template) { p.Subject, p.CA, p.AltNames.DNS = Name{}, true, []string{"a"} }, "needs a subject"},
		{"alternative name", func(p *Template) { p.AltNames.DNS = []string{"a b"} }, `domain "a b"`},
		{"usage", func(p *Template) { p.ExtKeyUsage = []x509.ExtKeyUsage{99} }, "unknown extended key usage"},
	}
	for _, tt := range tests {
		tmpl := basic(t, "CN=x")
		tt.set(&tmpl)
		_, err := SelfSign(tmpl, k)
		wantError(t, err, tt.want)
		_, err = Issue(tmpl, k.Public(), Issuer{ca, k})
		wantError(t, err, tt.want)
	}
	tmpl := basic(t, "CN=x")
	for _, tt := range []struct {
		pub  crypto.PublicKey
		by   Issuer
		want string
	}{
		{k.Public(), Issuer{}, "no certificate or no key"},
		{k.Public(), Issuer{Cert: ca}, "no certificate or no key"},
		{k.Public(), Issuer{Key: k}, "no certificate or no key"},
		{k.Public(), Issuer{ca, key(t, "other")}, `does not belong to the certificate of the issuer "CN=CA"`},
		{k.Public(), Issuer{&nameless, k}, "issuer has no name"},
		{nil, Issuer{ca, k}, "public key"},
	} {
		_, err := Issue(tmpl, tt.pub, tt.by)
		wantError(t, err, tt.want)
		wantError(t, err, `certificate "CN=x"`)
	}
	_, err := SelfSign(tmpl, nil)
	wantError(t, err, "no key to sign with")
	tmpl.Subject, tmpl.AltNames.DNS = Name{}, []string{"a"}
	_, err = SelfSign(tmpl, k)
	wantError(t, err, "issuer has no name")
}

// token is a signer that is not a software key, as those of hardware are. It can be made to
// fail.
type token struct {
	crypto.Signer
	sign func([]byte) ([]byte, error)
}

func (k token) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if k.sign != nil {
		return k.sign(digest)
	}
	return k.Signer.Sign(r, digest, opts)
}

func TestTokenKeys(t *testing.T) {
	for _, name := range []string{"rsa:2048", "ec:p384", "ed25519"} {
		good := token{Signer: key(t, name)}
		c := selfSign(t, caTemplate(t, "CN=token"), good)
		leaf := issue(t, basic(t, "CN=leaf"), key(t, "other").Public(), c, good)
		if err := CheckSignature(leaf, c); err != nil {
			t.Error(err)
		}
		if _, err := NewRequest(c, good); err != nil {
			t.Error(err)
		}
		broken := token{good, func([]byte) ([]byte, error) { return nil, errors.New("the PIN is locked") }}
		_, err := SelfSign(basic(t, "CN=x"), broken)
		wantError(t, err, "the PIN is locked")
		_, err = NewRequest(c, broken)
		wantError(t, err, "the PIN is locked")
		lying := token{good, func([]byte) ([]byte, error) { return make([]byte, 256), nil }}
		if _, err := SelfSign(basic(t, "CN=x"), lying); err == nil {
			t.Errorf("%s: a wrong signature went into a certificate", name)
		}
		if _, err := MarshalPrivateKey(good); err == nil {
			t.Error("a key left its token")
		}
	}
}

// A name in UTF-8 arrives as openssl shows it.
func TestUTF8Subject(t *testing.T) {
	dir := t.TempDir()
	tmpl := basic(t, "CN=Grüße 日本,O=a\\, b\\=c,C=DE")
	writeCert(t, dir, "c.pem", selfSign(t, tmpl, key(t, "ed25519")))
	out := strings.TrimSpace(openssl(t, dir, "x509", "-in", "c.pem", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8"))
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
