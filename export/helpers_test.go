package export

import (
	"strings"
	"testing"

	"signet/cert"

	"signet/internal/oracle"
)

// identity lets openssl make a key of a kind, its certificate and a CA, as key.pem, leaf.pem
// and ca.pem in a new folder, and gives what the three say.
func identity(t testing.TB, algorithm ...string) (dir string, b cert.Bundle) {
	t.Helper()
	dir = t.TempDir()
	oracle.OpenSSL(t, dir, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=ca", "-keyout", "cakey.pem", "-out", "ca.pem")
	oracle.OpenSSL(t, dir, append([]string{"genpkey", "-out", "key.pem", "-algorithm"}, algorithm...)...)
	oracle.OpenSSL(t, dir, "req", "-new", "-key", "key.pem", "-subj", "/CN=leaf", "-out", "request.pem")
	oracle.OpenSSL(t, dir, "x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "cakey.pem", "-set_serial", "2", "-out", "leaf.pem")
	for _, file := range []string{"leaf", "ca"} {
		oracle.OpenSSL(t, dir, "x509", "-in", file+".pem", "-outform", "DER", "-out", file+".der")
		c, err := cert.Parse(oracle.Read(t, dir, file+".der"))
		if err != nil {
			t.Fatal(err)
		}
		b.Certificates = append(b.Certificates, c)
	}
	oracle.OpenSSL(t, dir, "pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-outform", "DER", "-out", "key.der")
	var err error
	if b.Key, err = cert.ParsePrivateKey(oracle.Read(t, dir, "key.der")); err != nil {
		t.Fatal(err)
	}
	return dir, b
}

// ecIdentity is an identity that takes no time.
func ecIdentity(t testing.TB) (dir string, b cert.Bundle) {
	return identity(t, "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
}

// publicOnly is a bundle without its key.
func publicOnly(b cert.Bundle) cert.Bundle { return cert.Bundle{Certificates: b.Certificates} }

// leafOnly is a bundle without its issuers and its key.
func leafOnly(b cert.Bundle) cert.Bundle { return cert.Bundle{Certificates: b.Certificates[:1]} }

// same checks that a bundle came through whole.
func same(t testing.TB, name string, got, want cert.Bundle) {
	t.Helper()
	if (got.Key == nil) != (want.Key == nil) || want.Key != nil && !cert.SameKey(got.Key.Public(), want.Key.Public()) {
		t.Errorf("%s: another private key", name)
	}
	if len(got.Certificates) != len(want.Certificates) {
		t.Errorf("%s: %d certificates, want %d", name, len(got.Certificates), len(want.Certificates))
		return
	}
	for i, c := range want.Certificates {
		if !got.Certificates[i].Equal(c) {
			t.Errorf("%s: certificate %d is %q, want %q", name, i, cert.SubjectOf(got.Certificates[i]), cert.SubjectOf(c))
		}
	}
}

// wantError checks that an error says what it should, in one line, and that nothing is given
// with it.
func wantError(t testing.TB, name string, got cert.Bundle, err error, part string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("%s: no error; want one with %q", name, part)
	case !strings.Contains(err.Error(), part):
		t.Errorf("%s: error %q; want %q in it", name, err, part)
	case strings.Contains(err.Error(), "\n"):
		t.Errorf("%s: error %q has several lines", name, err)
	}
	if got.Key != nil || got.Certificates != nil {
		t.Errorf("%s: something was read beside the error", name)
	}
}
