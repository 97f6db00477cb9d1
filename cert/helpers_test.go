package cert

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/oracle"
)

// keys holds one key pair per kind for the whole test binary: RSA keys take their time.
var keys = sync.OnceValue(func() map[string]crypto.Signer {
	m := map[string]crypto.Signer{}
	for _, name := range []string{"rsa:1024", "rsa:2048", "ec:p224", "ec:p256", "ec:p384", "ec:p521", "ed25519"} {
		spec, err := ParseKeySpec(name)
		if err != nil {
			panic(err)
		}
		if m[name], err = spec.Generate(); err != nil {
			panic(err)
		}
	}
	// A second key of one kind, for what must not match.
	m["other"], _ = KeySpec{Algorithm: EC}.Generate()
	return m
})

func key(t testing.TB, name string) crypto.Signer {
	t.Helper()
	k, ok := keys()[name]
	if !ok {
		t.Fatalf("no test key %q", name)
	}
	return k
}

func name(t testing.TB, s string) Name {
	t.Helper()
	n, err := ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func date(y int) time.Time { return time.Date(y, 1, 2, 3, 4, 5, 0, time.UTC) }

// now is the time that chains are checked at.
var now = date(2026)

// basic is a template that issues; tests change what they are about.
func basic(t testing.TB, subject string) Template {
	return Template{Subject: name(t, subject), Serial: big.NewInt(1), NotBefore: date(2025), NotAfter: date(2035), MaxPathLen: -1}
}

// caTemplate is basic for a CA.
func caTemplate(t testing.TB, subject string) Template {
	tmpl := basic(t, subject)
	tmpl.CA = true
	tmpl.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return tmpl
}

func selfSign(t testing.TB, tmpl Template, k crypto.Signer) *x509.Certificate {
	t.Helper()
	c, err := SelfSign(tmpl, k)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func issue(t testing.TB, tmpl Template, pub crypto.PublicKey, ca *x509.Certificate, k crypto.Signer) *x509.Certificate {
	t.Helper()
	c, err := Issue(tmpl, pub, Issuer{ca, k})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func writeCert(t testing.TB, dir, file string, c *x509.Certificate) string {
	return oracle.Write(t, dir, file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func writeKey(t testing.TB, dir, file string, k crypto.Signer) string {
	t.Helper()
	data, err := MarshalPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return oracle.Write(t, dir, file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: data}))
}

func readCert(t testing.TB, dir, file string) *x509.Certificate {
	t.Helper()
	c, err := Parse(readPEM(t, dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func readPEM(t testing.TB, dir, file string) []byte {
	t.Helper()
	block, _ := pem.Decode(oracle.Read(t, dir, file))
	if block == nil {
		t.Fatalf("%s: no PEM", file)
	}
	return block.Bytes
}

// wantError checks that an error says what it should, and nothing across lines.
func wantError(t testing.TB, err error, part string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("no error; want one with %q", part)
	case !strings.Contains(err.Error(), part):
		t.Errorf("error %q; want %q in it", err, part)
	case strings.Contains(err.Error(), "\n"):
		t.Errorf("error %q has several lines", err)
	}
}

// pkits gives the folder of the NIST PKITS certificates in GOROOT.
func pkits(t testing.TB) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(string(bytes.TrimSpace(root)), "src/crypto/x509/testdata/nist-pkits")
}
