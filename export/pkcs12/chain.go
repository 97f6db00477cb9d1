package pkcs12

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"sort"
)

// Limits of what chains may cost.
const (
	// maxChain caps the certificates of a chain; longer ones are cut.
	maxChain = 64

	// maxCandidates caps the certificates of one name that are looked at for each issuer.
	maxCandidates = 64

	// maxSignatures caps the signatures that are checked in one file, at a tenth of a millisecond
	// or more each. Beyond it names and key identifiers decide alone.
	maxSignatures = 4096

	// maxLooks caps the certificates that are looked at for all chains of a file. Beyond it the
	// next one of the name is the issuer.
	maxLooks = 20_000_000
)

// library is all certificates of a file, in its order.
type library struct {
	all        []certificate
	bySubject  map[string][]int // places in all
	signatures int              // checked so far
	looks      int              // at candidates, so far
	checked    map[[2][sha256.Size]byte]bool
}

func newLibrary(ders [][]byte) *library {
	l := &library{bySubject: map[string][]int{}, checked: map[[2][sha256.Size]byte]bool{}}
	l.all = make([]certificate, 0, len(ders))
	for i, data := range ders {
		c := readCertificate(data)
		l.all = append(l.all, c)
		if c.subject != "" {
			l.bySubject[c.subject] = append(l.bySubject[c.subject], i)
		}
	}
	return l
}

// chain gives the places of a certificate and its issuers, as far as they are there. Java builds
// it by subject name alone, and takes the first certificate of a name.
func (l *library) chain(own int) []int {
	places := append(make([]int, 0, 4), own)
	for len(places) < maxChain {
		c := &l.all[places[len(places)-1]]
		if c.issuer == "" || c.issuer == c.subject {
			break
		}
		next := l.issuer(c, own)
		if next < 0 || slices.ContainsFunc(places, func(p int) bool { return l.all[p].id == l.all[next].id }) {
			break
		}
		places = append(places, next)
	}
	return places
}

// issuer gives the place of the certificate that issued c, or -1. Of several it is the one that
// key identifiers and signature speak for, and of those the next after the place own, so that a
// writer can put the right one there.
func (l *library) issuer(c *certificate, own int) int {
	places := l.bySubject[c.issuer]
	first := sort.SearchInts(places, own)
	best, bestRank, seen := -1, 0, 0
	candidates := min(len(places), maxCandidates)
	if l.looks += 2 * candidates; l.looks > maxLooks {
		candidates = min(candidates, 1)
	}
	for i := range candidates {
		at := places[(first+i)%len(places)]
		if best >= 0 && l.all[at].id == l.all[best].id {
			continue
		}
		seen++
		if r := l.rank(c, &l.all[at]); r > bestRank {
			best, bestRank = at, r
		}
	}
	if seen < 2 || best < 0 {
		return best
	}
	// Several have the name: a signature decides, unless all of the best have one key.
	differ := false
	for i := range candidates {
		at := places[(first+i)%len(places)]
		if bytes.Equal(l.all[at].publicKey, l.all[best].publicKey) || l.rank(c, &l.all[at]) != bestRank {
			continue
		}
		if !differ && l.signed(c, &l.all[best]) {
			break
		}
		if differ = true; l.signed(c, &l.all[at]) {
			return at
		}
	}
	return best
}

// rank says how well the key identifiers of a certificate and of one with its issuer's name fit;
// 0 is not at all: the issuer has another key now.
func (l *library) rank(c, issuer *certificate) int {
	switch {
	case c.issuerID == nil || issuer.keyID == nil:
		return 2
	case bytes.Equal(c.issuerID, issuer.keyID):
		return 3
	case l.signed(c, issuer):
		return 1
	}
	return 0
}

// signed reports whether the signature of c is the issuer's. What cannot be checked is not.
func (l *library) signed(c, issuer *certificate) bool {
	pair := [2][sha256.Size]byte{c.id, issuer.id}
	if is, known := l.checked[pair]; known {
		return is
	}
	if l.signatures == maxSignatures {
		return false
	}
	l.signatures++
	is := false
	if child, err := x509.ParseCertificate(c.der); err == nil {
		if parent, err := x509.ParseCertificate(issuer.der); err == nil {
			is = parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature) == nil
		}
	}
	l.checked[pair] = is
	return is
}
