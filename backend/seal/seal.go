// Package seal keeps private keys unreadable in a database. It knows nothing of SQL and
// nothing of certificates: a store gives it bytes and says what record they belong to.
//
// There are three layers. A private key is sealed with an AEAD under the data key of its
// database, and bound to its record. The data key is random and kept in the database, wrapped
// with age (age-encryption.org/v1) to one or more recipients. The recipient that is always
// there is the operator identity, an X25519 key pair in the stash file.
package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// version1 begins every sealed value of this format: the version byte, a random nonce of 24
// bytes, and the output of XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). The long nonce
// may be random for any number of keys.
const version1 = 1

// ErrOpen says that a sealed value does not belong to the record it was found in, or was
// sealed under another data key. The two cannot be told apart.
var ErrOpen = errors.New("the record was moved or altered, or its key was sealed in another database")

// DataKey seals the private keys of one database.
type DataKey struct {
	key *[chacha20poly1305.KeySize]byte // a pointer, because the verb p goes round Format
}

func newDataKey() *DataKey { return &DataKey{new([chacha20poly1305.KeySize]byte)} }

// Format prints a fixed word for every verb, so that no message can show the key.
func (DataKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[data key]") }

// Clear overwrites the key, which is of no use afterwards.
func (k *DataKey) Clear() { clear(k.key[:]) }

// Seal encrypts plaintext so that only Open with the same key and the same bind gives it back.
// Make bind with Bind.
func (k *DataKey) Seal(plaintext, bind []byte) ([]byte, error) {
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(plaintext)+aead.Overhead())
	sealed[0] = version1
	rand.Read(sealed[1:])
	return aead.Seal(sealed, sealed[1:], plaintext, additional(version1, bind)), nil
}

// Open gives back what Seal took, or ErrOpen. The caller clears it after use.
func (k *DataKey) Open(sealed, bind []byte) ([]byte, error) {
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 || sealed[0] != version1 {
		return nil, fmt.Errorf("unknown format of a sealed key: %w", ErrOpen)
	}
	if len(sealed) < 1+aead.NonceSize()+aead.Overhead() {
		return nil, fmt.Errorf("sealed key is cut short: %w", ErrOpen)
	}
	nonce, box := sealed[1:1+aead.NonceSize()], sealed[1+aead.NonceSize():]
	plaintext, err := aead.Open(nil, nonce, box, additional(version1, bind))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

func (k *DataKey) aead() (cipher.AEAD, error) { return chacha20poly1305.NewX(k.key[:]) }

// additional is the data that the AEAD authenticates without encrypting: the version, so that
// a value cannot be passed off as one of a weaker format, and the record.
func additional(version byte, bind []byte) []byte {
	return append([]byte{version}, bind...)
}

// Bind describes the record that a private key belongs to: the database, the handle of the
// certificate in it, and the certificate's public key (DER SubjectPublicKeyInfo). A sealed key
// that is moved to another certificate, another database or another public key does not open.
func Bind(database string, certificate int64, spki []byte) []byte {
	return bind("signet private key", database, certificate, spki)
}

// BindToken is Bind for a private key that belongs to an object of a token. The two kinds of
// record have handles of their own; a key that is moved from one kind to the other does not open.
func BindToken(database string, object int64, spki []byte) []byte {
	return bind("signet token key", database, object, spki)
}

// BindAudit describes the audit key of a database, by its public half.
func BindAudit(database string, public []byte) []byte {
	return bind("signet audit key", database, 0, public)
}

func bind(kind, database string, record int64, spki []byte) []byte {
	digest := sha256.Sum256(spki)
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], uint64(record))
	var b []byte
	for _, field := range [][]byte{[]byte(kind), []byte(database), id[:], digest[:]} {
		// Lengths keep the borders: no two records give the same bytes.
		b = binary.BigEndian.AppendUint32(b, uint32(len(field)))
		b = append(b, field...)
	}
	return b
}
