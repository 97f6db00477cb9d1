package pkcs11

import (
	"bytes"
	"context"
	"crypto"
	"strings"
)

// Entry is what belongs together in a token: a certificate, its public key and its private key.
// Any of them may be missing, but not all. A key with two certificates is in two entries.
type Entry struct {
	Certificate *Object
	Public      *Object
	Private     *Object
	Conflict    error // why the private key is not told: more than one could be it
	guessed     bool  // the keys were paired by CKA_ID or label, because the token does not tell the public half
}

// Label gives the label of the certificate, or else that of a key.
func (e *Entry) Label() string { return e.main().Label }

// ID gives the CKA_ID of the certificate, or else that of a key.
func (e *Entry) ID() []byte { return e.main().ID }

// PublicKey gives the public key, from whichever object tells it, or nil.
func (e *Entry) PublicKey() crypto.PublicKey {
	for _, o := range e.Objects() {
		if o.Public != nil {
			return o.Public
		}
	}
	return nil
}

// Objects gives the objects of the entry.
func (e *Entry) Objects() []*Object {
	var all []*Object
	for _, o := range []*Object{e.Certificate, e.Private, e.Public} {
		if o != nil {
			all = append(all, o)
		}
	}
	return all
}

func (e *Entry) main() *Object { return e.Objects()[0] }

// describe names the entry by all it has.
func (e *Entry) describe() string {
	var names []string
	for _, o := range e.Objects() {
		names = append(names, o.describe())
	}
	return strings.Join(names, " with ")
}

// Entries lists the token: an entry for each certificate, then one for each key without.
func (t *Token) Entries(ctx context.Context) ([]*Entry, error) {
	objects, err := t.Objects(ctx)
	if err != nil {
		return nil, err
	}
	return entries(t.Name(), objects), nil
}

// entries puts objects together: by public key first, then by CKA_ID, by label last.
func entries(token string, objects []*Object) []*Entry {
	of := map[Class][]*Object{}
	for _, o := range objects {
		of[o.Class] = append(of[o.Class], o)
	}
	learn(of[PrivateKey], of[PublicKey])
	var all []*Entry
	used := map[*Object]bool{}
	for _, c := range of[Certificate] {
		e := &Entry{Certificate: c}
		e.Public, _, _ = partner(c, c.Public, of[PublicKey])
		var many []*Object
		e.Private, e.guessed, many = partner(c, c.Public, of[PrivateKey])
		e.guessed = e.guessed || e.Private != nil && e.Private.learned
		e.Conflict = conflict(token, c, many)
		used[e.Public], used[e.Private] = true, true
		all = append(all, e)
	}
	for _, k := range of[PrivateKey] {
		if used[k] {
			continue
		}
		e := &Entry{Private: k}
		var many []*Object
		e.Public, e.guessed, many = partner(k, k.Public, of[PublicKey])
		e.guessed = e.guessed || k.learned
		if k.Public == nil {
			e.Conflict = conflict(token, k, many)
		}
		used[e.Public] = true
		all = append(all, e)
	}
	for _, k := range of[PublicKey] {
		if !used[k] {
			all = append(all, &Entry{Public: k})
		}
	}
	return all
}

// learn tells private keys their public half from the public key beside them, where the token
// does not tell it: many EC keys do not.
func learn(private, public []*Object) {
	for _, k := range private {
		if k.Public == nil {
			if p, _, _ := partner(k, nil, public); p != nil && p.Public != nil {
				k.Public, k.learned = p.Public, true
			}
		}
	}
}

// partner finds the object of another class that belongs to o. Where both tell their public key,
// nothing else counts. Several are returned as many; guessed: the public keys did not decide.
func partner(o *Object, key crypto.PublicKey, others []*Object) (one *Object, guessed bool, many []*Object) {
	sameID := func(p *Object) bool { return len(o.ID) > 0 && bytes.Equal(o.ID, p.ID) }
	sameLabel := func(p *Object) bool { return o.Label != "" && o.Label == p.Label }
	found := keep(others, func(p *Object) bool { return sameKey(key, p.Public) })
	if len(found) == 0 {
		guessed = true
		open := keep(others, func(p *Object) bool { return key == nil || p.Public == nil })
		if found = keep(open, sameID); len(found) == 0 {
			// An object with an ID of its own belongs to that ID.
			found = keep(open, func(p *Object) bool { return sameLabel(p) && (len(o.ID) == 0 || len(p.ID) == 0) })
		}
	}
	// Copies of one key are told apart by ID and label, if they can be.
	for _, by := range []func(*Object) bool{sameID, sameLabel} {
		if narrow := keep(found, by); len(found) > 1 && len(narrow) > 0 {
			found = narrow
		}
	}
	switch len(found) {
	case 0:
		return nil, false, nil
	case 1:
		return found[0], guessed, nil
	}
	return nil, false, found
}

func keep(list []*Object, good func(*Object) bool) []*Object {
	var kept []*Object
	for _, o := range list {
		if good(o) {
			kept = append(kept, o)
		}
	}
	return kept
}

// conflict is the error for an object with several partners.
func conflict(token string, o *Object, many []*Object) error {
	if len(many) == 0 {
		return nil
	}
	var names []string
	for _, m := range many {
		names = append(names, m.describe())
	}
	return &Error{Object: token, Op: o.describe(), Kind: ErrAmbiguous,
		Cause: "these may belong to it: " + strings.Join(names, ", "), Fix: "delete the wrong one, or give them different ids"}
}
