package export

import (
	"crypto"
	"crypto/x509"

	"signet/cert"
)

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
