package serve

import (
	"time"

	"signet/ring"
)

// Peer is who asks, and on whose behalf.
type Peer struct {
	User ring.Owner // who it is: the account of the process, or the user that the certificate maps to
	As   ring.Owner // the user to act for; User itself when no other was named
	Via  string     // unix or tls
	Host string     // the address that it comes from; empty for this machine

	Zone *time.Location // of its dates; nil for the server's
}

// The ways to a server, as the trail names them.
const (
	viaUnix = "unix"
	viaTLS  = "tls"
)
