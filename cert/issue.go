package cert

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Template says what a new certificate is to contain (racdcert-certificates.md 3.6).
type Template struct {
	Subject             Name     // may be empty if there are alternative names and CA is false
	Serial              *big.Int // not negative, at most 20 octets; 0 is RACF's for self-signed ones
	NotBefore, NotAfter time.Time
	KeyUsage            x509.KeyUsage // 0: no extension
	ExtKeyUsage         []x509.ExtKeyUsage
	UnknownExtKeyUsage  []asn1.ObjectIdentifier
	AltNames            AltNames
	CA                  bool
	MaxPathLen          int    // of a CA; -1: no limit. Ignored if CA is false
	BasicConstraints    bool   // write the extension even when CA is false
	SubjectKeyID        []byte // nil: computed
	PSS                 bool   // sign by RSASSA-PSS (SIGATTR(RSAPSS)); the signing key must be RSA
}

// Issuer is what signs a certificate. The key may be in a token.
type Issuer struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// Years that a validity may lie in: UTCTime begins at the first, GeneralizedTime ends at the
// last (RFC 5280 section 4.1.2.5).
const (
	minYear = 1950
	maxYear = 9999
)

// maxSerial is the longest serial number, in octets (RFC 5280 section 4.1.2.2).
const maxSerial = 20

// SelfSign makes a certificate for key, signed by key itself. It has no authority key
// identifier (racdcert-certificates.md 3.6).
func SelfSign(t Template, key crypto.Signer) (*x509.Certificate, error) {
	if key == nil {
		return nil, fmt.Errorf("certificate %q: no key to sign with", t.Subject)
	}
	c, err := sign(t, key.Public(), key, nil)
	if err != nil {
		return nil, err
	}
	return checked(c, c)
}

// checked gives a certificate whose signature by its issuer is right.
func checked(c, issuer *x509.Certificate) (*x509.Certificate, error) {
	if err := CheckSignature(c, issuer); err != nil {
		return nil, err
	}
	return c, nil
}

// Issue makes a certificate for pub, signed by an issuer. Whether the issuer is a CA and its
// validity spans the new one is the caller's concern.
func Issue(t Template, pub crypto.PublicKey, by Issuer) (*x509.Certificate, error) {
	c, err := IssueUnchecked(t, pub, by)
	if err != nil {
		return nil, err
	}
	return checked(c, by.Cert)
}

// IssueUnchecked is Issue for a caller that calls CheckSignature itself before anybody sees the
// certificate, perhaps while it goes on with others: a faulty token must not put bad
// certificates into circulation.
func IssueUnchecked(t Template, pub crypto.PublicKey, by Issuer) (*x509.Certificate, error) {
	switch {
	case by.Cert == nil || by.Key == nil:
		return nil, fmt.Errorf("certificate %q: no certificate or no key to sign with", t.Subject)
	case !SameKey(by.Key.Public(), by.Cert.PublicKey):
		return nil, fmt.Errorf("certificate %q: the signing key does not belong to the certificate of the issuer %q", t.Subject, SubjectOf(by.Cert))
	}
	return sign(t, pub, by.Key, by.Cert)
}

// sign makes a certificate whose signature is not checked yet; a nil parent means that it is its
// own. The result is read back.
func sign(t Template, pub crypto.PublicKey, key crypto.Signer, parent *x509.Certificate) (*x509.Certificate, error) {
	fail := func(err error) (*x509.Certificate, error) {
		return nil, fmt.Errorf("certificate %q: %s", t.Subject, reason(err))
	}
	if err := t.check(); err != nil {
		return fail(err)
	}
	issuer, authorityKeyID := t.Subject.DER(), []byte(nil)
	if parent != nil {
		issuer, authorityKeyID = parent.RawSubject, parent.SubjectKeyId
	}
	if bytes.Equal(issuer, []byte(emptyName)) {
		return fail(errors.New("its issuer has no name")) // RFC 5280 section 4.1.2.4
	}
	algorithm, err := algorithmFor(key.Public(), t.PSS)
	if err != nil {
		return fail(err)
	}
	by := signings[algorithm]
	identifier, err := by.identifier()
	if err != nil {
		return fail(err)
	}
	tbs, err := t.tbs(identifier, issuer, pub, authorityKeyID)
	if err != nil {
		return fail(err)
	}
	data, err := by.seal(tbs, identifier, key)
	if err != nil {
		return fail(err)
	}
	c, err := Parse(data)
	if err != nil {
		return fail(err)
	}
	return c, nil
}

// check says what cannot be put in a certificate.
func (t Template) check() error {
	notBefore, notAfter := t.NotBefore.UTC().Truncate(time.Second), t.NotAfter.UTC().Truncate(time.Second)
	switch {
	case t.Serial == nil || t.Serial.Sign() < 0:
		return errors.New("a serial number that is not negative is needed")
	case t.Serial.BitLen() > maxSerial*8-1: // one bit is the sign
		return fmt.Errorf("the serial number is longer than %d octets", maxSerial)
	case notBefore.Year() < minYear || notAfter.Year() > maxYear:
		return fmt.Errorf("the validity does not lie in the years %d to %d", minYear, maxYear)
	case !notBefore.Before(notAfter):
		return errors.New("the validity ends before it begins")
	case t.CA && t.MaxPathLen < -1:
		return fmt.Errorf("path length %d: -1 means none", t.MaxPathLen)
	case t.Subject.IsZero() && (t.CA || t.AltNames.Empty()):
		return errors.New("it needs a subject") // RFC 5280 section 4.1.2.6
	}
	return t.AltNames.Check()
}
