package cert

import (
	"math/rand/v2"
	"strings"
	"testing"

	"signet/internal/oracle"
)

// alphabet has what separates, quotes, escapes and folds in either form of names, and letters
// of one to four bytes.
var alphabet = []rune(`aZ09 ,+=;<>"#\'().:/*_@&ÄßéЖ日本𝄞`)

func randomValue(r *rand.Rand) string {
	for {
		s := make([]rune, 1+r.IntN(20))
		for i := range s {
			s[i] = alphabet[r.IntN(len(alphabet))]
		}
		if strings.TrimSpace(string(s)) != "" {
			return string(s)
		}
	}
}

func randomSubject(r *rand.Rand) Subject {
	s := Subject{CN: randomValue(r)}
	for _, p := range []*string{&s.T, &s.O, &s.L, &s.SP} {
		if r.IntN(2) == 0 {
			*p = randomValue(r)
		}
	}
	for range r.IntN(4) {
		s.OU = append(s.OU, randomValue(r))
	}
	if r.IntN(2) == 0 {
		s.C = "De"
	}
	return s
}

// operands writes a subject in RACDCERT's form.
func operands(s Subject) string {
	quote := func(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }
	out := "CN(" + quote(s.CN) + ")"
	for _, p := range []struct{ keyword, value string }{{"T", s.T}, {"o", s.O}, {"L", s.L}, {"Sp", s.SP}, {"C", s.C}} {
		if p.value != "" {
			out += " " + p.keyword + "( " + quote(p.value) + ")"
		}
	}
	if len(s.OU) > 0 {
		var ous []string
		for _, ou := range s.OU {
			ous = append(ous, quote(ou))
		}
		out = "OU(" + strings.Join(ous, ", ") + ")," + out
	}
	return out
}

// Whatever a subject holds: both written forms read back as the same bytes, and RACF's form
// shows the values as they are, in the order of SUBJECTSDN.
func TestNameForms(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		s := randomSubject(r)
		n, err := s.Name()
		if err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		if got, err := ParseName(n.String()); err != nil || got != n {
			t.Fatalf("%+v: %q reads as %q, %v", s, n, got, err)
		}
		if got, err := ParseName(operands(s)); err != nil || got != n {
			t.Fatalf("%+v: %q reads as %q, %v", s, operands(s), got, err)
		}
		var parts []string
		add := func(keyword string, values ...string) {
			for _, v := range values {
				if v != "" {
					parts = append(parts, keyword+"="+v)
				}
			}
		}
		add("CN", s.CN)
		add("T", s.T)
		add("OU", s.OU...)
		add("O", s.O)
		add("L", s.L)
		add("SP", s.SP)
		add("C", s.C)
		if want := strings.Join(parts, "."); n.RACF() != want {
			t.Fatalf("%+v: %q, want %q", s, n.RACF(), want)
		}
	}
}

// Names with whatever values pass through openssl's reading of a certificate unharmed: what it
// prints with RFC 2253 escapes reads as the same name.
func TestNamesThroughOpenssl(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	for range 12 {
		tmpl := basic(t, "CN=x")
		var err error
		if tmpl.Subject, err = randomSubject(r).Name(); err != nil {
			t.Fatal(err)
		}
		writeCert(t, dir, "c.pem", selfSign(t, tmpl, key(t, "ed25519")))
		out := oracle.OpenSSL(t, dir, "x509", "-in", "c.pem", "-noout", "-subject", "-nameopt", "RFC2253")
		text := strings.TrimSuffix(strings.TrimPrefix(out, "subject="), "\n")
		if got, err := ParseName(text); err != nil || got != tmpl.Subject {
			t.Errorf("%q, as openssl prints it: %q, reads as %q, %v", tmpl.Subject, text, got, err)
		}
	}
}
