package jks

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/export/keystore"
	"signet/internal/oracle"
)

// allocated runs f and gives the bytes that it took.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// everything is a file with every kind of entry.
func everything(t testing.TB) []byte {
	t.Helper()
	id := identities()[1]
	sealed, err := seal([]byte("no key"), keystore.JCEKS, &secret{[]byte("x")}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return rawFile("x", keystore.JCEKS, 2, rawKey("a", sealed, id.chain...), rawSecret("b", object(1)), rawCertificate("c", id.chain[1]))
}

// A file cut anywhere is refused, and so is one with a bit flipped anywhere.
func TestDamage(t *testing.T) {
	data := everything(t)
	mustRead(t, data, "x")
	for n := range data {
		for _, password := range [][]byte{nil, []byte("x")} {
			_, err := Read(data[:n], password)
			if err == nil || errors.Is(err, ErrPassword) {
				t.Errorf("%d of %d bytes: %v", n, len(data), err)
			}
		}
	}
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1 << (i % 8)
		if _, err := Read(bad, []byte("x")); err == nil {
			t.Errorf("byte %d changed, and it was read", i)
		}
	}
	_, err := Read(append(data, 0), []byte("x"))
	oracle.WantError(t, err, "1 bytes follow its end", "")
}

// A length that promises more than there is takes no memory: wherever one may be, it is set to
// the largest there is, and to values at which sums overflow.
func TestLengths(t *testing.T) {
	data := everything(t)
	for i := range data {
		for _, value := range [][]byte{{0xff, 0xff}, {0x7f, 0xff, 0xff, 0xff}, {0x80, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}} {
			bad := bytes.Clone(data)
			copy(bad[i:], value)
			if used := allocated(func() { Read(bad, nil) }); used > 100<<10 {
				t.Errorf("%x at %d: %d bytes of memory", value, i, used)
			}
		}
	}
}

// What a file may not have is refused by name, before anything else is done with it.
func TestRefused(t *testing.T) {
	c := identities()[0].chain[0]
	file := func(entries ...[]byte) []byte { return rawFile("x", keystore.JKS, 2, entries...) }
	for name, tt := range map[string]struct {
		in   []byte
		want string
	}{
		"nothing":        {nil, "not a JKS or JCEKS keystore"},
		"PKCS #12":       {[]byte{0x30, 0x80, 2, 1, 3, 0x30, 0x80, 6}, "not a JKS or JCEKS keystore"},
		"version 3":      {rawFile("x", keystore.JKS, 3), "not a JKS or JCEKS keystore of version 1 or 2"},
		"size":           {append(file(), make([]byte, maxSize)...), "larger than 67108864 bytes"},
		"kind":           {file(rawCertificate("a", c), join(u32(4), utf("b"), eight(1), make([]byte, 20))), "entry 2: it is of the unknown kind 4"},
		"secret in JKS":  {file(rawSecret("a", object(1))), "JKS keystore: entry 1: it is of the unknown kind 3"},
		"type":           {file(join(u32(2), utf("a"), eight(1), utf("PGP"), block(c))), `its certificate is of the type "PGP"; only X.509`},
		"empty":          {file(rawCertificate("a", nil)), "its certificate is empty"},
		"count":          {rawFileCount(1 << 20), "a length in it is more than what follows"},
		"chain":          {file(join(u32(1), utf("a"), eight(1), block([]byte{0}), u32(1<<30), make([]byte, 100))), "a length in it is more"},
		"overlong alias": {file(rawCertificate("\xc1\x81", c)), "modified UTF-8"},
		"overlong three": {file(rawCertificate("\xe0\x81\x81", c)), "modified UTF-8"},
		"four bytes":     {file(rawCertificate("🙂", c)), "modified UTF-8"},
		"bare NUL":       {file(rawCertificate("a\x00", c)), "modified UTF-8"},
		"high alone":     {file(rawCertificate("\xed\xa0\xbd", c)), "modified UTF-8"},
		"low first":      {file(rawCertificate("\xed\xb0\x80\xed\xa0\xbd", c)), "modified UTF-8"},
		"high and more":  {file(rawCertificate("\xed\xa0\xbda", c)), "modified UTF-8"},
		"cut character":  {file(rawCertificate("a\xe2\x82", c)), "modified UTF-8"},
	} {
		for _, password := range [][]byte{nil, []byte("x")} {
			if _, err := Read(tt.in, password); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: error %v; want %q in it", name, err, tt.want)
			}
		}
	}
	_, err := Read(file(), []byte("\xff"))
	oracle.WantError(t, err, "not UTF-8", "")
	if got := mustRead(t, rawFile("x", keystore.JKS, 1, join(u32(2), utf("a"), eight(0), block(c))), "x"); string(got.Entries[0].Chain[0]) != string(c) || !got.Entries[0].Created.IsZero() {
		t.Error("version 1 was read as something else")
	}
}

// rawFileCount is a file of nothing but a count of entries.
func rawFileCount(n int) []byte { return join(u32(magicJKS), u32(2), u32(n), make([]byte, 20)) }

// sealedWith is a key sealed with the JCEKS protection and other parameters.
func sealedWith(salt []byte, rounds int64, data []byte) []byte {
	var out cryptobyte.Builder
	out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
		out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
			out.AddASN1ObjectIdentifier(oidJCEKS)
			out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
				out.AddASN1OctetString(salt)
				out.AddASN1Int64(rounds)
			})
		})
		out.AddASN1OctetString(data)
	})
	return out.BytesOrPanic()
}

// A sealed key that no keystore wrote is refused when it is opened, at once.
func TestSealedRefused(t *testing.T) {
	eight := make([]byte, 8)
	good, err := seal([]byte("no key"), keystore.JKS, &secret{[]byte("x")}, 0)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Replace(good, []byte{0x2a, 0x02, 0x11}, []byte{0x2a, 0x02, 0x12}, 1)
	for name, tt := range map[string]struct {
		in   []byte
		want string
	}{
		"rounds":         {sealedWith(eight, maxRounds+1, eight), "asks for 5000001 rounds, more than 5000000"},
		"many rounds":    {sealedWith(eight, 1<<62, eight), "rounds, more than 5000000"},
		"no rounds":      {sealedWith(eight, 0, eight), "damaged"},
		"negative":       {sealedWith(eight, -1, eight), "damaged"},
		"salt":           {sealedWith(eight[1:], 1, eight), "damaged"},
		"no block":       {sealedWith(eight, 1, eight[1:]), "damaged"},
		"nothing":        {sealedWith(eight, 1, nil), "damaged"},
		"no DER":         {[]byte{1, 2, 3}, "damaged"},
		"more":           {append(bytes.Clone(good), 0), "damaged"},
		"size":           {make([]byte, maxKey+1), "more than 16384 bytes"},
		"OID":            {other, "is protected with 1.3.6.1.4.1.42.2.18.1.1"},
		"no private key": {good, "not a usable private key"},
		"short":          {sealedJKS(make([]byte, 39)), "another password"},
	} {
		ks := mustRead(t, rawFile("x", keystore.JKS, 2, rawKey("a", tt.in, identities()[0].chain...)), "x")
		start := time.Now()
		_, err := ks.Entries[0].Key.Open(nil)
		oracle.WantError(t, err, tt.want, "")
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
	ks, err := Read(rawFile("x", keystore.JKS, 2, rawKey("a", good)), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ks.Entries[0].Key.Open(nil)
	oracle.WantError(t, err, "its private key needs a password", "")
	_, err = ks.Entries[0].Key.Open([]byte("other"))
	oracle.WantError(t, err, "wrong password for its private key", "other")
	_, err = ks.Entries[0].Key.Open([]byte("\xff"))
	oracle.WantError(t, err, "not UTF-8", "")
}

// sealedJKS is EncryptedPrivateKeyInfo of JKS around any bytes.
func sealedJKS(data []byte) []byte {
	var out cryptobyte.Builder
	out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
		out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) { out.AddASN1ObjectIdentifier(oidJKS) })
		out.AddASN1OctetString(data)
	})
	return out.BytesOrPanic()
}

// Many wrong passwords of JCEKS pass the padding; none of them gives a key or another error.
func TestWrongPasswords(t *testing.T) {
	data, err := seal([]byte("no key"), keystore.JCEKS, &secret{[]byte("own")}, 1)
	if err != nil {
		t.Fatal(err)
	}
	k := &sealedKey{alias: "a", format: keystore.JCEKS, data: data}
	for i := range 3000 {
		if _, err := k.Open(fmt.Append(nil, i)); !errors.Is(err, ErrPassword) {
			t.Fatalf("password %d: %v", i, err)
		}
	}
}

// A MiB of the smallest entries, and of the smallest certificates in one chain, stays far below
// 64 MiB; and 100,000 entries are read.
func TestMemory(t *testing.T) {
	small := join(u32(1), utf(""), eight(1), block(nil), u32(0))
	chain := bytes.Repeat([]byte{0, 0, 0, 1, 0}, 200_000)
	secrets := rawSecret("", object(0))
	for name, data := range map[string][]byte{
		"entries": rawFile("x", keystore.JKS, 2, repeat(small, 1<<20/len(small))...),
		"chain":   rawFile("x", keystore.JKS, 1, join(u32(1), utf(""), eight(1), block(nil), u32(200_000), chain)),
		"secrets": rawFile("x", keystore.JCEKS, 2, repeat(secrets, 1<<20/len(secrets))...),
	} {
		var ks *keystore.Keystore
		used := allocated(func() { ks = mustRead(t, data, "x") })
		if used > 32<<20 || len(data) > 1<<20+1000 {
			t.Errorf("%s: %d MiB for %d bytes", name, used>>20, len(data))
		}
		t.Logf("%s: %d entries in %d bytes, %d bytes of memory", name, len(ks.Entries), len(data), used)
	}
	// The largest files, of nothing but the smallest things.
	for want, data := range map[string][]byte{
		"it has 500001 entries, more than 500000":     rawFile("x", keystore.JKS, 2, repeat(small, maxEntries+1)...),
		"the file has more than 1000000 certificates": rawFile("x", keystore.JKS, 1, repeat(join(u32(1), utf(""), eight(1), block(nil), u32(200_000), chain), 6)...),
	} {
		_, err := Read(data, nil)
		oracle.WantError(t, err, want, "")
	}
	_, err := Write(&keystore.Keystore{Format: keystore.JKS, Entries: make([]keystore.Entry, maxEntries+1)}, []byte("x"), nil)
	oracle.WantError(t, err, "it has 500001 entries", "")
	many := make([][]byte, 100_000)
	for i := range many {
		many[i] = rawCertificate(fmt.Sprint("entry ", i), []byte{0x30, 0})
	}
	if n := len(mustRead(t, rawFile("x", keystore.JKS, 2, many...), "x").Entries); n != len(many) {
		t.Errorf("%d entries", n)
	}
}

func repeat(b []byte, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = b
	}
	return out
}
