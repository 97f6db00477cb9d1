// Package pkcs12 reads and writes PKCS #12 packages (RFC 7292, RFC 9579) of one private key with
// its name and its chain, and reads packages of certificates alone. It takes DER only, and
// packages that are protected by a password or by nothing, not by a public key.
//
// The work that a package asks for is limited before any of it is done; what only the password
// shows counts towards the same limits.
package pkcs12

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"
)

// Looks reports whether data begins as a PKCS #12 PFX does: version 3 and a ContentInfo.
func Looks(data []byte) bool {
	in := cryptobyte.String(data)
	var pfx, safe cryptobyte.String
	var version int
	var kind asn1.ObjectIdentifier
	return in.ReadASN1(&pfx, der.SEQUENCE) && pfx.ReadASN1Integer(&version) && version == 3 &&
		pfx.ReadASN1(&safe, der.SEQUENCE) && safe.ReadASN1ObjectIdentifier(&kind)
}

// Decode opens a package: a private key under its name in the package, with its certificate
// first and then all others in file order, or certificates alone. Where there is a MAC, a
// package that was altered cannot be told from a wrong password.
func Decode(data, password []byte) (cert.Bundle, error) {
	b, err := decode(data, password)
	if err == nil {
		return b, nil
	}
	if !errors.Is(err, ErrPassword) {
		err = fmt.Errorf("PKCS #12 package: %w", err)
	}
	return cert.Bundle{}, err
}

func decode(data, password []byte) (b cert.Bundle, err error) {
	entries, op, err := open(data, password)
	if err != nil {
		return b, err
	}
	var keys, certificates []entry
	for _, e := range entries {
		if e.key != nil {
			keys = append(keys, e)
			continue
		}
		certificates = append(certificates, e)
		c, err := cert.Parse(e.certificate)
		if err != nil {
			return b, fmt.Errorf("certificate %d: %w", len(certificates), err)
		}
		b.Certificates = append(b.Certificates, c)
	}
	switch {
	case len(entries) == 0:
		return b, errors.New("it holds neither a private key nor a certificate")
	case len(keys) == 0:
		return b, nil
	case len(keys) > 1:
		return b, errSeveral(keys)
	}
	b.Alias = keys[0].alias
	if b.Key, err = op.privateKey(keys[0]); err != nil {
		return b, err
	}
	at := ownCertificate(b, keys[0].keyID, certificates)
	if at < 0 {
		return b, errors.New("the certificate of its private key is missing")
	}
	own := b.Certificates[at]
	copy(b.Certificates[1:at+1], b.Certificates[:at])
	b.Certificates[0] = own
	return b, nil
}

// ownCertificate gives the place of the certificate with the public key of b.Key, or -1. Of
// several, as after a renewal, it is the one with the key's localKeyID, else the first.
func ownCertificate(b cert.Bundle, keyID []byte, entries []entry) int {
	first := -1
	for i, c := range b.Certificates {
		if !sameKey(c, b) {
			continue
		}
		if len(keyID) > 0 && bytes.Equal(entries[i].keyID, keyID) {
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
func errSeveral(keys []entry) error {
	const shown = 5
	var text []string
	for _, k := range keys[:min(shown, len(keys))] {
		text = append(text, fmt.Sprintf("%.40q", k.alias))
	}
	if len(keys) > shown {
		text = append(text, fmt.Sprintf("%d more", len(keys)-shown))
	}
	return fmt.Errorf("it holds more than one private key: %s; copy one of them with: keytool -importkeystore -srckeystore OLD -srcalias NAME -destkeystore NEW -deststoretype PKCS12", strings.Join(text, ", "))
}
