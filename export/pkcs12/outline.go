package pkcs12

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Limits of what is handed to go-pkcs12, which has none of its own.
const (
	// maxSize caps the package in bytes: go-pkcs12 takes over a hundred times the memory of one
	// that is full of empty bags. A private key with its chain has a few thousand bytes.
	maxSize = 1 << 20

	// maxRounds caps the key derivation rounds that all parts of a package together ask for:
	// more would keep the machine busy for minutes before the password is even checked. Java
	// refuses one part with half of it.
	maxRounds = 10_000_000

	// maxKey caps one private key in bytes, a little above what cert.ParsePrivateKey reads: the
	// check of a larger RSA key would take minutes.
	maxKey = 16 << 10

	// maxParts is what go-pkcs12 reads: certificates in one part, the private key in another.
	maxParts = 2

	// maxBags caps the certificates and keys outside the encrypted parts.
	maxBags = 4096
)

var (
	contextTag0 = der.Tag(0).Constructed().ContextSpecific()

	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidEncryptedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}

	// RFC 7292 appendix D, bag types.
	oidKeyBag         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 1}
	oidShroudedKeyBag = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}
)

var errDamaged = errors.New("not in DER, or cut or altered")

// outline is what a package shows without its password.
type outline struct {
	mac    bool  // there is one
	keys   int   // private keys outside the encrypted parts
	bags   int   // everything outside the encrypted parts
	rounds int64 // of key derivation, of all parts that can be seen
}

// readOutline reads all of a package that go-pkcs12 reads before it needs a derived key, and
// refuses what asks for too much work or for an algorithm that go-pkcs12 has not. It takes no
// form at a place that go-pkcs12 might read in another way: go-pkcs12 lets, for one, any tag
// pass in place of the OCTET STRING around the parts.
func readOutline(data []byte) (*outline, error) {
	if len(data) > maxSize {
		return nil, fmt.Errorf("larger than %d bytes", maxSize)
	}
	in := cryptobyte.String(data)
	var pfx, parts cryptobyte.String
	var version int
	if !in.ReadASN1(&pfx, der.SEQUENCE) || !in.Empty() || !pfx.ReadASN1Integer(&version) || version != 3 {
		return nil, errDamaged
	}
	kind, content, ok := readTyped(&pfx)
	switch {
	case ok && !kind.Equal(oidData): // RFC 7292 section 4
		return nil, errors.New("protected by a signature instead of a password, which is not supported")
	case !ok || !readWrapped(content, &parts):
		return nil, errDamaged
	}
	o := &outline{mac: !pfx.Empty()}
	if o.mac {
		if err := o.readMAC(pfx); err != nil {
			return nil, err
		}
	}
	for n := 0; !parts.Empty(); n++ {
		if n == maxParts {
			return nil, fmt.Errorf("more than %d parts; only packages with the certificates in one part and the private key in another are read", maxParts)
		}
		if err := o.readPart(&parts); err != nil {
			return nil, err
		}
	}
	if o.keys > 1 {
		return nil, errors.New("more than one private key; only packages with one are read")
	}
	return o, nil
}

// readTyped reads SEQUENCE { OBJECT IDENTIFIER, [0] { content }, ... }: a ContentInfo or a
// SafeBag.
func readTyped(in *cryptobyte.String) (kind asn1.ObjectIdentifier, content cryptobyte.String, ok bool) {
	var s cryptobyte.String
	ok = in.ReadASN1(&s, der.SEQUENCE) && s.ReadASN1ObjectIdentifier(&kind) && s.ReadASN1(&content, contextTag0)
	return kind, content, ok
}

// readWrapped reads the one OCTET STRING in content and the one SEQUENCE in that.
func readWrapped(content cryptobyte.String, out *cryptobyte.String) bool {
	var octets cryptobyte.String
	return content.ReadASN1(&octets, der.OCTET_STRING) && content.Empty() &&
		octets.ReadASN1(out, der.SEQUENCE) && octets.Empty()
}

// readMAC reads MacData (RFC 7292 section 4). With PBMAC1 its own salt and rounds mean nothing
// (RFC 9579 section 4), and some programs write zero rounds.
func (o *outline) readMAC(in cryptobyte.String) error {
	var data, info cryptobyte.String
	if !in.ReadASN1(&data, der.SEQUENCE) || !data.ReadASN1(&info, der.SEQUENCE) {
		return errDamaged
	}
	a, ok := readAlgorithm(&info)
	if !ok || !data.SkipASN1(der.OCTET_STRING) {
		return errDamaged
	}
	switch {
	case a.id == oidPBMAC1:
		return o.readKDF(a, hmacs, "its MAC")
	case !slices.Contains(digests, a.id):
		return unsupported(a.id, "its MAC")
	case data.Empty(): // one round by default
		return nil
	}
	return o.addRounds(&data)
}

// readPart reads one ContentInfo of the AuthenticatedSafe.
func (o *outline) readPart(parts *cryptobyte.String) error {
	kind, content, ok := readTyped(parts)
	switch {
	case !ok:
		return errDamaged
	case kind.Equal(oidData):
		return o.readBags(content)
	case kind.Equal(oidEncryptedData):
		var data, info cryptobyte.String
		if !content.ReadASN1(&data, der.SEQUENCE) || !data.SkipASN1(der.INTEGER) ||
			!data.ReadASN1(&info, der.SEQUENCE) || !info.SkipASN1(der.OBJECT_IDENTIFIER) {
			return errDamaged
		}
		return o.readEncryption(&info, "a part of it")
	}
	return unsupported(kind.String(), "a part of it")
}

// readBags reads SafeContents that is not encrypted.
func (o *outline) readBags(content cryptobyte.String) error {
	var bags cryptobyte.String
	if !readWrapped(content, &bags) {
		return errDamaged
	}
	for !bags.Empty() {
		kind, value, ok := readTyped(&bags)
		if !ok {
			return errDamaged
		}
		if o.bags++; o.bags > maxBags {
			return fmt.Errorf("more than %d certificates and keys", maxBags)
		}
		shrouded := kind.Equal(oidShroudedKeyBag)
		if !shrouded && !kind.Equal(oidKeyBag) {
			continue
		}
		if o.keys++; len(value) > maxKey {
			return fmt.Errorf("a private key of more than %d bytes", maxKey)
		}
		if !shrouded {
			continue
		}
		var info cryptobyte.String
		if !value.ReadASN1(&info, der.SEQUENCE) {
			return errDamaged
		}
		if err := o.readEncryption(&info, "its private key"); err != nil {
			return err
		}
	}
	return nil
}

// readEncryption reads the algorithm that something is encrypted with.
func (o *outline) readEncryption(in *cryptobyte.String, what string) error {
	a, ok := readAlgorithm(in)
	switch {
	case !ok:
		return errDamaged
	case a.id == oidPBES2:
		return o.readKDF(a, pbes2Ciphers, what)
	case !slices.Contains(pbes1Schemes, a.id):
		return unsupported(a.id, what)
	}
	var params cryptobyte.String // RFC 7292 appendix C, pkcs-12PbeParams
	if !a.params.ReadASN1(&params, der.SEQUENCE) || !params.SkipASN1(der.OCTET_STRING) {
		return errDamaged
	}
	return o.addRounds(&params)
}

// readKDF reads the parameters of PBES2 and PBMAC1 (RFC 8018 appendix A.4 and A.5): PBKDF2,
// and one of the schemes that its key is for.
func (o *outline) readKDF(a algorithm, schemes []string, what string) error {
	var params, kdf cryptobyte.String
	if !a.params.ReadASN1(&params, der.SEQUENCE) {
		return errDamaged
	}
	derive, ok := readAlgorithm(&params)
	if !ok {
		return errDamaged
	}
	if derive.id != oidPBKDF2 {
		return unsupported(derive.id, what)
	}
	scheme, ok := readAlgorithm(&params)
	if !ok {
		return errDamaged
	}
	if !slices.Contains(schemes, scheme.id) {
		return unsupported(scheme.id, what)
	}
	// RFC 8018 appendix A.2; the other choice of salt is not in use.
	if !derive.params.ReadASN1(&kdf, der.SEQUENCE) || !kdf.SkipASN1(der.OCTET_STRING) {
		return errDamaged
	}
	if err := o.addRounds(&kdf); err != nil {
		return err
	}
	if !kdf.SkipOptionalASN1(der.INTEGER) { // key length
		return errDamaged
	}
	if kdf.Empty() { // HMAC-SHA-1 by default
		return nil
	}
	prf, ok := readAlgorithm(&kdf)
	if !ok {
		return errDamaged
	}
	if !slices.Contains(hmacs, prf.id) {
		return unsupported(prf.id, what)
	}
	return nil
}

// addRounds reads a number of rounds.
func (o *outline) addRounds(in *cryptobyte.String) error {
	var rounds int64
	if !in.PeekASN1Tag(der.INTEGER) {
		return errDamaged
	}
	if !in.ReadASN1Integer(&rounds) || rounds < 1 || rounds > maxRounds-o.rounds {
		return fmt.Errorf("a number of key derivation rounds that is not 1 to %d in all", maxRounds)
	}
	o.rounds += rounds
	return nil
}
