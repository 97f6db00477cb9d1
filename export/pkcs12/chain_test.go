package pkcs12

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"signet/export/keystore"
)

// ca makes certificates under a name of its own.
type ca struct {
	template *x509.Certificate
	key      crypto.Signer
	raw      []byte
}

var serial int64

// issue makes a certificate for a name and a key; a nil key is a new one, a nil c signs itself.
func (c *ca) issue(t testing.TB, name pkix.Name, key crypto.Signer, identifiers bool) *ca {
	t.Helper()
	if key == nil {
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	serial++
	out := &ca{key: key, template: &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: name, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0),
		BasicConstraintsValid: true, IsCA: identifiers, // without IsCA, no subject key identifier is made
	}}
	parent := c
	if c == nil {
		parent = out
	}
	raw, err := x509.CreateCertificate(rand.Reader, out.template, parent.template, key.Public(), parent.key)
	if err != nil {
		t.Fatal(err)
	}
	out.raw = raw
	if identifiers {
		if parsed, err := x509.ParseCertificate(raw); err == nil {
			out.template.SubjectKeyId = parsed.SubjectKeyId
		}
	}
	return out
}

func cn(name string) pkix.Name { return pkix.Name{CommonName: name} }

// chainStore has one key under a certificate, and what else lies in the file.
func chainOf(t *testing.T, own *ca, others ...*ca) [][]byte {
	t.Helper()
	bags := [][]byte{named(testCertBag(&x509.Certificate{Raw: own.raw}), idOf("k"))}
	for _, o := range others {
		bags = append(bags, testCertBag(&x509.Certificate{Raw: o.raw}))
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(own.key)
	if err != nil {
		t.Fatal(err)
	}
	bags = append(bags, named(testBag(keyBagOID.String(), pkcs8), idOf("k")))
	ks, err := Read(pfx(nil, plainPart(bags...)), nil)
	if err != nil {
		t.Fatal(err)
	}
	entries := 1
	for _, e := range ks.Entries {
		if e.Key != nil {
			if rest := 1 + len(others) - len(e.Chain); entries+rest != len(ks.Entries) {
				t.Errorf("%d entries and a chain of %d, of %d certificates", len(ks.Entries), len(e.Chain), 1+len(others))
			}
			return e.Chain
		}
	}
	t.Fatal("no key")
	return nil
}

// The issuer is the one that signed, of several with its name; certificates lie in any order.
func TestChains(t *testing.T) {
	root := (*ca)(nil).issue(t, cn("root"), nil, true)
	inter := root.issue(t, cn("inter"), nil, true)
	leaf := inter.issue(t, cn("leaf"), nil, false)

	bare := (*ca)(nil).issue(t, cn("bare"), nil, false) // without key identifiers
	bareOther := (*ca)(nil).issue(t, cn("bare"), nil, false)
	bareLeaf := bare.issue(t, cn("bare leaf"), nil, false)

	otherInter := root.issue(t, cn("inter"), nil, true) // the same name, another key
	thirdInter := root.issue(t, cn("inter"), nil, true)
	renewed := root.issue(t, cn("inter"), inter.key, true)     // the same name and key
	stranger := (*ca)(nil).issue(t, cn("stranger"), nil, true) // has nothing to do with it
	printable := pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{{Type: []int{2, 5, 4, 3}, Value: "ROOT  of all"}}}
	utf8 := root.issue(t, cn("x"), nil, true)
	utf8.template.Subject = cn("root of ALL")
	odd := (*ca)(nil).issue(t, printable, utf8.key, true)
	oddLeaf := utf8.issue(t, cn("odd leaf"), nil, false)

	a := (*ca)(nil).issue(t, cn("a"), nil, true) // two that issue each other
	b := a.issue(t, cn("b"), nil, true)
	a2 := b.issue(t, cn("a"), a.key, true)

	for _, tt := range []struct {
		name string
		got  [][]byte
		want []*ca
	}{
		{"in order", chainOf(t, leaf, inter, root), []*ca{leaf, inter, root}},
		{"out of order", chainOf(t, leaf, root, stranger, inter), []*ca{leaf, inter, root}},
		{"root missing", chainOf(t, leaf, inter, stranger), []*ca{leaf, inter}},
		{"issuer missing", chainOf(t, leaf, root), []*ca{leaf}},
		{"another key first", chainOf(t, leaf, otherInter, inter, root), []*ca{leaf, inter, root}},
		{"another key only", chainOf(t, leaf, otherInter, root), []*ca{leaf}},
		{"two of other keys only", chainOf(t, leaf, otherInter, thirdInter, root), []*ca{leaf}},
		{"renewed, first of two", chainOf(t, leaf, renewed, inter, root), []*ca{leaf, renewed, root}},
		{"no identifiers", chainOf(t, bareLeaf, bare), []*ca{bareLeaf, bare}},
		{"no identifiers, two of the name", chainOf(t, bareLeaf, bareOther, bare), []*ca{bareLeaf, bare}},
		{"name in another spelling", chainOf(t, oddLeaf, odd), []*ca{oddLeaf, odd}},
		{"in circles", chainOf(t, b, a2), []*ca{b, a2}},
	} {
		var want [][]byte
		for _, c := range tt.want {
			want = append(want, c.raw)
		}
		if !slices.EqualFunc(tt.got, want, slices.Equal) {
			t.Errorf("%s: a chain of %d, want %d", tt.name, len(tt.got), len(want))
		}
	}
}

// Chains that differ only in which of two certificates of one name and key they have are told
// apart by the order in the file, however the entries are mixed.
func TestCrossSigned(t *testing.T) {
	roots := []*ca{(*ca)(nil).issue(t, cn("root 1"), nil, true), (*ca)(nil).issue(t, cn("root 2"), nil, true)}
	first := roots[0].issue(t, cn("inter"), nil, true)
	inters := []*ca{first, roots[1].issue(t, cn("inter"), first.key, true)}
	ks := &keystore.Keystore{}
	for i, which := range []int{0, 1, 0, 0, 1, 1, 0} {
		leaf := inters[which].issue(t, cn("leaf"), nil, false)
		ks.Entries = append(ks.Entries, keystore.Entry{
			Alias: fmt.Sprint("e", i), Key: keystore.Clear{Signer: leaf.key},
			Chain: [][]byte{leaf.raw, inters[which].raw, roots[which].raw},
		})
	}
	data := writeFast(t, ks, "x", Modern)
	got, err := Read(data, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range got.Entries {
		if !slices.EqualFunc(e.Chain, ks.Entries[i].Chain, slices.Equal) {
			t.Errorf("%s has another chain", e.Alias)
		}
	}
	if len(got.Entries) != len(ks.Entries) {
		t.Errorf("%d entries, want %d", len(got.Entries), len(ks.Entries))
	}
	// Shared certificates are there once, the two of one name once per chain.
	counts := map[string]int{}
	for _, b := range bagsOf(t, data, []byte("x")) {
		counts[b.value]++
	}
	if counts[string(roots[0].raw)] != 1 || counts[string(roots[1].raw)] != 1 || counts[string(first.raw)] != 4 {
		t.Errorf("root %d times, inter %d times", counts[string(roots[0].raw)], counts[string(first.raw)])
	}
}

// A certificate belongs to a key by ID, then by name as in Java, then by public key, else it is
// the last; without an ID by public key.
func TestOwnCertificate(t *testing.T) {
	own := (*ca)(nil).issue(t, cn("own"), nil, true)
	renewed := (*ca)(nil).issue(t, cn("renewed"), own.key, true)
	other := (*ca)(nil).issue(t, cn("other"), nil, true)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(own.key)
	if err != nil {
		t.Fatal(err)
	}
	key := func(attributes ...[]byte) []byte { return named(testBag(keyBagOID.String(), pkcs8), attributes...) }
	broken := func(attributes ...[]byte) []byte {
		return named(testBag(keyBagOID.String(), seq(integer(0), alg("1.2.3"))), attributes...)
	}
	bag := func(c *ca, attributes ...[]byte) []byte {
		return named(testCertBag(&x509.Certificate{Raw: c.raw}), attributes...)
	}
	trust := attribute(trustedUsageOID, anyUsageOID.encode())
	for _, tt := range []struct {
		name string
		bags [][]byte
		want *ca
	}{
		{"by ID", [][]byte{bag(renewed), bag(own, idOf("1")), key(idOf("1"))}, own},
		{"by ID, of another key", [][]byte{bag(own), bag(other, idOf("1")), key(idOf("1"))}, other},
		{"by ID and name", [][]byte{bag(own, idOf("1"), nameOf("A")), bag(renewed, idOf("1"), nameOf("b")), key(idOf("1"), nameOf("a"))}, own},
		{"by ID and public key", [][]byte{bag(own, idOf("1")), bag(other, idOf("1")), key(idOf("1"))}, own},
		{"by ID, the last", [][]byte{bag(own, idOf("1")), bag(other, idOf("1")), broken(idOf("1"))}, other},
		{"by ID, not the trusted one", [][]byte{bag(own, idOf("1")), bag(other, idOf("1"), trust, nameOf("a")), key(idOf("1"), nameOf("a"))}, own},
		{"by public key", [][]byte{bag(other), bag(own), key()}, own},
		{"by public key and name", [][]byte{bag(own), bag(renewed, nameOf("a")), key(nameOf("a"))}, renewed},
		{"ID of none", [][]byte{bag(other), bag(own), key(idOf("1"))}, own},
		{"a trusted one, if there is no other", [][]byte{bag(own, trust), key()}, own},
		{"none", [][]byte{bag(other), key()}, nil},
		{"none to be found", [][]byte{bag(own), broken()}, nil},
	} {
		ks, err := Read(pfx(nil, plainPart(tt.bags...)), nil)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		e := ks.Entries[slices.IndexFunc(ks.Entries, func(e keystore.Entry) bool { return e.Key != nil })]
		if tt.want == nil {
			if e.Chain != nil {
				t.Errorf("%s: a chain of %d", tt.name, len(e.Chain))
			}
			continue
		}
		if len(e.Chain) != 1 || !slices.Equal(e.Chain[0], tt.want.raw) {
			t.Errorf("%s: a chain of %d, and another certificate", tt.name, len(e.Chain))
		}
	}
}
