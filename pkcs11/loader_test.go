//go:build cgo

package pkcs11

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNotAModule loads files that are no modules.
func TestNotAModule(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.so")
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, words := range map[string]string{
		filepath.Join(dir, "missing.so"):      "No such file or directory; install the vendor's module",
		text:                                  "file too short",
		"/usr/lib/x86_64-linux-gnu/libm.so.6": "no PKCS #11 module: it has no C_GetFunctionList",
		dir:                                   "cannot read file data",
	} {
		_, err := Open(path, "")
		if !errors.Is(err, ErrNoModule) || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", path, err, words)
		}
	}
}
