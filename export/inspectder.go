package export

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"
	"signet/export/keystore"
)

// maxCRL caps a CRL in bytes: parsed, its entries take ten times the memory.
const maxCRL = 16 << 20

// simple reads a certificate, a request, a CRL or a private key in DER.
func (in *inspector) simple(data []byte) (it Item, ok bool) {
	it.Length = 1
	if in.parse(&it, data) == nil {
		it.Kind = KindCertificate
		return it, true
	}
	it = Item{}
	if len(data) <= cert.MaxSize {
		if r, err := x509.ParseCertificateRequest(data); err == nil {
			it.Kind, it.Subject = KindRequest, nameOf(r.RawSubject)
			describePublic(&it, r.PublicKey)
			return it, true
		}
		if key, err := cert.ParsePrivateKey(data); err == nil {
			it.Kind = KindPrivateKey
			describeKey(&it, key)
			return it, true
		}
	}
	if isEncryptedKey(data) {
		it.Kind, it.Encrypted = KindPrivateKey, true
		return it, true
	}
	if len(data) <= maxCRL {
		if r, err := x509.ParseRevocationList(data); err == nil {
			it.Kind, it.Issuer = KindCRL, nameOf(r.RawIssuer)
			it.NotBefore, it.NotAfter = r.ThisUpdate, r.NextUpdate
			return it, true
		}
	}
	return it, false
}

// parse appends a certificate to the chain of an entry.
func (in *inspector) parse(it *Item, data []byte) error {
	if in.parsed == maxItems {
		if !in.has(TooMany) {
			in.find(TooMany, "only the first %d certificates were read", maxItems)
		}
		return nil
	}
	x, err := cert.Parse(data)
	if err != nil {
		if it.Alias != "" || it.Kind != "" {
			it.find(Unreadable, "certificate %d: %v", len(it.Chain)+1, err)
		}
		return err
	}
	in.parsed++
	it.Chain = append(it.Chain, x)
	return nil
}

func nameOf(raw []byte) string {
	name, err := cert.NameFromDER(raw)
	if err != nil {
		return ""
	}
	return name.String()
}

func describeKey(it *Item, key crypto.Signer) { describePublic(it, key.Public()) }

func describePublic(it *Item, pub crypto.PublicKey) {
	if spki, err := cert.MarshalPublicKey(pub); err == nil {
		x := &x509.Certificate{RawSubjectPublicKeyInfo: spki}
		it.KeyType, it.KeySize = cert.KeyType(x), cert.KeySize(x)
	}
}

var (
	oidPBES1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5}     // and PBES2: RFC 8018 appendix A
	oidPBE12 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1} // RFC 7292 appendix C
)

// isEncryptedKey reports whether data is an EncryptedPrivateKeyInfo (RFC 5958 section 3).
func isEncryptedKey(data []byte) bool {
	in := cryptobyte.String(data)
	var info, algorithm cryptobyte.String
	return in.ReadASN1(&info, der.SEQUENCE) && in.Empty() && info.ReadASN1(&algorithm, der.SEQUENCE) &&
		isPasswordBased(algorithm) && info.SkipASN1(der.OCTET_STRING) && info.Empty()
}

// isBCFKS reports whether data is an ObjectStore of Bouncy Castle: what a password hides, and
// its integrity check.
func isBCFKS(data []byte) bool {
	in := cryptobyte.String(data)
	var store, hidden, algorithm cryptobyte.String
	return in.ReadASN1(&store, der.SEQUENCE) && store.ReadASN1(&hidden, der.SEQUENCE) &&
		hidden.ReadASN1(&algorithm, der.SEQUENCE) && isPasswordBased(algorithm) && !store.Empty()
}

func isPasswordBased(algorithm cryptobyte.String) bool {
	var id asn1.ObjectIdentifier
	if !algorithm.ReadASN1ObjectIdentifier(&id) {
		return false
	}
	for _, family := range []asn1.ObjectIdentifier{oidPBES1, oidPBE12} {
		if len(id) == len(family)+1 && id[:len(family)].Equal(family) {
			return true
		}
	}
	return false
}

// firstElement gives the first DER element, without what follows it.
func firstElement(data []byte) []byte {
	in := cryptobyte.String(data)
	var first cryptobyte.String
	if !in.ReadASN1Element(&first, der.SEQUENCE) {
		return data
	}
	return first
}

// looksDER names the format that data begins like, whole or not; empty if it is none.
func looksDER(data []byte) string {
	rest := afterHeader(data)
	switch {
	case rest == nil:
	case bytes.HasPrefix(rest, []byte{2, 1, 3, 0x30}): // version 3 and a ContentInfo: RFC 7292 section 4
		return keystore.PKCS12
	case bytes.HasPrefix(rest, []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")): // SignedData
		return FormatPKCS7
	default:
		// A certificate of version 3 (RFC 5280 section 4.1).
		if tbs := afterHeader(rest); bytes.HasPrefix(tbs, []byte{0xa0, 3, 2, 1, 2, 2}) {
			return FormatDER
		}
	}
	return ""
}

// afterHeader gives what follows the tag and the length of a SEQUENCE; nil if it is none.
func afterHeader(data []byte) []byte {
	if len(data) < 2 || data[0] != sequence {
		return nil
	}
	header := 2
	if data[1] > 0x80 {
		header += int(data[1] - 0x80)
	}
	if len(data) <= header {
		return nil
	}
	return data[header:]
}
