package cert

import (
	"bytes"
	"crypto/x509"
	"fmt"
)

// CheckSignature checks that parent signed child: the names chain (RFC 5280 section 6.1.3, byte
// by byte) and the signature verifies. It does not ask whether parent may sign certificates;
// CheckChain does. Errors wrap ErrSignature or ErrAlgorithm, except for names that differ.
func CheckSignature(child, parent *x509.Certificate) error {
	if !bytes.Equal(child.RawIssuer, parent.RawSubject) {
		return fmt.Errorf("certificate %q: issued by %q, not by %q", SubjectOf(child), IssuerOf(child), SubjectOf(parent))
	}
	a := algorithmOf(child.Raw, child.SignatureAlgorithm)
	if err := a.verify(parent.PublicKey, child.RawTBSCertificate, child.Signature); err != nil {
		return fmt.Errorf("certificate %q: %w", SubjectOf(child), err)
	}
	return nil
}

// SelfSigned reports whether the certificate is its own issuer and its signature proves it. A
// signature that cannot be checked proves nothing.
func SelfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) && CheckSignature(c, c) == nil
}

// PickIssuer finds the certificate that issued child: its subject is child's issuer, the key
// identifiers agree where both have one, and the signature verifies. Of several the one that
// is valid longest wins. It returns -1 if there is none.
func PickIssuer(child *x509.Certificate, candidates []*x509.Certificate) int {
	best := -1
	for i, c := range candidates {
		if best >= 0 && !c.NotAfter.After(candidates[best].NotAfter) {
			continue // checked before the signature, which costs more
		}
		if keyIDsAgree(child, c) && CheckSignature(child, c) == nil {
			best = i
		}
	}
	return best
}

func keyIDsAgree(child, parent *x509.Certificate) bool {
	return len(child.AuthorityKeyId) == 0 || len(parent.SubjectKeyId) == 0 ||
		bytes.Equal(child.AuthorityKeyId, parent.SubjectKeyId)
}
