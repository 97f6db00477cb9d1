package export

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"signet/cert"
)

// judge adds what is wrong with the certificates of an entry.
func (in *inspector) judge(it *Item) {
	for i, x := range it.Chain {
		what := ""
		if i > 0 {
			what = fmt.Sprintf("certificate %d of its chain, %s: ", i+1, cert.SubjectOf(x))
		}
		if f, ok := in.validity(x.NotBefore, x.NotAfter, what); ok {
			it.Findings = append(it.Findings, f)
		}
		judgeStrength(it, x, what)
	}
	if len(it.Chain) == 0 && isWeak(it.KeyType, it.KeySize) {
		it.find(WeakKey, "its key is weak: %s with %d bits", it.KeyType, it.KeySize)
	}
	if it.Kind == KindCRL && !it.NotAfter.IsZero() {
		if f, ok := in.validity(it.NotBefore, it.NotAfter, "the CRL: "); ok {
			it.Findings = append(it.Findings, f)
		}
	}
	if it.Kind == KindPrivateKey && len(it.Chain) > 0 && !it.has(KeyMismatch) && !it.has(ChainOrder) {
		judgeChain(it, it.Chain)
	}
}

func (it *Item) has(word Word) bool {
	for _, f := range it.Findings {
		if f.Word == word {
			return true
		}
	}
	return false
}

// validity says what is wrong with a period.
func (in *inspector) validity(from, to time.Time, what string) (Finding, bool) {
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	switch {
	case in.Now.After(to):
		return Finding{Expired, what + "expired on " + day(to)}, true
	case in.Now.Before(from):
		return Finding{NotYetValid, what + "not valid before " + day(from)}, true
	case in.Within > 0 && in.Now.Add(in.Within).After(to):
		return Finding{Expiring, what + "expires on " + day(to)}, true
	}
	return Finding{}, false
}

// The sizes in bits below which keys are weak (NIST SP 800-131A section 3).
const (
	minBitsRSA = 2048
	minBitsEC  = 224
)

func isWeak(kind string, bits int) bool {
	return kind == "DSA" || bits > 0 && (kind == "RSA" && bits < minBitsRSA || strings.HasSuffix(kind, "ECC") && bits < minBitsEC)
}

// judgeStrength says whether a key or a signature is too weak. The signature of a root protects
// nothing: its reader has it from elsewhere.
func judgeStrength(it *Item, x *x509.Certificate, what string) {
	if kind, bits := cert.KeyType(x), cert.KeySize(x); isWeak(kind, bits) {
		it.find(WeakKey, "%sits key is weak: %s with %d bits", what, kind, bits)
	}
	if bytes.Equal(x.RawSubject, x.RawIssuer) {
		return
	}
	name := cert.SignatureName(x)
	for _, old := range []string{"md2", "md5", "sha1"} {
		if strings.HasPrefix(name, old) {
			it.find(WeakSignature, "%sits signature is weak: %s", what, name)
		}
	}
}

// judgeChain says whether each certificate is issued by the next. A server may leave the root
// out (RFC 8446 section 4.4.2), but not what is between.
func judgeChain(it *Item, chain []*x509.Certificate) {
	for i, x := range chain[:len(chain)-1] {
		err := cert.CheckSignature(x, chain[i+1])
		switch {
		case err == nil, errors.Is(err, cert.ErrAlgorithm):
			continue
		case errors.Is(err, cert.ErrSignature):
			it.find(ChainBroken, "certificate %d of its chain did not sign the one before", i+2)
		case cert.PickIssuer(x, chain) >= 0:
			it.find(ChainOrder, "its chain is out of order: certificate %d is not the issuer of the one before", i+2)
		default:
			it.find(ChainIncomplete, "its chain is incomplete: the issuer %s is missing behind certificate %d", cert.IssuerOf(x), i+1)
		}
		return
	}
	last := chain[len(chain)-1]
	switch {
	case bytes.Equal(last.RawSubject, last.RawIssuer):
	case len(chain) == 1:
		it.find(ChainIncomplete, "its chain is incomplete: the issuer %s is missing", cert.IssuerOf(last))
	default:
		it.find(NoRoot, "its chain ends before the root: %s is not in it", cert.IssuerOf(last))
	}
}
