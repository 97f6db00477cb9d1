// Package serve is a server that holds a database under its own account and performs the
// functions of ring.Manager for others, on a Unix socket and on a TLS port, and the client of it,
// which is a ring.Remote. It decides who the peer is, how much it may ask for and how long things
// may take; what the peer may do is decided where it always is, in package ring.
//
// A function is a POST to /v1/FUNCTION whose body is its request as JSON. The answer is lines of
// JSON: one for each thing, and a last one that says that this was all or what went wrong.
// docs/serve.md describes the protocol and the server.
package serve
