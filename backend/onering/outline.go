package onering

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"
)

// outline is what certificates are looked for by, in DER. Reading it costs a fiftieth of parsing
// the certificate, which counts in a keystore of ten thousand.
type outline struct {
	serial  []byte // the content of the INTEGER
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
		return outline{serial, issuer, subject, key}
	}
	if x, err := cert.Parse(data); err == nil { // which is less strict
		o = outline{x.SerialNumber.Bytes(), x.RawIssuer, x.RawSubject, x.RawSubjectPublicKeyInfo}
	}
	return o
}

// numbered reports whether the serial number may be this one, which is not negative and given by
// its bytes; a negative one can look like it.
func (o *outline) numbered(serial []byte) bool {
	n := o.serial
	for len(n) > 0 && n[0] == 0 {
		n = n[1:]
	}
	return bytes.Equal(n, serial)
}
