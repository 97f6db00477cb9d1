package keyfile

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

// link is a certificate in the chain of a private key, or one that was offered for chains.
type link struct {
	x509 *x509.Certificate
	name string
}

// view shows a link to the rules. It has no entry of its own, and so no handle.
func (l link) view() *ring.Certificate {
	return ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: l.name}, l.x509)
}

// links gives all of them. What cannot be parsed completes no chain.
func (t *tx) links() []link {
	var all []link
	for _, x := range t.offered {
		all = append(all, link{x, "(offered)"})
	}
	for _, r := range t.records {
		for i := 1; i < len(r.Chain); i++ {
			if x, err := cert.Parse(r.Chain[i]); err == nil {
				all = append(all, link{x, fmt.Sprintf("%s (chain %d)", r.Alias, i+1)})
			}
		}
	}
	return all
}

// Offer implements ring.OneRing.
func (t *tx) Offer(certs []*x509.Certificate) {
	t.offered = append(slices.Clip(t.offered), certs...)
}

// complete ends a transaction or an attempt: it refuses what the keystore cannot hold, and gives
// every private key that is new here, or whose issuers have just come, the chain that belongs to
// its certificate. Nobody checks the chains of a large keystore because one entry changed.
func (t *tx) complete() error {
	came := len(t.offered) > 0
	for _, r := range t.records {
		if r.user && r.Key == nil {
			return t.Refuse(fmt.Sprintf("certificate %s has no private key: without one it can only be trusted, as CERTAUTH/%s",
				ring.CertRef{Owner: t.store.userName(), Label: r.Alias}, r.Alias))
		}
		came = came || !r.user && !t.read[r]
	}
	t.noDefault = false
	var issuers []*x509.Certificate // of any chain; collected when the first one is needed
	for i, r := range t.records {
		if r.Key == nil || !r.holds() || t.read[r] && (!came || endsInRoot(r)) || whole(r) {
			continue
		}
		if issuers == nil {
			issuers = t.issuers()
		}
		if chain := extend(r, issuers); !slices.EqualFunc(chain, r.Chain, bytes.Equal) {
			next := *r
			next.Chain = chain
			t.records[i] = &next
		}
	}
	return nil
}

// endsInRoot reports whether the last certificate of a chain names itself as its issuer.
func endsInRoot(r *record) bool {
	x, err := cert.Parse(r.Chain[len(r.Chain)-1])
	return err == nil && bytes.Equal(x.RawIssuer, x.RawSubject)
}

// whole reports whether each certificate of a chain is signed by the next, up to a self-signed
// one. What cannot be parsed is left as it is, and so it counts as whole.
func whole(r *record) bool {
	x, err := r.x509()
	if err != nil {
		return true
	}
	for _, der := range r.Chain[1:] {
		next, err := cert.Parse(der)
		if err != nil {
			return true
		}
		if cert.CheckSignature(x, next) != nil {
			return false
		}
		x = next
	}
	return cert.SelfSigned(x)
}

// issuers gives all certificates that may complete a chain: trusted ones first.
func (t *tx) issuers() []*x509.Certificate {
	all := []*x509.Certificate{}
	for _, users := range []bool{false, true} {
		for _, r := range t.records {
			if r.user != users || !r.holds() {
				continue
			}
			if x, err := r.x509(); err == nil {
				all = append(all, x)
			}
		}
	}
	for _, l := range t.links() {
		all = append(all, l.x509)
	}
	return all
}

// extend puts the chain of a private key together, as far as its issuers are there: its old
// chain counts first.
func extend(r *record, issuers []*x509.Certificate) [][]byte {
	x, err := r.x509()
	if err != nil {
		return r.Chain
	}
	var own []*x509.Certificate
	for _, der := range r.Chain[1:] {
		if c, err := cert.Parse(der); err == nil {
			own = append(own, c)
		}
	}
	chain := [][]byte{x.Raw}
	for len(chain) < maxChain && !cert.SelfSigned(x) {
		from := own
		i := cert.PickIssuer(x, from)
		if i < 0 {
			from = issuers
			i = cert.PickIssuer(x, from)
		}
		if i < 0 || slices.ContainsFunc(chain, func(der []byte) bool { return bytes.Equal(der, from[i].Raw) }) {
			break
		}
		x = from[i]
		chain = append(chain, x.Raw)
	}
	return chain
}
