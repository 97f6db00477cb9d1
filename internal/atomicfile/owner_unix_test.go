//go:build unix

package atomicfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Replace and Like keep the owner and the group. Only root can give files away; others see that
// they stay their own.
func TestOwner(t *testing.T) {
	uid, gid := uint32(os.Getuid()), uint32(os.Getgid())
	if uid == 0 {
		uid, gid = 12345, 23456
	}
	dir := t.TempDir()
	path, other := filepath.Join(dir, "f"), filepath.Join(dir, "other")
	for _, name := range []string{path, other} {
		if err := Write(name, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	owned := func(path string, uid, gid uint32) {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if is := info.Sys().(*syscall.Stat_t); is.Uid != uid || is.Gid != gid {
			t.Errorf("%s belongs to %d:%d, want %d:%d", filepath.Base(path), is.Uid, is.Gid, uid, gid)
		}
	}
	if err := os.Chown(path, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	owned(path, uid, gid)
	mode(t, path, 0o640)
	content(t, path, "new")

	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{other, dir} { // a folder, too
		if err := Like(name, info); err != nil {
			t.Fatal(err)
		}
		owned(name, uid, gid)
		mode(t, name, 0o640)
	}
	if err := os.Chown(path, os.Getuid(), os.Getgid()); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, nil); err != nil {
		t.Fatal(err)
	}
	owned(path, uint32(os.Getuid()), uint32(os.Getgid()))
}
