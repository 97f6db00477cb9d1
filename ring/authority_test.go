package ring_test

import (
	"path/filepath"
	"testing"
	"time"

	"signet/backend/sqldb"
	"signet/export"
	"signet/ring"
	"signet/ring/ringtest"
)

// world is a database with ADMIN as its founder.
func world(t *testing.T) ringtest.World {
	t.Helper()
	store, err := sqldb.Open(t.Context(), filepath.Join(t.TempDir(), "signet.db"), sqldb.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if err := ring.Found(t.Context(), store, ringtest.Admin, time.Now()); err != nil {
		t.Fatal(err)
	}
	return ringtest.World{As: func(_ *testing.T, user ring.Owner) *ring.Manager {
		return ring.NewManager(ring.Config{Store: store, Codec: export.Codec{}, Issuer: user})
	}}
}

func TestAuthorityMatrices(t *testing.T) { ringtest.Matrices(t, world(t)) }

func TestAuthorityAttempts(t *testing.T) { ringtest.Attempts(t, world) }
