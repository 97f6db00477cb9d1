// Package pkcs12 reads and writes PKCS #12 (RFC 7292, RFC 9579): keystores of any number of
// entries with Read and Write, and packages of one private key with its chain, or of certificates
// alone, with Decode and Encode. It reads BER and writes DER, and takes files that are protected
// by a password or by nothing, not by a public key.
//
// The work that a file asks for is limited before any of it is done; what only the password
// shows counts towards the same limits.
package pkcs12

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"
	"signet/export/ber"
)

// Looks reports whether data begins as a PKCS #12 PFX does: version 3 and a ContentInfo.
func Looks(data []byte) bool {
	if looks(data) {
		return true
	}
	data, err := ber.ToDER(data)
	return err == nil && looks(data)
}

func looks(data []byte) bool {
	in := cryptobyte.String(data)
	var pfx, safe cryptobyte.String
	var version int
	return in.ReadASN1(&pfx, der.SEQUENCE) && pfx.ReadASN1Integer(&version) && version == 3 &&
		pfx.ReadASN1(&safe, der.SEQUENCE) && safe.SkipASN1(der.OBJECT_IDENTIFIER)
}

// maxCertificates caps the certificates of a package for Decode, which parses all of them. The
// largest public bundles hold a few hundred.
const maxCertificates = 4096

// Decode opens a package: a private key under its name in the package, with its certificate
// first and then all others in file order, or certificates alone. Where there is a MAC, a
// package that was altered cannot be told from a wrong password.
func Decode(data, password []byte) (cert.Bundle, error) {
	b, err := decode(data, password)
	if err != nil {
		return cert.Bundle{}, inPackage(err)
	}
	return b, nil
}

// inPackage says what an error is about. Those about the password say it themselves.
func inPackage(err error) error {
	if errors.Is(err, ErrPassword) {
		return err
	}
	return fmt.Errorf("PKCS #12 package: %w", err)
}

func decode(data, password []byte) (b cert.Bundle, err error) {
	f, err := open(data, password)
	if err != nil {
		return b, err
	}
	var keys, certificates []*bag
	for i := range f.bags {
		switch at := &f.bags[i]; {
		case at.isKey():
			keys = append(keys, at)
		case at.foreign:
			return b, errors.New("it holds a certificate that is not X.509")
		case at.isCertificate():
			certificates = append(certificates, at)
		}
	}
	switch {
	case len(keys)+len(certificates) == 0:
		return b, errors.New("it holds neither a private key nor a certificate")
	case len(keys) > 1:
		return b, errSeveral(keys)
	case len(certificates) > maxCertificates:
		return b, fmt.Errorf("more than %d certificates", maxCertificates)
	}
	for i, at := range certificates {
		c, err := cert.Parse(at.value)
		if err != nil {
			return b, fmt.Errorf("certificate %d: %w", i+1, err)
		}
		b.Certificates = append(b.Certificates, c)
	}
	if len(keys) == 0 {
		return b, nil
	}
	pkcs8, err := (&sealedKey{file: f, bag: keys[0]}).pkcs8(f.secrets, "its private key")
	if err != nil {
		return b, err
	}
	defer clear(pkcs8)
	if b.Key, err = parseKey(pkcs8); err != nil {
		return b, err
	}
	at := ownCertificate(b, keys[0].keyID, certificates)
	if at < 0 {
		return b, errors.New("the certificate of its private key is missing")
	}
	b.Alias = aliasOf(keys[0], certificates[at])
	own := b.Certificates[at]
	copy(b.Certificates[1:at+1], b.Certificates[:at])
	b.Certificates[0] = own
	return b, nil
}

// aliasOf gives the name of a key, or that of its certificate if it has none: some programs name
// the certificate only.
func aliasOf(key, own *bag) string {
	if key.alias == "" && own != nil {
		return own.alias
	}
	return key.alias
}

// ownCertificate gives the place of the certificate with the public key of b.Key, or -1. Of
// several, as after a renewal, it is the one with the key's localKeyID, else the first.
func ownCertificate(b cert.Bundle, keyID []byte, bags []*bag) int {
	first := -1
	for i, c := range b.Certificates {
		if !sameKey(c, b) {
			continue
		}
		if len(keyID) > 0 && bytes.Equal(bags[i].keyID, keyID) {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

func sameKey(c *x509.Certificate, b cert.Bundle) bool {
	return cert.SameKey(c.PublicKey, b.Key.Public())
}

// errSeveral refuses a package with several private keys by their names.
func errSeveral(keys []*bag) error {
	const shown = 5
	var text []string
	for _, k := range keys[:min(shown, len(keys))] {
		text = append(text, fmt.Sprintf("%.40q", k.alias))
	}
	if len(keys) > shown {
		text = append(text, fmt.Sprintf("%d more", len(keys)-shown))
	}
	return fmt.Errorf("it holds more than one private key: %s; copy one of them with: signet copy", strings.Join(text, ", "))
}
