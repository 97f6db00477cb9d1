package cert

import (
	"crypto/x509"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"signet/internal/oracle"
)

func TestDescribe(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		args      []string
		signature string
		kind      string
		size      int
	}{
		{[]string{"-newkey", "rsa:1024", "-sha1"}, "sha1RSA", "RSA", 1024},
		{[]string{"-newkey", "rsa:1024", "-md5"}, "md5RSA", "RSA", 1024},
		{[]string{"-newkey", "rsa:1030", "-sha512"}, "sha512RSA", "RSA", 1030},
		{[]string{"-newkey", "rsa:512"}, "sha256RSA", "RSA", 512},
		{[]string{"-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:1024", "-sigopt", "rsa_pss_saltlen:digest"}, "sha256RSAPSS", "RSA", 1024},
		{[]string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521", "-sha224"}, "sha224ECDSA", "NIST ECC", 521},
		{[]string{"-newkey", "ed25519"}, "Ed25519", "Ed25519", 256},
		{[]string{"-newkey", "ed448"}, "UNKNOWN", "UNKNOWN", 0},
	}
	for _, tt := range tests {
		oracle.OpenSSL(t, dir, append([]string{"req", "-x509", "-nodes", "-keyout", "k.pem", "-subj", "/CN=x", "-out", "c.pem"}, tt.args...)...)
		c := readCert(t, dir, "c.pem")
		if SignatureName(c) != tt.signature || KeyType(c) != tt.kind || KeySize(c) != tt.size {
			t.Errorf("%v: %s, %s, %d", tt.args, SignatureName(c), KeyType(c), KeySize(c))
		}
	}
	dsa, err := Parse(oracle.Read(t, filepath.Join(pkits(t), "certs"), "DSACACert.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if SignatureName(dsa) != "sha256RSA" || KeyType(dsa) != "DSA" || KeySize(dsa) != 1024 {
		t.Errorf("DSA: %s, %s, %d", SignatureName(dsa), KeyType(dsa), KeySize(dsa))
	}
	if empty := new(x509.Certificate); SignatureName(empty) != "UNKNOWN" || KeyType(empty) != "UNKNOWN" || KeySize(empty) != 0 {
		t.Error("an empty certificate is described")
	}
}

func TestSerialHex(t *testing.T) {
	for _, tt := range []struct {
		in   int64
		want string
	}{{0, "00"}, {1, "01"}, {0x0c, "0C"}, {0x279, "0279"}, {0xabcdef, "ABCDEF"}} {
		if got := SerialHex(big.NewInt(tt.in)); got != tt.want {
			t.Errorf("%d: %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestRandomSerial(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		n, err := RandomSerial()
		if err != nil {
			t.Fatal(err)
		}
		if n.BitLen() != 127 || len(SerialHex(n)) != 32 || seen[n.String()] {
			t.Fatalf("serial %X", n)
		}
		seen[n.String()] = true
	}
}

func TestFingerprint(t *testing.T) {
	dir := t.TempDir()
	c := full(t, "ec:p256")
	writeCert(t, dir, "c.pem", c)
	out := strings.TrimSpace(oracle.OpenSSL(t, dir, "x509", "-in", "c.pem", "-noout", "-fingerprint", "-sha256"))
	if want := strings.ReplaceAll(out[strings.Index(out, "=")+1:], ":", ""); fmt.Sprintf("%X", Fingerprint(c.Raw)) != want {
		t.Errorf("%X, want %s", Fingerprint(c.Raw), want)
	}
}
