package pkcs12

import (
	"bytes"
	"runtime"
	"testing"

	gopkcs12 "software.sslmate.com/src/go-pkcs12"
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
		if data, err = encode(got, []byte("x"), 1, bytes.NewReader(make([]byte, 1000))); err != nil {
			t.Fatal(err)
		}
		again, err := Decode(data, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, again, got)
	})
}
