package cert

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// cmpIP lets cmp compare addresses.
var cmpIP = cmpopts.EquateComparable(netip.Addr{})

var goodNames = AltNames{
	IPs: []netip.Addr{netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("2001:db8::1")},
	DNS: []string{
		"www.example.org", "*.example.org", "localhost", "a_b.example.org", "xn--bcher-kva.example",
		"0.example", "_sip._tcp.example.org", strings.Repeat(strings.Repeat("a", 62)+".", 4) + "a", strings.Repeat("a", 63),
	},
	Emails: []string{"a@example.org", "first.last+tag@host", strings.Repeat("a", 248) + "@b"},
	URIs: []string{
		"https://example.org/", "HTTP://EXAMPLE.org:80/%7Euser?q=1#f", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
		"spiffe://domain/path", "ldap://[2001:db8::7]/c=GB?one", "a:" + strings.Repeat("b", 253),
	},
}

func TestAltNamesCheck(t *testing.T) {
	if err := goodNames.Check(); err != nil {
		t.Error(err)
	}
	if (AltNames{}).Check() != nil || !(AltNames{}).Empty() || goodNames.Empty() {
		t.Error("no names")
	}
	tests := []struct {
		names AltNames
		want  string
	}{
		{AltNames{IPs: []netip.Addr{{}}}, "not an IPv4 or IPv6 address"},
		{AltNames{IPs: []netip.Addr{netip.MustParseAddr("fe80::1%eth0")}}, "fe80::1%eth0"},
		{AltNames{DNS: []string{""}}, "empty"},
		{AltNames{DNS: []string{"bücher.example"}}, "A-label"},
		{AltNames{DNS: []string{"example.org."}}, "leave out the period"},
		{AltNames{DNS: []string{"192.0.2.1"}}, "IP address"},
		{AltNames{DNS: []string{"2001:db8::1"}}, "IP address"},
		{AltNames{DNS: []string{"a..b"}}, "1 to 63"},
		{AltNames{DNS: []string{".a"}}, "1 to 63"},
		{AltNames{DNS: []string{strings.Repeat("a", 64)}}, "1 to 63"},
		{AltNames{DNS: []string{strings.Repeat(strings.Repeat("a", 62)+".", 4) + "ab"}}, "longer than 253"},
		{AltNames{DNS: []string{"a.*.b"}}, "first label"},
		{AltNames{DNS: []string{"w*.b"}}, "first label"},
		{AltNames{DNS: []string{"*"}}, "first label"},
		{AltNames{DNS: []string{"*.*.b"}}, "first label"},
		{AltNames{DNS: []string{"-a.b"}}, "hyphen"},
		{AltNames{DNS: []string{"a-.b"}}, "hyphen"},
		{AltNames{DNS: []string{"a b"}}, "' '"},
		{AltNames{DNS: []string{"a/b"}}, "'/'"},
		{AltNames{DNS: []string{"a\x00.b"}}, `'\x00'`},
		{AltNames{Emails: []string{"a"}}, "name@domain"},
		{AltNames{Emails: []string{"@b"}}, "name@domain"},
		{AltNames{Emails: []string{"a@"}}, "name@domain"},
		{AltNames{Emails: []string{""}}, "name@domain"},
		{AltNames{Emails: []string{"a b@c"}}, "blank"},
		{AltNames{Emails: []string{"ä@c"}}, "ASCII"},
		{AltNames{Emails: []string{"A<a@b>"}}, "display name"},
		{AltNames{Emails: []string{"a@b..c"}}, "its domain"},
		{AltNames{Emails: []string{strings.Repeat("a", 249) + "@b"}}, "longer than 250"},
		{AltNames{URIs: []string{""}}, "scheme"},
		{AltNames{URIs: []string{"/path"}}, "scheme"},
		{AltNames{URIs: []string{"www.example.org"}}, "scheme"},
		{AltNames{URIs: []string{"http://a b"}}, "blank"},
		{AltNames{URIs: []string{"http://ä/"}}, "ASCII"},
		{AltNames{URIs: []string{"http://a%zz/"}}, "not a URI"},
		{AltNames{URIs: []string{"http://a./"}}, "empty label"},
		{AltNames{URIs: []string{"http://a..b/"}}, "empty label"},
		{AltNames{URIs: []string{"a:" + strings.Repeat("b", 254)}}, "longer than 255"},
	}
	for _, tt := range tests {
		wantError(t, tt.names.Check(), tt.want)
	}
}

// What Check lets pass must come back from a certificate unchanged.
func TestAltNamesRoundTrip(t *testing.T) {
	tmpl := basic(t, "CN=names")
	tmpl.AltNames = goodNames
	c := selfSign(t, tmpl, key(t, "ec:p256"))
	if diff := cmp.Diff(goodNames, AltNamesOf(c), cmpIP); diff != "" {
		t.Error(diff)
	}
	// crypto/x509 reads the same, apart from the spelling of URIs.
	if !cmp.Equal(c.DNSNames, goodNames.DNS) || !cmp.Equal(c.EmailAddresses, goodNames.Emails) || len(c.IPAddresses) != 2 || len(c.URIs) != 6 {
		t.Errorf("%v %v %v %v", c.DNSNames, c.EmailAddresses, c.IPAddresses, c.URIs)
	}
	if !AltNamesOf(selfSign(t, basic(t, "CN=none"), key(t, "ec:p256"))).Empty() {
		t.Error("names out of nothing")
	}
	mapped := AltNames{IPs: []netip.Addr{netip.MustParseAddr("::ffff:192.0.2.1")}}
	tmpl.AltNames = mapped
	if got := AltNamesOf(selfSign(t, tmpl, key(t, "ec:p256"))).IPs[0].String(); got != "192.0.2.1" {
		t.Errorf("mapped address came back as %s", got)
	}
}

func TestParseAltNamesMalformed(t *testing.T) {
	for _, s := range []string{"", "\x31\x00", "\x30\x02\x82\x05", "\x30\x05\x87\x03abc", "\x30\x02\x87\x00"} {
		if _, _, err := parseAltNames([]byte(s)); err == nil {
			t.Errorf("%x read", s)
		}
	}
	a, others, err := parseAltNames([]byte("\x30\x07\x88\x02\x2a\x03\x82\x01a"))
	if err != nil || !others || !cmp.Equal(a.DNS, []string{"a"}) {
		t.Errorf("registered ID and domain: %v, %v, %v", a, others, err)
	}
	if !AltNamesOf(&x509.Certificate{Extensions: []pkix.Extension{{Id: oidAltNames, Value: []byte{0x30}}}}).Empty() {
		t.Error("names out of rubbish")
	}
}
