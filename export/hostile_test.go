package export

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"signet/export/pem"
)

// tlv puts a DER tag and length before a body of 64 KiB or more.
func tlv(tag byte, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	n := len(body)
	return append([]byte{tag, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

// Files made to take memory or time get neither: whatever they hold, an error comes within a
// small multiple of their size.
func TestDecodeHostile(t *testing.T) {
	_, b := ecIdentity(t)
	leaf := b.Certificates[0].Raw
	signedData := []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")
	requestInfo := []byte("\x02\x01\x00\x30\x00\x30\x00")
	for _, size := range []int{1 << 20, 4 << 20} {
		fill := func(unit string) []byte { return bytes.Repeat([]byte(unit), (size-100)/len(unit)) }
		pkcs7 := func(set []byte) []byte {
			return tlv(0x30, signedData, tlv(0xa0, tlv(0x30, []byte("\x02\x01\x01\x31\x00\x30\x00"), tlv(0xa0, set))))
		}
		for name, data := range map[string][]byte{
			"zeros":                    fill("\x00"),
			"BER":                      fill("\x30\x80"),
			"empty SEQUENCEs":          tlv(0x30, fill("\x30\x00")),
			"SETs in a SEQUENCE":       tlv(0x30, tlv(0x30, fill("\x31\x00"))),
			"PKCS #7 of nothings":      pkcs7(fill("\x30\x00")),
			"PKCS #7 of attributes":    pkcs7(fill("\xa2\x00")),
			"PKCS #7 of one":           pkcs7(bytes.Repeat(leaf, (size-100)/len(leaf))),
			"PKCS #12 of nothings":     tlv(0x30, []byte("\x02\x01\x03"), tlv(0x30, signedData[:10], []byte{1}, tlv(0xa0, tlv(0x04, tlv(0x30, fill("\x30\x00")))))),
			"request of attributes":    tlv(0x30, tlv(0x30, requestInfo, tlv(0xa0, fill("\x30\x00")))),
			"certificate of names":     tlv(0x30, tlv(0x30, []byte("\x02\x01\x01\x30\x00"), tlv(0x30, fill("\x31\x00")))),
			"lines":                    fill("\n"),
			"blocks":                   fill("-----BEGIN X-----\n-----END X-----\n"),
			"certificates of nothing":  fill("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
			"blocks with parameters":   fill("-----BEGIN EC PARAMETERS-----\n-----END EC PARAMETERS-----\n"),
			"many certificates":        bytes.Repeat(pem.Encode(pem.Certificate, leaf), (size-100)/1000),
			"bare text":                fill("MAAA"),
			"a key of nothings":        pem.Encode(pem.PrivateKey, tlv(0x30, fill("\x30\x00")[:size/2])),
			"an RSA key of that size":  pem.Encode(pem.RSAPrivateKey, tlv(0x30, []byte("\x02\x01\x00"), tlv(0x02, fill("\x7f")[:size/2]))),
			"headers":                  append([]byte("-----BEGIN X-----\n"), fill("a:\n")...),
			"BEGIN lines without END":  fill("-----BEGIN X-----\n"),
			"a BEGIN line without end": append([]byte("-----BEGIN "), fill("X")...),
		} {
			for _, password := range [][]byte{nil, []byte("x")} {
				name := fmt.Sprintf("%s, %d bytes, password %q", name, len(data), password)
				start := time.Now()
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := Decode(data, password)
				runtime.ReadMemStats(&after)
				if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20+8*uint64(size) {
					t.Errorf("%s: %d MiB of memory", name, used>>20)
				}
				if took := time.Since(start); took > 20*time.Second {
					t.Errorf("%s: %v", name, took)
				}
				if err != nil && len(err.Error()) > 300 {
					t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
				}
			}
		}
	}
}
