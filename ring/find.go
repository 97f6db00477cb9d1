package ring

import (
	"errors"
	"fmt"
	"math/big"

	"signet/cert"
)

// Selector names one certificate of an owner: by label, by serial number and perhaps the
// issuer's name as RACF prints it, or, when the owner has just one, by nothing
// (racdcert-certificates.md 1.4).
type Selector struct {
	Owner  Owner
	Label  string
	Serial *big.Int
	Issuer string
}

// All reports whether s names no certificate in particular.
func (s Selector) All() bool { return s.Label == "" && s.Serial == nil && s.Issuer == "" }

// what describes the selection for messages.
func (s Selector) what() string {
	switch {
	case s.Label != "":
		return fmt.Sprintf("label %q", s.Label)
	case s.Serial != nil && s.Issuer != "":
		return fmt.Sprintf("serial number %s and issuer %q", cert.SerialHex(s.Serial), s.Issuer)
	case s.Serial != nil:
		return "serial number " + cert.SerialHex(s.Serial)
	}
	return fmt.Sprintf("issuer %q", s.Issuer)
}

// find gives the one certificate that s names; notFound is the message when there is none.
func find(tx Tx, s Selector, notFound messageID) (*Certificate, error) {
	if s.Label != "" && s.Serial == nil && s.Issuer == "" {
		c, err := tx.Certificate(CertRef{s.Owner, s.Label})
		if errors.Is(err, ErrNotFound) {
			return nil, newError(notFound, s.Owner, s.what())
		}
		return c, err
	}
	var found *Certificate
	for c, err := range tx.Certificates(s.Owner) {
		if err != nil {
			return nil, err
		}
		ok, err := s.matches(c)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			continue
		case found != nil:
			return nil, newError(msgManyMatch, s.Owner, found.Label, c.Label)
		}
		found = c
	}
	if found == nil {
		if s.All() {
			return nil, newError(msgNothingListed, s.Owner)
		}
		return nil, newError(notFound, s.Owner, s.what())
	}
	return found, nil
}

func (s Selector) matches(c *Certificate) (bool, error) {
	if s.Label != "" && s.Label != c.Label {
		return false, nil
	}
	if s.Serial == nil && s.Issuer == "" {
		return true, nil
	}
	x, err := c.X509()
	if err != nil {
		return false, err
	}
	if s.Serial != nil && s.Serial.Cmp(x.SerialNumber) != 0 {
		return false, nil
	}
	return s.Issuer == "" || cert.IssuerOf(x).RACF() == s.Issuer, nil
}

// byRef gives the certificate of a reference or IRRD107I.
func byRef(tx Tx, r CertRef) (*Certificate, error) {
	return find(tx, Selector{Owner: r.Owner, Label: r.Label}, msgNoMatch)
}

// freeLabel gives the lowest LABELnnnnnnnn that none of the owner's certificates has.
func freeLabel(tx Tx, owner Owner) (string, error) { return certificateLabels(tx, owner).free() }

// releaseLabel makes a generated label findable again after its certificate gave it up.
func releaseLabel(tx Tx, owner Owner, label string) error {
	return certificateLabels(tx, owner).release(label)
}

// newLabel checks a label wanted for a new certificate, or generates one when none is wanted.
func newLabel(tx Tx, owner Owner, want string) (string, error) {
	if owner == MultiID {
		return "", newError(msgMultiID)
	}
	return certificateLabels(tx, owner).choose(want)
}
