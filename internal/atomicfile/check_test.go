package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// What Check lets pass can be written, and what it refuses cannot; it leaves nothing behind.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("target", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		ok   bool
	}{
		{"new", true}, {"old", true}, {"link", true},
		{".", false}, {"none/new", false}, {"old/new", false},
	} {
		path := filepath.Join(dir, tc.name)
		if err := Check(path); (err == nil) != tc.ok {
			t.Errorf("Check %s: %v", tc.name, err)
		}
		if tc.name == "none/new" && !errors.Is(Check(path), fs.ErrNotExist) {
			t.Errorf("Check %s: %v, want that it does not exist", tc.name, Check(path))
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("Check left %v %v", entries, err)
	}
	for _, name := range []string{"new", "old", "link"} {
		if err := Write(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Errorf("Write %s: %v", name, err)
		}
	}
	for _, name := range []string{".", "none/new", "old/new"} {
		if err := Write(filepath.Join(dir, name), nil, 0o600); err == nil {
			t.Errorf("Write %s succeeded", name)
		}
	}
}
