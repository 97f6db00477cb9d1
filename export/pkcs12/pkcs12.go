// Package pkcs12 reads and writes PKCS #12 packages (RFC 7292) of one private key with its
// chain, or of certificates alone. It takes DER only.
package pkcs12

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"

	gopkcs12 "software.sslmate.com/src/go-pkcs12"

	"signet/cert"
)

// ErrPassword says that the password does not open the package.
var ErrPassword = errors.New("wrong password")

// rounds is the number of PBKDF2 and MAC iterations of the packages that Encode writes, as
// keytool writes them.
const rounds = 10000

// Decode opens a package: a private key with its certificate and their chain, or certificates
// alone.
func Decode(data, password []byte) (cert.Bundle, error) {
	if err := checkRounds(data); err != nil {
		return cert.Bundle{}, err
	}
	key, leaf, chain, err := gopkcs12.DecodeChain(data, string(password))
	if err == nil {
		signer, ok := key.(crypto.Signer)
		if !ok {
			return cert.Bundle{}, fmt.Errorf("PKCS #12 package: private key of type %T is not supported", key)
		}
		return cert.Bundle{Key: signer, Certificates: append([]*x509.Certificate{leaf}, chain...)}, nil
	}
	if errors.Is(err, gopkcs12.ErrIncorrectPassword) {
		return cert.Bundle{}, ErrPassword
	}
	certs, trustErr := gopkcs12.DecodeTrustStore(data, string(password))
	if trustErr == nil {
		return cert.Bundle{Certificates: certs}, nil
	}
	return cert.Bundle{}, fmt.Errorf("PKCS #12 package: %w", err)
}

// Encode writes the private key and the certificates with AES-256-CBC, PBKDF2 and HMAC with
// SHA-256.
func Encode(b cert.Bundle, password []byte) ([]byte, error) {
	if b.Key == nil {
		return nil, errors.New("there is no private key to write")
	}
	return gopkcs12.Modern2023.WithIterations(rounds).Encode(b.Key, b.Certificates[0], b.Certificates[1:], string(password))
}
