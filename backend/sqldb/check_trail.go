package sqldb

import (
	"fmt"
	"time"

	"signet/audit"
	"signet/ring"
)

// trail verifies the audit trail. What happened to it cannot be repaired; but a trail whose end is
// not where its head says can be made to go on from its last event, with an event that says so.
func (c *checker) trail() error {
	report, err := ring.VerifyTrail(c.t, ring.TrailKnown{})
	if err != nil {
		return err
	}
	if report.Fault != nil {
		object := fmt.Sprintf("event %d", report.Fault.Seq)
		if report.Fault.Seq == 0 {
			object = "audit trail"
		}
		c.found(Finding{Word: "trail", Object: object, Text: string(report.Fault.Kind) + ": " + report.Fault.Text})
	}
	head, err := c.t.readHead()
	if err != nil {
		return err
	}
	last, err := c.t.lastPlace(head.database)
	if err != nil || last == head.recordPlace {
		return err
	}
	text := fmt.Sprintf("the head of the audit trail names event %d and its last event is %d, or another", head.seq, last.seq)
	c.found(Finding{Word: "trail-end", Object: "audit trail", Text: text, Repair: "go on from the last event, and record that",
		fix: func(t *tx) error { return t.mendTrail(last, text) }})
	return nil
}

// lastPlace gives the place of the record with the highest number.
func (t *tx) lastPlace(database string) (last recordPlace, err error) {
	last.hash = audit.First(database)
	var seq int64
	var hash []byte
	if err := t.optional("SELECT seq, hash FROM audit_records ORDER BY seq DESC LIMIT 1", nil, &seq, &hash); err != nil || seq == 0 {
		return last, err
	}
	last.seq, last.hash = uint64(seq), audit.Hash{}
	copy(last.hash[:], hash)
	return last, nil
}

// mendTrail sets the head of the trail behind its last record. A signature that says otherwise is
// kept.
func (t *tx) mendTrail(last recordPlace, found string) error {
	none := []byte{}
	_, err := t.exec("INSERT INTO audit_head (one, seq, hash, signed_seq, signed_hash, signed_time, signature) VALUES (1, $1, $2, 0, $3, 0, $4)"+
		" ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash", int64(last.seq), last.hash[:], none, none)
	if err != nil {
		return err
	}
	e, err := audit.Encode(&audit.Event{ID: audit.NewID(), Time: time.Now(), Function: trailFunction, Outcome: audit.Done, Why: "db check --repair trail-end: " + found})
	if err != nil {
		return err
	}
	return t.PutEvent(e)
}
