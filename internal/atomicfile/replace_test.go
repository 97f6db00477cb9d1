package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Replace keeps the mode and writes through links; it makes no new file.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "f"), filepath.Join(dir, "link")
	if err := Replace(path, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Replace of nothing: %v", err)
	}
	if err := Write(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o646); err != nil { // more than the umask lets pass
		t.Fatal(err)
	}
	if err := os.Symlink("f", link); err != nil {
		t.Fatal(err)
	}
	if err := Replace(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	content(t, path, "new")
	mode(t, path, 0o646)
	if to, err := os.Readlink(link); err != nil || to != "f" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	for _, bad := range []string{dir, os.DevNull} {
		if err := Replace(bad, nil); err == nil {
			t.Errorf("%s was replaced", bad)
		}
	}
	only(t, dir, "f", "link")
}

// Link takes the place of a file or a link in one step, and not that of a folder.
func TestLink(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "l")
	for _, target := range []string{"one", "two"} {
		if err := Link(target, path); err != nil {
			t.Fatal(err)
		}
		if to, err := os.Readlink(path); err != nil || to != target {
			t.Errorf("the link leads to %q, %v; want %q", to, err, target)
		}
	}
	file := filepath.Join(dir, "f")
	if err := Write(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Link("one", file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Link("one", filepath.Join(dir, "sub")); err == nil {
		t.Error("a folder was replaced")
	}
	if err := Link("one", filepath.Join(dir, "no", "l")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
	only(t, dir, "f", "l", "sub")
	if err := SyncFolder(dir); err != nil {
		t.Error(err)
	}
	if err := SyncFolder(filepath.Join(dir, "no")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("SyncFolder of nothing: %v", err)
	}
}

// Temporary files can be told by their names.
func TestIsTemp(t *testing.T) {
	s, err := Stage(filepath.Join(t.TempDir(), "f"), nil, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Discard()
	for name, want := range map[string]bool{filepath.Base(s.temp): true, "f": false, ".signet": false, "x.signet-a.tmp": false} {
		if IsTemp(name) != want {
			t.Errorf("IsTemp %q: %v", name, !want)
		}
	}
}
