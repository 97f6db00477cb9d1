package cert

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
)

// extUsages are the extended key usages that have a word (RFC 5280 section 4.2.1.12).
var extUsages = []struct {
	word  string
	usage x509.ExtKeyUsage
}{
	{"serverauth", x509.ExtKeyUsageServerAuth},
	{"clientauth", x509.ExtKeyUsageClientAuth},
	{"codesigning", x509.ExtKeyUsageCodeSigning},
	{"emailprotection", x509.ExtKeyUsageEmailProtection},
	{"timestamping", x509.ExtKeyUsageTimeStamping},
	{"ocspsigning", x509.ExtKeyUsageOCSPSigning},
}

// ParseExtUsage reads words in any case and dotted object identifiers. Usages that crypto/x509
// knows and others come back apart, as its certificates hold them; repeated ones once.
func ParseExtUsage(words []string) ([]x509.ExtKeyUsage, []asn1.ObjectIdentifier, error) {
	var known []x509.ExtKeyUsage
	var unknown []asn1.ObjectIdentifier
	for _, w := range words {
		usage, id, err := parseExtUsage(strings.TrimSpace(w))
		switch {
		case err != nil:
			return nil, nil, err
		case id == nil && !slices.Contains(known, usage):
			known = append(known, usage)
		case id != nil && !slices.ContainsFunc(unknown, id.Equal):
			unknown = append(unknown, id)
		}
	}
	return known, unknown, nil
}

func parseExtUsage(w string) (x509.ExtKeyUsage, asn1.ObjectIdentifier, error) {
	for _, u := range extUsages {
		if strings.EqualFold(w, u.word) {
			return u.usage, nil, nil
		}
	}
	id, err := parseOID(w)
	if err != nil {
		return 0, nil, fmt.Errorf("extended key usage %q: not serverauth, clientauth, codesigning, emailprotection, timestamping, ocspsigning or a dotted object identifier", clip(w))
	}
	if usage, ok := extUsageOf(id); ok {
		return usage, nil, nil
	}
	return 0, id, nil
}

// extUsageOf finds the usage that crypto/x509 gives to an object identifier.
func extUsageOf(id asn1.ObjectIdentifier) (x509.ExtKeyUsage, bool) {
	for u := firstExtUsage; u <= lastExtUsage; u++ {
		if u.OID().EqualASN1OID(id) {
			return u, true
		}
	}
	return 0, false
}

// The usages of crypto/x509 are numbered without gaps.
const (
	firstExtUsage = x509.ExtKeyUsageAny
	lastExtUsage  = x509.ExtKeyUsageMicrosoftKernelCodeSigning
)

// ExtUsageWords translates back: words where there are any, else object identifiers.
func ExtUsageWords(known []x509.ExtKeyUsage, unknown []asn1.ObjectIdentifier) []string {
	var words []string
next:
	for _, k := range known {
		for _, u := range extUsages {
			if u.usage == k {
				words = append(words, u.word)
				continue next
			}
		}
		if k >= firstExtUsage && k <= lastExtUsage {
			words = append(words, k.OID().String())
		}
	}
	for _, id := range unknown {
		words = append(words, id.String())
	}
	return words
}
