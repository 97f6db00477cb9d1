// Package keyfile keeps a key ring in a keystore: a JKS, JCEKS or PKCS #12 file, or a folder of
// PEM files. Such a keystore is one ring (DESIGN.md 6). Its private keys with their chains are
// the certificates of one user, whose name no keystore holds: the first user ID that a change
// names. Its trusted certificates are those of CERTAUTH. What else it holds stays in it unseen.
//
// A transaction reads the keystore whole and writes it whole, atomically, with the mode and the
// owner that it had. Two programs of signet wait for each other; a change that any other program
// made in between is noticed, and then nothing is written.
package keyfile

import (
	"crypto"
	"path/filepath"
	"strings"
	"time"

	"signet/backend/onering"
	"signet/cert"
	"signet/export/pkcs12"
	"signet/ring"
)

// ErrPassword is the class of errors that another password can mend.
var ErrPassword = onering.ErrPassword

// Options say how a keystore is opened.
type Options struct {
	// User is the user ID that owns the private keys when a run names none.
	User ring.Owner
	// Known is the password of the keystore, if it is known already.
	Known []byte
	// Password asks for the password of the keystore: a new one when it is yet to be made. It
	// is called at most once, when the password is needed, and never while a lock is held. nil
	// means that there is none.
	Password func(isNew bool) ([]byte, error)
	// KeyPassword is that of private keys which have another than the keystore; nil for none.
	KeyPassword []byte
	// Profile is what a PKCS #12 file is protected with when it is written next. The zero Profile
	// keeps what it has, and is Modern for a new one.
	Profile pkcs12.Profile
	// Backup keeps the keystore as it was, beside it under its name with .bak, before the first
	// change.
	Backup bool
}

// Store is an open keystore.
type Store = onering.Store

// OpenFile opens a keystore file. What it holds decides its format; format is that of a new one.
func OpenFile(path, format string, o Options) (*Store, error) {
	f, err := openFile(path, format, o)
	if err != nil {
		return nil, err
	}
	return onering.New(f, o.User, o.KeyPassword, lockWait), nil
}

// OpenFolder opens a folder of PEM files.
func OpenFolder(path string, o Options) (*Store, error) {
	f, err := openFolder(path, o)
	if err != nil {
		return nil, err
	}
	return onering.New(f, o.User, o.KeyPassword, lockWait), nil
}

// lockWait is how long a change waits for another.
const lockWait = 10 * time.Second

// ringName gives the ring in a file or folder the name of that, if a ring can have it.
func ringName(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// checkKey says why a private key cannot be written.
func checkKey(key crypto.Signer) error {
	pkcs8, err := cert.MarshalPrivateKey(key)
	clear(pkcs8)
	return err
}
