package sqldb

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"signet/audit"
	"signet/ring"
)

// trailEnd is the end of the audit trail in a transaction. It is read when the first event comes,
// and written once, at the end of the transaction.
type trailEnd struct {
	open     bool
	database string
	recordPlace
	signed   audit.Checkpoint // Seq 0: never
	last     time.Time        // of the last event that this transaction added; zero for none
	mustSign bool
	taken    int64 // the place of the last note that was taken into the trail
}

// recordPlace is a number in the trail with the hash of its record.
type recordPlace struct {
	seq  uint64
	hash audit.Hash
}

// PutEvent implements ring.Trail.
func (t *tx) PutEvent(e audit.Encoded) error {
	if err := t.beforeEvent(e); err != nil {
		return err
	}
	return t.appendEvent(e)
}

// AddEvent implements ring.Trail.
func (t *tx) AddEvent(e audit.Encoded) error {
	if err := t.beforeEvent(e); err != nil {
		return err
	}
	r, args := t.nextRecord(e)
	if err := t.later(insertRecord, 1, args...); err != nil {
		return err
	}
	t.added[auditRecords] = append(t.added[auditRecords], int64(r.Seq))
	t.trail.append(r, e)
	return nil
}

// beforeEvent gets the trail ready for an event.
func (t *tx) beforeEvent(e audit.Encoded) error {
	switch {
	case t.readOnly:
		return t.fail(errReadOnly)
	case e.Body() == nil:
		return noEvent()
	}
	return t.openTrail()
}

func noEvent() error { return fmt.Errorf("trail: there is no event: %w", ring.ErrInvalid) }

// SignTrail implements ring.Trail.
func (t *tx) SignTrail() error {
	if t.readOnly {
		return t.fail(errReadOnly)
	}
	if err := t.openTrail(); err != nil {
		return err
	}
	t.trail.mustSign = true
	_, _, err := t.dataKeys() // now, while a passphrase can still be asked for
	return err
}

// openTrail reads the end of the trail, and takes in what was noted. A trail that does not end
// where its head says is not continued: that would cover up what happened to it.
func (t *tx) openTrail() error {
	if t.trail.open {
		return nil
	}
	end, err := t.readHead()
	if err != nil {
		return err
	}
	last, err := t.recordsFrom(end)
	if err != nil {
		return err
	}
	if last != end.recordPlace {
		return fmt.Errorf("database %q: the audit trail does not end where its head says: it was changed from outside, and nothing can be added to it;"+
			" signet audit verify says where, and signet db check --repair trail-end lets it go on", t.db.path)
	}
	if err := t.keepContradiction(end); err != nil {
		return err
	}
	t.trail = end
	return t.takeNotes()
}

// readHead reads what the database says of the end of its trail.
func (t *tx) readHead() (end trailEnd, err error) {
	if end.database, err = t.readUUID(); err != nil {
		return end, err
	}
	end.open, end.hash, end.signed.Database = true, audit.First(end.database), end.database
	var hash, signedHash []byte
	var signedTime int64
	err = t.one("SELECT seq, hash, signed_seq, signed_hash, signed_time, signature FROM audit_head WHERE one = 1", nil,
		&end.seq, &hash, &end.signed.Seq, &signedHash, &signedTime, &end.signed.Signature)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return end, nil
	case err != nil:
		return end, err
	}
	copy(end.hash[:], hash)
	copy(end.signed.Hash[:], signedHash)
	end.signed.Time = time.UnixMicro(signedTime).UTC()
	return end, nil
}

// recordsFrom gives the place of the record at the end of the trail. Where a record comes behind
// it, it gives that one's.
func (t *tx) recordsFrom(end trailEnd) (last recordPlace, err error) {
	last.hash = audit.First(end.database)
	err = t.each("SELECT seq, hash FROM audit_records WHERE seq > $1 ORDER BY seq LIMIT 2", []any{int64(end.seq) - 1}, func(scan func(...any) error) error {
		var hash []byte
		if err := scan(&last.seq, &hash); err != nil {
			return err
		}
		last.hash = audit.Hash{}
		copy(last.hash[:], hash)
		return nil
	})
	return last, err
}

// keepContradiction keeps a signature that the trail does not bear out any more, as when its end
// was cut off. The next signature would take its place, and nothing would tell of it.
func (t *tx) keepContradiction(end trailEnd) error {
	if end.signed.Seq < end.seq || end.signed.Seq == end.seq && (end.seq == 0 || end.signed.Hash == end.hash) {
		return nil
	}
	return t.keep(end.signed)
}

// insertRecord adds a record to the trail.
const insertRecord = "INSERT INTO audit_records (seq, event, at, issuer, function, bad, body, prev, hash)" +
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"

// nextRecord gives the record of an event at the end of the trail, and its columns.
func (t *tx) nextRecord(e audit.Encoded) (audit.Record, []any) {
	x := e.Index()
	r := audit.Next(t.trail.database, t.trail.hash, t.trail.seq+1, e.Body())
	return r, []any{int64(r.Seq), x.ID, x.Time, x.Issuer, x.Function, bit(x.Bad), r.Body, r.Prev[:], r.Hash[:]}
}

// append moves the end of the trail to a record that was added.
func (end *trailEnd) append(r audit.Record, e audit.Encoded) {
	end.recordPlace, end.last = recordPlace{r.Seq, r.Hash}, time.UnixMicro(e.Index().Time).UTC()
}

// appendEvent adds an event to the trail, if it is not there yet.
func (t *tx) appendEvent(e audit.Encoded) error {
	r, args := t.nextRecord(e)
	var seq int64
	err := t.insert(auditRecords, insertRecord+" ON CONFLICT (event) DO NOTHING RETURNING seq", args, &seq)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	t.trail.append(r, e)
	return nil
}

// endTrail writes the end of the trail, signed if the audit key can be opened without asking
// anybody. One signature covers all events of the transaction.
func (t *tx) endTrail() error {
	end := &t.trail
	if !end.mustSign && end.last.IsZero() {
		return nil
	}
	err := t.sign()
	switch {
	case t.broken != nil:
		return t.broken
	case err != nil && end.mustSign:
		return err
	}
	s := &end.signed
	if s.Signature == nil {
		s.Signature = []byte{}
	}
	signedTime := int64(0)
	if s.Seq > 0 {
		signedTime = s.Time.UnixMicro()
	}
	_, err = t.exec("INSERT INTO audit_head (one, seq, hash, signed_seq, signed_hash, signed_time, signature) VALUES (1, $1, $2, $3, $4, $5, $6)"+
		" ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, signed_seq = excluded.signed_seq,"+
		" signed_hash = excluded.signed_hash, signed_time = excluded.signed_time, signature = excluded.signature",
		int64(end.seq), end.hash[:], int64(s.Seq), s.Hash[:], signedTime, s.Signature)
	if err != nil || s.Seq != end.seq || s.Seq == 0 {
		return err
	}
	var kept int64
	err = t.optional("SELECT seq FROM audit_checkpoints WHERE seq > $1 ORDER BY seq LIMIT 1", []any{int64(s.Seq) - keepEvery}, &kept)
	if err != nil || kept > 0 {
		return err
	}
	return t.keep(*s)
}

// keepEvery is how many events there are at least between two checkpoints that are kept.
const keepEvery = 1024

// keep keeps a checkpoint in the database.
func (t *tx) keep(c audit.Checkpoint) error {
	_, err := t.exec("INSERT INTO audit_checkpoints (seq, hash, at, signature) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		int64(c.Seq), c.Hash[:], c.Time.UnixMicro(), c.Signature)
	return err
}
