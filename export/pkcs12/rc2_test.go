package pkcs12

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// The examples of RFC 2268 section 5.
func TestRC2(t *testing.T) {
	for _, tt := range []struct {
		key           string
		bits          int
		plain, secret string
	}{
		{"0000000000000000", 63, "0000000000000000", "ebb773f993278eff"},
		{"ffffffffffffffff", 64, "ffffffffffffffff", "278b27e42e2f0d49"},
		{"3000000000000000", 64, "1000000000000001", "30649edf9be7d2c2"},
		{"88", 64, "0000000000000000", "61a8a244adacccf0"},
		{"88bca90e90875a", 64, "0000000000000000", "6ccf4308974c267f"},
		{"88bca90e90875a7f0f79c384627bafb2", 64, "0000000000000000", "1a807d272bbe5db1"},
		{"88bca90e90875a7f0f79c384627bafb2", 128, "0000000000000000", "2269552ab0f85ca6"},
		{"88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e", 129, "0000000000000000", "5b78d3a43dfff1f1"},
	} {
		key, _ := hex.DecodeString(tt.key)
		plain, _ := hex.DecodeString(tt.plain)
		want, _ := hex.DecodeString(tt.secret)
		c, err := expandRC2(key, tt.bits)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, c.BlockSize())
		if c.Encrypt(got, plain); !bytes.Equal(got, want) {
			t.Errorf("key %s of %d bits: %x, want %s", tt.key, tt.bits, got, tt.secret)
		}
		if c.Decrypt(got, got); !bytes.Equal(got, plain) {
			t.Errorf("key %s of %d bits: decrypted to %x, want %s", tt.key, tt.bits, got, tt.plain)
		}
	}
	for _, size := range []int{0, 129} {
		if _, err := newRC2(make([]byte, size)); err == nil {
			t.Errorf("a key of %d bytes was taken", size)
		}
	}
}
