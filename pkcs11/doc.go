// Package pkcs11 reaches the keys and certificates of hardware tokens: a token and its objects
// are named by RFC 7512 URIs, and a private key is used as a crypto.Signer without ever leaving
// its token. It follows PKCS #11 v2.40 (with the Edwards keys of v3.0) and knows X.509 only; how
// a token stands for a key ring is for its callers.
//
// Tokens are reached through a vendor's shared library, the module, which needs cgo. Built
// without cgo the package compiles and refuses to load modules with ErrNoCGO; URIs, errors and
// rules work in both builds.
//
// The package does not prompt, reads no files and no environment: PINs come from a function of
// the caller, which is never called while a lock is held.
package pkcs11
