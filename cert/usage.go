package cert

import (
	"crypto/x509"
	"fmt"
	"strings"
)

// Usage is a set of the words of RACDCERT's KEYUSAGE operand (racdcert-certificates.md 3.3).
type Usage uint8

// The usages, in the order of listings.
const (
	Handshake Usage = 1 << iota
	DataEncrypt
	DocSign
	CertSign
	KeyAgree
)

// usageWord is one word with its bits in keyUsage: with an RSA key, with another. Zero bits
// mean that such a key cannot do it.
type usageWord struct {
	usage   Usage
	word    string
	rsa, ec x509.KeyUsage
}

var usageWords = []usageWord{
	{Handshake, "HANDSHAKE", x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, x509.KeyUsageDigitalSignature},
	{DataEncrypt, "DATAENCRYPT", x509.KeyUsageDataEncipherment, 0},
	{DocSign, "DOCSIGN", x509.KeyUsageContentCommitment, x509.KeyUsageContentCommitment},
	{CertSign, "CERTSIGN", x509.KeyUsageCertSign | x509.KeyUsageCRLSign, x509.KeyUsageCertSign | x509.KeyUsageCRLSign},
	{KeyAgree, "KEYAGREE", 0, x509.KeyUsageKeyAgreement},
}

// bits gives the bits of a word for a kind of key. An Ed25519 key signs as an EC key does but
// agrees on nothing (RFC 8410 section 5).
func (w usageWord) bits(alg KeyAlgorithm) x509.KeyUsage {
	switch {
	case alg == RSA:
		return w.rsa
	case alg == Ed25519 && w.usage == KeyAgree:
		return 0
	}
	return w.ec
}

// ParseUsage reads the words of KEYUSAGE in any case.
func ParseUsage(words []string) (Usage, error) {
	var u Usage
next:
	for _, w := range words {
		for _, known := range usageWords {
			if strings.EqualFold(strings.TrimSpace(w), known.word) {
				u |= known.usage
				continue next
			}
		}
		return 0, fmt.Errorf("key usage %q: not HANDSHAKE, DATAENCRYPT, DOCSIGN, CERTSIGN or KEYAGREE", clip(w))
	}
	return u, nil
}

// Words gives the words of the set.
func (u Usage) Words() []string {
	var words []string
	for _, known := range usageWords {
		if u&known.usage != 0 {
			words = append(words, known.word)
		}
	}
	return words
}

// UsageError says that a kind of key cannot be used as a word of KEYUSAGE wants; RACF answers
// with IRRD156I.
type UsageError struct {
	Word      string
	Algorithm KeyAlgorithm
}

func (e *UsageError) Error() string {
	return fmt.Sprintf("key usage %q: not possible with an %s key", e.Word, strings.ToUpper(string(e.Algorithm)))
}

// Bits translates the set for a kind of key. It returns a *UsageError if the key cannot do
// what a word says.
func (u Usage) Bits(alg KeyAlgorithm) (x509.KeyUsage, error) {
	var bits x509.KeyUsage
	for _, known := range usageWords {
		if u&known.usage == 0 {
			continue
		}
		b := known.bits(alg)
		if b == 0 {
			return 0, &UsageError{known.word, alg}
		}
		bits |= b
	}
	return bits, nil
}

// UsageWords translates back, for listings. One bit of several is enough to show a word, save
// that only keyCertSign makes CERTSIGN: signing revocation lists is not signing certificates.
func UsageWords(bits x509.KeyUsage, alg KeyAlgorithm) []string {
	var words []string
	for _, known := range usageWords {
		b := known.bits(alg)
		if known.usage == CertSign {
			b = x509.KeyUsageCertSign
		}
		if bits&b != 0 {
			words = append(words, known.word)
		}
	}
	return words
}
