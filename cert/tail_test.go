package cert

import (
	"encoding/asn1"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bytesOf gives a value of a string type that check would refuse.
func bytesOf(tag byte, s string) []byte { return append([]byte{tag, byte(len(s))}, s...) }

// encoded makes a name of parts, most specific first, each of attributes TYPE, value, ...; the
// values may hold anything.
func encoded(t testing.TB, parts ...[]string) Name {
	t.Helper()
	var rdns [][]typed
	for _, p := range parts {
		var rdn []typed
		for i := 0; i < len(p); i += 2 {
			a, ok := attributeNamed(p[i])
			if !ok {
				id, err := parseOID(p[i])
				if err != nil {
					t.Fatal(err)
				}
				a = attributeOf(id)
			}
			rdn = append(rdn, typed{a, "", bytesOf(12, p[i+1])})
		}
		rdns = append(rdns, rdn)
	}
	slices.Reverse(rdns)
	n, err := encodeName(rdns)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTails(t *testing.T) {
	type part = []string
	for _, tc := range []struct {
		name string
		in   Name
		want []Tail
	}{
		{"empty", Name{}, []Tail{}},
		{"one", encoded(t, part{"CN", "x"}), []Tail{{"CN=x", true}}},
		{"several", encoded(t, part{"CN", "G.T.Miles"}, part{"T", "President"}, part{"O", "Bank, Inc."}, part{"C", "US"}),
			[]Tail{{"CN=G.T.Miles.T=President.O=Bank, Inc..C=US", true}, {"T=President.O=Bank, Inc..C=US", true}, {"O=Bank, Inc..C=US", true}, {"C=US", true}}},
		{"plus", encoded(t, part{"CN", "a", "UID", "b"}, part{"O", "x"}), []Tail{{"CN=a+UID=b.O=x", true}, {"O=x", true}}},
		{"value like a part", encoded(t, part{"CN", "bob.OU=Admins"}, part{"O", "x"}), []Tail{{"CN=bob.OU=Admins.O=x", false}, {"O=x", true}}},
		{"value like an attribute", encoded(t, part{"CN", "a+UID=b"}, part{"O", "x"}), []Tail{{"CN=a+UID=b.O=x", false}, {"O=x", true}}},
		{"equals sign", encoded(t, part{"CN", "a=b.c=d.ou=e.XOU=f"}), []Tail{{"CN=a=b.c=d.ou=e.XOU=f", true}}},
		{"type without a keyword", encoded(t, part{"CN", "a"}, part{"2.5.4.99", "b"}), []Tail{{"CN=a.2.5.4.99=b", true}, {"2.5.4.99=b", true}}},
		{"digits before one", encoded(t, part{"CN", "a.1"}, part{"2.5.4.99", "b"}), []Tail{{"CN=a.1.2.5.4.99=b", false}, {"2.5.4.99=b", true}}},
		{"control character", encoded(t, part{"CN", "a\nb"}, part{"C", "NL"}), []Tail{{"CN=a?b.C=NL", false}, {"C=NL", true}}},
		{"everything after it", encoded(t, part{"CN", "a"}, part{"O", "x.C=y"}), []Tail{{"CN=a.O=x.C=y", false}, {"O=x.C=y", false}}},
	} {
		if d := cmp.Diff(tc.want, tc.in.Tails()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
	}
	bits, err := encodeName([][]typed{{{attributeOf(asn1.ObjectIdentifier{2, 5, 4, 45}), "", []byte{3, 2, 0, 1}}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := bits.Tails(); len(got) != 1 || got[0].Plain {
		t.Errorf("a value that is no string: %+v", got)
	}
}

// readPrinted is a reader of printed names: it knows nothing but the text.
func readPrinted(s string) (parts [][2]string) {
	s = "." + s
	for s != "" {
		m := nextAttribute().FindStringSubmatchIndex(s)
		if m == nil || m[0] != 0 {
			return nil
		}
		p := [2]string{s[:m[1]], ""}
		s = s[m[1]:]
		end := len(s)
		if next := nextAttribute().FindStringIndex(s); next != nil {
			end = next[0]
		}
		p[1], s = s[:end], s[end:]
		parts = append(parts, p)
	}
	return parts
}

// checkTails compares each tail with what the reader makes of it: it is plain when the reader
// finds the parts that the name has, so no two names with the same plain text differ.
func checkTails(t *testing.T, n Name) {
	t.Helper()
	tails := n.Tails()
	rdns, _ := parseRDNs(n.DER())
	slices.Reverse(rdns)
	if len(tails) != len(rdns) {
		t.Fatalf("%d tails of %d parts", len(tails), len(rdns))
	}
	if len(tails) > 0 && tails[0].Text != n.RACF() {
		t.Errorf("whole name %q, printed as %q", tails[0].Text, n.RACF())
	}
	if len(tails) > 200 {
		return // the reader takes its time
	}
	for i, tail := range tails {
		if !strings.HasSuffix(n.RACF(), tail.Text) {
			t.Errorf("%q is no end of %q", tail.Text, n.RACF())
		}
		var want [][2]string
		sound := true
		for _, rdn := range rdns[i:] {
			for j, p := range rdn {
				sep := "."
				if j > 0 {
					sep = "+"
				}
				want = append(want, [2]string{sep + p.keyword() + "=", p.text})
				sound = sound && p.isText
			}
		}
		if same := sound && slices.Equal(readPrinted(tail.Text), want); same != tail.Plain {
			t.Errorf("%q: plain is %v, and it reads as %q, not %q", tail.Text, tail.Plain, readPrinted(tail.Text), want)
		}
	}
}

func TestTailsOfAnyName(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	pieces := []string{"a", ".", "+", "=", "OU", "CN=", ".OU=", "+C=", "1", ".2", ".3.4=", "?", "\n", ",", " "}
	types := []string{"CN", "OU", "O", "C", "2.5.4.99", "1.2.3"}
	for range 3000 {
		var parts [][]string
		for range 1 + r.IntN(4) {
			var p []string
			for range 1 + r.IntN(2) {
				v := ""
				for range r.IntN(4) {
					v += pieces[r.IntN(len(pieces))]
				}
				p = append(p, types[r.IntN(len(types))], v)
			}
			parts = append(parts, p)
		}
		checkTails(t, encoded(t, parts...))
	}
}

func FuzzTails(f *testing.F) {
	f.Add(name(f, "CN=a.b,OU=x,C=NL").DER())
	f.Add(encoded(f, []string{"CN", "bob.OU=Admins", "UID", "+C="}, []string{"1.2.3", "4.5=6"}).DER())
	f.Fuzz(func(t *testing.T, data []byte) {
		if n, err := NameFromDER(data); err == nil {
			checkTails(t, n)
		}
	})
}

// A long name costs time in proportion to its length.
func TestTailsOfALongName(t *testing.T) {
	var parts [][]string
	for range 30_000 {
		parts = append(parts, []string{"OU", "x.1.2"})
	}
	tails := encoded(t, parts...).Tails()
	if len(tails) != 30_000 || !tails[0].Plain || tails[29_999].Text != "OU=x.1.2" {
		t.Errorf("%d tails", len(tails))
	}
}

func TestCheckTail(t *testing.T) {
	for s, want := range map[string]string{
		"OU=Loans.O=BobsBank.L=Internet":   "",
		"C=US":                             "",
		"O=VeriSign, Inc.L=Internet":       "",
		"2.5.4.99=x.C=US":                  "",
		"CN=a+UID=b.PC=1234.MAIL=a@b":      "",
		"CN=x, y=z.k=1":                    "",
		"CN=":                              "",
		"":                                 "does not begin with an attribute",
		"Loans.O=Bank":                     "does not begin with an attribute",
		"XX=Loans.O=Bank":                  "does not begin with an attribute",
		".O=Bank":                          "does not begin with an attribute",
		"ou=Loans":                         "ou= is printed as OU=",
		"CN=x.ST=NY.C=US":                  "ST= is printed as SP=",
		"CN=x.S=NY":                        "S= is printed as SP=",
		"emailAddress=a@b":                 "emailAddress= is printed as EMAIL=",
		"CN=x,O=Bank":                      "O= stands after a comma",
		"CN=x, O=Bank, C=US":               "O= stands after a comma",
		"CN=x\n.O=y":                       "control character",
		"1=x":                              "does not begin with an attribute",
		"O=a.OU=b +C=d. T=e.surname=f.O=g": "surname= is printed as SN=",
	} {
		err := CheckTail(s)
		switch {
		case err == nil && want != "":
			t.Errorf("%q: no error, want %q", s, want)
		case err != nil && (want == "" || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %q", s, err, want)
		}
	}
}

// Whatever a name made here prints is a filter that can be typed.
func TestTailsCanBeTyped(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		s := randomSubject(r)
		n, err := s.Name()
		if err != nil {
			t.Fatal(err)
		}
		for _, tail := range n.Tails() {
			if err := CheckTail(tail.Text); err != nil {
				t.Errorf("%q: %v", tail.Text, err)
			}
		}
	}
}
