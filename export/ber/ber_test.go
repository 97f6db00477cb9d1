package ber

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"runtime"
	"strings"
	"testing"
	"time"

	"signet/internal/oracle"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestToDER(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"null", "0500", "0500"},
		{"sequence of nothing", "3000", "3000"},
		{"indefinite", "3080 020101 0000", "3003 020101"},
		{"indefinite in indefinite", "3080 3080 020101 0000 0500 0000", "3007 3003 020101 0500"},
		{"indefinite in definite", "3007 3080 020101 0000", "3005 3003 020101"},
		{"definite in indefinite", "3080 3003 020101 0000", "3005 3003 020101"},
		{"long length", "3081 03 020101", "3003 020101"},
		{"longer length", "3084 00000003 020101", "3003 020101"},
		{"long length inside", "3004 028101 01", "3003 020101"},
		{"length of many octets", "0589 000000000000000000", "0500"},
		{"octets in pieces", "2480 040161 04026263 0000", "0403 616263"},
		{"octets in definite pieces", "2407 040161 04026263", "0403 616263"},
		{"octets in pieces of pieces", "2480 2480 040161 0000 2403 040162 040163 0000", "0403 616263"},
		{"octets in no pieces", "2400", "0400"},
		{"bits in pieces", "2380 030200aa 030204b0 0000", "0303 04aab0"},
		{"bits in no pieces", "2380 0000", "0301 00"},
		{"text in pieces", "2c80 0c0161 040162 0000", "0c02 6162"},
		{"time in pieces", "3780 0402 3236 0402 3131 0000", "1704 32363131"},
		{"BMPString in pieces", "3e06 04020061 0400", "1e02 0061"},
		{"octets as they are", "0404 30800000", "0404 30800000"},
		{"implicit tag", "a080 040161 0000", "a003 040161"},
		{"tag of two octets", "bf21 80 0500 0000", "bf21 02 0500"},
		{"set, not sorted", "3180 020102 020101 0000", "3106 020102 020101"},
		{"truth, not changed", "3080 010101 0000", "3003 010101"},
	} {
		got, err := ToDER(unhex(t, tt.in))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if want := unhex(t, tt.want); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x", tt.name, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("3080", n) + strings.Repeat("0000", n) }
	for _, tt := range []struct{ name, in, want string }{
		{"nothing", "", "cut"},
		{"tag alone", "30", "cut"},
		{"half a tag", "ff", "cut"},
		{"most of a tag", "ff81", "cut"},
		{"cut", "3003 0201", "cut"},
		{"cut length", "3082 01", "cut"},
		{"cut inside", "3080 02", "cut"},
		{"no end", "3080 020101", "cut"},
		{"half an end", "3080 020101 00", "cut"},
		{"longer than what it is in", "3003 020201 00", "cut"},
		{"length of 2^40", "0586 010000000000", "cut"},
		{"reserved length", "30ff 00", "cut"},
		{"primitive of indefinite length", "0480 0000", "cut"},
		{"end that ends nothing", "3002 0000", "ends nothing"},
		{"end alone", "0000", "ends nothing"},
		{"end in a piece", "2480 2402 0000 0000", "another type"},
		{"trailing byte", "3000 00", "followed by 1 bytes"},
		{"trailing BER", "3080 0000 3080 0000", "followed by 4 bytes"},
		{"piece of another type", "2480 020101 0000", "another type"},
		{"text in bits", "2380 040100 0000", "another type"},
		{"bits that end in the middle", "2380 030204a0 030200a0 0000", "another type"},
		{"bits without a count", "2380 0300 0000", "another type"},
		{"bits with nine unused", "2380 030209ff 0000", "another type"},
		{"tag not minimal", "bf8021 00", "tag is damaged"},
		{"low tag in high form", "bf1e 00", "tag is damaged"},
		{"endless tag", "bfffffffffffff7f 00", "tag is damaged"},
		{"deep", deep(maxDepth + 1), "more than 64 deep"},
		{"deep pieces", strings.Repeat("2480", maxDepth+1) + strings.Repeat("0000", maxDepth+1), "more than 64 deep"},
		{"deep in DER", strings.Repeat("3080", 30) + strings.Repeat("3080", maxDepth), "more than 64 deep"},
	} {
		got, err := ToDER(unhex(t, tt.in))
		if err == nil || !strings.Contains(err.Error(), tt.want) || got != nil {
			t.Errorf("%s: %x, error %v; want %q in it", tt.name, got, err, tt.want)
		}
	}
	if _, err := ToDER(unhex(t, deep(maxDepth))); err != nil {
		t.Errorf("as deep as allowed: %v", err)
	}
	if _, err := ToDER(make([]byte, MaxSize+1)); err == nil || !strings.Contains(err.Error(), "larger than 67108864 bytes") {
		t.Errorf("a large one: %v", err)
	}
}

// Lengths around the borders of their forms.
func TestLengths(t *testing.T) {
	for _, n := range []int{0, 1, 126, 127, 128, 129, 255, 256, 65535, 65536, 1 << 20} {
		octets, err := asn1.Marshal(make([]byte, n))
		if err != nil {
			t.Fatal(err)
		}
		want, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: octets})
		if err != nil {
			t.Fatal(err)
		}
		got, err := ToDER(append(append([]byte{0x30, 0x80}, octets...), 0, 0))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %.20x, %v; want %.20x", n, got, err, want)
		}
		if got, err = ToDER(want); err != nil || &got[0] != &want[0] {
			t.Errorf("%d bytes: DER is not given back as it is, %v", n, err)
		}
	}
}

// A message that openssl streams in BER is, in DER, what it writes at once: all but the signature
// of the moment, which has none here.
func TestOpenssl(t *testing.T) {
	dir := t.TempDir()
	oracle.Write(t, dir, "message", bytes.Repeat([]byte("hello\n"), 5000))
	oracle.OpenSSL(t, dir, "cms", "-data_create", "-stream", "-binary", "-in", "message", "-outform", "DER", "-out", "stream")
	oracle.OpenSSL(t, dir, "cms", "-data_create", "-binary", "-in", "message", "-outform", "DER", "-out", "whole")
	stream, whole := oracle.Read(t, dir, "stream"), oracle.Read(t, dir, "whole")
	if !bytes.HasPrefix(stream, []byte{0x30, 0x80}) {
		t.Fatal("openssl wrote no BER")
	}
	got, err := ToDER(stream)
	if err != nil || !bytes.Equal(got, whole) {
		t.Errorf("another message in DER, %v", err)
	}
}

// Files made to take memory or time get neither.
func TestHostile(t *testing.T) {
	const size = 1 << 20
	fill := func(unit string) []byte { return bytes.Repeat(unhex(t, unit), size/len(unhex(t, unit))) }
	around := func(open int, in []byte) []byte {
		return append(append(bytes.Repeat([]byte{0x30, 0x80}, open), in...), make([]byte, 2*open)...)
	}
	for name, data := range map[string][]byte{
		"opened":            fill("3080"),
		"nothings":          around(1, fill("3000")),
		"indefinite":        around(1, fill("30800000")),
		"deep nothings":     around(60, fill("3000")),
		"pieces":            append(append(unhex(t, "2480"), fill("0400")...), 0, 0),
		"long lengths":      around(1, fill("0584 00000000")),
		"deep long lengths": around(60, fill("0584 00000000")),
		"one string":        around(60, append([]byte{0x04, 0x83, 0x0f, 0xff, 0xff}, make([]byte, 0xfffff)...)),
	} {
		start := time.Now()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := ToDER(data)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 4*uint64(len(data)) {
			t.Errorf("%s: %d KiB of memory", name, used>>10)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: %v", name, took)
		}
		if len(got) > len(data)+4*maxDepth {
			t.Errorf("%s: %d bytes from %d, %v", name, len(got), len(data), err)
		}
	}
}

// checkDER reports what an independent reader of DER finds wrong.
func checkDER(data []byte) error {
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(data, &v)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return asn1.SyntaxError{Msg: "trailing data"}
	}
	for in := v.Bytes; v.IsCompound && len(in) > 0; {
		var inner asn1.RawValue
		if in, err = asn1.Unmarshal(in, &inner); err != nil {
			return err
		}
		if err := checkDER(inner.FullBytes); err != nil {
			return err
		}
	}
	return nil
}

// FuzzToDER checks that what comes out is DER, and comes out of itself again without a copy.
func FuzzToDER(f *testing.F) {
	for _, seed := range []string{"3003020101", "3080020101 0000", "2480 040161 04026263 0000", "2380 030200aa 030204b0 0000", "3080 a080 2480 040161 0000 0000 0000", "bf2180 0500 0000", "3084 00000003 020101"} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		once, err := ToDER(data)
		if err != nil {
			if once != nil {
				t.Error("something beside the error")
			}
			return
		}
		if len(once) > len(data)+4*maxDepth {
			t.Errorf("%d bytes from %d", len(once), len(data))
		}
		if err := checkDER(once); err != nil {
			t.Errorf("%x became %x: %v", data, once, err)
		}
		again, err := ToDER(once)
		if err != nil || len(again) != len(once) || &again[0] != &once[0] {
			t.Errorf("%x became %x, %v", once, again, err)
		}
	})
}
