package pkcs12

import (
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// bag is a SafeBag (RFC 7292 section 4.2) of a package, in file order with the bags that lie in
// bags in the place of the outer one.
type bag struct {
	kind   oid
	value  []byte // what is in it; of a certificate the certificate alone
	hidden bool   // it lies in an encrypted part

	// What its attributes say.
	alias   string // friendlyName; may be empty
	keyID   []byte // localKeyID, the same for a key and its certificate; nil if there is none
	trusted bool   // it has Java's mark of a trusted certificate

	attributes cryptobyte.String // all of them, one after the other
	foreign    bool              // it is of a certificate that is not X.509
}

func (b *bag) isKey() bool { return b.kind == keyBagOID || b.kind == shroudedKeyBagOID }

func (b *bag) isCertificate() bool { return b.kind == certBagOID && !b.foreign }

// what names a bag that is neither a key nor a certificate.
func (b *bag) what() string {
	switch b.kind {
	case secretBagOID:
		return "secret key"
	case crlBagOID:
		return "CRL"
	case certBagOID:
		return "certificate that is not X.509"
	}
	return "unknown bag " + b.kind.String()
}

// contents collects bags.
type contents struct {
	bags   []bag
	others int // of them
}

// read reads SafeContents (RFC 7292 section 4.2) that lie in depth other bags.
func (c *contents) read(data []byte, hidden bool, depth int) error {
	var bags cryptobyte.String
	in, err := readBER(data)
	if err != nil {
		return err
	}
	if !in.ReadASN1(&bags, der.SEQUENCE) {
		return errDamaged
	}
	if depth > maxDepth {
		return fmt.Errorf("bags in bags, more than %d deep", maxDepth)
	}
	c.bags = slices.Grow(c.bags, min(countOf(bags), len(bags)/smallBag, maxBags-len(c.bags)))
	for !bags.Empty() {
		kind, value, attributes, ok := readTyped(&bags)
		if !ok {
			return errDamaged
		}
		if kind == safeContentsBagOID {
			if c.others++; c.others > maxOthers {
				return fmt.Errorf("more than %d things that are neither keys nor certificates", maxOthers)
			}
			if err := c.read(value, hidden, depth+1); err != nil {
				return err
			}
			continue
		}
		b := bag{kind: kind, value: value, hidden: hidden}
		if err := b.readValue(); err != nil {
			return err
		}
		if err := b.readAttributes(attributes); err != nil {
			return err
		}
		if err := c.add(b); err != nil {
			return err
		}
	}
	return nil
}

// smallBag is a size in bytes that nearly all bags have: a certificate is larger.
const smallBag = 128

// countOf counts values.
func countOf(in cryptobyte.String) (n int) {
	for in.SkipASN1(der.SEQUENCE) {
		n++
	}
	return n
}

func (c *contents) add(b bag) error {
	if !b.isKey() && !b.isCertificate() {
		c.others++
	}
	switch {
	case c.others > maxOthers:
		return fmt.Errorf("more than %d things that are neither keys nor certificates", maxOthers)
	case len(c.bags) == maxBags:
		return fmt.Errorf("more than %d certificates and keys", maxBags)
	}
	c.bags = append(c.bags, b)
	return nil
}

// readValue checks what is in a bag as far as that costs nothing.
func (b *bag) readValue() error {
	switch b.kind {
	case certBagOID: // RFC 7292 section 4.2.3
		in := cryptobyte.String(b.value)
		kind, content, _, ok := readTyped(&in)
		if b.foreign = ok && kind != x509CertificateOID; b.foreign {
			return nil
		}
		if ok {
			b.value, ok = readOctets(&content)
		}
		if !ok {
			return errDamaged
		}
	case keyBagOID, shroudedKeyBagOID:
		if len(b.value) > maxKey {
			return fmt.Errorf("a private key of more than %d bytes", maxKey)
		}
	}
	return nil
}

// readAttributes reads what follows the value of a bag, of which both names here have one value
// (RFC 2985). A name of another type than BMPString is passed over.
func (b *bag) readAttributes(in cryptobyte.String) error {
	if in.Empty() {
		return nil
	}
	if !in.ReadASN1(&b.attributes, der.SET) {
		return errDamaged
	}
	for set := b.attributes; !set.Empty(); {
		var name cryptobyte.String
		_, kind, values, ok := readAttribute(&set)
		switch {
		case !ok:
		case kind == friendlyNameOID && values.PeekASN1Tag(bmpString):
			if ok = values.ReadASN1(&name, bmpString); ok {
				b.alias, ok = decodeBMP(name)
			}
		case kind == localKeyIDOID:
			if b.keyID, ok = readOctets(&values); len(b.keyID) == 0 {
				b.keyID = nil
			}
		case kind == trustedUsageOID:
			b.trusted = true
		}
		if !ok {
			return errDamaged
		}
	}
	return nil
}

// readAttribute reads an Attribute and gives all of it, its type and its values.
func readAttribute(in *cryptobyte.String) (all cryptobyte.String, kind oid, values cryptobyte.String, ok bool) {
	var attribute, id cryptobyte.String
	ok = in.ReadASN1Element(&all, der.SEQUENCE)
	whole := all
	ok = ok && whole.ReadASN1(&attribute, der.SEQUENCE) && attribute.ReadASN1(&id, der.OBJECT_IDENTIFIER) && attribute.ReadASN1(&values, der.SET)
	return all, oid(id), values, ok
}
