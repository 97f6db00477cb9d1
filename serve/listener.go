package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"signet/ring"
)

// gatedListener lets so many connections in, and learns on a Unix socket whose they are. Some more
// than are allowed get an answer that says so; beyond those, connections are dropped.
type gatedListener struct {
	net.Listener
	server *Server
	via    string

	mu    sync.Mutex
	open  int
	users map[ring.Owner]int // on the Unix socket
}

// gatedConn is a connection with what it says of its other end.
type gatedConn struct {
	net.Conn
	listener *gatedListener
	user     ring.Owner               // on the Unix socket
	refused  *failure                 // why nothing is done for it; nil for nothing wrong
	checked  atomic.Pointer[material] // on the TLS port: what its certificate was last checked against
	once     sync.Once
}

type connKey struct{}

// gatedOf gives the connection below TLS.
func gatedOf(c net.Conn) *gatedConn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	return c.(*gatedConn)
}

// Accept waits for the next connection that may come in.
func (l *gatedListener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &gatedConn{Conn: raw, listener: l}
		if l.via == viaUnix {
			c.user, c.refused = l.server.accountOf(raw)
		}
		if l.enter(c) {
			return c, nil
		}
		raw.Close()
	}
}

// accountOf gives the user at the other end of a Unix socket.
func (s *Server) accountOf(c net.Conn) (ring.Owner, *failure) {
	uid, err := peerUID(c)
	if err != nil {
		return "", denied("the socket does not tell who is asking: %v", err)
	}
	account, err := s.config.Account(uid)
	if err != nil {
		return "", denied("user number %d has no account here", uid)
	}
	user, err := ring.UserOwner(account)
	if err != nil {
		return "", denied("the account %q cannot be a user ID", account)
	}
	return user, nil
}

// enter counts a connection and reports whether it is let in, perhaps to be told of a limit.
func (l *gatedListener) enter(c *gatedConn) bool {
	limits := l.server.config.Limits
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= 2*limits.Connections || c.user != "" && l.users[c.user] >= 2*limits.UserConnections {
		return false
	}
	l.open++
	switch {
	case l.open > limits.Connections:
		c.refused = full("%d connections are open already, and more may not be", limits.Connections)
	case c.user != "" && l.users[c.user] >= limits.UserConnections:
		c.refused = full("user %s has %d connections open already, and more may not be", c.user.Name(), limits.UserConnections)
	}
	if c.user != "" {
		l.users[c.user]++
	}
	return true
}

func full(format string, args ...any) *failure {
	f := failed(ring.Refused, "refused", format, args...)
	f.Retry, f.Status = true, http.StatusServiceUnavailable
	return f
}

// Close ends a connection, and with it the transaction that belongs to it.
func (c *gatedConn) Close() error {
	c.once.Do(func() {
		c.listener.server.sessions.gone(c)
		l := c.listener
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open--
		if c.user == "" {
			return
		}
		if l.users[c.user]--; l.users[c.user] == 0 {
			delete(l.users, c.user)
		}
	})
	return c.Conn.Close()
}

// troubleHandler takes what net/http has to say, such as a handshake that failed.
type troubleHandler struct{ log *logger }

// Enabled reports whether anybody wants to know.
func (h troubleHandler) Enabled(context.Context, slog.Level) bool { return !h.log.quiet }

// Handle writes it.
func (h troubleHandler) Handle(_ context.Context, r slog.Record) error {
	h.log.trouble("connection", errors.New(r.Message))
	return nil
}

// WithAttrs has nothing to add.
func (h troubleHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup has nothing to add.
func (h troubleHandler) WithGroup(string) slog.Handler { return h }

// host gives the machine of an address.
func host(c net.Conn) string {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.IP.String()
	}
	return ""
}

// stopping is what a server says that goes down.
func stopping() *failure {
	f := full("the server is stopping; nothing was done")
	f.Retry = false
	f.Code = ring.Failed
	return f
}
