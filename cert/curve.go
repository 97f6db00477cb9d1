package cert

import "encoding/asn1"

// Object identifiers of key types: RFC 3279 section 2.3, RFC 4055 section 1.2, RFC 8410
// section 3.
var (
	oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidRSAPSS  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidDSA     = asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}
	oidEC      = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
)

// How RACF lists the two families of curves (racdcert-certificates.md 15.1).
const (
	nistECC      = "NIST ECC"
	brainpoolECC = "Brainpool ECC"
)

// curve is what a listing says about a named curve.
type curve struct {
	family string // empty: of neither family
	bits   int
}

// nistCurves are the prime curves of RFC 5480 section 2.1.1.1.
var nistCurves = []struct {
	id asn1.ObjectIdentifier
	curve
}{
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 1}, curve{nistECC, 192}},
	{asn1.ObjectIdentifier{1, 3, 132, 0, 33}, curve{nistECC, 224}},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}, curve{nistECC, 256}},
	{asn1.ObjectIdentifier{1, 3, 132, 0, 34}, curve{nistECC, 384}},
	{asn1.ObjectIdentifier{1, 3, 132, 0, 35}, curve{nistECC, 521}},
}

// RFC 5639 section 4.1: the last arc numbers the curves from 1, r1 and t1 of each size in turn.
var (
	brainpoolArc  = asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1}
	brainpoolBits = []int{160, 192, 224, 256, 320, 384, 512}
)

// curveOf looks a named curve up; the zero curve is one of neither family.
func curveOf(id asn1.ObjectIdentifier) curve {
	for _, c := range nistCurves {
		if id.Equal(c.id) {
			return c.curve
		}
	}
	if n := len(brainpoolArc); len(id) == n+1 && id[:n].Equal(brainpoolArc) {
		if i := (id[n] - 1) / 2; id[n] >= 1 && i < len(brainpoolBits) {
			return curve{brainpoolECC, brainpoolBits[i]}
		}
	}
	return curve{}
}
