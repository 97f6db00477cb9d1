package pkcs11

import (
	"bytes"
	"context"
	"fmt"

	p11 "github.com/miekg/pkcs11"
)

// Rename gives all objects of an entry a label and a CKA_ID. A nil id leaves the IDs as they
// are. If the token refuses half-way, what was changed is changed back.
func (t *Token) Rename(ctx context.Context, e *Entry, label string, id []byte) error {
	what := "rename " + e.describe()
	if id != nil {
		if err := t.freeID(ctx, what, id, e); err != nil {
			return err
		}
	}
	var done []*Object
	for _, o := range e.Objects() {
		newID := id
		if newID == nil {
			newID = o.ID
		}
		if err := t.name(ctx, what, o, label, newID); err != nil {
			for _, back := range append(done, o) {
				if undone := t.name(context.WithoutCancel(ctx), what, back, back.Label, back.ID); undone != nil {
					return fmt.Errorf("%w (and %s could not be named as before: %v)", err, back.describe(), undone)
				}
			}
			return err
		}
		done = append(done, o)
	}
	for _, o := range done {
		o.Label = label
		if id != nil {
			o.ID = bytes.Clone(id)
		}
	}
	return nil
}

// name sets label and CKA_ID of one object, as far as they differ from what it has now.
func (t *Token) name(ctx context.Context, what string, o *Object, label string, id []byte) error {
	return t.do(ctx, what, whenSessionLost, func(s *session) error {
		h, err := t.at(s, o)
		if err != nil {
			return err
		}
		now, err := t.read(s, h, p11.CKA_LABEL, p11.CKA_ID)
		if err != nil {
			return err
		}
		var set []attribute
		if string(now.bytes(p11.CKA_LABEL)) != label {
			set = append(set, attribute{p11.CKA_LABEL, []byte(label)})
		}
		if !bytes.Equal(now.bytes(p11.CKA_ID), id) {
			set = append(set, attribute{p11.CKA_ID, id})
		}
		if len(set) == 0 {
			return nil
		}
		return t.module.calls.setAttributeValue(s.handle, h, set)
	})
}

// freeID refuses an ID that an object outside the entry has, unless it is of the same key.
func (t *Token) freeID(ctx context.Context, what string, id []byte, e *Entry) error {
	objects, err := t.Objects(ctx)
	if err != nil {
		return err
	}
	own := e.PublicKey()
	for _, o := range objects {
		if !bytes.Equal(o.ID, id) || sameKey(own, o.Public) {
			continue
		}
		mine := false
		for _, m := range e.Objects() { // an object that tells no public key is known by its place
			p, q := m.place.Load(), o.place.Load()
			mine = mine || p != nil && q != nil && *p == *q
		}
		if !mine {
			return &Error{Object: t.Name(), Op: what, Kind: ErrExists, Cause: fmt.Sprintf("%s has this id", o.describe()), Fix: "choose another id"}
		}
	}
	return nil
}

// Delete destroys an entry: the certificate, then the public key, then the private key, so that
// nothing is out of reach if it ends half-way. Keys that another certificate needs stay.
func (t *Token) Delete(ctx context.Context, e *Entry) error {
	all, err := t.Entries(ctx)
	if err != nil {
		return err
	}
	key := e.PublicKey()
	needed := func(o *Object) bool {
		for _, other := range all {
			if e.Certificate == nil || other.Certificate == nil || bytes.Equal(other.Certificate.Raw, e.Certificate.Raw) {
				continue
			}
			if sameKey(key, other.Certificate.Public) && o.Class != Certificate {
				return true
			}
		}
		return false
	}
	for _, o := range []*Object{e.Certificate, e.Public, e.Private} {
		if o == nil || needed(o) {
			continue
		}
		if err := t.destroy(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// DeleteObject destroys one object, whatever needs it.
func (t *Token) DeleteObject(ctx context.Context, o *Object) error { return t.destroy(ctx, o) }

func (t *Token) destroy(ctx context.Context, o *Object) error {
	return t.do(ctx, "delete "+o.describe(), whenSessionLost, func(s *session) error {
		h, err := t.at(s, o)
		if err != nil {
			return err
		}
		return t.module.calls.destroyObject(s.handle, h)
	})
}

// SetTrusted sets CKA_TRUSTED of a certificate. Most tokens leave that to their security
// officer, and refuse.
func (t *Token) SetTrusted(ctx context.Context, o *Object, trusted bool) error {
	what := "set the trust of " + o.describe()
	err := t.do(ctx, what, whenSessionLost, func(s *session) error {
		h, err := t.at(s, o)
		if err != nil {
			return err
		}
		return t.module.calls.setAttributeValue(s.handle, h, []attribute{boolAttribute(p11.CKA_TRUSTED, trusted)})
	})
	if err == nil {
		o.Trusted = No
		if trusted {
			o.Trusted = Yes
		}
	}
	return err
}
