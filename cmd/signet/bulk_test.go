package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signet/cert"
	"signet/racdcert"
	"signet/ring"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// mixed is a script with keys of several kinds, commands that fail before and after they need
// theirs, and keys that only the certificate of a REKEY decides. Each form comes as lines.
func mixed() (tso, plain []string) {
	add := func(t, p string) { tso, plain = append(tso, t), append(plain, p) }
	add("RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('CA')) WITHLABEL('CA') NISTECC", "gencert CERTAUTH/CA --subject CN=CA --key ec:p256")
	for i := range 12 {
		add(fmt.Sprintf("RACDCERT ID(U) GENCERT SUBJECTSDN(CN('a%d')) WITHLABEL('a%d') NISTECC SIZE(384) SIGNWITH(CERTAUTH LABEL('CA'))", i, i),
			fmt.Sprintf("gencert U/a%d --subject CN=a%d --key ec:p384 --signwith CERTAUTH/CA", i, i))
		add(fmt.Sprintf("RACDCERT ID(U) GENCERT SUBJECTSDN(CN('a%d')) WITHLABEL('a%d') RSA SIZE(1024)", i, i), // the label is taken
			fmt.Sprintf("gencert U/a%d --subject CN=a%d --key rsa:1024", i, i))
		add(fmt.Sprintf("RACDCERT ID(U) GENCERT SUBJECTSDN(CN('b%d')) WITHLABEL('b%d') ED25519", i, i),
			fmt.Sprintf("gencert U/b%d --subject CN=b%d --key ed25519", i, i))
		add(fmt.Sprintf("RACDCERT ID(U) REKEY(LABEL('a%d')) WITHLABEL('c%d')", i, i),
			fmt.Sprintf("rekey U/a%d --label c%d", i, i))
		add(fmt.Sprintf("RACDCERT ID(U) REKEY(LABEL('b%d')) WITHLABEL('d%d') NISTECC SIZE(256)", i, i),
			fmt.Sprintf("rekey U/b%d --label d%d --key ec:p256", i, i))
		add(fmt.Sprintf("RACDCERT ID(U) GENCERT SUBJECTSDN(CN('e%d')) WITHLABEL('e%d') NISTECC SIGNWITH(LABEL('none'))", i, i), // no such signer
			fmt.Sprintf("gencert U/e%d --subject CN=e%d --key ec:p256 --signwith U/none", i, i))
		add("RACDCERT ID(U) LIST(LABEL('a0')", "list U/a0")
	}
	return tso, plain
}

// bulkContent gives what a database holds, without what differs between two keys.
func bulkContent(s *session) any {
	s.t.Helper()
	var all []any
	for _, owner := range []string{"CERTAUTH", "U"} {
		var v any
		if err := json.Unmarshal([]byte(s.run(0, "list", owner, "--output", "json")), &v); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, scrub(v))
	}
	return all
}

// A script whose keys are made ahead leaves what its commands leave one at a time.
func TestBulkEqualsSingles(t *testing.T) {
	tso, plain := mixed()
	single := newSession(t)
	for _, line := range tso {
		run(t.Context(), single.env, []string{"racdcert", line})
	}
	want := bulkContent(single)
	dir := t.TempDir()
	for name, lines := range map[string][]string{"tso": tso, "plain": plain} {
		path := filepath.Join(dir, name)
		write(t, path, strings.Join(lines, "\n")+"\n")
		s := newSession(t)
		s.run(8, "run", path) // some commands fail
		if diff := cmp.Diff(want, bulkContent(s)); diff != "" {
			t.Errorf("%s (-one at a time +script):\n%s", name, diff)
		}
	}
}

// What is announced is what the commands will ask for, whatever the form of the script.
func TestKeysOfScripts(t *testing.T) {
	type need struct {
		N    int
		Spec cert.KeySpec
	}
	ec, rsa := cert.KeySpec{Algorithm: cert.EC, Bits: 256}, cert.KeySpec{Algorithm: cert.RSA, Bits: 2048}
	for name, c := range map[string]struct {
		text string
		want []need
	}{
		"commands": {"RACDCERT GENC WITHLABEL('a') NISTECC\nRACDCERT LIST\nRACDCERT -\n GENCERT SUBJECTSDN(CN('x'))\nRACDCERT REK(LABEL('a'))\n" +
			"RACDCERT GENCERT('REQ') WITHLABEL('b')\nRACDCERT GENCERT RSA(PKDS)\nRACDCERT GENCERT BPECC\nRACDCERT REKEY(LABEL('a')) NISTECC\n",
			[]need{{0, ec}, {2, rsa}, {3, cert.KeySpec{}}, {7, ec}}},
		"job": {"//J JOB\n//A EXEC PGM=IKJEFT01,PARM='RACDCERT LIST'\n//SYSTSIN DD *\n RACDCERT GENCERT NISTECC\n/*\n" +
			"//B EXEC PGM=IKJEFT1B,COND=(0,NE)\n//SYSTSIN DD *\n RACDCERT LIST\n RACDCERT GENCERT\n/*\n",
			[]need{{1, ec}, {3, rsa}}},
		"plain": {"gencert U/a --subject CN=a --key ec\nlist U\ngencert U/b --quiet --subject CN=b\nsignet rekey U/a --label c\nrekey U/a --key=ec:p256\n" +
			"gencert U/d --request x.csr\ngencert U/e --token t\ngencert U/f --key rsa:17\nsignet racdcert 'GENCERT NISTECC'\ngencert U/g --dns\nlist 'U\n",
			[]need{{0, ec}, {2, rsa}, {3, cert.KeySpec{}}, {4, ec}, {8, ec}}},
	} {
		a := &app{environment: newSession(t).env}
		sc := a.readScript(source{name, []byte(c.text)}, racdcert.Options{User: "U"})
		var got []need
		for n, spec := range a.keys(sc) {
			if spec != (cert.KeySpec{}) {
				spec = spec.Round()
			}
			got = append(got, need{n, spec})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// bulkSize is how many commands the long script has: 10,000 where SIGNET_SOAK is set, as make
// soak does.
func bulkSize() int {
	if os.Getenv("SIGNET_SOAK") != "" {
		return 10_000
	}
	return 500
}

// TestBulkSoak runs a long script in one transaction: all of it or nothing, in its order, and
// in little memory.
func TestBulkSoak(t *testing.T) {
	signet, dir, n := program(t), t.TempDir(), bulkSize()
	script := "RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('CA')) WITHLABEL('CA') NISTECC\n"
	for i := range n - 1 {
		script += fmt.Sprintf("RACDCERT ID(U) GENCERT SUBJECTSDN(CN('host%d')) WITHLABEL('host%d') NISTECC SIGNWITH(CERTAUTH LABEL('CA'))\n", i, i)
	}
	write(t, filepath.Join(dir, "good"), script)
	write(t, filepath.Join(dir, "bad"), script+"RACDCERT ID(U) DELETE(LABEL('none'))\n")
	start := func(args ...string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), signet, args...)
		c.Dir = dir
		c.Env = []string{"HOME=" + dir, "SIGNET_DB=" + filepath.Join(dir, "signet.db"), "TZ=UTC"}
		return c
	}
	if out, err := start("run", "--atomic", "bad").CombinedOutput(); err == nil || !strings.Contains(string(out), "nothing was changed") {
		t.Fatalf("a script whose last command fails: %v\n%s", err, out)
	}
	if out, _ := start("list", "CERTAUTH").CombinedOutput(); strings.Contains(string(out), "CA") {
		t.Fatalf("after it the database holds\n%s", out)
	}
	good := start("run", "--atomic", "good")
	if out, err := good.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const most = 100 << 10 // KiB
	if peak := good.ProcessState.SysUsage().(*syscall.Rusage).Maxrss; peak > most {
		t.Errorf("%d commands took %d KiB of memory, more than %d", n, peak, most)
	}
	data, err := start("list", "U", "--output", "json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var listed struct {
		Certificates []struct {
			Label  string `json:"label"`
			Serial string `json:"serial"`
			SHA256 string `json:"sha256"`
		} `json:"certificates"`
	}
	if err := json.Unmarshal(data, &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed.Certificates) != n-1 {
		t.Fatalf("%d certificates, want %d", len(listed.Certificates), n-1)
	}
	seen := map[string]bool{}
	for i, c := range listed.Certificates {
		serial := strings.TrimLeft(c.Serial, "0")
		if c.Label != fmt.Sprintf("host%d", i) || !strings.EqualFold(serial, fmt.Sprintf("%X", i+1)) || seen[c.SHA256] {
			t.Fatalf("certificate %d is %+v", i, c)
		}
		seen[c.SHA256] = true
	}
}

// A script that is interrupted says so once, and keeps what its commands did so far.
func TestBulkInterrupted(t *testing.T) {
	for name, line := range map[string]string{
		"tso":   "RACDCERT ID(U) GENCERT SUBJECTSDN(CN('x')) WITHLABEL('x%d') NISTECC\n",
		"plain": "gencert U/x%d --subject CN=x --key ec:p256\n",
	} {
		s := newSession(t)
		path := filepath.Join(t.TempDir(), "script")
		script := ""
		for i := range 50 {
			script += fmt.Sprintf(line, i)
		}
		write(t, path, script)
		ctx, cancel := context.WithCancel(t.Context())
		clock, looks := s.env.now, 0
		s.env.now = func() time.Time {
			if looks++; looks == 60 {
				cancel()
			}
			return clock()
		}
		if code := run(ctx, s.env, []string{"run", path}); code != int(ring.Failed) {
			t.Errorf("%s: an interrupted run ends %d", name, code)
		}
		out := s.out.String()
		if n := strings.Count(out, "signet: error:"); n < 1 || n > 2 { // of the command that ran, and of the one after it
			t.Errorf("%s: %d errors:\n%s", name, n, out)
		}
		s.env.now = clock
		if kept := strings.Count(s.run(0, "list", "U"), "U/x"); kept < 2 || kept > 48 {
			t.Errorf("%s: %d of 50 certificates are there", name, kept)
		}
	}
}
