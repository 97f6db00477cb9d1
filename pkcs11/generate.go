package pkcs11

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"

	p11 "github.com/miekg/pkcs11"

	"signet/cert"
)

// Generate makes a key pair in the token: it never leaves it, and it signs only. The label may
// be in the token already; the CKA_ID is new: the key identifier of RFC 5280, which certificates
// carry, or a random one where the token does not let it be set afterwards. What was made is
// read back, must have the attributes that were asked for, and signs a challenge; otherwise it
// is destroyed again.
func (t *Token) Generate(ctx context.Context, spec cert.KeySpec, label string) (*Entry, error) {
	if err := spec.Check(); err != nil {
		return nil, err
	}
	what := fmt.Sprintf("generate %s %q", spec, clip(label))
	m, public, err := t.recipe(what, spec)
	if err != nil {
		return nil, err
	}
	id := make([]byte, 20)
	rand.Read(id) // never fails
	both := []attribute{boolAttribute(p11.CKA_TOKEN, true), {p11.CKA_LABEL, []byte(label)}, {p11.CKA_ID, id}}
	public = append(append(public, both...), boolAttribute(p11.CKA_PRIVATE, false), boolAttribute(p11.CKA_VERIFY, true))
	private := append(private(), both...)
	var pub, priv objectHandle
	age := 0
	err = t.do(ctx, what, whenSessionLost, func(s *session) (err error) {
		age = s.age
		pub, priv, err = t.module.calls.generateKeyPair(s.handle, m, public, private)
		return err
	})
	if err != nil {
		return nil, err
	}
	e := &Entry{Public: &Object{Class: PublicKey, ID: id, Label: label}, Private: &Object{Class: PrivateKey, ID: id, Label: label}}
	e.Public.place.Store(&place{pub, age})
	e.Private.place.Store(&place{priv, age})
	// From here on the keys exist: a context that ends must not leave them behind unproved.
	after := context.WithoutCancel(ctx)
	made, err := t.accept(after, what, e, spec)
	if err == nil && ctx.Err() != nil {
		err = fmt.Errorf("%s: %s: %w", t.Name(), what, ctx.Err())
	}
	if err != nil {
		return nil, t.undo(after, e, err)
	}
	return made, nil
}

// private is what a private key must be: secret, not to be taken out, and for signing only.
func private() []attribute {
	return []attribute{
		boolAttribute(p11.CKA_PRIVATE, true), boolAttribute(p11.CKA_SENSITIVE, true), boolAttribute(p11.CKA_EXTRACTABLE, false),
		boolAttribute(p11.CKA_SIGN, true), boolAttribute(p11.CKA_DECRYPT, false), boolAttribute(p11.CKA_UNWRAP, false),
	}
}

// recipe gives the mechanism and the public attributes that make a kind of key.
func (t *Token) recipe(what string, spec cert.KeySpec) (m mechanism, public []attribute, err error) {
	algorithm, bits := kind(spec)
	switch algorithm {
	case cert.RSA:
		m.kind = p11.CKM_RSA_PKCS_KEY_PAIR_GEN
		public = []attribute{ulongAttribute(p11.CKA_MODULUS_BITS, uint(bits)), {p11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}}}
	case cert.Ed25519:
		m.kind = ckmECEdwardsKeyPairGen
		public = []attribute{{p11.CKA_EC_PARAMS, edwards25519()[1]}}
	default:
		m.kind = p11.CKM_EC_KEY_PAIR_GEN
		for _, c := range curves {
			if c.curve.Params().BitSize == bits {
				public = []attribute{{p11.CKA_EC_PARAMS, paramsOf(c.curve)}}
			}
		}
	}
	if !t.has(m.kind) {
		return m, nil, t.unsupported(what, m.kind)
	}
	facts, err := t.module.calls.getMechanismInfo(t.Info().Slot, m.kind)
	if err != nil {
		return m, nil, fault(t.Name(), what, err)
	}
	if n := uint(bits); algorithm != cert.Ed25519 && facts.maxKey > 0 && (n < facts.minKey || n > facts.maxKey) {
		return m, nil, &Error{Object: t.Name(), Op: what, Kind: ErrUnsupported,
			Cause: fmt.Sprintf("the token makes such keys with %d to %d bits", facts.minKey, facts.maxKey)}
	}
	return m, public, nil
}

// accept reads new keys back, gives them their lasting CKA_ID and proves that they work.
func (t *Token) accept(ctx context.Context, what string, e *Entry, spec cert.KeySpec) (*Entry, error) {
	made := &Entry{}
	err := t.do(ctx, what, whenSessionLost, func(s *session) error {
		pub, err := t.at(s, e.Public)
		if err != nil {
			return err
		}
		priv, err := t.at(s, e.Private)
		if err != nil {
			return err
		}
		if made.Public, err = t.object(s, PublicKey, pub); err != nil {
			return err
		}
		made.Private, err = t.object(s, PrivateKey, priv)
		return err
	})
	if err != nil {
		return nil, err
	}
	if made.Public == nil || made.Private == nil {
		return nil, t.notAsAsked(what, "the new keys are not found again")
	}
	if err := t.asAsked(what, made, e, spec); err != nil {
		return nil, err
	}
	if made.Private.Public == nil {
		made.Private.Public = made.Public.Public
	}
	if err := t.settleID(ctx, what, made); err != nil {
		return nil, err
	}
	s, err := t.Signer(ctx, made)
	if err != nil {
		return nil, err
	}
	return made, s.prove(ctx)
}

// asAsked compares keys with what was asked for.
func (t *Token) asAsked(what string, made, asked *Entry, spec cert.KeySpec) error {
	k := made.Private
	got, err := cert.SpecOf(made.Public.Public)
	switch {
	case err != nil || got.String() != spec.String():
		return t.notAsAsked(what, fmt.Sprintf("the public key is read back as another kind of key than %s", spec))
	case k.Public != nil && !sameKey(k.Public, made.Public.Public):
		return t.notAsAsked(what, "the private key does not belong to the public key")
	case k.Sensitive != Yes:
		return t.notAsAsked(what, "the private key is not sensitive")
	case k.Extractable != No:
		return t.notAsAsked(what, "the private key can be taken out")
	case k.Signs == No:
		return t.notAsAsked(what, "the private key may not sign")
	case k.Label != asked.Private.Label || made.Public.Label != asked.Public.Label:
		return t.notAsAsked(what, "the token keeps another label")
	case !bytes.Equal(k.ID, made.Public.ID):
		return t.notAsAsked(what, "the keys have different ids")
	}
	return nil
}

func (t *Token) notAsAsked(what, cause string) error {
	return &Error{Object: t.Name(), Op: what, Kind: ErrUnsupported, Cause: cause, Fix: fixMechanism}
}

// settleID replaces the first, random CKA_ID by the key identifier, which is the same in every
// token. A token that does not let it change keeps the random one.
func (t *Token) settleID(ctx context.Context, what string, e *Entry) error {
	id, err := cert.SubjectKeyID(e.Public.Public)
	if err != nil {
		return err
	}
	switch err := t.setBoth(ctx, what, e, attribute{p11.CKA_ID, id}); {
	case err == nil:
		e.Public.ID, e.Private.ID = id, id
		return nil
	case codeOf(err) == p11.CKR_ATTRIBUTE_READ_ONLY || codeOf(err) == p11.CKR_ACTION_PROHIBITED:
		return t.setBoth(ctx, what, &Entry{Public: e.Public}, attribute{p11.CKA_ID, e.Private.ID})
	default:
		return err
	}
}

// setBoth sets an attribute of all objects of an entry.
func (t *Token) setBoth(ctx context.Context, what string, e *Entry, a attribute) error {
	return t.do(ctx, what, whenSessionLost, func(s *session) error {
		for _, o := range e.Objects() {
			h, err := t.at(s, o)
			if err != nil {
				return err
			}
			if err := t.module.calls.setAttributeValue(s.handle, h, []attribute{a}); err != nil {
				return err
			}
		}
		return nil
	})
}

// undo destroys what was made after it turned out to be no good, and says so.
func (t *Token) undo(ctx context.Context, e *Entry, cause error) error {
	for _, o := range e.Objects() {
		if err := t.destroy(ctx, o); err != nil {
			return fmt.Errorf("%w (and it could not be destroyed again, so that %s is still in the token: %v)", cause, o.describe(), err)
		}
	}
	return fmt.Errorf("%w (it was destroyed again)", cause)
}

// kind gives the algorithm and the size of a key spec, with what its zero values stand for.
func kind(spec cert.KeySpec) (cert.KeyAlgorithm, int) {
	whole, err := cert.ParseKeySpec(spec.String())
	if err != nil {
		return spec.Algorithm, spec.Bits
	}
	return whole.Algorithm, whole.Bits
}
