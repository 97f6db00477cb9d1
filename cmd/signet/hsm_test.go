//go:build cgo

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signet/internal/oracle"
)

// TestThousandFromHSM has an issuing CA in a token sign a thousand certificates, from one script,
// under a root in the same token. openssl verifies them all.
func TestThousandFromHSM(t *testing.T) {
	const n = 1000
	oracle.SoftHSM(t, "THOUSAND")
	dir := t.TempDir()
	file := func(name, text string) string { return filepath.Join(dir, oracle.Write(t, dir, name, []byte(text))) }
	pin := file("pin", oracle.PIN+"\n")
	s := newSession(t)
	hsm := func(args ...string) []string {
		return append(args, "--module", oracle.SoftHSMModule, "--pin-file", pin)
	}
	s.run(0, hsm("gencert", "CERTAUTH/Root", "--subject", "CN=Root", "--key", "rsa:3072", "--token", "THOUSAND", "--notafter", "2040-01-01")...)
	s.run(0, hsm("gencert", "CERTAUTH/CA", "--subject", "CN=CA", "--key", "ec:p256", "--token", "THOUSAND", "--signwith", "CERTAUTH/Root", "--notafter", "2039-01-01")...)
	var script, exports strings.Builder
	var files []string
	for i := range n {
		fmt.Fprintf(&script, "RACDCERT ID(U) GENCERT SUBJECTSDN(CN('server %d')) NISTECC SIZE(256) WITHLABEL('s%04d') SIGNWITH(CERTAUTH LABEL('CA'))\n", i, i)
		fmt.Fprintf(&exports, "RACDCERT ID(U) EXPORT(LABEL('s%04d')) DSN('s%04d.pem')\n", i, i)
		files = append(files, fmt.Sprintf("S%04d.PEM", i))
	}
	start := time.Now()
	s.run(0, hsm("run", file("script", script.String()))...)
	took := time.Since(start)
	t.Logf("%d certificates from one script in %v, %v each", n, took.Round(time.Millisecond), (took / n).Round(time.Microsecond))
	s.run(0, hsm("run", "--dsn-dir", dir, file("exports", exports.String()))...)
	s.run(0, hsm("export", "CERTAUTH/Root", "-o", filepath.Join(dir, "root.pem"))...)
	s.run(0, hsm("export", "CERTAUTH/CA", "-o", filepath.Join(dir, "ca.pem"))...)
	said := oracle.OpenSSL(t, dir, append([]string{"verify", "-x509_strict", "-attime", "1805150000", "-CAfile", "root.pem", "-untrusted", "ca.pem"}, files...)...)
	if got := strings.Count(said, ": OK"); got != n {
		t.Errorf("openssl verified %d of %d", got, n)
	}

	var check struct {
		TokenCheck []struct{ Keys, Used int }
	}
	if err := json.Unmarshal([]byte(s.run(0, hsm("token", "check", "--output", "json")...)), &check); err != nil {
		t.Fatal(err)
	}
	if len(check.TokenCheck) != 1 || check.TokenCheck[0].Keys != 2 || check.TokenCheck[0].Used != 2 {
		t.Errorf("the token holds %+v, want the two keys of the CAs", check.TokenCheck)
	}
}

// TestWithoutCGO has the program without cgo say what is missing, and do everything else.
func TestWithoutCGO(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "signet")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(want int, args ...string) string {
		t.Helper()
		c := exec.Command(program, append(args, "--db", filepath.Join(dir, "s.db"), "--module", oracle.SoftHSMModule)...)
		out, err := c.CombinedOutput()
		if got := c.ProcessState.ExitCode(); got != want {
			t.Fatalf("%q ended %d (%v), want %d:\n%s", args, got, err, want, out)
		}
		return string(out)
	}
	run(0, "gencert", "U/a", "--subject", "CN=a", "--key", "ec:p256")
	for _, args := range [][]string{{"token", "list"}, {"gencert", "U/b", "--subject", "CN=b", "--token", "X"}, {"token", "probe", "X"}} {
		if said := run(8, args...); !strings.Contains(said, "tokens need the other build; use the signet that was built with CGO_ENABLED=1") {
			t.Errorf("%q said: %s", args, said)
		}
	}
	run(0, "list", "U")
}
