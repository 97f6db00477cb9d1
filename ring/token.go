package ring

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"signet/cert"
)

// Token is a PKCS #11 token: a named list of certificates, some with their private keys. It
// belongs to no user (racdcert-rings.md B).
type Token struct {
	ID        int64 // the store's handle; zero until it is stored
	Name      string
	Foreign   int // how many objects it holds that these functions did not make; always zero in a database
	Created   time.Time
	CreatedBy string
}

// TokenObject is a certificate in a token, with its public key and perhaps its private key. It
// is a copy: it stays as BIND made it whatever becomes of the certificate in the database.
type TokenObject struct {
	ID      int64 // the store's handle; zero until it is stored
	Token   *Token
	Seq     SeqNum    // its number in the token
	Owner   Owner     // of the certificate, when it was bound
	Label   string    // of the certificate, when it was bound
	Usage   Usage     //
	Default bool      // the token's one default certificate
	DER     []byte    // the certificate itself
	HasKey  bool      // its private key is in the token, too
	Bound   time.Time // when BIND put it there or last changed it
	BoundBy string    // the user ID that did

	x509 *x509.Certificate // parsed on demand
}

// X509 returns the parsed certificate.
func (o *TokenObject) X509() (*x509.Certificate, error) {
	if o.x509 == nil {
		p, err := cert.Parse(o.DER)
		if err != nil {
			return nil, fmt.Errorf("certificate %v in token %q: %w", o.Seq, o.Token.Name, err)
		}
		o.x509 = p
	}
	return o.x509, nil
}

// Ref gives the owner and label under which the certificate was bound.
func (o *TokenObject) Ref() CertRef { return CertRef{o.Owner, o.Label} }

// Tokens is where tokens are: everything that the token functions need of it. A database keeps
// tokens itself, as part of its Tx. PKCS #11 modules will be the other implementation: a token
// name is there a token label, adding and deleting is making and destroying objects, a sequence
// number is one that the implementation can find its object by again, and what a module cannot
// do (DEFAULT, or a private key that leaves) fails with ErrUnsupported.
//
// The contract is that of Tx.
type Tokens interface {
	// Token finds a token by name.
	Token(name string) (*Token, error)
	// Tokens yields all tokens by name.
	Tokens() iter.Seq2[*Token, error]
	// AddToken stores a new, empty token and sets its ID; an existing name fails with ErrExists.
	AddToken(*Token) error
	// DeleteToken removes a token with its objects.
	DeleteToken(*Token) error

	// TokenObject finds an object by its number.
	TokenObject(*Token, SeqNum) (*TokenObject, error)
	// TokenObjectOf finds the object that holds this certificate (DER).
	TokenObjectOf(t *Token, der []byte) (*TokenObject, error)
	// TokenObjects yields the objects of a token by number.
	TokenObjects(*Token) iter.Seq2[*TokenObject, error]
	// TokenObjectsBoundAs yields the objects of a token that were bound under an owner and
	// label, by number.
	TokenObjectsBoundAs(*Token, CertRef) iter.Seq2[*TokenObject, error]
	// DefaultTokenObject finds the token's default.
	DefaultTokenObject(*Token) (*TokenObject, error)
	// AddTokenObject stores a new object, at first without a key, and sets its ID and its
	// number, which the token never gave before. A certificate that is in the token, and a
	// second default, fail with ErrExists.
	AddTokenObject(*TokenObject) error
	// UpdateTokenObject replaces everything but the ID, the number, the certificate and the
	// key of a stored one.
	UpdateTokenObject(*TokenObject) error
	// DeleteTokenObject removes one with its key.
	DeleteTokenObject(*TokenObject) error

	// TokenKey gives the private key of an object; for one in a database it is a software key.
	TokenKey(*TokenObject) (crypto.Signer, error)
	// PutTokenKey copies a software key to a stored object and sets o.HasKey.
	PutTokenKey(o *TokenObject, key crypto.Signer) error
	// DeleteTokenKey destroys the key of an object and clears o.HasKey.
	DeleteTokenKey(*TokenObject) error
}

// maxTokenName is the longest token name, in characters (racdcert-rings.md B2).
const maxTokenName = 32

// CheckTokenName returns the name of a token in upper case, or says why it is not one.
func CheckTokenName(s string) (string, error) {
	switch {
	case s == "":
		return "", newError(msgBadTokenName, s, "it is empty")
	case len(s) > maxTokenName:
		return "", newError(msgBadTokenName, s, fmt.Sprintf("it is longer than %d characters", maxTokenName))
	}
	for i, r := range s {
		switch {
		case r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("@#$", r):
		case r != '.' && (r < '0' || r > '9'):
			return "", newError(msgBadTokenName, s, fmt.Sprintf("it holds %q", r))
		case i == 0:
			return "", newError(msgBadTokenName, s, fmt.Sprintf("it begins with %q", r))
		}
	}
	return strings.ToUpper(s), nil
}

// SeqNum is the number of an object in its token, from 1. Zero is none.
type SeqNum uint32

// String gives the number as LISTTOKEN shows it.
func (n SeqNum) String() string { return fmt.Sprintf("%08X", uint32(n)) }

// ParseSeqNum reads a sequence number: 1 to 8 hexadecimal digits, not all of them zero
// (racdcert-certificates.md 10).
func ParseSeqNum(s string) (SeqNum, error) {
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil || n == 0 || len(s) > 8 {
		return 0, newError(msgBadSeqNum, s)
	}
	return SeqNum(n), nil
}
