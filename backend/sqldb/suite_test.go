package sqldb

import (
	"path/filepath"
	"testing"

	"signet/backend/backendtest"
	"signet/ring"
)

// open opens the database at path, which it makes if need be, until the end of the test.
func open(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path, Options{Create: true})
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

func TestStore(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) ring.Store {
		return open(t, filepath.Join(t.TempDir(), "signet.db"))
	}, backendtest.Everything())
}
