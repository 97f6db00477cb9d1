package cert

import (
	"bytes"
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 a type that must be refused
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"signet/internal/oracle"
)

func TestParseKeySpec(t *testing.T) {
	tests := []struct {
		in   string
		want KeySpec
		text string
	}{
		{"rsa", KeySpec{RSA, 2048}, "rsa:2048"},
		{"RSA:1024", KeySpec{RSA, 1024}, "rsa:1024"},
		{"rsa:4096", KeySpec{RSA, 4096}, "rsa:4096"},
		{"rsa:1200", KeySpec{RSA, 1200}, "rsa:1200"},
		{"ec", KeySpec{EC, 256}, "ec:p256"},
		{"ec:p224", KeySpec{EC, 224}, "ec:p224"},
		{"EC:P256", KeySpec{EC, 256}, "ec:p256"},
		{"ec:384", KeySpec{EC, 384}, "ec:p384"},
		{" ec:p521 ", KeySpec{EC, 521}, "ec:p521"},
		{"Ed25519", KeySpec{Ed25519, 256}, "ed25519"},
	}
	for _, tt := range tests {
		got, err := ParseKeySpec(tt.in)
		if err != nil || got != tt.want || got.String() != tt.text {
			t.Errorf("%q: %v, %v; want %v", tt.in, got, err, tt.want)
		}
		if again, err := ParseKeySpec(got.String()); err != nil || again != got {
			t.Errorf("%q: String reads as %v, %v", tt.in, again, err)
		}
	}
	for in, want := range map[string]string{
		"":             "ed25519",
		"dsa":          "rsa:1024 to rsa:4096",
		"rsa:":         "rsa:1024 to rsa:4096",
		"rsa:x":        "rsa:1024 to rsa:4096",
		"rsa:-2048":    "rsa:1024 to rsa:4096",
		"rsa:0":        "rsa:1024 to rsa:4096",
		"rsa:02048":    "rsa:1024 to rsa:4096",
		"rsa:p2048":    "rsa:1024 to rsa:4096",
		"rsa:1023":     "1024 to 4096 bits",
		"rsa:4097":     "1024 to 4096 bits",
		"ec:p192":      "224, 256, 384 or 521",
		"ec:255":       "224, 256, 384 or 521",
		"ed25519:256":  "ed25519",
		"rsa:20480000": "1024 to 4096 bits",
	} {
		_, err := ParseKeySpec(in)
		wantError(t, err, want)
	}
}

func TestKeySpecRules(t *testing.T) {
	tests := []struct {
		in, rounded KeySpec
		weak        bool
	}{
		{KeySpec{}, KeySpec{RSA, 2048}, false},
		{KeySpec{Bits: 1024}, KeySpec{RSA, 1024}, true},
		{KeySpec{RSA, 2047}, KeySpec{RSA, 2047}, true},
		{KeySpec{RSA, 2048}, KeySpec{RSA, 2048}, false},
		{KeySpec{EC, 0}, KeySpec{EC, 256}, false},
		{KeySpec{EC, 192}, KeySpec{EC, 224}, false},
		{KeySpec{EC, 224}, KeySpec{EC, 224}, false},
		{KeySpec{EC, 225}, KeySpec{EC, 256}, false},
		{KeySpec{EC, 320}, KeySpec{EC, 384}, false},
		{KeySpec{EC, 512}, KeySpec{EC, 521}, false},
		{KeySpec{EC, 522}, KeySpec{EC, 522}, false},
		{KeySpec{EC, -1}, KeySpec{EC, -1}, false},
		{KeySpec{Algorithm: Ed25519}, KeySpec{Ed25519, 256}, false},
	}
	for _, tt := range tests {
		if got := tt.in.Round(); got != tt.rounded {
			t.Errorf("%v rounds to %v, want %v", tt.in, got, tt.rounded)
		}
		if tt.in.Weak() != tt.weak {
			t.Errorf("%v: weak %v", tt.in, tt.in.Weak())
		}
	}
	for _, bad := range []KeySpec{{EC, 522}, {EC, -1}, {RSA, 512}, {RSA, -1}, {Ed25519, 255}, {"dsa", 1024}} {
		if bad.Check() == nil {
			t.Errorf("%v passes", bad)
		}
		if _, err := bad.Generate(); err == nil {
			t.Errorf("%v made a key", bad)
		}
	}
}

func TestGenerate(t *testing.T) {
	for name, k := range keys() {
		spec, err := SpecOf(k.Public())
		if name != "other" && (err != nil || spec.String() != name) {
			t.Errorf("%s: made %v, %v", name, spec, err)
		}
		if k, ok := k.(*rsa.PrivateKey); ok && k.E != 65537 {
			t.Errorf("%s: exponent %d", name, k.E)
		}
	}
	k, err := KeySpec{RSA, 1200}.Generate() // any size between the limits
	if err != nil {
		t.Fatal(err)
	}
	if spec, _ := SpecOf(k.Public()); spec.Bits != 1200 {
		t.Errorf("made %v", spec)
	}
}

func TestForeignPublicKeys(t *testing.T) {
	x, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	params := *elliptic.P256().Params()
	params.Name = "P-999"
	tests := []struct {
		pub  crypto.PublicKey
		want string
	}{
		{nil, "does not know"},
		{x.Public(), "*ecdh.PublicKey"},
		{&dsa.PublicKey{}, "*dsa.PublicKey"},
		{"text", "string"},
		{&ecdsa.PublicKey{Curve: &params}, "P-999"},
	}
	for _, tt := range tests {
		_, err := SpecOf(tt.pub)
		wantError(t, err, tt.want)
		_, err = MarshalPublicKey(tt.pub)
		wantError(t, err, tt.want)
		_, err = SubjectKeyID(tt.pub)
		wantError(t, err, tt.want)
	}
}

func TestSameKey(t *testing.T) {
	for a, ka := range keys() {
		for b, kb := range keys() {
			if SameKey(ka.Public(), kb.Public()) != (a == b) {
				t.Errorf("%s and %s", a, b)
			}
		}
	}
	if SameKey(nil, nil) || SameKey(key(t, "other").Public(), nil) || SameKey(nil, key(t, "other").Public()) {
		t.Error("no key is the same as something")
	}
}

// The key identifier is what openssl computes.
func TestSubjectKeyID(t *testing.T) {
	dir := t.TempDir()
	hexLine := regexp.MustCompile(`(?:[0-9A-F]{2}:){19}[0-9A-F]{2}`)
	for _, k := range []string{"rsa:1024", "ec:p521", "ed25519"} {
		writeKey(t, dir, "k.pem", key(t, k))
		oracle.OpenSSL(t, dir, "req", "-x509", "-key", "k.pem", "-subj", "/CN=x", "-out", "c.pem", "-addext", "subjectKeyIdentifier=hash")
		out := oracle.OpenSSL(t, dir, "x509", "-in", "c.pem", "-noout", "-ext", "subjectKeyIdentifier")
		got, err := SubjectKeyID(key(t, k).Public())
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.ReplaceAll(hexLine.FindString(out), ":", ""); strings.ToUpper(hex.EncodeToString(got)) != want {
			t.Errorf("%s: %X, openssl says %s", k, got, want)
		}
		spki, err := MarshalPublicKey(key(t, k).Public())
		if err != nil || !bytes.Equal(spki, readCert(t, dir, "c.pem").RawSubjectPublicKeyInfo) {
			t.Errorf("%s: SubjectPublicKeyInfo %x, %v", k, spki, err)
		}
	}
}
