package pkcs12

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"signet/cert"

	"signet/internal/oracle"
)

// What openssl writes is read.
func TestFromOpenssl(t *testing.T) {
	dir := t.TempDir()
	const in = "pkcs12 -export -inkey key.pem -in leaf.pem -out out.p12 -passout"
	for _, tt := range []struct{ kind, args string }{
		{"rsa", "pass:swordfish -certfile chain.pem -name friendly"},
		{"ec", "pass:swordfish -certfile chain.pem"},
		{"ed25519", "pass:swordfish -certfile chain.pem"},
		{"rsa", "pass:swordfish"},
		{"rsa", "pass:swordfish -certfile chain.pem -legacy"},
		{"rsa", "pass:swordfish -certfile chain.pem -legacy -descert"},
		{"ec", "pass:swordfish -legacy -certpbe PBE-SHA1-RC2-128 -keypbe PBE-SHA1-RC2-128"},
		{"ec", "pass:swordfish -legacy -certpbe PBE-SHA1-RC4-128 -keypbe PBE-SHA1-RC4-40"},
		{"ec", "pass:swordfish -legacy -certpbe PBE-SHA1-2DES -keypbe PBE-SHA1-2DES"},
		{"ec", "pass:swordfish -certpbe AES-128-CBC -keypbe AES-192-CBC -macalg sha512 -iter 5000"},
		{"ec", "pass:swordfish -certpbe NONE -keypbe NONE"},
		{"ec", "pass:swordfish -certpbe NONE -macalg sha1"},
		{"ec", "pass:swordfish -noiter -nomaciter"},
		{"ec", "pass:Grüße€"},
		{"rsa", "pass:"},
		{"rsa", "pass: -legacy"},
		{"ec", "pass: -nomac"},
		{"rsa", "pass: -nomac -legacy"},
		{"ec", "pass:swordfish -nomac"},
		{"ec", "pass:swordfish -nomac -legacy"},
		{"ec", "pass:swordfish -certpbe DES-EDE3-CBC -keypbe DES-EDE3-CBC"},
		{"ec", "pass:swordfish -macalg sha224"},
		{"ec", "pass:swordfish -macalg sha384"},
		{"ec", "pass:\U0001F511"},
		{"ec", "pass:\U0001F511 -legacy -name Grüße"},
	} {
		b := identity(t, tt.kind, 2)
		writeBundle(t, dir, b)
		oracle.OpenSSL(t, dir, append(strings.Fields(in), strings.Fields(tt.args)...)...)
		if !strings.Contains(tt.args, "-certfile") {
			b.Certificates = b.Certificates[:1]
		}
		password := strings.TrimPrefix(strings.Fields(tt.args)[0], "pass:")
		data := oracle.Read(t, dir, "out.p12")
		got, err := Decode(data, []byte(password))
		if err != nil {
			t.Errorf("%s %s: %v", tt.kind, tt.args, err)
			continue
		}
		if _, name, ok := strings.Cut(tt.args, "-name "); ok {
			b.Alias = name
		}
		same(t, got, b)
		_, err = Decode(data, []byte("other"))
		oracle.WantError(t, err, "wrong password", "other")
		if !errors.Is(err, ErrPassword) {
			t.Errorf("%s: error %q is not ErrPassword", tt.args, err)
		}
	}
}

// What openssl writes and is not read is refused by its name, and the way out that
// the error names leads to a package that is read.
func TestFromOpensslRefused(t *testing.T) {
	dir := t.TempDir()
	b := identity(t, "ec", 1)
	writeBundle(t, dir, b)
	const in = "pkcs12 -export -inkey key.pem -in leaf.pem -certfile chain.pem -out old.p12 -passout pass:swordfish"
	for args, want := range map[string]string{
		"-legacy -keypbe PBE-MD5-DES":   "its private key is protected with MD5 and DES (1.2.840.113549.1.5.3)",
		"-legacy -certpbe PBE-SHA1-DES": "part 1 of it is protected with SHA-1 and DES (1.2.840.113549.1.5.10)",
		"-legacy -macalg md5":           "its MAC is protected with MD5 (1.2.840.113549.2.5)",
	} {
		oracle.OpenSSL(t, dir, append(strings.Fields(in), strings.Fields(args)...)...)
		_, err := Decode(oracle.Read(t, dir, "old.p12"), []byte("swordfish"))
		oracle.WantError(t, err, want, "swordfish")
		if !errors.Is(err, ErrUnsupported) || errors.Is(err, ErrPassword) {
			t.Errorf("%s: error %q is not ErrUnsupported", args, err)
		}
		oracle.WantError(t, err, "openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW", "")
		oracle.OpenSSL(t, dir, "pkcs12", "-legacy", "-in", "old.p12", "-nodes", "-out", "all.pem", "-passin", "pass:swordfish")
		oracle.OpenSSL(t, dir, "pkcs12", "-export", "-in", "all.pem", "-out", "new.p12", "-passout", "pass:swordfish")
		got, err := Decode(oracle.Read(t, dir, "new.p12"), []byte("swordfish"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, b)
	}
}

// Certificates alone are read, marked as trusted or not.
func TestCertificatesFromOpenssl(t *testing.T) {
	dir := t.TempDir()
	b := identity(t, "ec", 2)
	writeBundle(t, dir, b)
	oracle.OpenSSL(t, dir, "pkcs12", "-export", "-nokeys", "-in", "chain.pem", "-out", "certs.p12", "-passout", "pass:swordfish")
	data := oracle.Read(t, dir, "certs.p12")
	got, err := Decode(data, []byte("swordfish"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, cert.Bundle{Certificates: b.Certificates[1:]})
	if _, err = Decode(data, []byte("other")); !errors.Is(err, ErrPassword) {
		t.Errorf("error %v is not ErrPassword", err)
	}
}

// What Encode writes is read by openssl: the key, and the certificates in their order.
func TestToOpenssl(t *testing.T) {
	dir := t.TempDir()
	for kind := range testKeys() {
		b := identity(t, kind, 2)
		b.Alias = "CAE Webserver"
		data, err := Encode(b, []byte("imsmobile"), Profile{})
		if err != nil {
			t.Fatal(err)
		}
		oracle.Write(t, dir, "p.p12", data)
		writeBundle(t, dir, b)

		info := oracle.OpenSSL(t, dir, "pkcs12", "-in", "p.p12", "-passin", "pass:imsmobile", "-noout", "-info")
		for _, want := range []string{"MAC: sha256, Iteration 10000", "PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256"} {
			if !strings.Contains(info, want) {
				t.Errorf("%s: %q is not in\n%s", kind, want, info)
			}
		}
		oracle.OpenSSL(t, dir, "pkcs12", "-in", "p.p12", "-passin", "pass:imsmobile", "-nocerts", "-nodes", "-out", "k.pem")
		if oracle.OpenSSL(t, dir, "pkey", "-in", "k.pem", "-pubout") != oracle.OpenSSL(t, dir, "x509", "-in", "leaf.pem", "-noout", "-pubkey") {
			t.Errorf("%s: another key", kind)
		}
		out := oracle.OpenSSL(t, dir, "pkcs12", "-in", "p.p12", "-passin", "pass:imsmobile", "-nokeys")
		if n := strings.Count(out, "friendlyName: CAE Webserver\n"); n != 1 || strings.Count(out, "localKeyID: ") != 1 {
			t.Errorf("%s: %d certificates with the alias in\n%s", kind, n, out)
		}
		if out := oracle.OpenSSL(t, dir, "pkcs12", "-in", "p.p12", "-passin", "pass:imsmobile", "-nocerts", "-nodes"); !strings.Contains(out, "friendlyName: CAE Webserver\n") {
			t.Errorf("%s: no alias of the key", kind)
		}
		at := -1
		for _, c := range b.Certificates {
			i := strings.Index(out, "subject=CN = "+c.Subject.CommonName+"\n")
			if i <= at {
				t.Errorf("%s: %q is not in its place in\n%s", kind, c.Subject.CommonName, out)
			}
			at = i
		}
		oracle.OpenSSL(t, dir, "verify", "-CAfile", "chain.pem", "leaf.pem")
		if _, err := Decode(data, []byte("imsmobile")); err != nil {
			t.Error(err)
		}
	}
}

// The examples of RFC 9579 appendix A, from the tests of go-pkcs12: three good ones, one with a
// wrong number of rounds, one with a wrong salt, and one without the length of the key.
func TestRFC9579(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "software.sslmate.com/src/go-pkcs12").Output()
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{"", "", "", "wrong password", "wrong password", "does not give the length of its key"} {
		text := oracle.Read(t, filepath.Join(strings.TrimSpace(string(dir)), "testdata"), fmt.Sprintf("rfc9579-a%d.txt", n+1))
		data, err := base64.StdEncoding.DecodeString(string(text))
		if err != nil {
			t.Fatal(err)
		}
		b, err := Decode(data, []byte("1234"))
		if want != "" {
			oracle.WantError(t, err, want, "1234")
		} else if err != nil || b.Key == nil || len(b.Certificates) != 1 {
			t.Errorf("example %d: %d certificates, %v", n+1, len(b.Certificates), err)
		}
	}
}

// A certificate with a key on a curve that Go has not is refused by its reason.
func TestForeignCurve(t *testing.T) {
	dir := t.TempDir()
	oracle.OpenSSL(t, dir, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1", "-nodes", "-subj", "/CN=b", "-keyout", "k.pem", "-out", "c.pem")
	oracle.OpenSSL(t, dir, "pkcs12", "-export", "-inkey", "k.pem", "-in", "c.pem", "-out", "p.p12", "-passout", "pass:x")
	got, err := Decode(oracle.Read(t, dir, "p.p12"), []byte("x"))
	oracle.WantError(t, err, "elliptic curve", "")
	same(t, got, cert.Bundle{})
}
