package token

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"signet/cert"
	"signet/pkcs11"
	"signet/ring"
)

// Tokens implements ring.Hardware: the tokens of the module are the tokens.
func (h *Hardware) Tokens(ctx context.Context) ring.Tokens { return &tokens{ctx, h, map[string]bool{}} }

// tokens is ring.Tokens over real ones. An object is a certificate with its keys. Its sequence
// number is made of the certificate, because PKCS #11 numbers nothing for good: it stays the
// same as long as the certificate is there.
type tokens struct {
	ctx      context.Context
	hardware *Hardware
	public   map[string]bool // tokens that are looked at without their PIN
}

// Token implements ring.Tokens.
func (t *tokens) Token(name string) (*ring.Token, error) {
	label, err := t.hardware.label(name)
	if err != nil {
		return nil, err
	}
	return t.describe(label)
}

// describe counts what signet does not make: keys without a certificate.
func (t *tokens) describe(label string) (*ring.Token, error) {
	r := &ring.Token{Name: label}
	entries, err := t.entries(r)
	for _, e := range entries {
		if e.Certificate == nil {
			r.Foreign++
		}
	}
	return r, err
}

// Tokens implements ring.Tokens. There may be one PIN at hand, and it is that of one token: sent
// to the others it would be wrong, and bring them nearer to being locked. Of several tokens those
// that are neither configured nor open are looked at without their PIN, which leaves the private
// keys unseen.
func (t *tokens) Tokens() iter.Seq2[*ring.Token, error] {
	return func(yield func(*ring.Token, error) bool) {
		all, err := t.hardware.initialized()
		if err != nil {
			yield(nil, err)
			return
		}
		slices.SortFunc(all, func(a, b pkcs11.TokenInfo) int { return strings.Compare(a.Label, b.Label) })
		for _, i := range all {
			if len(all) > 1 && i.Label != t.hardware.options.Default && !t.hardware.isOpen(pkcs11.URI{Token: i.Label}) {
				t.public[i.Label] = true
			}
			r, err := t.describe(i.Label)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// AddToken implements ring.Tokens.
func (t *tokens) AddToken(k *ring.Token) error {
	return fmt.Errorf("token %q: making a token needs the PIN of its security officer: %w; make it with the program of its maker, such as: softhsm2-util --init-token --free --label %s", k.Name, ring.ErrUnsupported, k.Name)
}

// DeleteToken implements ring.Tokens. PKCS #11 has no such thing.
func (t *tokens) DeleteToken(k *ring.Token) error {
	return fmt.Errorf("token %q: PKCS #11 cannot delete a token: %w; UNBIND its certificates, and delete it with the program of its maker", k.Name, ring.ErrUnsupported)
}

func (t *tokens) entries(k *ring.Token) ([]*pkcs11.Entry, error) {
	if t.public[k.Name] {
		return t.hardware.publicEntries(t.ctx, k.Name)
	}
	open, err := t.hardware.token(t.ctx, k.Name)
	if err != nil {
		return nil, err
	}
	all, err := open.Entries(t.ctx)
	return all, classify(err)
}

// sequence makes the number of an object of its certificate.
func sequence(der []byte) ring.SeqNum {
	sum := sha256.Sum256(der)
	return ring.SeqNum(max(1, binary.BigEndian.Uint32(sum[:])))
}

// object turns an entry with a certificate into what the rules work with. The token keeps no
// owner: CA certificates are taken for those of CERTAUTH.
func object(k *ring.Token, e *pkcs11.Entry) *ring.TokenObject {
	o := &ring.TokenObject{Token: k, Seq: sequence(e.Certificate.Raw), Label: e.Certificate.Label, DER: e.Certificate.Raw, HasKey: e.Private != nil, Usage: ring.UsageSite}
	switch c := e.Certificate.Certificate; {
	case e.Private != nil:
		o.Usage = ring.UsagePersonal
	case c != nil && c.IsCA:
		o.Usage, o.Owner = ring.UsageCertAuth, ring.CertAuth
	}
	return o
}

// find gives the one object that keep says yes to, with its entry.
func (t *tokens) find(k *ring.Token, what string, keep func(*ring.TokenObject) bool) (*ring.TokenObject, *pkcs11.Entry, error) {
	all, err := t.entries(k)
	if err != nil {
		return nil, nil, err
	}
	var found *ring.TokenObject
	var entry *pkcs11.Entry
	for _, e := range all {
		if e.Certificate == nil {
			continue
		}
		if o := object(k, e); keep(o) {
			if found != nil && !bytes.Equal(found.DER, o.DER) {
				return nil, nil, fmt.Errorf("token %q: %s: two certificates fit: %w", k.Name, what, ring.ErrInvalid)
			}
			found, entry = o, e
		}
	}
	if found == nil {
		return nil, nil, fmt.Errorf("token %q: %s: %w", k.Name, what, ring.ErrNotFound)
	}
	return found, entry, nil
}

// TokenObject implements ring.Tokens.
func (t *tokens) TokenObject(k *ring.Token, n ring.SeqNum) (*ring.TokenObject, error) {
	o, _, err := t.find(k, "sequence number "+n.String(), func(o *ring.TokenObject) bool { return o.Seq == n })
	return o, err
}

// TokenObjectOf implements ring.Tokens.
func (t *tokens) TokenObjectOf(k *ring.Token, der []byte) (*ring.TokenObject, error) {
	o, _, err := t.find(k, "certificate", func(o *ring.TokenObject) bool { return bytes.Equal(o.DER, der) })
	return o, err
}

// TokenObjects implements ring.Tokens.
func (t *tokens) TokenObjects(k *ring.Token) iter.Seq2[*ring.TokenObject, error] {
	return t.objects(k, func(*ring.TokenObject) bool { return true })
}

// TokenObjectsBoundAs implements ring.Tokens. The token keeps the label alone.
func (t *tokens) TokenObjectsBoundAs(k *ring.Token, ref ring.CertRef) iter.Seq2[*ring.TokenObject, error] {
	return t.objects(k, func(o *ring.TokenObject) bool { return o.Label == ref.Label })
}

func (t *tokens) objects(k *ring.Token, keep func(*ring.TokenObject) bool) iter.Seq2[*ring.TokenObject, error] {
	return func(yield func(*ring.TokenObject, error) bool) {
		all, err := t.entries(k)
		if err != nil {
			yield(nil, err)
			return
		}
		var list []*ring.TokenObject
		for _, e := range all {
			if e.Certificate != nil {
				list = append(list, object(k, e))
			}
		}
		slices.SortFunc(list, func(a, b *ring.TokenObject) int { return int(int64(a.Seq) - int64(b.Seq)) })
		for _, o := range list {
			if keep(o) && !yield(o, nil) {
				return
			}
		}
	}
}

// DefaultTokenObject implements ring.Tokens. A token has no default.
func (t *tokens) DefaultTokenObject(k *ring.Token) (*ring.TokenObject, error) {
	return nil, fmt.Errorf("token %q: default certificate: %w", k.Name, ring.ErrNotFound)
}

var errNoDefault = fmt.Errorf("a token has no default certificate: %w; programs choose by label", ring.ErrUnsupported)

// AddTokenObject implements ring.Tokens.
func (t *tokens) AddTokenObject(o *ring.TokenObject) error {
	if o.Default {
		return errNoDefault
	}
	x, err := cert.Parse(o.DER)
	if err != nil {
		return err
	}
	open, err := t.hardware.token(t.ctx, o.Token.Name)
	if err != nil {
		return err
	}
	e, err := open.AddCertificate(t.ctx, x, o.Label)
	if err != nil {
		return classify(err)
	}
	o.Seq, o.HasKey = sequence(o.DER), e.Private != nil
	return nil
}

// UpdateTokenObject implements ring.Tokens: what a token can change of an object is its label.
func (t *tokens) UpdateTokenObject(o *ring.TokenObject) error {
	if o.Default {
		return errNoDefault
	}
	return t.with(o, func(open *pkcs11.Token, e *pkcs11.Entry) error {
		return open.Rename(t.ctx, e, o.Label, nil)
	})
}

// with runs fn on the entry of an object.
func (t *tokens) with(o *ring.TokenObject, fn func(*pkcs11.Token, *pkcs11.Entry) error) error {
	open, err := t.hardware.token(t.ctx, o.Token.Name)
	if err != nil {
		return err
	}
	_, e, err := t.find(o.Token, "certificate", func(p *ring.TokenObject) bool { return bytes.Equal(p.DER, o.DER) })
	if err != nil {
		return err
	}
	return classify(fn(open, e))
}

// DeleteTokenObject implements ring.Tokens. A private key that was made in the token stays: what
// goes is the copy that BIND brought.
func (t *tokens) DeleteTokenObject(o *ring.TokenObject) error {
	return t.with(o, func(open *pkcs11.Token, e *pkcs11.Entry) error {
		if e.Private != nil && e.Private.Local != pkcs11.No {
			return open.DeleteObject(t.ctx, e.Certificate)
		}
		return open.Delete(t.ctx, e)
	})
}

// TokenKey implements ring.Tokens.
func (t *tokens) TokenKey(o *ring.TokenObject) (k crypto.Signer, err error) {
	err = t.with(o, func(open *pkcs11.Token, e *pkcs11.Entry) error {
		if e.Private == nil {
			return errors.Join(fmt.Errorf("token %q: private key of %q", o.Token.Name, o.Label), ring.ErrNotFound)
		}
		k, err = t.hardware.signer(t.ctx, open, e)
		return err
	})
	return k, err
}

// PutTokenKey implements ring.Tokens. A key that is in the token already is linked, not copied.
func (t *tokens) PutTokenKey(o *ring.TokenObject, k crypto.Signer) error {
	err := t.with(o, func(open *pkcs11.Token, e *pkcs11.Entry) error {
		if e.Private != nil {
			return nil
		}
		_, err := open.AddKey(t.ctx, k, o.Label)
		return err
	})
	o.HasKey = o.HasKey || err == nil
	return err
}

// DeleteTokenKey implements ring.Tokens.
func (t *tokens) DeleteTokenKey(o *ring.TokenObject) error {
	err := t.with(o, func(open *pkcs11.Token, e *pkcs11.Entry) error {
		if e.Private == nil || e.Private.Local != pkcs11.No {
			return nil
		}
		return open.DeleteObject(t.ctx, e.Private)
	})
	o.HasKey = o.HasKey && err != nil
	return err
}
