package cert

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signet/internal/oracle"
)

// What openssl prints of the names of real certificates is what String prints, for all names
// that need no escapes in which the two differ.
func TestStringLikeOpenssl(t *testing.T) {
	dir := filepath.Join(pkits(t), "certs")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		t.Fatalf("no PKITS certificates: %v", err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(data)
		if err != nil {
			// What crypto/x509 does not read: names relative to a CRL issuer, DSA parameters
			// that the issuer has, negative serial numbers.
			if !strings.Contains(err.Error(), "distribution point") && !strings.Contains(err.Error(), "DSA parameters") && !strings.Contains(err.Error(), "negative serial") {
				t.Errorf("%s: %v", e.Name(), err)
			}
			continue
		}
		n := SubjectOf(c)
		if n.IsZero() != (len(c.RawSubject) == 2) || !bytes.Equal(n.DER(), c.RawSubject) {
			t.Errorf("%s: subject changed", e.Name())
		}
		if n.IsZero() {
			continue
		}
		if again, err := ParseName(n.String()); err != nil || again.String() != n.String() {
			t.Errorf("%s: %q reads as %q, %v", e.Name(), n, again, err)
		}
	}
	for _, file := range []string{
		"ValidNameChainingWhitespaceTest3EE.crt", "NameOrderingCACert.crt", "ValidRFC3280MandatoryAttributeTypesTest7EE.crt",
		"RFC3280MandatoryAttributeTypesCACert.crt", "RFC3280OptionalAttributeTypesCACert.crt",
		"UTF8StringEncodedNamesCACert.crt",
	} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		out := oracle.OpenSSL(t, dir, "x509", "-inform", "DER", "-in", file, "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb")
		want := strings.TrimSpace(strings.TrimPrefix(out, "subject="))
		got := strings.Replace(SubjectOf(c).String(), "givenName=", "GN=", 1)
		if got != want {
			t.Errorf("%s: %q, openssl says %q", file, got, want)
		}
	}
}

func FuzzNameFromDER(f *testing.F) {
	f.Add([]byte{0x30, 0})
	for _, s := range []string{"CN=a", "CN=ü+UID=1,OU=b,C=US", "1.2.3=#020101"} {
		f.Add(name(f, s).DER())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := NameFromDER(data)
		if err != nil {
			return
		}
		if !bytes.Equal(n.DER(), data) {
			t.Errorf("%x became %x", data, n.DER())
		}
		_ = n.RACF()
		if again, err := ParseName(n.String()); err == nil && again.String() != n.String() {
			t.Errorf("%q reads as %q", n, again)
		}
	})
}
