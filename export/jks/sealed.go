package jks

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"
	"signet/export/keystore"
)

// maxKey is the longest sealed key that is opened, in bytes: no key that cert reads is longer.
const maxKey = 16 << 10

// errSealed is what a sealed key says that is not what a keystore writes.
var errSealed = errors.New("its private key is damaged: it is not sealed as Java does it")

// The key protections (Sun's object identifiers; no standard has them).
var (
	oidJKS   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 42, 2, 17, 1, 1}
	oidJCEKS = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 42, 2, 19, 1}
)

// sealedKey is a private key as it lies in a file. It never changes.
type sealedKey struct {
	alias  string
	format string // of the file
	data   []byte // EncryptedPrivateKeyInfo (RFC 5958 section 3)
	own    []byte // its certificate, for which the file vouches; nil if it has none
	store  *secret
}

// Open gives the key. password is the key's own; nil means that of the file.
func (k *sealedKey) Open(password []byte) (crypto.Signer, error) {
	key, err := k.open(password)
	if err != nil {
		return nil, fmt.Errorf("%s keystore: entry %.80q: %w", k.format, k.alias, err)
	}
	return key, nil
}

func (k *sealedKey) open(password []byte) (crypto.Signer, error) {
	own, err := newSecret(password)
	switch {
	case err != nil:
		return nil, err
	case own == nil && k.store == nil:
		return nil, fmt.Errorf("its private key needs a %w", ErrPassword)
	case own == nil:
		own = k.store
	default:
		defer clear(own.utf8)
	}
	pkcs8, err := unseal(k.data, own)
	if err != nil {
		return nil, err
	}
	defer clear(pkcs8)
	if pkcs8 == nil && password == nil {
		return nil, fmt.Errorf("its private key has another %w than the keystore", ErrPassword)
	}
	if pkcs8 == nil {
		return nil, fmt.Errorf("wrong %w for its private key", ErrPassword)
	}
	return cert.ParsePrivateKey(pkcs8)
}

// unseal gives a key as PKCS #8; nil if the password is wrong.
func unseal(data []byte, password *secret) ([]byte, error) {
	if len(data) > maxKey {
		return nil, fmt.Errorf("its private key has more than %d bytes", maxKey)
	}
	in, info, algorithm := cryptobyte.String(data), cryptobyte.String(nil), cryptobyte.String(nil)
	var sealed []byte
	var id asn1.ObjectIdentifier
	if !in.ReadASN1(&info, der.SEQUENCE) || !in.Empty() ||
		!info.ReadASN1(&algorithm, der.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&id) ||
		!info.ReadASN1Bytes(&sealed, der.OCTET_STRING) || !info.Empty() {
		return nil, errSealed
	}
	switch {
	case id.Equal(oidJKS):
		return recoverSHA1(sealed, password), nil
	case id.Equal(oidJCEKS):
		return unsealPBE(algorithm, sealed, password)
	}
	return nil, fmt.Errorf("its private key is protected with %.40s, which neither JKS nor JCEKS has", id)
}

// unsealPBE reads the parameters, a salt and the rounds, and checks them before any work.
func unsealPBE(algorithm cryptobyte.String, sealed []byte, password *secret) ([]byte, error) {
	var params cryptobyte.String
	var salt []byte
	var rounds int64
	if !algorithm.ReadASN1(&params, der.SEQUENCE) || !algorithm.Empty() ||
		!params.ReadASN1Bytes(&salt, der.OCTET_STRING) || len(salt) != saltSizePBE ||
		!params.ReadASN1Integer(&rounds) || !params.Empty() || rounds < 1 {
		return nil, errSealed
	}
	if rounds > maxRounds {
		return nil, fmt.Errorf("its private key asks for %d rounds, more than %d", rounds, maxRounds)
	}
	key, err := recoverPBE(sealed, password.utf8, salt, int(rounds))
	if in := cryptobyte.String(key); !in.SkipASN1(der.SEQUENCE) || !in.Empty() {
		clear(key) // one wrong password in 256 passes the padding
		return nil, err
	}
	return key, nil
}

// seal is the reverse of unseal, in the protection of a format.
func seal(pkcs8 []byte, format string, password *secret, rounds int) ([]byte, error) {
	var out cryptobyte.Builder
	var salt, sealed []byte
	var err error
	id := oidJKS
	if format == keystore.JCEKS {
		id = oidJCEKS
		salt, sealed, err = protectPBE(pkcs8, password.utf8, rounds)
	} else {
		sealed = protectSHA1(pkcs8, password)
	}
	if err != nil {
		return nil, err
	}
	out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
		out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
			out.AddASN1ObjectIdentifier(id)
			if format == keystore.JKS {
				out.AddASN1NULL()
				return
			}
			out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
				out.AddASN1OctetString(salt)
				out.AddASN1Int64(int64(rounds))
			})
		})
		out.AddASN1OctetString(sealed)
	})
	return out.Bytes()
}
