package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
)

func TestStash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stash")
	id, err := CreateStash(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %04o", info.Mode().Perm())
	}
	again, err := LoadStash(path, nil)
	if err != nil || again.x[0].String() != id.x[0].String() {
		t.Fatalf("loaded another identity: %v", err)
	}
	if _, err := CreateStash(path, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second CreateStash: %v", err)
	}
	// The age command reads the same file.
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if ids, err := age.ParseIdentities(f); err != nil || len(ids) != 1 {
		t.Errorf("age reads %d identities, %v", len(ids), err)
	}
}

func TestStashRefused(t *testing.T) {
	dir := t.TempDir()
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	secret := id.x[0].String()
	misprint := "Q"
	if secret[40] == 'Q' {
		misprint = "P"
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"group":     {secret, 0o640, "chmod 600"},
		"others":    {secret, 0o604, "chmod 600"},
		"writable":  {secret, 0o620, "mode 0620"},
		"it's mine": {secret, 0o644, `'\''s mine'`},
		"empty":     {"", 0o600, "does not hold"},
		"comment":   {"# AGE\n", 0o600, "does not hold"},
		"cut":       {secret[:40], 0o600, "does not hold"},
		"misprint":  {secret[:40] + misprint + secret[41:], 0o600, "does not hold"},
		"twice":     {secret + "\n" + secret + "\n", 0o600, "one identity twice"},
		"three":     {strings.Repeat(secret+"\n", 3), 0o600, "3 identities"},
		"hybrid":    {hybrid.String(), 0o600, "X25519"},
		"long":      {strings.Repeat("#\n", maxStash), 0o600, "longer"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(test.text), test.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, test.mode); err != nil {
			t.Fatal(err)
		}
		_, err := EnsureStash(path, nil, nil)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
			continue
		}
		if strings.Contains(err.Error(), secret[20:30]) {
			t.Errorf("%s: the error shows the secret: %v", name, err)
		}
	}
	missing := filepath.Join(dir, "missing")
	if _, err := LoadStash(missing, nil); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) || !strings.Contains(err.Error(), "private key") {
		t.Errorf("missing: %v", err)
	}
	if _, err := LoadStash(dir, nil); err == nil {
		t.Error("a folder was loaded")
	}
	if _, err := CreateStash(filepath.Join(dir, "no", "stash"), nil); err == nil {
		t.Error("created in a folder that is not there")
	}
}

func TestEnsureStashRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stash")
	var ids sync.Map
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			id, err := EnsureStash(path, nil, nil)
			if err != nil {
				t.Error(err)
				return
			}
			ids.Store(id.x[0].String(), true)
		})
	}
	wg.Wait()
	n := 0
	ids.Range(func(_, _ any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d identities", n)
	}
}
