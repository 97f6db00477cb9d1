package pkcs12

import (
	"crypto"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"testing"

	gopkcs12 "software.sslmate.com/src/go-pkcs12"

	"signet/cert"
	"signet/internal/oracle"
)

func TestRoundTrip(t *testing.T) {
	for kind := range testKeys() {
		for issuers := range 3 {
			for _, password := range []string{"swordfish", " ", "Grüße €", "a'b\"c\\", "key \U0001F511", string(make([]byte, 255))} {
				want := identity(t, kind, issuers)
				want.Alias = password
				data, err := Encode(want, []byte(password), Profile{})
				if err != nil {
					t.Fatal(err)
				}
				if !Looks(data) {
					t.Error("Looks does not know what Encode wrote")
				}
				got, err := Decode(data, []byte(password))
				if err != nil {
					t.Fatal(err)
				}
				same(t, got, want)
			}
		}
	}
}

// What go-pkcs12 itself writes, in each of its ways.
func TestDecodeEncoders(t *testing.T) {
	want := identity(t, "rsa", 1)
	for name, e := range map[string]*gopkcs12.Encoder{
		"RC2": gopkcs12.LegacyRC2, "3DES": gopkcs12.LegacyDES, "2023": gopkcs12.Modern2023, "2026": gopkcs12.Modern2026, "none": gopkcs12.Passwordless,
	} {
		for _, password := range []string{"swordfish", ""} {
			if (e == gopkcs12.Passwordless) == (password != "") {
				continue
			}
			data, err := e.Encode(want.Key, want.Certificates[0], want.Certificates[1:], password)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(data, []byte(password))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			same(t, got, want)
			_, err = Decode(data, []byte("other"))
			oracle.WantError(t, err, "wrong password for the PKCS #12 package", "other")
			if !errors.Is(err, ErrPassword) {
				t.Errorf("%s: error %q is not ErrPassword", name, err)
			}

			trusted := cert.Bundle{Certificates: want.Certificates}
			if data, err = e.EncodeTrustStore(want.Certificates, password); err != nil {
				t.Fatal(err)
			}
			if got, err = Decode(data, []byte(password)); err != nil {
				t.Fatalf("%s trust store: %v", name, err)
			}
			same(t, got, trusted)
			if _, err = Decode(data, []byte("other")); !errors.Is(err, ErrPassword) {
				t.Errorf("%s trust store: error %v is not ErrPassword", name, err)
			}
		}
	}
}

// A key in an encrypted part is read, although nothing shows it beforehand.
func TestHiddenKey(t *testing.T) {
	want := identity(t, "ec", 1)
	pkcs8, err := cert.MarshalPrivateKey(want.Key)
	if err != nil {
		t.Fatal(err)
	}
	bags := seq(testCertBag(want.Certificates[0]), testKeyBag(oneRound, encrypt(t, "x", pkcs8)), testCertBag(want.Certificates[1]))
	got, err := Decode(sealed(t, "x", encryptedPart(oneRound, encrypt(t, "x", bags))), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
}

// Packages whose MAC is right and whose contents are not.
func TestDecodeRefused(t *testing.T) {
	b := identity(t, "ec", 1)
	leaf, ca := testCertBag(b.Certificates[0]), testCertBag(b.Certificates[1])
	pkcs8, err := cert.MarshalPrivateKey(b.Key)
	if err != nil {
		t.Fatal(err)
	}
	key := func(password string, pkcs8 []byte) []byte { return testKeyBag(oneRound, encrypt(t, password, pkcs8)) }
	x, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := x509.MarshalPKCS8PrivateKey(x)
	if err != nil {
		t.Fatal(err)
	}
	// Its name has an empty part, which crypto/x509 lets pass and package cert does not.
	odd := &x509.Certificate{SerialNumber: big.NewInt(1), RawSubject: seq(tlv(0x31))}
	raw, err := x509.CreateCertificate(rand.Reader, odd, odd, b.Key.Public(), b.Key)
	if err != nil {
		t.Fatal(err)
	}
	odd.Raw = raw
	other, err := cert.MarshalPrivateKey(testKeys()["rsa"])
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		in   []byte
		want string
	}{
		{"nothing", sealed(t, "x"), "neither a private key nor a certificate"},
		{"key only", sealed(t, "x", plainPart(key("x", pkcs8))), "certificate of its private key is missing"},
		{"key of no certificate", sealed(t, "x", plainPart(key("x", other), leaf, ca)), "certificate of its private key is missing"},
		{"attributes that are none", sealed(t, "x", plainPart(seq(leaf[4:], octets()))), "structure is damaged"},
		{"name of half a character", sealed(t, "x", plainPart(named(leaf, attribute(friendlyNameOID, tlv(0x1e, []byte("a")))))), "structure is damaged"},
		{"key ID that is none", sealed(t, "x", plainPart(named(leaf, attribute(localKeyIDOID, integer(1))))), "structure is damaged"},
		{"key under another password", sealed(t, "x", plainPart(leaf, key("y", pkcs8))), "another password than the package"},
		{"part under another password", sealed(t, "x", plainPart(key("x", pkcs8)), encryptedPart(oneRound, encrypt(t, "y", seq(leaf)))), "another password than the package"},
		{"key cut", sealed(t, "x", plainPart(leaf, key("x", pkcs8[:40]))), "or is damaged"},
		{"key cut, not encrypted", sealed(t, "x", plainPart(leaf, testBag(keyBagOID.String(), seq(integer(0), alg("1.2.3"))))), "not a usable private key"},
		{"key of odd length", sealed(t, "x", plainPart(leaf, testKeyBag(oneRound, pkcs8[:33]))), "block size"},
		{"part that is no DER", sealed(t, "x", plainPart(leaf), encryptedPart(oneRound, encrypt(t, "x", []byte("rubbish")))), "or is damaged"},
		{"certificate cut", sealed(t, "x", plainPart(testBag("1.2.840.113549.1.12.10.1.3", seq(oidOf("1.2.840.113549.1.9.22.1"), explicit(octets(b.Certificates[0].Raw[:99])))), key("x", pkcs8))), "not an X.509 certificate"},
		{"odd certificate", sealed(t, "x", plainPart(leaf, testCertBag(odd), key("x", pkcs8))), "certificate 2: not an X.509 certificate"},
		{"X25519", sealed(t, "x", plainPart(leaf, key("x", x25519))), "type *ecdh.PrivateKey cannot sign"},
	} {
		_, err := Decode(tt.in, []byte("x"))
		oracle.WantError(t, err, "PKCS #12 package: ", "")
		oracle.WantError(t, err, tt.want, "")
		if errors.Is(err, ErrPassword) {
			t.Errorf("%s: error %q blames the password", tt.name, err)
		}
	}
}

// A password that PKCS #12 cannot express is refused, not replaced by another.
func TestPasswordsRefused(t *testing.T) {
	b := identity(t, "ec", 0)
	data, err := Encode(b, []byte("\ufffd"), Profile{})
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]string{"\xff": "not UTF-8"} {
		_, err := Encode(b, []byte(password), Profile{})
		oracle.WantError(t, err, want, password)
		_, err = Decode(data, []byte(password))
		oracle.WantError(t, err, want, password)
		if !errors.Is(err, ErrPassword) {
			t.Errorf("error %q is not ErrPassword", err)
		}
	}
}

// tokenKey is a key that cannot leave where it is.
type tokenKey struct{ crypto.Signer }

func (k tokenKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("not today")
}

func TestEncodeRefused(t *testing.T) {
	b := identity(t, "ec", 1)
	for _, tt := range []struct {
		name     string
		in       cert.Bundle
		password string
		want     string
	}{
		{"no key", cert.Bundle{Certificates: b.Certificates}, "x", "no private key"},
		{"no certificate", cert.Bundle{Key: b.Key}, "x", "no certificate"},
		{"key of another certificate", cert.Bundle{Key: testKeys()["rsa"], Certificates: b.Certificates}, "x", "not that of the first certificate"},
		{"no password", b, "", "not written without a password"},
		{"alias", cert.Bundle{Alias: "\xff", Key: b.Key, Certificates: b.Certificates}, "x", "not UTF-8 text"},
		{"token", cert.Bundle{Key: tokenKey{b.Key}, Certificates: b.Certificates}, "x", "cannot leave"},
	} {
		data, err := Encode(tt.in, []byte(tt.password), Profile{})
		oracle.WantError(t, err, tt.want, "")
		if data != nil {
			t.Errorf("%s: something was written", tt.name)
		}
	}
}

func TestLooks(t *testing.T) {
	b := identity(t, "rsa", 0)
	pkcs8, err := cert.MarshalPrivateKey(b.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{nil, []byte("text"), pkcs8, b.Certificates[0].Raw, seq(integer(3)), seq(integer(2), plainPart())} {
		if Looks(data) {
			t.Errorf("%s looks like PKCS #12", fmt.Sprintf("%.20x", data))
		}
	}
}
