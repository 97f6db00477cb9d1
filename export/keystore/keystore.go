// Package keystore is what keystore files have in common, whatever their format: entries under
// aliases, in file order. The packages export/jks and export/pkcs12 read files into it and write
// it. It keeps no passwords, and it reads and writes nothing itself.
package keystore

import (
	"crypto"
	"time"
)

// The formats of keystore files.
const (
	JKS    = "JKS"
	JCEKS  = "JCEKS"
	PKCS12 = "PKCS12"
)

// Keystore is the content of a keystore file.
type Keystore struct {
	Format  string  // JKS, JCEKS or PKCS12
	Profile string  // of PKCS12, which algorithms protect it; empty for a mixture or another format
	Entries []Entry // in file order
}

// Entry is one thing in a keystore. It is a private key with its chain, a certificate alone, or
// something else that only the format it came from can hold.
type Entry struct {
	Alias   string    // as the file spells it; may be empty
	Created time.Time // zero if the file does not say
	Chain   [][]byte  // certificates in DER: the key's own first and then its issuers; or the one
	Key     Key       // nil if there is none
	Trusted bool      // of a certificate alone: its reader may trust it; always so in JKS
	ID      []byte    // what ties a key to its certificate in PKCS12 (localKeyID); nil if nothing does
	Other   string    // what it is, if it is neither: "secret key"; empty otherwise
	Kept    any       // what its format needs to write back what has no field here; nil for a new entry
}

// Key is a private key of a keystore: sealed as it lies in the file, or in the clear.
type Key interface {
	// Open gives the key. password is the key's own; nil means that of the file.
	Open(password []byte) (crypto.Signer, error)
}

// Clear is a Key that is not sealed: one on its way into a keystore.
type Clear struct{ crypto.Signer }

// Open gives the key.
func (c Clear) Open([]byte) (crypto.Signer, error) { return c.Signer, nil }
