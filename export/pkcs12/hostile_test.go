package pkcs12

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/cert"
	"signet/export/ber"
	"signet/internal/oracle"
)

// places are where a package says how many rounds of key derivation it wants.
var places = []struct {
	name  string
	build func(rounds []byte) []byte
}{
	{"MAC", func(r []byte) []byte { return pfx(macData(alg(sha1ID), r)) }},
	{"MAC of PBMAC1", func(r []byte) []byte { return pfx(macData(pbmac1(kdf(salt, r, integer(32))), integer(1))) }},
	{"encrypted part, PBES1", func(r []byte) []byte { return pfx(nil, encryptedPart(pbes1(r), iv)) }},
	{"encrypted part, PBES2", func(r []byte) []byte { return pfx(nil, encryptedPart(pbes2(kdf(salt, r)), iv)) }},
	{"second part", func(r []byte) []byte { return pfx(nil, plainPart(), encryptedPart(pbes2(kdf(salt, r)), iv)) }},
	{"key, PBES1", func(r []byte) []byte { return pfx(nil, plainPart(testKeyBag(pbes1(r), iv))) }},
	{"key, PBES2", func(r []byte) []byte { return pfx(nil, plainPart(testKeyBag(pbes2(kdf(salt, r, alg(hmac256))), iv))) }},
	{"key behind others", func(r []byte) []byte {
		other := testBag("1.2.840.113549.1.12.10.1.4", []byte{0x1f, 0x21, 0}) // a tag of two octets
		return pfx(nil, plainPart(), plainPart(other, testKeyBag(pbes1(r), iv)))
	}},
	{"trailing items", func(r []byte) []byte {
		return pfx(macData(alg(sha1ID), integer(1)), seq(encryptedPart(pbes1(r), iv)[2:], integer(1)))
	}},
}

// No number of rounds above the limit is worked off, wherever it stands.
func TestRoundsRefused(t *testing.T) {
	for _, place := range places {
		if _, err := readOutline(place.build(integer(maxRounds))); err != nil {
			t.Errorf("%s: an allowed number of rounds: %v", place.name, err)
		}
		for name, rounds := range map[string][]byte{
			"2^31-1":      integer(1<<31 - 1),
			"2^63-1":      integer(1<<63 - 1),
			"just more":   integer(maxRounds + 1),
			"none":        integer(0),
			"negative":    integer(-1 << 62),
			"2^71":        tlv(2, []byte{0x7f, 0, 0, 0, 0, 0, 0, 0, 0}),
			"not minimal": tlv(2, []byte{0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff}),
			"no digits":   tlv(2),
		} {
			refusedFast(t, place.name+" "+name, place.build(rounds), "rounds")
		}
		// What is not an INTEGER of one octet's tag and a definite length.
		for _, tag := range []byte{0x0a, 0x22, 0x82, 0xa2, 0x42, 0x1f} {
			refusedFast(t, fmt.Sprintf("%s tag %#x", place.name, tag), place.build(tlv(tag, integer(1<<31 - 1)[2:])), "structure is damaged")
		}
		refusedFast(t, place.name+" indefinite", place.build([]byte{0x02, 0x80, 0x7f, 0xff, 0xff, 0xff, 0, 0}), "")
		refusedFast(t, place.name+" long length", place.build([]byte{0x02, 0x81, 0x04, 0x7f, 0xff, 0xff, 0xff}), "rounds")
	}
}

// The limit is one for all parts together.
func TestRoundsAddUp(t *testing.T) {
	third := integer(maxFileRounds / 3)
	parts := [][]byte{encryptedPart(pbes1(third), iv), encryptedPart(pbes1(third), iv)}
	o, err := readOutline(pfx(macData(alg(sha1ID), third), parts...))
	if err != nil || o.rounds != maxFileRounds/3*3 {
		t.Errorf("%d rounds, %v", o.rounds, err)
	}
	more := integer(maxFileRounds/3 + 2)
	refusedFast(t, "MAC", pfx(macData(pbmac1(kdf(salt, more, integer(32))), integer(0)), parts...), "rounds")
	refusedFast(t, "part", pfx(macData(alg(sha1ID), third), parts[0], encryptedPart(pbes1(more), iv)), "rounds")
}

// Some readers take these for the real thing; none may pass with rounds that were not counted.
func TestDisguises(t *testing.T) {
	many := integer(1<<31 - 1)
	part := encryptedPart(pbes1(many), iv)
	otherSalts := [][]byte{tlv(0x84, iv), tlv(0xa4, salt), tlv(0x44, iv), tlv(0xc4, iv), {0x1f, 0x04, 0}, alg(hmac256)}
	for i, s := range otherSalts {
		for name, data := range map[string][]byte{
			"PBES2":   pfx(nil, encryptedPart(pbes2(kdf(s, many)), iv)),
			"PBMAC1":  pfx(macData(pbmac1(kdf(s, many, integer(32))), integer(1))),
			"PBES1":   pfx(nil, encryptedPart(alg(tripleID, seq(s, many)), iv)),
			"MacData": pfx(seq(seq(alg(sha1ID), octets(iv)), s, many)),
		} {
			refusedFast(t, fmt.Sprintf("salt %d in %s", i, name), data, "structure is damaged")
		}
	}
	// The same in BER, which is read, and counted.
	for i, s := range [][]byte{tlv(0x24, salt), {0x24, 0x80, 0, 0}, {0x04, 0x81, 0x01, 0x00}, append(append([]byte{0x24, 0x80}, salt...), 0, 0)} {
		refusedFast(t, fmt.Sprintf("BER salt %d", i), pfx(nil, encryptedPart(pbes2(kdf(s, many)), iv)), "rounds")
	}
	// The OCTET STRING around the parts, replaced.
	wrapped := func(wrap []byte) []byte { return seq(integer(3), seq(oidOf("1.2.840.113549.1.7.1"), explicit(wrap))) }
	for _, wrap := range [][]byte{
		tlv(0x0c, seq(part)), tlv(0x24, seq(part)), tlv(0x80, seq(part)), tlv(0x05, seq(part)), seq(part),
		append([]byte{0x1f, 0x21, byte(len(seq(part)))}, seq(part)...),
		append([]byte{0x04, 0x80}, seq(part)...),
	} {
		refusedFast(t, "wrapped", wrapped(wrap), "structure is damaged")
	}
	for _, wrap := range [][]byte{tlv(0x24, octets(seq(part))), append(append([]byte{0x24, 0x80}, octets(seq(part))...), 0, 0)} {
		refusedFast(t, "BER around", wrapped(wrap), "rounds")
	}
	refusedFast(t, "BER", append(append([]byte{0x30, 0x80}, seq(integer(3), plainPart(part))[2:]...), 0, 0), "rounds")
	for name, data := range map[string][]byte{
		"other tag for the parts":  seq(integer(3), seq(oidOf("1.2.840.113549.1.7.1"), tlv(0xa1, octets(seq(part))))),
		"primitive [0]":            seq(integer(3), seq(oidOf("1.2.840.113549.1.7.1"), tlv(0x80, octets(seq(part))))),
		"something before the MAC": pfx(tlv(0x05), seq(macData(alg(sha1ID), many))),
		"SET for SEQUENCE":         tlv(0x31, integer(3), plainPart(part)),
		"trailing data":            append(pfx(nil, part), 0),
		"no EncryptedData":         pfx(nil, seq(oidOf("1.2.840.113549.1.7.6"), explicit(seq(part)))),
		"no content":               pfx(nil, seq(oidOf("1.2.840.113549.1.7.6"))),
		"no PRF":                   pfx(nil, encryptedPart(pbes2(kdf(salt, integer(1), integer(32), salt)), iv)),
		"key of another size":      pfx(nil, encryptedPart(pbes2(kdf(salt, integer(1), integer(16))), iv)),
		"IV of another size":       pfx(nil, encryptedPart(alg(pbes2ID, seq(kdf(salt, integer(1)), alg(aes256, octets(iv[:8])))), iv)),
		"version 4":                seq(integer(4), plainPart(part)),
	} {
		refusedFast(t, name, data, "structure is damaged")
	}
}

// refusedFast decodes data, which must fail at once and with the words wanted.
func refusedFast(t *testing.T, name string, data []byte, part string) {
	t.Helper()
	for _, password := range []string{"", "swordfish"} {
		start := time.Now()
		_, err := Decode(data, []byte(password))
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %v", name, took)
		}
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: error %v; want %q in it", name, err, part)
		}
	}
}

// Algorithms that are not read are named: the parameters of scrypt would be work of another
// kind.
func TestUnsupportedAlgorithms(t *testing.T) {
	one := integer(1)
	scrypt := alg(scryptID, seq(salt, integer(1<<40), integer(1<<20), integer(1<<20)))
	for _, tt := range []struct {
		name string
		in   []byte
		want string
	}{
		{"key under scrypt", pfx(nil, plainPart(testKeyBag(pbes2(scrypt), iv))), "its private key is protected with scrypt (1.3.6.1.4.1.11591.4.11)"},
		{"part under scrypt", pfx(nil, encryptedPart(pbes2(scrypt), iv)), "part 1 of it is protected with scrypt"},
		{"MAC with scrypt", pfx(macData(pbmac1(scrypt), one)), "its MAC is protected with scrypt"},
		{"scrypt for PBES2", pfx(nil, encryptedPart(scrypt, iv)), "scrypt"},
		{"DES", pfx(nil, plainPart(testKeyBag(alg("1.2.840.113549.1.5.3", seq(salt, one)), iv))), "MD5 and DES"},
		{"PRF", pfx(nil, encryptedPart(pbes2(kdf(salt, one, integer(32), alg("1.2.840.113549.2.12"))), iv)), "HMAC with SHA-512/224"},
		{"cipher", pfx(nil, encryptedPart(alg(pbes2ID, seq(kdf(salt, one), alg("1.2.840.113549.3.2", octets(iv)))), iv)), "RC2 under PBES2"},
		{"MAC digest", pfx(macData(alg("1.2.840.113549.2.5"), one)), "its MAC is protected with MD5"},
		{"PBMAC1 digest", pfx(macData(alg(pbmac1ID, seq(kdf(salt, one), alg("1.2.840.113549.2.13"))), one)), "HMAC with SHA-512/256"},
		{"signature", seq(integer(3), seq(oidOf("1.2.840.113549.1.7.2"), explicit(octets(seq())))), "protected by a signature"},
		{"public key", pfx(nil, seq(oidOf("1.2.840.113549.1.7.3"), explicit(seq()))), "a public key"},
		{"unknown", pfx(nil, encryptedPart(alg("1.2.3.4"), iv)), "protected with 1.2.3.4, which is not supported; openssl reads more: openssl"},
		{"endless", pfx(nil, encryptedPart(alg("1.2"+strings.Repeat(".3", 1000)), iv)), "1.2.3.3"},
	} {
		_, err := Decode(tt.in, []byte("swordfish"))
		oracle.WantError(t, err, tt.want, "swordfish")
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%s: the error has %d bytes", tt.name, len(err.Error()))
		}
	}
}

// The other limits hold before any key is derived, too.
func TestLimits(t *testing.T) {
	large := make([]byte, maxKey+1)
	nested := testBag("1.2.3")
	for range maxDepth + 1 {
		nested = testBag(safeContentsBagOID.String(), seq(nested))
	}
	empty, smallest := testBag("1.2.3"), testBag(keyBagOID.String())
	for _, tt := range []struct {
		name string
		in   []byte
		want string
	}{
		{"size", make([]byte, ber.MaxSize+1), "larger than 67108864 bytes"},
		{"parts", pfx(nil, bytes.Repeat(plainPart(), maxParts+1)), "more than 65536 parts"},
		{"depth", pfx(nil, plainPart(nested)), "bags in bags, more than 8 deep"},
		{"keys", pfx(nil, plainPart(testKeyBag(oneRound, iv), testKeyBag(oneRound, iv))), "more than one private key"},
		{"keys in two parts", pfx(nil, plainPart(testKeyBag(oneRound, iv)), plainPart(testBag("1.2.840.113549.1.12.10.1.1", seq()))), "more than one private key"},
		{"bags in bags", pfx(nil, plainPart(testBag(safeContentsBagOID.String(), seq(bytes.Repeat(empty, maxOthers))))), "more than 10000 things"},
		{"depth of nothings", pfx(nil, plainPart(bytes.Repeat(testBag(safeContentsBagOID.String(), seq()), maxOthers+1))), "more than 10000 things"},
		{"large encrypted key", pfx(nil, plainPart(testKeyBag(oneRound, large))), "a private key of more than 16384 bytes"},
		{"large key", pfx(nil, plainPart(testBag("1.2.840.113549.1.12.10.1.1", octets(large)))), "a private key of more than 16384 bytes"},
		{"others", pfx(nil, plainPart(bytes.Repeat(empty, maxOthers)), plainPart(empty)), "more than 10000 things"},
		{"certificates to parse", pfx(nil, plainPart(bytes.Repeat(testCertBag(&x509.Certificate{Raw: seq()}), maxCertificates+1))), "more than 4096 certificates"},
		{"bags", pfx(nil, plainPart(bytes.Repeat(smallest, maxBags)), plainPart(smallest)), "more than 500000 certificates"},
	} {
		_, err := Decode(tt.in, nil)
		oracle.WantError(t, err, tt.want, "")
	}
	for _, data := range [][]byte{pfx(nil, plainPart(bytes.Repeat(empty, maxOthers))), pfx(nil, bytes.Repeat(plainPart(), maxParts))} {
		if _, err := Read(data, nil); err != nil {
			t.Error(err)
		}
	}
}

// Whatever a file of 1 MiB holds, also where only the password shows it, reading it takes less
// than 64 MiB and a few seconds.
func TestMemory(t *testing.T) {
	const size = 1<<20 - 500
	fill := func(unit []byte) []byte { return bytes.Repeat(unit, size/len(unit)) }
	smallKey, smallCert := testBag(keyBagOID.String()), testBag(certBagOID.String(), seq(oidOf(x509CertificateOID.String()), explicit(octets())))
	// The smallest certificates with names, all of one name, and keys that belong to them.
	name := func(n byte) []byte { return seq(tlv(0x31, seq(oidOf("2.5.4.3"), tlv(0x0c, []byte{n})))) }
	linked := func(subject, issuer byte, i int) []byte {
		tbs := seq(integer(int64(i)), seq(), name(issuer), seq(), name(subject), seq())
		id := attribute(localKeyIDOID, octets([]byte{byte(i >> 8), byte(i)}))
		return slices.Concat(named(testBag(certBagOID.String(), seq(oidOf(x509CertificateOID.String()), explicit(octets(seq(tbs))))), id), named(smallKey, id))
	}
	var ring []byte
	for i := 0; len(ring) < size-400; i++ {
		ring = append(ring, linked('A'+byte(i%20), 'A'+byte((i+1)%20), i)...)
	}
	for name, bags := range map[string][]byte{
		"nothings":          fill([]byte{0x30, 0}),
		"keys":              fill(smallKey),
		"certificates":      fill(smallCert),
		"others":            fill(testBag("1.2")),
		"nested":            fill(testBag(safeContentsBagOID.String(), seq())),
		"attributes":        named(smallKey, fill(attribute(newOID(1, 2), nil))),
		"names":             named(smallKey, fill(nameOf("x"))),
		"a long name":       named(smallKey, nameOf(strings.Repeat("\U0001F511", size/4))),
		"keys with names":   fill(named(smallKey, nameOf(""))),
		"chains in a ring":  ring,
		"sealed keys":       fill(testKeyBag(oneRound, iv)),
		"a chain of itself": fill(linked('A', 'B', 0)),
	} {
		plain := sealed(t, "x", plainPart(bags))
		hidden := sealed(t, "x", encryptedPart(oneRound, encrypt(t, "x", seq(bags))))
		for _, data := range [][]byte{plain, hidden} {
			start := time.Now()
			used := allocated(func() { Read(data, []byte("x")) })
			if took := time.Since(start); used > 64<<20 || took > 10*time.Second {
				t.Errorf("%s: %d MiB and %v for %d bytes", name, used>>20, took, len(data))
			}
		}
	}
	parts := bytes.Repeat(plainPart(), size/len(plainPart()))
	if used := allocated(func() { Read(pfx(nil, parts), nil) }); used > 64<<20 {
		t.Errorf("parts: %d MiB", used>>20)
	}
}

// allocated gives how much memory a function takes in all, also what it gives back.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What only the password shows counts as the rest does, and before any of it is worked off.
func TestHiddenWork(t *testing.T) {
	empty := testBag("1.2.3")
	for name, tt := range map[string]struct {
		hidden []byte
		want   string
	}{
		"rounds":          {testKeyBag(pbes1(integer(1<<31-1)), iv), "rounds"},
		"bags":            {bytes.Repeat(empty, maxOthers), "more than 10000 things"},
		"large key":       {testKeyBag(oneRound, make([]byte, maxKey)), "a private key of more than 16384 bytes"},
		"other algorithm": {testKeyBag(alg(scryptID), iv), "scrypt"},
	} {
		data := sealed(t, "x", plainPart(empty), encryptedPart(oneRound, encrypt(t, "x", seq(tt.hidden))))
		start := time.Now()
		_, err := Decode(data, []byte("x"))
		oracle.WantError(t, err, tt.want, "")
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

// A package cut anywhere, or with any octet changed, is an error and never another key.
func TestDamage(t *testing.T) {
	want := identity(t, "ed25519", 1)
	data, err := Encode(want, []byte("swordfish"), Profile{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if _, err := Decode(data[:n], []byte("swordfish")); err == nil {
			t.Errorf("%d of %d bytes were read", n, len(data))
		}
	}
	// One round each, as there are many.
	pkcs8, err := cert.MarshalPrivateKey(want.Key)
	if err != nil {
		t.Fatal(err)
	}
	data = sealed(t, "x", plainPart(testCertBag(want.Certificates[0]), testCertBag(want.Certificates[1])), plainPart(testKeyBag(oneRound, encrypt(t, "x", pkcs8))))
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1 << (i % 8)
		b, err := Decode(bad, []byte("x"))
		if err != nil {
			continue
		}
		same(t, b, want) // what the MAC does not cover and nobody reads
	}
	b, err := Decode(data, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, b, want)
}
