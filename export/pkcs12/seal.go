package pkcs12

import (
	"bytes"
	"crypto/hmac"
	"errors"

	"signet/cert"
	"signet/export/keystore"
)

// seal gives the EncryptedPrivateKeyInfo of an entry.
func (s *store) seal(e *keystore.Entry) ([]byte, error) {
	k, fromFile := e.Key.(*sealedKey)
	if !fromFile {
		key, err := e.Key.Open(nil)
		if err != nil {
			return nil, err
		}
		if err := checkKey(key.Public(), e.Chain); err != nil {
			return nil, err
		}
		pkcs8, err := cert.MarshalPrivateKey(key)
		if err != nil {
			return nil, err
		}
		defer clear(pkcs8)
		return s.sealKey(pkcs8)
	}
	asItLies := s.keeps(k)
	known := len(e.Chain) == 0 || k.own != nil && bytes.Equal(e.Chain[0], k.own)
	if asItLies && known {
		return k.bag.value, nil
	}
	pkcs8, err := k.pkcs8(k.file.secrets, "its private key")
	if err != nil {
		return nil, err
	}
	defer clear(pkcs8)
	if !known {
		key, err := parseKey(pkcs8)
		if err != nil {
			return nil, err
		}
		if err := checkKey(key.Public(), e.Chain); err != nil {
			return nil, err
		}
	}
	if asItLies {
		return k.bag.value, nil
	}
	return s.sealKey(pkcs8)
}

// minRounds is the least number of rounds of a key that is written as it lay in its file
// (RFC 8018 section 4.2).
const minRounds = 1000

// keeps reports whether a key can be written as it lies in its file.
func (s *store) keeps(k *sealedKey) bool {
	has, rounds := k.scheme()
	return has == s.profile.keys && rounds >= min(minRounds, s.rounds) && k.file.proved && s.samePassword(k.file)
}

// samePassword reports whether a file had the password that is written now.
func (s *store) samePassword(f *file) bool {
	return len(f.secrets) == 1 && hmac.Equal([]byte(f.secrets[0].utf8), []byte(s.secret.utf8)) && hmac.Equal(f.secrets[0].bmp, s.secret.bmp)
}

// checkKey refuses a key that is not that of the first certificate.
func checkKey(public any, chain [][]byte) error {
	if len(chain) == 0 {
		return nil
	}
	c, err := cert.Parse(chain[0])
	if err != nil {
		return err
	}
	if !cert.SameKey(c.PublicKey, public) {
		return errors.New("the private key is not that of the first certificate")
	}
	return nil
}
