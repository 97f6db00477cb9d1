// Package keyfile keeps a key ring in a keystore: a JKS, JCEKS or PKCS #12 file, or a folder of
// PEM files. Such a keystore is one ring (DESIGN.md 6). Its private keys with their chains are
// the certificates of one user, whose name no keystore holds: the first user ID that a change
// names. Its trusted certificates are those of CERTAUTH. What else it holds stays in it unseen.
//
// A transaction reads the keystore whole and writes it whole, atomically, with the mode and the
// owner that it had. Two programs of signet wait for each other; a change that any other program
// made in between is noticed, and then nothing is written.
package keyfile

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"signet/backend/onering"
	"signet/cert"
	"signet/export/keystore"
	"signet/export/pkcs12"
	"signet/ring"
)

// ErrPassword is the class of errors that another password can mend.
var ErrPassword = errors.New("password")

// Options say how a keystore is opened.
type Options struct {
	// User is the user ID that owns the private keys when a run names none.
	User ring.Owner
	// Known is the password of the keystore, if it is known already.
	Known []byte
	// Password asks for the password of the keystore: a new one when it is yet to be made. It
	// is called at most once, when the password is needed, and never while a lock is held. nil
	// means that there is none.
	Password func(isNew bool) ([]byte, error)
	// KeyPassword is that of private keys which have another than the keystore; nil for none.
	KeyPassword []byte
	// Profile is what a PKCS #12 file is protected with when it is written next. The zero Profile
	// keeps what it has, and is Modern for a new one.
	Profile pkcs12.Profile
	// Backup keeps the keystore as it was, beside it under its name with .bak, before the first
	// change.
	Backup bool
}

// Store is an open keystore.
type Store struct {
	medium  medium
	options Options
	wait    time.Duration // how long a change waits for another

	mu   sync.Mutex
	user ring.Owner // settled by the first change that names one
	ring string     // likewise
}

// medium is what a keystore lies in. Transactions that only look use it while one writes.
type medium interface {
	name() string                                        // for messages
	path() string                                        // of the file or the folder
	missing() bool                                       // there is nothing yet
	load() (content, error)                              // all of it
	save(old content, es []keystore.Entry) error         // if it is still what was read
	lock(context.Context, time.Duration) (func(), error) // keeps other writers of signet out
	ready() error                                        // asks for the password if that is yet to be done
	alias(label string) (string, error)                  // as it is written
	folds() bool                                         // case does not count in aliases
	distrusts() bool                                     // a certificate can be there without being trusted
	trustRule() string                                   // says so
	defaults() bool                                      // the first private key is the default
	format() string                                      // JKS, JCEKS, PKCS12 or PEM
	classify(error) error                                // makes a wrong password an ErrPassword
	forget()                                             // clears the password
}

// content is what a medium holds at one moment.
type content struct {
	entries []keystore.Entry
	state   any // what the medium compares before it writes
}

// OpenFile opens a keystore file. What it holds decides its format; format is that of a new one.
func OpenFile(path, format string, o Options) (*Store, error) {
	f, err := openFile(path, format, o)
	if err != nil {
		return nil, err
	}
	return &Store{medium: f, options: o, wait: lockWait}, nil
}

// OpenFolder opens a folder of PEM files.
func OpenFolder(path string, o Options) (*Store, error) {
	f, err := openFolder(path, o)
	if err != nil {
		return nil, err
	}
	return &Store{medium: f, options: o, wait: lockWait}, nil
}

// Missing reports whether the keystore is yet to be made, by the first change.
func (s *Store) Missing() bool { return s.medium.missing() }

// Format gives the format: JKS, JCEKS, PKCS12 or PEM.
func (s *Store) Format() string { return s.medium.format() }

// Close implements ring.Store. The passwords are cleared.
func (s *Store) Close() error {
	s.medium.forget()
	clear(s.options.KeyPassword)
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
	if err := s.medium.ready(); err != nil {
		return err
	}
	unlock, err := s.medium.lock(ctx, s.wait)
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
			entries = append(entries, r.Entry)
		}
		if err := s.medium.save(old, entries); err != nil {
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
func (s *Store) begin(ctx context.Context, writable bool) (*tx, content, error) {
	c, err := s.medium.load()
	if err != nil {
		return nil, c, err
	}
	t := &tx{Refusals: onering.Refusals{Store: s.medium.name()}, store: s, ctx: ctx, writable: writable,
		nextID: 1, settled: make(map[*record]bool, len(c.entries))}
	s.mu.Lock()
	t.user, t.ringName = s.user, s.ring
	s.mu.Unlock()
	for _, e := range c.entries {
		r := &record{Entry: e, id: t.nextID, user: e.Key != nil}
		t.records = append(t.records, r)
		t.settled[r] = true
		t.nextID++
	}
	return t, c, nil
}

// openKey gives a private key: under the password of the keystore, else under that of its keys.
func (s *Store) openKey(r *record) (crypto.Signer, error) {
	what := fmt.Sprintf("%s: private key %q", s.medium.name(), r.Alias)
	key, err := r.Key.Open(nil)
	if err != nil && errors.Is(s.medium.classify(err), ErrPassword) && s.options.KeyPassword != nil {
		key, err = r.Key.Open(s.options.KeyPassword)
	}
	if err != nil && errors.Is(s.medium.classify(err), ErrPassword) {
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

// lockWait is how long a change waits for another.
const lockWait = 10 * time.Second
