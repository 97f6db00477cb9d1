package atomicfile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// only fails the test when the folder holds anything but the named files.
func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range entries {
		have = append(have, e.Name())
	}
	if strings.Join(have, " ") != strings.Join(names, " ") {
		t.Errorf("folder holds %q, want %q", have, names)
	}
}

func content(t *testing.T, path, want string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != want {
		t.Errorf("%s holds %q, want %q", filepath.Base(path), data, want)
	}
}

func mode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != want {
		t.Errorf("%s has mode %04o, want %04o", filepath.Base(path), info.Mode().Perm(), want)
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := Write(path, []byte("one"), 0o644); err != nil {
		t.Fatal(err)
	}
	content(t, path, "one")
	if err := Write(path, []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	content(t, path, "two")
	mode(t, path, 0o600)
	only(t, dir, "f")
}

func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "no", "f")
	err := Write(missing, nil, 0o600)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("missing folder: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "sub"), nil, 0o600); err == nil {
		t.Error("a folder was replaced")
	}
	if err := Write(os.DevNull, nil, 0o600); err == nil {
		t.Error("a device was replaced")
	}
	only(t, dir, "sub")
}

func TestSymlink(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(dir, "real", "f")
	link := filepath.Join(dir, "link")
	// A chain of two, the second to a file that is not there yet.
	for from, to := range map[string]string{link: "second", filepath.Join(dir, "second"): "real/f"} {
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"new", "replaced"} {
		if err := Write(link, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		content(t, target, text)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link did not stay a link: %v, %v", info, err)
	}
	only(t, filepath.Join(dir, "real"), "f")
	only(t, dir, "link", "real", "second")

	if err := Create(link, nil, 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create over a link: %v", err)
	}
	// A link in a linked folder: its .. is the parent of the real folder.
	if err := os.Symlink("real", filepath.Join(dir, "there")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../up", filepath.Join(dir, "real", "out")); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "there", "out"), []byte("up"), 0o600); err != nil {
		t.Fatal(err)
	}
	content(t, filepath.Join(dir, "up"), "up")

	loop := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	if err := Write(loop, nil, 0o600); err == nil {
		t.Error("a loop of links was written through")
	}
}

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := Create(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	mode(t, path, 0o600)
	err := Create(path, []byte("two"), 0o600)
	if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("second Create: %v", err)
	}
	content(t, path, "one")
	only(t, dir, "f")
}

func TestCreateInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := createInPlace(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := createInPlace(path, []byte("two"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second: %v", err)
	}
	content(t, path, "one")
}

func TestStage(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := Write(a, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := Stage(a, []byte("new a"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Stage(b, []byte("new b"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	content(t, a, "old")
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	first.Discard()
	content(t, a, "new a")
	second.Discard()
	if err := second.Commit(); err == nil {
		t.Error("a discarded file was committed")
	}
	only(t, dir, "a")
}

// TestRace has many writers and readers at one file: a reader sees one writer's whole content.
func TestRace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	block := func(b byte) []byte { return bytes.Repeat([]byte{b}, 1<<16) }
	if err := Write(path, block('a'), 0o600); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 10 {
				if err := Write(path, block('a'+byte(i)), 0o600); err != nil {
					t.Error(err)
				}
				data, err := os.ReadFile(path)
				if err != nil || len(data) != 1<<16 || bytes.Count(data, data[:1]) != len(data) {
					t.Errorf("read %d mixed bytes, %v", len(data), err)
				}
			}
		})
	}
	wg.Wait()
	only(t, dir, "f")
}

// TestCreateRace has many creators of one file: one wins, and everybody reads its content.
func TestCreateRace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	var wg sync.WaitGroup
	var won sync.Map
	for i := range 16 {
		wg.Go(func() {
			text := strings.Repeat(string(rune('a'+i)), 1000)
			err := Create(path, []byte(text), 0o600)
			switch {
			case err == nil:
				won.Store(text, true)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
			data, err := os.ReadFile(path)
			if err != nil || len(data) != 1000 {
				t.Errorf("read %d bytes, %v", len(data), err)
			}
		})
	}
	wg.Wait()
	winners := 0
	won.Range(func(text, _ any) bool {
		winners++
		content(t, path, text.(string))
		return true
	})
	if winners != 1 {
		t.Errorf("%d creators won", winners)
	}
	only(t, dir, "f")
}
