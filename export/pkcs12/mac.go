package pkcs12

import (
	"crypto/hmac"
	"errors"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// minKeySize is the shortest key of PBMAC1 that is taken, in bytes: with one of a single byte,
// every 256th password opens a forged package.
const minKeySize = 20

// mac protects the parts of a package against changes, and tells whether a password is right.
type mac struct {
	kdf    pbkdf2Params
	hash   func() hash.Hash // of the HMAC
	pbmac1 bool             // RFC 9579; if not, RFC 7292 appendix B
	value  []byte
	scheme macScheme
}

// macScheme names how a MAC is made, by object identifiers. The zero one is none.
type macScheme struct {
	hash string // the digest, or the HMAC of PBMAC1
	prf  string // of PBMAC1
}

// readMAC reads MacData (RFC 7292 section 4). With PBMAC1 its own salt and rounds mean nothing
// (RFC 9579 section 4), and some programs write zero rounds.
func readMAC(in cryptobyte.String) (*mac, error) {
	var data, info cryptobyte.String
	m := &mac{}
	if !in.ReadASN1(&data, der.SEQUENCE) || !data.ReadASN1(&info, der.SEQUENCE) {
		return nil, errDamaged
	}
	a, ok := readAlgorithm(&info)
	if !ok || !info.ReadASN1Bytes(&m.value, der.OCTET_STRING) || !data.ReadASN1Bytes(&m.kdf.salt, der.OCTET_STRING) {
		return nil, errDamaged
	}
	var err error
	switch {
	case a.id == pbmac1ID:
		err = m.readPBMAC1(a)
	case digests[a.id] == nil:
		err = unsupported(a.id, "its MAC")
	default:
		m.hash, m.scheme.hash, m.kdf.rounds = digests[a.id], a.id, 1
		if !data.Empty() { // one round by default
			m.kdf.rounds, err = readRounds(&data)
		}
	}
	return m, err
}

// readPBMAC1 reads the parameters of RFC 8018 appendix A.5.
func (m *mac) readPBMAC1(a algorithm) error {
	kdf, under, err := readPBKDF2(a, "its MAC")
	if err != nil {
		return err
	}
	m.kdf, m.hash, m.pbmac1 = kdf, hmacs[under.id], true
	m.scheme = macScheme{hash: under.id, prf: kdf.prfID}
	switch {
	case m.hash == nil:
		return unsupported(under.id, "its MAC")
	case kdf.keySize == 0: // RFC 9579 section 4
		return errors.New("its MAC does not give the length of its key, without which PBMAC1 is not to be trusted")
	case kdf.keySize < minKeySize:
		return errors.New("its MAC has a key that is too short to protect anything")
	}
	return nil
}

// matches reports whether the MAC of data under a password is the one that was written.
func (m *mac) matches(s secret, data []byte) (bool, error) {
	sum, err := m.sum(s, data)
	return err == nil && hmac.Equal(sum, m.value), err
}

// sum computes the MAC of data.
func (m *mac) sum(s secret, data []byte) ([]byte, error) {
	var key []byte
	if m.pbmac1 {
		var err error
		if key, err = m.kdf.derive(s.utf8, m.kdf.keySize); err != nil {
			return nil, err
		}
	} else {
		key = deriveKey(m.hash, forMAC, s.bmp, m.kdf.salt, m.kdf.rounds, m.hash().Size())
	}
	defer clear(key)
	h := hmac.New(m.hash, key)
	h.Write(data)
	return h.Sum(nil), nil
}
