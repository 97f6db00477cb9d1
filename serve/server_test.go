package serve

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/backend/sqldb"
	"signet/cert"
	"signet/export"
	"signet/ring"
)

// site is a server with a small real database.
type site struct {
	t       testing.TB
	db      *sqldb.DB
	store   ring.Store // what the server works on; db when nothing is the matter with it
	socket  string
	port    string // of TLS; empty for none
	log     lockedBuffer
	limits  Limits
	account func(uint32) (string, error)
	refresh chan struct{}
	stop    context.CancelFunc
	ended   chan error
}

// lockedBuffer is the log, which the server writes while tests read it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// keeper is the user of the test's own account.
const keeper = ring.Owner("KEEPER")

var serverRing = ring.RingRef{Owner: "SRV", Name: "TLS"}

func newSite(t testing.TB) *site {
	t.Helper()
	dir := t.TempDir()
	db, err := sqldb.Open(t.Context(), filepath.Join(dir, "signet.db"), sqldb.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := ring.Found(t.Context(), db, keeper, time.Now()); err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, db: db, store: db, socket: filepath.Join(dir, "s"), limits: DefaultLimits(), refresh: make(chan struct{}), ended: make(chan error, 1)}
	s.account = func(uint32) (string, error) { return string(keeper), nil }
	return s
}

func (s *site) config(c ring.Config) ring.Config {
	c.Store, c.Codec, c.Zone = s.store, export.Codec{}, time.UTC
	return c
}

// own gives a Manager that works on the database directly, and that nobody asks what it may.
func (s *site) own() *ring.Manager {
	return ring.NewManager(s.config(ring.Config{Issuer: keeper, System: true}))
}

// start lets the server run until the test is over, or until halt.
func (s *site) start(withTLS bool) *site {
	s.t.Helper()
	unix, err := ListenUnix(s.socket, -1)
	if err != nil {
		s.t.Fatal(err)
	}
	var port net.Listener
	if withTLS {
		if port, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			s.t.Fatal(err)
		}
		s.port = port.Addr().String()
	}
	server := New(Config{
		Manager: func(p Peer) *ring.Manager {
			return ring.NewManager(s.config(ring.Config{Issuer: p.As, Account: p.User, Via: p.Via, Host: p.Host}))
		},
		Own: s.own, Account: s.account, Ring: serverRing, Refresh: s.refresh,
		Limits: s.limits, Version: "test", Log: &s.log, Now: time.Now,
	})
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	ready := make(chan struct{})
	go func() { s.ended <- server.Serve(ctx, unix, port, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-s.ended:
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.halt() })
	return s
}

// halt stops the server and gives what it ended with.
func (s *site) halt() error {
	s.stop()
	select {
	case err := <-s.ended:
		s.ended <- err // for who asks again
		return err
	case <-time.After(30 * time.Second):
		s.t.Error("the server does not stop")
		return nil
	}
}

// dial reaches the socket.
func (s *site) dial(o Options) *Client {
	s.t.Helper()
	c, err := Dial(s.t.Context(), "unix:"+s.socket, o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

func gencert(owner ring.Owner, label string, signer *ring.CertRef) ring.Gencert {
	name, err := cert.ParseName("CN=" + label)
	if err != nil {
		panic(err)
	}
	return ring.Gencert{Owner: owner, Label: label, Subject: name, SignWith: signer, Key: cert.KeySpec{Algorithm: cert.EC, Bits: 256}}
}

func (s *site) must(_ any, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// call performs a function whose answer does not matter.
func call[R any](c ring.Remote, function string, request any) (R, error) {
	var answer R
	err := c.Call(context.Background(), function, request, &answer)
	return answer, err
}

// eventually waits for something that another goroutine brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within 10 seconds: %s", what)
}

func TestFunctions(t *testing.T) {
	s := newSite(t).start(false)
	c := s.dial(Options{})
	if c.User() != keeper || c.As() != keeper {
		t.Errorf("taken for %s, acting for %s", c.User(), c.As())
	}
	made, err := call[*ring.Issued](c, "GENCERT", gencert(ring.CertAuth, "CA", nil))
	if err != nil {
		t.Fatal(err)
	}
	if ref := made.Certificate.Ref(); ref != (ring.CertRef{Owner: ring.CertAuth, Label: "CA"}) || !made.Certificate.HasKey() {
		t.Errorf("made %s", ref)
	}
	_, err = call[*ring.Issued](c, "GENCERT", gencert(ring.CertAuth, "CA", nil))
	var known *ring.Error
	if !errors.As(err, &known) || known.ID != "IRRD111I" && !errors.Is(err, ring.ErrExists) {
		t.Errorf("the same again: %v", err)
	}
	for i := range 30 {
		s.must(call[*ring.Issued](c, "GENCERT", gencert(keeper, fmt.Sprint("C", i), &ring.CertRef{Owner: ring.CertAuth, Label: "CA"})))
	}
	var labels []string
	err = c.Each(t.Context(), "LIST", ring.Selector{Owner: keeper}, func(read func(any) error) error {
		var l ring.Listing
		err := read(&l)
		if err == nil {
			labels = append(labels, l.Certificate.Label)
		}
		return err
	})
	if err != nil || len(labels) != 30 || labels[29] != "C29" {
		t.Errorf("%v: %q", err, labels)
	}
	stop := errors.New("enough")
	err = c.Each(t.Context(), "LIST", ring.Selector{Owner: keeper}, func(func(any) error) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("stopped listing: %v", err)
	}
	if log := s.log.String(); !strings.Contains(log, `KEEPER (unix) "GENCERT" 0`) || !strings.Contains(log, `"GENCERT" 8`) {
		t.Errorf("log:\n%s", log)
	}
}

func TestActingForAnother(t *testing.T) {
	s := newSite(t).start(false)
	if c := s.dial(Options{As: "webSrv"}); c.User() != keeper || c.As() != "WEBSRV" {
		t.Errorf("%s acts for %s", c.User(), c.As())
	}
	_, err := Dial(t.Context(), "unix:"+s.socket, Options{As: "a b"})
	if !errors.Is(err, ring.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

func TestUnknownPeer(t *testing.T) {
	s := newSite(t)
	s.account = func(uid uint32) (string, error) { return "", errors.New("no such entry in /etc/passwd") }
	s.start(false)
	_, err := Dial(t.Context(), "unix:"+s.socket, Options{})
	if !errors.Is(err, ring.ErrRefused) || !strings.Contains(err.Error(), "has no account here") || strings.Contains(err.Error(), "passwd") {
		t.Errorf("%v", err)
	}
}

// badStore fails like a store that says too much.
type badStore struct {
	ring.Store
	panics bool
}

func (s badStore) fail() error {
	if s.panics {
		panic("stash of /root")
	}
	return errors.New("SELECT * FROM keys: /var/lib/signet/signet.db is locked")
}

func (s badStore) View(context.Context, func(ring.Tx) error) error   { return s.fail() }
func (s badStore) Update(context.Context, func(ring.Tx) error) error { return s.fail() }

func TestNothingPrivileged(t *testing.T) {
	for _, tc := range []struct {
		store badStore
		log   string
	}{{badStore{}, "SELECT * FROM keys"}, {badStore{panics: true}, "panic: stash of /root"}} {
		s := newSite(t)
		s.store = tc.store
		s.start(false)
		c := s.dial(Options{})
		for _, function := range []string{"LISTRING", "ADDRING"} {
			_, err := call[any](c, function, ring.RingRef{Owner: keeper, Name: "R"})
			if err == nil || ring.CodeOf(err) != ring.Failed || strings.ContainsAny(err.Error(), "/*") || !strings.Contains(err.Error(), "under reference ") {
				t.Fatalf("%s: %v", function, err)
			}
			reference := err.Error()[strings.LastIndex(err.Error(), " ")+1:]
			if log := s.log.String(); strings.Count(log, reference) != 2 || !strings.Contains(log, tc.log) {
				t.Errorf("reference %s in the log:\n%s", reference, log)
			}
		}
	}
}

// tlsSite is a site with a CA, the server's ring, and a certificate for a client.
func tlsSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	m, ctx := s.own(), t.Context()
	ca := &ring.CertRef{Owner: ring.CertAuth, Label: "CA"}
	s.must(m.Gencert(ctx, gencert(ring.CertAuth, "CA", nil)))
	server := gencert(serverRing.Owner, "server", ca)
	server.AltNames.DNS = []string{"localhost"}
	s.must(m.Gencert(ctx, server))
	s.must(m.Gencert(ctx, gencert("WEBSRV", "client", ca)))
	s.must(m.AddRing(ctx, serverRing))
	s.must(m.Connect(ctx, ring.Connect{Ring: serverRing, Cert: ring.CertRef{Owner: serverRing.Owner, Label: "server"}, Default: true}))
	s.must(m.Connect(ctx, ring.Connect{Ring: serverRing, Cert: *ca}))
	return s
}

// client gives the TLS settings of a client with a certificate of the database.
func (s *site) client(ref ring.CertRef) *tls.Config {
	s.t.Helper()
	m, ctx := s.own(), s.t.Context()
	taken, err := m.Take(ctx, ring.Take{Certs: []ring.CertRef{ref}})
	if err != nil {
		s.t.Fatal(err)
	}
	id := taken.Credentials[0]
	k := &keyring{manager: s.own, ref: serverRing}
	if err := k.load(ctx); err != nil {
		s.t.Fatal(err)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		RootCAs:      k.current.Load().clients,
		ServerName:   "localhost",
		Certificates: []tls.Certificate{{Certificate: [][]byte{id.Chain[0].Raw}, PrivateKey: id.Key}},
	}
}

func TestTLS(t *testing.T) {
	s := tlsSite(t).start(true)
	ref := ring.CertRef{Owner: "WEBSRV", Label: "client"}
	config := s.client(ref)
	c, err := Dial(t.Context(), "https://"+s.port, Options{TLS: config})
	if err != nil {
		t.Fatal(err)
	}
	if c.User() != "WEBSRV" {
		t.Errorf("taken for %s", c.User())
	}
	if log := s.log.String(); !strings.Contains(log, `WEBSRV (tls 127.0.0.1) "hello" 0`) {
		t.Errorf("log:\n%s", log)
	}
	// What the database no longer says ends at once, on the open connection.
	s.must(s.own().Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: ref.Owner, Label: ref.Label}, Status: ring.NoTrust}))
	if _, err := call[[]ring.RingListing](c, "LISTRING", ring.RingRef{Owner: "WEBSRV"}); !errors.Is(err, ring.ErrRefused) || !strings.Contains(err.Error(), "maps to no user") {
		t.Errorf("after NOTRUST: %v", err)
	}
	s.must(s.own().Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: ref.Owner, Label: ref.Label}, Status: ring.Trust}))
	if _, err := call[[]ring.RingListing](c, "LISTRING", ring.RingRef{Owner: "WEBSRV"}); errors.Is(err, ring.ErrRefused) {
		t.Errorf("after TRUST: %v", err)
	}
}

func TestTLSRefuses(t *testing.T) {
	s := tlsSite(t)
	m, ctx := s.own(), t.Context()
	s.must(m.Gencert(ctx, gencert(ring.CertAuth, "Other", nil)))
	s.must(m.Gencert(ctx, gencert("WEBSRV", "stranger", &ring.CertRef{Owner: ring.CertAuth, Label: "Other"})))
	s.must(m.Gencert(ctx, gencert("WEBSRV", "gone", &ring.CertRef{Owner: ring.CertAuth, Label: "CA"})))
	good := s.client(ring.CertRef{Owner: "WEBSRV", Label: "client"})
	stranger := s.client(ring.CertRef{Owner: "WEBSRV", Label: "stranger"})
	unmapped := s.client(ring.CertRef{Owner: "WEBSRV", Label: "gone"})
	s.must(m.Delete(ctx, ring.Delete{Selector: ring.Selector{Owner: "WEBSRV", Label: "gone"}}))
	s.start(true)
	without := good.Clone()
	without.Certificates = nil
	old := good.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	distrustful := good.Clone()
	distrustful.RootCAs = nil
	wrongName := good.Clone()
	wrongName.ServerName = "elsewhere"
	for _, tc := range []struct {
		name   string
		config *tls.Config
		want   string
	}{
		{"no certificate", without, "does not accept this client's certificate"},
		{"another authority", stranger, "does not accept this client's certificate"},
		{"mapped to nobody", unmapped, "maps to no user"},
		{"TLS 1.2", old, "protocol version"},
		{"server not trusted", distrustful, "its certificate is not accepted"},
		{"server of another name", wrongName, "its certificate is not accepted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Dial(ctx, "https://"+s.port, Options{TLS: tc.config}); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
	if _, err := Dial(ctx, "https://"+s.port, Options{TLS: good}); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// The ring decides, also after the start.
func TestTLSRingChanges(t *testing.T) {
	s := tlsSite(t).start(true)
	ref := ring.CertRef{Owner: "WEBSRV", Label: "client"}
	config := s.client(ref)
	c, err := Dial(t.Context(), "https://"+s.port, Options{TLS: config})
	if err != nil {
		t.Fatal(err)
	}
	m, ctx := s.own(), t.Context()
	ca := ring.CertRef{Owner: ring.CertAuth, Label: "CA"}
	s.must(m.Gencert(ctx, gencert(ring.CertAuth, "Next", nil)))
	s.must(m.Connect(ctx, ring.Connect{Ring: serverRing, Cert: ring.CertRef{Owner: ring.CertAuth, Label: "Next"}}))
	s.must(m.Remove(ctx, ring.Remove{Ring: serverRing, Cert: ca}))
	s.refresh <- struct{}{}
	s.refresh <- struct{}{} // the first is done
	if _, err := call[[]ring.RingListing](c, "LISTRING", ring.RingRef{Owner: "WEBSRV"}); !errors.Is(err, ring.ErrRefused) || !strings.Contains(err.Error(), "no longer accepted") {
		t.Errorf("on the open connection: %v", err)
	}
	if _, err := Dial(ctx, "https://"+s.port, Options{TLS: config}); err == nil || !strings.Contains(err.Error(), "does not accept this client's certificate") {
		t.Errorf("on a new one: %v", err)
	}
	s.must(m.Connect(ctx, ring.Connect{Ring: serverRing, Cert: ca}))
	s.refresh <- struct{}{}
	s.refresh <- struct{}{}
	if _, err := Dial(ctx, "https://"+s.port, Options{TLS: config}); err != nil {
		t.Errorf("connected again: %v", err)
	}
	s.must(m.DelRing(ctx, serverRing))
	s.refresh <- struct{}{}
	s.refresh <- struct{}{}
	if _, err := Dial(ctx, "https://"+s.port, Options{TLS: config}); err == nil {
		t.Error("without a ring somebody is let in")
	}
}

func TestTLSNeedsItsRing(t *testing.T) {
	s := tlsSite(t)
	m, ctx := s.own(), t.Context()
	for _, tc := range []struct {
		change func()
		want   string
	}{
		{func() {}, ""},
		{func() {
			s.must(m.Remove(ctx, ring.Remove{Ring: serverRing, Cert: ring.CertRef{Owner: ring.CertAuth, Label: "CA"}}))
		}, "usage CERTAUTH"},
		{func() {
			s.must(m.Remove(ctx, ring.Remove{Ring: serverRing, Cert: ring.CertRef{Owner: serverRing.Owner, Label: "server"}}))
		}, "is its default"},
		{func() { s.must(m.DelRing(ctx, serverRing)) }, "TLS"},
	} {
		tc.change()
		_, err := loadMaterial(ctx, m, serverRing)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%v, want %q", err, tc.want)
		}
	}
}
