// Package cert is X.509 as RACDCERT needs it: distinguished names and how RACF prints them,
// key pairs, key usages, alternative names, issuing, PKCS #10 requests, and checks of
// signatures and chains.
//
// It is not a key-ring model (owners, labels, status and rings are package ring's), not a codec
// for package files (export), and not a path validator for TLS peers: name constraints,
// policies and revocation are left to crypto/x509. It prints nothing and reads neither clock
// nor environment.
//
// It follows RFC 5280 for certificates, RFC 2986 for requests, RFC 4514 for names as text, and
// the reference page racdcert-certificates.md for what RACF does.
package cert
