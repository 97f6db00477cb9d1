package ring

import (
	"context"
	"crypto/ed25519"
	"iter"

	"signet/audit"
)

// Trail is what a Tx keeps of what was done with the database (package audit).
type Trail interface {
	// PutEvent adds an event at the end of the trail, behind those that were noted before. One
	// that is there already, by its ID, is not added again. The zero Encoded fails with ErrInvalid.
	PutEvent(audit.Encoded) error
	// AddEvent is PutEvent for an event whose ID was made for it, and which therefore cannot be
	// there: a store need not look.
	AddEvent(audit.Encoded) error
	// Events yields the events that a query asks for, by their time.
	Events(audit.Query) iter.Seq2[audit.Record, error]
	// Records yields those with a number above this one, in the order of the trail.
	Records(above uint64) iter.Seq2[audit.Record, error]
	// TrailState gives what the database says of its trail. One that keeps none is ErrNotFound.
	TrailState() (audit.State, error)
	// Checkpoints yields the checkpoints that are kept in the database, by their number.
	Checkpoints() iter.Seq2[audit.Checkpoint, error]
	// SignTrail signs the trail as it is so far when the transaction ends, and fails when the
	// audit key cannot be opened. What PutEvent adds is signed by itself when it can be.
	SignTrail() error
}

// Notebook is a Store that takes events outside of transactions. What changes nothing is recorded
// there: it need not wait for those who write.
type Notebook interface {
	// Note records an event for the trail, at once and for every process to see. It waits for no
	// writer and for no disk.
	Note(context.Context, audit.Encoded) error
	// TakeNotes brings all that was noted into the trail. Otherwise the next PutEvent does.
	TakeNotes(context.Context) error
}

// TrailKnown is what is known of a trail from elsewhere.
type TrailKnown struct {
	Checkpoints []audit.Checkpoint
	Key         ed25519.PublicKey // nil: not known
}

// VerifyTrail reads the whole trail of a database and holds it against what is signed and what is
// known.
func VerifyTrail(tx Tx, known TrailKnown) (audit.Report, error) {
	state, err := tx.TrailState()
	if err != nil {
		return audit.Report{}, err
	}
	return audit.Verify(tx.Records(0), audit.Known{State: state, Kept: tx.Checkpoints(), Outside: known.Checkpoints, Trusted: known.Key})
}
