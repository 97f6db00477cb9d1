// Package oracle lends tests independent witnesses: openssl, Java and its keytool, PKCS #11 tokens
// and their tools, PostgreSQL servers. make test installs them. A test that needs one fails where
// it is missing; it is never skipped. It also counts for them what an operation allocates (Cost).
package oracle

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// OpenSSL runs openssl in dir, fails the test if it fails, and gives all that it printed.
func OpenSSL(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := TryOpenSSL(dir, args...)
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// TryOpenSSL runs openssl in dir and gives all that it printed.
func TryOpenSSL(dir string, args ...string) (string, error) {
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Write makes a file in dir and gives its bare name.
func Write(t testing.TB, dir, file string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Read gives the content of a file in dir.
func Read(t testing.TB, dir, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
