package pkcs12

import (
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Limits of what a package may ask for. All of them hold before the work that they limit.
const (
	// maxSize caps the package in bytes. A private key with its chain has a few thousand.
	maxSize = 1 << 20

	// maxRounds caps the key derivation rounds that all parts of a package together ask for:
	// more would keep the machine busy for minutes before the password is even checked. Java
	// refuses one part with half of it.
	maxRounds = 10_000_000

	// maxKey caps one private key in bytes, a little above what cert.ParsePrivateKey reads: the
	// check of a larger RSA key would take minutes.
	maxKey = 16 << 10

	// maxParts and maxBags cap the parts of a package and what is in all of them: a thing of a
	// few bytes costs a hundred of memory.
	maxParts = 4096
	maxBags  = 4096

	// maxDepth caps how deep bags lie in bags.
	maxDepth = 8
)

var (
	contextTag0 = der.Tag(0).Constructed().ContextSpecific()

	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidEncryptedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}
)

var errDamaged = errors.New("not in DER, or cut or altered")

// outline is a package as far as it is read: without its password at first, and then with what
// was encrypted. It counts what the package asks for.
type outline struct {
	mac    *mac   // nil if there is none
	sealed []byte // what the MAC is of
	parts  []part // in file order
	bags   int    // in all parts that can be seen
	rounds int    // of key derivation, of all that can be seen
}

// part is one ContentInfo of a package.
type part struct {
	encryption *encryption // nil if entries could be read
	encrypted  []byte
	entries    []entry
}

// readOutline reads all of a package that needs no password, and refuses what asks for too much
// work or for an algorithm that is not known.
func readOutline(data []byte) (*outline, error) {
	if len(data) > maxSize {
		return nil, fmt.Errorf("larger than %d bytes", maxSize)
	}
	in := cryptobyte.String(data)
	var pfx, safe, parts cryptobyte.String
	var version int
	if !in.ReadASN1(&pfx, der.SEQUENCE) || !in.Empty() || !pfx.ReadASN1Integer(&version) || version != 3 {
		return nil, errDamaged
	}
	kind, content, _, ok := readTyped(&pfx)
	switch {
	case ok && !kind.Equal(oidData): // RFC 7292 section 4
		return nil, errors.New("protected by a signature instead of a password, which is not supported")
	case !ok || !content.ReadASN1(&safe, der.OCTET_STRING) || !content.Empty():
		return nil, errDamaged
	}
	o := &outline{sealed: safe}
	if !safe.ReadASN1(&parts, der.SEQUENCE) || !safe.Empty() {
		return nil, errDamaged
	}
	var err error
	if !pfx.Empty() {
		if o.mac, err = o.readMAC(pfx); err != nil {
			return nil, err
		}
	}
	for !parts.Empty() {
		if len(o.parts) == maxParts {
			return nil, fmt.Errorf("more than %d parts", maxParts)
		}
		p, err := o.readPart(&parts)
		if err != nil {
			return nil, err
		}
		o.parts = append(o.parts, p)
	}
	return o, nil
}

// readTyped reads SEQUENCE { OBJECT IDENTIFIER, [0] { content }, rest }: a ContentInfo or a
// SafeBag.
func readTyped(in *cryptobyte.String) (kind asn1.ObjectIdentifier, content, rest cryptobyte.String, ok bool) {
	ok = in.ReadASN1(&rest, der.SEQUENCE) && rest.ReadASN1ObjectIdentifier(&kind) && rest.ReadASN1(&content, contextTag0)
	return kind, content, rest, ok
}

// readPart reads one ContentInfo of the AuthenticatedSafe (RFC 7292 section 4.1).
func (o *outline) readPart(in *cryptobyte.String) (p part, err error) {
	kind, content, _, ok := readTyped(in)
	switch {
	case !ok:
		return p, errDamaged
	case kind.Equal(oidData):
		var octets cryptobyte.String
		if !content.ReadASN1(&octets, der.OCTET_STRING) || !content.Empty() {
			return p, errDamaged
		}
		p.entries, err = o.readContents(octets, 0)
		return p, err
	case !kind.Equal(oidEncryptedData):
		return p, unsupported(kind, "a part of it")
	}
	var data, info cryptobyte.String // RFC 5652 section 8
	if !content.ReadASN1(&data, der.SEQUENCE) || !data.SkipASN1(der.INTEGER) ||
		!data.ReadASN1(&info, der.SEQUENCE) || !info.SkipASN1(der.OBJECT_IDENTIFIER) {
		return p, errDamaged
	}
	if p.encryption, err = o.readEncryption(&info, "a part of it"); err != nil {
		return p, err
	}
	if !info.ReadASN1Bytes(&p.encrypted, der.Tag(0).ContextSpecific()) {
		return p, errDamaged
	}
	return p, p.encryption.checkLength(p.encrypted, "a part of it")
}

// addRounds reads a number of rounds.
func (o *outline) addRounds(in *cryptobyte.String) (int, error) {
	var rounds int64
	if !in.PeekASN1Tag(der.INTEGER) {
		return 0, errDamaged
	}
	if !in.ReadASN1Integer(&rounds) || rounds < 1 || rounds > int64(maxRounds-o.rounds) {
		return 0, fmt.Errorf("a number of key derivation rounds that is not 1 to %d in all", maxRounds)
	}
	o.rounds += int(rounds)
	return int(rounds), nil
}
