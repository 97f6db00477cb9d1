package sqldb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"signet/audit"
	"signet/ring"
)

// note is an event outside of the trail, on its way there.
type note struct {
	place int64 // where it waits; later ones have higher places
	event string
	body  []byte
}

// notesTaken is how many notes one transaction takes into the trail, so that nobody waits long on
// behalf of others.
const notesTaken = 1024

var _ ring.Notebook = (*DB)(nil)

// Note implements ring.Notebook.
func (db *DB) Note(ctx context.Context, e audit.Encoded) error {
	if e.Body() == nil {
		return noEvent()
	}
	return db.engine.note(ctx, note{event: e.Index().ID, body: e.Body()})
}

// TakeNotes implements ring.Notebook. It takes them in steps, between which others may write.
func (db *DB) TakeNotes(ctx context.Context) error {
	for {
		waiting := false
		err := db.View(ctx, func(x ring.Tx) error {
			some, err := db.engine.notes(x.(*tx), 1)
			waiting = len(some) > 0
			return err
		})
		if err != nil || !waiting {
			return err
		}
		if err := db.Update(ctx, func(x ring.Tx) error { return x.(*tx).openTrail() }); err != nil {
			return err
		}
	}
}

// takeAlong is TakeNotes before the content of the database is read as a whole. A trail that cannot
// be added to is copied as it is, and what was noted stays.
func (db *DB) takeAlong(ctx context.Context) { _ = db.TakeNotes(ctx) }

// takeNotes takes what was noted into the trail. When the transaction ends in between, or the
// notes are not removed afterwards, they come again, and their IDs tell that they are there.
func (t *tx) takeNotes() error {
	notes, err := t.db.engine.notes(t, notesTaken)
	if err != nil {
		return err
	}
	for _, n := range notes {
		e, err := audit.Recode(n.body)
		if err != nil {
			if e, err = audit.Encode(unreadable(n)); err != nil {
				return err
			}
		}
		if err := t.appendEvent(e); err != nil {
			return err
		}
		t.trail.taken = n.place
	}
	return nil
}

// unreadable stands for a note that is no event: somebody wrote it who is not this program. Its ID
// comes from the note, so that it is counted once.
func unreadable(n note) *audit.Event {
	sum := sha256.Sum256(n.body)
	return &audit.Event{ID: hex.EncodeToString(sum[:16]), Time: time.Now(), Function: trailFunction, Outcome: audit.Failed, Code: int(ring.Failed),
		Why: fmt.Sprintf("a note of %d bytes that waited for the trail was no event", len(n.body))}
}

// trailFunction is the function of events about the trail itself.
const trailFunction = "TRAIL"
