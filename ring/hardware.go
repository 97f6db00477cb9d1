package ring

import (
	"context"
	"crypto"
	"errors"
	"fmt"

	"signet/cert"
)

// Hardware is where private keys are that never leave: tokens, known by their names. The store
// keeps references to such keys.
type Hardware interface {
	// Generate makes a key pair in a token, and has it sign to see that it works. The key that it
	// gives is a HardwareKey.
	Generate(ctx context.Context, place KeyPlace, spec cert.KeySpec) (crypto.Signer, error)
	// Open gives the key of a reference, whose public half must be public.
	Open(ctx context.Context, ref KeyRef, public crypto.PublicKey) (crypto.Signer, error)
	// Destroy removes a key pair for good.
	Destroy(ctx context.Context, ref KeyRef) error
	// Keys lists the private keys of a token; empty is the one that is configured.
	Keys(ctx context.Context, token string) ([]HeldKey, error)
	// Default gives the name of the token that is configured.
	Default(ctx context.Context) (string, error)
	// Tokens gives the tokens themselves for the functions on them; nil where they are in the
	// database.
	Tokens(ctx context.Context) Tokens
}

// HardwareKey is a private key in a token.
type HardwareKey interface {
	crypto.Signer
	// Ref is its RFC 7512 URI.
	Ref() KeyRef
}

// KeyPlace says where a new key pair is to be. The zero value is the store.
type KeyPlace struct {
	Token string // a token by name (RACDCERT's TOKEN operand); empty for the one that is configured
	Label string // the key's own label there (RACDCERT's PKDS operand); empty for the certificate's
	PKDS  bool   // the key is to be in hardware, in whichever token is configured
}

// InHardware reports whether the place is a token.
func (p KeyPlace) InHardware() bool { return p.Token != "" || p.PKDS }

// resource names the token for authority: a name, an asterisk for whichever is configured, or
// nothing for no token.
func (p KeyPlace) resource() string {
	if p.PKDS && p.Token == "" {
		return "*"
	}
	return p.Token
}

// hardwareStore is a store whose certificates may have private keys in hardware. What a
// transaction deletes of those goes when the transaction is durable: a failure leaves a key
// without a certificate, which can be found again, and never a certificate without its key.
type hardwareStore struct {
	Store
	hardware Hardware
	changes  tokenChanges
}

func (s hardwareStore) View(ctx context.Context, fn func(Tx) error) error {
	return s.Store.View(ctx, func(tx Tx) error { return fn(s.tx(ctx, tx, new([]KeyRef))) })
}

func (s hardwareStore) Update(ctx context.Context, fn func(Tx) error) error {
	var gone []KeyRef
	err := s.Store.Update(ctx, func(tx Tx) error {
		gone = nil
		return fn(s.tx(ctx, tx, &gone))
	})
	if err != nil {
		return err
	}
	for _, ref := range gone {
		if destroyed := s.hardware.Destroy(ctx, ref); destroyed != nil && !errors.Is(destroyed, ErrNotFound) {
			err = errors.Join(err, newError(msgKeyLeft, ref, destroyed))
		}
	}
	if err != nil {
		return committedError{err}
	}
	return nil
}

// committedError is what went wrong after a transaction was durable.
type committedError struct{ error }

func (e committedError) Unwrap() error { return e.error }

// committed reports whether an error of Update came too late to undo anything.
func committed(err error) bool {
	var c committedError
	return errors.As(err, &c)
}

func (s hardwareStore) tx(ctx context.Context, tx Tx, gone *[]KeyRef) Tx {
	t := &hardwareTx{Tx: tx, ctx: ctx, hardware: s.hardware, gone: gone}
	if tokens := s.hardware.Tokens(ctx); tokens != nil {
		return &hardwareTokensTx{t, s.changes.of(tokens)}
	}
	return t
}

// hardwareTx is a transaction on such a store.
type hardwareTx struct {
	Tx
	ctx      context.Context
	hardware Hardware
	gone     *[]KeyRef // keys to destroy at the end
}

// Attempt implements Tx.
func (t *hardwareTx) Attempt(fn func() error) error {
	before := len(*t.gone)
	err := t.Tx.Attempt(fn)
	if err != nil {
		*t.gone = (*t.gone)[:before]
	}
	return err
}

// PrivateKey implements Tx.
func (t *hardwareTx) PrivateKey(c *Certificate) (crypto.Signer, error) {
	if !c.Key.InToken() {
		return t.Tx.PrivateKey(c)
	}
	x, err := c.X509()
	if err != nil {
		return nil, err
	}
	key, err := t.hardware.Open(t.ctx, c.Key, x.PublicKey)
	if err != nil {
		return nil, unreachable(c, err)
	}
	return key, nil
}

// unreachable is the error for a key in hardware that cannot be used. A token that failed is a
// failure of the system, and a command that was interrupted is no more than that.
func unreachable(c *Certificate, cause error) error {
	if errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	e := newError(msgKeyUnreachable, c.Ref(), cause).(*Error)
	if CodeOf(cause) == Failed {
		e.Code, e.class = Failed, ErrHardware
	}
	return e
}

// reach opens the token that the private key of a certificate is in, outside any transaction
// that changes something: the user may be asked for a PIN, and nobody is to wait for the answer.
func (m *call) reach(ctx context.Context, ref CertRef) error {
	if m.hardware == nil {
		return nil
	}
	return m.view(ctx, func(tx Tx) error {
		c, err := byRef(tx, ref)
		if err != nil || !c.Key.InToken() {
			return err
		}
		_, err = tx.PrivateKey(c)
		return err
	})
}

// PutPrivateKey implements Tx: of a key in hardware the store gets the reference.
func (t *hardwareTx) PutPrivateKey(c *Certificate, key crypto.Signer) error {
	h, ok := key.(HardwareKey)
	if !ok {
		return t.Tx.PutPrivateKey(c, key)
	}
	x, err := c.X509()
	if err != nil {
		return err
	}
	if !cert.SameKey(x.PublicKey, h.Public()) {
		return fmt.Errorf("certificate %s: key %s is another one's: %w", c.Ref(), h.Ref(), ErrInvalid)
	}
	return t.PutKeyRef(c, h.Ref())
}

// AddWithKey implements Tx.
func (t *hardwareTx) AddWithKey(c *Certificate, key crypto.Signer) error {
	if _, ok := key.(HardwareKey); !ok {
		return t.Tx.AddWithKey(c, key)
	}
	if err := t.AddCertificate(c); err != nil {
		return err
	}
	return t.PutPrivateKey(c, key)
}

// DeletePrivateKey implements Tx.
func (t *hardwareTx) DeletePrivateKey(c *Certificate) error {
	if err := t.leave(c); err != nil {
		return err
	}
	return t.Tx.DeletePrivateKey(c)
}

// forgetKey removes the reference to a key and not the key.
func (t *hardwareTx) forgetKey(c *Certificate) error { return t.Tx.DeletePrivateKey(c) }

// DeleteCertificate implements Tx.
func (t *hardwareTx) DeleteCertificate(c *Certificate) error {
	if err := t.leave(c); err != nil {
		return err
	}
	return t.Tx.DeleteCertificate(c)
}

// leave has the key of a certificate destroyed when the transaction is durable, unless another
// certificate has it too.
func (t *hardwareTx) leave(c *Certificate) error {
	if !c.Key.InToken() {
		return nil
	}
	x, err := c.X509()
	if err != nil {
		return err
	}
	for other, err := range t.CertificatesByPublicKey(x.RawSubjectPublicKeyInfo) {
		if err != nil {
			return err
		}
		if other.ID != c.ID && other.Key == c.Key {
			return nil
		}
	}
	*t.gone = append(*t.gone, c.Key)
	return nil
}

// makeKey makes a key pair where it is to be.
func (m *Manager) makeKey(ctx context.Context, place KeyPlace, spec cert.KeySpec) (crypto.Signer, error) {
	inside := place.InHardware() || m.oneRing && m.hardware != nil
	switch {
	case inside && m.hardware == nil:
		return nil, newError(msgNoHardware)
	case !inside || m.rehearsal:
		return m.newKey(spec)
	}
	return m.hardware.Generate(ctx, place, spec)
}

// kept tells that a key which makeKey gave belongs to a certificate now. In a transaction that
// several functions share it may yet have to go.
func (m *Manager) kept(key crypto.Signer) {
	if m.made != nil {
		*m.made = append(*m.made, key)
	}
}

// unmake destroys keys in hardware that were made in vain, because of cause. Those of certificates
// that are stored stay.
func (m *Manager) unmake(ctx context.Context, cause error, keys ...crypto.Signer) error {
	if committed(cause) {
		return cause
	}
	for _, key := range keys {
		h, ok := key.(HardwareKey)
		if !ok {
			continue
		}
		// An interrupted command cleans up all the same.
		if err := m.hardware.Destroy(context.WithoutCancel(ctx), h.Ref()); err != nil && !errors.Is(err, ErrNotFound) {
			cause = errors.Join(cause, newError(msgKeyOrphan, h.Ref(), err))
		}
	}
	return cause
}
