package cert

import (
	"crypto/x509"
	"errors"
	"testing"
)

func TestCheckUsageBits(t *testing.T) {
	for _, tc := range []struct {
		bits x509.KeyUsage
		alg  KeyAlgorithm
		word string // refused; empty for allowed
	}{
		{x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment | x509.KeyUsageKeyAgreement, RSA, ""},
		{x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement, EC, ""},
		{x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, EC, "keyEncipherment"},
		{x509.KeyUsageDataEncipherment, Ed25519, "dataEncipherment"},
		{x509.KeyUsageKeyAgreement, Ed25519, "keyAgreement"},
		{x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, Ed25519, ""},
	} {
		err := CheckUsageBits(tc.bits, tc.alg)
		var u *UsageError
		if errors.As(err, &u) != (tc.word != "") || u != nil && u.Word != tc.word {
			t.Errorf("bits %b with %s: %v, want %q", tc.bits, tc.alg, err, tc.word)
		}
	}
}

func TestAlgorithmOf(t *testing.T) {
	for _, spec := range []KeySpec{{EC, 256}, {Ed25519, 0}} {
		key, err := spec.Generate()
		if err != nil {
			t.Fatal(err)
		}
		if got := AlgorithmOf(key.Public()); got != spec.Algorithm {
			t.Errorf("%s: %s", spec, got)
		}
	}
	if got := AlgorithmOf(nil); got != "" {
		t.Errorf("no key: %q", got)
	}
}
