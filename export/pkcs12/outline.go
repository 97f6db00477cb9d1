package pkcs12

import (
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/export/ber"
)

// Limits of what a package may ask for. All of them hold before the work that they limit.
const (
	// maxRounds caps one key derivation, as Java does: a second or two.
	maxRounds = 5_000_000

	// maxFileRounds caps the MAC and the encrypted parts of a file together: more would keep the
	// machine busy for minutes before anything is known of it.
	maxFileRounds = 10_000_000

	// maxKeyRounds caps the private keys that are opened from one file, each counted once: ten
	// thousand of them with twice the usual number of rounds.
	maxKeyRounds = 200_000_000

	// maxKey caps one private key in bytes, a little above what cert.ParsePrivateKey reads: the
	// check of a larger RSA key would take minutes.
	maxKey = 16 << 10

	// maxParts and maxBags cap the parts of a package and what is in all of them: a thing of a
	// few bytes costs a few hundred of memory. A key with its chain has four bags.
	maxParts = 1 << 16
	maxBags  = 500_000

	// maxOthers caps the bags that are neither keys nor certificates, the smallest ones of all.
	maxOthers = 10_000

	// maxDepth caps how deep bags lie in bags.
	maxDepth = 8
)

var contextTag0 = der.Tag(0).Constructed().ContextSpecific()

var errDamaged = errors.New("its structure is damaged")

// outline is a package as far as it is read without its password.
type outline struct {
	mac    *mac   // nil if there is none
	sealed []byte // what the MAC is of
	parts  []part // in file order
	rounds int    // of the MAC and the encrypted parts
}

// part is one ContentInfo of a package.
type part struct {
	encryption *encryption // nil if content is not encrypted
	content    []byte
}

// readOutline reads all of a package that needs no password, and refuses what asks for too much
// work or for an algorithm that is not known.
func readOutline(data []byte) (*outline, error) {
	if len(data) > ber.MaxSize {
		return nil, fmt.Errorf("larger than %d bytes", ber.MaxSize)
	}
	in, err := readBER(data)
	if err != nil {
		return nil, err
	}
	var pfx, parts cryptobyte.String
	var version int
	if !in.ReadASN1(&pfx, der.SEQUENCE) || !pfx.ReadASN1Integer(&version) || version != 3 {
		return nil, errDamaged
	}
	kind, content, _, ok := readTyped(&pfx)
	switch {
	case ok && kind == signedDataOID: // RFC 7292 section 4
		return nil, fmt.Errorf("protected by a signature instead of a password, which is %w", ErrUnsupported)
	case !ok || kind != dataOID:
		return nil, errDamaged
	}
	o := &outline{}
	// The MAC is of the contents of the octet string, whatever pieces it had (section 5.1).
	if o.sealed, ok = readOctets(&content); !ok || !content.Empty() {
		return nil, errDamaged
	}
	if in, err = readBER(o.sealed); err != nil {
		return nil, err
	}
	if !in.ReadASN1(&parts, der.SEQUENCE) {
		return nil, errDamaged
	}
	if !pfx.Empty() {
		if o.mac, err = readMAC(pfx); err != nil {
			return nil, err
		}
		o.rounds = o.mac.kdf.rounds
	}
	for !parts.Empty() {
		if len(o.parts) == maxParts {
			return nil, fmt.Errorf("more than %d parts", maxParts)
		}
		p, err := readPart(&parts, fmt.Sprintf("part %d of it", len(o.parts)+1))
		if err != nil {
			return nil, err
		}
		if o.parts = append(o.parts, p); p.encryption != nil {
			o.rounds += p.encryption.kdf.rounds
		}
		if o.rounds > maxFileRounds {
			return nil, fmt.Errorf("a number of key derivation rounds that is not 1 to %d in all", maxFileRounds)
		}
	}
	return o, nil
}

// readBER gives one value in DER.
func readBER(data []byte) (cryptobyte.String, error) {
	out, err := ber.ToDER(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return out, nil
}

// readTyped reads SEQUENCE { OBJECT IDENTIFIER, [0] { content }, rest }: a ContentInfo or a
// SafeBag.
func readTyped(in *cryptobyte.String) (kind oid, content, rest cryptobyte.String, ok bool) {
	var id cryptobyte.String
	ok = in.ReadASN1(&rest, der.SEQUENCE) && rest.ReadASN1(&id, der.OBJECT_IDENTIFIER) && rest.ReadASN1(&content, contextTag0)
	return oid(id), content, rest, ok
}

func readOctets(in *cryptobyte.String) (out []byte, ok bool) {
	ok = in.ReadASN1Bytes(&out, der.OCTET_STRING)
	return out, ok
}

// readPart reads one ContentInfo of the AuthenticatedSafe (RFC 7292 section 4.1).
func readPart(in *cryptobyte.String, what string) (p part, err error) {
	kind, content, _, ok := readTyped(in)
	switch {
	case !ok:
		return p, errDamaged
	case kind == dataOID:
		if p.content, ok = readOctets(&content); !ok || !content.Empty() {
			return p, errDamaged
		}
		return p, nil
	case kind != encryptedDataOID:
		return p, unsupported(kind.String(), what)
	}
	var data, info cryptobyte.String // RFC 5652 section 8
	if !content.ReadASN1(&data, der.SEQUENCE) || !data.SkipASN1(der.INTEGER) ||
		!data.ReadASN1(&info, der.SEQUENCE) || !info.SkipASN1(der.OBJECT_IDENTIFIER) {
		return p, errDamaged
	}
	if p.encryption, err = readEncryption(&info, what); err != nil {
		return p, err
	}
	if p.content, ok = readImplicitOctets(&info); !ok {
		return p, errDamaged
	}
	return p, p.encryption.checkLength(p.content, what)
}

// readImplicitOctets reads [0] IMPLICIT OCTET STRING, whose pieces package ber could not join.
func readImplicitOctets(in *cryptobyte.String) (out []byte, ok bool) {
	if in.PeekASN1Tag(der.Tag(0).ContextSpecific()) {
		ok = in.ReadASN1Bytes(&out, der.Tag(0).ContextSpecific())
		return out, ok
	}
	var pieces, piece cryptobyte.String
	if !in.ReadASN1(&pieces, contextTag0) {
		return nil, false
	}
	out = make([]byte, 0, len(pieces))
	for !pieces.Empty() {
		if !pieces.ReadASN1(&piece, der.OCTET_STRING) {
			return nil, false
		}
		out = append(out, piece...)
	}
	return out, true
}
