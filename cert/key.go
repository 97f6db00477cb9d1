package cert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strconv"
	"strings"
)

// KeyAlgorithm is a kind of key pair that signet makes and uses.
type KeyAlgorithm string

// The key algorithms. EC is RACF's NISTECC.
const (
	RSA     KeyAlgorithm = "rsa"
	EC      KeyAlgorithm = "ec"
	Ed25519 KeyAlgorithm = "ed25519"
)

// KeySpec says which key pair to make. The zero value means RSA with 2048 bits; zero Bits mean
// the usual size of the algorithm.
type KeySpec struct {
	Algorithm KeyAlgorithm
	Bits      int
}

// Limits of RSA (racdcert-certificates.md 2.1 and 18: nothing below 1024).
const (
	minRSA     = 1024
	maxRSA     = 4096
	defaultRSA = 2048
)

// defaultEC replaces RACF's 192 (racdcert-certificates.md 18).
const defaultEC = 256

// ed25519Bits is the size that listings give.
const ed25519Bits = 256

// keyForms is what ParseKeySpec takes, for its errors.
const keyForms = "rsa, rsa:1024 to rsa:4096, ec, ec:p224, ec:p256, ec:p384, ec:p521 or ed25519"

// ParseKeySpec reads rsa, rsa:3072, ec, ec:p384, ec:384 or ed25519, in any case.
func ParseKeySpec(s string) (KeySpec, error) {
	algorithm, size, sized := strings.Cut(strings.ToLower(strings.TrimSpace(s)), ":")
	k := KeySpec{Algorithm: KeyAlgorithm(algorithm)}
	bad := func() error { return fmt.Errorf("key %q: not %s", clip(s), keyForms) }
	if k.Algorithm != RSA && k.Algorithm != EC && (k.Algorithm != Ed25519 || sized) {
		return KeySpec{}, bad()
	}
	if sized {
		if k.Algorithm == EC {
			size = strings.TrimPrefix(size, "p")
		}
		n, err := strconv.Atoi(size)
		if err != nil || n <= 0 || strconv.Itoa(n) != size {
			return KeySpec{}, bad()
		}
		k.Bits = n
	}
	k = k.complete()
	return k, k.Check()
}

// complete fills in the algorithm and the size that zero values stand for.
func (k KeySpec) complete() KeySpec {
	if k.Algorithm == "" {
		k.Algorithm = RSA
	}
	if k.Bits == 0 {
		switch k.Algorithm {
		case RSA:
			k.Bits = defaultRSA
		case EC:
			k.Bits = defaultEC
		case Ed25519:
			k.Bits = ed25519Bits
		}
	}
	return k
}

// Check says why no such key can be made.
func (k KeySpec) Check() error {
	k = k.complete()
	switch k.Algorithm {
	case RSA:
		if k.Bits < minRSA || k.Bits > maxRSA {
			return fmt.Errorf("key %q: an RSA key has %d to %d bits", k, minRSA, maxRSA)
		}
		return nil
	case EC:
		if curveFor(k.Bits) == nil {
			return fmt.Errorf("key %q: an EC key has 224, 256, 384 or 521 bits", k)
		}
		return nil
	case Ed25519:
		if k.Bits != ed25519Bits {
			return fmt.Errorf("key %q: an Ed25519 key has %d bits, not %d", k, ed25519Bits, k.Bits)
		}
		return nil
	}
	return fmt.Errorf("key %q: not %s", k, keyForms)
}

// Round raises an EC size that is none to the next that is one: RACF rounds up, never down
// (racdcert-certificates.md 2.1). Sizes above the largest, and RSA, stay as they are.
func (k KeySpec) Round() KeySpec {
	k = k.complete()
	if k.Algorithm == EC && k.Bits > 0 {
		for _, c := range curves() {
			if size := c.Params().BitSize; size >= k.Bits {
				k.Bits = size
				break
			}
		}
	}
	return k
}

// Weak reports whether the key is too short for new certificates: RSA below 2048 bits.
func (k KeySpec) Weak() bool {
	k = k.complete()
	return k.Algorithm == RSA && k.Bits < defaultRSA
}

// String gives the form that ParseKeySpec reads.
func (k KeySpec) String() string {
	k = k.complete()
	switch k.Algorithm {
	case EC:
		return fmt.Sprintf("%s:p%d", EC, k.Bits)
	case Ed25519:
		return string(Ed25519)
	}
	return fmt.Sprintf("%s:%d", k.Algorithm, k.Bits)
}

// Generate makes a key pair from the system's random source. RSA keys have the public
// exponent 65537 (racdcert-certificates.md 2).
func (k KeySpec) Generate() (crypto.Signer, error) {
	if err := k.Check(); err != nil {
		return nil, err
	}
	k = k.complete()
	switch k.Algorithm {
	case EC:
		return ecdsa.GenerateKey(curveFor(k.Bits), rand.Reader)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return rsa.GenerateKey(rand.Reader, k.Bits)
}

// curves are the curves of RACF's NISTECC by size (racdcert-certificates.md 2.1), without the
// 192 bits that Go does not have.
func curves() [4]elliptic.Curve {
	return [4]elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()}
}

// curveFor gives the curve of a size, or nil.
func curveFor(bits int) elliptic.Curve {
	for _, c := range curves() {
		if c.Params().BitSize == bits {
			return c
		}
	}
	return nil
}
