package jks

import (
	"bytes"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"signet/export/keystore"
)

// FuzzRead checks that nothing panics or takes much memory, that the digest is checked, and that
// what is written reads and writes the same again.
func FuzzRead(f *testing.F) {
	c := identities()[1].chain[1]
	f.Add(everything(f))
	f.Add(rawFile("x", keystore.JKS, 1, join(u32(2), utf("a"), eight(0), block(c))))
	f.Add(rawFile("x", keystore.JKS, 2, rawCertificate("a\xc0\x80\xed\xa0\xbd\xed\xb9\x82", c)))
	f.Add(mustWrite(f, sample(keystore.JKS, 2, 2), "x", "own"))
	f.Add(rawFile("x", keystore.JCEKS, 2, rawSecret("b", object(0))))
	f.Add(rawFileCount(1))
	f.Fuzz(func(t *testing.T, data []byte) {
		var ks *keystore.Keystore
		var err error
		if used := allocated(func() { ks, err = Read(data, nil) }); used > 1<<20+64*uint64(len(data)) {
			t.Errorf("%d bytes of memory for %d", used, len(data))
		}
		if _, checked := Read(data, []byte("x")); err != nil && checked == nil {
			t.Fatalf("read with a password in spite of: %v", err)
		}
		if err != nil || !Looks(data) {
			if err == nil {
				t.Error("read, but it does not look so")
			}
			return
		}
		if n := len(ks.JavaView()); n > len(ks.Entries) {
			t.Errorf("Java sees %d of %d entries", n, len(ks.Entries))
		}
		first, err := write(ks, []byte("x"), nil, 1)
		if err != nil {
			return
		}
		again, err := Read(first, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		second, err := write(again, []byte("x"), nil, 1)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("written again, it is another file: %v", err)
		}
	})
}

// FuzzOpen checks the same of a sealed key: no panic, no work above the cap, and what opens can
// be sealed and opened again.
func FuzzOpen(f *testing.F) {
	for _, format := range []string{keystore.JKS, keystore.JCEKS} {
		for _, e := range mustRead(f, mustWrite(f, sample(format, 2, 0), "x", ""), "x").Entries {
			f.Add(e.Key.(*sealedKey).data, []byte("x"))
		}
	}
	f.Add(sealedWith(make([]byte, 8), maxRounds+1, make([]byte, 8)), []byte("x"))
	f.Add(sealedJKS(make([]byte, 40)), []byte{})
	f.Fuzz(func(t *testing.T, data, password []byte) {
		if len(password) > 100 || slow(data) {
			t.Skip("allowed, and slow")
		}
		own, err := newSecret(append([]byte{}, password...))
		if err != nil {
			return
		}
		var pkcs8 []byte
		if used := allocated(func() { pkcs8, err = unseal(data, own) }); used > 1<<20 {
			t.Errorf("%d bytes of memory for %d", used, len(data))
		}
		if err != nil || pkcs8 == nil {
			return
		}
		again, err := seal(pkcs8, keystore.JKS, own, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := unseal(again, own); err != nil || !bytes.Equal(got, pkcs8) {
			t.Errorf("sealed again, it is another key: %v", err)
		}
	})
}

// slow reports whether data asks for many rounds that are allowed: any integer in it says so.
func slow(data []byte) bool {
	for i := range data {
		in := cryptobyte.String(data[i:])
		var n int64
		if data[i] == 2 && in.ReadASN1Integer(&n) && n > 2000 && n <= maxRounds {
			return true
		}
	}
	return false
}
