package ring

import (
	"crypto/x509"
	"strings"
)

// OneRing is a Tx of a store that is one key ring and nothing else, such as a keystore file
// (DESIGN.md 6). The certificates of one user are its private keys, those of CERTAUTH its
// trusted certificates. It forgets what a keystore has no place for: who added a certificate,
// and whether a request was made from it.
type OneRing interface {
	// SpeakFor settles whose the private keys are, which the store does not know by itself. It
	// fails with ErrUnsupported when they are another user's already.
	SpeakFor(Owner) error
	// KeepsChains reports whether the issuers of a private key lie with it. Where they do not they
	// are certificates of CERTAUTH, as in a database.
	KeepsChains() bool
	// Format names what the store is: JKS, JCEKS, PKCS12 or PEM.
	Format() string
	// JavaAliases gives what KeyStore.aliases enumerates in a JVM that reads the keystore, in
	// that order; nil if none does.
	JavaAliases() []JavaAlias
	// FoldAlias gives an alias as Java folds it to look it up.
	FoldAlias(string) string
	// Offer shows the store certificates that may become part of the chain of a private key
	// that is stored in the same transaction. They are found as certificates of CERTAUTH, and
	// are no entries of their own.
	Offer([]*x509.Certificate)
	// AllowTwins lets this transaction put one certificate under several labels, and reports
	// whether the store can hold that: programs may look for the same private key under two
	// aliases, or trust a certificate that is a private key's too.
	AllowTwins() bool
	// HoldsStatus reports whether a certificate of an owner can have a status.
	HoldsStatus(Owner, Status) bool
}

// forgetsRequests reports whether the store cannot tell that GENREQ was used.
func forgetsRequests(tx Tx) bool {
	_, ok := tx.(OneRing)
	return ok
}

// distrusts reports whether the store can hold a certificate that is not trusted. Where a
// keystore cannot, an entry is as good as any other there, and the rules do not judge it.
func distrusts(tx Tx, c *Certificate) bool {
	one, ok := tx.(OneRing)
	return !ok || one.HoldsStatus(c.Owner, NoTrust)
}

// speakFor tells a keystore whose it is, before anything is looked for by its content.
func speakFor(tx Tx, owner Owner) error {
	if one, ok := tx.(OneRing); ok && owner.IsUser() {
		return one.SpeakFor(owner)
	}
	return nil
}

// labelled reports whether a label is that of a certificate: in some keystores case does not
// count.
func labelled(tx Tx, c *Certificate, label string) bool {
	if label == c.Label {
		return true
	}
	if _, ok := tx.(OneRing); !ok {
		return false
	}
	named, err := tx.Certificate(CertRef{c.Owner, label})
	return err == nil && named.ID == c.ID
}

// noteLabel says when a store has changed a label that was asked for.
func (r *Result) noteLabel(want string, c *Certificate) {
	if want = strings.TrimSpace(want); want != "" && want != c.Label {
		r.note(msgLabelFolded, want, c.Label)
	}
}
