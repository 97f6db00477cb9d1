package onering

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"

	"signet/cert"
	"signet/ring"
)

// maxChain is the longest chain that is put together; loops of cross-signed CAs end there.
const maxChain = 32

// Offer implements ring.OneRing.
func (t *tx) Offer(certs []*x509.Certificate) {
	t.offered = append(slices.Clip(t.offered), certs...)
}

// links gives the certificates with a subject that are no entries: those that were offered, and
// those in the chains of private keys. What cannot be parsed is none. It has no handle.
func (t *tx) links(subject []byte) []*ring.Certificate {
	var all []*ring.Certificate
	for _, x := range t.offered {
		if bytes.Equal(x.RawSubject, subject) {
			all = append(all, ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: "(offered)"}, x))
		}
	}
	for _, c := range t.chained(subject) {
		if _, err := c.X509(); err == nil {
			one := *c // the caller's own, with the certificate as it was parsed once
			all = append(all, &one)
		}
	}
	return all
}

// readIssuers gives the issuers in all chains by subject, in file order.
func (t *tx) readIssuers() map[string][]*ring.Certificate {
	all := map[string][]*ring.Certificate{}
	seen := map[string]bool{} // the same certificate ends many chains
	for _, r := range t.records {
		for i := 1; i < len(r.Chain); i++ {
			if seen[string(r.Chain[i])] {
				continue
			}
			seen[string(r.Chain[i])] = true
			subject := string(outlineOf(r.Chain[i]).subject)
			all[subject] = append(all[subject], &ring.Certificate{Owner: ring.CertAuth, Label: fmt.Sprintf("%s (chain %d)", r.label(), i+1),
				Status: ring.Trust, DER: r.Chain[i]})
		}
	}
	return all
}

// inChain reports whether a certificate is in the chain of a private key as an issuer.
func (t *tx) inChain(der []byte) bool {
	for _, r := range t.records {
		if len(r.Chain) > 1 && slices.ContainsFunc(r.Chain[1:], func(c []byte) bool { return bytes.Equal(c, der) }) {
			return true
		}
	}
	return false
}

// complete ends a transaction or an attempt: it refuses what the keystore cannot hold, and gives
// every private key that is new, or whose issuers have just come, the chain that belongs to its
// certificate. What was complete before costs a look at the name of the last issuer at most.
func (t *tx) complete() error {
	var fresh []int // places of records that are new since the last time
	for i, r := range t.records {
		if r.settled {
			continue
		}
		if r.user && r.Key == nil {
			return t.Refuse(fmt.Sprintf("certificate %s has no private key: without one it can only be trusted, as CERTAUTH/%s",
				ring.CertRef{Owner: t.userName(), Label: r.label()}, r.label()))
		}
		fresh = append(fresh, i)
	}
	t.noDefault = false
	if !t.store.medium.KeepsChains() {
		for _, i := range fresh {
			t.records[i].settled = true
		}
		return nil
	}
	if len(fresh) == 0 && t.weighed == len(t.offered) {
		return nil
	}
	lib := &library{tx: t}
	came := map[string]bool{} // subjects
	for _, x := range t.offered[t.weighed:] {
		came[string(x.RawSubject)] = true
	}
	for _, i := range fresh {
		t.extend(i, lib)
		if r := t.records[i]; r.holds() {
			for _, der := range r.Chain {
				o := outlineOf(der)
				came[string(o.subject)] = true
			}
		}
	}
	for i, r := range t.records {
		if r.Key == nil || !r.holds() || !r.settled {
			continue
		}
		last := outlineOf(r.Chain[len(r.Chain)-1])
		if came[string(last.issuer)] && !bytes.Equal(last.issuer, last.subject) {
			t.extend(i, lib)
		}
	}
	for _, r := range t.records {
		r.settled = true
	}
	t.weighed = len(t.offered)
	return nil
}

// extend puts the chain of a private key together, as far as its issuers are there: its old
// chain counts first. One that is whole, or that cannot be parsed, is left as it is.
func (t *tx) extend(i int, lib *library) {
	r := t.records[i]
	if r.Key == nil || !r.holds() {
		return
	}
	x, err := r.x509()
	if err != nil {
		return
	}
	var own []*x509.Certificate
	for _, der := range r.Chain[1:] {
		c, err := cert.Parse(der)
		if err != nil {
			return
		}
		own = append(own, c)
	}
	if whole(append([]*x509.Certificate{x}, own...)) {
		return
	}
	chain := [][]byte{x.Raw}
	for len(chain) < maxChain && !cert.SelfSigned(x) {
		from := own
		at := cert.PickIssuer(x, from)
		if at < 0 {
			from = lib.named(x.RawIssuer)
			at = cert.PickIssuer(x, from)
		}
		if at < 0 || slices.ContainsFunc(chain, func(der []byte) bool { return bytes.Equal(der, from[at].Raw) }) {
			break
		}
		x = from[at]
		chain = append(chain, x.Raw)
	}
	if !sameChain(chain, r.Chain) {
		t.put(i, r.with(func(n *record) { n.Chain = chain }))
	}
}

// whole reports whether each certificate of a chain is signed by the next, up to a self-signed
// one.
func whole(chain []*x509.Certificate) bool {
	for i, x := range chain[1:] {
		if cert.CheckSignature(chain[i], x) != nil {
			return false
		}
	}
	return cert.SelfSigned(chain[len(chain)-1])
}

// library is the certificates that may complete chains, by subject: those of CERTAUTH first, then
// those with private keys, then those in chains.
type library struct {
	tx     *tx
	found  map[string][][]byte // by subject; nil until it is needed
	parsed map[string][]*x509.Certificate
}

// named gives the certificates with a subject.
func (l *library) named(subject []byte) []*x509.Certificate {
	if l.found == nil {
		l.read()
	}
	name := string(subject)
	if all, ok := l.parsed[name]; ok {
		return all
	}
	var all []*x509.Certificate
	for _, der := range l.found[name] {
		if x, err := cert.Parse(der); err == nil {
			all = append(all, x)
		}
	}
	l.parsed[name] = all
	return all
}

func (l *library) read() {
	l.found, l.parsed = map[string][][]byte{}, map[string][]*x509.Certificate{}
	seen := map[string]bool{}
	add := func(o *outline, der []byte) {
		if !seen[string(der)] {
			seen[string(der)] = true
			l.found[string(o.subject)] = append(l.found[string(o.subject)], der)
		}
	}
	for _, users := range []bool{false, true} {
		for _, r := range l.tx.records {
			if r.user == users && r.holds() {
				o := outlineOf(r.Chain[0])
				add(&o, r.Chain[0])
			}
		}
	}
	for _, x := range l.tx.offered {
		add(&outline{subject: x.RawSubject}, x.Raw)
	}
	for _, r := range l.tx.records {
		for i := 1; i < len(r.Chain); i++ {
			if !seen[string(r.Chain[i])] {
				o := outlineOf(r.Chain[i])
				add(&o, r.Chain[i])
			}
		}
	}
}
