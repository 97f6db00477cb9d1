// Package token is where private keys are that never leave: PKCS #11 tokens, as the hardware of
// a database (ring.Hardware, ring.Tokens), and each as a store of one ring. What PKCS #11 is and
// how tokens differ is in package pkcs11.
package token

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"strings"
	"sync"

	"signet/cert"
	"signet/pkcs11"
	"signet/ring"
)

// Options say which tokens there are and how their PINs come.
type Options struct {
	// Module is the path of the PKCS #11 module; empty where a URI names it.
	Module string
	// Default is the label of the token for keys that name none (RACDCERT's PKDS). Empty: the
	// only token that the module has.
	Default string
	// PIN gives the PIN of a token; nil: nobody logs in.
	PIN func(context.Context, pkcs11.Attempt) ([]byte, error)
	// ConfirmLast says whether the last attempt before the PIN is locked may be spent.
	ConfirmLast func(context.Context, pkcs11.TokenInfo) (bool, error)
}

func (o Options) pkcs11() pkcs11.Options {
	return pkcs11.Options{Module: o.Module, PIN: o.PIN, ConfirmLast: o.ConfirmLast}
}

// Hardware implements ring.Hardware over the tokens of one module. It is safe for concurrent
// use. Tokens are opened when they are needed first, and stay open.
type Hardware struct {
	options Options

	mu     sync.Mutex
	tokens map[string]*pkcs11.Token // by label
	keys   map[ring.KeyRef]*pkcs11.Signer
}

var _ ring.Hardware = (*Hardware)(nil)

// New gives the hardware of a module. Nothing is loaded yet.
func New(o Options) *Hardware {
	return &Hardware{options: o, tokens: map[string]*pkcs11.Token{}, keys: map[ring.KeyRef]*pkcs11.Signer{}}
}

// Close closes the tokens.
func (h *Hardware) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	for _, t := range h.tokens {
		errs = append(errs, t.Close())
	}
	clear(h.tokens)
	clear(h.keys)
	return errors.Join(errs...)
}

// token gives the open token of a label; empty is the default.
func (h *Hardware) token(ctx context.Context, label string) (*pkcs11.Token, error) {
	if label == "" {
		label = h.options.Default
	}
	return h.open(ctx, pkcs11.URI{Token: label})
}

// open gives the one open token that a URI names.
func (h *Hardware) open(ctx context.Context, u pkcs11.URI) (*pkcs11.Token, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := u.TokenOnly().String()
	if t := h.tokens[key]; t != nil {
		return t, nil
	}
	t, err := pkcs11.OpenToken(ctx, u.TokenOnly(), h.options.pkcs11())
	if err != nil {
		return nil, classify(err)
	}
	h.tokens[key] = t
	return t, nil
}

// key is a private key in a token.
type key struct {
	*pkcs11.Signer
	ref ring.KeyRef
}

// Ref implements ring.HardwareKey.
func (k key) Ref() ring.KeyRef { return k.ref }

// refOf names a private key: by the label of its token and its CKA_ID. Neither the module nor
// the serial number of the token is in it, so that a database serves several machines, and
// tokens that are copies of each other.
func refOf(t *pkcs11.Token, e *pkcs11.Entry) (ring.KeyRef, error) {
	u, err := t.KeyURI(e)
	if err != nil {
		return "", classify(err)
	}
	return ring.KeyRef(pkcs11.URI{Token: u.Token, Type: u.Type, ID: u.ID, Object: u.Object}.String()), nil
}

// Generate implements ring.Hardware.
func (h *Hardware) Generate(ctx context.Context, place ring.KeyPlace, spec cert.KeySpec) (crypto.Signer, error) {
	t, err := h.token(ctx, place.Token)
	if err != nil {
		return nil, err
	}
	label := place.Label
	if label == "" {
		label = "signet"
	}
	if place.PKDS {
		if err := freeLabel(ctx, t, label); err != nil {
			return nil, err
		}
	}
	e, err := t.Generate(ctx, spec, label)
	if err != nil {
		return nil, classify(err)
	}
	return h.signer(ctx, t, e)
}

// freeLabel refuses a label that a private key has. In the PKDS labels are unique.
func freeLabel(ctx context.Context, t *pkcs11.Token, label string) error {
	all, err := t.Entries(ctx)
	if err != nil {
		return classify(err)
	}
	for _, e := range all {
		if e.Private != nil && e.Private.Label == label {
			return fmt.Errorf("%s: private key %q: %w; choose another PKDS label", t.Name(), label, ring.ErrExists)
		}
	}
	return nil
}

// signer gives the signer of an entry, which is remembered under its reference.
func (h *Hardware) signer(ctx context.Context, t *pkcs11.Token, e *pkcs11.Entry) (crypto.Signer, error) {
	ref, err := refOf(t, e)
	if err != nil {
		return nil, err
	}
	s, err := t.Signer(ctx, e)
	if err != nil {
		return nil, classify(err)
	}
	h.mu.Lock()
	h.keys[ref] = s
	h.mu.Unlock()
	return key{s, ref}, nil
}

// Open implements ring.Hardware. A key that was opened before is not looked for again.
func (h *Hardware) Open(ctx context.Context, ref ring.KeyRef, public crypto.PublicKey) (crypto.Signer, error) {
	h.mu.Lock()
	s := h.keys[ref]
	h.mu.Unlock()
	if s == nil {
		t, u, err := h.tokenOf(ctx, ref)
		if err != nil {
			return nil, err
		}
		if s, err = t.Key(ctx, u); err != nil {
			return nil, classify(err)
		}
		h.mu.Lock()
		h.keys[ref] = s
		h.mu.Unlock()
	}
	if !cert.SameKey(s.Public(), public) {
		return nil, fmt.Errorf("key %s: it is not that of the certificate: %w", ref, ring.ErrInvalid)
	}
	return key{s.WithContext(ctx), ref}, nil
}

// tokenOf opens the token of a reference.
func (h *Hardware) tokenOf(ctx context.Context, ref ring.KeyRef) (*pkcs11.Token, pkcs11.URI, error) {
	u, err := pkcs11.ParseURI(string(ref))
	if err != nil {
		return nil, u, fmt.Errorf("key %s: %w: %w", ref, err, ring.ErrInvalid)
	}
	t, err := h.open(ctx, u)
	return t, u, err
}

// Destroy implements ring.Hardware. A key whose certificate lies in the token, too, is the
// token's and stays.
func (h *Hardware) Destroy(ctx context.Context, ref ring.KeyRef) error {
	t, u, err := h.tokenOf(ctx, ref)
	if err != nil {
		return err
	}
	u.Type = "" // the certificate and the public key have the same ID
	all, err := t.Entries(ctx)
	if err != nil {
		return classify(err)
	}
	var keyOnly *pkcs11.Entry
	for _, e := range all {
		if e.Private == nil {
			continue
		}
		if is, err := refOf(t, e); err != nil || is != ref {
			continue
		}
		if e.Certificate != nil {
			return nil
		}
		keyOnly = e
	}
	if keyOnly == nil {
		return fmt.Errorf("key %s: %w", ref, ring.ErrNotFound)
	}
	h.mu.Lock()
	delete(h.keys, ref)
	h.mu.Unlock()
	return classify(t.Delete(ctx, keyOnly))
}

// classify gives an error of a token the class that the rules know, so that the return code fits.
func classify(err error) error {
	if err == nil {
		return nil
	}
	for _, c := range []struct{ is, class error }{
		{pkcs11.ErrNotFound, ring.ErrNotFound}, {pkcs11.ErrNoToken, ring.ErrNotFound}, {pkcs11.ErrExists, ring.ErrExists},
		{pkcs11.ErrUnsupported, ring.ErrUnsupported}, {pkcs11.ErrNoCGO, ring.ErrUnsupported}, {pkcs11.ErrReadOnly, ring.ErrRefused},
		{pkcs11.ErrPIN, ring.ErrRefused}, {pkcs11.ErrPINLocked, ring.ErrRefused}, {pkcs11.ErrPINNeeded, ring.ErrRefused},
		{pkcs11.ErrAmbiguous, ring.ErrInvalid}, {pkcs11.ErrNoModule, ring.ErrInvalid},
	} {
		if errors.Is(err, c.is) {
			return classed{err, c.class}
		}
	}
	return err
}

// classed is an error with a class that its text does not repeat.
type classed struct {
	error
	class error
}

func (c classed) Unwrap() []error { return []error{c.error, c.class} }

// sameName compares the name of a token as RACF folds it with a label.
func sameName(name, label string) bool { return strings.EqualFold(name, label) }
