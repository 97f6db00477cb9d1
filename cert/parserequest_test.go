package cert

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/internal/oracle"
)

// Requests made by openssl are read in full.
func TestParseRequestFromOpenssl(t *testing.T) {
	dir := t.TempDir()
	for _, k := range []string{"rsa:2048", "ec:p384", "ed25519"} {
		writeKey(t, dir, "k.pem", key(t, k))
		oracle.OpenSSL(t, dir, "req", "-new", "-utf8", "-key", "k.pem", "-out", "r.pem", "-text",
			"-subj", "/C=DE/O=Müller/CN=www.example.org",
			"-addext", "subjectAltName=DNS:a.example,IP:192.0.2.1,IP:2001:db8::1,email:a@b.example,URI:https://a.example/%7Ex",
			"-addext", "keyUsage=critical,digitalSignature,keyEncipherment,decipherOnly",
			"-addext", "extendedKeyUsage=serverAuth,1.2.3.4",
			"-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectKeyIdentifier=01:02", "-addext", "nsComment=x")
		r, err := ParseRequest(oracle.Read(t, dir, "r.pem"))
		if err != nil {
			t.Fatal(err)
		}
		want := &Request{
			PublicKey: key(t, k).Public(), Subject: r.Subject, Raw: r.Raw,
			KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageDecipherOnly, HasKeyUsage: true,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, UnknownExtKeyUsage: []asn1.ObjectIdentifier{{1, 2, 3, 4}},
			AltNames: AltNames{
				IPs: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")},
				DNS: []string{"a.example"}, Emails: []string{"a@b.example"}, URIs: []string{"https://a.example/%7Ex"},
			},
			MaxPathLen: -1, HasBasicConstraints: true, SubjectKeyID: []byte{1, 2},
		}
		if diff := cmp.Diff(want, r, cmpIP); diff != "" {
			t.Errorf("%s: %s", k, diff)
		}
		if got := r.Subject.RACF(); got != "CN=www.example.org.O=Müller.C=DE" {
			t.Errorf("subject %q", got)
		}
	}
}

func TestParseRequestOddities(t *testing.T) {
	dir := t.TempDir()
	writeKey(t, dir, "k.pem", key(t, "rsa:2048"))
	req := func(args ...string) (*Request, error) {
		oracle.OpenSSL(t, dir, append([]string{"req", "-new", "-key", "k.pem", "-subj", "/CN=x", "-out", "r.pem"}, args...)...)
		return ParseRequest(oracle.Read(t, dir, "r.pem"))
	}
	if r, err := req("-sha1"); err != nil || r.Subject != name(t, "CN=#0c0178") {
		t.Errorf("SHA-1: %v", err)
	}
	if _, err := req("-sha224"); err != nil {
		t.Errorf("SHA-224: %v", err)
	}
	if _, err := req("-md5"); !errors.Is(err, ErrAlgorithm) || !strings.Contains(err.Error(), "md5RSA") {
		t.Errorf("MD5: %v", err)
	}
	if r, err := req("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"); err != nil || r == nil {
		t.Errorf("PSS: %v", err)
	}
	if r, err := req("-addext", "subjectAltName=RID:1.2.3,DNS:a"); err != nil || !r.OtherAltNames || !cmp.Equal(r.AltNames.DNS, []string{"a"}) {
		t.Errorf("other names: %+v, %v", r, err)
	}
	_, err := req("-addext", "nameConstraints=critical,permitted;DNS:a")
	wantError(t, err, "extension 2.5.29.30: it is critical and not understood")
	if _, err := req("-addext", "nameConstraints=permitted;DNS:a"); err != nil {
		t.Errorf("unknown extension: %v", err)
	}
	oracle.OpenSSL(t, dir, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1", "-out", "k.pem")
	_, err = req()
	wantError(t, err, "unsupported elliptic curve")
	oracle.OpenSSL(t, dir, "genpkey", "-algorithm", "ED448", "-out", "k.pem")
	_, err = req()
	wantError(t, err, "public key: of a kind that signet does not know")
}

// Malformed values of each extension.
func TestTakeMalformed(t *testing.T) {
	for _, id := range []asn1.ObjectIdentifier{oidKeyUsage, oidExtKeyUsage, oidAltNames, oidBasicConstraints, oidSubjectKeyID} {
		for _, value := range []string{"", "\x30", "\x01\x01\xff", "\x30\x03\x01\x01\x05", "\x03\x02\x05\xa0\x00", "\x04\x00", "\x30\x00\x00"} {
			if value == "\x30\x00\x00" && id.Equal(oidAltNames) {
				continue // crypto/x509 has looked at those
			}
			var r Request
			if err := r.take(pkix.Extension{Id: id, Value: []byte(value)}); !errors.Is(err, errMalformed) {
				t.Errorf("%v: %x: %v", id, value, err)
			}
		}
	}
	if _, n, err := parseBasicConstraints([]byte("\x30\x06\x02\x04\x7f\xff\xff\xff")); err != nil || n != 1<<31-1 {
		t.Errorf("largest path length: %d, %v", n, err)
	}
	if _, _, err := parseBasicConstraints([]byte("\x30\x07\x02\x05\x00\xff\xff\xff\xff")); err == nil {
		t.Error("path length of 32 bits read")
	}
}

func FuzzParseRequest(f *testing.F) {
	data, err := NewRequest(full(f, "ec:p256"), key(f, "ec:p256"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(EncodeRequest(data))
	f.Add([]byte(base64.StdEncoding.EncodeToString(data)))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := ParseRequest(in)
		if err != nil {
			return
		}
		again, err := ParseRequest(EncodeRequest(r.Raw))
		if err != nil || !bytes.Equal(again.Raw, r.Raw) || again.Subject != r.Subject {
			t.Errorf("%x reads as %+v, %v", r.Raw, again, err)
		}
	})
}

func FuzzExtensions(f *testing.F) {
	for _, e := range full(f, "ec:p256").Extensions {
		f.Add(e.Value)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		if a, others, err := parseAltNames(value); err == nil && !others && !a.Empty() && a.Check() == nil {
			out, err := a.marshal()
			if err != nil {
				t.Fatal(err)
			}
			if again, _, err := parseAltNames(out); err != nil || len(again.IPs) != len(a.IPs) || !cmp.Equal(again.DNS, a.DNS) ||
				!cmp.Equal(again.Emails, a.Emails) || !cmp.Equal(again.URIs, a.URIs) {
				t.Errorf("%+v became %+v, %v", a, again, err)
			}
		}
		for _, id := range copied {
			var r Request
			_ = r.take(pkix.Extension{Id: id, Value: value})
		}
	})
}
