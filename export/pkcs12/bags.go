package pkcs12

import (
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	// RFC 7292 appendix D, bag types.
	oidKeyBag          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 1}
	oidShroudedKeyBag  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}
	oidCertBag         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 3}
	oidSafeContentsBag = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 6}

	// RFC 2985 sections 5.5.1, 5.5.2 and appendix A.
	oidX509Certificate = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 22, 1}
	oidFriendlyName    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 20}
	oidLocalKeyID      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 21}
)

// bmpString is the tag of BMPString.
const bmpString = der.Tag(30)

// entry is a private key or a certificate of a package.
type entry struct {
	alias string // friendlyName, the name in the package; may be empty
	keyID []byte // localKeyID, the same for a key and its certificate; may be empty

	certificate []byte // DER; nil if it is a key

	key        []byte      // PKCS #8, encrypted or not; nil if it is a certificate
	encryption *encryption // of the key; nil if it is not encrypted
}

// readContents reads SafeContents (RFC 7292 section 4.2) that lie in depth other bags. It
// passes over certificate revocation lists and secrets, which are no part of a credential.
func (o *outline) readContents(in cryptobyte.String, depth int) ([]entry, error) {
	var bags cryptobyte.String
	if !in.ReadASN1(&bags, der.SEQUENCE) || !in.Empty() {
		return nil, errDamaged
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("bags in bags, more than %d deep", maxDepth)
	}
	var entries []entry
	for !bags.Empty() {
		kind, value, attributes, ok := readTyped(&bags)
		if !ok {
			return nil, errDamaged
		}
		if o.bags++; o.bags > maxBags {
			return nil, fmt.Errorf("more than %d certificates and keys", maxBags)
		}
		var e entry
		var err error
		switch {
		case kind.Equal(oidSafeContentsBag):
			inner, err := o.readContents(value, depth+1)
			if err != nil {
				return nil, err
			}
			entries = append(entries, inner...)
			continue
		case kind.Equal(oidCertBag):
			err = e.readCertificate(value)
		case kind.Equal(oidKeyBag), kind.Equal(oidShroudedKeyBag):
			err = o.readKey(&e, value, kind.Equal(oidShroudedKeyBag))
		default:
			continue
		}
		if err == nil {
			err = e.readAttributes(attributes)
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// readCertificate reads a CertBag (RFC 7292 section 4.2.3).
func (e *entry) readCertificate(value cryptobyte.String) error {
	kind, content, _, ok := readTyped(&value)
	switch {
	case ok && !kind.Equal(oidX509Certificate):
		return errors.New("it holds a certificate that is not X.509")
	case !ok || !content.ReadASN1Bytes(&e.certificate, der.OCTET_STRING):
		return errDamaged
	}
	return nil
}

// readKey reads a KeyBag or a PKCS8ShroudedKeyBag (RFC 7292 sections 4.2.1 and 4.2.2).
func (o *outline) readKey(e *entry, value cryptobyte.String, shrouded bool) (err error) {
	if len(value) > maxKey {
		return fmt.Errorf("a private key of more than %d bytes", maxKey)
	}
	if !shrouded {
		e.key = value
		return nil
	}
	var info cryptobyte.String // RFC 5958 section 3
	if !value.ReadASN1(&info, der.SEQUENCE) {
		return errDamaged
	}
	if e.encryption, err = o.readEncryption(&info, "its private key"); err != nil {
		return err
	}
	if !info.ReadASN1Bytes(&e.key, der.OCTET_STRING) {
		return errDamaged
	}
	return e.encryption.checkLength(e.key, "its private key")
}

// readAttributes reads what follows the value of a bag, of which both attributes here have one
// value (RFC 2985). A name of another type than BMPString is passed over.
func (e *entry) readAttributes(in cryptobyte.String) error {
	var set cryptobyte.String
	if in.Empty() {
		return nil
	}
	if !in.ReadASN1(&set, der.SET) {
		return errDamaged
	}
	for !set.Empty() {
		var attribute, values, name cryptobyte.String
		var kind asn1.ObjectIdentifier
		if !set.ReadASN1(&attribute, der.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&kind) || !attribute.ReadASN1(&values, der.SET) {
			return errDamaged
		}
		ok := true
		switch {
		case kind.Equal(oidFriendlyName) && values.PeekASN1Tag(bmpString):
			if ok = values.ReadASN1(&name, bmpString); ok {
				e.alias, ok = decodeBMP(name)
			}
		case kind.Equal(oidLocalKeyID):
			ok = values.ReadASN1Bytes(&e.keyID, der.OCTET_STRING)
		}
		if !ok {
			return errDamaged
		}
	}
	return nil
}
