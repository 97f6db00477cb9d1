package ring

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"signet/cert"
)

// Status is the trust a database puts in a certificate. Only TRUST and HIGHTRUST let it map a
// client to a user or reach a program that reads a ring.
type Status string

// The three statuses. HighTrust is for CERTAUTH certificates only.
const (
	Trust     Status = "TRUST"
	NoTrust   Status = "NOTRUST"
	HighTrust Status = "HIGHTRUST"
)

// KeyRef says where the private key of a certificate is: nowhere (the zero value), sealed in
// the database, or in a token, as an RFC 7512 URI.
type KeyRef string

// Where a key can be, besides the URI of a token.
const (
	NoKey       KeyRef = ""
	KeyInStore  KeyRef = "store"
	tokenScheme        = "pkcs11:"
)

// InToken reports whether the key never leaves a token.
func (k KeyRef) InToken() bool { return strings.HasPrefix(string(k), tokenScheme) }

// Token gives the name of the token that a key is in; empty if it is in none, or the reference
// does not name it.
func (k KeyRef) Token() string {
	rest, ok := strings.CutPrefix(string(k), tokenScheme)
	if !ok {
		return ""
	}
	path, _, _ := strings.Cut(rest, "?")
	for _, attribute := range strings.Split(path, ";") {
		if name, ok := strings.CutPrefix(attribute, "token="); ok {
			if text, err := url.PathUnescape(name); err == nil {
				return text
			}
		}
	}
	return ""
}

// Certificate is one certificate of a database with what the database knows of it.
type Certificate struct {
	ID         int64     // the store's handle; zero until it is stored
	Owner      Owner     //
	Label      string    // unique for the owner
	Status     Status    //
	DER        []byte    // the certificate itself
	Key        KeyRef    // where its private key is
	LastSerial uint64    // the last serial number it issued (RACF's CERTLSER); zero when none
	Requested  bool      // GENREQ has used it and no answer came back (RACF's CERTGREQ)
	Added      time.Time // when it entered the database
	AddedBy    string    // the user ID that brought it

	x509 *x509.Certificate // parsed on demand: listing a ring needs no parsing
}

// NewCertificate wraps a parsed certificate for the database.
func NewCertificate(ref CertRef, c *x509.Certificate) *Certificate {
	return &Certificate{Owner: ref.Owner, Label: ref.Label, Status: Trust, DER: c.Raw, x509: c}
}

// setX509 changes the certificate itself.
func (c *Certificate) setX509(x *x509.Certificate) { c.DER, c.x509 = x.Raw, x }

// X509 returns the parsed certificate.
func (c *Certificate) X509() (*x509.Certificate, error) {
	if c.x509 == nil {
		p, err := cert.Parse(c.DER)
		if err != nil {
			return nil, fmt.Errorf("certificate %s in the database: %w", c.Ref(), err)
		}
		c.x509 = p
	}
	return c.x509, nil
}

// Ref names the certificate.
func (c *Certificate) Ref() CertRef { return CertRef{c.Owner, c.Label} }

// HasKey reports whether the database knows a private key for the certificate.
func (c *Certificate) HasKey() bool { return c.Key != NoKey }

// maxLabel is the longest label, in characters (racdcert-certificates.md 1.2). The aliases that
// other programs put into keystores are longer; they are found, and never made.
const (
	maxLabel = 32
	maxAlias = 255
)

// CheckLabel returns the label with outer blanks removed, or says why it is not one.
func CheckLabel(s string) (string, error) { return checkLabel(s, maxLabel) }

func checkLabel(s string, longest int) (string, error) {
	label := strings.TrimSpace(s)
	switch {
	case label == "":
		return "", newError(msgBadLabel, s, "it is empty")
	case !utf8.ValidString(label):
		return "", newError(msgBadLabel, s, "it is not valid UTF-8")
	case utf8.RuneCountInString(label) > longest:
		return "", newError(msgBadLabel, s, fmt.Sprintf("it is longer than %d characters", longest))
	case strings.IndexFunc(label, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0:
		return "", newError(msgBadLabel, s, "it holds a character that cannot be shown")
	}
	return label, nil
}
