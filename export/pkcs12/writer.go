package pkcs12

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/asn1"
	"io"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// saltSize is the length of the salts that are written, in bytes.
const saltSize = 16

// writer puts packages together.
type writer struct {
	secret secret
	rounds int
	random io.Reader // of salts
}

func sequence(content cryptobyte.BuilderContinuation) ([]byte, error) {
	var out cryptobyte.Builder
	out.AddASN1(der.SEQUENCE, content)
	return out.Bytes()
}

// addTyped writes a ContentInfo or a SafeBag with its attributes, if it has any.
func addTyped(out *cryptobyte.Builder, kind asn1.ObjectIdentifier, attributes []byte, content cryptobyte.BuilderContinuation) {
	out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
		out.AddASN1ObjectIdentifier(kind)
		out.AddASN1(contextTag0, content)
		out.AddBytes(attributes)
	})
}

// addData writes a ContentInfo that is not encrypted.
func addData(out *cryptobyte.Builder, data []byte) {
	addTyped(out, oidData, nil, func(out *cryptobyte.Builder) { out.AddASN1OctetString(data) })
}

// addAlgorithm writes an AlgorithmIdentifier.
func addAlgorithm(out *cryptobyte.Builder, id asn1.ObjectIdentifier, params cryptobyte.BuilderContinuation) {
	out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
		out.AddASN1ObjectIdentifier(id)
		params(out)
	})
}

func addNull(out *cryptobyte.Builder) { out.AddASN1NULL() }

// bagAttributes gives the SET of friendlyName, unless it is empty, and localKeyID (RFC 2985
// section 5.5), in the order that DER demands.
func bagAttributes(alias string, keyID []byte) ([]byte, error) {
	attribute := func(id asn1.ObjectIdentifier, tag der.Tag, value []byte) ([]byte, error) {
		return sequence(func(out *cryptobyte.Builder) {
			out.AddASN1ObjectIdentifier(id)
			out.AddASN1(der.SET, func(out *cryptobyte.Builder) {
				out.AddASN1(tag, func(out *cryptobyte.Builder) { out.AddBytes(value) })
			})
		})
	}
	id, err := attribute(oidLocalKeyID, der.OCTET_STRING, keyID)
	if err != nil {
		return nil, err
	}
	set := [][]byte{id}
	if alias != "" {
		name, err := attribute(oidFriendlyName, bmpString, encodeBMP(alias))
		if err != nil {
			return nil, err
		}
		set = append(set, name)
	}
	slices.SortFunc(set, bytes.Compare) // X.690 section 11.6
	var out cryptobyte.Builder
	out.AddASN1(der.SET, func(out *cryptobyte.Builder) { out.AddBytes(bytes.Join(set, nil)) })
	return out.Bytes()
}

// addEncryptedData writes EncryptedData (RFC 5652 section 8).
func (w writer) addEncryptedData(out *cryptobyte.Builder, data []byte) {
	out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
		out.AddASN1Int64(0)
		out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
			out.AddASN1ObjectIdentifier(oidData)
			w.addEncrypted(out, der.Tag(0).ContextSpecific(), data)
		})
	})
}

// addEncrypted writes the algorithm, PBES2 with AES-256-CBC and PBKDF2 with HMAC with SHA-256
// (RFC 8018 appendix A), and what it makes of data under the tag.
func (w writer) addEncrypted(out *cryptobyte.Builder, tag der.Tag, data []byte) {
	salt := make([]byte, saltSize+aes.BlockSize)
	if _, err := io.ReadFull(w.random, salt); err != nil {
		out.SetError(err)
		return
	}
	salt, iv := salt[:saltSize], salt[saltSize:]
	key, err := pbkdf2Params{salt: salt, rounds: w.rounds, prf: sha256.New}.derive(w.secret.utf8, 32)
	if err != nil {
		out.SetError(err)
		return
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		out.SetError(err)
		return
	}
	pad := aes.BlockSize - len(data)%aes.BlockSize
	encrypted := slices.Concat(data, bytes.Repeat([]byte{byte(pad)}, pad))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(encrypted, encrypted)

	addAlgorithm(out, oidPBES2, func(out *cryptobyte.Builder) {
		out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
			addAlgorithm(out, oidPBKDF2, func(out *cryptobyte.Builder) {
				out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
					out.AddASN1OctetString(salt)
					out.AddASN1Int64(int64(w.rounds))
					addAlgorithm(out, oidHMACSHA256, addNull)
				})
			})
			addAlgorithm(out, oidAES256, func(out *cryptobyte.Builder) { out.AddASN1OctetString(iv) })
		})
	})
	out.AddASN1(tag, func(out *cryptobyte.Builder) { out.AddBytes(encrypted) })
}

// addMAC writes MacData (RFC 7292 section 4) with HMAC with SHA-256.
func (w writer) addMAC(out *cryptobyte.Builder, data []byte) {
	m := mac{kdf: pbkdf2Params{salt: make([]byte, saltSize), rounds: w.rounds}, hash: sha256.New}
	if _, err := io.ReadFull(w.random, m.kdf.salt); err != nil {
		out.SetError(err)
		return
	}
	value, err := m.sum(w.secret, data)
	if err != nil {
		out.SetError(err)
		return
	}
	out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
		out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
			addAlgorithm(out, oidSHA256, addNull)
			out.AddASN1OctetString(value)
		})
		out.AddASN1OctetString(m.kdf.salt)
		out.AddASN1Int64(int64(w.rounds))
	})
}
