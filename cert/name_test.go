package cert

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The expected bytes are written by hand: they are the contract with other readers.
func TestSubjectEncoding(t *testing.T) {
	tests := []struct {
		name    string
		subject Subject
		der     string // one RDN per word, without the outer SEQUENCE
		racf    string
		text    string
	}{
		{
			"country first, name last",
			Subject{CN: "docec256", O: "Doc", C: "GB"},
			"310b3009060355040613024742 310c300a060355040a1303446f63 3111300f06035504031308646f636563323536",
			"CN=docec256.O=Doc.C=GB",
			"CN=docec256,O=Doc,C=GB",
		},
		{
			"all operands, units as written",
			Subject{CN: "a", T: "t", OU: []string{"b", "c"}, O: "o", L: "l", SP: "s", C: "US"},
			"310b3009060355040613025553 310a300806035504081301 73 310a300806035504071301 6c 310a3008060355040a1301 6f" +
				" 310a3008060355040b130163 310a3008060355040b130162 310a3008060355040c130174 310a30080603550403130161",
			"CN=a.T=t.OU=b.OU=c.O=o.L=l.SP=s.C=US",
			"CN=a,title=t,OU=b,OU=c,O=o,L=l,ST=s,C=US",
		},
		{
			"what PrintableString cannot hold is UTF-8",
			Subject{CN: "*.example.org"},
			"3116301406035504030c0d2a2e6578616d706c652e6f7267",
			"CN=*.example.org",
			"CN=*.example.org",
		},
		{
			"UTF-8",
			Subject{CN: "Grüße", O: "日本"},
			"310f300d060355040a0c06e697a5e69cac 3110300e06035504030c074772c3bcc39f65",
			"CN=Grüße.O=日本",
			"CN=Grüße,O=日本",
		},
		{
			"escapes",
			Subject{CN: " #a, b+c=d\"e\\ "},
			"3117301506035504030c0e2023612c20622b633d6422655c20",
			"CN= #a, b+c=d\"e\\ ",
			`CN=\ #a\, b\+c\=d\"e\\\ `,
		},
		{
			"a number sign in front",
			Subject{CN: "#1;<>"},
			"310e300c06035504030c0523313b3c3e",
			"CN=#1;<>",
			`CN=\#1\;\<\>`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := tt.subject.Name()
			if err != nil {
				t.Fatal(err)
			}
			content, err := hex.DecodeString(strings.ReplaceAll(tt.der, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			if want := append([]byte{0x30, byte(len(content))}, content...); !bytes.Equal(n.DER(), want) {
				t.Errorf("DER\n%x\nwant\n%x", n.DER(), want)
			}
			if got := n.RACF(); got != tt.racf {
				t.Errorf("RACF %q, want %q", got, tt.racf)
			}
			if got := n.String(); got != tt.text {
				t.Errorf("String %q, want %q", got, tt.text)
			}
			again, err := ParseName(n.String())
			if err != nil || again != n {
				t.Errorf("ParseName(String) = %v, %v", again, err)
			}
			if back, err := NameFromDER(n.DER()); err != nil || back != n {
				t.Errorf("NameFromDER(DER) = %v, %v", back, err)
			}
		})
	}
}

func TestSubjectRefused(t *testing.T) {
	long := strings.Repeat("x", 65)
	tests := []struct {
		subject Subject
		want    string
	}{
		{Subject{}, "no part is given"},
		{Subject{CN: long}, "longer than 64 characters"},
		{Subject{CN: "a", OU: []string{"b", ""}}, "empty"},
		{Subject{CN: "  "}, "empty"},
		{Subject{C: "USA"}, "longer than 2 characters"},
		{Subject{C: "U"}, "two letters"},
		{Subject{C: "U1"}, "two letters"},
		{Subject{C: "ÜS"}, "two letters"},
		{Subject{CN: "a\x00b"}, "control character"},
		{Subject{CN: "a\nb"}, "control character"},
		{Subject{CN: "a\u202eb"}, "control character"},
		{Subject{CN: "a\xffb"}, "not valid UTF-8"},
	}
	for _, tt := range tests {
		_, err := tt.subject.Name()
		wantError(t, err, tt.want)
	}
	if _, err := (Subject{CN: strings.Repeat("ü", 64)}).Name(); err != nil {
		t.Errorf("64 characters of two bytes: %v", err)
	}
}

// Values in string types that only old certificates have, and values that are no strings.
func TestNameFromDERStrings(t *testing.T) {
	tests := []struct{ value, racf, text string }{
		{"1e0a00440072002e00200041", "CN=Dr. A", "CN=Dr. A"},     // BMPString
		{"1402e461", "CN=äa", "CN=äa"},                           // T61String, as Latin-1
		{"1c0800000041000000e4", "CN=Aä", "CN=Aä"},               // UniversalString
		{"1c0400110000", "CN=#1c0400110000", "CN=#1c0400110000"}, // beyond Unicode
		{"120131", "CN=1", "CN=1"},                               // NumericString
		{"1602612a", "CN=a*", "CN=a*"},                           // IA5String
		{"1303612a62", "CN=a*b", "CN=a*b"},                       // PrintableString with what it must not hold
		{"0c02c328", "CN=#0c02c328", "CN=#0c02c328"},             // broken UTF-8
		{"1e0141", "CN=#1e0141", "CN=#1e0141"},                   // broken BMPString
		{"020105", "CN=#020105", "CN=#020105"},                   // INTEGER
		{"0c03610a62", "CN=a?b", `CN=a\0Ab`},                     // a line break
		{"0c05611b5b326d", "CN=a?[2m", `CN=a\1B[2m`},             // a terminal control sequence
		{"0c0561e280ae62", "CN=a?b", `CN=a\E2\80\AEb`},           // right-to-left override
	}
	for _, tt := range tests {
		value, err := hex.DecodeString(tt.value)
		if err != nil {
			t.Fatal(err)
		}
		n := byte(len(value))
		der := append([]byte{0x30, n + 9, 0x31, n + 7, 0x30, n + 5, 6, 3, 0x55, 4, 3}, value...)
		got, err := NameFromDER(der)
		if err != nil {
			t.Errorf("%s: %v", tt.value, err)
			continue
		}
		if got.RACF() != tt.racf || got.String() != tt.text {
			t.Errorf("%s: %q and %q, want %q and %q", tt.value, got.RACF(), got, tt.racf, tt.text)
		}
		if !bytes.Equal(got.DER(), der) {
			t.Errorf("%s: DER changed to %x", tt.value, got.DER())
		}
	}
}

func TestNameFromDERRefused(t *testing.T) {
	for _, s := range []string{
		"",                               // nothing
		"3100",                           // a SET
		"300000",                         // trailing data
		"30023100",                       // a part without attributes
		"3080",                           // BER
		"300c310a3008060355040313",       // cut short
		"3006310430020600",               // no type
		"3009310730050603550403",         // no value
		"300d310b3009060355040313016100", // something after the value
	} {
		data, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := NameFromDER(data); err == nil {
			t.Errorf("%s read as %q", s, n)
		}
	}
	_, err := NameFromDER(make([]byte, MaxSize+1))
	wantError(t, err, "larger")
}

func TestZeroName(t *testing.T) {
	n, err := NameFromDER([]byte{0x30, 0})
	if err != nil || !n.IsZero() || n != (Name{}) || n.String() != "" || n.RACF() != "" {
		t.Errorf("empty name: %q, %v", n, err)
	}
	if !bytes.Equal(Name{}.DER(), []byte{0x30, 0}) {
		t.Errorf("zero Name encodes as %x", Name{}.DER())
	}
}

// Names compare in test libraries and in code alike.
func TestNameEqual(t *testing.T) {
	a, b := name(t, "CN=a,O=b"), name(t, "CN('a') O('b')")
	if a != b || !cmp.Equal(a, b) || cmp.Equal(a, name(t, "O=b,CN=a")) {
		t.Error("equal names differ, or different ones are equal")
	}
}
