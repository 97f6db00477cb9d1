// Package pkcs12 reads and writes PKCS #12 packages (RFC 7292) of one private key with its
// chain, and reads packages of certificates that are marked as trusted the way Java marks them.
// It takes DER only, and neither reads nor writes aliases.
//
// The work that a package asks for is limited before any of it is done, with one exception: a
// private key inside an encrypted part, where openssl, keytool and Windows never put one, can
// ask for any number of key derivation rounds. go-pkcs12 decrypts the part and then at once the
// key in it, and lets nobody look between the two. Only who knows the password of the package
// can make such a one.
package pkcs12

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
	gopkcs12 "software.sslmate.com/src/go-pkcs12"

	"signet/cert"
)

// ErrPassword is the class of errors that another password can mend.
var ErrPassword = errors.New("password")

// rounds is the number of PBKDF2 and MAC iterations of the packages that Encode writes, as
// keytool writes them.
const rounds = 10000

// Looks reports whether data begins as a PKCS #12 PFX does: version 3 and a ContentInfo.
func Looks(data []byte) bool {
	in := cryptobyte.String(data)
	var pfx, safe cryptobyte.String
	var version int
	var kind asn1.ObjectIdentifier
	return in.ReadASN1(&pfx, der.SEQUENCE) && pfx.ReadASN1Integer(&version) && version == 3 &&
		pfx.ReadASN1(&safe, der.SEQUENCE) && safe.ReadASN1ObjectIdentifier(&kind)
}

// Decode opens a package: a private key with its certificate and their chain, in file order, or
// certificates alone. An empty password also opens a package that has no MAC. A package that
// was altered cannot be told from a wrong password.
func Decode(data, password []byte) (cert.Bundle, error) {
	b, err := decode(data, password)
	if err != nil && !errors.Is(err, ErrPassword) {
		err = fmt.Errorf("PKCS #12 package: %w", err)
	}
	return b, err
}

func decode(data, password []byte) (cert.Bundle, error) {
	o, err := readOutline(data)
	if err != nil {
		return cert.Bundle{}, err
	}
	if err := checkPassword(password); err != nil {
		return cert.Bundle{}, err
	}
	if !o.mac && len(password) > 0 {
		return cert.Bundle{}, fmt.Errorf("wrong %w for the PKCS #12 package: it has no MAC, and is read with an empty one only", ErrPassword)
	}
	if o.keys == 0 {
		certs, err := gopkcs12.DecodeTrustStore(data, string(password))
		if err == nil {
			return bundle(nil, certs)
		}
		if errors.Is(err, gopkcs12.ErrIncorrectPassword) {
			return cert.Bundle{}, explain(err)
		}
	}
	key, leaf, chain, err := gopkcs12.DecodeChain(data, string(password))
	if err != nil {
		err = explain(err)
		if o.keys == 0 {
			err = fmt.Errorf("%w; for certificates alone, take them out with: openssl pkcs12 -in FILE -nokeys -out FILE.pem", err)
		}
		return cert.Bundle{}, err
	}
	return bundle(key, append([]*x509.Certificate{leaf}, chain...))
}

// bundle holds key and certificates to what package cert reads.
func bundle(key any, certs []*x509.Certificate) (cert.Bundle, error) {
	var b cert.Bundle
	for i, c := range certs {
		c, err := cert.Parse(c.Raw)
		if err != nil {
			return cert.Bundle{}, fmt.Errorf("certificate %d: %w", i+1, err)
		}
		b.Certificates = append(b.Certificates, c)
	}
	if key == nil {
		return b, nil
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return cert.Bundle{}, fmt.Errorf("private key: type %T is not supported", key)
	}
	pkcs8, err := cert.MarshalPrivateKey(signer)
	if err != nil {
		return cert.Bundle{}, err
	}
	defer clear(pkcs8)
	b.Key, err = cert.ParsePrivateKey(pkcs8)
	return b, err
}

// explain says what an error of go-pkcs12 means. Its errors about the key are text alone.
func explain(err error) error {
	s := err.Error()
	switch {
	case errors.Is(err, gopkcs12.ErrIncorrectPassword):
		return fmt.Errorf("wrong %w for the PKCS #12 package, or the package was altered", ErrPassword)
	case strings.HasSuffix(s, gopkcs12.ErrDecryption.Error()):
		return errors.New("a part of it is encrypted under another password than the package has, or is damaged")
	}
	s = strings.ReplaceAll(s, "pkcs12: ", "")
	if before, _, ok := strings.Cut(s, "asn1: "); ok { // what encoding/asn1 says is about Go types
		s = before + "malformed DER"
	}
	return fmt.Errorf("%.200s", strings.ReplaceAll(s, "x509: ", ""))
}

// checkPassword refuses what the BMPString of RFC 7292 appendix B.1 cannot express. go-pkcs12
// would put another character in the place of a wrong byte, and no other program would open the
// package with the password that was given.
func checkPassword(password []byte) error {
	if !utf8.Valid(password) {
		return fmt.Errorf("the %w has bytes that are not UTF-8 text", ErrPassword)
	}
	for _, r := range string(password) {
		if r > 0xffff {
			return fmt.Errorf("the %w has a character outside the Basic Multilingual Plane, which PKCS #12 cannot express", ErrPassword)
		}
	}
	return nil
}

// Encode writes the private key and the certificates, the key's own first, with AES-256-CBC,
// PBKDF2 and HMAC with SHA-256. The alias is not written.
func Encode(b cert.Bundle, password []byte) ([]byte, error) {
	switch {
	case len(b.Certificates) == 0:
		return nil, errors.New("there is no certificate to write")
	case b.Key == nil:
		return nil, errors.New("there is no private key to write")
	case !cert.SameKey(b.Certificates[0].PublicKey, b.Key.Public()):
		return nil, errors.New("the private key is not that of the first certificate")
	case len(password) == 0:
		return nil, fmt.Errorf("a private key is not written without a %w", ErrPassword)
	}
	if err := checkPassword(password); err != nil {
		return nil, err
	}
	pkcs8, err := cert.MarshalPrivateKey(b.Key) // says why a key in a token cannot be written
	if err != nil {
		return nil, err
	}
	clear(pkcs8)
	data, err := gopkcs12.Modern2023.WithIterations(rounds).Encode(b.Key, b.Certificates[0], b.Certificates[1:], string(password))
	if err != nil {
		return nil, explain(err)
	}
	return data, nil
}
