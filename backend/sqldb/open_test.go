package sqldb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signet/ring"
)

// raw runs SQL on a closed database, as somebody with another program would.
func raw(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

// made makes a database with one certificate and its key, and closes it.
func made(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "signet.db")
	db, err := Open(t.Context(), path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if !db.Created() {
		t.Error("not made")
	}
	if err := addOne(t.Context(), db, "one"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// refused checks that a database cannot be opened, and why.
func refused(t *testing.T, path string, class error, words ...string) {
	t.Helper()
	db, err := Open(t.Context(), path, Options{Create: true})
	if err == nil {
		db.Close()
		t.Errorf("%s was opened", path)
		return
	}
	if class != nil && !errors.Is(err, class) {
		t.Errorf("error %v, want %q", err, class)
	}
	if class == nil && ring.CodeOf(err) != ring.Failed {
		t.Errorf("error %v is not a failure of the system", err)
	}
	contains(t, err, append(words, fmt.Sprintf("%q", path))...)
}

func contains(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q, want %q in it", err, w)
		}
	}
	if strings.Count(err.Error(), "database \"") > 1 {
		t.Errorf("error %q names the database twice", err)
	}
}

func TestOpenMissing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "no", "signet.db")
	_, err := Open(t.Context(), path, Options{})
	if !errors.Is(err, ring.ErrNotFound) {
		t.Errorf("error %v", err)
	}
	contains(t, err, path)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "link.db")); err != nil {
		t.Fatal(err)
	}
	refused(t, filepath.Join(dir, "link.db"), ring.ErrNotFound, "symbolic link")
	if _, err := Open(t.Context(), "", Options{Create: true}); err == nil {
		t.Error("opened no path")
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	refused(t, dir, nil, "folder")
	refused(t, os.DevNull, nil, "not a regular file")
	refused(t, filepath.Join(file("file", "x"), "signet.db"), nil, "not a directory")
	refused(t, file("text", strings.Repeat("certificates\n", 1000)), nil, "not a signet database")
	for _, n := range []int{1, 2, 99, 511, 513, 4096} {
		path := file("short", strings.Repeat("x", n))
		refused(t, path, nil, "not a signet database")
		if data, err := os.ReadFile(path); err != nil || string(data) != strings.Repeat("x", n) {
			t.Errorf("a file of %d bytes was changed: %v", n, err)
		}
	}

	foreign := filepath.Join(dir, "foreign.db")
	raw(t, foreign, "CREATE TABLE t (a)")
	refused(t, foreign, ring.ErrInvalid, "another program")
	raw(t, foreign, "PRAGMA user_version = 1")
	refused(t, foreign, ring.ErrInvalid, "another program")
	empty := filepath.Join(dir, "empty.db")
	raw(t, empty, "PRAGMA application_id = 7")
	refused(t, empty, ring.ErrInvalid, "another program")

	newer := made(t)
	raw(t, newer, "PRAGMA user_version = 99")
	refused(t, newer, ring.ErrUnsupported, "version 99", fmt.Sprintf("up to %d", schemaVersion), "newer signet")

	damaged := made(t)
	f, err := os.OpenFile(damaged, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, 50), 0); err != nil {
		t.Fatal(err)
	}
	f.Close()
	refused(t, damaged, nil, "damaged")
}

// TestDamagedPages overwrites every page but the first: what needs them fails in words, and
// nothing is taken for an answer.
func TestDamagedPages(t *testing.T) {
	path := made(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	noise := []byte(strings.Repeat("\xa5\x5a", int(info.Size()-page)/2))
	if _, err := f.WriteAt(noise, page); err != nil {
		t.Fatal(err)
	}
	f.Close()
	db, err := Open(t.Context(), path, Options{})
	if err == nil {
		defer db.Close()
		err = db.View(t.Context(), func(tx ring.Tx) error {
			_, err := tx.Certificate(ring.CertRef{Owner: "FLEET", Label: "one"})
			return err
		})
	}
	contains(t, err, "damaged", path)
	if ring.CodeOf(err) != ring.Failed {
		t.Errorf("return code %d", ring.CodeOf(err))
	}
}

func TestOpenEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signet.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), path, Options{})
	if !errors.Is(err, ring.ErrNotFound) {
		t.Errorf("without Create: %v", err)
	}
	db := open(t, path)
	if !db.Created() {
		t.Error("not made")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestOpenNames opens a database under names that SQLite or a URL would take apart, and through
// a symbolic link.
func TestOpenNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a?b=c&mode=ro.db", "100%20#1 d.db", ":memory:", "file:x.db", "ü'\".db", "plain"} {
		path := filepath.Join(dir, name)
		db := open(t, path)
		if err := addOne(t.Context(), db, "one"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
		if _, err := os.Stat(StashPath(path)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	elsewhere := t.TempDir()
	link := filepath.Join(elsewhere, "link.db")
	if err := os.Symlink(filepath.Join(dir, "plain"), link); err != nil {
		t.Fatal(err)
	}
	db := open(t, link)
	if len(sound(t, db)) != 1 || db.Path() != filepath.Join(dir, "plain") || db.Stash() != filepath.Join(dir, "plain.stash") {
		t.Errorf("through the link: %s, %s", db.Path(), db.Stash())
	}
	t.Chdir(dir)
	relative := open(t, "plain")
	if len(sound(t, relative)) != 1 {
		t.Error("a relative path opened another database")
	}
}

func TestStashElsewhere(t *testing.T) {
	dir := t.TempDir()
	stash := filepath.Join(dir, "safe", "place", "key")
	db, err := Open(t.Context(), filepath.Join(dir, "signet.db"), Options{Create: true, Stash: stash})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := addOne(t.Context(), db, "one"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stash); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(StashPath(db.Path())); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a stash beside the database as well: %v", err)
	}
}

// TestStashUnusable checks that nothing is made when the keys could not be kept.
func TestStashUnusable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "signet.db")
	if err := os.WriteFile(StashPath(path), []byte("not an identity"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, path, nil, "stash file")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the database was made: %v", err)
	}
}

func TestMigrationNumbers(t *testing.T) {
	scripts, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if len(scripts) != schemaVersion {
		t.Errorf("%d scripts for schema version %d", len(scripts), schemaVersion)
	}
	for i, s := range scripts {
		if want := fmt.Sprintf("migrations/%04d_", i+1); !strings.HasPrefix(s, want) {
			t.Errorf("script %s, want one that begins with %s", s, want)
		}
	}
}

// TestMigrationsStay checks that no script changes: databases that ran it would never get the
// change. What is new in the schema goes into a script of its own.
func TestMigrationsStay(t *testing.T) {
	for name, want := range map[string]string{
		"migrations/0001_schema.sql":    "b32629d2970d593cf593eb1d04d491f29b5d9e405c87cce8f7012531e31cedac",
		"migrations/0002_functions.sql": "51c09304c6d0641072d589ea7b388ad7bdbdd4034edc265c9701f05809971c3e",
		"migrations/0003_authority.sql": "e9b04e530e63c0db2d2c8f64e9340358ef3569174b2afd3deb33d5443857e4c2",
		"migrations/0004_audit.sql":     "7476ddf4161018dbfc1ccebc9a9cc4502e047182eab1cde7bc65838435d4ddbb",
		"migrations/0005_custody.sql":   "5fafc864676be20623d51acd06fccfffa48d13273c24ed740146a95e212d00b7",
	} {
		script, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(script)); got != want {
			t.Errorf("%s has digest %s, want %s", name, got, want)
		}
	}
}

// TestSettings checks what each connection runs with.
func TestSettings(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "signet.db"))
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "30000",
		"user_version": fmt.Sprint(schemaVersion), "application_id": fmt.Sprint(applicationID),
	} {
		var got string
		if err := db.pool.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", pragma, got, want, err)
		}
	}
}

// TestLocked has a writer that does not end.
func TestLocked(t *testing.T) {
	path := made(t)
	db := open(t, path)
	other, err := Open(t.Context(), path, Options{BusyTimeout: 60 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	nothing := func(ring.Tx) error { return nil }
	hold, held, done := make(chan bool), make(chan bool), make(chan error)
	long := func(db *DB) {
		done <- db.Update(t.Context(), func(tx ring.Tx) error {
			held <- true
			<-hold
			return tx.PutSetting("x", "y")
		})
	}
	go long(db)
	<-held
	start := time.Now()
	err = other.Update(t.Context(), nothing)
	contains(t, err, path, "locked by another process for 60ms")
	if ring.CodeOf(err) != ring.Failed {
		t.Errorf("return code %d", ring.CodeOf(err))
	}
	if waited := time.Since(start); waited < 50*time.Millisecond || waited > 5*time.Second {
		t.Errorf("waited %v", waited)
	}
	if err := other.View(t.Context(), nothing); err != nil {
		t.Errorf("a reader had to wait: %v", err)
	}
	// Cancelled while it waits, for another process and for another goroutine.
	for _, waiting := range []*DB{open(t, path), db} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		start := time.Now()
		if err := waiting.Update(ctx, nothing); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled: %v", err)
		}
		cancel()
		if waited := time.Since(start); waited > 5*time.Second {
			t.Errorf("waited %v after the end", waited)
		}
	}
	hold <- true
	if err := <-done; err != nil {
		t.Error(err)
	}
	go long(other)
	<-held
	contains(t, other.Update(t.Context(), nothing), "another transaction of this process")
	hold <- true
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestBroken checks that nothing is committed after a failure of the engine that fn ignored.
func TestBroken(t *testing.T) {
	db := open(t, made(t))
	err := db.Update(t.Context(), func(x ring.Tx) error {
		if err := x.PutSetting("x", "y"); err != nil {
			return err
		}
		if _, err := x.(*tx).exec("INSERT INTO settings (name) VALUES ('half')"); err == nil {
			t.Error("no failure")
		}
		return nil
	})
	contains(t, err, "NOT NULL", db.Path())
	err = db.View(t.Context(), func(tx ring.Tx) error {
		v, err := tx.Setting("x")
		if v != "" {
			t.Error("committed")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAfterEnd(t *testing.T) {
	db := open(t, made(t))
	var kept ring.Tx
	if err := db.View(t.Context(), func(tx ring.Tx) error { kept = tx; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Setting("x"); !errors.Is(err, sql.ErrTxDone) {
		t.Errorf("error %v", err)
	}
}
