package pkcs12

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"slices"
	"testing"

	"signet/cert"
	"signet/internal/oracle"
)

// indefinite gives a value of the tag an indefinite length.
func indefinite(tag byte, parts ...[]byte) []byte {
	return slices.Concat([]byte{tag | 0x20, 0x80}, slices.Concat(parts...), []byte{0, 0})
}

// pieces gives an octet string in pieces of n bytes, under a tag.
func pieces(tag byte, data []byte, n int) []byte {
	var out [][]byte
	for piece := range slices.Chunk(data, n) {
		out = append(out, octets(piece))
	}
	return indefinite(tag, out...)
}

// The MAC is of the contents of the octet strings, without the tags and lengths of its pieces
// (RFC 7292 section 5.1): this one is computed here. All else is in BER, too, inside and outside
// of what is encrypted.
func TestBER(t *testing.T) {
	want := identity(t, "ec", 1)
	want.Alias = "Grüße"
	pkcs8, err := cert.MarshalPrivateKey(want.Key)
	if err != nil {
		t.Fatal(err)
	}
	berSeq := func(parts ...[]byte) []byte { return indefinite(0x30, parts...) }
	berBag := func(id string, value []byte, attributes ...[]byte) []byte {
		return berSeq(oidOf(id), indefinite(0xa0, value), indefinite(0x31, attributes...))
	}
	name := berSeq(oidOf(friendlyNameOID.String()), indefinite(0x31, pieces(0x1e, encodeBMP(want.Alias), 3)))
	var certificates [][]byte
	for _, c := range want.Certificates {
		certificates = append(certificates, berBag(certBagOID.String(), berSeq(oidOf(x509CertificateOID.String()), indefinite(0xa0, pieces(0x04, c.Raw, 100)))))
	}
	hidden := encrypt(t, "x", berSeq(certificates...))
	parts := berSeq(
		berSeq(oidOf("1.2.840.113549.1.7.6"), indefinite(0xa0, berSeq(integer(0),
			berSeq(oidOf("1.2.840.113549.1.7.1"), oneRound, pieces(0x80, hidden, 50))))),
		berSeq(oidOf("1.2.840.113549.1.7.1"), indefinite(0xa0, pieces(0x04,
			berSeq(berBag(shroudedKeyBagOID.String(), berSeq(oneRound, pieces(0x04, encrypt(t, "x", pkcs8), 7)), name)), 40))),
	)
	key := deriveKey(sha1.New, forMAC, append(encodeBMP("x"), 0, 0), []byte("saltsalt"), 3, sha1.Size)
	h := hmac.New(sha1.New, key)
	h.Write(parts)
	mac := berSeq(berSeq(alg(sha1ID), pieces(0x04, h.Sum(nil), 9)), pieces(0x04, []byte("saltsalt"), 3), []byte{0x02, 0x81, 0x01, 0x03})
	for _, n := range []int{1, 10, 1 << 20} {
		data := berSeq(integer(3), berSeq(oidOf("1.2.840.113549.1.7.1"), indefinite(0xa0, pieces(0x04, parts, n))), mac)
		if !Looks(data) {
			t.Error("BER does not look like PKCS #12")
		}
		got, err := Decode(data, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, want)
		_, err = Decode(data, []byte("y"))
		oracle.WantError(t, err, "wrong password", "")
		ks, err := Read(data, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if len(ks.Entries) != 1 || len(ks.Entries[0].Chain) != 2 || !bytes.Equal(ks.Entries[0].Chain[0], want.Certificates[0].Raw) {
			t.Errorf("%d entries", len(ks.Entries))
		}
		stable(t, "BER", ks, "x")
	}
}
