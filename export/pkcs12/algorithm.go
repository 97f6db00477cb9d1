package pkcs12

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"  // #nosec G502 -- for files that others made, and a profile for old readers
	"crypto/sha1" // #nosec G505 -- for files that others made, and a profile for old readers
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Algorithms by the object identifiers that matter to reading and writing alike.
const (
	pbes2ID      = "1.2.840.113549.1.5.13" // RFC 8018 appendix A
	pbmac1ID     = "1.2.840.113549.1.5.14"
	pbkdf2ID     = "1.2.840.113549.1.5.12"
	hmacSHA1ID   = "1.2.840.113549.2.7"
	hmacSHA256ID = "1.2.840.113549.2.9"
	sha1ID       = "1.3.14.3.2.26"
	sha256ID     = "2.16.840.1.101.3.4.2.1"
	aes256ID     = "2.16.840.1.101.3.4.1.42"
	tripleDESID  = "1.2.840.113549.1.12.1.3" // RFC 7292 appendix C
	rc2With40ID  = "1.2.840.113549.1.12.1.6"
)

// blockCipher is a cipher for CBC mode with its size of key and block in bytes.
type blockCipher struct {
	keySize, blockSize int
	create             func(key []byte) (cipher.Block, error) // nil for RC4, which has no blocks
}

// The algorithms that are read, by object identifier.
var (
	pbes1Schemes = map[string]blockCipher{ // RFC 7292 appendix C
		"1.2.840.113549.1.12.1.1": {16, 1, nil},
		"1.2.840.113549.1.12.1.2": {5, 1, nil},
		tripleDESID:               {24, des.BlockSize, des.NewTripleDESCipher},
		"1.2.840.113549.1.12.1.4": {16, des.BlockSize, newTwoKeyTripleDES},
		"1.2.840.113549.1.12.1.5": {16, 8, newRC2},
		rc2With40ID:               {5, 8, newRC2},
	}
	pbes2Ciphers = map[string]blockCipher{ // RFC 8018 appendix B.2
		"1.2.840.113549.3.7":      {24, des.BlockSize, des.NewTripleDESCipher},
		"2.16.840.1.101.3.4.1.2":  {16, aes.BlockSize, aes.NewCipher},
		"2.16.840.1.101.3.4.1.22": {24, aes.BlockSize, aes.NewCipher},
		aes256ID:                  {32, aes.BlockSize, aes.NewCipher},
	}
	hmacs = map[string]func() hash.Hash{ // RFC 8018 appendix B.1
		hmacSHA1ID:            sha1.New,
		"1.2.840.113549.2.8":  sha256.New224,
		hmacSHA256ID:          sha256.New,
		"1.2.840.113549.2.10": sha512.New384,
		"1.2.840.113549.2.11": sha512.New,
	}
	digests = map[string]func() hash.Hash{ // RFC 8017 appendix B.1
		sha1ID:                   sha1.New,
		"2.16.840.1.101.3.4.2.4": sha256.New224,
		sha256ID:                 sha256.New,
		"2.16.840.1.101.3.4.2.2": sha512.New384,
		"2.16.840.1.101.3.4.2.3": sha512.New,
	}
)

// newTwoKeyTripleDES is 3DES whose third key is the first again.
func newTwoKeyTripleDES(key []byte) (cipher.Block, error) {
	three := append(append(make([]byte, 0, 24), key...), key[:8]...)
	defer clear(three)
	return des.NewTripleDESCipher(three)
}

// algorithm is an AlgorithmIdentifier (RFC 5280 section 4.1.1.2).
type algorithm struct {
	id     string // of its object identifier
	params cryptobyte.String
}

func readAlgorithm(in *cryptobyte.String) (a algorithm, ok bool) {
	var id asn1.ObjectIdentifier
	ok = in.ReadASN1(&a.params, der.SEQUENCE) && a.params.ReadASN1ObjectIdentifier(&id)
	if len(id) <= maxOIDParts {
		a.id = id.String()
	} else {
		a.id = id[:maxOIDParts].String() + "..."
	}
	return a, ok
}

// maxOIDParts is how many numbers of an object identifier are looked at, and shown in errors.
const maxOIDParts = 20

// ErrUnsupported is the class of errors about files that another reader may understand: they are
// protected in a way that this package does not have.
var ErrUnsupported = errors.New("not supported")

// unsupported says that something in a package is protected in a way that is not read.
func unsupported(id, what string) error {
	text := id
	if name := names[text]; name != "" {
		text = name + " (" + text + ")"
	}
	return fmt.Errorf("%s is protected with %.80s, which is %w; openssl reads more: openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW", what, text, ErrUnsupported)
}

// names gives the algorithms that are not read but that other programs write.
var names = map[string]string{
	"1.2.840.113549.1.5.3":   "MD5 and DES",
	"1.2.840.113549.1.5.10":  "SHA-1 and DES",
	"1.2.840.113549.1.7.3":   "a public key",
	"1.2.840.113549.2.5":     "MD5",
	"1.2.840.113549.2.12":    "HMAC with SHA-512/224",
	"1.2.840.113549.2.13":    "HMAC with SHA-512/256",
	"1.2.840.113549.3.2":     "RC2 under PBES2",
	"1.3.6.1.4.1.11591.4.11": "scrypt",
	"2.16.840.1.101.3.4.2.5": "SHA-512/224",
	"2.16.840.1.101.3.4.2.6": "SHA-512/256",
}
