package serve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"signet/ring"
)

// Config is what a server works with.
type Config struct {
	// Manager gives what performs the functions of a peer.
	Manager func(Peer) *ring.Manager
	// Own gives what reads the database for the server itself: the ring of its TLS port, and
	// whom a client certificate maps to.
	Own func() *ring.Manager
	// Account gives the account of a user number, for the Unix socket.
	Account func(uid uint32) (string, error)

	Ring    ring.RingRef    // of the TLS port
	Refresh <-chan struct{} // says when to read it anew, besides Limits.CertificateCheck; may be nil

	Limits  Limits
	Version string // of this program
	Log     io.Writer
	Quiet   bool // no line for each request
	Now     func() time.Time
}

// Server performs functions for others.
type Server struct {
	config   Config
	log      *logger
	usage    *usage
	sessions *sessions
	keyring  *keyring
	base     context.Context
}

// New returns a server.
func New(c Config) *Server {
	log := &logger{w: c.Log, now: c.Now, quiet: c.Quiet}
	return &Server{
		config:   c,
		log:      log,
		usage:    newUsage(c.Limits, c.Now),
		sessions: &sessions{limits: c.Limits, log: log, byUser: map[ring.Owner]*session{}, pauses: map[ring.Owner]time.Time{}},
		keyring:  &keyring{manager: c.Own, ref: c.Ring, log: log, now: c.Now},
	}
}

// Serve answers on a Unix socket and on a TLS port, of which either may be nil, until ctx ends.
// Then it takes no more requests, lets those that run come to an end within the time for that,
// and undoes open transactions. ready is called when the first request can come.
func (s *Server) Serve(ctx context.Context, unix, port net.Listener, ready func()) error {
	base, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	s.base = base
	var servers []*http.Server
	var listeners []net.Listener
	add := func(l net.Listener) {
		servers, listeners = append(servers, s.httpServer()), append(listeners, l)
	}
	if unix != nil {
		add(&gatedListener{Listener: unix, server: s, via: viaUnix, users: map[ring.Owner]int{}})
	}
	if port != nil {
		if err := s.keyring.load(ctx); err != nil {
			if ring.CodeOf(err) < ring.Failed { // a look that finds nothing is only a warning, and this is more
				err = fmt.Errorf("the TLS port cannot be served: %v: %w", err, ring.ErrRefused)
			}
			return errors.Join(err, closeAll(unix, port))
		}
		watching, stop := context.WithCancel(base)
		defer stop()
		go s.keyring.watch(watching, s.config.Limits.CertificateCheck, s.config.Refresh)
		add(tls.NewListener(&gatedListener{Listener: port, server: s, via: viaTLS}, s.keyring.config()))
	}
	ended := make(chan error, len(servers))
	for i, h := range servers {
		go func() { ended <- h.Serve(listeners[i]) }()
	}
	ready()
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	return errors.Join(err, s.shutdown(servers, cancel))
}

func closeAll(listeners ...net.Listener) error {
	var errs []error
	for _, l := range listeners {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

// shutdown ends the servers: requests that run have their time, then they are broken off.
func (s *Server) shutdown(servers []*http.Server, cancel context.CancelCauseFunc) error {
	limit, done := context.WithTimeout(context.Background(), s.config.Limits.ShutdownTime)
	defer done()
	force := context.AfterFunc(limit, func() { cancel(errStopping) })
	defer force()
	left := make(chan error, len(servers))
	for _, h := range servers {
		go func() { left <- h.Shutdown(limit) }()
	}
	s.sessions.stop()
	var errs []error
	for _, h := range servers {
		if err := <-left; err != nil {
			errs = append(errs, fmt.Errorf("functions that took longer than %v were broken off", s.config.Limits.ShutdownTime))
			errs = append(errs, h.Close())
		}
	}
	return errors.Join(errs...)
}

// httpServer gives one for a listener.
func (s *Server) httpServer() *http.Server {
	l := s.config.Limits
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: l.ReadTime,
		IdleTimeout:       l.IdleTime,
		MaxHeaderBytes:    l.HeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return s.base },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, gatedOf(c))
		},
		ErrorLog:                     slog.NewLogLogger(troubleHandler{s.log}, slog.LevelWarn),
		DisableGeneralOptionsHandler: true,
	}
}

// userOf gives the user that the client certificate of a connection maps to.
func (s *Server) userOf(ctx context.Context, c *gatedConn, chain []*x509.Certificate) (ring.Owner, *failure) {
	m := s.keyring.current.Load()
	if m == nil || len(chain) == 0 {
		return "", denied("the TLS port is closed: its ring does not let it serve")
	}
	if c.checked.Load() != m {
		if err := m.verify(chain, s.config.Now()); err != nil {
			return "", denied("the certificate %q is no longer accepted: %v", chain[0].Subject, err)
		}
		c.checked.Store(m)
	}
	if now := s.config.Now(); now.After(chain[0].NotAfter) {
		return "", denied("the certificate %q has expired", chain[0].Subject)
	}
	id, err := s.config.Own().Whois(ctx, ring.Whois{Data: chain[0].Raw, Source: "the client certificate"})
	if err != nil {
		return "", tell(err, s.log.conceal)
	}
	if id.User == "" {
		return "", denied("the certificate %q maps to no user; on the server, signet map or signet add makes it one's", chain[0].Subject)
	}
	return id.User, nil
}

// denied is the failure of a peer that is nobody here.
func denied(format string, args ...any) *failure {
	f := failed(ring.Refused, "refused", format, args...)
	f.Status = http.StatusForbidden
	return f
}
