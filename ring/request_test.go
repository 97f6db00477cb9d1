package ring_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"signet/cert"
	"signet/ring"
)

// pkcs10 makes a request with extensions, values in DER.
func pkcs10(t *testing.T, key crypto.Signer, exts map[string][]byte) []byte {
	t.Helper()
	template := x509.CertificateRequest{Subject: pkix.Name{CommonName: "requester"}}
	for oid, value := range exts {
		id := map[string]asn1.ObjectIdentifier{"ski": {2, 5, 29, 14}, "usage": {2, 5, 29, 15}, "names": {2, 5, 29, 17},
			"basic": {2, 5, 29, 19}, "eku": {2, 5, 29, 37}}[oid]
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: id, Value: value})
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &template, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// The rows of racdcert-certificates.md 3.6, with a request.
func TestRequestExtensions(t *testing.T) {
	const (
		digital  = x509.KeyUsageDigitalSignature
		certSign = x509.KeyUsageCertSign
		crlSign  = x509.KeyUsageCRLSign
	)
	var (
		usageDigital = []byte{3, 2, 7, 0x80}
		usageCA      = []byte{3, 2, 1, 0x86} // digitalSignature, keyCertSign, cRLSign
		usageSign    = []byte{3, 2, 2, 0x04} // keyCertSign alone
		usageCrypt   = []byte{3, 2, 5, 0x20} // keyEncipherment
		basicCA      = []byte{0x30, 6, 1, 1, 0xff, 2, 1, 3}
		basicEnd     = []byte{0x30, 0}
		names        = []byte{0x30, 5, 0x82, 3, 'a', '.', 'b'}
		eku          = []byte{0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1}
		ski          = []byte{4, 4, 1, 2, 3, 4}
	)
	d := newDB(t)
	d.gencert("CERTAUTH/CA", "")
	key, err := ec.Generate()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		owner ring.Owner
		exts  map[string][]byte
		usage cert.Usage // KEYUSAGE
		fails string
		check func(*x509.Certificate) bool
	}{
		{"CERTAUTH, KEYUSAGE, keyCertSign off", ring.CertAuth, map[string][]byte{"usage": usageDigital}, cert.Handshake, "SGN045I", nil},
		{"CERTAUTH, KEYUSAGE, keyCertSign on", ring.CertAuth, map[string][]byte{"usage": usageSign}, cert.Handshake, "",
			func(x *x509.Certificate) bool { return x.KeyUsage == digital|certSign|crlSign }},
		{"CERTAUTH, KEYUSAGE, no key usage asked for", ring.CertAuth, nil, cert.DocSign, "",
			func(x *x509.Certificate) bool { return x.KeyUsage == x509.KeyUsageContentCommitment|certSign|crlSign }},
		{"CERTAUTH, keyCertSign off", ring.CertAuth, map[string][]byte{"usage": usageDigital}, 0, "SGN045I", nil},
		{"CERTAUTH, the request's value", ring.CertAuth, map[string][]byte{"usage": usageSign}, 0, "",
			func(x *x509.Certificate) bool { return x.KeyUsage == certSign }},
		{"CERTAUTH, no key usage asked for, none given", ring.CertAuth, nil, 0, "",
			func(x *x509.Certificate) bool { return x.KeyUsage == certSign|crlSign }},
		{"user, KEYUSAGE", "U", map[string][]byte{"usage": usageCA}, cert.Handshake, "",
			func(x *x509.Certificate) bool { return x.KeyUsage == digital }},
		{"user, the request's value", "U", map[string][]byte{"usage": usageCA}, 0, "",
			func(x *x509.Certificate) bool { return x.KeyUsage == digital|certSign|crlSign }},
		{"user, none", "U", nil, 0, "", func(x *x509.Certificate) bool { return x.KeyUsage == 0 }},
		{"bits that the key cannot carry", "U", map[string][]byte{"usage": usageCrypt}, 0, "IRRD156I", nil},
		{"such bits, overridden", "U", map[string][]byte{"usage": usageCrypt}, cert.Handshake, "",
			func(x *x509.Certificate) bool { return x.KeyUsage == digital }},

		{"CERTAUTH, cA off", ring.CertAuth, map[string][]byte{"basic": basicEnd}, 0, "SGN045I", nil},
		{"CERTAUTH, cA on, no path length", ring.CertAuth, map[string][]byte{"basic": basicCA}, 0, "",
			func(x *x509.Certificate) bool { return x.IsCA && x.MaxPathLen == -1 }},
		{"user, cA with path length", "U", map[string][]byte{"basic": basicCA}, 0, "",
			func(x *x509.Certificate) bool { return x.IsCA && x.MaxPathLen == 3 }},
		{"SITE, cA off", ring.Site, map[string][]byte{"basic": basicEnd}, 0, "",
			func(x *x509.Certificate) bool { return x.BasicConstraintsValid && !x.IsCA }},
		{"user, no basicConstraints", "U", nil, 0, "", func(x *x509.Certificate) bool { return !x.BasicConstraintsValid }},

		{"subject key identifier of the request", "U", map[string][]byte{"ski": ski}, 0, "",
			func(x *x509.Certificate) bool { return bytes.Equal(x.SubjectKeyId, []byte{1, 2, 3, 4}) }},
		{"subject key identifier computed", "U", nil, 0, "", func(x *x509.Certificate) bool { return len(x.SubjectKeyId) == 20 }},
		{"authority key identifier", "U", nil, 0, "",
			func(x *x509.Certificate) bool {
				return bytes.Equal(x.AuthorityKeyId, d.x509("CERTAUTH/CA").SubjectKeyId)
			}},
		{"names of the request", "U", map[string][]byte{"names": names}, 0, "",
			func(x *x509.Certificate) bool { return len(x.DNSNames) == 1 && x.DNSNames[0] == "a.b" }},
		{"extended key usage of the request", "U", map[string][]byte{"eku": eku}, 0, "",
			func(x *x509.Certificate) bool { return len(x.ExtKeyUsage) == 1 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			signer := ref("CERTAUTH/CA")
			r, err := d.Gencert(t.Context(), ring.Gencert{Owner: tc.owner, Request: pkcs10(t, key, tc.exts), Usage: tc.usage, SignWith: &signer})
			if tc.fails != "" {
				wantError(t, err, tc.fails, map[string]error{"SGN045I": ring.ErrRefused, "IRRD156I": ring.ErrInvalid}[tc.fails])
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			x := mustX509(t, r.Certificate)
			if !tc.check(x) {
				t.Errorf("key usage %b, CA %v %d, identifiers %x %x, names %v, %v", x.KeyUsage, x.IsCA, x.MaxPathLen, x.SubjectKeyId, x.AuthorityKeyId, x.DNSNames, x.ExtKeyUsage)
			}
		})
	}
}
