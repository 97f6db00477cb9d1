package pkcs12

import (
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Algorithms that have parameters to look into.
const (
	oidPBES2  = "1.2.840.113549.1.5.13"
	oidPBMAC1 = "1.2.840.113549.1.5.14"
	oidPBKDF2 = "1.2.840.113549.1.5.12"
)

// The algorithms that go-pkcs12 reads. Any other is refused before go-pkcs12 sees it: one that
// it learns later may ask for work in parameters that readOutline does not count.
var (
	pbes1Schemes = []string{ // RFC 7292 appendix C
		"1.2.840.113549.1.12.1.3", // three-key 3DES
		"1.2.840.113549.1.12.1.5", // 128-bit RC2
		"1.2.840.113549.1.12.1.6", // 40-bit RC2
	}
	pbes2Ciphers = []string{ // AES-CBC with 128, 192, 256 bits
		"2.16.840.1.101.3.4.1.2", "2.16.840.1.101.3.4.1.22", "2.16.840.1.101.3.4.1.42",
	}
	hmacs = []string{ // with SHA-1, SHA-256, SHA-512
		"1.2.840.113549.2.7", "1.2.840.113549.2.9", "1.2.840.113549.2.11",
	}
	digests = []string{ // SHA-1, SHA-256, SHA-512
		"1.3.14.3.2.26", "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.3",
	}
)

// algorithm is an AlgorithmIdentifier (RFC 5280 section 4.1.1.2).
type algorithm struct {
	id     string
	params cryptobyte.String
}

func readAlgorithm(in *cryptobyte.String) (algorithm, bool) {
	var s cryptobyte.String
	var id asn1.ObjectIdentifier
	ok := in.ReadASN1(&s, der.SEQUENCE) && s.ReadASN1ObjectIdentifier(&id)
	return algorithm{id.String(), s}, ok
}

// unsupported says that something in a package is protected in a way that is not read.
func unsupported(id, what string) error {
	if name := names[id]; name != "" {
		id = name + " (" + id + ")"
	}
	return fmt.Errorf("%s is protected with %.80s, which is not supported; write it anew with: openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW", what, id)
}

// names gives the algorithms that go-pkcs12 does not read but other programs write.
var names = map[string]string{
	"1.2.840.113549.1.12.1.1": "128-bit RC4",
	"1.2.840.113549.1.12.1.2": "40-bit RC4",
	"1.2.840.113549.1.12.1.4": "two-key 3DES",
	"1.2.840.113549.1.7.3":    "a public key",
	"1.2.840.113549.2.5":      "MD5",
	"1.2.840.113549.2.8":      "HMAC with SHA-224",
	"1.2.840.113549.2.10":     "HMAC with SHA-384",
	"1.2.840.113549.3.2":      "RC2 under PBES2",
	"1.2.840.113549.3.7":      "3DES under PBES2",
	"1.3.6.1.4.1.11591.4.11":  "scrypt",
	"2.16.840.1.101.3.4.2.2":  "SHA-384",
	"2.16.840.1.101.3.4.2.4":  "SHA-224",
}
