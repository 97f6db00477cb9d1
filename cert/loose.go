package cert

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// maxExtensions caps the extensions of one certificate.
const maxExtensions = 256

// Remark says why crypto/x509 refuses a certificate that Parse took all the same; empty for
// one that it reads in full. What it says of such a certificate may be incomplete.
func Remark(c *x509.Certificate) string {
	if _, err := x509.ParseCertificate(c.Raw); err != nil {
		return reason(err)
	}
	return ""
}

// parseLoosely reads a certificate that crypto/x509 refuses for something inside a part, such
// as a negative serial number or an odd extension, as far as the structure of RFC 5280 section
// 4.1 holds: every part must be there, in order, and whole. Otherwise it returns nil.
func parseLoosely(data []byte) *x509.Certificate {
	c := &x509.Certificate{Raw: data, Version: 1, SerialNumber: new(big.Int), MaxPathLen: -1}
	input := cryptobyte.String(data)
	var outer, tbs, signature cryptobyte.String
	if !input.ReadASN1(&outer, der.SEQUENCE) || !input.Empty() ||
		!outer.ReadASN1Element(&tbs, der.SEQUENCE) || !outer.SkipASN1(der.SEQUENCE) ||
		!outer.ReadASN1(&signature, der.BIT_STRING) || !outer.Empty() || len(signature) < 1 {
		return nil
	}
	c.RawTBSCertificate, c.Signature = tbs, signature[1:]
	if !tbs.ReadASN1(&tbs, der.SEQUENCE) || !readBody(c, tbs) {
		return nil
	}
	if key, err := x509.ParsePKIXPublicKey(c.RawSubjectPublicKeyInfo); err == nil {
		c.PublicKey = key
	}
	return c
}

// readBody reads what is inside TBSCertificate.
func readBody(c *x509.Certificate, tbs cryptobyte.String) bool {
	var version, issuer, validity, subject, spki, rest cryptobyte.String
	var hasVersion, hasExtensions bool
	versionTag := der.Tag(0).Constructed().ContextSpecific()
	extensionsTag := der.Tag(3).Constructed().ContextSpecific()
	if !tbs.ReadOptionalASN1(&version, &hasVersion, versionTag) ||
		!tbs.ReadASN1Integer(c.SerialNumber) || !tbs.SkipASN1(der.SEQUENCE) ||
		!tbs.ReadASN1Element(&issuer, der.SEQUENCE) || !tbs.ReadASN1(&validity, der.SEQUENCE) ||
		!tbs.ReadASN1Element(&subject, der.SEQUENCE) || !tbs.ReadASN1Element(&spki, der.SEQUENCE) ||
		!tbs.SkipOptionalASN1(der.Tag(1).ContextSpecific()) || !tbs.SkipOptionalASN1(der.Tag(2).ContextSpecific()) ||
		!tbs.ReadOptionalASN1(&rest, &hasExtensions, extensionsTag) || !tbs.Empty() {
		return false
	}
	if hasVersion {
		if !version.ReadASN1Integer(&c.Version) || c.Version < 0 || c.Version > 2 {
			return false
		}
		c.Version++
	}
	c.RawIssuer, c.RawSubject, c.RawSubjectPublicKeyInfo = issuer, subject, spki
	if _, err := parseKeyInfo(spki); err != nil {
		return false
	}
	return readTime(&validity, &c.NotBefore) && readTime(&validity, &c.NotAfter) && validity.Empty() &&
		(!hasExtensions || readExtensions(c, rest))
}

// readTime reads a UTCTime or a GeneralizedTime (RFC 5280 section 4.1.2.5).
func readTime(in *cryptobyte.String, t *time.Time) bool {
	if in.PeekASN1Tag(der.UTCTime) {
		return in.ReadASN1UTCTime(t)
	}
	return in.ReadASN1GeneralizedTime(t)
}

// readExtensions reads the list of extensions, and those of them that listings show. One whose
// value is malformed stays in the list, unread.
func readExtensions(c *x509.Certificate, in cryptobyte.String) bool {
	var list cryptobyte.String
	if !in.ReadASN1(&list, der.SEQUENCE) || !in.Empty() {
		return false
	}
	for !list.Empty() {
		var one, value cryptobyte.String
		var e pkix.Extension
		if len(c.Extensions) == maxExtensions || !list.ReadASN1(&one, der.SEQUENCE) ||
			!one.ReadASN1ObjectIdentifier((*asn1.ObjectIdentifier)(&e.Id)) ||
			one.PeekASN1Tag(der.BOOLEAN) && !one.ReadASN1Boolean(&e.Critical) ||
			!one.ReadASN1(&value, der.OCTET_STRING) || !one.Empty() {
			return false
		}
		e.Value = value
		c.Extensions = append(c.Extensions, e)
		readExtension(c, e)
	}
	return true
}

func readExtension(c *x509.Certificate, e pkix.Extension) {
	value := cryptobyte.String(e.Value)
	var inner cryptobyte.String
	switch {
	case e.Id.Equal(oidKeyUsage):
		c.KeyUsage, _ = parseKeyUsage(e.Value)
	case e.Id.Equal(oidBasicConstraints):
		if ca, pathLen, err := parseBasicConstraints(e.Value); err == nil {
			c.BasicConstraintsValid, c.IsCA, c.MaxPathLen = true, ca, pathLen
		}
	case e.Id.Equal(oidExtKeyUsage):
		c.ExtKeyUsage, c.UnknownExtKeyUsage, _ = parseExtKeyUsage(e.Value)
	case e.Id.Equal(oidSubjectKeyID):
		c.SubjectKeyId, _ = parseSubjectKeyID(e.Value)
	case e.Id.Equal(oidAuthorityKeyID) && value.ReadASN1(&inner, der.SEQUENCE):
		if inner.ReadASN1(&value, der.Tag(0).ContextSpecific()) {
			c.AuthorityKeyId = value
		}
	}
}
