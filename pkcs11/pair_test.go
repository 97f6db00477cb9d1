package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"math/big"
	"strings"
	"testing"

	p11 "github.com/miekg/pkcs11"
)

// TestPairs puts objects together by public key first, then by CKA_ID, by label last.
func TestPairs(t *testing.T) {
	k1, k2 := newKey(t), newKey(t)
	obj := func(c Class, label, id string, key crypto.PublicKey) *Object {
		return &Object{Class: c, Label: label, ID: []byte(id), Public: key}
	}
	for name, c := range map[string]struct {
		objects []*Object
		want    string // class and label of each entry's objects
		bad     string // words of the conflict of the first entry
	}{
		"public key beats id": {[]*Object{obj(Certificate, "c", "1", k1), obj(PrivateKey, "wrong", "1", k2), obj(PrivateKey, "right", "2", k1)},
			"c+right wrong", ""},
		"id where the key is not told": {[]*Object{obj(Certificate, "c", "1", k1), obj(PrivateKey, "c", "2", nil), obj(PrivateKey, "right", "1", nil)},
			"c+right c", ""},
		"label last": {[]*Object{obj(Certificate, "c", "", k1), obj(PrivateKey, "x", "", nil), obj(PrivateKey, "c", "", nil)},
			"c+c x", ""},
		"label never against an id": {[]*Object{obj(Certificate, "c", "1", k1), obj(PrivateKey, "c", "2", nil)},
			"c c", ""},
		"another key with the same id is no partner": {[]*Object{obj(Certificate, "c", "1", k1), obj(PrivateKey, "c", "1", k2)},
			"c c", ""},
		"the public key teaches the private key": {[]*Object{obj(Certificate, "c", "9", k1), obj(PublicKey, "p", "1", k1), obj(PrivateKey, "k", "1", nil)},
			"c+k+p", ""},
		"two certificates for one key": {[]*Object{obj(Certificate, "old", "1", k1), obj(Certificate, "new", "2", k1), obj(PrivateKey, "k", "1", k1)},
			"old+k new+k", ""},
		"two copies of a key, told apart by id": {[]*Object{obj(Certificate, "c", "2", k1), obj(PrivateKey, "a", "1", k1), obj(PrivateKey, "b", "2", k1)},
			"c+b a", ""},
		"two copies of a key": {[]*Object{obj(Certificate, "c", "3", k1), obj(PrivateKey, "a", "1", k1), obj(PrivateKey, "b", "2", k1)},
			"c a b", `private key "a" (id 31), private key "b" (id 32)`},
		"two keys with the id": {[]*Object{obj(Certificate, "c", "1", k1), obj(PrivateKey, "a", "1", nil), obj(PrivateKey, "b", "1", nil)},
			"c a b", `private key "a" (id 31), private key "b" (id 31)`},
		"alone":             {[]*Object{obj(PublicKey, "p", "1", k1)}, "p", ""},
		"nothing in common": {[]*Object{obj(Certificate, "", "", k1), obj(PrivateKey, "", "", nil), obj(PublicKey, "", "", k2)}, "  ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			all := entries("token", c.objects)
			var got []string
			for _, e := range all {
				var labels []string
				for _, o := range e.Objects() {
					labels = append(labels, o.Label)
				}
				got = append(got, strings.Join(labels, "+"))
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("entries %q, want %q", s, c.want)
			}
			err := all[0].Conflict
			if (c.bad != "") != errors.Is(err, ErrAmbiguous) || err != nil && !strings.Contains(err.Error(), c.bad) {
				t.Errorf("conflict %v, want %q", err, c.bad)
			}
		})
	}
}

func newKey(t *testing.T) *ecdsa.PublicKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &k.PublicKey
}

// TestGuessedKey has a key beside a public key that is not its own: signing proves it.
func TestGuessedKey(t *testing.T) {
	f := newFake()
	tok := f.open(t)
	signed(t, tok)
	for o, a := range f.objects {
		if string(a[p11.CKA_CLASS]) == string(ulong(p11.CKO_PUBLIC_KEY)) {
			point, err := newKey(t).Bytes()
			if err != nil {
				t.Fatal(err)
			}
			f.objects[o][p11.CKA_EC_POINT] = octets(point).value
		}
	}
	if _, err := tok.Key(t.Context(), URI{Object: "KEY"}); err == nil || !strings.Contains(err.Error(), "does not verify with the public key beside it") {
		t.Errorf("error %v", err)
	}
}

// TestECPoints reads points in every encoding that tokens use.
func TestECPoints(t *testing.T) {
	key := newKey(t)
	point, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	compressed := append([]byte{2 + point[64]&1}, point[1:33]...)
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256 := paramsOf(elliptic.P256())
	other, err := asn1.Marshal(asn1.ObjectIdentifier{1, 3, 132, 0, 10}) // secp256k1
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		params, point []byte
		want          crypto.PublicKey
		how           PointEncoding
	}{
		"octet string":          {p256, octets(point).value, key, PointOctetString},
		"raw":                   {p256, point, key, PointRaw},
		"compressed":            {p256, octets(compressed).value, key, PointOctetString},
		"compressed, raw":       {p256, compressed, key, PointRaw},
		"not on the curve":      {p256, append([]byte{4}, make([]byte, 64)...), nil, ""},
		"too short":             {p256, point[:64], nil, ""},
		"octet string and more": {p256, append(octets(point).value, 0), nil, ""},
		"empty":                 {p256, nil, nil, ""},
		"unknown curve":         {other, point, nil, ""},
		"no curve":              {nil, point, nil, ""},
		"another curve":         {paramsOf(elliptic.P384()), point, nil, ""},
		"Ed25519 by number":     {edwards25519()[0], octets(edwards).value, edwards, PointOctetString},
		"Ed25519 by name":       {edwards25519()[1], edwards, edwards, PointRaw},
		"Ed25519, too long":     {edwards25519()[1], append(edwards, 0), nil, ""},
	} {
		got, how := ecKey(c.params, c.point)
		if how != c.how || (got == nil) != (c.want == nil) || got != nil && !sameKey(got, c.want) {
			t.Errorf("%s: %v (%s)", name, got, how)
		}
	}
}

// TestRSANumbers reads moduli with leading zeros, and refuses what is no key.
func TestRSANumbers(t *testing.T) {
	n := new(big.Int).Lsh(big.NewInt(1), 2047)
	n.SetBit(n, 0, 1)
	for name, c := range map[string]struct {
		n, e []byte
		want bool
	}{
		"plain":         {n.Bytes(), []byte{1, 0, 1}, true},
		"leading zeros": {append([]byte{0, 0}, n.Bytes()...), []byte{0, 0, 0, 1, 0, 1}, true},
		"no modulus":    {nil, []byte{1, 0, 1}, false},
		"no exponent":   {n.Bytes(), nil, false},
		"exponent 1":    {n.Bytes(), []byte{1}, false},
		"huge exponent": {n.Bytes(), append([]byte{1}, make([]byte, 30)...), false},
		"huge modulus":  {make([]byte, 1<<20), []byte{1, 0, 1}, false},
	} {
		got := rsaKey(attributes{p11.CKA_MODULUS: c.n, p11.CKA_PUBLIC_EXPONENT: c.e})
		if (got != nil) != c.want || c.want && !sameKey(got, &rsa.PublicKey{N: n, E: 65537}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
