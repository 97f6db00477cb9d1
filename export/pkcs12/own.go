package pkcs12

import (
	"bytes"

	"signet/cert"
)

// own gives the place of the certificate of a key, or -1. Certificates that are entries of their
// own come last: a key has one beside them.
func (r *reader) own(key *bag) int {
	if key.keyID != nil {
		if at := r.choose(key, r.byID[string(key.keyID)]); at >= 0 {
			return at
		}
	}
	if len(r.certs) == 0 {
		return -1
	}
	if public := r.publicKey(key); public != nil {
		if r.byKey == nil {
			r.byKey = map[string][]int{}
			for i, c := range r.library.all {
				r.byKey[string(c.publicKey)] = append(r.byKey[string(c.publicKey)], i)
			}
		}
		return r.choose(key, r.byKey[string(public)])
	}
	return -1
}

// choose gives one of several certificates that may be a key's: as Java, the one with its name;
// else the one with its public key; else the last.
func (r *reader) choose(key *bag, places []int) int {
	var fit []int
	for _, trusted := range []bool{false, true} {
		for _, at := range places {
			if r.certs[at].trusted == trusted && len(fit) < maxCandidates {
				fit = append(fit, at)
			}
		}
		if len(fit) > 0 {
			break
		}
	}
	switch len(fit) {
	case 0:
		return -1
	case 1:
		return fit[0]
	}
	for _, at := range fit {
		if key.alias != "" && fold(r.certs[at].alias) == fold(key.alias) {
			return at
		}
	}
	if public := r.publicKey(key); public != nil {
		for _, at := range fit {
			if bytes.Equal(r.library.all[at].publicKey, public) {
				return at
			}
		}
	}
	return fit[len(fit)-1]
}

// publicKey gives the SubjectPublicKeyInfo of a key, which must be opened for it; nil if it
// cannot be opened.
func (r *reader) publicKey(key *bag) []byte {
	signer, err := (&sealedKey{file: r.file, bag: key}).Open(nil)
	if err != nil {
		return nil
	}
	public, err := cert.MarshalPublicKey(signer.Public())
	if err != nil {
		return nil
	}
	return public
}
