package cert

import (
	"crypto/x509"
	"net/netip"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Tags of the kinds of GeneralName (RFC 5280 section 4.2.1.6).
var (
	tagEmail = der.Tag(1).ContextSpecific()
	tagDNS   = der.Tag(2).ContextSpecific()
	tagURI   = der.Tag(6).ContextSpecific()
	tagIP    = der.Tag(7).ContextSpecific()
)

// classMask are the bits of a tag that say whose it is. All kinds of GeneralName are context
// specific.
const classMask = der.Tag(0xc0)

// AltNamesOf gives the alternative names of a certificate, exactly as they are encoded. Other
// kinds than RACDCERT's are left out, as RACF's listings do.
func AltNamesOf(c *x509.Certificate) AltNames {
	value, _ := extension(c.Extensions, oidAltNames)
	names, _, _ := parseAltNames(value) // crypto/x509 has checked the structure
	return names
}

// HasOtherAltNames reports whether a certificate has alternative names that AltNamesOf leaves
// out.
func HasOtherAltNames(c *x509.Certificate) bool {
	value, ok := extension(c.Extensions, oidAltNames)
	_, others, err := parseAltNames(value)
	return ok && (others || err != nil)
}

// parseAltNames reads the value of the extension; others tells of further kinds of names.
func parseAltNames(value []byte) (a AltNames, others bool, err error) {
	in := cryptobyte.String(value)
	if !in.ReadASN1(&in, der.SEQUENCE) {
		return a, false, errMalformed
	}
	for !in.Empty() {
		var name cryptobyte.String
		var tag der.Tag
		if !in.ReadAnyASN1(&name, &tag) {
			return a, others, errMalformed
		}
		switch tag {
		case tagDNS:
			a.DNS = append(a.DNS, string(name))
		case tagEmail:
			a.Emails = append(a.Emails, string(name))
		case tagURI:
			a.URIs = append(a.URIs, string(name))
		case tagIP:
			ip, ok := netip.AddrFromSlice(name)
			if !ok {
				return a, others, errMalformed
			}
			a.IPs = append(a.IPs, ip)
		default:
			if tag&classMask != tagDNS&classMask {
				return a, others, errMalformed
			}
			others = true
		}
	}
	return a, others, nil
}

// marshal gives the value of the extension. An IPv4 address has four octets even if it came in
// IPv6 clothes.
func (a AltNames) marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		add := func(tag der.Tag, value []byte) {
			b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(value) })
		}
		for _, ip := range a.IPs {
			add(tagIP, ip.Unmap().AsSlice())
		}
		for _, d := range a.DNS {
			add(tagDNS, []byte(d))
		}
		for _, e := range a.Emails {
			add(tagEmail, []byte(e))
		}
		for _, u := range a.URIs {
			add(tagURI, []byte(u))
		}
	})
	return b.Bytes()
}
