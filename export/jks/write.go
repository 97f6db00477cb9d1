package jks

import (
	"bytes"
	"crypto/sha1" // #nosec G505 -- what the format JKS is made of; it has no other
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"signet/cert"
	"signet/export/keystore"
)

// Write gives the file of a keystore, whose Format is JKS or JCEKS, in version 2 of the format.
// keyPassword seals the keys that are new; nil means that it is password.
//
// A key that was read from the same format is written as it lay in its file, under the password
// that it had there: as with keytool, a new password for the file does not change that of its
// keys. To change it, open the key and put it back as keystore.Clear. A key from another format
// is opened with the password of its file.
//
// Java looks an entry up under its alias in lower case, and finds none that is written another
// way. So aliases are written as keystore.Fold gives them, unless they lay in the file that way.
func Write(ks *keystore.Keystore, password, keyPassword []byte) ([]byte, error) {
	if ks.Format != keystore.JKS && ks.Format != keystore.JCEKS {
		return nil, fmt.Errorf("a keystore of the format %.40q is not written as JKS or JCEKS", ks.Format)
	}
	out, err := write(ks, password, keyPassword, defaultRounds)
	if err != nil {
		return nil, fmt.Errorf("%s keystore: %w", ks.Format, err)
	}
	return out, nil
}

func write(ks *keystore.Keystore, password, keyPassword []byte, rounds int) ([]byte, error) {
	if password == nil {
		return nil, fmt.Errorf("it is not written without a %w", ErrPassword)
	}
	if keyPassword == nil {
		keyPassword = password
	}
	if len(ks.Entries) > maxEntries {
		return nil, fmt.Errorf("it has %d entries, more than %d", len(ks.Entries), maxEntries)
	}
	store, err := newSecret(password)
	if err != nil {
		return nil, err
	}
	defer clear(store.utf8)
	own, err := newSecret(keyPassword)
	if err != nil {
		return nil, err
	}
	defer clear(own.utf8)
	for _, same := range ks.FoldTogether() {
		return nil, fmt.Errorf("aliases %.80q and %.80q: Java takes them for the same; rename one of them",
			ks.Entries[same[0]].Alias, ks.Entries[same[1]].Alias)
	}
	w := writer{ks.Format, own, rounds}
	out := appendHead(make([]byte, 0, w.size(ks.Entries)), ks.Format)
	out = binary.BigEndian.AppendUint32(out, uint32(len(ks.Entries)))
	for i := range ks.Entries {
		e := &ks.Entries[i]
		if out, err = w.appendEntry(out, e); err != nil {
			return nil, fmt.Errorf("entry %.80q: %w", e.Alias, err)
		}
		if len(out) > maxSize-sha1.Size {
			return nil, fmt.Errorf("it would be larger than %d bytes", maxSize)
		}
	}
	return append(out, digest(store, out)...), nil
}

// writer writes the entries of one file.
type writer struct {
	format string
	own    *secret // of new keys
	rounds int     // of JCEKS
}

// size estimates the length of the file, so that it need not grow, which would take several times
// as much memory: nearly all of it is certificates and keys that lie in a file already.
func (w writer) size(entries []keystore.Entry) int {
	const frame, newKey = 64, 2048
	n := frame
	for i := range entries {
		e := &entries[i]
		n += frame + len(e.Alias)
		for _, c := range e.Chain {
			n += frame + len(c)
		}
		switch k := e.Key.(type) {
		case nil:
		case *sealedKey:
			n += len(k.data)
		default:
			n += newKey
		}
	}
	return min(n, maxSize)
}

// appendEntry writes one entry, and refuses what Java could not read or what would be lost.
func (w writer) appendEntry(out []byte, e *keystore.Entry) ([]byte, error) {
	kept, _ := e.Kept.(*laid)
	if kept != nil && kept.format != w.format {
		kept = nil
	}
	tag, err := w.tagOf(e, kept)
	if err != nil {
		return nil, err
	}
	out = binary.BigEndian.AppendUint32(out, tag)
	if out, err = appendName(out, e, kept); err != nil {
		return nil, err
	}
	if tag == tagSecret {
		return append(out, kept.secret...), nil
	}
	if tag == tagKey {
		sealed, err := w.sealed(e)
		if err != nil {
			return nil, err
		}
		out = appendBlock(out, sealed)
		out = binary.BigEndian.AppendUint32(out, uint32(len(e.Chain)))
	}
	for i, c := range e.Chain {
		if err := check(c, i, kept); err != nil {
			return nil, err
		}
		out = appendUTF(binary.BigEndian.AppendUint16(out, uint16(len(typeX509))), typeX509)
		out = appendBlock(out, c)
	}
	return out, nil
}

// tagOf gives the kind of an entry.
func (w writer) tagOf(e *keystore.Entry, kept *laid) (uint32, error) {
	switch {
	case e.Other != "" && kept != nil && kept.secret != nil:
		return tagSecret, nil
	case e.Other != "":
		return 0, fmt.Errorf("it is a %.40s that no %s keystore held before, and cannot be written", e.Other, w.format)
	case e.Key != nil && len(e.Chain) == 0:
		return 0, errors.New("its private key has no certificate")
	case e.Key != nil:
		return tagKey, nil
	case len(e.Chain) != 1:
		return 0, fmt.Errorf("it has no private key and %d certificates instead of one", len(e.Chain))
	case !e.Trusted:
		return 0, fmt.Errorf("its certificate is not trusted; in %s every certificate without a key is", w.format)
	}
	return tagCertificate, nil
}

// appendName writes the alias and the time.
func appendName(out []byte, e *keystore.Entry, kept *laid) ([]byte, error) {
	alias := e.Alias
	if !utf8.ValidString(alias) {
		return nil, errors.New("its alias has bytes that are not UTF-8 text")
	}
	if kept == nil || kept.alias != alias {
		alias = keystore.Fold(alias)
	}
	start := len(out)
	out = appendUTF(append(out, 0, 0), alias)
	length := len(out) - start - 2
	if length > maxUTF {
		return nil, fmt.Errorf("its alias has more than %d bytes", maxUTF)
	}
	binary.BigEndian.PutUint16(out[start:], uint16(length))
	created, ok := milliseconds(e.Created)
	if !ok {
		return nil, errors.New("its time of creation cannot be written in milliseconds")
	}
	return binary.BigEndian.AppendUint64(out, uint64(created)), nil
}

func appendBlock(out, data []byte) []byte {
	return append(binary.BigEndian.AppendUint32(out, uint32(len(data))), data...)
}

// check refuses what is not an X.509 certificate. What the file had at the same place is written
// as it was.
func check(der []byte, at int, kept *laid) error {
	if kept != nil && at < len(kept.chain) && bytes.Equal(der, kept.chain[at]) {
		return nil
	}
	c, err := cert.Parse(der)
	switch {
	case err != nil:
		return fmt.Errorf("certificate %d: %w", at+1, err)
	case bytes.Equal(c.RawIssuer, []byte{0x30, 0}):
		return fmt.Errorf("certificate %d: it names no issuer, and Java reads no keystore with such a certificate", at+1)
	}
	return nil
}
