//go:build unix

package sqldb

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestModes looks at every file while the database is open, with a umask that hides nothing and
// one that hides too much.
func TestModes(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077} {
		func() {
			defer syscall.Umask(syscall.Umask(umask))
			dir := filepath.Join(t.TempDir(), "made")
			path := filepath.Join(dir, "signet.db")
			db := open(t, path)
			if err := addOne(t.Context(), db, "one"); err != nil {
				t.Fatal(err)
			}
			want := map[string]os.FileMode{dir: 0o700 | os.ModeDir, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, StashPath(path): 0o600}
			for file, mode := range want {
				info, err := os.Stat(file)
				if err != nil {
					t.Error(err)
				} else if info.Mode() != mode {
					t.Errorf("umask %03o: %s has mode %v, want %v", umask, filepath.Base(file), info.Mode(), mode)
				}
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != len(want)-1 {
				t.Errorf("umask %03o: the folder holds %v, %v", umask, entries, err)
			}
		}()
	}
}

// TestExistingFolder checks that a folder that was there keeps its mode.
func TestExistingFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	open(t, filepath.Join(dir, "sub", "signet.db"))
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestNoAuthority has a user without authority to the file or the folder, who needs to be
// another than root: modes do not hold root back.
func TestNoAuthority(t *testing.T) {
	const nobody = 65534
	uid := os.Getuid()
	if uid == 0 {
		uid = nobody
	}
	type modes struct{ dir, db os.FileMode }
	for name, test := range map[string]struct {
		modes
		exists bool
		want   []string
	}{
		"new, read-only folder":   {modes{0o555, 0}, false, []string{"open: database", "permission denied"}},
		"read-only folder":        {modes{0o555, 0o600}, true, []string{"open: database", "its folder may only be read"}},
		"closed folder":           {modes{0o000, 0o600}, true, []string{"open: database", "permission denied"}},
		"closed file":             {modes{0o700, 0o000}, true, []string{"open: database", "no authority"}},
		"read-only file":          {modes{0o700, 0o400}, true, []string{"open: <nil>", "view: <nil>", "update: database", "may only be read"}},
		"everything as it should": {modes{0o700, 0o600}, true, []string{"open: <nil>", "view: <nil>", "update: <nil>"}},
	} {
		base := t.TempDir()
		// The folders above are made for their owner only.
		for dir := base; strings.HasPrefix(dir, os.TempDir()) && dir != os.TempDir(); dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		dir := filepath.Join(base, "d")
		path := filepath.Join(dir, "signet.db")
		if test.exists {
			db, err := Open(t.Context(), path, Options{Create: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.db); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{path, StashPath(path), dir} {
			if err := os.Chown(file, uid, -1); err != nil && test.exists {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(dir, test.dir); err != nil {
			t.Fatal(err)
		}
		cmd := child(t, "try", path)
		// Not by its path, which leads through folders that are closed to others.
		cmd.Path = "/proc/self/exe"
		if uid != os.Getuid() {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: nobody}}
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
		for _, want := range test.want {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: said %q, want %q in it", name, out, want)
			}
		}
		if err := os.Chmod(dir, 0o700); err != nil { // so that it can be removed
			t.Fatal(err)
		}
	}
}
