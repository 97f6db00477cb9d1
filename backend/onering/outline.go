package onering

import (
	"bytes"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"
)

// outline is what certificates are looked for by, in DER. Reading it costs a fiftieth of parsing
// the certificate, which counts in a keystore of ten thousand.
type outline struct {
	serial  []byte // its bytes without the sign
	issuer  []byte
	subject []byte
	key     []byte // SubjectPublicKeyInfo
}

// outlineOf reads the outline of a certificate (RFC 5280 section 4.1). What cannot be read has
// none, and is looked for in vain.
func outlineOf(data []byte) outline {
	var o outline
	var c, tbs, issuer, subject, key, serial cryptobyte.String
	in := cryptobyte.String(data)
	if in.ReadASN1(&c, der.SEQUENCE) && c.ReadASN1(&tbs, der.SEQUENCE) &&
		tbs.SkipOptionalASN1(der.Tag(0).Constructed().ContextSpecific()) &&
		tbs.ReadASN1(&serial, der.INTEGER) && tbs.SkipASN1(der.SEQUENCE) &&
		tbs.ReadASN1Element(&issuer, der.SEQUENCE) && tbs.SkipASN1(der.SEQUENCE) &&
		tbs.ReadASN1Element(&subject, der.SEQUENCE) && tbs.ReadASN1Element(&key, der.SEQUENCE) {
		return outline{magnitude(serial), issuer, subject, key}
	}
	if x, err := cert.Parse(data); err == nil { // which is less strict
		o = outline{x.SerialNumber.Bytes(), x.RawIssuer, x.RawSubject, x.RawSubjectPublicKeyInfo}
	}
	return o
}

// magnitude gives the bytes of an INTEGER's content without its sign, as big.Int.Bytes does.
func magnitude(content []byte) []byte {
	if len(content) == 0 || content[0] < 0x80 {
		return bytes.TrimLeft(content, "\x00")
	}
	n := new(big.Int).SetBytes(content)
	return n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(content)))).Bytes()
}
