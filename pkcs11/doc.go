// Package pkcs11 is the place of hardware keys: tokens and their keys by RFC 7512 URI, as
// crypto.Signers. Nothing is here yet; key references to tokens are refused by the stores, and
// RACDCERT's TOKEN and PKDS operands by their parser, with a message that says so.
package pkcs11
