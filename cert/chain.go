package cert

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Problem is one thing that is wrong with a chain.
type Problem struct {
	Index int    // of the certificate in the chain, from 0
	Text  string // what is wrong
}

// Error counts certificates from 1, as RACF's listings of chains do.
func (p Problem) Error() string { return fmt.Sprintf("certificate %d: %s", p.Index+1, p.Text) }

// CheckChain examines a chain, leaf first, as of the time given: the signature of each link,
// the right of each issuer to sign certificates, path lengths, validity, critical extensions
// that nobody understands, and whether the chain ends in a self-signed certificate. It returns
// all that is wrong, by certificate. It diagnoses; it is not the path validation of RFC 5280
// section 6, which name constraints and policies are part of.
func CheckChain(chain []*x509.Certificate, at time.Time) []Problem {
	var problems []Problem
	below := 0 // intermediates that were issued by others, so far
	for i, c := range chain {
		found := checkValidity(c, at)
		if len(c.UnhandledCriticalExtensions) > 0 {
			found = append(found, fmt.Sprintf("critical extension %v is not understood", c.UnhandledCriticalExtensions[0]))
		}
		if i > 0 {
			found = append(found, checkIssuer(c, below)...)
			if !selfIssued(c) {
				below++
			}
		}
		if text := checkLink(c, chain[i+1:]); text != "" {
			found = append(found, text)
		}
		for _, text := range found {
			problems = append(problems, Problem{i, text})
		}
	}
	return problems
}

func checkValidity(c *x509.Certificate, at time.Time) []string {
	switch {
	case at.Before(c.NotBefore):
		return []string{"not valid before " + stamp(c.NotBefore)}
	case at.After(c.NotAfter):
		return []string{"expired at " + stamp(c.NotAfter)}
	}
	return nil
}

// checkIssuer says why a certificate may not have issued others, with a number of
// intermediates below it (RFC 5280 section 6.1.4 k to n).
func checkIssuer(c *x509.Certificate, below int) (found []string) {
	// Roots of version 1 cannot say that they are CAs; they are trusted as they are.
	if !c.IsCA && (c.Version >= 3 || !selfIssued(c)) {
		found = append(found, "not a CA certificate, but it issued the one before")
	}
	if _, has := extension(c.Extensions, oidKeyUsage); has && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		found = append(found, "its key usage does not include signing certificates")
	}
	if c.IsCA && c.MaxPathLen >= 0 && below > c.MaxPathLen {
		found = append(found, fmt.Sprintf("path length %d exceeded: %d intermediate certificates below it", c.MaxPathLen, below))
	}
	return found
}

// checkLink says what is wrong between a certificate and what follows it in the chain.
func checkLink(c *x509.Certificate, rest []*x509.Certificate) string {
	if len(rest) == 0 {
		if !selfIssued(c) {
			return fmt.Sprintf("its issuer %q is missing", IssuerOf(c))
		}
		rest = []*x509.Certificate{c}
	}
	parent := rest[0]
	err := CheckSignature(c, parent)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrSignature):
		return "its signature does not verify"
	case errors.Is(err, ErrAlgorithm):
		return fmt.Sprintf("its signature cannot be checked: %s by a key %s of %d bits", SignatureName(c), KeyType(parent), KeySize(parent))
	}
	return fmt.Sprintf("issued by %q, but %q follows", IssuerOf(c), SubjectOf(parent))
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
