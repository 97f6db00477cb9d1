package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Hash is a SHA-256 digest.
type Hash [sha256.Size]byte

// MarshalText gives a hash in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText gives.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != 2*len(h) {
		return fmt.Errorf("hash: not %d hexadecimal digits: %w", 2*len(h), ErrInvalid)
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fmt.Errorf("hash: not hexadecimal: %w", ErrInvalid)
	}
	return nil
}

// Record is an event in its place in a trail. Each names the one before it by its hash, so that
// none can be changed, taken out or moved without a change to all that follow.
type Record struct {
	Database string // the UUID of the database whose trail it is in
	Seq      uint64 // from 1
	Prev     Hash   // of the record before it; of the first, First
	Hash     Hash
	Body     []byte // see Encode

	// Index is what the store lists the event by, for Verify to compare; nil when it is not known.
	Index *Index
}

// Event reads the event of a record.
func (r *Record) Event() (*Event, error) { return Decode(r.Body) }

// First is the hash that the first record of a database's trail follows. It comes from the UUID of
// the database: a record of another trail does not fit in.
func First(database string) Hash { return digest("signet audit trail 1", []byte(database)) }

// Next makes the record that follows another in the trail of a database.
func Next(database string, prev Hash, seq uint64, body []byte) Record {
	return Record{Database: database, Seq: seq, Prev: prev, Hash: link(database, prev, seq, body), Body: body}
}

func link(database string, prev Hash, seq uint64, body []byte) Hash {
	return digest("signet audit record 1", []byte(database), prev[:], binary.BigEndian.AppendUint64(nil, seq), body)
}

// digest is the hash of some fields. The word says what for: no two uses give the same bytes.
func digest(word string, fields ...[]byte) (sum Hash) {
	h := sha256.New()
	for _, f := range append([][]byte{[]byte(word)}, fields...) {
		var length [8]byte // lengths keep the borders
		binary.BigEndian.PutUint64(length[:], uint64(len(f)))
		h.Write(length[:])
		h.Write(f)
	}
	h.Sum(sum[:0])
	return sum
}
