package onering

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"signet/cert"
	"signet/export/keystore"
	"signet/ring"
)

// ErrPassword is the class of errors that another password can mend.
var ErrPassword = errors.New("password")

// Medium is what a ring lies in: a file, a folder or a token. Transactions that only look use it
// while one writes.
type Medium interface {
	Name() string                                                     // for messages
	RingName() string                                                 // of the ring, until a change names it
	Format() string                                                   // as ring.OneRing has it
	Missing() bool                                                    // there is nothing yet
	Load(context.Context) (Content, error)                            // all of it
	Save(ctx context.Context, old Content, es []keystore.Entry) error // if it is still what was read
	Lock(context.Context, time.Duration) (func(), error)              // keeps other writers of signet out
	Ready() error                                                     // asks for the password if that is yet to be done
	Alias(label string) (string, error)                               // as it is written
	Folds() bool                                                      // case does not count in aliases
	Distrusts() bool                                                  // a certificate can be there without being trusted
	TrustRule() string                                                // says so
	Defaults() bool                                                   // the first private key is the default
	KeepsChains() bool                                                // the issuers of a private key lie with it
	CheckKey(crypto.Signer) error                                     // why a private key has no place in it
	Classify(error) error                                             // makes a wrong password an ErrPassword
	Forget()                                                          // clears the password
}

// Content is what a medium holds at one moment.
type Content struct {
	Entries []keystore.Entry
	State   any // what the medium compares before it writes
}

// Store is a ring.Store of one ring.
type Store struct {
	medium      Medium
	firstUser   ring.Owner
	keyPassword []byte
	wait        time.Duration // how long a change waits for another

	mu   sync.Mutex
	user ring.Owner // settled by the first change that names one
	ring string     // likewise
}

// New gives the store of a medium. user owns the private keys until a change names another;
// keyPassword is that of private keys which have another than the medium, nil for none; wait is
// how long a change waits for another one.
func New(m Medium, user ring.Owner, keyPassword []byte, wait time.Duration) *Store {
	return &Store{medium: m, firstUser: user, keyPassword: keyPassword, wait: wait}
}

// Medium gives what the ring lies in.
func (s *Store) Medium() Medium { return s.medium }

// Missing reports whether the medium is yet to be made, by the first change.
func (s *Store) Missing() bool { return s.medium.Missing() }

// Format gives the format, as ring.OneRing has it.
func (s *Store) Format() string { return s.medium.Format() }

// Close implements ring.Store. The passwords are cleared.
func (s *Store) Close() error {
	s.medium.Forget()
	clear(s.keyPassword)
	return nil
}

// View implements ring.Store.
func (s *Store) View(ctx context.Context, fn func(ring.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t, _, err := s.begin(ctx, false)
	if err != nil {
		return err
	}
	return fn(t)
}

// Update implements ring.Store.
func (s *Store) Update(ctx context.Context, fn func(ring.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.medium.Ready(); err != nil {
		return err
	}
	unlock, err := s.medium.Lock(ctx, s.wait)
	if err != nil {
		return err
	}
	defer unlock()
	t, old, err := s.begin(ctx, true)
	if err != nil {
		return err
	}
	before := slices.Clone(t.records)
	if err := fn(t); err != nil {
		return err
	}
	if err := t.complete(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !slices.EqualFunc(before, t.records, (*record).same) {
		entries := make([]keystore.Entry, 0, len(t.records))
		for _, r := range t.records {
			e := r.Entry
			if r.shown { // or its number would go to another when this one gets an alias
				e.Alias = r.label()
			}
			entries = append(entries, e)
		}
		if err := s.medium.Save(ctx, old, entries); err != nil {
			return err
		}
	}
	s.settle(t)
	return nil
}

// settle keeps what a change that succeeded said of the user and the ring. One that failed, and a
// command that only looks, settle nothing.
func (s *Store) settle(t *tx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user, s.ring = t.user, t.ringName
}

// begin reads the keystore for a transaction.
func (s *Store) begin(ctx context.Context, writable bool) (*tx, Content, error) {
	c, err := s.medium.Load(ctx)
	if err != nil {
		return nil, c, err
	}
	t := &tx{Refusals: Refusals{Store: s.medium.Name()}, store: s, ctx: ctx, writable: writable,
		nextID: 1, records: make([]*record, 0, len(c.Entries))}
	s.mu.Lock()
	t.user, t.ringName = s.user, s.ring
	s.mu.Unlock()
	for _, e := range c.Entries {
		t.records = append(t.records, &record{Entry: e, id: t.nextID, user: e.Key != nil, settled: true})
		t.nextID++
	}
	t.nameRest()
	return t, c, nil
}

// openKey gives a private key: under the password of the keystore, else under that of its keys.
func (s *Store) openKey(r *record) (crypto.Signer, error) {
	what := fmt.Sprintf("%s: private key %q", s.medium.Name(), r.label())
	key, err := r.Key.Open(nil)
	if err != nil && errors.Is(s.medium.Classify(err), ErrPassword) && s.keyPassword != nil {
		key, err = r.Key.Open(s.keyPassword)
	}
	if err != nil && errors.Is(s.medium.Classify(err), ErrPassword) {
		return nil, fmt.Errorf("%s: %w: %w; give it with --key-password-file or --key-password-env", what, err, ring.ErrInvalid)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", what, err, ring.ErrInvalid)
	}
	x, err := r.x509()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if !cert.SameKey(x.PublicKey, key.Public()) {
		return nil, fmt.Errorf("%s: it is not that of the certificate it lies with: %w", what, ring.ErrInvalid)
	}
	return key, nil
}
