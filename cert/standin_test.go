package cert

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"testing"
	"time"
)

// A stand-in is of the algorithm asked for, different from all others, and survives being
// stored and signing.
func TestStandIns(t *testing.T) {
	var s StandIns
	var made []crypto.PublicKey
	for _, tc := range []struct {
		spec KeySpec
		want KeySpec
	}{
		{KeySpec{}, KeySpec{RSA, 2048}},
		{KeySpec{RSA, 2048}, KeySpec{RSA, 2048}},
		{KeySpec{RSA, 4096}, KeySpec{RSA, 2048}},
		{KeySpec{RSA, 1024}, KeySpec{RSA, 1024}},
		{KeySpec{RSA, 1024}, KeySpec{RSA, 1024}},
		{KeySpec{EC, 384}, KeySpec{EC, 384}},
		{KeySpec{Algorithm: Ed25519}, KeySpec{Ed25519, ed25519Bits}},
	} {
		key, err := s.Generate(tc.spec)
		if err != nil {
			t.Fatal(err)
		}
		got, err := SpecOf(key.Public())
		if err != nil || got != tc.want {
			t.Errorf("%s: a key of %s, want %s (%v)", tc.spec, got, tc.want, err)
		}
		for _, other := range made {
			if SameKey(key.Public(), other) {
				t.Errorf("%s: the same key twice", tc.spec)
			}
		}
		made = append(made, key.Public())
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			t.Fatalf("%s: stored and read again: %v", tc.spec, err)
		}
		subject, err := Subject{CN: "x"}.Name()
		if err != nil {
			t.Fatal(err)
		}
		template := Template{Subject: subject, Serial: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour), MaxPathLen: -1}
		if _, err := SelfSign(template, again.(crypto.Signer)); err != nil {
			t.Errorf("%s: does not sign: %v", tc.spec, err)
		}
	}
	if _, err := s.Generate(KeySpec{RSA, 512}); err == nil {
		t.Error("a key was made that Generate refuses")
	}
	if made[0].(*rsa.PublicKey).E == made[1].(*rsa.PublicKey).E {
		t.Error("two keys of one modulus share an exponent")
	}
}

func BenchmarkStandIn(b *testing.B) {
	var s StandIns
	for b.Loop() {
		if _, err := s.Generate(KeySpec{RSA, 2048}); err != nil {
			b.Fatal(err)
		}
	}
}
