// Package jks reads and writes the keystore files of Java's older types: JKS of the provider SUN
// and JCEKS of the provider SunJCE. Neither has a standard; what is here was checked against
// Java 17. The integrity of a file hangs on one SHA-1 digest over the password and the content,
// and JKS protects private keys with a stream of SHA-1 digests: read such files, but prefer
// PKCS12 for new ones.
//
// Private keys stay as they lie in the file until they are opened. Secret keys of JCEKS are kept
// and written back, never opened.
package jks

import (
	"crypto/sha1" // #nosec G505 -- what the format JKS is made of; it has no other
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"

	"signet/export/keystore"
)

// maxSize is the largest file that is read or written, in bytes.
const maxSize = 64 << 20

// The first four bytes of the two formats.
const (
	magicJKS   = 0xfeedfeed
	magicJCEKS = 0xcececece
)

// The kinds of entries.
const (
	tagKey         = 1
	tagCertificate = 2
	tagSecret      = 3 // JCEKS only
)

// whitener is what Java digests between the password and the content.
const whitener = "Mighty Aphrodite"

// Looks reports whether data begins as a JKS or JCEKS file does: with the magic number of one of
// them and the version 1 or 2.
func Looks(data []byte) bool {
	_, _, ok := readHead(&reader{rest: data})
	return ok
}

// readHead reads the format and the version.
func readHead(in *reader) (format string, version uint32, ok bool) {
	switch magic := in.u32(); magic {
	case magicJKS:
		format = keystore.JKS
	case magicJCEKS:
		format = keystore.JCEKS
	}
	version = in.u32()
	return format, version, in.err == nil && format != "" && (version == 1 || version == 2)
}

// Read reads a JKS or JCEKS file. Without a password, which nil says, nobody checks that the file
// is as it was written. A wrong password cannot be told from a file that was altered. The entries
// point into data, which must not change from then on.
func Read(data, password []byte) (*keystore.Keystore, error) {
	if len(data) > maxSize {
		return nil, fmt.Errorf("the keystore is larger than %d bytes", maxSize)
	}
	in := &reader{rest: data}
	format, version, ok := readHead(in)
	if !ok {
		return nil, errors.New("not a JKS or JCEKS keystore of version 1 or 2")
	}
	ks := &keystore.Keystore{Format: format}
	store, err := newSecret(password)
	if err == nil {
		ks.Entries, err = readEntries(in, format, version, store)
	}
	if err == nil {
		err = readDigest(in, data, store)
	}
	if err != nil {
		return nil, fmt.Errorf("%s keystore: %w", format, err)
	}
	return ks, nil
}

// readDigest reads the end of a file and, if there is a password, checks it.
func readDigest(in *reader, data []byte, store *secret) error {
	want := in.bytes(sha1.Size)
	switch {
	case in.err != nil:
		return in.err
	case len(in.rest) > 0:
		return fmt.Errorf("%d bytes follow its end", len(in.rest))
	case store == nil:
		return nil
	}
	got := digest(store, data[:len(data)-sha1.Size])
	if subtle.ConstantTimeCompare(got, want) == 0 {
		return fmt.Errorf("the %w is wrong, or the file was altered", ErrPassword)
	}
	return nil
}

// digest is what ends a file: SHA-1 over the password, the whitener and all content.
func digest(store *secret, content []byte) []byte {
	h := sha1.New()
	chars := store.utf16()
	defer clear(chars)
	h.Write(chars)
	h.Write([]byte(whitener))
	h.Write(content)
	return h.Sum(nil)
}

// appendHead writes the format and version 2, which is all that Java writes.
func appendHead(out []byte, format string) []byte {
	magic := uint32(magicJKS)
	if format == keystore.JCEKS {
		magic = magicJCEKS
	}
	out = binary.BigEndian.AppendUint32(out, magic)
	return binary.BigEndian.AppendUint32(out, 2)
}
