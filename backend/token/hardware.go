// Package token is where private keys are that never leave: PKCS #11 tokens, as the hardware of
// a database (ring.Hardware, ring.Tokens), and each as a store of one ring. What PKCS #11 is and
// how tokens differ is in package pkcs11.
package token

import (
	"context"
	"crypto"
	"errors"
	"fmt"
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
	// PINFile reads the PIN from the file that pin-source of a URI names.
	PINFile func(path string) ([]byte, error)
	// ConfirmLast says whether the last attempt before the PIN is locked may be spent.
	ConfirmLast func(context.Context, pkcs11.TokenInfo) (bool, error)
}

// named takes over what a URI says besides the token: the module and where the PIN is.
func (o *Options) named(u pkcs11.URI) error {
	if u.ModulePath != "" {
		o.Module = u.ModulePath
	}
	if u.PINSource == "" {
		return nil
	}
	file, err := u.PINFile()
	if err != nil {
		return fmt.Errorf("%w: %w", err, ring.ErrInvalid)
	}
	if read := o.PINFile; read != nil {
		o.PIN = func(context.Context, pkcs11.Attempt) ([]byte, error) { return read(file) }
	}
	return nil
}

// Probe finds out what the token that a URI names can do.
func (o Options) Probe(ctx context.Context, u pkcs11.URI, p pkcs11.ProbeOptions) (*pkcs11.Probe, error) {
	if err := o.named(u); err != nil {
		return nil, err
	}
	if u.Token != "" {
		label, err := New(o).label(u.Token)
		if err != nil {
			return nil, err
		}
		u.Token = label
	}
	probe, err := pkcs11.ProbeToken(ctx, u, o.pkcs11(), p)
	return probe, classify(err)
}

func (o Options) pkcs11() pkcs11.Options {
	return pkcs11.Options{Module: o.Module, PIN: o.PIN, ConfirmLast: o.ConfirmLast}
}

// Hardware implements ring.Hardware over the tokens of one module. It is safe for concurrent
// use. Tokens are opened when they are needed first, and stay open.
type Hardware struct {
	options Options

	mu     sync.Mutex
	tokens map[string]*opening // by URI
	keys   map[ring.KeyRef]*pkcs11.Signer
}

var _ ring.Hardware = (*Hardware)(nil)

// New gives the hardware of a module. Nothing is loaded yet.
func New(o Options) *Hardware {
	return &Hardware{options: o, tokens: map[string]*opening{}, keys: map[ring.KeyRef]*pkcs11.Signer{}}
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
	if err := h.nameable(t); err != nil {
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
	return key{s.WithContext(ctx), ref}, nil
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
