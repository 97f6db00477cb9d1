package cert

import (
	"crypto"
	"crypto/x509"
)

// CheckUsageBits refuses the key usage bits of a request that a kind of key cannot carry: an
// elliptic-curve key encrypts nothing (racdcert-certificates.md 3.3, IRRD156I), and an Ed25519
// key does not agree on keys either (RFC 8410 section 5). An RSA key may carry them all.
func CheckUsageBits(bits x509.KeyUsage, alg KeyAlgorithm) error {
	if alg == RSA {
		return nil
	}
	for _, b := range []struct {
		bits x509.KeyUsage
		word string
	}{
		{x509.KeyUsageKeyEncipherment, "keyEncipherment"},
		{x509.KeyUsageDataEncipherment, "dataEncipherment"},
	} {
		if bits&b.bits != 0 {
			return &UsageError{b.word, alg}
		}
	}
	if alg == Ed25519 && bits&x509.KeyUsageKeyAgreement != 0 {
		return &UsageError{"keyAgreement", alg}
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
