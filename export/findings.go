package export

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"signet/cert"
	"signet/export/keystore"
)

// Word is the stable name of a kind of finding.
type Word string

// What can be wrong. docs/json.md lists them for users.
const (
	Expired           Word = "expired"
	Expiring          Word = "expiring"
	NotYetValid       Word = "not-yet-valid"
	ChainIncomplete   Word = "chain-incomplete"
	ChainOrder        Word = "chain-order"
	ChainBroken       Word = "chain-broken"
	NoRoot            Word = "no-root"
	KeyMismatch       Word = "key-mismatch"
	KeyUnchecked      Word = "key-unchecked"
	WeakKey           Word = "weak-key"
	WeakSignature     Word = "weak-signature"
	AliasFolds        Word = "alias-folds"
	AliasCase         Word = "alias-case"
	JavaHidden        Word = "java-hidden"
	ReadableByOthers  Word = "readable-by-others"
	WellKnownPassword Word = "well-known-password"
	Locked            Word = "locked"
	Unreadable        Word = "unreadable"
	Unverified        Word = "unverified"
	TrustSettings     Word = "trust-settings"
	TooMany           Word = "too-many"
	TooLarge          Word = "too-large"
)

// Words lists them all.
func Words() []Word {
	return []Word{Expired, Expiring, NotYetValid, ChainIncomplete, ChainOrder, ChainBroken, NoRoot, KeyMismatch, KeyUnchecked,
		WeakKey, WeakSignature, AliasFolds, AliasCase, JavaHidden, ReadableByOthers, WellKnownPassword, Locked, Unreadable,
		Unverified, TrustSettings, TooMany, TooLarge}
}

// Note reports whether a finding is only worth knowing: nothing needs to be done about it.
func (w Word) Note() bool {
	switch w {
	case NoRoot, KeyUnchecked, Unverified, TrustSettings:
		return true
	}
	return false
}

// Finding is one thing that is wrong with a file or an entry, or worth knowing.
type Finding struct {
	Word Word
	Text string // one line
}

func (it *Item) find(word Word, format string, args ...any) {
	it.Findings = append(it.Findings, Finding{word, fmt.Sprintf(format, args...)})
}

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

// judgeKey says whether a private key is that of its certificate.
func judgeKey(it *Item, key crypto.Signer) {
	if len(it.Chain) > 0 && !cert.SameKey(it.Chain[0].PublicKey, key.Public()) {
		it.find(KeyMismatch, "its private key is not that of its certificate")
	}
	describeKey(it, key)
}

// pair ties the private key of a text to its certificates: to all of them if there is one key,
// as servers read such files.
func (in *inspector) pair(keys map[int]crypto.Signer) {
	var certs []int
	privates := 0
	for i, it := range in.Items {
		switch {
		case it.Kind == KindPrivateKey:
			privates++
		case it.Kind == KindCertificate && len(it.Chain) == 1:
			certs = append(certs, i)
		}
	}
	if len(certs) == 0 || privates == 0 {
		return
	}
	for at, key := range keys {
		own := -1
		for n, i := range certs {
			if own < 0 && cert.SameKey(in.Items[i].Chain[0].PublicKey, key.Public()) {
				own = n
			}
		}
		it := &in.Items[at]
		switch {
		case own < 0:
			it.find(KeyMismatch, "none of the certificates in the file is that of the private key")
		case own > 0 && privates == 1:
			it.find(ChainOrder, "the certificate of the private key comes as number %d; servers take the first", own+1)
		}
	}
	if privates > 1 {
		return
	}
	var merged []Item
	var chain []*x509.Certificate
	var findings []Finding
	for _, i := range certs {
		chain = append(chain, in.Items[i].Chain[0])
		findings = append(findings, in.Items[i].Findings...)
	}
	for _, it := range in.Items {
		switch {
		case it.Kind == KindPrivateKey:
			it.Chain, it.Length, it.Findings = chain, len(chain), append(it.Findings, findings...)
		case it.Kind == KindCertificate && len(it.Chain) == 1:
			continue
		}
		merged = append(merged, it)
	}
	in.Items = merged
}

// judgeBundle checks the order of a text that begins with a certificate of no CA: the others are
// its chain.
func (in *inspector) judgeBundle() {
	var chain []*x509.Certificate
	for _, it := range in.Items {
		if it.Kind != KindCertificate || len(it.Chain) != 1 {
			return
		}
		chain = append(chain, it.Chain[0])
	}
	if len(chain) > 1 && !chain[0].IsCA && chain[0].Version >= 3 {
		judgeChain(&in.Items[0], chain)
	}
}

// judgeAliases says which entries Java does not find.
func (in *inspector) judgeAliases(ks *keystore.Keystore, hasKey bool) {
	folded := map[int]bool{}
	for _, group := range ks.FoldTogether() {
		for _, i := range group {
			folded[i] = true
			if i < len(in.Items) {
				in.Items[i].find(AliasFolds, "Java takes %d aliases for this one, as case does not count", len(group))
			}
		}
	}
	shown := map[int]bool{}
	for _, j := range ks.JavaView() {
		shown[j.Index] = true
		if j.Found < 0 && j.Index < len(in.Items) {
			in.Items[j.Index].find(AliasCase, "Java lists the alias and does not find it: it looks for %q; rename it", keystore.Fold(j.Alias))
		}
	}
	for i := range in.Items {
		if shown[i] || folded[i] {
			continue
		}
		it := &in.Items[i]
		switch {
		case it.Kind == KindPrivateKey:
			it.find(JavaHidden, "Java does not see the private key: nothing ties it to a certificate")
		case it.Kind == KindCertificate && !hasKey:
			it.find(JavaHidden, "Java does not see the certificate: its trust attribute is missing; make the file anew with: signet trust add")
		}
	}
}
