package cert

import (
	"crypto"
	"crypto/x509"
)

// CheckUsageBits refuses the key usage bits of a request that a kind of key cannot carry
// (racdcert-certificates.md 3.3): an EC key encrypts nothing, and only an EC key agrees on one.
func CheckUsageBits(bits x509.KeyUsage, alg KeyAlgorithm) error {
	for _, b := range []struct {
		bits x509.KeyUsage
		word string
		only KeyAlgorithm
	}{
		{x509.KeyUsageKeyEncipherment, "keyEncipherment", RSA},
		{x509.KeyUsageDataEncipherment, "dataEncipherment", RSA},
		{x509.KeyUsageKeyAgreement | x509.KeyUsageEncipherOnly | x509.KeyUsageDecipherOnly, "keyAgreement", EC},
	} {
		if bits&b.bits != 0 && alg != b.only {
			return &UsageError{b.word, alg}
		}
	}
	return nil
}

// AlgorithmOf gives the algorithm of a public key, empty for one that signet cannot use.
func AlgorithmOf(pub crypto.PublicKey) KeyAlgorithm {
	spec, err := SpecOf(pub)
	if err != nil {
		return ""
	}
	return spec.Algorithm
}
