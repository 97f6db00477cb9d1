package ring

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// HeldKey is a private key that a token holds.
type HeldKey struct {
	Ref         KeyRef
	Label       string           // its own, in the token
	Public      crypto.PublicKey // nil: the token does not tell
	Certificate bool             // a certificate in the token goes with it
}

// TokenCheck is the answer to CheckTokens: what in the database and in the tokens does not fit
// together.
type TokenCheck struct {
	Result
	Tokens []CheckedToken
}

// CheckedToken is one token with what was found.
type CheckedToken struct {
	Name    string
	Problem error          // why it could not be looked at; nothing is known of its keys then
	Keys    int            // private keys in it
	Used    int            // those of them that certificates of the database refer to
	Missing []*Certificate // whose private key is not there
	Other   []*Certificate // whose reference leads to the key of another certificate
	Loose   []LooseKey     // keys whose certificate is in the database and does not refer to them
	Orphans []HeldKey      // keys without a certificate, in the database and in the token
}

// LooseKey is a private key whose certificate does not refer to it.
type LooseKey struct {
	Key         HeldKey
	Certificate *Certificate
}

// Fits reports whether nothing is wrong in the token.
func (c *CheckedToken) Fits() bool {
	return c.Problem == nil && len(c.Missing)+len(c.Other)+len(c.Loose)+len(c.Orphans) == 0
}

// Fits reports whether nothing is wrong.
func (c *TokenCheck) Fits() bool {
	return !slices.ContainsFunc(c.Tokens, func(t CheckedToken) bool { return !t.Fits() })
}

// CheckTokens compares the certificates of the database with the private keys in the tokens:
// the tokens named, or else those that certificates refer to and the one that is configured. A
// token that is away says nothing about its keys. It changes nothing.
func (m *Manager) CheckTokens(ctx context.Context, names ...string) (*TokenCheck, error) {
	if m.remote != nil {
		return nil, newError(msgLocalOnly, "token check")
	}
	return perform(ctx, m, Act{Function: "CHECKTOKENS", Token: strings.Join(names, " ")}, names, (*call).checkTokens)
}

func (m *call) checkTokens(ctx context.Context, names []string) (*TokenCheck, error) {
	if m.hardware == nil {
		return nil, newError(msgNoHardware)
	}
	if len(names) == 0 {
		of, err := m.keyRefs(ctx)
		if err != nil {
			return nil, err
		}
		names = slices.Sorted(maps.Keys(of))
		if d, err := m.hardware.Default(ctx); err == nil && !slices.Contains(names, d) {
			names = append(names, d)
		} else if err != nil && len(names) == 0 {
			return nil, err
		}
	}
	check := &TokenCheck{}
	for _, n := range names {
		// The token is listed before the database is read again: a key that a certificate got in
		// between is no orphan.
		keys, err := m.hardware.Keys(ctx, n)
		t := CheckedToken{Name: n, Problem: err, Keys: len(keys)}
		if err == nil {
			if err := m.view(ctx, func(tx Tx) error { return t.compare(tx, keys) }); err != nil {
				return nil, err
			}
		}
		check.note(&t)
		check.Tokens = append(check.Tokens, t)
	}
	return check, nil
}

// keyRefs gives the certificates that refer to keys in tokens, by the name of the token.
func (m *call) keyRefs(ctx context.Context) (map[string][]*Certificate, error) {
	of := map[string][]*Certificate{}
	err := m.view(ctx, func(tx Tx) error {
		for c, err := range allCertificates(tx) {
			if err != nil {
				return err
			}
			if c.Key.InToken() {
				of[c.Key.Token()] = append(of[c.Key.Token()], c)
			}
		}
		return nil
	})
	return of, err
}

// allCertificates yields those of every owner. Their validity ends some time.
func allCertificates(tx Tx) func(func(*Certificate, error) bool) {
	return tx.CertificatesExpiring(time.Time{}, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))
}

// compare fills in what does not fit.
func (t *CheckedToken) compare(tx Tx, keys []HeldKey) error {
	held := map[KeyRef]HeldKey{}
	for _, k := range keys {
		held[k.Ref] = k
	}
	used := map[KeyRef]bool{}
	for c, err := range allCertificates(tx) {
		if err != nil {
			return err
		}
		if !c.Key.InToken() || !strings.EqualFold(c.Key.Token(), t.Name) {
			continue
		}
		k, ok := held[c.Key]
		if !ok {
			t.Missing = append(t.Missing, c)
			continue
		}
		used[c.Key] = true
		x, err := c.X509()
		if err != nil {
			return err
		}
		if k.Public != nil && !samePublic(k.Public, x.PublicKey) {
			t.Other = append(t.Other, c)
		}
	}
	t.Used = len(used)
	for _, k := range keys {
		if used[k.Ref] {
			continue
		}
		c, err := certificateOf(tx, k)
		switch {
		case err != nil:
			return err
		case c != nil:
			t.Loose = append(t.Loose, LooseKey{k, c})
		case !k.Certificate:
			t.Orphans = append(t.Orphans, k)
		}
	}
	return nil
}

func samePublic(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// certificateOf gives the certificate without a private key that a key belongs to; nil if there
// is none, or if the key is retired.
func certificateOf(tx Tx, k HeldKey) (*Certificate, error) {
	if k.Public == nil {
		return nil, nil
	}
	spki, err := x509.MarshalPKIXPublicKey(k.Public)
	if err != nil {
		return nil, nil // a kind of key that no certificate of the database has
	}
	if retired, err := tx.KeyRetired(spki); retired || err != nil {
		return nil, err
	}
	for c, err := range tx.CertificatesByPublicKey(spki) {
		if err != nil || !c.HasKey() {
			return c, err
		}
	}
	return nil, nil
}

// note adds the messages of a token.
func (c *TokenCheck) note(t *CheckedToken) {
	if t.Problem != nil {
		c.Result.note(msgTokenAway, t.Name, t.Problem)
		return
	}
	for _, cert := range t.Missing {
		c.Result.note(msgKeyMissing, cert.Ref(), cert.Key)
	}
	for _, cert := range t.Other {
		c.Result.note(msgKeyOther, cert.Ref(), cert.Key)
	}
	for _, l := range t.Loose {
		c.Result.note(msgKeyLoose, l.Key.Label, l.Key.Ref, l.Certificate.Ref())
	}
	for _, k := range t.Orphans {
		c.Result.note(msgKeyNoCertificate, k.Label, k.Ref)
	}
}

// MendTokens mends what CheckTokens found: references to keys that are gone are forgotten,
// loose keys are given to their certificates, and orphans are destroyed for good. Each is looked
// at once more. A reference that leads to another key is left for the user to judge.
func (m *Manager) MendTokens(ctx context.Context, c *TokenCheck) (*Result, error) {
	return perform(ctx, m, Act{Function: "MENDTOKENS"}, c, (*call).mendTokens)
}

func (m *call) mendTokens(ctx context.Context, c *TokenCheck) (*Result, error) {
	r := &Result{}
	for _, t := range c.Tokens {
		mended, err := update(ctx, m, func(tx Tx, r *Result) error { return t.refer(tx, r) })
		if err != nil {
			return r, err
		}
		r.Messages = append(r.Messages, mended.Messages...)
		for _, k := range t.Orphans {
			if err := m.destroyOrphan(ctx, k, r); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// refer mends the references of the database.
func (t *CheckedToken) refer(tx Tx, r *Result) error {
	for _, was := range t.Missing {
		c, err := tx.Certificate(was.Ref())
		if errors.Is(err, ErrNotFound) || err == nil && c.Key != was.Key {
			continue
		}
		if err != nil {
			return err
		}
		if err := forgetKey(tx, c); err != nil {
			return err
		}
		r.note(msgKeyForgotten, c.Ref(), was.Key)
	}
	for _, l := range t.Loose {
		c, err := tx.Certificate(l.Certificate.Ref())
		if errors.Is(err, ErrNotFound) || err == nil && c.HasKey() {
			continue
		}
		if err != nil {
			return err
		}
		if err := tx.PutKeyRef(c, l.Key.Ref); err != nil {
			return err
		}
		r.note(msgKeyLinked, c.Ref(), l.Key.Ref)
	}
	return nil
}

// forgetKey removes a reference and leaves what it leads to alone: the key may be back by now.
func forgetKey(tx Tx, c *Certificate) error {
	if t, ok := tx.(interface{ forgetKey(*Certificate) error }); ok {
		return t.forgetKey(c)
	}
	return tx.DeletePrivateKey(c)
}

// destroyOrphan destroys a key unless a certificate refers to it by now.
func (m *call) destroyOrphan(ctx context.Context, k HeldKey, r *Result) error {
	of, err := m.keyRefs(ctx)
	if err != nil {
		return err
	}
	for _, c := range of[k.Ref.Token()] {
		if c.Key == k.Ref {
			return nil
		}
	}
	if err := m.hardware.Destroy(ctx, k.Ref); err != nil && !errors.Is(err, ErrNotFound) {
		return newError(msgKeyNotDestroyed, k.Label, k.Ref, err)
	}
	r.note(msgKeyDestroyed, k.Label, k.Ref)
	return nil
}
