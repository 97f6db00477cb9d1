package sqldb

import (
	"path/filepath"
	"testing"

	"signet/internal/oracle"
)

// place is an empty place on the shared server, with the stash file of its database.
type place struct{ url, stash string }

func newPlace(t testing.TB) place {
	t.Helper()
	p := oracle.SharedPostgres(t)
	return place{p.URL("tests", p.Schema(t)), filepath.Join(t.TempDir(), "stash")}
}

// openAt opens the database at a place, which it makes if need be, until the end of the test.
func openAt(t testing.TB, at place) *DB {
	t.Helper()
	db, err := OpenPostgres(t.Context(), at.url, Options{Create: true, Stash: at.stash})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
