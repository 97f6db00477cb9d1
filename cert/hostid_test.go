package cert

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// encodeHostIDs writes the extension's value; outer is SEQUENCE or SET.
func encodeHostIDs(outer der.Tag, ids []HostID, proof bool) []byte {
	var b cryptobyte.Builder
	b.AddASN1(outer, func(b *cryptobyte.Builder) {
		for _, id := range ids {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(der.Tag(1).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte(id.Host)) })
				b.AddASN1(der.Tag(2).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte(id.User)) })
				if proof {
					b.AddASN1OctetString([]byte("secret"))
				}
			})
		}
	})
	return b.BytesOrPanic()
}

func TestHostIDs(t *testing.T) {
	two := []HostID{{"plex1.example.org", "NETUSR"}, {"plex2", "NETUSR2"}}
	explicit := []byte("\x30\x10\x30\x0e\xa1\x05\x16\x03abc\xa2\x05\x16\x03DEF")
	for _, tc := range []struct {
		value []byte
		want  []HostID // nil for malformed
	}{
		{encodeHostIDs(der.SEQUENCE, two, false), two},
		{encodeHostIDs(der.SET, two, true), two},
		{explicit, []HostID{{"abc", "DEF"}}},
		{[]byte("\x30\x00"), []HostID{}},
		{nil, nil},
		{[]byte("\x04\x00"), nil},
		{append(bytes.Clone(explicit), 0), nil},
		{[]byte("\x30\x02\x30\x00"), nil},
		{[]byte("\x30\x05\x30\x03\x81\x01a"), nil},
		{[]byte("\x30\x09\x30\x07\x81\x01a\x82\x02B "), nil},                 // a blank in the user ID
		{[]byte("\x30\x07\x30\x05\x81\x01a\x82\x00"), nil},                   // no user ID
		{[]byte("\x30\x08\x30\x06\x16\x01a\x82\x01B"), nil},                  // a tag of its own
		{[]byte("\x30\x0a\x30\x08\xa1\x03\x04\x01a\x82\x01B"), nil},          // octets, not a string
		{[]byte("\x30\x0d\x30\x0b\xa1\x06\x16\x01a\x16\x01b\x82\x01B"), nil}, // two strings
	} {
		got, err := parseHostIDs(tc.value)
		if (err == nil) != (tc.want != nil) || err == nil && !slices.Equal(got, tc.want) {
			t.Errorf("%x: %v %v, want %v", tc.value, got, err, tc.want)
		}
	}
	if got, err := HostIDs(&x509.Certificate{}); got != nil || err != nil {
		t.Errorf("without the extension: %v %v", got, err)
	}
	broken := &x509.Certificate{Extensions: []pkix.Extension{{Id: oidHostIDMappings, Value: []byte{1}}}}
	if _, err := HostIDs(broken); err == nil || !strings.Contains(err.Error(), "hostIdMappings") {
		t.Errorf("broken extension: %v", err)
	}
}

func FuzzHostIDs(f *testing.F) {
	f.Add(encodeHostIDs(der.SEQUENCE, []HostID{{"a", "B"}}, true))
	f.Fuzz(func(t *testing.T, data []byte) {
		ids, err := parseHostIDs(data)
		if err != nil {
			return
		}
		again, err := parseHostIDs(encodeHostIDs(der.SEQUENCE, ids, false))
		if err != nil || !slices.Equal(again, ids) {
			t.Errorf("%q is written so that it reads as %q, %v", ids, again, err)
		}
	})
}
