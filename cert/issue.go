package cert

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
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
	return sign(t, key.Public(), key, nil)
}

// Issue makes a certificate for pub, signed by an issuer. Whether the issuer is a CA and its
// validity spans the new one is the caller's concern.
func Issue(t Template, pub crypto.PublicKey, by Issuer) (*x509.Certificate, error) {
	switch {
	case by.Cert == nil || by.Key == nil:
		return nil, fmt.Errorf("certificate %q: no certificate or no key to sign with", t.Subject)
	case !SameKey(by.Key.Public(), by.Cert.PublicKey):
		return nil, fmt.Errorf("certificate %q: the signing key does not belong to the certificate of the issuer %q", t.Subject, SubjectOf(by.Cert))
	}
	return sign(t, pub, by.Key, by.Cert)
}

// sign makes a certificate; a nil parent means that it is its own. Its signature is checked by the
// public half of the key before anybody sees it, which x509.CreateCertificate does, and the result
// is read back: a faulty token must not put bad certificates into circulation. Whether key is the
// parent's is the caller's concern.
func sign(t Template, pub crypto.PublicKey, key crypto.Signer, parent *x509.Certificate) (*x509.Certificate, error) {
	fail := func(err error) (*x509.Certificate, error) {
		return nil, fmt.Errorf("certificate %q: %s", t.Subject, reason(err))
	}
	if err := t.check(); err != nil {
		return fail(err)
	}
	in, err := t.x509(pub)
	if err != nil {
		return fail(err)
	}
	in.SignatureAlgorithm, err = algorithmFor(key.Public(), t.PSS)
	if err != nil {
		return fail(err)
	}
	signer := in
	if parent != nil {
		signer = parent
		in.AuthorityKeyId = parent.SubjectKeyId // crypto/x509 leaves it out when the names are equal
	}
	if bytes.Equal(signer.RawSubject, []byte(emptyName)) {
		return fail(errors.New("its issuer has no name")) // RFC 5280 section 4.1.2.4
	}
	data, err := x509.CreateCertificate(rand.Reader, in, signer, pub, key)
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

// x509 translates the template for crypto/x509.
func (t Template) x509(pub crypto.PublicKey) (*x509.Certificate, error) {
	c := &x509.Certificate{
		RawSubject:            t.Subject.DER(),
		SerialNumber:          t.Serial,
		NotBefore:             t.NotBefore.UTC().Truncate(time.Second),
		NotAfter:              t.NotAfter.UTC().Truncate(time.Second),
		KeyUsage:              t.KeyUsage,
		ExtKeyUsage:           t.ExtKeyUsage,
		UnknownExtKeyUsage:    t.UnknownExtKeyUsage,
		BasicConstraintsValid: t.CA || t.BasicConstraints,
		IsCA:                  t.CA,
		MaxPathLen:            -1,
		SubjectKeyId:          t.SubjectKeyID,
	}
	if t.CA {
		c.MaxPathLen, c.MaxPathLenZero = t.MaxPathLen, t.MaxPathLen == 0
	}
	var err error
	if len(c.SubjectKeyId) == 0 {
		// crypto/x509 would hash by SHA-256, and for CAs only.
		if c.SubjectKeyId, err = SubjectKeyID(pub); err != nil {
			return nil, err
		}
	}
	if !t.AltNames.Empty() {
		// Written here, because crypto/x509 would take URIs apart and put them together anew.
		value, err := t.AltNames.marshal()
		if err != nil {
			return nil, err
		}
		// RFC 5280 section 4.2.1.6: critical if there is no subject.
		c.ExtraExtensions = []pkix.Extension{{Id: oidAltNames, Critical: t.Subject.IsZero(), Value: value}}
	}
	return c, nil
}
