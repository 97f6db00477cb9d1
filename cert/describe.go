package cert

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// SignatureName names the algorithm of a certificate's signature as LIST does
// (racdcert-certificates.md 2.2).
func SignatureName(c *x509.Certificate) string {
	return algorithmOf(c.Raw, c.SignatureAlgorithm).name
}

// KeyType names the kind of a certificate's key as LIST does (racdcert-certificates.md 15.1),
// keys included that signet cannot use.
func KeyType(c *x509.Certificate) string { kind, _ := describeKey(c); return kind }

// KeySize is the size in bits of a certificate's key, 0 if it is unknown.
func KeySize(c *x509.Certificate) int { _, bits := describeKey(c); return bits }

func describeKey(c *x509.Certificate) (kind string, bits int) {
	info, err := parseKeyInfo(c.RawSubjectPublicKeyInfo)
	if err != nil {
		return unknownAlgorithm, 0
	}
	var id asn1.ObjectIdentifier
	switch key := cryptobyte.String(info.key); {
	case info.algorithm.Equal(oidRSA), info.algorithm.Equal(oidRSAPSS):
		return "RSA", firstInteger(key)
	case info.algorithm.Equal(oidDSA):
		return "DSA", firstInteger(info.params) // RFC 3279 section 2.3.2: p, q, g
	case info.algorithm.Equal(oidEd25519):
		return "Ed25519", ed25519Bits
	case info.algorithm.Equal(oidEC) && info.params.ReadASN1ObjectIdentifier(&id):
		if known := curveOf(id); known.family != "" {
			return known.family, known.bits
		}
	}
	return unknownAlgorithm, 0
}

// firstInteger gives the bit length of the first number in a SEQUENCE.
func firstInteger(in cryptobyte.String) int {
	n := new(big.Int)
	if !in.ReadASN1(&in, der.SEQUENCE) || !in.ReadASN1Integer(n) {
		return 0
	}
	return n.BitLen()
}

// SerialHex writes a serial number as RACF does: two upper-case digits per byte
// (racdcert-certificates.md 15.1).
func SerialHex(serial *big.Int) string {
	if serial.Sign() == 0 {
		return "00"
	}
	return fmt.Sprintf("%X", serial.Bytes())
}

// RandomSerial gives a serial number of 16 octets with 126 random bits, for issuers that have
// no counter. CA/Browser Forum rules want 64.
func RandomSerial() (*big.Int, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, err
	}
	b[0] = b[0]&0x3f | 0x40 // positive, and no octet too few
	return new(big.Int).SetBytes(b[:]), nil
}

// Fingerprint is the SHA-256 of a certificate.
func Fingerprint(data []byte) [32]byte { return sha256.Sum256(data) }
