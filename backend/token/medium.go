package token

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"signet/backend/onering"
	"signet/cert"
	"signet/export/keystore"
	"signet/pkcs11"
	"signet/ring"
)

// FormatToken is what ring.OneRing.Format says of a token.
const FormatToken = "PKCS11"

// Open opens the token that a URI names as a store of one ring: its private keys with their
// certificates are those of one user, its other certificates those of CERTAUTH. The store and
// the hardware that makes its keys come together.
func Open(ctx context.Context, uri string, user ring.Owner, o Options) (*onering.Store, *Hardware, error) {
	u, err := pkcs11.ParseURI(uri)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", err, ring.ErrInvalid)
	}
	if err := o.named(u); err != nil {
		return nil, nil, err
	}
	h := New(o)
	t, err := h.open(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	h.options.Default = t.Info().Label
	h.also(pkcs11.URI{Token: t.Info().Label}, t)
	return onering.New(&medium{token: t, hardware: h, turn: make(chan struct{}, 1)}, user, nil, 0), h, nil
}

// medium is a token that a ring lies in.
type medium struct {
	token    *pkcs11.Token
	hardware *Hardware
	turn     chan struct{}
	half     sync.RWMutex // held by Save: what is half done is not read
}

func (m *medium) Name() string           { return m.token.Name() }
func (m *medium) RingName() string       { return strings.ReplaceAll(m.token.Info().Label, " ", "_") }
func (m *medium) Format() string         { return FormatToken }
func (m *medium) Missing() bool          { return false }
func (m *medium) Ready() error           { return nil }
func (m *medium) Folds() bool            { return false }
func (m *medium) Distrusts() bool        { return false }
func (m *medium) Defaults() bool         { return false }
func (m *medium) KeepsChains() bool      { return false }
func (m *medium) Forget()                {}
func (m *medium) Classify(e error) error { return e }

func (m *medium) TrustRule() string {
	return "every certificate in a token is trusted: only its security officer may say so with CKA_TRUSTED"
}

// Alias gives a label as CKA_LABEL has it.
func (m *medium) Alias(label string) (string, error) { return label, nil }

// Lock keeps other changes of this process out. A token has no lock that another process could
// see: Save looks whether it is still what was read.
func (m *medium) Lock(ctx context.Context, _ time.Duration) (func(), error) {
	select {
	case m.turn <- struct{}{}:
		return func() { <-m.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// CheckKey takes the keys that are in the token and those that can be copied into one. Whether
// it takes one from outside is for the token to say.
func (m *medium) CheckKey(k crypto.Signer) error {
	switch k := k.(type) {
	case key:
		if ref := k.ref; !strings.EqualFold(ref.Token(), m.token.Info().Label) {
			return fmt.Errorf("the private key is in token %q, which it never leaves", ref.Token())
		}
		return nil
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
		return nil
	}
	return errors.New("the private key cannot be copied")
}

// lain is an entry of the token behind one of the ring.
type lain struct{ entry *pkcs11.Entry }

// tokenKey is a private key of the token as a keystore.Key.
type tokenKey struct {
	medium *medium
	entry  *pkcs11.Entry
}

// Open implements keystore.Key.
func (k tokenKey) Open([]byte) (crypto.Signer, error) {
	return k.medium.hardware.signer(context.Background(), k.medium.token, k.entry)
}

// KeyRef tells that the key is in a token, which it never leaves.
func (k tokenKey) KeyRef() ring.KeyRef {
	ref, err := refOf(k.medium.token, k.entry)
	if err != nil {
		return ring.KeyInStore
	}
	return ref
}

// Load lists the token by label, because tokens have an order of their own or none. Keys without
// a certificate are there, and no part of the ring.
func (m *medium) Load(ctx context.Context) (onering.Content, error) {
	var c onering.Content
	m.half.RLock()
	all, err := m.token.Entries(ctx)
	m.half.RUnlock()
	if err != nil {
		return c, classify(err)
	}
	c.State = fingerprint(all)
	for _, e := range all {
		if e.Certificate == nil {
			continue
		}
		entry := keystore.Entry{Alias: e.Certificate.Label, Chain: [][]byte{e.Certificate.Raw}, ID: e.Certificate.ID, Trusted: e.Private == nil, Kept: lain{e}}
		if e.Private != nil {
			entry.Key = tokenKey{m, e}
		}
		c.Entries = append(c.Entries, entry)
	}
	slices.SortStableFunc(c.Entries, func(a, b keystore.Entry) int {
		return cmp.Or(strings.Compare(a.Alias, b.Alias), bytes.Compare(a.Chain[0], b.Chain[0]))
	})
	return c, nil
}

// fingerprint tells whether a token holds the certificates that it held. Keys without one may
// come and go: those for certificates that are about to be made are among them.
func fingerprint(all []*pkcs11.Entry) [sha256.Size]byte {
	var lines []string
	for _, e := range all {
		if c := e.Certificate; c != nil {
			lines = append(lines, fmt.Sprintf("%q %x %x %t", c.Label, c.ID, c.Raw, e.Private != nil))
		}
	}
	slices.Sort(lines)
	return sha256.Sum256([]byte(strings.Join(lines, "\n")))
}

// Save makes the token hold the entries. A token has no transactions: what is new is made first
// and what goes is deleted last, so that a failure leaves too much and never too little, and the
// error says what was done.
func (m *medium) Save(ctx context.Context, old onering.Content, es []keystore.Entry) error {
	m.half.Lock()
	defer m.half.Unlock()
	now, err := m.token.Entries(ctx)
	if err != nil {
		return classify(err)
	}
	if fingerprint(now) != old.State {
		return fmt.Errorf("%s: another program has changed it since it was read; nothing was written: %w; run the command again", m.Name(), ring.ErrRefused)
	}
	s := &saving{medium: m, ctx: ctx, was: map[*pkcs11.Entry]keystore.Entry{}}
	for _, e := range old.Entries {
		s.was[e.Kept.(lain).entry] = e
	}
	if es, err = s.settle(es); err != nil {
		return err
	}
	for _, step := range []func([]keystore.Entry) error{s.make, s.delete} {
		if err := step(es); err != nil {
			if len(s.done) == 0 {
				return classify(err)
			}
			return fmt.Errorf("%w (done before that: %s)", classify(err), strings.Join(s.done, ", "))
		}
	}
	return nil
}

// add brings a certificate into the token, and its private key if that comes from outside. The
// key's objects get the label of the certificate.
func (m *medium) add(ctx context.Context, e keystore.Entry) error {
	x, err := cert.Parse(e.Chain[0])
	if err != nil {
		return err
	}
	made, err := m.token.AddCertificate(ctx, x, e.Alias)
	if err != nil {
		return err
	}
	if made.Private != nil && made.Label() != made.Private.Label {
		if err := m.token.Rename(ctx, made, e.Alias, nil); err != nil {
			return m.undo(ctx, made, err)
		}
	}
	if e.Key == nil || made.Private != nil {
		return nil
	}
	signer, err := e.Key.Open(nil)
	if err == nil {
		_, err = m.token.AddKey(ctx, signer, e.Alias)
	}
	if err != nil {
		return m.undo(ctx, made, err)
	}
	return nil
}

// undo takes a certificate out again that was added in vain.
func (m *medium) undo(ctx context.Context, e *pkcs11.Entry, cause error) error {
	if err := m.token.DeleteObject(context.WithoutCancel(ctx), e.Certificate); err != nil {
		return fmt.Errorf("%w (and the certificate %q is in the token now: %v)", cause, e.Label(), err)
	}
	return cause
}

var _ onering.Medium = (*medium)(nil)
