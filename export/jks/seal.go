package jks

import (
	"bytes"
	"errors"
	"fmt"

	"signet/cert"
	"signet/export/keystore"
)

// errMatch is what an entry says whose key and certificate are not one pair.
var errMatch = errors.New("its private key does not belong to its first certificate")

// sealed gives the key of an entry as it is to lie in the file, when it is sure that it belongs
// to the first certificate.
func (w writer) sealed(e *keystore.Entry) ([]byte, error) {
	if k, ok := e.Key.(*sealedKey); ok && k.format == w.format {
		return k.data, k.matches(e.Chain[0])
	}
	if w.format == keystore.JCEKS && !w.own.printable() {
		return nil, fmt.Errorf("its private key: a %w of JCEKS keys has printable ASCII characters only, as Java 17 takes no other", ErrPassword)
	}
	key, err := e.Key.Open(nil)
	if err != nil {
		return nil, err
	}
	c, err := cert.Parse(e.Chain[0])
	if err != nil {
		return nil, fmt.Errorf("certificate 1: %w", err)
	}
	if !cert.SameKey(c.PublicKey, key.Public()) {
		return nil, errMatch
	}
	pkcs8, err := cert.MarshalPrivateKey(key)
	if err != nil {
		return nil, err
	}
	defer clear(pkcs8)
	return seal(pkcs8, w.format, w.own, w.rounds)
}

// matches checks a certificate against the one that lay with the key in its file.
func (k *sealedKey) matches(der []byte) error {
	if bytes.Equal(der, k.own) {
		return nil
	}
	now, err := cert.Parse(der)
	if err != nil {
		return fmt.Errorf("certificate 1: %w", err)
	}
	before, err := cert.Parse(k.own)
	if err != nil || before.PublicKey == nil || !cert.SameKey(now.PublicKey, before.PublicKey) {
		return errMatch
	}
	return nil
}
