package pkcs12

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gopkcs12 "software.sslmate.com/src/go-pkcs12"

	"signet/cert"
	"signet/export/keystore"
)

// FuzzDecode checks that nothing panics or takes much memory, that what readOutline refuses is
// refused, and that a private key is written, with one round, and read as it was. True salts would keep the
// fuzzer from learning.
func FuzzDecode(f *testing.F) {
	b := identity(f, "ed25519", 1)
	for _, e := range []*gopkcs12.Encoder{gopkcs12.Passwordless, gopkcs12.LegacyRC2, gopkcs12.Modern2023, gopkcs12.Modern2026} {
		for _, password := range []string{"", "x"} {
			if e == gopkcs12.Passwordless && password != "" {
				continue
			}
			if e != gopkcs12.Passwordless {
				e = e.WithIterations(1)
			}
			data, err := e.Encode(b.Key, b.Certificates[0], b.Certificates[1:], password)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, []byte(password))
			if data, err = e.EncodeTrustStore(b.Certificates, password); err != nil {
				f.Fatal(err)
			}
			f.Add(data, []byte(password))
		}
	}
	for _, place := range places {
		f.Add(place.build(integer(1)), []byte(nil))
	}
	f.Add([]byte(nil), []byte(nil))
	f.Fuzz(func(t *testing.T, data, password []byte) {
		o, refused := readOutline(data)
		if refused == nil && o.rounds > 10_000 {
			t.Skip("allowed, and slow")
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := Decode(data, password)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20+512*uint64(len(data)) {
			t.Errorf("%d bytes of memory for %d", used, len(data))
		}
		if refused != nil && err == nil {
			t.Fatalf("read in spite of: %v", refused)
		}
		if err == nil && got.Key == nil && len(got.Certificates) == 0 {
			t.Error("nothing was read, and no error says so")
		}
		if err != nil || got.Key == nil {
			return
		}
		if data, err = encode(got, []byte("x"), Modern, 1, bytes.NewReader(make([]byte, 1000))); err != nil {
			t.Fatal(err)
		}
		again, err := Decode(data, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, again, got)
	})
}

// FuzzRead checks that nothing panics or takes much memory, that what is written of a keystore is
// read again, and that from then on it stays the same.
func FuzzRead(f *testing.F) {
	ks := &keystore.Keystore{Entries: []keystore.Entry{keyEntry(f, "a", "ec", 1), certEntry(f, "b", true), keyEntry(f, "c", "ed25519", 0), certEntry(f, "d", false)}}
	for _, p := range []Profile{Modern, PBMAC1, Legacy, RC2} {
		data, err := write(ks, []byte("x"), p, 1, zeros{}, time.Unix(0, 0))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	b := identity(f, "ec", 1)
	pkcs8, err := cert.MarshalPrivateKey(b.Key)
	if err != nil {
		f.Fatal(err)
	}
	// Without a MAC, the fuzzer can reach what is behind it.
	key := named(testBag(keyBagOID.String(), pkcs8), idOf("1"), nameOf("a"))
	leaf, root := named(testCertBag(b.Certificates[0]), idOf("1")), named(testCertBag(b.Certificates[1]), nameOf("root"))
	trusted := named(testCertBag(b.Certificates[1]), attribute(trustedUsageOID, anyUsageOID.encode()))
	f.Add(pfx(nil, plainPart(key, leaf, root, trusted)))
	f.Add(pfx(nil, plainPart(leaf, leaf, root), plainPart(key, key)))
	f.Add(pfx(nil, plainPart(testBag("1.2.3"), testBag(crlBagOID.String(), seq()), testBag(safeContentsBagOID.String(), seq(key))), plainPart(leaf)))
	f.Add(pfx(nil, plainPart(testKeyBag(oneRound, encrypt(f, "", pkcs8)), leaf)))
	for _, place := range places {
		f.Add(place.build(integer(1)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, err := readOutline(data); err == nil && o.rounds > 10_000 {
			t.Skip("allowed, and slow")
		}
		for _, password := range []string{"", "x"} {
			var ks *keystore.Keystore
			var err error
			if used := allocated(func() { ks, err = Read(data, []byte(password)) }); used > 4<<20+512*uint64(len(data)) {
				t.Errorf("%d bytes of memory for %d", used, len(data))
			}
			if err != nil {
				continue
			}
			for _, e := range ks.Entries {
				if k, ok := e.Key.(*sealedKey); ok {
					if _, rounds := k.scheme(); rounds > 10_000 {
						t.Skip("allowed, and slow")
					}
				}
			}
			once := rewritten(t, ks)
			if once == nil {
				continue
			}
			twice := rewritten(t, once)
			if twice == nil {
				t.Fatal("what was written once is not written again")
			}
			if d := cmp.Diff(sketches(once), sketches(twice)); d != "" {
				t.Error(d)
			}
			if n, m := len(keyAliases(ks)), len(keyAliases(once)); n != m {
				t.Errorf("%d keys became %d", n, m)
			}
		}
	})
}

// rewritten gives a keystore after it was written and read; nil if it is refused.
func rewritten(t *testing.T, ks *keystore.Keystore) *keystore.Keystore {
	data, err := write(ks, []byte("x"), Modern, 1, zeros{}, time.Unix(0, 0))
	if err != nil {
		if data != nil {
			t.Error("something was written beside an error")
		}
		return nil
	}
	again, err := Read(data, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	return again
}
