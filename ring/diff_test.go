package ring_test

import (
	"fmt"
	"strings"
	"testing"

	"signet/export/keystore"
	"signet/ring"
)

// differences compares two stores and gives each difference in a line.
func differences(t *testing.T, left, right *db) string {
	t.Helper()
	contents := func(d *db) []ring.Content {
		all, err := d.Contents(t.Context(), ring.RingRef{})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	label := func(c *ring.Content) string {
		if c == nil {
			return "-"
		}
		return c.Certificate.Label
	}
	var lines []string
	for _, x := range ring.Diff(contents(left), contents(right)) {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", label(x.Left), label(x.Right), strings.Join(x.What, ", "))))
	}
	return strings.Join(lines, "\n")
}

// TestDiff finds every way in which two keystores can differ, and only that.
func TestDiff(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/ca", "")
	d.gencert("OPER/web", "CERTAUTH/ca")
	d.gencert("OPER/other", "CERTAUTH/ca")
	d.gencert("CERTAUTH/peer", "")
	web, other, peer := d.take("OPER/web")[0], d.take("OPER/other")[0], alone(d.take("CERTAUTH/peer")[0])
	leaf := web
	leaf.Chain = leaf.Chain[:1]
	doubted := peer
	doubted.Status = ring.NoTrust
	tests := []struct {
		name        string
		left, right []ring.Credential
		want        string
	}{
		{"the same in another order and case", []ring.Credential{web, peer}, []ring.Credential{as(peer, "PEER"), as(web, "Web")}, ""},
		{"only left", []ring.Credential{web, other}, []ring.Credential{web}, "other -"},
		{"only right", nil, []ring.Credential{peer}, "- peer"},
		{"another certificate", []ring.Credential{web}, []ring.Credential{as(other, "web")}, "web web certificate"},
		{"another label", []ring.Credential{web}, []ring.Credential{as(web, "www")}, "web www label"},
		{"no private key", []ring.Credential{web}, []ring.Credential{alone(web)}, "web web label, private key"},
		{"a shorter chain", []ring.Credential{web}, []ring.Credential{leaf}, "web web chain"},
		{"not trusted", []ring.Credential{peer}, []ring.Credential{doubted}, "peer peer status"},
		{"trusted besides", []ring.Credential{web, as(alone(web), "anchor")}, []ring.Credential{web}, "anchor -"},
		{"two aliases", []ring.Credential{web, as(web, "www")}, []ring.Credential{as(web, "www"), web}, ""},
		{"one of two aliases", []ring.Credential{web, as(web, "www")}, []ring.Credential{as(web, "www")}, "web -"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			left, right := newKeystore(t, keystore.PKCS12), newKeystore(t, keystore.PKCS12)
			left.put(test.left...)
			right.put(test.right...)
			if got := differences(t, left, right); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
