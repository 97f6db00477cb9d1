package pkcs11

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"sync/atomic"

	p11 "github.com/miekg/pkcs11"
)

// Class is the kind of an object.
type Class int

// The classes that matter here. Others are not looked at.
const (
	Certificate Class = iota + 1
	PublicKey
	PrivateKey
)

// String gives the word for the class in a URI (RFC 7512 section 2.3).
func (c Class) String() string {
	switch c {
	case Certificate:
		return "cert"
	case PublicKey:
		return "public"
	case PrivateKey:
		return "private"
	}
	return "unknown"
}

// cko gives the class as PKCS #11 numbers it.
func (c Class) cko() uint {
	switch c {
	case Certificate:
		return p11.CKO_CERTIFICATE
	case PublicKey:
		return p11.CKO_PUBLIC_KEY
	}
	return p11.CKO_PRIVATE_KEY
}

// Flag is an attribute that is true, false, or not told by the token.
type Flag string

// The values of a Flag.
const (
	Unknown Flag = "unknown"
	No      Flag = "no"
	Yes     Flag = "yes"
)

// Object is a certificate or a key in a token, as it was when it was listed.
type Object struct {
	Class       Class
	ID          []byte            // CKA_ID; empty if it has none
	Label       string            // CKA_LABEL
	Certificate *x509.Certificate // nil for keys, and for a certificate that cannot be parsed
	Raw         []byte            // the certificate's bytes
	Public      crypto.PublicKey  // nil if the token does not tell it, or if it is of a foreign kind
	Trusted     Flag              // CKA_TRUSTED, of a certificate
	Modifiable  Flag              // CKA_MODIFIABLE
	Signs       Flag              // CKA_SIGN, and the following, of a private key
	Sensitive   Flag              // CKA_SENSITIVE
	Extractable Flag              // CKA_EXTRACTABLE
	Local       Flag              // CKA_LOCAL: it was made in the token
	EachTime    Flag              // CKA_ALWAYS_AUTHENTICATE: each signature wants the PIN

	learned bool // Public is that of the public key beside it, which was found by ID or label
	place   atomic.Pointer[place]
}

// place is where an object was found. Handles go stale with a token that was removed.
type place struct {
	handle objectHandle
	age    int
}

// maxObjects is how many objects of a class are listed. A module that never ends its list must
// not fill the memory.
const maxObjects = 1 << 20

// Objects lists the certificates, public keys and private keys of the token, each class in the
// token's order.
func (t *Token) Objects(ctx context.Context) ([]*Object, error) {
	var all []*Object
	err := t.do(ctx, "list", whenAnyFault, func(s *session) error {
		all = nil
		if err := t.stillIn(s); err != nil {
			return err
		}
		for _, class := range []Class{Certificate, PublicKey, PrivateKey} {
			handles, err := t.search(s, []attribute{
				ulongAttribute(p11.CKA_CLASS, class.cko()), boolAttribute(p11.CKA_TOKEN, true)})
			if err != nil {
				return err
			}
			for _, h := range handles {
				o, err := t.object(s, class, h)
				if err != nil {
					return err
				}
				if o != nil {
					all = append(all, o)
				}
			}
		}
		return nil
	})
	return all, err
}

// search gives the handles of the objects that have these attributes.
func (t *Token) search(s *session, template []attribute) ([]objectHandle, error) {
	const atOnce = 256
	c := t.module.calls
	if err := c.findObjectsInit(s.handle, template); err != nil {
		return nil, err
	}
	var all []objectHandle
	for {
		some, err := c.findObjects(s.handle, atOnce)
		if err != nil {
			_ = c.findObjectsFinal(s.handle)
			return nil, err
		}
		if len(some) == 0 {
			return all, c.findObjectsFinal(s.handle)
		}
		if all = append(all, some...); len(all) > maxObjects {
			_ = c.findObjectsFinal(s.handle)
			return nil, fmt.Errorf("%s: list: more than %d objects of a class", t.Name(), maxObjects)
		}
	}
}

// object reads one object; nil: it was deleted meanwhile.
func (t *Token) object(s *session, class Class, h objectHandle) (*Object, error) {
	kinds := []uint{p11.CKA_ID, p11.CKA_LABEL, p11.CKA_MODIFIABLE}
	switch class {
	case Certificate:
		kinds = append(kinds, p11.CKA_VALUE, p11.CKA_TRUSTED)
	case PublicKey:
		kinds = append(kinds, p11.CKA_KEY_TYPE)
	case PrivateKey:
		kinds = append(kinds, p11.CKA_KEY_TYPE, p11.CKA_SIGN, p11.CKA_SENSITIVE, p11.CKA_EXTRACTABLE, p11.CKA_LOCAL, p11.CKA_ALWAYS_AUTHENTICATE)
	}
	a, err := t.read(s, h, kinds...)
	if err != nil {
		if codeOf(err) == p11.CKR_OBJECT_HANDLE_INVALID {
			return nil, nil
		}
		return nil, err
	}
	o := &Object{
		Class: class, ID: a.bytes(p11.CKA_ID), Label: string(a.bytes(p11.CKA_LABEL)),
		Modifiable: a.flag(p11.CKA_MODIFIABLE), Trusted: a.flag(p11.CKA_TRUSTED),
		Signs: a.flag(p11.CKA_SIGN), Sensitive: a.flag(p11.CKA_SENSITIVE), Extractable: a.flag(p11.CKA_EXTRACTABLE),
		Local: a.flag(p11.CKA_LOCAL), EachTime: a.flag(p11.CKA_ALWAYS_AUTHENTICATE),
	}
	o.place.Store(&place{h, s.age})
	if class == Certificate {
		o.Raw = a.bytes(p11.CKA_VALUE)
		if o.Certificate, err = x509.ParseCertificate(o.Raw); err == nil {
			o.Public = o.Certificate.PublicKey
		}
		return o, nil
	}
	o.Public, err = t.publicKey(s, h, a)
	return o, err
}

// at gives the handle of an object in this session. Handles belong to the token, not to the
// session, but not across a removal: then the object is looked for by what it was.
func (t *Token) at(s *session, o *Object) (objectHandle, error) {
	if p := o.place.Load(); p != nil && p.age == s.age {
		return p.handle, nil
	}
	template := []attribute{ulongAttribute(p11.CKA_CLASS, o.Class.cko()), boolAttribute(p11.CKA_TOKEN, true)}
	if len(o.ID) > 0 {
		template = append(template, attribute{p11.CKA_ID, o.ID})
	}
	if o.Label != "" {
		template = append(template, attribute{p11.CKA_LABEL, []byte(o.Label)})
	}
	handles, err := t.search(s, template)
	if err != nil {
		return 0, err
	}
	var found []objectHandle
	for _, h := range handles {
		now, err := t.object(s, o.Class, h)
		if err != nil {
			return 0, err
		}
		if now != nil && o.same(now) {
			found = append(found, h)
		}
	}
	if len(found) != 1 {
		e := &Error{Object: t.Name(), Op: "find " + o.describe() + " again", Kind: ErrNotFound, Fix: "list the token again"}
		if len(found) > 1 {
			e.Kind = ErrAmbiguous
		}
		return 0, e
	}
	o.place.Store(&place{found[0], s.age})
	return found[0], nil
}

// same reports whether two readings can be of one object.
func (o *Object) same(p *Object) bool {
	return o.Class == p.Class && slices.Equal(o.Raw, p.Raw) && (o.Public == nil || p.Public == nil || sameKey(o.Public, p.Public))
}

// describe names an object in errors.
func (o *Object) describe() string {
	words := map[Class]string{Certificate: "certificate", PublicKey: "public key", PrivateKey: "private key"}
	s := fmt.Sprintf("%s %q", words[o.Class], clip(o.Label))
	if len(o.ID) > 0 {
		s += fmt.Sprintf(" (id %s)", clip(fmt.Sprintf("%x", o.ID)))
	}
	return s
}
