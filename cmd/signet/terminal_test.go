package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// terminal runs signet on a terminal of its own.
type terminal struct {
	t   *testing.T
	tty *os.File
	cmd *exec.Cmd
	out bytes.Buffer
}

// program builds signet once for the tests that need the real program.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "signet")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func startTerminal(t *testing.T, dir, signet string, args ...string) *terminal {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	x := &terminal{t: t, cmd: exec.CommandContext(ctx, signet, args...)}
	x.cmd.Dir = dir
	x.cmd.Env = []string{"HOME=" + dir, "SIGNET_DB=" + filepath.Join(dir, "signet.db"), "PATH=" + os.Getenv("PATH")}
	tty, err := pty.Start(x.cmd)
	if err != nil {
		t.Fatal(err)
	}
	x.tty = tty
	t.Cleanup(func() { tty.Close() })
	return x
}

// expect reads what the program shows until it shows text.
func (x *terminal) expect(text string) {
	x.t.Helper()
	buf := make([]byte, 4096)
	for !strings.Contains(x.out.String(), text) {
		n, err := x.tty.Read(buf)
		x.out.Write(buf[:n])
		if err != nil {
			x.t.Fatalf("waiting for %q: %v; seen: %q", text, err, x.out.String())
		}
	}
}

func (x *terminal) send(text string) {
	x.t.Helper()
	if _, err := x.tty.WriteString(text); err != nil {
		x.t.Fatal(err)
	}
}

// end reads the rest and waits for the program.
func (x *terminal) end() {
	x.t.Helper()
	buf := make([]byte, 4096)
	for {
		n, err := x.tty.Read(buf) // ends with EIO when the program does
		x.out.Write(buf[:n])
		if err != nil {
			break
		}
	}
	if err := x.cmd.Wait(); err != nil {
		x.t.Fatalf("%v: %s", err, x.out.String())
	}
}

// A password typed at the prompt is not shown.
func TestPromptDoesNotEcho(t *testing.T) {
	signet, dir := program(t), t.TempDir()
	startTerminal(t, dir, signet, "gencert", "U/a", "--subject", "CN=a", "--key", "ec:p256").end()
	x := startTerminal(t, dir, signet, "export", "U/a", "--format", "pkcs12der", "-o", "a.p12")
	x.expect("Password for a.p12: ")
	x.send("geheim\n")
	x.expect("Once more: ")
	x.send("geheim\n")
	x.end()
	if strings.Contains(x.out.String(), "geheim") {
		t.Errorf("the terminal showed the password: %q", x.out.String())
	}
	out, err := exec.Command("openssl", "pkcs12", "-in", filepath.Join(dir, "a.p12"), "-passin", "pass:geheim", "-nokeys").CombinedOutput()
	if err != nil {
		t.Errorf("openssl: %v\n%s", err, out)
	}
}

// A big RSA key takes a while: the terminal shows that work goes on, and nothing of it stays.
func TestSpinner(t *testing.T) {
	signet, dir := program(t), t.TempDir()
	for i := range 10 { // a lucky key can be there before the spinner starts
		x := startTerminal(t, dir, signet, "gencert", fmt.Sprintf("U/c%d", i), "--subject", "CN=a", "--key", "rsa:4096")
		x.end()
		if out := x.out.String(); strings.Contains(out, "making the key pair") {
			if !strings.Contains(out, "\r\x1b[K") {
				t.Errorf("the spinner was not wiped: %q", out)
			}
			return
		}
	}
	t.Error("no spinner in ten tries")
}

// On a terminal a long script shows a bar, below the lines that its commands print.
func TestProgressOnTerminal(t *testing.T) {
	signet, dir := program(t), t.TempDir()
	for n := 400; n < 100_000; n *= 4 { // how many take longer than the bar waits depends on the machine
		script := ""
		for i := range n {
			script += fmt.Sprintf("gencert U/c%d-%d --subject CN=x --key ec:p256\n", n, i)
		}
		write(t, filepath.Join(dir, "script"), script)
		x := startTerminal(t, dir, signet, "run", "script")
		x.end()
		out := x.out.String()
		last := strings.LastIndex(out, fmt.Sprintf("/%d  ", n))
		if last < 0 {
			continue
		}
		if !strings.Contains(out, "\r\x1b[KU/c") || strings.Count(out, "U/c") != n {
			t.Errorf("%d lines of the commands, want %d, with a bar below them", strings.Count(out, "U/c"), n)
		}
		if !strings.Contains(out[last:], "\r\x1b[K") {
			t.Errorf("the bar was not wiped: %q", out[last:])
		}
		return
	}
	t.Error("no bar, however long the script")
}
