package pkcs12

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"testing"

	gopkcs12 "software.sslmate.com/src/go-pkcs12"

	"signet/cert"
	"signet/internal/oracle"
)

// The certificate of the key comes first wherever it stands, and of two with its public key the
// one with its localKeyID; all others stay in file order. Bags lie in bags, and the key is not
// encrypted.
func TestOrder(t *testing.T) {
	b := identity(t, "ec", 2)
	pkcs8, err := cert.MarshalPrivateKey(b.Key)
	if err != nil {
		t.Fatal(err)
	}
	renewed := identity(t, "ec", 0).Certificates[0] // all keys of kind ec are one
	id := attribute(localKeyIDOID, octets([]byte("1")))
	name := attribute(friendlyNameOID, tlv(0x1e, encodeBMP("SRV1")))
	key := func(attributes ...[]byte) []byte {
		return named(testBag(keyBagOID.String(), pkcs8), attributes...)
	}
	nest := func(bags ...[]byte) []byte { return testBag(safeContentsBagOID.String(), seq(bags...)) }
	leaf, ca, root, other := b.Certificates[0], b.Certificates[1], b.Certificates[2], renewed
	for _, tt := range []struct {
		name string
		in   []byte
		want []*x509.Certificate
	}{
		{"by key ID", sealed(t, "x", plainPart(testCertBag(other), testCertBag(root), named(testCertBag(leaf), id), testCertBag(ca)), plainPart(key(id, name))), []*x509.Certificate{leaf, other, root, ca}},
		{"first with the key", sealed(t, "x", plainPart(key(name), testCertBag(other), testCertBag(leaf))), []*x509.Certificate{other, leaf}},
		{"key ID of none", sealed(t, "x", plainPart(key(name, id), testCertBag(other), testCertBag(leaf))), []*x509.Certificate{other, leaf}},
		{"nested", sealed(t, "x", plainPart(nest(nest(key(name, id)), named(testCertBag(leaf), id)), testCertBag(ca))), []*x509.Certificate{leaf, ca}},
		{"no MAC", pfx(nil, plainPart(key(name), testCertBag(leaf), testBag("1.2.840.113549.1.12.10.1.4"))), []*x509.Certificate{leaf}},
	} {
		password := []byte("x")
		if tt.name == "no MAC" {
			password = []byte{}
		}
		got, err := Decode(tt.in, password)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		same(t, got, cert.Bundle{Alias: "SRV1", Key: b.Key, Certificates: tt.want})
	}
}

// Several keys are refused by their names, in file order; Read gives all of them.
func TestSeveralKeys(t *testing.T) {
	var parts [][]byte
	want := []string{"b", "a", "Größe"}
	for i, kind := range []string{"rsa", "ec", "ed25519"} {
		b := identity(t, kind, 0)
		pkcs8, err := cert.MarshalPrivateKey(b.Key)
		if err != nil {
			t.Fatal(err)
		}
		name := attribute(friendlyNameOID, tlv(0x1e, encodeBMP(want[i])))
		bags := seq(named(testKeyBag(oneRound, encrypt(t, "x", pkcs8)), name), testCertBag(b.Certificates[0]))
		parts = append(parts, encryptedPart(oneRound, encrypt(t, "x", bags)))
	}
	data := sealed(t, "x", parts...)
	_, err := Decode(data, []byte("x"))
	oracle.WantError(t, err, `more than one private key: "b", "a", "Größe"; copy one of them with: signet copy`, "")

	ks, err := Read(data, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range ks.Entries {
		got = append(got, e.Alias)
		key, err := e.Key.Open(nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := cert.Parse(e.Chain[0])
		if err != nil || !cert.SameKey(key.Public(), c.PublicKey) {
			t.Errorf("%q: another key than its certificate's, %v", e.Alias, err)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("aliases %q, want %q", got, want)
	}
}

// The empty password is two zero bytes to some programs and no bytes to others.
func TestEmptyPasswords(t *testing.T) {
	want := identity(t, "ed25519", 0)
	part := plainPart(testCertBag(want.Certificates[0]))
	for _, bmp := range [][]byte{nil, {0, 0}} {
		m := mac{kdf: pbkdf2Params{salt: []byte("saltsalt"), rounds: 1}, hash: sha1.New}
		value, err := m.sum(secret{bmp: bmp}, seq(part))
		if err != nil {
			t.Fatal(err)
		}
		data := pfx(seq(seq(alg(sha1ID), octets(value)), salt), part)
		got, err := Decode(data, nil)
		if err != nil {
			t.Errorf("%x: %v", bmp, err)
			continue
		}
		same(t, got, cert.Bundle{Certificates: want.Certificates})
		if _, err = Decode(data, []byte("x")); !errors.Is(err, ErrPassword) {
			t.Errorf("%x: error %v is not ErrPassword", bmp, err)
		}
	}
}

// Passwords and what nothing protects: one that is given all the same is an error.
func TestNothingProtected(t *testing.T) {
	b := identity(t, "ec", 0)
	data := pfx(nil, plainPart(testCertBag(b.Certificates[0])))
	got, err := Decode(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, cert.Bundle{Certificates: b.Certificates})
	_, err = Decode(data, []byte("swordfish"))
	oracle.WantError(t, err, "nothing in it is protected by one; give an empty one", "swordfish")
	if !errors.Is(err, ErrPassword) {
		t.Errorf("error %q is not ErrPassword", err)
	}
}

// Without a MAC a wrong password is never taken for damage, and never reads anything.
func TestWrongPasswordWithoutMAC(t *testing.T) {
	b := identity(t, "ec", 0)
	data := pfx(nil, encryptedPart(oneRound, encrypt(t, "x", seq(testCertBag(b.Certificates[0])))))
	for i := range 1000 { // of which a few have padding that looks right
		_, err := Decode(data, bytes.Repeat([]byte{'a'}, i+1))
		if !errors.Is(err, ErrPassword) {
			t.Fatalf("password %d: error %v is not ErrPassword", i, err)
		}
	}
}

// A key so short that any password fits by chance is no protection (RFC 9579 section 4).
func TestShortKey(t *testing.T) {
	for size, want := range map[int64]string{1: "too short", 19: "too short", 65: "structure is damaged", -1: "structure is damaged", 0: "structure is damaged"} {
		data := pfx(macData(pbmac1(kdf(salt, integer(1), integer(size), alg(hmac256))), integer(1)))
		_, err := Decode(data, []byte("x"))
		oracle.WantError(t, err, want, "")
	}
}

// The attributes are in the order of DER, whatever the length of the name, and an empty name
// is none.
func TestAttributes(t *testing.T) {
	for alias, want := range map[string]int{"": 1, "a": 2, "as long as the key identifier is": 2} {
		data, err := marks{alias: alias, keyID: []byte("identifier")}.encode()
		if err != nil {
			t.Fatal(err)
		}
		var set []asn1.RawValue
		if _, err := asn1.UnmarshalWithParams(data, &set, "set"); err != nil {
			t.Fatal(err)
		}
		if len(set) != want || !slices.IsSortedFunc(set, func(a, b asn1.RawValue) int { return bytes.Compare(a.FullBytes, b.FullBytes) }) {
			t.Errorf("%q: attributes %x", alias, data)
		}
	}
}

// What Encode writes is read by go-pkcs12.
func TestToGoPKCS12(t *testing.T) {
	for kind := range testKeys() {
		want := identity(t, kind, 2)
		want.Alias = "SRV1"
		data, err := Encode(want, []byte("Grüße"), Profile{})
		if err != nil {
			t.Fatal(err)
		}
		key, leaf, chain, err := gopkcs12.DecodeChain(data, "Grüße")
		if err != nil {
			t.Fatal(err)
		}
		got := cert.Bundle{Alias: want.Alias, Certificates: append([]*x509.Certificate{leaf}, chain...)}
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		if got.Key, err = cert.ParsePrivateKey(pkcs8); err != nil {
			t.Fatal(err)
		}
		same(t, got, want)
	}
}
