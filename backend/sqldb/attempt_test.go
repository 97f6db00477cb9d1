package sqldb

import (
	"context"
	"errors"
	"testing"

	"signet/ring"
)

// TestAttemptBrokenOff has a part panic of which somebody takes the panic: the rest cannot be kept.
func TestAttemptBrokenOff(t *testing.T) {
	db, err := Open(t.Context(), crowded(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ref := ring.RingRef{Owner: "WEBSRV", Name: "HALF"}
	err = db.Update(t.Context(), func(tx ring.Tx) error {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not go on")
			}
		}()
		return tx.Attempt(func() error {
			if err := tx.AddRing(&ring.Ring{Owner: ref.Owner, Name: ref.Name, Created: now()}); err != nil {
				t.Error(err)
			}
			panic("half done")
		})
	})
	if !errors.Is(err, errBrokenOff) {
		t.Errorf("the end: %v", err)
	}
	if err := db.View(context.Background(), func(tx ring.Tx) error { _, err := tx.Ring(ref); return err }); !errors.Is(err, ring.ErrNotFound) {
		t.Errorf("the ring: %v", err)
	}
}
