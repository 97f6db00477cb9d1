package sqldb

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/ring"
	"signet/saf"
)

var scriptStep = regexp.MustCompile(`(?m)^(?:CREATE (?:UNIQUE )?(TABLE|INDEX) (\w+)|ALTER TABLE (\w+) ADD COLUMN (\w+)|DROP INDEX (\w+);|(ALTER TABLE meta DROP COLUMN data_key);)`)

// backTo gives the statements that take a database of this version back to an older one: what
// the scripts since then made goes, and what they dropped comes again.
func backTo(t *testing.T, pattern string, version int) []string {
	t.Helper()
	names, err := fs.Glob(migrations, pattern)
	if err != nil || len(names) != schemaVersion {
		t.Fatal(names, err)
	}
	var undo []string
	var older string
	for i, name := range names {
		script, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range scriptStep.FindAllStringSubmatch(string(script), -1) {
			switch {
			case i < version:
			case m[1] != "":
				undo = append(undo, "DROP "+m[1]+" "+m[2])
			case m[3] != "":
				undo = append(undo, "ALTER TABLE "+m[3]+" DROP COLUMN "+m[4])
			case m[6] != "":
				kind := "BLOB"
				if strings.Contains(pattern, "postgres") {
					kind = "BYTEA"
				}
				undo = append(undo, "UPDATE meta SET data_key = (SELECT wrapped FROM data_keys)", "ALTER TABLE meta ADD COLUMN data_key "+kind)
			default:
				undo = append(undo, regexp.MustCompile(`CREATE (UNIQUE )?INDEX `+m[5]+` [^;]*`).FindString(older))
			}
		}
		older += string(script)
	}
	slices.Reverse(undo) // indexes before their tables, tables before those that they refer to
	return undo
}

// populateOld fills a database with what an older version could have had, before it is taken
// back to that version: a certificate with its key, and RACLISTed classes among others.
func populateOld(t *testing.T, db *DB) {
	t.Helper()
	if err := addOne(t.Context(), db, "one"); err != nil {
		t.Fatal(err)
	}
	err := db.Update(t.Context(), func(tx ring.Tx) error {
		for _, class := range []string{"FACILITY", "RDATALIB"} {
			if err := tx.PutClass(saf.Class{Name: class, Active: true, RacList: class == "FACILITY", Generic: true}); err != nil {
				return err
			}
			for _, name := range []string{"A.B", "A.**", "A.*", "É%", "X"} {
				p := &saf.Profile{Class: class, Name: name, Generic: saf.IsPattern(name), UACC: saf.Read, Owner: "O", Data: "d", ApplData: "a", Level: 3,
					Audit: "ALL(READ)", Notify: "N", Warning: name == "X", CreatedBy: "C",
					Access: []saf.Entry{{ID: "U", Access: saf.Update}, {ID: "*", Access: saf.None, When: "PROGRAM(P)"}}}
				if err := tx.PutProfile(p); err != nil {
					return err
				}
			}
		}
		return tx.TakeSnapshot("FACILITY")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// migrated checks what has become of populateOld.
func migrated(t *testing.T, db *DB, from int) {
	t.Helper()
	if db.Created() || len(soundAt(t, db)) != 1 {
		t.Errorf("the certificate of version %d is gone", from)
	}
	err := db.Update(t.Context(), func(tx ring.Tx) error {
		for resource, want := range map[string][]string{"A.B": {"A.B", "A.*", "A.**"}, "A": {"A.**"}, "ÉX": {"É%"}, "X": {"X"}, "B": nil} {
			for class, listed := range map[string][]string{"FACILITY": want, "RDATALIB": nil} {
				live, err := protectors(tx, class, resource, false)
				if err != nil {
					return err
				}
				if !slices.Equal(live, want) {
					t.Errorf("from version %d: %s %s is protected by %q", from, class, resource, live)
				}
				snapshot, err := protectors(tx, class, resource, true)
				if err != nil {
					return err
				}
				if !slices.Equal(snapshot, listed) {
					t.Errorf("from version %d: in the snapshot %s %s is protected by %q", from, class, resource, snapshot)
				}
			}
		}
		return tx.RetireKey([]byte("key"))
	})
	if err != nil {
		t.Error(err)
	}
}

// protectors gives the names of the profiles that cover a resource, each of which is as it is
// among all profiles.
func protectors(tx ring.Tx, class, resource string, listed bool) (names []string, err error) {
	for p, err := range tx.Protecting(class, resource, listed) {
		if err != nil {
			return nil, err
		}
		whole, err := tx.Profile(class, p.Name)
		if err != nil {
			return nil, err
		}
		if d := cmp.Diff(whole, p); d != "" || len(p.Access) != 2 {
			return nil, fmt.Errorf("profile %s: %s", p.Name, d)
		}
		names = append(names, p.Name)
	}
	return names, nil
}

// TestMigrate brings databases of each older version to this one.
func TestMigrate(t *testing.T) {
	for from := 1; from < schemaVersion; from++ {
		path := filepath.Join(t.TempDir(), "signet.db")
		db, err := Open(t.Context(), path, Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		populateOld(t, db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		raw(t, path, append(backTo(t, "migrations/*.sql", from), fmt.Sprintf("PRAGMA user_version = %d", from))...)
		db = open(t, path)
		sound(t, db)
		migrated(t, db, from)
	}
}

// TestPostgresMigrate does the same on a server, and is told of it before.
func TestPostgresMigrate(t *testing.T) {
	for from := 1; from < schemaVersion; from++ {
		at := newPlace(t)
		populateOld(t, openAt(t, at))
		at.raw(t, append(backTo(t, "migrations/postgres/*.sql", from), fmt.Sprintf("UPDATE signet_version SET version = %d", from))...)
		told := ""
		db, err := OpenPostgres(t.Context(), at.url, Options{Stash: at.stash, Migrating: func(from, to int) { told += fmt.Sprintf("from %d to %d;", from, to) }})
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("from %d to %d;", from, schemaVersion); told != want {
			t.Errorf("told %q, want %q", told, want)
		}
		migrated(t, db, from)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
