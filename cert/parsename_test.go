package cert

import (
	"strings"
	"testing"
)

func TestParseName(t *testing.T) {
	tests := []struct{ in, racf string }{
		// RACDCERT's form
		{"CN('x')", "CN=x"},
		{"CN('x') T('t') OU('a','b') O('o') L('l') SP('s') C('US')", "CN=x.T=t.OU=a.OU=b.O=o.L=l.SP=s.C=US"},
		{"c(US), cn ( 'x' ),ou('a' 'b' c)", "CN=x.OU=a.OU=b.OU=c.C=US"},
		{"\n  CN('IMSCA')\n  O(IBM)\n", "CN=IMSCA.O=IBM"},
		{"CN('it''s')", "CN=it's"},
		{"CN('''')", "CN='"},
		{"CN('a=b, (c)')", "CN=a=b, (c)"},
		{"CN(IMSCA)", "CN=IMSCA"},
		// RFC 4514
		{"CN=x", "CN=x"},
		{"CN=x,OU=a,OU=b,O=o,C=US", "CN=x.OU=a.OU=b.O=o.C=US"},
		{"O=o,CN=x", "O=o.CN=x"}, // the written order is kept
		{" cn = x y , o = z ", "CN=x y.O=z"},
		{"O=Foo (Bar),C=US", "O=Foo (Bar).C=US"},
		{"S=a,L=b", "SP=a.L=b"},
		{"ST=a", "SP=a"},
		{"SP=a", "SP=a"},
		{"T=a", "T=a"},
		{"title=a", "T=a"},
		{"E=a@b,emailAddress=c@d,EMAIL=e@f", "EMAIL=a@b.EMAIL=c@d.EMAIL=e@f"},
		{"UID=jd+CN=John,DC=example,DC=net", "CN=John+UID=jd.DC=example.DC=net"},
		{"STREET=1 Way,serialNumber=17,SN=Doe,givenName=J", "STREET=1 Way.SERIALNUMBER=17.SN=Doe.GN=J"},
		{"2.5.4.3=x", "CN=x"},
		{"OID.2.5.4.3=x", "CN=x"},
		{"oid.1.2.3=x", "1.2.3=x"},
		{"1.3.6.1.4.1.1466.0=#04024869", "1.3.6.1.4.1.1466.0=#04024869"}, // RFC 4514 section 4
		{"CN=#0c0161", "CN=a"},
		// escapes, most from RFC 4514 section 4
		{`CN=James \"Jim\" Smith\, III,DC=example`, `CN=James "Jim" Smith, III.DC=example`},
		{`CN=Lu\C4\8Di\C4\87`, "CN=Lučić"},
		{`CN=Lu\c4\8di\c4\87`, "CN=Lučić"},
		{`CN=\ a\20 `, "CN= a "},
		{`CN=a\=b\+c\;d\<e\>f\#g\\h`, `CN=a=b+c;d<e>f#g\h`},
		{"CN=a=b", "CN=a=b"},
		{"CN=www.example.org,O=x", "CN=www.example.org.O=x"},
		{`CN=a.O\=b`, "CN=a.O=b"},
		{"CN=a#b", "CN=a#b"},
	}
	for _, tt := range tests {
		n, err := ParseName(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if n.RACF() != tt.racf {
			t.Errorf("%s: %q, want %q", tt.in, n.RACF(), tt.racf)
		}
		if again, err := ParseName(n.String()); err != nil || again.String() != n.String() {
			t.Errorf("%s: String %q reads as %q, %v", tt.in, n, again, err)
		}
	}
}

func TestParseNameRefused(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", "empty"},
		{"  ", "empty"},
		{strings.Repeat("x", maxNameText+1), "longer than"},
		{"CN('x'", "closing parenthesis"},
		{"CN('x", "closing apostrophe"},
		{"CN()", "no value"},
		{"CN('')", "empty"},
		{"CN(a b)", "takes one value"},
		{"CN('a','b')", "takes one value"},
		{"CN(a(b))", "expected"},
		{"CN('a') CN('b')", "given twice"},
		{"OU('a') ou('b')", "given twice"},
		{"DC('x')", "CN, T, OU, O, L, SP or C"},
		{"CN('x') junk", "CN, T, OU, O, L, SP or C"},
		{"CN('x') O=y", "CN, T, OU, O, L, SP or C"},
		{"C('USA')", "longer than 2"},
		{"OU(" + strings.Repeat("a,", 65) + ")", "more than 64"},
		{"x", "KEYWORD=value"},
		{"=x", "KEYWORD=value"},
		{"CN=x,", "KEYWORD=value"},
		{"CN=x,,O=y", "unknown keyword"},
		{"FOO=x", "unknown keyword"},
		{"1.2.x=y", "unknown keyword"},
		{"1=y", "unknown keyword"},
		{"3.1=y", "unknown keyword"},
		{"1.40=y", "unknown keyword"},
		{"1.02=y", "unknown keyword"},
		{"1.2.99999999999=y", "unknown keyword"},
		{"CN=", "empty"},
		{"CN=  ,O=x", "empty"},
		{`CN=\ `, "empty"},
		{"CN=a;O=b", `write \;`},
		{`CN="a"`, `write \"`},
		{`CN=a\`, "backslash"},
		{`CN=a\x`, "backslash"},
		{`CN=a\4`, "backslash"},
		{`CN=\FF`, "not valid UTF-8"},
		{`CN=a\00`, "control character"},
		{"CN=a\nb", "control character"},
		{"CN=a+CN=b", "twice in one part"},
		{"CN=IMSCA.O=Acme.C=US", "separate them by commas"},
		{"CN=#", "hexadecimal"},
		{"CN=#0c", "hexadecimal"},
		{"CN=#0c01610", "hexadecimal"},
		{"CN=#0c016100", "hexadecimal"},
		{"CN=#0c00", "empty"},
		{"C=#0c0155", "two letters"},
		{"C=Ü1", "two letters"},
		{"serialNumber=a_b", "only letters"},
		{"E=ü@b", "only ASCII"},
		{"DC=" + strings.Repeat("x", 64), "longer than 63"},
		{"CN=" + strings.Repeat("x", 65), "longer than 64"},
		{"1.2.3=" + strings.Repeat("x", 257), "longer than 256"},
		{strings.Repeat("OU=x,", 64) + "OU=x", "more than 64"},
	}
	for _, tt := range tests {
		n, err := ParseName(tt.in)
		if err == nil {
			t.Errorf("%q read as %q", tt.in, n)
			continue
		}
		wantError(t, err, tt.want)
		if len(err.Error()) > 500 {
			t.Errorf("%q: error of %d bytes", clip(tt.in), len(err.Error()))
		}
	}
}

// The same attributes give the same bytes in whichever order they are written in one part.
func TestMultiValuedSorted(t *testing.T) {
	if name(t, "UID=a+CN=b") != name(t, "CN=b+UID=a") {
		t.Error("the order of the attributes of a part matters")
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{
		"CN=x,O=y,C=US", "CN('x') OU('a','b')", `CN=\ a\,\2b=,1.2.3=#0401ff`, "UID=a+CN=b", "CN=#0c0161", "E=a@b",
		`CN=a.O\=b`, "CN=a\u00a0 ,C=de", "DC=x+2.5.4.3=y", "CN=#130161",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseName(s)
		if err != nil {
			return
		}
		again, err := ParseName(n.String())
		if err != nil || again.String() != n.String() || again.RACF() != n.RACF() {
			t.Errorf("%q: %q reads as %q, %v", s, n, again, err)
		}
		if back, err := NameFromDER(n.DER()); err != nil || back != n {
			t.Errorf("%q: NameFromDER(DER) = %q, %v", s, back, err)
		}
	})
}
