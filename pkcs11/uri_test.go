package pkcs11

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseURI(t *testing.T) {
	for _, c := range []struct {
		in   string
		want URI
		out  string // empty: as it came
	}{
		// The examples of RFC 7512 section 3, as far as they have no PIN in them.
		{in: "pkcs11:"},
		{in: "pkcs11:object=my-pubkey;type=public", want: URI{Object: "my-pubkey", Type: "public"}},
		{in: "pkcs11:object=my-key;type=private?pin-source=file:/etc/token",
			want: URI{Object: "my-key", Type: "private", PINSource: "file:/etc/token"}},
		{in: "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin",
			want: URI{Token: "The Software PKCS#11 Softtoken", Manufacturer: "Snake Oil, Inc.", Model: "1.0", Object: "my-certificate",
				Type: "cert", ID: []byte("\x69\x95\x3e\x5c\xf4\xbd\xec\x91"), PINSource: "file:/etc/token_pin"},
			out: "pkcs11:model=1.0;manufacturer=Snake%20Oil,%20Inc.;token=The%20Software%20PKCS%2311%20Softtoken;id=%69%95%3E%5C%F4%BD%EC%91;object=my-certificate;type=cert?pin-source=file:/etc/token_pin"},
		{in: "pkcs11:slot-description=Sun%20Metaslot", want: URI{SlotDescription: "Sun Metaslot"}},
		{in: "pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-description=Soft%20Token%20Library;library-version=1.23",
			want: URI{LibraryManufacturer: "Snake Oil, Inc.", LibraryDescription: "Soft Token Library", LibraryVersion: "1.23"}},
		{in: "pkcs11:slot-id=18446744073709551615", want: URI{SlotID: SlotNumber(18446744073709551615)}},
		{in: "PKCS11:token=%e4%be%8b", want: URI{Token: "例"}, out: "pkcs11:token=%E4%BE%8B"},
		{in: "pkcs11:token=a%2Fb%3Bc%26d%3Fe%25?module-path=/usr/lib/x%26y.so&x-module-init=configdir=%22a%22",
			want: URI{Token: "a/b;c&d?e%", ModulePath: "/usr/lib/x&y.so", ModuleInit: `configdir="a"`}},
		{in: "pkcs11:id=ab", want: URI{ID: []byte("ab")}, out: "pkcs11:id=%61%62"},
	} {
		got, err := ParseURI(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: (-want +got)\n%s", c.in, d)
		}
		if c.out == "" {
			c.out = c.in
		}
		if got.String() != c.out {
			t.Errorf("%s: written as %s", c.in, got)
		}
	}
}

func TestParseURIRefused(t *testing.T) {
	for in, words := range map[string]string{
		"":                                   `does not start with "pkcs11:"`,
		"pkcs12:token=a":                     `does not start with "pkcs11:"`,
		"pkcs11:token":                       "an attribute has no value",
		"pkcs11:token=a;":                    "an attribute has no value",
		"pkcs11:token=a;token=b":             `"token" is given twice`,
		"pkcs11:token=a?token=b":             "belongs before the question mark",
		"pkcs11:pin-source=/a":               "belongs after a question mark",
		"pkcs11:colour=red":                  `"colour" is not known`,
		"pkcs11:token=a?module-name=softhsm": `"module-name" is not known`,
		"pkcs11:token=a b":                   `' ' must be written as %20`,
		"pkcs11:token=%4":                    "cut short",
		"pkcs11:token=%zz":                   "two hexadecimal digits",
		"pkcs11:token=%+1":                   "two hexadecimal digits",
		"pkcs11:type=data":                   "not cert, public or private",
		"pkcs11:slot-id=-1":                  "not a decimal number",
		"pkcs11:?module-path=softhsm2.so":    "not an absolute path",
		"pkcs11:token=" + strings.Repeat("a", maxURI): "longer than",
	} {
		if _, err := ParseURI(in); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%.60s: error %v, want %q", in, err, words)
		}
	}
	for _, in := range []string{"pkcs11:?pin-value=987654", "pkcs11:token=a?pin-source=/a&pin-value=987654", "pkcs11:pin-value=987654", "pkcs11:token=a;pin-value=987654;colour=red"} {
		_, err := ParseURI(in)
		if err == nil || !strings.Contains(err.Error(), `"pin-source"`) || strings.Contains(err.Error(), "987654") {
			t.Errorf("%s: error %v", in, err)
		}
	}
}

func TestPINFile(t *testing.T) {
	for in, want := range map[string]string{"/etc/pin": "/etc/pin", "file:/etc/pin": "/etc/pin", "file:///etc/pin": "/etc/pin",
		"": "", "pin": "", "|cat pin": "", "file:pin": "", "file://host/pin": ""} {
		got, err := URI{PINSource: in}.PINFile()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, error %v", in, got, err)
		}
	}
}

func TestMatches(t *testing.T) {
	token := TokenInfo{Slot: 3, Label: "A", Serial: "1", Manufacturer: "M", Model: "X", Library: Library{Version: "2.6"}}
	for in, want := range map[string]bool{
		"pkcs11:": true, "pkcs11:token=A": true, "pkcs11:token=a": false, "pkcs11:token=A;serial=2": false,
		"pkcs11:slot-id=3": true, "pkcs11:token=A;slot-id=4": false, "pkcs11:library-version=2.6;model=X": true,
		"pkcs11:slot-description=S": false, "pkcs11:token=A;object=anything": true,
	} {
		u, err := ParseURI(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Matches(token); got != want {
			t.Errorf("%s: %v", in, got)
		}
	}
	if u := token.URI().String(); u != "pkcs11:model=X;manufacturer=M;serial=1;token=A" {
		t.Errorf("token.URI() = %s", u)
	}
	if u := (TokenInfo{Slot: 3}).URI().String(); u != "pkcs11:slot-id=3" {
		t.Errorf("a token without label and serial number: %s", u)
	}
}

// FuzzParseURI checks that what is written reads back as the same, and never shows a PIN.
func FuzzParseURI(f *testing.F) {
	f.Add("pkcs11:token=a;id=%00%ff;object=b%20c?module-path=/x.so&pin-source=file:/p")
	f.Add("pkcs11:slot-id=7;type=cert?x-module-init=a='b'")
	f.Add("pkcs11:?pin-value=1234")
	f.Fuzz(func(t *testing.T, in string) {
		u, err := ParseURI(in)
		if err != nil {
			return
		}
		again, err := ParseURI(u.String())
		if err != nil {
			t.Fatalf("%q, written as %q: %v", in, u, err)
		}
		if d := cmp.Diff(u, again); d != "" {
			t.Fatalf("%q: %s", in, d)
		}
		for _, before := range []string{";", "?", "&"} {
			if strings.Contains(u.String(), before+"pin-value=") {
				t.Fatalf("%q keeps a PIN: %q", in, u)
			}
		}
	})
}
