package pkcs12

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"fmt"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Algorithms that have parameters to look into, or that are written.
var (
	oidPBES2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBMAC1     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 14}
	oidPBKDF2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA1   = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 7}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidSHA256     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidAES256     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// blockCipher is a cipher for CBC mode with its size of key and block in bytes.
type blockCipher struct {
	keySize, blockSize int
	create             func(key []byte) (cipher.Block, error)
}

// The algorithms that are read, by object identifier.
var (
	pbes1Schemes = map[string]blockCipher{ // RFC 7292 appendix C
		"1.2.840.113549.1.12.1.3": {24, des.BlockSize, des.NewTripleDESCipher},
		"1.2.840.113549.1.12.1.5": {16, 8, newRC2},
		"1.2.840.113549.1.12.1.6": {5, 8, newRC2},
	}
	pbes2Ciphers = map[string]blockCipher{ // RFC 8018 appendix B.2
		"1.2.840.113549.3.7":      {24, des.BlockSize, des.NewTripleDESCipher},
		"2.16.840.1.101.3.4.1.2":  {16, aes.BlockSize, aes.NewCipher},
		"2.16.840.1.101.3.4.1.22": {24, aes.BlockSize, aes.NewCipher},
		"2.16.840.1.101.3.4.1.42": {32, aes.BlockSize, aes.NewCipher},
	}
	hmacs = map[string]func() hash.Hash{ // RFC 8018 appendix B.1
		"1.2.840.113549.2.7":  sha1.New,
		"1.2.840.113549.2.8":  sha256.New224,
		"1.2.840.113549.2.9":  sha256.New,
		"1.2.840.113549.2.10": sha512.New384,
		"1.2.840.113549.2.11": sha512.New,
	}
	digests = map[string]func() hash.Hash{ // RFC 8017 appendix B.1
		"1.3.14.3.2.26":          sha1.New,
		"2.16.840.1.101.3.4.2.4": sha256.New224,
		"2.16.840.1.101.3.4.2.1": sha256.New,
		"2.16.840.1.101.3.4.2.2": sha512.New384,
		"2.16.840.1.101.3.4.2.3": sha512.New,
	}
)

// algorithm is an AlgorithmIdentifier (RFC 5280 section 4.1.1.2).
type algorithm struct {
	id     asn1.ObjectIdentifier
	params cryptobyte.String
}

func readAlgorithm(in *cryptobyte.String) (a algorithm, ok bool) {
	ok = in.ReadASN1(&a.params, der.SEQUENCE) && a.params.ReadASN1ObjectIdentifier(&a.id)
	return a, ok
}

// unsupported says that something in a package is protected in a way that is not read.
func unsupported(id asn1.ObjectIdentifier, what string) error {
	text := id.String()
	if name := names[text]; name != "" {
		text = name + " (" + text + ")"
	}
	return fmt.Errorf("%s is protected with %.80s, which is not supported; write it anew with: openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW", what, text)
}

// names gives the algorithms that are not read but that other programs write.
var names = map[string]string{
	"1.2.840.113549.1.5.3":    "MD5 and DES",
	"1.2.840.113549.1.5.10":   "SHA-1 and DES",
	"1.2.840.113549.1.12.1.1": "128-bit RC4",
	"1.2.840.113549.1.12.1.2": "40-bit RC4",
	"1.2.840.113549.1.12.1.4": "two-key 3DES",
	"1.2.840.113549.1.7.3":    "a public key",
	"1.2.840.113549.2.5":      "MD5",
	"1.2.840.113549.2.12":     "HMAC with SHA-512/224",
	"1.2.840.113549.2.13":     "HMAC with SHA-512/256",
	"1.2.840.113549.3.2":      "RC2 under PBES2",
	"1.3.6.1.4.1.11591.4.11":  "scrypt",
	"2.16.840.1.101.3.4.2.5":  "SHA-512/224",
	"2.16.840.1.101.3.4.2.6":  "SHA-512/256",
}
