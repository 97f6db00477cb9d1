package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signet/racdcert"
	"signet/ring"
)

// The lines of a script that makes many certificates, in both forms, and how many are run at once.
const (
	plainLine = "gencert U/c1 --subject CN=c1.example.org --key ec:p256 --signwith CERTAUTH/CA\n"
	tsoLine   = "RACDCERT ID(U) GENCERT SUBJECTSDN(CN('c1')) WITHLABEL('c1') NISTECC SIZE(256) SIGNWITH(CERTAUTH LABEL('CA'))\n"
	someLines = 1000
)

// issuing is a server that has made the certificate before anybody asks: what a script costs
// besides is what the front end costs.
type issuing struct{ made ring.Issued }

func newIssuing(t testing.TB) *issuing {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(2028, 3, 15, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	r := &issuing{ring.Issued{Certificate: &ring.Certificate{Owner: "U", Label: "c1", Status: ring.Trust, DER: der}}}
	if _, err := r.made.Certificate.X509(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *issuing) Call(_ context.Context, function string, _, answer any) error {
	to, ok := answer.(**ring.Issued)
	if !ok {
		return errors.New("function " + function + " was not expected")
	}
	*to = &r.made
	return nil
}

func (r *issuing) Each(context.Context, string, any, func(func(any) error) error) error {
	return errors.New("nothing is listed")
}

func (r *issuing) Transaction(_ context.Context, _ bool, fn func(ring.Remote) error) error {
	return fn(r)
}

// runLines gives what runs a script of so many lines once, on a server that costs nothing.
func runLines(t testing.TB, line string) func() {
	s := newSession(t)
	s.env.stdout = io.Discard
	a := &app{environment: s.env, files: newFiles(s.env.stdin, s.env.stdout)}
	a.root() // sets what flags set that are not given
	a.manager = ring.NewRemoteManager(newIssuing(t), ring.Config{Issuer: "OPER", Now: s.env.now, Zone: time.UTC})
	text := []byte(strings.Repeat(line, someLines))
	return func() {
		sc := a.readScript(source{"script", text}, racdcert.Options{User: "OPER"})
		r := &scriptRun{app: a}
		r.all(t.Context(), a.manager, []script{sc})
		if n := sc.size(); n != someLines || a.code != ring.Done {
			t.Fatalf("%d lines ended %d:\n%s", n, a.code, s.out.String())
		}
	}
}

// readLines gives what reads a script of so many lines.
func readLines(t testing.TB, line string) func() {
	a := &app{environment: newSession(t).env}
	text := []byte(strings.Repeat(line, someLines))
	return func() { a.readScript(source{"script", text}, racdcert.Options{User: "OPER"}) }
}

// keysOfLines gives what looks for the keys that a script of so many lines will need.
func keysOfLines(t testing.TB, line string) func() {
	a := &app{environment: newSession(t).env}
	sc := a.readScript(source{"script", []byte(strings.Repeat(line, someLines))}, racdcert.Options{User: "OPER"})
	return func() {
		n := 0
		for range a.keys(sc) {
			n++
		}
		if n != someLines {
			t.Fatalf("%d keys", n)
		}
	}
}

func BenchmarkLine(b *testing.B)      { benchmarkLines(b, runLines) }
func BenchmarkReadLine(b *testing.B)  { benchmarkLines(b, readLines) }
func BenchmarkKeyOfLine(b *testing.B) { benchmarkLines(b, keysOfLines) }

func benchmarkLines(b *testing.B, prepare func(testing.TB, string) func()) {
	for name, line := range map[string]string{"plain": plainLine, "tso": tsoLine} {
		b.Run(name, func(b *testing.B) {
			do := prepare(b, line)
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/someLines, "ns/line")
		})
	}
}

// A line of a script means what it means alone, whatever was given to its verb before: flags go
// back to their defaults, and so does what one run of a verb finds out.
func TestLinesDoNotMeet(t *testing.T) {
	fingerprint := regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	dir := t.TempDir()
	model := filepath.Join(dir, "model.pem")
	lines := []string{
		"gencert CERTAUTH/CA --subject CN=CA --key ec",
		"gencert U/a --subject CN=a --key ec --dns a.example --dns b.example --ip 192.0.2.1 --keyusage handshake,docsign --eku serverauth --days 5",
		"gencert U/b --subject CN=b --key ec:p384 --signwith CERTAUTH/CA",
		"gencert U/c --key ed25519 --dns c.example --keyusage docsign --notbefore 2027-01-01 --quiet",
		"gencert U/d --key ed25519",
		"gencert U/e --key none", "gencert U/e --keyusage", "gencert U/e --nosuch 1", "gencert", "gencert U/e U/f", "gencert --help",
		"gencert U/e --key ed25519 --as OTHER", "gencert U/e --db x.db --key ed25519", "gencert U/e --days x", "gencert -h",
		"gencert -- U/e", "signet gencert U/f --key=ed25519 --pss=false", "gencert U/g --output json", "gencert U/g --key ed25519 --pss",
		"list U --quiet", "--quiet list U", "list U", "list 'U", "list 'U/b' -q --no-color", "list --expiring 9999d", "list CERTAUTH",
		"nosuch", "'' x", "signet", "signet --version", "help gencert", "help IRRD107I", "run x.txt", "list cae -q",
		"export U/a -o " + model, "export U/a --format nosuch", "export U/a --format pkcs7b64 -o " + model, "export U/a -o " + model,
		"map V " + model + " --issuer CN --label one", "map W --subject CN=x.C=NL", "map V --subject ''", "map W/two --label three --subject CN=x",
		"map W --subject CN=y.C=NL --notrust", "altmap W/LABEL00000001 --newlabel first --trust", "altmap W/first --notrust", "listmap W", "listmap V",
		"addring U/R", "connect U/a U/R --default --usage site", "connect U/b U/R", "listring U/R", "remove U/b U/R", "listring U/R",
		"alter U/a --notrust --newlabel 'new a'", "alter U/b --newlabel 'new b'", "alter 'U/new b' --trust", "list U",
		"racdcert 'ID(U) LISTRING(R' --strict", "racdcert 'ID(U) LISTRING(R'", "racf 'LISTUSER U'", "racdcert ID(U) 'LISTRING(R)'",
		"db", "db nosuch", "keys", "token list --module /none", "trust list", "can list U/a --as U", "can READ R", "resolve U/R", "diff U/R",
		"rekey 'U/new a' --label again --key ed25519", "rekey 'U/new a' --label twice", "delete U/d --force", "delete U/d", "list U",
	}
	const before = "listmap NOBODY\n" // with which any line can follow in a script of commands
	for _, flags := range [][]string{nil, {"--output", "json"}, {"--quiet"}, {"--explain"}} {
		name := strings.Join(append([]string{"lines"}, flags...), " ")
		together, alone := newSession(t), newSession(t)
		together.run(0, "db", "init", "--quiet")
		alone.run(0, "db", "init", "--quiet")
		path := filepath.Join(dir, "script")
		run := func(s *session, text string) string {
			write(t, path, text)
			s.out.Reset()
			run(t.Context(), s.env, append([]string{"run", path}, flags...))
			out := strings.ReplaceAll(s.out.String(), filepath.Dir(s.env.getenv("SIGNET_DB")), "DIR")
			return fingerprint.ReplaceAllString(out, "FINGERPRINT")
		}
		var script, want strings.Builder
		for i, line := range lines {
			script.WriteString(before + line + "\n")
			want.WriteString(run(alone, strings.Repeat("\n", 2*i)+before+line+"\n"))
		}
		got := run(together, script.String())
		if slices.Contains(flags, "json") {
			if diff := cmp.Diff(commandsIn(t, want.String()), commandsIn(t, got)); diff != "" {
				t.Errorf("%s (-each alone +together):\n%s", name, diff)
			}
			continue
		}
		one, all := strings.Split(want.String(), "\n"), strings.Split(got, "\n")
		if slices.Contains(flags, "--explain") { // which tells of all problems at its end
			slices.Sort(one)
			slices.Sort(all)
		}
		if diff := cmp.Diff(one, all); diff != "" {
			t.Errorf("%s (-each alone +together):\n%s", name, diff)
		}
	}
}

// commandsIn gives the commands of several answers in JSON.
func commandsIn(t *testing.T, text string) []commandJSON {
	t.Helper()
	var all []commandJSON
	for d := json.NewDecoder(strings.NewReader(text)); d.More(); {
		var a answer
		if err := d.Decode(&a); err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		all = append(all, a.Commands...)
	}
	return all
}

// What one line of a long script may cost besides what it does, and to see its key ahead, in
// allocations. The figures have a margin of a half.
func TestLinesAreCheap(t *testing.T) {
	for name, c := range map[string]struct {
		line      string
		run, keys float64
	}{"plain": {plainLine, 62, 8}, "tso": {tsoLine, 57, 18}} {
		if got := testing.AllocsPerRun(3, runLines(t, c.line)) / someLines; got > c.run {
			t.Errorf("%s: %.0f allocations to run a line, more than %.0f", name, got, c.run)
		}
		if got := testing.AllocsPerRun(3, keysOfLines(t, c.line)) / someLines; got > c.keys {
			t.Errorf("%s: %.0f allocations to see the key of a line ahead, more than %.0f", name, got, c.keys)
		}
	}
}
