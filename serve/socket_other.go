//go:build !unix

package serve

import (
	"errors"
	"net"
)

// Socket is a Unix socket that a server listens on. This system has none that tell who connects.
type Socket struct{ net.Listener }

// ListenUnix is for systems whose Unix sockets tell who connects.
func ListenUnix(string, int) (*Socket, error) {
	return nil, errors.New("a Unix socket cannot be served on this system; use the TLS port")
}

// Path is where the socket is.
func (s *Socket) Path() string { return "" }
