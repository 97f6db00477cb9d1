package pkcs11

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"

	p11 "github.com/miekg/pkcs11"

	"signet/cert"
)

// AddCertificate stores a certificate. Its CKA_ID is that of its private key if the token has
// one, so that other programs find the two together, or else the key identifier of RFC 5280. A
// certificate that is in the token already is refused.
func (t *Token) AddCertificate(ctx context.Context, c *x509.Certificate, label string) (*Entry, error) {
	what := fmt.Sprintf("add certificate %q", clip(label))
	all, err := t.Entries(ctx)
	if err != nil {
		return nil, err
	}
	id, err := cert.SubjectKeyID(c.PublicKey)
	if err != nil {
		return nil, &Error{Object: t.Name(), Op: what, Kind: ErrUnsupported, Cause: err.Error()}
	}
	e := &Entry{}
	for _, other := range all {
		if other.Certificate != nil && bytes.Equal(other.Certificate.Raw, c.Raw) {
			return nil, &Error{Object: t.Name(), Op: what, Kind: ErrExists, Cause: "the token has it as " + other.Certificate.describe()}
		}
		if other.Private != nil && sameKey(other.PublicKey(), c.PublicKey) {
			if len(other.Private.ID) > 0 {
				id = other.Private.ID
			}
			e.Public, e.Private, e.guessed = other.Public, other.Private, other.guessed
		}
	}
	serial, err := asn1.Marshal(c.SerialNumber)
	if err != nil {
		return nil, &Error{Object: t.Name(), Op: what, Kind: ErrUnsupported, Cause: "its serial number cannot be written"}
	}
	o, err := t.create(ctx, what, Certificate, []attribute{
		ulongAttribute(p11.CKA_CERTIFICATE_TYPE, p11.CKC_X_509), boolAttribute(p11.CKA_PRIVATE, false),
		{p11.CKA_LABEL, []byte(label)}, {p11.CKA_ID, id}, {p11.CKA_SUBJECT, c.RawSubject}, {p11.CKA_ISSUER, c.RawIssuer},
		{p11.CKA_SERIAL_NUMBER, serial}, {p11.CKA_VALUE, c.Raw},
	})
	if err != nil {
		return nil, err
	}
	e.Certificate = o
	if !bytes.Equal(o.Raw, c.Raw) || o.Label != label || !bytes.Equal(o.ID, id) {
		return nil, t.undo(context.WithoutCancel(ctx), &Entry{Certificate: o}, t.notAsAsked(what, "it is read back otherwise than written"))
	}
	return e, nil
}

// AddKey copies a software key into the token, where it is as secret as one made there, though
// its history is not. Many tokens take no keys from outside, and say so with ErrUnsupported. A
// key that is in the token already is refused.
func (t *Token) AddKey(ctx context.Context, key crypto.Signer, label string) (*Entry, error) {
	what := fmt.Sprintf("add key %q", clip(label))
	spec, err := cert.SpecOf(key.Public())
	if err != nil {
		return nil, &Error{Object: t.Name(), Op: what, Kind: ErrUnsupported, Cause: err.Error()}
	}
	// A key that the token could keep and not use is refused first.
	could := &Signer{token: t, public: key.Public()}
	if _, whole := could.whole(crypto.SHA256, crypto.SHA256); !whole && !t.has(could.raw(crypto.SHA256)) {
		return nil, t.unsupported(what, could.raw(crypto.SHA256))
	}
	id, err := cert.SubjectKeyID(key.Public())
	if err != nil {
		return nil, err
	}
	all, err := t.Entries(ctx)
	if err != nil {
		return nil, err
	}
	for _, other := range all {
		if other.Private != nil && sameKey(other.PublicKey(), key.Public()) {
			return nil, &Error{Object: t.Name(), Op: what, Kind: ErrExists, Cause: "the token has it as " + other.Private.describe()}
		}
	}
	if err := t.freeID(ctx, what, id, &Entry{Public: &Object{Class: PublicKey, Public: key.Public()}}); err != nil {
		return nil, err
	}
	pub, priv, err := halves(key)
	if err != nil {
		return nil, &Error{Object: t.Name(), Op: what, Kind: ErrUnsupported, Cause: err.Error()}
	}
	defer wipe(priv)
	names := []attribute{{p11.CKA_LABEL, []byte(label)}, {p11.CKA_ID, id}}
	e := &Entry{}
	if e.Private, err = t.create(ctx, what, PrivateKey, append(append(priv, private()...), names...)); err != nil {
		return nil, err
	}
	after := context.WithoutCancel(ctx)
	e.Public, err = t.create(after, what, PublicKey, append(append(pub, names...),
		boolAttribute(p11.CKA_PRIVATE, false), boolAttribute(p11.CKA_VERIFY, true)))
	if err == nil {
		err = t.asAsked(what, e, e, spec)
	}
	if err == nil {
		if e.Private.Public == nil {
			e.Private.Public = e.Public.Public
		}
		var s *Signer
		if s, err = t.Signer(after, e); err == nil {
			err = s.prove(after)
		}
	}
	if err != nil {
		return nil, t.undo(after, e, err)
	}
	return e, nil
}

// create makes an object and reads it back.
func (t *Token) create(ctx context.Context, what string, class Class, list []attribute) (*Object, error) {
	list = append([]attribute{ulongAttribute(p11.CKA_CLASS, class.cko()), boolAttribute(p11.CKA_TOKEN, true)}, list...)
	var h objectHandle
	age := 0
	err := t.do(ctx, what, whenSessionLost, func(s *session) (err error) {
		age = s.age
		h, err = t.module.calls.createObject(s.handle, list)
		return err
	})
	if err != nil {
		return nil, err
	}
	made := &Object{Class: class}
	made.place.Store(&place{h, age})
	var o *Object
	err = t.do(context.WithoutCancel(ctx), what, whenSessionLost, func(s *session) error {
		at, err := t.at(s, made)
		if err != nil {
			return err
		}
		o, err = t.object(s, class, at)
		return err
	})
	if err == nil && o == nil {
		err = t.notAsAsked(what, "it is not found again")
	}
	if err != nil {
		return nil, t.undo(context.WithoutCancel(ctx), &Entry{Private: made}, err)
	}
	return o, nil
}

// halves gives the attributes of the two halves of a software key (PKCS #11 v2.40, sections
// 2.1.2, 2.1.3, 2.3.3 and 2.3.4 of the mechanisms).
func halves(key crypto.Signer) (public, private []attribute, err error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if len(k.Primes) != 2 {
			return nil, nil, fmt.Errorf("an RSA key with %d primes has no place in a token", len(k.Primes))
		}
		k.Precompute()
		kind, n := ulongAttribute(p11.CKA_KEY_TYPE, p11.CKK_RSA), attribute{p11.CKA_MODULUS, k.N.Bytes()}
		e := attribute{p11.CKA_PUBLIC_EXPONENT, big.NewInt(int64(k.E)).Bytes()}
		return []attribute{kind, n, e}, []attribute{kind, n, e,
			{p11.CKA_PRIVATE_EXPONENT, k.D.Bytes()}, {p11.CKA_PRIME_1, k.Primes[0].Bytes()}, {p11.CKA_PRIME_2, k.Primes[1].Bytes()},
			{p11.CKA_EXPONENT_1, k.Precomputed.Dp.Bytes()}, {p11.CKA_EXPONENT_2, k.Precomputed.Dq.Bytes()},
			{p11.CKA_COEFFICIENT, k.Precomputed.Qinv.Bytes()}}, nil
	case *ecdsa.PrivateKey:
		kind, params := ulongAttribute(p11.CKA_KEY_TYPE, p11.CKK_EC), attribute{p11.CKA_EC_PARAMS, paramsOf(k.Curve)}
		point, err := k.PublicKey.Bytes()
		if err != nil {
			return nil, nil, err
		}
		value, err := k.Bytes()
		if err != nil {
			return nil, nil, err
		}
		return []attribute{kind, params, octets(point)}, []attribute{kind, params, {p11.CKA_VALUE, value}}, nil
	case ed25519.PrivateKey:
		kind, params := ulongAttribute(p11.CKA_KEY_TYPE, ckkECEdwards), attribute{p11.CKA_EC_PARAMS, edwards25519()[1]}
		return []attribute{kind, params, octets(k.Public().(ed25519.PublicKey))}, []attribute{kind, params, {p11.CKA_VALUE, k.Seed()}}, nil
	}
	return nil, nil, fmt.Errorf("a key of type %T cannot leave where it is", key)
}

func octets(point []byte) attribute {
	wrapped, _ := asn1.Marshal(point) // of an OCTET STRING
	return attribute{p11.CKA_EC_POINT, wrapped}
}

// wipe clears the secret numbers that were copied out of a key.
func wipe(list []attribute) {
	for _, a := range list {
		switch a.kind {
		case p11.CKA_VALUE, p11.CKA_PRIVATE_EXPONENT, p11.CKA_PRIME_1, p11.CKA_PRIME_2, p11.CKA_EXPONENT_1, p11.CKA_EXPONENT_2, p11.CKA_COEFFICIENT:
			clear(a.value)
		}
	}
}
