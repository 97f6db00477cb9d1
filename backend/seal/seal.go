// Package seal keeps private keys unreadable in a database. It knows nothing of SQL and
// nothing of certificates: a store gives it bytes and says what record they belong to.
//
// There are three layers. A private key is sealed with an AEAD under a data key of its
// database, and bound to its record. Data keys are random and kept in the database, wrapped
// with age (age-encryption.org/v1) to one or more recipients. The recipient that is always
// there is the operator identity, an X25519 key pair in the stash file, which a passphrase may
// protect; escrow recipients may be there besides.
//
// Data keys have generations. A reseal makes a new one beside the old one, seals every record
// anew under it and destroys the old one; a sealed record says which generation it is under.
package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// A sealed value begins with the version of its format. Version 2 has the generation of the data
// key in four bytes, a random nonce of 24 bytes, and the output of XChaCha20-Poly1305
// (draft-irtf-cfrg-xchacha-03). The long nonce may be random for any number of keys. Version 1
// has no generation, and is under the first; it is read and no longer written.
const (
	version1 = 1
	version2 = 2

	header1 = 1
	header2 = 1 + 4
)

// ErrOpen says that a sealed value does not belong to the record it was found in, or was
// sealed under another data key. The two cannot be told apart.
var ErrOpen = errors.New("the record was moved or altered, or its key was sealed in another database")

// generationError is ErrOpen for a record that names a data key which is not there.
type generationError uint32

func (e generationError) Error() string {
	return fmt.Sprintf("it was sealed under data key generation %d, which this database does not have: it was put back from before a reseal, or comes from another database", uint32(e))
}

func (generationError) Is(target error) bool { return target == ErrOpen }

// DataKey seals the private keys of one database.
type DataKey struct {
	generation uint32
	key        *[chacha20poly1305.KeySize]byte // a pointer, because the verb p goes round Format
}

// NewDataKey makes a random data key of a generation.
func NewDataKey(generation uint32) *DataKey {
	k := emptyDataKey(generation)
	rand.Read(k.key[:])
	return k
}

func emptyDataKey(generation uint32) *DataKey {
	return &DataKey{generation, new([chacha20poly1305.KeySize]byte)}
}

// Format prints a fixed word for every verb, so that no message can show the key.
func (DataKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[data key]") }

// Generation is the number of the data key in its database. It is never used again.
func (k *DataKey) Generation() uint32 { return k.generation }

// Clone gives a copy, which is cleared on its own.
func (k *DataKey) Clone() *DataKey {
	c := emptyDataKey(k.generation)
	*c.key = *k.key
	return c
}

// Clear overwrites the key, which is of no use afterwards.
func (k *DataKey) Clear() { clear(k.key[:]) }

// Seal encrypts plaintext so that only Open with the same key and the same bind gives it back.
// Make bind with Bind.
func (k *DataKey) Seal(plaintext, bind []byte) ([]byte, error) {
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	nonce := header2 + aead.NonceSize()
	sealed := make([]byte, nonce, nonce+len(plaintext)+aead.Overhead())
	sealed[0] = version2
	binary.BigEndian.PutUint32(sealed[1:], k.generation)
	rand.Read(sealed[header2:])
	return aead.Seal(sealed, sealed[header2:], plaintext, additional(sealed[:header2], bind)), nil // #nosec G407 -- the nonce is what rand.Read gave
}

// Open gives back what Seal took, or ErrOpen. The caller clears it after use.
func (k *DataKey) Open(sealed, bind []byte) ([]byte, error) {
	generation, header, err := parseHeader(sealed)
	if err != nil {
		return nil, err
	}
	if generation != k.generation {
		return nil, generationError(generation)
	}
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	if len(sealed) < header+aead.NonceSize()+aead.Overhead() {
		return nil, fmt.Errorf("sealed key is cut short: %w", ErrOpen)
	}
	nonce, box := sealed[header:header+aead.NonceSize()], sealed[header+aead.NonceSize():]
	plaintext, err := aead.Open(nil, nonce, box, additional(sealed[:header], bind))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

// Generation gives the generation of the data key that a value says it was sealed under.
func Generation(sealed []byte) (uint32, error) {
	generation, _, err := parseHeader(sealed)
	return generation, err
}

// Prefix begins every value of the current format that is sealed under the data key of a
// generation.
func Prefix(generation uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{version2}, generation)
}

// parseHeader gives the generation of a sealed value and the length of what comes before its nonce.
func parseHeader(sealed []byte) (generation uint32, length int, err error) {
	switch {
	case len(sealed) == 0:
	case sealed[0] == version1:
		return 1, header1, nil
	case sealed[0] == version2 && len(sealed) < header2:
		return 0, 0, fmt.Errorf("sealed key is cut short: %w", ErrOpen)
	case sealed[0] == version2:
		return binary.BigEndian.Uint32(sealed[1:]), header2, nil
	}
	return 0, 0, fmt.Errorf("unknown format of a sealed key: %w", ErrOpen)
}

func (k *DataKey) aead() (cipher.AEAD, error) { return chacha20poly1305.NewX(k.key[:]) }

// additional is the data that the AEAD authenticates without encrypting: the header, so that
// a value cannot be passed off as one of a weaker format, and the record.
func additional(header, bind []byte) []byte {
	return append(append(make([]byte, 0, len(header)+len(bind)), header...), bind...)
}

// Link proves to those who have k that next was made by somebody who had k too. Without it,
// whoever can write to a database could put a data key of their own beside the right one, wrapped
// to the operator's public key, and read whatever is sealed from then on.
func (k *DataKey) Link(next *DataKey, database string) ([]byte, error) {
	digest := sha256.Sum256(next.key[:])
	return k.Seal(digest[:], bindGeneration(database, next.generation))
}

// Linked reports whether Link made link for next.
func (k *DataKey) Linked(next *DataKey, database string, link []byte) bool {
	digest := sha256.Sum256(next.key[:])
	had, err := k.Open(link, bindGeneration(database, next.generation))
	return err == nil && subtle.ConstantTimeCompare(had, digest[:]) == 1
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

// BindRecipient is Bind for the proof that a recipient was put into a database by somebody who
// could open its data key: the proof is nothing at all, sealed.
func BindRecipient(database, name, recipient string, since int64) []byte {
	return bind("signet recipient", database, since, []byte(name+"\n"+recipient))
}

func bindGeneration(database string, generation uint32) []byte {
	return bind("signet data key", database, int64(generation), nil)
}

func bind(kind, database string, record int64, about []byte) []byte {
	digest := sha256.Sum256(about)
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
