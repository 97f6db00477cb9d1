package pkcs12

import (
	"crypto/rand"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"
)

// rounds is the number of PBKDF2 and MAC iterations of the packages that Encode writes, as
// keytool writes them.
const rounds = 10000

// Encode writes the private key and the certificates, the key's own first, with AES-256-CBC,
// PBKDF2 and HMAC with SHA-256. The alias becomes the friendlyName of the key and of its
// certificate. The other certificates have none, so that Java takes them for the chain.
func Encode(b cert.Bundle, password []byte) ([]byte, error) {
	return encode(b, password, rounds, rand.Reader)
}

func encode(b cert.Bundle, password []byte, rounds int, random io.Reader) ([]byte, error) {
	switch {
	case len(b.Certificates) == 0:
		return nil, errors.New("there is no certificate to write")
	case b.Key == nil:
		return nil, errors.New("there is no private key to write")
	case !sameKey(b.Certificates[0], b):
		return nil, errors.New("the private key is not that of the first certificate")
	case len(password) == 0:
		return nil, fmt.Errorf("a private key is not written without a %w", ErrPassword)
	case !utf8.ValidString(b.Alias):
		return nil, fmt.Errorf("alias %.40q: it has bytes that are not UTF-8 text", b.Alias)
	}
	secrets, err := readSecrets(password)
	if err != nil {
		return nil, err
	}
	pkcs8, err := cert.MarshalPrivateKey(b.Key) // says why a key in a token cannot be written
	if err != nil {
		return nil, err
	}
	defer clear(pkcs8)
	w := writer{secret: secrets[0], rounds: rounds, random: random}
	return w.pfx(b, pkcs8)
}

// pfx is RFC 7292 section 4: the certificates in an encrypted part, the key in another that is
// not, as it is encrypted itself.
func (w writer) pfx(b cert.Bundle, pkcs8 []byte) ([]byte, error) {
	id := sha1.Sum(b.Certificates[0].Raw) // what openssl takes; any number would do
	attributes, err := bagAttributes(b.Alias, id[:])
	if err != nil {
		return nil, err
	}
	certificates, err := sequence(func(out *cryptobyte.Builder) {
		for i, c := range b.Certificates {
			var own []byte
			if i == 0 {
				own = attributes
			}
			addTyped(out, oidCertBag, own, func(out *cryptobyte.Builder) {
				addTyped(out, oidX509Certificate, nil, func(out *cryptobyte.Builder) { out.AddASN1OctetString(c.Raw) })
			})
		}
	})
	if err != nil {
		return nil, err
	}
	key, err := sequence(func(out *cryptobyte.Builder) {
		addTyped(out, oidShroudedKeyBag, attributes, func(out *cryptobyte.Builder) {
			out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) { w.addEncrypted(out, der.OCTET_STRING, pkcs8) })
		})
	})
	if err != nil {
		return nil, err
	}
	safe, err := sequence(func(out *cryptobyte.Builder) {
		addTyped(out, oidEncryptedData, nil, func(out *cryptobyte.Builder) { w.addEncryptedData(out, certificates) })
		addData(out, key)
	})
	if err != nil {
		return nil, err
	}
	return sequence(func(out *cryptobyte.Builder) {
		out.AddASN1Int64(3)
		addData(out, safe)
		w.addMAC(out, safe)
	})
}
