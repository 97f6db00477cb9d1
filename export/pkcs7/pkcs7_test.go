package pkcs7

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"

	"signet/internal/oracle"
)

// certificates gives n certificates of one key.
func certificates(t testing.TB, n int) []*x509.Certificate {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var all []*x509.Certificate
	for i := range n {
		tmpl := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i)), Subject: pkix.Name{CommonName: fmt.Sprintf("number %d", i)},
			NotBefore: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC),
		}
		raw, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		c, err := cert.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func encode(t testing.TB, certs []*x509.Certificate) []byte {
	t.Helper()
	data, err := Encode(certs)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// same checks that the certificates are those wanted, in their order.
func same(t testing.TB, got, want []*x509.Certificate) {
	t.Helper()
	if !slices.EqualFunc(got, want, (*x509.Certificate).Equal) {
		t.Errorf("%d certificates that are not the %d wanted", len(got), len(want))
	}
}

func wantError(t testing.TB, name string, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: error %v; want %q in one line", name, err, part)
	}
}

func TestRoundTrip(t *testing.T) {
	all := certificates(t, 20)
	for _, n := range []int{1, 2, 3, 20} {
		want := all[:n]
		slices.Reverse(want) // no order but the one given
		got, err := Decode(encode(t, want))
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, want)
	}
	_, err := Encode(nil)
	wantError(t, "nothing", err, "no certificate to write")
}

// Packages of openssl are read, and openssl reads ours, in order.
func TestOpenssl(t *testing.T) {
	dir := t.TempDir()
	want := certificates(t, 3)
	var text []byte
	for _, c := range want {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	oracle.Write(t, dir, "all.pem", text)
	oracle.OpenSSL(t, dir, "crl2pkcs7", "-nocrl", "-certfile", "all.pem", "-outform", "DER", "-out", "theirs.p7b")
	got, err := Decode(oracle.Read(t, dir, "theirs.p7b"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)

	data := encode(t, want)
	oracle.Write(t, dir, "ours.p7b", data)
	out := oracle.OpenSSL(t, dir, "pkcs7", "-inform", "DER", "-in", "ours.p7b", "-print_certs")
	for rest := []byte(out); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if len(want) == 0 || !bytes.Equal(block.Bytes, want[0].Raw) {
			t.Fatalf("openssl sees other certificates:\n%s", out)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		t.Errorf("openssl does not see %d certificates", len(want))
	}
	if !bytes.Equal(data, oracle.Read(t, dir, "theirs.p7b")) {
		t.Error("the package is not byte for byte that of openssl")
	}
}

// Of a package with more in it, the certificates are read.
func TestOpensslWithMore(t *testing.T) {
	dir := t.TempDir()
	oracle.OpenSSL(t, dir, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ca", "-keyout", "k.pem", "-out", "ca.pem")
	oracle.Write(t, dir, "index", nil)
	oracle.Write(t, dir, "ca.cnf", []byte("[ca]\ndefault_ca=x\n[x]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=1\n"))
	oracle.OpenSSL(t, dir, "ca", "-config", "ca.cnf", "-gencrl", "-cert", "ca.pem", "-keyfile", "k.pem", "-out", "crl.pem")
	oracle.OpenSSL(t, dir, "crl2pkcs7", "-in", "crl.pem", "-certfile", "ca.pem", "-outform", "DER", "-out", "crl.p7b")
	oracle.Write(t, dir, "message", []byte("hello\n"))
	oracle.OpenSSL(t, dir, "smime", "-sign", "-nodetach", "-in", "message", "-signer", "ca.pem", "-inkey", "k.pem", "-outform", "DER", "-out", "signed.p7b")
	for _, file := range []string{"crl.p7b", "signed.p7b"} {
		got, err := Decode(oracle.Read(t, dir, file))
		if err != nil || len(got) != 1 || cert.SubjectOf(got[0]).String() != "CN=ca" {
			t.Errorf("%s: %d certificates, %v", file, len(got), err)
		}
	}
	// Nothing but revoked certificates.
	oracle.OpenSSL(t, dir, "crl2pkcs7", "-in", "crl.pem", "-outform", "DER", "-out", "crl.p7b")
	_, err := Decode(oracle.Read(t, dir, "crl.p7b"))
	wantError(t, "CRL alone", err, "it holds no certificates")
	// An encrypted message is none of ours.
	oracle.OpenSSL(t, dir, "smime", "-encrypt", "-in", "message", "-outform", "DER", "-out", "enveloped.p7", "-aes128", "ca.pem")
	if data := oracle.Read(t, dir, "enveloped.p7"); Looks(data) {
		t.Error("an enveloped message looks like certificates")
	}
}

// BER is read as DER is: a message that openssl streams has indefinite lengths all over.
func TestBER(t *testing.T) {
	dir := t.TempDir()
	oracle.OpenSSL(t, dir, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ca", "-keyout", "k.pem", "-out", "ca.pem")
	oracle.Write(t, dir, "message", bytes.Repeat([]byte("hello\n"), 5000))
	oracle.OpenSSL(t, dir, "cms", "-sign", "-stream", "-nodetach", "-binary", "-in", "message", "-signer", "ca.pem", "-inkey", "k.pem", "-outform", "DER", "-out", "signed.ber")
	data := oracle.Read(t, dir, "signed.ber")
	if !bytes.HasPrefix(data, []byte{0x30, 0x80}) {
		t.Fatal("openssl wrote no BER")
	}
	if !Looks(data) {
		t.Error("BER does not look like a package")
	}
	got, err := Decode(data)
	if err != nil || len(got) != 1 || cert.SubjectOf(got[0]).String() != "CN=ca" {
		t.Errorf("%d certificates, %v", len(got), err)
	}
	// Indefinite lengths inside a definite one.
	want := certificates(t, 2)
	good := encode(t, want)
	inner := append(append([]byte{0xa0, 0x80}, good[19:]...), 0, 0) // behind SEQUENCE, type and [0]
	inner = append(bytes.Clone(good[4:15]), inner...)
	data = append([]byte{0x30, 0x83, 0, byte(len(inner) >> 8), byte(len(inner))}, inner...)
	if got, err = Decode(data); err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
	for n := range data {
		if _, err := Decode(data[:n]); err == nil {
			t.Errorf("%d of %d bytes were read", n, len(data))
		}
	}
}

// signed wraps a CertificateSet of any bytes.
func signed(t testing.TB, set []byte) []byte {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(contextTag0, func(b *cryptobyte.Builder) {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(1)
				b.AddASN1(der.SET, func(*cryptobyte.Builder) {})
				b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
				b.AddASN1(contextTag0, func(b *cryptobyte.Builder) { b.AddBytes(set) })
			})
		})
	})
	return b.BytesOrPanic()
}

func TestRefused(t *testing.T) {
	c := certificates(t, 1)
	good := encode(t, c)
	for name, tt := range map[string]struct {
		in   []byte
		want string
	}{
		"nothing":           {nil, "not a PKCS #7 SignedData"},
		"text":              {[]byte("-----BEGIN PKCS7-----"), "not a PKCS #7 SignedData"},
		"a certificate":     {c[0].Raw, "not a PKCS #7 SignedData"},
		"trailing data":     {append(bytes.Clone(good), 0), "not a PKCS #7 SignedData"},
		"BER cut":           {append(append([]byte{0x30, 0x80}, good[4:]...), 0), "not a PKCS #7 SignedData"},
		"no SignedData":     {append(bytes.Clone(good[:23]), bytes.Repeat([]byte{5, 0}, (len(good)-23)/2+1)[:len(good)-23]...), "PKCS #7 package: damaged"},
		"no certificates":   {signed(t, nil), "it holds no certificates"},
		"attribute only":    {signed(t, []byte{0xa2, 0x00}), "it holds no certificates"},
		"not a certificate": {signed(t, []byte{0x30, 0x00}), "certificate 1: not an X.509 certificate"},
		"second one cut":    {signed(t, append(bytes.Clone(c[0].Raw), c[0].Raw[:100]...)), "certificate 2 is damaged"},
		"second one bad":    {signed(t, append(bytes.Clone(c[0].Raw), 0x30, 0x01, 0x00)), "certificate 2: not an X.509 certificate"},
		"too many":          {signed(t, bytes.Repeat([]byte{0x30, 0x00}, maxCertificates+1)), "more than 4096 certificates"},
	} {
		got, err := Decode(tt.in)
		wantError(t, name, err, tt.want)
		if len(got) > 0 {
			t.Errorf("%s: certificates beside an error", name)
		}
	}
}

// A package cut anywhere is an error.
func TestTruncated(t *testing.T) {
	data := encode(t, certificates(t, 2))
	for n := range data {
		if _, err := Decode(data[:n]); err == nil {
			t.Errorf("%d of %d bytes were read", n, len(data))
		}
	}
}

// FuzzDecode checks that nothing panics, and that what is read is written the same way each
// time and reads as the same certificates.
func FuzzDecode(f *testing.F) {
	certs := certificates(f, 2)
	f.Add(encode(f, certs))
	f.Add(encode(f, certs[:1]))
	f.Add(signed(f, []byte{0xa2, 0x00}))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data)
		if err != nil {
			return
		}
		if !Looks(data) || len(got) == 0 {
			t.Error("read, but does not look like a package")
		}
		once := encode(t, got)
		again, err := Decode(once)
		if err != nil {
			t.Fatal(err)
		}
		same(t, again, got)
		if !bytes.Equal(encode(t, again), once) {
			t.Error("written in two ways")
		}
	})
}
