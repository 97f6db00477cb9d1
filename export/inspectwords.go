package export

import "fmt"

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
