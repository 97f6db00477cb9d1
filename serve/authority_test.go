package serve

import (
	"testing"

	"signet/ring"
	"signet/ring/ringtest"
)

// newWorld gives a site whose ADMIN is SPECIAL, with limits that the tests do not meet.
func newWorld(t *testing.T, s *site) *site {
	t.Helper()
	s.limits.Rate, s.limits.Burst = 1e6, 1e6
	on := true
	s.must(s.own().AddUser(t.Context(), ring.AddUser{IDs: []string{string(ringtest.Admin)},
		Settings: ring.UserSettings{Attributes: ring.AttributeSettings{Special: &on}}}))
	off := false
	s.must(s.own().AltUser(t.Context(), ring.AltUser{IDs: []string{string(keeper)},
		Settings: ring.UserSettings{Attributes: ring.AttributeSettings{Special: &off}}}))
	return s
}

func remote(t *testing.T, c *Client) *ring.Manager {
	t.Helper()
	t.Cleanup(func() { c.Close() })
	return ring.NewRemoteManager(c, ring.Config{Issuer: c.As(), Account: c.User()})
}

// socketWorld reaches a database through Unix sockets. The tests have one account, so each user
// has a server that takes it for that user.
func socketWorld(t *testing.T) ringtest.World {
	t.Helper()
	first := newWorld(t, newSite(t))
	return ringtest.World{As: func(t *testing.T, user ring.Owner) *ring.Manager {
		t.Helper()
		s := &site{t: t, db: first.db, store: first.store, socket: t.TempDir() + "/s", limits: first.limits, refresh: make(chan struct{}), ended: make(chan error, 1)}
		s.account = func(uint32) (string, error) { return string(user), nil }
		return remote(t, s.start(false).dial(Options{}))
	}}
}

// tlsWorld reaches a database through a TLS port, with a certificate for each user.
func tlsWorld(t *testing.T) ringtest.World {
	t.Helper()
	s := newWorld(t, tlsSite(t)).start(true)
	return ringtest.World{As: func(t *testing.T, user ring.Owner) *ring.Manager {
		t.Helper()
		ref := ring.CertRef{Owner: user, Label: "client"}
		if err := s.own().List(t.Context(), ring.Selector{Owner: ref.Owner, Label: ref.Label}, func(ring.Listing) error { return nil }); err != nil {
			s.must(s.own().Gencert(t.Context(), gencert(user, ref.Label, &ring.CertRef{Owner: ring.CertAuth, Label: "CA"})))
		}
		c, err := Dial(t.Context(), "https://"+s.port, Options{TLS: s.client(ref)})
		if err != nil {
			t.Fatal(err)
		}
		return remote(t, c)
	}}
}

func TestAuthorityMatrices(t *testing.T) {
	t.Run("socket", func(t *testing.T) { ringtest.Matrices(t, socketWorld(t)) })
	t.Run("tls", func(t *testing.T) { ringtest.Matrices(t, tlsWorld(t)) })
}

func TestAuthorityAttempts(t *testing.T) {
	t.Run("socket", func(t *testing.T) { ringtest.Attempts(t, socketWorld) })
	t.Run("tls", func(t *testing.T) { ringtest.Attempts(t, tlsWorld) })
}
