package serve

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSocketForGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	s, err := ListenUnix(path, os.Getgid())
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != os.ModeSocket|0o660 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("it is left behind")
	}
}

// A socket that is another's by now is not removed.
func TestSocketReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	s, err := ListenUnix(path, -1)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the other's: %v", err)
	}
	if _, err := ListenUnix(path, -1); err == nil || !strings.Contains(err.Error(), "another program listens") {
		t.Errorf("%v", err)
	}
}

func TestSocketPlaces(t *testing.T) {
	dir := t.TempDir()
	sticky := filepath.Join(dir, "sticky") // as /tmp is: others cannot remove a socket there, but make one first
	if err := os.Mkdir(sticky, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(sticky, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(sticky, link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(sticky, "s"):                   "others may write",
		filepath.Join(link, "s"):                     "others may write",
		filepath.Join(dir, strings.Repeat("s", 120)): "is longer than",
		filepath.Join(dir, "none", "s"):              "make its folder first",
	} {
		if _, err := ListenUnix(path, -1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
