package pkcs12

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// The functions here write DER, and what only looks like it, piece by piece: packages that no
// honest program makes.

func tlv(tag byte, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	out := []byte{tag}
	switch n := len(body); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, body...)
}

func seq(parts ...[]byte) []byte      { return tlv(0x30, parts...) }
func octets(parts ...[]byte) []byte   { return tlv(0x04, parts...) }
func explicit(parts ...[]byte) []byte { return tlv(0xa0, parts...) }

func integer(n int64) []byte {
	der, err := asn1.Marshal(n)
	if err != nil {
		panic(err)
	}
	return der
}

func oidOf(id string) []byte {
	o, err := x509.ParseOID(id)
	if err != nil {
		panic(err)
	}
	body, err := o.MarshalBinary()
	if err != nil {
		panic(err)
	}
	return tlv(0x06, body)
}

// alg gives an AlgorithmIdentifier.
func alg(id string, params ...[]byte) []byte { return seq(oidOf(id), slices.Concat(params...)) }

var salt = octets([]byte("saltsalt"))

const (
	hmac256  = "1.2.840.113549.2.9"
	aes256   = "2.16.840.1.101.3.4.1.42"
	tripleID = "1.2.840.113549.1.12.1.3"
	scryptID = "1.3.6.1.4.1.11591.4.11"
)

func pbes1(rounds []byte) []byte { return alg(tripleID, seq(salt, rounds)) }

func kdf(salt, rounds []byte, rest ...[]byte) []byte {
	return alg(pbkdf2ID, seq(salt, rounds, slices.Concat(rest...)))
}

var iv = make([]byte, aes.BlockSize)

func pbes2(kdf []byte) []byte { return alg(pbes2ID, seq(kdf, alg(aes256, octets(iv)))) }

// macData protects with PBMAC1 or the older way; the digest is none.
func macData(alg, rounds []byte) []byte {
	return seq(seq(alg, octets(make([]byte, 32))), salt, rounds)
}

func pbmac1(kdf []byte) []byte { return alg(pbmac1ID, seq(kdf, alg(hmac256))) }

func encryptedPart(alg []byte, encrypted []byte) []byte {
	return seq(oidOf("1.2.840.113549.1.7.6"), explicit(seq(integer(0),
		seq(oidOf("1.2.840.113549.1.7.1"), alg, tlv(0x80, encrypted)))))
}

func plainPart(bags ...[]byte) []byte {
	return seq(oidOf("1.2.840.113549.1.7.1"), explicit(octets(seq(bags...))))
}

func testBag(id string, value ...[]byte) []byte { return seq(oidOf(id), explicit(value...)) }

func testKeyBag(alg, encrypted []byte) []byte {
	return testBag("1.2.840.113549.1.12.10.1.2", seq(alg, octets(encrypted)))
}

func testCertBag(c *x509.Certificate) []byte {
	return testBag("1.2.840.113549.1.12.10.1.3", seq(oidOf("1.2.840.113549.1.9.22.1"), explicit(octets(c.Raw))))
}

// pfx puts parts and, where there is one, a MAC together.
func pfx(mac []byte, parts ...[]byte) []byte {
	return seq(integer(3), plainPart(parts...), mac)
}

// sealed is pfx with a MAC that is right (RFC 9579).
func sealed(t testing.TB, password string, parts ...[]byte) []byte {
	t.Helper()
	key, err := pbkdf2.Key(sha256.New, password, []byte("saltsalt"), 1, 32)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha256.New, key)
	h.Write(seq(parts...))
	mac := pbmac1(kdf(salt, integer(1), integer(32), alg(hmac256)))
	return pfx(seq(seq(mac, octets(h.Sum(nil))), salt, integer(1)), parts...)
}

// encrypt gives what pbes2 with one round of HMAC with SHA-256 announces.
func encrypt(t testing.TB, password string, data []byte) []byte {
	t.Helper()
	key, err := pbkdf2.Key(sha256.New, password, []byte("saltsalt"), 1, 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	pad := aes.BlockSize - len(data)%aes.BlockSize
	data = append(slices.Clone(data), slices.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	return data
}

// oneRound is the algorithm of encrypt.
var oneRound = pbes2(kdf(salt, integer(1), alg(hmac256)))

// attribute gives one attribute of a bag, and named a bag that has it.
func attribute(id oid, value []byte) []byte {
	return seq(oidOf(id.String()), tlv(0x31, value))
}

func named(bag []byte, attributes ...[]byte) []byte {
	in, inner := cryptobyte.String(bag), cryptobyte.String(nil)
	if !in.ReadASN1(&inner, der.SEQUENCE) {
		panic("no bag")
	}
	return seq(inner, tlv(0x31, attributes...))
}
