package ring

import (
	"context"
	"crypto"
	"time"

	"signet/audit"
	"signet/cert"
)

// Codec turns files into bundles and back. Its errors are texts for the user.
type Codec interface {
	// Decode reads a certificate or a package in whatever format it is. password is nil when
	// none was given; a package that needs one then fails.
	Decode(data, password []byte) (cert.Bundle, error)
	// Encode writes a bundle: the certificate first, then its issuers.
	Encode(format cert.Format, b cert.Bundle, password []byte) ([]byte, error)
}

// Manager performs the functions on one database on behalf of one user. It is safe for use by
// one goroutine at a time.
type Manager struct {
	store   Store
	codec   Codec
	issuer  Owner
	account Owner  // who really asks
	host    string // where the request comes from
	via     string // how it came here
	system  bool   // no user asks
	remote  Remote // nil: the store is here
	shared  bool   // remote is a transaction that several functions share
	now     func() time.Time
	zone    *time.Location
	newKey  func(cert.KeySpec) (crypto.Signer, error)

	oneRing   bool             // the store is a single key ring
	hardware  Hardware         // nil: none
	rehearsal bool             // nothing of it is kept, and so no key is made in hardware
	made      *[]crypto.Signer // keys in hardware that go when the common transaction fails; nil: each function sees to its own
	checks    *checks          // of signatures, in the common transaction; nil outside one
	events    *[]audit.Encoded // of the functions of the common transaction; nil outside one
}

// Config is what a Manager works with.
type Config struct {
	Store   Store
	Codec   Codec
	Issuer  Owner            // the user on whose behalf functions run
	Account Owner            // who really asks; empty: the issuer
	Host    string           // the machine that the request comes from, for the trail
	Via     string           // how it came to the database, for the trail; empty: directly
	Now     func() time.Time // nil: the system's clock
	Zone    *time.Location   // nil: the local zone; the zone of NOTBEFORE and NOTAFTER

	OneRing bool // the store is a single key ring, such as a keystore file

	// System says that no user asks, but the program for itself, such as a server that looks up
	// who its client is. Authority is not asked, and the trail keeps nothing of it.
	System bool

	// Hardware is where keys are made and found that are not in the store; nil for none. When
	// the store is a token itself, all keys are made there.
	Hardware Hardware
}

// NewManager returns a Manager.
func NewManager(c Config) *Manager {
	m := &Manager{store: c.Store, codec: c.Codec, issuer: c.Issuer, account: c.Account, host: c.Host, via: c.Via, system: c.System, now: c.Now, zone: c.Zone, newKey: cert.KeySpec.Generate, oneRing: c.OneRing, hardware: c.Hardware}
	if c.Hardware != nil && !c.OneRing {
		m.store = hardwareStore{Store: c.Store, hardware: c.Hardware}
	}
	m.fillIn()
	return m
}

// NewRemoteManager returns a Manager whose functions are performed elsewhere, on behalf of the
// user that the other side knows its client to be. Of the configuration, what is about the store
// and the user is for that side to say.
func NewRemoteManager(r Remote, c Config) *Manager {
	m := &Manager{remote: r, issuer: c.Issuer, account: c.Account, now: c.Now, zone: c.Zone, newKey: cert.KeySpec.Generate}
	m.fillIn()
	return m
}

// fillIn sets what was left out.
func (m *Manager) fillIn() {
	if m.now == nil {
		m.now = time.Now
	}
	if m.zone == nil {
		m.zone = time.Local
	}
	if m.account == "" {
		m.account = m.issuer
	}
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

// update runs a function in one transaction of the store and gives its answer. The answer
// starts anew each time, because a store may run the transaction again.
func update[R any](ctx context.Context, c *call, function func(Tx, *R) error) (*R, error) {
	var r *R
	err := c.update(ctx, func(tx Tx) error {
		r = new(R)
		return function(tx, r)
	})
	if err != nil {
		return nil, err
	}
	return r, nil
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

// OneRing reports whether the store is a single key ring, such as a keystore file.
func (m *Manager) OneRing() bool { return m.oneRing }
