package ring

import (
	"context"
	"errors"
	"time"

	"signet/cert"
)

// Codec turns files into bundles and back. Its errors are texts for the user.
type Codec interface {
	// Decode reads a certificate or a package in whatever format it is. password is nil when
	// none was given; a package that needs one then fails.
	Decode(data, password []byte) (cert.Bundle, error)
	// Encode writes a bundle: the certificate first, then its issuers.
	Encode(format Format, b cert.Bundle, password []byte) ([]byte, error)
}

// Manager performs the functions on one database on behalf of one user. It is safe for use by
// one goroutine at a time.
type Manager struct {
	store  Store
	codec  Codec
	issuer Owner
	now    func() time.Time
	zone   *time.Location
}

// Config is what a Manager works with.
type Config struct {
	Store  Store
	Codec  Codec
	Issuer Owner            // the user on whose behalf functions run
	Now    func() time.Time // nil: the system's clock
	Zone   *time.Location   // nil: the local zone; the zone of NOTBEFORE and NOTAFTER
}

// NewManager returns a Manager.
func NewManager(c Config) *Manager {
	m := &Manager{store: c.Store, codec: c.Codec, issuer: c.Issuer, now: c.Now, zone: c.Zone}
	if m.now == nil {
		m.now = time.Now
	}
	if m.zone == nil {
		m.zone = time.Local
	}
	return m
}

// Issuer is the user on whose behalf m works.
func (m *Manager) Issuer() Owner { return m.issuer }

// Zone is the zone in which m takes and shows dates.
func (m *Manager) Zone() *time.Location { return m.zone }

// Result is what every function has to say besides its answer.
type Result struct {
	Messages []Message
}

// Code is the highest code of the messages.
func (r *Result) Code() Code {
	code := Done
	for _, m := range r.Messages {
		code = max(code, m.Code)
	}
	return code
}

func (r *Result) note(id messageID, args ...any) {
	r.Messages = append(r.Messages, newMessage(id, args...))
}

// remindRefresh adds the reminder that a RACLISTed class is refreshed by SETROPTS
// (racdcert-certificates.md 1.2). signet itself shows every change at once.
func (r *Result) remindRefresh(tx Tx, class string) error {
	c, err := tx.Class(class)
	if err != nil {
		return err
	}
	if c.RacList {
		r.note(msgRefresh, class)
	}
	return nil
}

// errAborted stops an atomic run in which a function failed but nobody stopped.
var errAborted = errors.New("a function of the atomic run failed; everything was undone")

// Atomic runs fn with a Manager whose functions all belong to one transaction: either all of
// their changes become durable, when fn returns nil, or none. A function that fails after its
// first change undoes the whole run, even if fn carries on.
func (m *Manager) Atomic(ctx context.Context, fn func(*Manager) error) error {
	return m.store.Update(ctx, func(tx Tx) error {
		joined := &joinedStore{tx: tx}
		inner := *m
		inner.store = joined
		if err := fn(&inner); err != nil {
			return err
		}
		if joined.failed {
			return errAborted
		}
		return nil
	})
}

// joinedStore lets functions join a transaction that is already open.
type joinedStore struct {
	tx     Tx
	failed bool
}

func (s *joinedStore) View(_ context.Context, fn func(Tx) error) error { return fn(s.tx) }

func (s *joinedStore) Update(_ context.Context, fn func(Tx) error) error {
	err := fn(s.tx)
	s.failed = s.failed || err != nil
	return err
}

func (s *joinedStore) Close() error { return nil }
