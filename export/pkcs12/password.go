package pkcs12

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"signet/export/keystore"
)

// ErrPassword is the class of errors that another password can mend.
var ErrPassword = keystore.ErrPassword

// secret is a password in the two forms that algorithms take.
type secret struct {
	utf8 string // RFC 8018: PBES2 and PBMAC1
	bmp  []byte // RFC 7292 appendix B.1: PBES1 and the older MAC
}

// readSecrets gives the forms of a password. The empty one has two, as programs do not agree
// whether its BMPString ends with two zero bytes as every other does, or has no bytes at all.
func readSecrets(password []byte) ([]secret, error) {
	if !utf8.Valid(password) {
		return nil, fmt.Errorf("the %w has bytes that are not UTF-8 text", ErrPassword)
	}
	first := secret{string(password), append(encodeBMP(string(password)), 0, 0)}
	if len(password) == 0 {
		return []secret{first, {}}, nil
	}
	return []secret{first}, nil
}

// encodeBMP gives big-endian UTF-16. A BMPString proper has no surrogates, but Java and openssl
// write characters outside the Basic Multilingual Plane that way.
func encodeBMP(s string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		out = binary.BigEndian.AppendUint16(out, unit)
	}
	return out
}

// decodeBMP is the reverse of encodeBMP.
func decodeBMP(data []byte) (string, bool) {
	if len(data)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units)), true
}
