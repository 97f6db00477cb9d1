package pkcs11

import (
	"context"
	"crypto"
	"fmt"
	"io"

	p11 "github.com/miekg/pkcs11"

	"signet/cert"
)

// Signer is a private key in a token, as a crypto.Signer and a crypto.MessageSigner. It is safe
// for concurrent use, up to the sessions of its token at once.
type Signer struct {
	token  *Token
	key    *Object
	public crypto.PublicKey
	ctx    context.Context
}

// Signer gives the private key of an entry for signing. Where the token does not tell the public
// half of the key and it was paired by CKA_ID or label, it signs once to prove that they belong
// together.
func (t *Token) Signer(ctx context.Context, e *Entry) (*Signer, error) {
	public := e.PublicKey()
	switch {
	case e.Conflict != nil:
		return nil, e.Conflict
	case e.Private == nil:
		return nil, &Error{Object: t.Name(), Op: e.describe(), Kind: ErrNotFound, Cause: "the token has no private key for it", Fix: t.loginHint()}
	case public == nil:
		return nil, &Error{Object: t.Name(), Op: e.describe(), Kind: ErrNotFound,
			Cause: "the token tells its public key nowhere", Fix: "import its certificate or its public key"}
	case e.Private.Signs == No:
		return nil, &Error{Object: t.Name(), Op: e.describe(), Kind: ErrUnsupported, Cause: "the key may not sign: CKA_SIGN is false"}
	}
	if _, err := cert.SpecOf(public); err != nil {
		return nil, &Error{Object: t.Name(), Op: e.describe(), Kind: ErrUnsupported, Cause: err.Error()}
	}
	s := &Signer{t, e.Private, public, context.WithoutCancel(ctx)}
	if e.guessed {
		if err := s.prove(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// WithContext gives the same signer with a context that its signatures heed between calls of
// the token; crypto.Signer has no place for one.
func (s *Signer) WithContext(ctx context.Context) *Signer {
	with := *s
	with.ctx = ctx
	return &with
}

// Public gives the public key.
func (s *Signer) Public() crypto.PublicKey { return s.public }

// Key gives the private key's object.
func (s *Signer) Key() *Object { return s.key }

// Sign signs a digest, or a message with Ed25519: PKCS #1 v1.5 or, with *rsa.PSSOptions, PSS for
// an RSA key; ECDSA as DER. The random source is the token's own.
func (s *Signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	m, data, err := s.forDigest(digest, opts)
	if err != nil {
		return nil, err
	}
	return s.sign(s.ctx, m, data)
}

// SignMessage signs a message, which it hashes with the hash of opts, or leaves to the token to
// hash where the token wants that.
func (s *Signer) SignMessage(_ io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	m, data, err := s.forMessage(message, opts)
	if err != nil {
		return nil, err
	}
	return s.sign(s.ctx, m, data)
}

// forMessage gives the mechanism and the data that make the signature of a message: the digest,
// unless the token wants to hash.
func (s *Signer) forMessage(message []byte, opts crypto.SignerOpts) (mechanism, []byte, error) {
	hash := opts.HashFunc()
	if hash == 0 {
		return s.forDigest(message, opts)
	}
	if m, ok := s.whole(hash, opts); ok && !s.token.has(s.raw(opts)) {
		return m, message, nil
	}
	if !hash.Available() {
		return mechanism{}, nil, s.refuse(fmt.Sprintf("the hash %v is not linked into this program", hash))
	}
	h := hash.New()
	h.Write(message)
	return s.forDigest(h.Sum(nil), opts)
}

// sign makes one signature in one session.
func (s *Signer) sign(ctx context.Context, m mechanism, data []byte) ([]byte, error) {
	var signature []byte
	lookedUp := false
	err := s.token.do(ctx, "sign with "+s.key.describe(), whenAnyFault, func(on *session) error {
		c := s.token.module.calls
		for {
			key, err := s.token.at(on, s.key)
			if err != nil {
				return err
			}
			err = c.signInit(on.handle, m, key)
			if code := codeOf(err); !lookedUp && (code == p11.CKR_KEY_HANDLE_INVALID || code == p11.CKR_OBJECT_HANDLE_INVALID) {
				lookedUp = true // another program may have written the token anew
				s.key.place.Store(nil)
				continue
			}
			if err != nil {
				return err
			}
			break
		}
		if s.key.EachTime == Yes {
			if err := s.token.present(ctx, *on, p11.CKU_CONTEXT_SPECIFIC, Attempt{Again: true, Key: s.key.Label}); err != nil {
				return err
			}
		}
		var err error
		signature, err = c.sign(on.handle, data)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.finish(signature)
}

// prove signs a random challenge and verifies it with the public key.
func (s *Signer) prove(ctx context.Context) error {
	c, opts := newChallenge(), plainOptions(s)
	signature, err := s.WithContext(ctx).SignMessage(nil, c, opts)
	if err != nil {
		return err
	}
	if !verifies(s.public, c, signature, opts) {
		return &Error{Object: s.token.Name(), Op: s.key.describe(), Kind: ErrDevice,
			Cause: "its signature does not verify with the public key beside it", Fix: "the ids or labels in the token are mixed up, or the token is broken"}
	}
	return nil
}

// refuse is the error for a signature that this key cannot make.
func (s *Signer) refuse(cause string) error {
	return &Error{Object: s.token.Name(), Op: "sign with " + s.key.describe(), Kind: ErrUnsupported, Cause: cause}
}
