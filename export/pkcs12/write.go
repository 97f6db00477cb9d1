package pkcs12

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"signet/export/ber"
	"signet/export/keystore"
)

// Write writes a keystore as a profile has it. Its entries stay in order, also as Java enumerates
// them. What Read found beside the entries goes along.
//
// A key that was read from a file under the same password and with the same encryption is
// written as it lay there; all others are opened with a nil password and sealed anew. Trusted
// certificates get Java's mark for every use. A key without an ID gets one as Java writes it,
// from Entry.Created or the present time, and so does the second of two that have the same.
// A certificate of several chains is written once.
//
// Java 17 takes passwords in ASCII only, and Java 25 takes others with PBES2 only. Where two
// issuers have one name, Java takes the first of them in the file for all chains.
//
// Write refuses what a reader would not find again: two aliases that are one to Java, a key that
// is not that of its first certificate, a chain whose certificates did not issue each other, and
// in profile Passwordless everything but certificates.
func Write(ks *keystore.Keystore, password []byte, p Profile) ([]byte, error) {
	return write(ks, password, p, writtenRounds, rand.Reader, time.Now())
}

func write(ks *keystore.Keystore, password []byte, p Profile, rounds int, random io.Reader, now time.Time) ([]byte, error) {
	switch {
	case p.Name == "":
		return nil, errors.New("PKCS #12: no profile was given; choose one with ProfileNamed")
	case p.keys == scheme{} && len(password) > 0:
		return nil, fmt.Errorf("PKCS #12 profile %s takes no %w: nothing in it is protected by one", p.Name, ErrPassword)
	case p.keys != scheme{} && len(password) == 0:
		return nil, fmt.Errorf("PKCS #12 profile %s needs a %w", p.Name, ErrPassword)
	}
	secrets, err := readSecrets(password)
	if err != nil {
		return nil, err
	}
	if err := checkAliases(ks.Entries); err != nil {
		return nil, err
	}
	s := &store{writer: writer{profile: p, secret: secrets[0], rounds: rounds, random: random}, ids: newIDs(ks.Entries, now)}
	s.chains = newChains(ks.Entries, s.ids)
	var entries []run
	for i := range ks.Entries {
		r, err := s.entry(&ks.Entries[i], s.ids.keys[i])
		if err != nil {
			return nil, fmt.Errorf("entry %.40q: %w", ks.Entries[i].Alias, err)
		}
		entries = append(entries, r)
	}
	if err := s.chains.check(ks.Entries); err != nil {
		return nil, err
	}
	data, err := s.pfx(layout(entries, s.chains.bags))
	switch {
	case err != nil:
		return nil, err
	case len(data) > ber.MaxSize:
		return nil, fmt.Errorf("PKCS #12: %d entries make a file of more than %d bytes; split the keystore", len(ks.Entries), ber.MaxSize)
	}
	return data, nil
}

// store writes the entries of a keystore.
type store struct {
	writer
	ids    *ids
	chains *chains
}

// entry gives the bag of an entry. Those of a chain go to s.chains.
func (s *store) entry(e *keystore.Entry, keyID []byte) (r run, err error) {
	k, _ := e.Kept.(*kept)
	var data []byte
	switch {
	case e.Other != "":
		r.hidden, data, err = s.other(e, k)
	case e.Key != nil:
		data, err = s.key(e, k, keyID)
	case len(e.Chain) != 1:
		return r, fmt.Errorf("it has no private key and %d certificates; an entry without a key has one", len(e.Chain))
	default:
		m := marks{alias: e.Alias, keyID: e.ID, trusted: e.Trusted}
		if !e.Trusted {
			m.keyID = s.ids.of(e.ID)
		}
		if k != nil && k.bag.isCertificate() {
			m.from = k.bag
		}
		r.hidden = true
		data, err = certBag(e.Chain[0], m)
	}
	r.bags = [][]byte{data}
	return r, err
}

// key gives the bag of a private key, and adds its chain.
func (s *store) key(e *keystore.Entry, k *kept, keyID []byte) ([]byte, error) {
	if s.profile.keys == (scheme{}) {
		return nil, fmt.Errorf("profile %s has no private keys: Java passes over those that are not encrypted", s.profile.Name)
	}
	if k != nil && !k.bag.isKey() {
		k = nil
	}
	sealed, err := s.seal(e)
	if err != nil {
		return nil, err
	}
	m := marks{alias: e.Alias, keyID: keyID}
	if k != nil {
		m.from = k.bag
	}
	if err := s.chains.add(e, k, keyID); err != nil {
		return nil, err
	}
	return keyBag(sealed, m)
}

// other gives what is neither a key nor a certificate, as it was.
func (s *store) other(e *keystore.Entry, k *kept) (hidden bool, data []byte, err error) {
	if k == nil || k.bag.isKey() || k.bag.isCertificate() {
		return false, nil, fmt.Errorf("it is a %s of another format, which PKCS #12 files of signet cannot hold", e.Other)
	}
	if s.profile.keys == (scheme{}) && (k.bag.hidden || k.bag.kind == secretBagOID) {
		return false, nil, fmt.Errorf("it is a %s, and profile %s would not protect it", e.Other, s.profile.Name)
	}
	value := k.bag.value
	if k.bag.kind == secretBagOID && !(s.samePassword(k.file) && k.file.proved) {
		if value, err = s.resealSecret(k); err != nil {
			return false, nil, err
		}
	}
	attributes, err := marks{alias: e.Alias, keyID: e.ID, from: k.bag}.encode()
	if err != nil {
		return false, nil, err
	}
	data, err = sequence(len(value)+len(attributes), func(out *cryptobyte.Builder) {
		addOID(out, k.bag.kind)
		out.AddASN1(contextTag0, func(out *cryptobyte.Builder) { out.AddBytes(value) })
		out.AddBytes(attributes)
	})
	return k.bag.hidden, data, err
}

// resealSecret encrypts a secret key anew that Java encrypted under the password of its file. One
// in another form is not encrypted itself, and stays.
func (s *store) resealSecret(k *kept) ([]byte, error) {
	in := cryptobyte.String(k.bag.value)
	kind, content, _, ok := readTyped(&in)
	if !ok || kind != shroudedKeyBagOID {
		return k.bag.value, nil
	}
	sealed, ok := readOctets(&content)
	if !ok {
		return nil, errDamaged
	}
	inner := sealedKey{file: k.file, bag: &bag{kind: shroudedKeyBagOID, value: sealed, alias: k.bag.alias}}
	plain, err := inner.pkcs8(k.file.secrets, "its secret key")
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	if sealed, err = s.sealKey(plain); err != nil {
		return nil, err
	}
	var out cryptobyte.Builder
	addTyped(&out, shroudedKeyBagOID, nil, func(out *cryptobyte.Builder) { out.AddASN1OctetString(sealed) })
	return out.Bytes()
}
