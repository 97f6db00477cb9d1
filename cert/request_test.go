package cert

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/internal/oracle"
)

// full is a certificate with all that a request takes over.
func full(t testing.TB, k string) *x509.Certificate {
	tmpl := caTemplate(t, "CN=Grüße,OU=a,OU=b,C=DE")
	tmpl.MaxPathLen = 2
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	tmpl.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 2, 3, 4}}
	tmpl.AltNames = goodNames
	tmpl.SubjectKeyID = []byte{1, 2, 3}
	ca := selfSign(t, caTemplate(t, "CN=CA"), key(t, "other"))
	return issue(t, tmpl, key(t, k).Public(), ca, key(t, "other"))
}

func TestNewRequest(t *testing.T) {
	dir := t.TempDir()
	for _, k := range []string{"rsa:1024", "rsa:2048", "ec:p224", "ec:p256", "ec:p384", "ec:p521", "ed25519"} {
		c := full(t, k)
		data, err := NewRequest(c, key(t, k))
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRequest(data)
		if err != nil {
			t.Fatal(err)
		}
		want := &Request{
			Subject: SubjectOf(c), PublicKey: key(t, k).Public(), Raw: data,
			KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, HasKeyUsage: true,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, UnknownExtKeyUsage: []asn1.ObjectIdentifier{{1, 2, 3, 4}},
			AltNames: goodNames, CA: true, MaxPathLen: 2, HasBasicConstraints: true, SubjectKeyID: []byte{1, 2, 3},
		}
		if diff := cmp.Diff(want, r, cmpIP); diff != "" {
			t.Errorf("%s: %s", k, diff)
		}
		in, err := x509.ParseCertificateRequest(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Extensions, in.Extensions); diff != "" {
			t.Errorf("%s: extensions changed: %s", k, diff)
		}
		oracle.Write(t, dir, "r.pem", EncodeRequest(data))
		out := oracle.OpenSSL(t, dir, "req", "-in", "r.pem", "-verify", "-noout", "-text")
		if !strings.Contains(out, "verify OK") || !strings.Contains(out, "CA:TRUE, pathlen:2") {
			t.Errorf("%s: openssl says\n%s", k, out)
		}
	}
}

// Extensions that a CA is not to be asked for stay behind; a certificate without any makes a
// request without any.
func TestNewRequestCopies(t *testing.T) {
	k := key(t, "ec:p256")
	dir := t.TempDir()
	writeKey(t, dir, "k.pem", k)
	oracle.OpenSSL(t, dir, "req", "-x509", "-key", "k.pem", "-subj", "/CN=x", "-out", "c.pem", "-addext", "nsComment=hello", "-addext", "basicConstraints=CA:FALSE")
	c := readCert(t, dir, "c.pem")
	data, err := NewRequest(c, k)
	if err != nil {
		t.Fatal(err)
	}
	in, _ := x509.ParseCertificateRequest(data)
	for _, e := range in.Extensions {
		if e.Id.String() == "2.16.840.1.113730.1.13" {
			t.Error("the comment was copied")
		}
		if e.Id.Equal(oidBasicConstraints) && e.Critical {
			t.Error("criticality changed")
		}
	}
	bare := *c
	bare.Extensions = nil
	if data, err = NewRequest(&bare, k); err != nil {
		t.Fatal(err)
	}
	r, err := ParseRequest(data)
	if err != nil || r.HasKeyUsage || r.HasBasicConstraints || r.MaxPathLen != -1 || !r.AltNames.Empty() || r.SubjectKeyID != nil {
		t.Errorf("%+v, %v", r, err)
	}
	_, err = NewRequest(c, key(t, "other"))
	wantError(t, err, `request for "CN=x": the key is not that of the certificate`)
	_, err = NewRequest(c, nil)
	wantError(t, err, "the key is not that of the certificate")
}

func TestEncodeRequest(t *testing.T) {
	data, err := NewRequest(full(t, "ec:p256"), key(t, "ec:p256"))
	if err != nil {
		t.Fatal(err)
	}
	text := EncodeRequest(data)
	if !bytes.HasPrefix(text, []byte("-----BEGIN NEW CERTIFICATE REQUEST-----\n")) {
		t.Errorf("begins with %.50q", text)
	}
	short := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: data})
	bare := base64.StdEncoding.EncodeToString(data)
	records := strings.ReplaceAll(string(text), "\n", strings.Repeat(" ", 20)+"\r\n") // as fixed-length records arrive
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})
	for name, in := range map[string][]byte{
		"DER":             data,
		"new header":      text,
		"short header":    short,
		"text before":     append([]byte("Certificate Request:\n    Data:\n\n"), short...),
		"digit before":    append([]byte("0 of 1\n"), short...),
		"text after":      append(bytes.Clone(short), "bye\n"...),
		"block before":    append(bytes.Clone(certificate), short...),
		"CR LF":           bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
		"padded records":  []byte(records),
		"bare base64":     []byte(bare),
		"without padding": []byte(strings.TrimRight(bare, "=")),
		"broken lines":    []byte(bare[:64] + "\r\n" + bare[64:70] + "  \n\t" + bare[70:] + "\n"),
	} {
		r, err := ParseRequest(in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(r.Raw, data) {
			t.Errorf("%s: other bytes", name)
		}
	}
	tampered := bytes.Clone(data)
	tampered[bytes.Index(tampered, []byte("DE"))] = 'S'
	for _, tt := range []struct {
		name string
		in   []byte
		want string
	}{
		{"nothing", nil, "neither DER nor PEM nor Base64"},
		{"blanks", []byte(" \n"), "neither DER nor PEM nor Base64"},
		{"text", []byte("hello, world"), "neither DER nor PEM nor Base64"},
		{"too much", make([]byte, MaxSize+1), "larger than"},
		{"two", append(bytes.Clone(text), short...), "more than one request"},
		{"certificate", certificate, `holds a "CERTIFICATE"`},
		{"trailing data", append(bytes.Clone(data), 0), "trailing data"},
		{"cut short", data[:len(data)-1], "not"},
		{"other DER", []byte{0x30, 2, 0x30, 0}, "truncated"},
		{"yet other DER", []byte{0x30, 5, 0x30, 3, 2, 1, 0}, "truncated"},
		{"tampered", tampered, "does not verify"},
	} {
		_, err := ParseRequest(tt.in)
		wantError(t, err, tt.want)
	}
	if _, err := ParseRequest(tampered); !errors.Is(err, ErrSignature) {
		t.Errorf("tampered: %v", err)
	}
}
