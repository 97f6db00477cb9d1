package ring

import (
	"bytes"
	"context"
	"crypto/sha256"
	"strings"
	"time"
)

// Content is one certificate of a store with what a comparison looks at.
type Content struct {
	Certificate *Certificate
	Key         bool           // it has a private key, which programs get: in a ring only a PERSONAL one does
	Chain       []*Certificate // itself and, if Key, its issuers
}

// trusted reports whether a program may take the certificate as a trust anchor, for all that
// statuses say.
func (c Content) trusted() bool { return c.Certificate.Status != NoTrust }

// role is what labels go together for: private keys, and what is trusted.
func (c Content) role() string {
	if c.Key {
		return "key"
	}
	return "trusted"
}

// Contents gives what a store holds: the certificates of a ring, or, for the zero reference, all
// of them.
func (m *Manager) Contents(ctx context.Context, ref RingRef) ([]Content, error) {
	return perform(ctx, m, Act{Function: "CONTENTS", Ring: ref}, ref, (*call).contents)
}

func (m *call) contents(ctx context.Context, ref RingRef) ([]Content, error) {
	var all []Content
	err := m.view(ctx, func(tx Tx) error {
		all = nil
		if ref == (RingRef{}) {
			for c, err := range tx.CertificatesExpiring(time.Time{}, endOfTime) {
				if err != nil {
					return err
				}
				all = append(all, Content{Certificate: c, Key: c.HasKey()})
			}
		} else {
			r, err := ringByRef(tx, ref)
			if err != nil {
				return err
			}
			for conn, err := range tx.Connections(r) {
				if err != nil {
					return err
				}
				all = append(all, Content{Certificate: conn.Cert, Key: conn.Cert.HasKey() && conn.Usage == UsagePersonal})
			}
		}
		chains := newChains(tx)
		for i, c := range all {
			all[i].Chain = []*Certificate{c.Certificate}
			if c.Key {
				one := *c.Certificate // or each would be kept as it is parsed, several times its size
				certs, _, err := chains.of(&one)
				if err != nil {
					return err
				}
				all[i].Chain = append(all[i].Chain, certs[1:]...)
			}
		}
		return nil
	})
	return all, err
}

// endOfTime is after the last moment that a certificate can name (RFC 5280 section 4.1.2.5).
var endOfTime = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)

// Difference is one way in which two stores do not hold the same.
type Difference struct {
	Left, Right *Content // nil where the store has nothing like it
	What        []string // of a certificate that both have: what differs
}

// What can differ between two certificates of one label.
const (
	DiffCertificate = "certificate"
	DiffKey         = "private key"
	DiffChain       = "chain"
	DiffStatus      = "status"
	DiffLabel       = "label"
)

// Diff compares what two stores hold, by content. Labels go together without regard to case,
// because some keystores fold it; what has another label on the other side is found by its
// certificate.
func Diff(left, right []Content) []Difference {
	rest := map[string][]*Content{} // of the right side, by role and folded label
	for i := range right {
		key := right[i].role() + "/" + strings.ToLower(right[i].Certificate.Label)
		rest[key] = append(rest[key], &right[i])
	}
	byDER := map[[sha256.Size]byte][]*Content{}
	for i := range right {
		id := sha256.Sum256(right[i].Certificate.DER)
		byDER[id] = append(byDER[id], &right[i])
	}
	used := map[*Content]bool{}
	take := func(candidates []*Content, label string) *Content {
		var found *Content
		for _, c := range candidates {
			if used[c] {
				continue
			}
			if c.Certificate.Label == label {
				found = c
				break
			}
			if found == nil {
				found = c
			}
		}
		if found != nil {
			used[found] = true
		}
		return found
	}
	var all []Difference
	var unmatched []*Content
	for i := range left {
		l := &left[i]
		r := take(rest[l.role()+"/"+strings.ToLower(l.Certificate.Label)], l.Certificate.Label)
		if r == nil {
			unmatched = append(unmatched, l)
		} else if what := differing(l, r); len(what) > 0 {
			all = append(all, Difference{l, r, what})
		}
	}
	for _, l := range unmatched {
		d := Difference{Left: l}
		if d.Right = take(byDER[sha256.Sum256(l.Certificate.DER)], l.Certificate.Label); d.Right != nil {
			d.What = append([]string{DiffLabel}, differing(l, d.Right)...)
		}
		all = append(all, d)
	}
	for i := range right {
		if !used[&right[i]] {
			all = append(all, Difference{Right: &right[i]})
		}
	}
	return all
}

// differing says in what two certificates of one label differ.
func differing(l, r *Content) []string {
	var what []string
	if !bytes.Equal(l.Certificate.DER, r.Certificate.DER) {
		what = append(what, DiffCertificate)
	}
	if l.Key != r.Key {
		what = append(what, DiffKey)
	} else if !sameChain(l.Chain, r.Chain) {
		what = append(what, DiffChain)
	}
	if l.trusted() != r.trusted() && !l.Key {
		what = append(what, DiffStatus)
	}
	return what
}

// sameChain compares the issuers in two chains.
func sameChain(a, b []*Certificate) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 1; i < len(a); i++ {
		if !bytes.Equal(a[i].DER, b[i].DER) {
			return false
		}
	}
	return true
}
