package cert

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"signet/internal/oracle"
)

func TestPrivateKeyForms(t *testing.T) {
	for name, k := range keys() {
		forms := map[string][]byte{}
		var err error
		if forms["PKCS #8"], err = MarshalPrivateKey(k); err != nil {
			t.Fatal(err)
		}
		switch k := k.(type) {
		case *rsa.PrivateKey:
			forms["PKCS #1"] = x509.MarshalPKCS1PrivateKey(k)
		case *ecdsa.PrivateKey:
			if forms["SEC 1"], err = x509.MarshalECPrivateKey(k); err != nil {
				t.Fatal(err)
			}
		}
		for form, data := range forms {
			got, err := ParsePrivateKey(data)
			if err != nil || !SameKey(got.Public(), k.Public()) || !got.(interface{ Equal(crypto.PrivateKey) bool }).Equal(k) {
				t.Errorf("%s in %s: %v", name, form, err)
			}
			if _, err := ParsePrivateKey(append(bytes.Clone(data), 0)); err == nil {
				t.Errorf("%s in %s: trailing data was read", name, form)
			}
			if _, err := ParsePrivateKey(data[:len(data)-1]); err == nil {
				t.Errorf("%s in %s: a truncated key was read", name, form)
			}
		}
	}
}

// Keys that openssl writes are read: its forms have parts that Go's have not.
func TestPrivateKeyFromOpenssl(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"genpkey", "-out", "k.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"},
		{"genpkey", "-out", "k.pem", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"},
		{"genpkey", "-out", "k.pem", "-algorithm", "ED25519"},
		{"ecparam", "-out", "k.pem", "-name", "secp521r1", "-genkey", "-noout"},
		{"genrsa", "-out", "k.pem", "-traditional", "1024"},
	} {
		oracle.OpenSSL(t, dir, args...)
		k, err := ParsePrivateKey(readPEM(t, dir, "k.pem"))
		if err != nil {
			t.Errorf("%v: %v", args, err)
			continue
		}
		oracle.OpenSSL(t, dir, "pkey", "-in", "k.pem", "-pubout", "-out", "p.pem")
		if spki, err := MarshalPublicKey(k.Public()); err != nil || !bytes.Equal(spki, readPEM(t, dir, "p.pem")) {
			t.Errorf("%v: other public key, %v", args, err)
		}
	}
}

func TestPrivateKeyRefused(t *testing.T) {
	dir := t.TempDir()
	oracle.OpenSSL(t, dir, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1", "-out", "brainpool.pem")
	oracle.OpenSSL(t, dir, "genpkey", "-algorithm", "ED448", "-out", "ed448.pem")
	oracle.OpenSSL(t, dir, "pkcs8", "-topk8", "-in", "brainpool.pem", "-out", "locked.pem", "-passout", "pass:x")
	x, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := x509.MarshalPKCS8PrivateKey(x)
	if err != nil {
		t.Fatal(err)
	}
	// An RSA key whose parts do not belong together: the exponent is not that of the modulus.
	good := key(t, "rsa:2048").(*rsa.PrivateKey)
	mixed := x509.MarshalPKCS1PrivateKey(&rsa.PrivateKey{
		PublicKey: good.PublicKey, D: new(big.Int).Add(good.D, big.NewInt(2)), Primes: good.Primes,
		Precomputed: good.Precomputed,
	})
	for _, tt := range []struct {
		name string
		in   []byte
		want string
	}{
		{"nothing", nil, "not one DER sequence"},
		{"text", []byte("-----BEGIN PRIVATE KEY-----"), "not one DER sequence"},
		{"too much", make([]byte, MaxPrivateKey+1), "larger than"},
		{"certificate", full(t, "ec:p256").Raw, "encrypted, or no private key"},
		{"encrypted", readPEM(t, dir, "locked.pem"), "encrypted, or no private key"},
		{"empty", []byte{0x30, 0}, "neither PKCS #8 nor PKCS #1 nor SEC 1"},
		{"X25519", x25519, "cannot sign"},
		{"Brainpool", readPEM(t, dir, "brainpool.pem"), "curve"},
		{"Ed448", readPEM(t, dir, "ed448.pem"), "algorithm"},
		{"mixed", mixed, "not a usable private key"},
	} {
		_, err := ParsePrivateKey(tt.in)
		if err == nil {
			t.Errorf("%s was read", tt.name)
			continue
		}
		wantError(t, err, tt.want)
		// Never key material, in whatever notation.
		for _, secret := range []string{good.D.String(), hex.EncodeToString(good.D.Bytes()[:8]), good.Primes[0].String()} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error shows the key", tt.name)
			}
		}
	}
	if _, err := MarshalPrivateKey(nil); err == nil {
		t.Error("no key was written")
	}
}

func FuzzParsePrivateKey(f *testing.F) {
	for _, k := range []string{"rsa:1024", "ec:p256", "ed25519"} {
		data, err := MarshalPrivateKey(key(f, k))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := ParsePrivateKey(data)
		if err != nil {
			return
		}
		out, err := MarshalPrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePrivateKey(out)
		if err != nil || !SameKey(again.Public(), k.Public()) {
			t.Errorf("a key changed on the way: %v", err)
		}
	})
}
