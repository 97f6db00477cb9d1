package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// session runs commands of the program in one folder, inside the test.
type session struct {
	t   testing.TB
	env environment
	out bytes.Buffer
}

func newSession(t testing.TB) *session {
	s := &session{t: t}
	dir := t.TempDir()
	s.env = environment{
		stdin: strings.NewReader(""), stdout: &s.out, stderr: &s.out,
		getenv: func(name string) string {
			if name == "SIGNET_DB" {
				return filepath.Join(dir, "signet.db")
			}
			return ""
		},
		now:          func() time.Time { return time.Date(2027, 3, 15, 10, 0, 0, 0, time.UTC) },
		zone:         time.UTC,
		account:      func() (string, error) { return "oper", nil },
		host:         func() string { return "test" },
		dataHome:     func() (string, error) { return dir, nil },
		readPassword: func(string) ([]byte, error) { return nil, errNoTerminal },
	}
	return s
}

// run runs a command line and gives what it printed; it must end with the code.
func (s *session) run(want int, args ...string) string {
	s.t.Helper()
	s.out.Reset()
	if got := run(s.t.Context(), s.env, args); got != want {
		s.t.Fatalf("signet %s ended %d, want %d:\n%s", strings.Join(args, " "), got, want, s.out.String())
	}
	return s.out.String()
}

// content gives what a database holds, without what differs between two keys.
func (s *session) content() map[string]any {
	s.t.Helper()
	all := map[string]any{}
	for _, args := range [][]string{{"list", "CERTAUTH"}, {"list", "OMVSADM"}, {"listring", "OMVSADM"}} {
		var v any
		if err := json.Unmarshal([]byte(s.run(0, append(args, "--output", "json")...)), &v); err != nil {
			s.t.Fatal(err)
		}
		all[strings.Join(args, " ")] = scrub(v)
	}
	return all
}

func scrub(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "sha256")
		for k := range v {
			v[k] = scrub(v[k])
		}
	case []any:
		for i := range v {
			v[i] = scrub(v[i])
		}
	}
	return v
}

// The same ring built with verbs and with RACDCERT text is the same database.
func TestFrontEndsAgree(t *testing.T) {
	byText := newSession(t)
	for _, c := range []string{
		`ADDRING(ZOSCONN-APIR-KEYRING) ID(OMVSADM)`,
		`CERTAUTH GENCERT SUBJECTSDN(CN('IMSCA') OU('ZCEE') O('US IBM SVL') C('US')) KEYUSAGE(CERTSIGN) WITHLABEL('IMSCA')`,
		`CONNECT(CERTAUTH LABEL('IMSCA') RING(ZOSCONN-APIR-KEYRING)) ID(OMVSADM)`,
		`GENCERT SUBJECTSDN(CN('ZCEESERVER.MYCOM.COM') T('MY ZCEE SERVER') OU('ZCEE','X') O('US MYCOM COM') L('SANJOSE') SP('SANJOSE') C('US')) SIZE(256) NISTECC
		 WITHLABEL('ZOSCONNCERT') SIGNWITH(CERTAUTH LABEL('IMSCA')) ID(OMVSADM) KEYUSAGE(HANDSHAKE DOCSIGN)
		 ALTNAME(DOMAIN('a.example') ADOMAIN('b.example','c.example') IP(192.0.2.1) EMAIL('x@example.org') URI('https://example.org/'))
		 NOTBEFORE(DATE(2027-04-01)) NOTAFTER(DATE(2028/1/31) TIME(12:00:00))`,
		`CONNECT(LABEL('ZOSCONNCERT') DEFAULT RING(ZOSCONN-APIR-KEYRING)) ID(OMVSADM)`,
		`ID(OMVSADM) GENCERT SUBJECTSDN(CN('second')) NISTECC`,
		`ID(OMVSADM) ALTER(LABEL('LABEL00000001')) NOTRUST NEWLABEL('Second one')`,
		`ID(OMVSADM) CONNECT(LABEL('Second one') RING(ZOSCONN-APIR-KEYRING) USAGE(SITE))`,
		`ID(OMVSADM) ADDRING(Empty)`,
	} {
		byText.run(0, "racdcert", strings.ReplaceAll(c, "\n", " "))
	}

	byVerb := newSession(t)
	for _, args := range [][]string{
		{"addring", "OMVSADM/ZOSCONN-APIR-KEYRING"},
		{"gencert", "CERTAUTH/IMSCA", "--subject", "CN=IMSCA,OU=ZCEE,O=US IBM SVL,C=US", "--keyusage", "certsign"},
		{"connect", "CERTAUTH/IMSCA", "OMVSADM/ZOSCONN-APIR-KEYRING"},
		{"gencert", "OMVSADM/ZOSCONNCERT", "--subject", "CN=ZCEESERVER.MYCOM.COM,T=MY ZCEE SERVER,OU=ZCEE,OU=X,O=US MYCOM COM,L=SANJOSE,ST=SANJOSE,C=US",
			"--key", "ec:p256", "--signwith", "CERTAUTH/IMSCA", "--keyusage", "handshake,docsign",
			"--dns", "a.example", "--dns", "b.example", "--dns", "c.example", "--ip", "192.0.2.1", "--email", "x@example.org", "--uri", "https://example.org/",
			"--notbefore", "2027-04-01", "--notafter", "2028-01-31 12:00:00"},
		{"connect", "OMVSADM/ZOSCONNCERT", "OMVSADM/ZOSCONN-APIR-KEYRING", "--default"},
		{"gencert", "OMVSADM/LABEL00000001", "--subject", "CN('second')", "--key", "ec:p256"},
		{"alter", "OMVSADM/LABEL00000001", "--notrust", "--newlabel", "Second one"},
		{"connect", "OMVSADM/Second one", "OMVSADM/ZOSCONN-APIR-KEYRING", "--usage", "site"},
		{"addring", "OMVSADM/Empty"},
	} {
		byVerb.run(0, args...)
	}
	if diff := cmp.Diff(byText.content(), byVerb.content()); diff != "" {
		t.Errorf("RACDCERT text (-) and verbs (+) differ:\n%s", diff)
	}
}

// Every verb explains itself with an example.
func TestHelpHasExamples(t *testing.T) {
	a := &app{environment: newSession(t).env}
	for _, c := range a.root().Commands() {
		all := c.Commands()
		if len(all) == 0 {
			all = append(all, c)
		}
		for _, c := range all {
			if c.Short == "" || !strings.Contains(c.Example, "signet ") {
				t.Errorf("%s: no description or no example", c.CommandPath())
			}
		}
	}
}
