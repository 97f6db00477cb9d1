package pkcs11

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	p11 "github.com/miekg/pkcs11"

	"signet/cert"
)

// Probe is what a token really does, as tried in a session that leaves nothing behind. Keys and
// objects are temporary (CKA_TOKEN false); a token may be stricter about those that stay.
type Probe struct {
	Version     int              `json:"version"` // of this form
	Token       TokenInfo        `json:"token"`
	Mechanisms  []ProbeMechanism `json:"mechanisms"`
	Keys        []ProbeKey       `json:"keys"`
	Repeats     ProbeRepeats     `json:"repeats"`
	Extractable ProbeExtractable `json:"extractable"`
	Import      ProbeAnswer      `json:"import"`  // of a software key
	ECPoint     PointEncoding    `json:"ecPoint"` // empty: no EC keys
	Sessions    ProbeSessions    `json:"sessions"`
	WrongPIN    *ProbeWrongPIN   `json:"wrongPin,omitempty"` // nil: not tried
	Before      int              `json:"objectsBefore"`
	After       int              `json:"objectsAfter"`
}

// probeVersion is the form of Probe.
const probeVersion = 1

// ProbeMechanism is a mechanism as the token lists it.
type ProbeMechanism struct {
	Name     string `json:"name"`
	MinKey   uint   `json:"minKey"`
	MaxKey   uint   `json:"maxKey"`
	Hardware bool   `json:"hardware"`
	Sign     bool   `json:"sign"`
	Generate bool   `json:"generate"`
}

// ProbeAnswer is whether something works, and what the token said if not.
type ProbeAnswer struct {
	Works bool   `json:"works"`
	Code  string `json:"code,omitempty"` // CKR name
}

// ProbeKey is one kind of key: whether the token makes it, and how it signs.
type ProbeKey struct {
	Kind  string      `json:"kind"`
	Makes ProbeAnswer `json:"makes"`
	Signs ProbeAnswer `json:"signs"`
	PSS   ProbeAnswer `json:"pss"` // RSA only
}

// ProbeRepeats is whether two keys may have the same label or CKA_ID.
type ProbeRepeats struct {
	Label ProbeAnswer `json:"label"`
	ID    ProbeAnswer `json:"id"`
}

// ProbeExtractable is whether a private key can be made that may leave the token.
type ProbeExtractable struct {
	Makes ProbeAnswer `json:"makes"`
	Kept  Flag        `json:"kept"`  // CKA_EXTRACTABLE as read back
	Plain bool        `json:"plain"` // its secret number could be read
}

// ProbeSessions is how many sessions there are.
type ProbeSessions struct {
	Told   int    `json:"told"`   // 0: no limit
	Opened int    `json:"opened"` // at once, of 32 that were tried
	Code   string `json:"code,omitempty"`
}

// ProbeWrongPIN is how the token reports a wrong PIN.
type ProbeWrongPIN struct {
	Code     string `json:"code"`
	CountLow bool   `json:"countLow"` // it then says that attempts are few
	FinalTry bool   `json:"finalTry"`
}

// ProbeOptions say what may be tried.
type ProbeOptions struct {
	// WrongPIN gives one wrong PIN on purpose before the right one, which resets the count. It is
	// refused where the token says that a wrong PIN was given before.
	WrongPIN bool
	// Keys are the kinds of keys to try; nil means all that signet makes. RSA keys of many bits
	// take a slow token minutes.
	Keys []cert.KeySpec
}

// ProbeToken finds out what the token that the URI names can do. It needs the user's PIN.
func ProbeToken(ctx context.Context, u URI, o Options, p ProbeOptions) (*Probe, error) {
	var wrong *ProbeWrongPIN
	if p.WrongPIN {
		var err error
		if wrong, err = probeWrongPIN(ctx, u, o); err != nil {
			return nil, err
		}
	}
	t, err := OpenToken(ctx, u, o)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	keys := p.Keys
	if keys == nil {
		keys = allKeys()
	}
	return t.probe(ctx, keys, wrong)
}

// allKeys are the kinds of keys that signet makes without being told to make weak ones.
func allKeys() []cert.KeySpec {
	all := []cert.KeySpec{}
	for _, bits := range []int{2048, 3072, 4096} {
		all = append(all, cert.KeySpec{Algorithm: cert.RSA, Bits: bits})
	}
	for _, c := range curves {
		all = append(all, cert.KeySpec{Algorithm: cert.EC, Bits: c.curve.Params().BitSize})
	}
	return append(all, cert.KeySpec{Algorithm: cert.Ed25519})
}

func (t *Token) probe(ctx context.Context, keys []cert.KeySpec, wrong *ProbeWrongPIN) (*Probe, error) {
	p := &Probe{Version: probeVersion, WrongPIN: wrong, Keys: []ProbeKey{}}
	err := t.do(ctx, "probe", never, func(s *session) (err error) {
		if p.Token, err = t.refresh(); err != nil {
			return err
		}
		if p.Mechanisms, err = t.probeMechanisms(); err != nil {
			return err
		}
		if p.Before, err = t.countObjects(s); err != nil {
			return err
		}
		for _, k := range keys {
			if err := ctx.Err(); err != nil {
				return err
			}
			made, err := t.probeKey(s, p, k)
			if err != nil {
				return err
			}
			p.Keys = append(p.Keys, made)
		}
		if err := t.probeObjects(s, p); err != nil {
			return err
		}
		p.After, err = t.countObjects(s)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.Sessions = t.probeSessions()
	if p.After != p.Before {
		return p, &Error{Object: t.Name(), Op: "probe", Kind: ErrDevice,
			Cause: fmt.Sprintf("there were %d objects before, and there are %d after", p.Before, p.After), Fix: "another program may have changed the token; list it"}
	}
	return p, nil
}

// countObjects counts all objects that can be seen, of every class.
func (t *Token) countObjects(s *session) (int, error) {
	all, err := t.search(s, nil)
	return len(all), err
}

func (t *Token) probeMechanisms() ([]ProbeMechanism, error) {
	slot := t.Info().Slot
	kinds, err := t.module.calls.getMechanismList(slot)
	if err != nil {
		return nil, err
	}
	slices.Sort(kinds)
	list := []ProbeMechanism{}
	for _, k := range kinds {
		f, err := t.module.calls.getMechanismInfo(slot, k)
		if err != nil {
			return nil, err
		}
		list = append(list, ProbeMechanism{mechanismName(k), f.minKey, f.maxKey, f.flags&p11.CKF_HW != 0,
			f.flags&p11.CKF_SIGN != 0, f.flags&p11.CKF_GENERATE_KEY_PAIR != 0})
	}
	return list, nil
}

// probeKey makes a temporary key pair of a kind, signs with it, and destroys it.
func (t *Token) probeKey(s *session, p *Probe, spec cert.KeySpec) (ProbeKey, error) {
	k := ProbeKey{Kind: spec.String()}
	pub, priv, err := t.temporary(s, spec, "signet probe", nil, private())
	if k.Makes = answer(err); err != nil {
		return k, severe(err)
	}
	defer t.discard(s, pub, priv)
	o, err := t.object(s, PublicKey, pub)
	if err != nil {
		return k, err
	}
	if o == nil || o.Public == nil {
		k.Signs = ProbeAnswer{Code: "its public key cannot be read"}
		return k, nil
	}
	if spec.Algorithm == cert.EC && p.ECPoint == "" {
		a, err := t.read(s, pub, p11.CKA_EC_PARAMS, p11.CKA_EC_POINT)
		if err != nil {
			return k, err
		}
		_, p.ECPoint = ecKey(a.bytes(p11.CKA_EC_PARAMS), a.bytes(p11.CKA_EC_POINT))
	}
	signer := &Signer{token: t, key: &Object{Class: PrivateKey, Label: "signet probe"}, public: o.Public}
	k.Signs, err = t.probeSign(s, signer, priv, plainOptions(signer))
	if err == nil && spec.Algorithm == cert.RSA {
		k.PSS, err = t.probeSign(s, signer, priv, pssOptions())
	}
	return k, err
}

// probeSign signs a challenge with a temporary key and verifies it.
func (t *Token) probeSign(s *session, signer *Signer, key objectHandle, opts crypto.SignerOpts) (ProbeAnswer, error) {
	c := newChallenge()
	m, data, err := signer.forMessage(c, opts)
	if err == nil {
		var signature []byte
		if err = t.module.calls.signInit(s.handle, m, key); err == nil {
			signature, err = t.module.calls.sign(s.handle, data)
		}
		if err == nil {
			signature, err = signer.finish(signature)
		}
		if err == nil && !verifies(signer.public, c, signature, opts) {
			return ProbeAnswer{Code: "the signature does not verify"}, nil
		}
	}
	return answer(err), severe(err)
}

// temporary makes a key pair that lasts no longer than the session.
func (t *Token) temporary(s *session, spec cert.KeySpec, label string, id []byte, private []attribute) (pub, priv objectHandle, err error) {
	m, public, err := t.recipe("probe", spec)
	if err != nil {
		return 0, 0, err
	}
	if id == nil {
		id = make([]byte, 20)
		rand.Read(id) // never fails
	}
	both := []attribute{boolAttribute(p11.CKA_TOKEN, false), {p11.CKA_LABEL, []byte(label)}, {p11.CKA_ID, id}}
	return t.module.calls.generateKeyPair(s.handle, m, append(append(public, boolAttribute(p11.CKA_VERIFY, true)), both...), append(private, both...))
}

// discard destroys temporary objects. They would go with the session anyway.
func (t *Token) discard(s *session, list ...objectHandle) {
	for _, o := range list {
		_ = t.module.calls.destroyObject(s.handle, o)
	}
}

// answer makes an answer of a result.
func answer(err error) ProbeAnswer {
	if err == nil {
		return ProbeAnswer{Works: true}
	}
	if c := codeOf(err); c != 0 {
		return ProbeAnswer{Code: c.String()}
	}
	var e *Error
	if errors.As(err, &e) {
		return ProbeAnswer{Code: e.Cause}
	}
	return ProbeAnswer{Code: err.Error()}
}

// severe gives back an error that ends the probe: the token or the session went.
func severe(err error) error {
	if c := codeOf(err); lost(c) || gone(c) {
		return err
	}
	return nil
}
