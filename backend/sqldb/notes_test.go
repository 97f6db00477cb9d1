package sqldb

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"signet/audit"
	"signet/ring"
)

// TestNotesFile checks the file beside the database: its mode, that it is made on first use, and
// that others who have the database open see what is in it.
func TestNotesFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signet.db")
	one, two := open(t, path), open(t, path)
	put(t, one, 1)
	if _, err := os.Stat(NotesPath(path)); !os.IsNotExist(err) {
		t.Errorf("the file is there before its first use: %v", err)
	}
	if err := one.Note(t.Context(), encoded(act(2))); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(NotesPath(path))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	put(t, two, 3)
	if r := verify(t, one, ring.TrailKnown{}); r.Events != 3 || r.Fault != nil {
		t.Errorf("%+v", r)
	}
	var group sync.WaitGroup
	const each = 60
	for w, db := range []*DB{one, two, one, two} {
		group.Go(func() {
			for i := range each {
				if err := db.Note(t.Context(), encoded(act(1000*(w+1)+i))); err != nil {
					t.Error(err)
				}
				if i%20 == 0 {
					if err := db.TakeNotes(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	if err := one.TakeNotes(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := verify(t, one, ring.TrailKnown{}); r.Events != 3+4*each || r.Fault != nil {
		t.Errorf("%+v", r)
	}
}

// TestNotesTwice has notes that are in the trail and still wait, as after a crash in between.
func TestNotesTwice(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "signet.db"))
	for i := range 5 {
		if err := db.Note(t.Context(), encoded(act(i))); err != nil {
			t.Fatal(err)
		}
	}
	pool, err := db.engine.(*sqliteEngine).openNotes(false)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"CREATE TABLE saved AS SELECT * FROM notes", ""} {
		if s != "" {
			if _, err := pool.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		put(t, db, 10)
		if _, err := pool.Exec("INSERT INTO notes SELECT * FROM saved"); err != nil {
			t.Fatal(err)
		}
	}
	put(t, db, 11)
	if r := verify(t, db, ring.TrailKnown{}); r.Events != 7 || r.Fault != nil {
		t.Errorf("%+v", r)
	}
}

// TestNotesDamaged has files that are no sound SQLite files: they are put aside, the trail says
// so, and the functions that look go on.
func TestNotesDamaged(t *testing.T) {
	for what, damage := range map[string]func(path string) error{
		"garbage": func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("garbage ", 1000)), 0o600) },
		"empty":   func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"pages": func(path string) error {
			data, err := os.ReadFile(path)
			for i := 4096; i < len(data); i++ {
				data[i] = 0xff
			}
			if err != nil {
				return err
			}
			return os.WriteFile(path, data, 0o600)
		},
	} {
		for _, noteFirst := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "signet.db")
			db := open(t, path)
			if err := db.Note(t.Context(), encoded(act(1))); err != nil {
				t.Fatal(err)
			}
			if err := db.engine.(*sqliteEngine).closeNotes(); err != nil {
				t.Fatal(err)
			}
			if err := damage(NotesPath(path)); err != nil {
				t.Fatal(err)
			}
			if noteFirst {
				if err := db.Note(t.Context(), encoded(act(2))); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
			put(t, db, 3)
			if err := db.Note(t.Context(), encoded(act(4))); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			put(t, db, 5)
			var ids []string
			said := false
			for _, r := range recordsOf(t, db) {
				e, err := r.Event()
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, e.Object)
				said = said || e.Function == trailFunction && e.Outcome == audit.Failed
			}
			if got := fmt.Sprint(ids); !strings.Contains(got, "U/3 U/4 U/5") || noteFirst != strings.Contains(got, "U/2") {
				t.Errorf("%s: %v", what, got)
			}
			aside, err := filepath.Glob(NotesPath(path) + ".damaged-*")
			if err != nil || said != (what != "empty") || (len(aside) == 1) != said {
				t.Errorf("%s: said %v, %q, %v", what, said, aside, err)
			}
			if r := verify(t, db, ring.TrailKnown{}); r.Fault != nil {
				t.Errorf("%s: %v", what, r.Fault)
			}
		}
	}
}

// TestNotesRefused has no place for notes: what cannot be recorded is not done.
func TestNotesRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signet.db")
	db := open(t, path)
	if err := os.Mkdir(NotesPath(path), 0o700); err != nil {
		t.Fatal(err)
	}
	err := db.Note(t.Context(), encoded(act(1)))
	failed(t, "a folder in its place", err, NotesPath(path), "what is not recorded is not done")
	if err := os.Remove(NotesPath(path)); err != nil {
		t.Fatal(err)
	}
	if err := db.engine.(*sqliteEngine).closeNotes(); err != nil {
		t.Fatal(err)
	}
	if err := db.Note(t.Context(), encoded(act(1))); err != nil {
		t.Error(err)
	}
}

// TestForeignNote has a note that is no event.
func TestForeignNote(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		if err := db.engine.note(t.Context(), note{event: act(1).ID, body: []byte("rubbish")}); err != nil {
			t.Fatal(err)
		}
		put(t, db, 2)
		records := recordsOf(t, db)
		e, err := records[0].Event()
		if err != nil || len(records) != 2 || e.Function != trailFunction || !strings.Contains(e.Why, "no event") {
			t.Errorf("%+v, %v", e, err)
		}
	})
}
