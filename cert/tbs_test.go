package cert

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"net/netip"
	"testing"
	"time"
)

// translated is a template for crypto/x509.
func translated(t Template, pub crypto.PublicKey) (*x509.Certificate, error) {
	c := &x509.Certificate{
		RawSubject:            t.Subject.DER(),
		SerialNumber:          t.Serial,
		NotBefore:             t.NotBefore.UTC().Truncate(time.Second),
		NotAfter:              t.NotAfter.UTC().Truncate(time.Second),
		KeyUsage:              t.KeyUsage,
		ExtKeyUsage:           t.ExtKeyUsage,
		UnknownExtKeyUsage:    t.UnknownExtKeyUsage,
		BasicConstraintsValid: t.CA || t.BasicConstraints,
		IsCA:                  t.CA,
		MaxPathLen:            -1,
		SubjectKeyId:          t.SubjectKeyID,
	}
	if t.CA {
		c.MaxPathLen, c.MaxPathLenZero = t.MaxPathLen, t.MaxPathLen == 0
	}
	var err error
	if len(c.SubjectKeyId) == 0 {
		// crypto/x509 would hash by SHA-256, and for CAs only.
		if c.SubjectKeyId, err = SubjectKeyID(pub); err != nil {
			return nil, err
		}
	}
	if !t.AltNames.Empty() { // crypto/x509 would take URIs apart and put them together anew
		value, err := t.AltNames.marshal()
		if err != nil {
			return nil, err
		}
		c.ExtraExtensions = []pkix.Extension{{Id: oidAltNames, Critical: t.Subject.IsZero(), Value: value}}
	}
	return c, nil
}

// TestAsStandardLibrary holds what is signed against what crypto/x509 would sign, byte for byte,
// for each kind of key and each part of a template.
func TestAsStandardLibrary(t *testing.T) {
	changes := map[string]func(*Template){
		"plain":         func(*Template) {},
		"serial 0":      func(p *Template) { p.Serial = big.NewInt(0) },
		"serial 128":    func(p *Template) { p.Serial = big.NewInt(128) },
		"long serial":   func(p *Template) { p.Serial = new(big.Int).Lsh(big.NewInt(1), 158) },
		"CA":            func(p *Template) { p.CA, p.MaxPathLen = true, -1 },
		"path length 0": func(p *Template) { p.CA, p.MaxPathLen = true, 0 },
		"path length":   func(p *Template) { p.CA, p.MaxPathLen = true, 300 },
		"said no CA":    func(p *Template) { p.BasicConstraints, p.MaxPathLen = true, 3 },
		"own key id":    func(p *Template) { p.SubjectKeyID = []byte{1, 2, 3} },
		"no subject":    func(p *Template) { p.Subject, p.AltNames.DNS = Name{}, []string{"www.example.org"} },
		"names": func(p *Template) {
			p.AltNames = AltNames{IPs: []netip.Addr{netip.MustParseAddr("192.0.2.10")}, DNS: []string{"a.example"}, Emails: []string{"a@example.org"}, URIs: []string{"https://example.org/%7e"}}
		},
		"other usages": func(p *Template) { p.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 2, 3, 4}, {2, 999, 1 << 30}} },
		"all": func(p *Template) {
			p.KeyUsage, p.CA, p.MaxPathLen = x509.KeyUsageCertSign|x509.KeyUsageCRLSign, true, 2
			p.ExtKeyUsage, p.UnknownExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, []asn1.ObjectIdentifier{{1, 3, 6, 1}}
			p.AltNames.DNS = []string{"a.example"}
		},
		"1950": func(p *Template) { p.NotBefore = time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC) },
		"2049 and 2050": func(p *Template) {
			p.NotBefore, p.NotAfter = time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)
		},
		"9999": func(p *Template) { p.NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 999, time.FixedZone("", 3600)) },
		"PSS":  func(p *Template) { p.PSS = true },
	}
	for bit := range 9 {
		changes["usage "+string(rune('0'+bit))] = func(p *Template) { p.KeyUsage = 1 << bit }
		changes["usages to "+string(rune('0'+bit))] = func(p *Template) { p.KeyUsage = 1<<bit | 5 }
	}
	for usage := firstExtUsage; usage <= lastExtUsage; usage++ {
		changes["extended "+usage.OID().String()] = func(p *Template) { p.ExtKeyUsage = []x509.ExtKeyUsage{usage} }
	}
	for _, kind := range []string{"rsa:2048", "ec:p224", "ec:p256", "ec:p384", "ec:p521", "ed25519"} {
		k := key(t, kind)
		ca := selfSign(t, caTemplate(t, "CN=CA"), k)
		for name, change := range changes {
			tmpl := basic(t, "CN=x,O=y")
			change(&tmpl)
			if tmpl.PSS && kind != "rsa:2048" {
				continue
			}
			for _, parent := range []*x509.Certificate{nil, ca} {
				if parent == nil && tmpl.Subject.IsZero() {
					continue // nobody signs without a name
				}
				compareWithStandard(t, kind+", "+name, tmpl, k, parent)
			}
		}
	}
}

func compareWithStandard(t *testing.T, what string, tmpl Template, k crypto.Signer, parent *x509.Certificate) {
	t.Helper()
	pub := k.Public()
	var got *x509.Certificate
	var err error
	if parent == nil {
		got, err = SelfSign(tmpl, k)
	} else {
		pub = key(t, "other").Public()
		got, err = Issue(tmpl, pub, Issuer{parent, k})
	}
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	in, err := translated(tmpl, pub)
	if err != nil {
		t.Fatal(err)
	}
	if in.SignatureAlgorithm, err = algorithmFor(k.Public(), tmpl.PSS); err != nil {
		t.Fatal(err)
	}
	by := in
	if parent != nil {
		by, in.AuthorityKeyId = parent, parent.SubjectKeyId
	}
	data, err := x509.CreateCertificate(rand.Reader, in, by, pub, k)
	if err != nil {
		t.Fatal(err)
	}
	want, err := x509.ParseCertificate(data)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.RawTBSCertificate, want.RawTBSCertificate) || got.SignatureAlgorithm != want.SignatureAlgorithm {
		t.Errorf("%s: signed\n%x\nwant\n%x", what, got.RawTBSCertificate, want.RawTBSCertificate)
	}
	if len(got.Raw)-len(got.Signature) != len(data)-len(want.Signature) && len(got.Signature) == len(want.Signature) {
		t.Errorf("%s: %x, want %x", what, got.Raw, data)
	}
}

// TestUncheckedIsChecked has a token that signs wrongly: IssueUnchecked gives the certificate, and
// CheckSignature finds out.
func TestUncheckedIsChecked(t *testing.T) {
	k := key(t, "ec:p256")
	ca := selfSign(t, caTemplate(t, "CN=CA"), k)
	lying := token{k, func(digest []byte) ([]byte, error) {
		digest = bytes.Clone(digest)
		digest[0] ^= 1
		return k.Sign(rand.Reader, digest, crypto.SHA256)
	}}
	c, err := IssueUnchecked(basic(t, "CN=x"), k.Public(), Issuer{ca, lying})
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckSignature(c, ca); !errors.Is(err, ErrSignature) {
		t.Errorf("error %v", err)
	}
	if c, err := Issue(basic(t, "CN=x"), k.Public(), Issuer{ca, lying}); !errors.Is(err, ErrSignature) || c != nil {
		t.Errorf("%v, error %v", c, err)
	}
}

func BenchmarkIssue(b *testing.B) {
	k := key(b, "ec:p256")
	ca := selfSign(b, caTemplate(b, "CN=CA"), k)
	tmpl, pub := basic(b, "CN=c1.example.org"), key(b, "other").Public()
	for name, issue := range map[string]func(Template, crypto.PublicKey, Issuer) (*x509.Certificate, error){"checked": Issue, "unchecked": IssueUnchecked} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := issue(tmpl, pub, Issuer{ca, k}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
