package serve

import "signet/ring"

// Peer is who asks, and on whose behalf.
type Peer struct {
	User ring.Owner // who it is: the account of the process, or the user that the certificate maps to
	As   ring.Owner // the user to act for; User itself when no other was named
	Via  string     // unix or tls
	Host string     // the address that it comes from; empty for this machine
	Zone string     // the time zone of its dates, by name; empty for the server's
}

// The ways to a server, as the trail names them.
const (
	viaUnix = "unix"
	viaTLS  = "tls"
)
