package sqldb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signet/backend/seal"
	"signet/ring"
)

func now() time.Time { return time.Now() }

// crowded makes a database that has some pages, and closes it.
func crowded(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "signet.db")
	if err := (Target{Path: path}).Populate(t.Context(), Crowd{Certificates: 300, Rings: 10, Now: now()}, FillOptions{}); err != nil {
		t.Fatal(err)
	}
	return path
}

// failed wants a failure of the system that says these words.
func failed(t *testing.T, what string, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	if ring.CodeOf(err) != ring.Failed || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: return code %d: %v", what, ring.CodeOf(err), err)
	}
	contains(t, err, words...)
}

// TestStashFaults has no stash file, and that of another database.
func TestStashFaults(t *testing.T) {
	path := crowded(t)
	for what, tc := range map[string]struct {
		prepare func(stash string) error
		words   []string
	}{
		"missing": {os.Remove, []string{"put the copy back"}},
		"wrong": {func(stash string) error {
			os.Remove(stash)
			_, err := seal.CreateStash(stash, nil)
			return err
		}, []string{"is not the one of this database"}},
		"for all": {func(stash string) error { return os.Chmod(stash, 0o644) }, []string{"chmod 600"}},
	} {
		if err := tc.prepare(StashPath(path)); err != nil {
			t.Fatal(err)
		}
		db := open(t, path)
		_, err := db.Check(t.Context(), CheckOptions{})
		failed(t, what+": check", err, tc.words...)
		_, _, err = db.Backup(t.Context(), io.Discard, now())
		failed(t, what+": backup", err, tc.words...)
		s, err := db.Status(t.Context())
		if err != nil || s.Opens || !strings.Contains(s.Problem, tc.words[0]) || s.Rows["certificates"] != 311 {
			t.Errorf("%s: status %+v, %v", what, s, err)
		}
		_, err = db.CopyTo(t.Context(), newTarget(t, false), FillOptions{})
		failed(t, what+": copy", err, tc.words...)
	}
}

// TestCheckDamagedPages overwrites pages one after the other: a check finds each, and whoever reads
// through one is told; nothing ends in a panic, and no backup is made of what cannot be read.
func TestCheckDamagedPages(t *testing.T) {
	path := crowded(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	found := 0
	for at := page; at+page <= len(good); at += page * 7 {
		bad := bytes.Clone(good)
		for i := range 200 {
			bad[at+i] ^= 0x5a
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := Open(t.Context(), path, Options{})
		if err != nil {
			failed(t, "open", err, "damaged")
			found++
			continue
		}
		done, err := db.Check(t.Context(), CheckOptions{})
		if err != nil {
			failed(t, "check", err, path)
			found++
		} else if done.Errors > 0 {
			found++
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		os.Remove(path + "-wal")
		os.Remove(path + "-shm")
		if err == nil && done.Errors == 0 {
			t.Errorf("page %d: not found", at/page+1)
		}
	}
	if found < 5 {
		t.Errorf("%d damaged pages", found)
	}
}

// TestCutLog cuts the write-ahead log after a crash at many places: the database opens with what
// was committed before the cut, and is sound.
func TestCutLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signet.db")
	db := open(t, path)
	for i := range 5 {
		if err := addOne(t.Context(), db, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	main, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil || len(log) < 10_000 {
		t.Fatal(len(log), err)
	}
	stash, err := os.ReadFile(StashPath(path))
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for i := range 12 {
		cut := filepath.Join(t.TempDir(), "signet.db")
		for name, data := range map[string][]byte{cut: main, cut + "-wal": log[:len(log)*i/11], StashPath(cut): stash} {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		half, err := Open(t.Context(), cut, Options{})
		if errors.Is(err, ring.ErrNotFound) && i < 6 {
			continue // cut before the schema was committed
		}
		if err != nil {
			t.Errorf("cut %d: %v", i, err)
			continue
		}
		n := len(certificatesOf(t, half))
		done, err := half.Check(t.Context(), CheckOptions{})
		// The hint of this test is a counter.
		if err != nil || int(done.Keys) != n || done.Errors > 1 || n < most {
			t.Errorf("cut %d: %d certificates, %+v, %v", i, n, done, err)
		}
		most = n
		half.Close()
	}
	if most != 5 {
		t.Errorf("%d certificates at the end of the log", most)
	}
}

// TestNoSpace backs up and restores on a full disk: an error that says so, and nothing is left.
func TestNoSpace(t *testing.T) {
	path := crowded(t)
	db := open(t, path)
	_, _, err := db.Backup(t.Context(), full{}, now())
	if !errors.Is(err, errFull) {
		t.Errorf("backup: %v", err)
	}
	if clean(t, "after", db); t.Failed() {
		return
	}
	b := openBackup(t, backUp(t, db), db.Stash())
	dir := smallDisk(t)
	err = b.Restore(t.Context(), Target{Path: filepath.Join(dir, "new.db")}, dir, FillOptions{Prove: noFindings})
	failed(t, "restore", err, "no space left", "new.db")
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if entry.Name() != "new.stash" {
			t.Errorf("left behind: %s", entry.Name())
		}
	}
}

var errFull = errors.New("full")

// full is a file on a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestLeftLog refuses to make a database where a log was left behind.
func TestLeftLog(t *testing.T) {
	path := crowded(t)
	db := open(t, path)
	to := filepath.Join(t.TempDir(), "signet.db")
	if err := os.WriteFile(to+"-wal", []byte("log"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := db.CopyTo(t.Context(), Target{Path: to}, FillOptions{})
	if !errors.Is(err, ring.ErrRefused) {
		t.Errorf("copy: %v", err)
	}
	contains(t, err, to+"-wal")
}

// TestProveFails restores nothing when the look at the new content fails.
func TestProveFails(t *testing.T) {
	path := crowded(t)
	db := open(t, path)
	b := openBackup(t, backUp(t, db), db.Stash())
	for _, server := range []bool{false, true} {
		to := newTarget(t, server)
		err := b.Restore(t.Context(), to, t.TempDir(), FillOptions{Prove: func(context.Context, *DB) error { return errFull }})
		if !errors.Is(err, errFull) {
			t.Error(err)
		}
		if _, err := to.Open(t.Context(), Options{}); !errors.Is(err, ring.ErrNotFound) {
			t.Errorf("server %v: %v", server, err)
		}
	}
}
