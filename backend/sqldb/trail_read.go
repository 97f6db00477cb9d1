package sqldb

import (
	"iter"
	"math"
	"time"

	"signet/audit"
	"signet/ring"
)

// TrailState implements ring.Trail.
func (t *tx) TrailState() (audit.State, error) {
	end, err := t.readHead()
	if err != nil {
		return audit.State{}, err
	}
	public, sealed, err := t.auditKeyRecord()
	if err != nil {
		return audit.State{}, err
	}
	s := audit.State{Database: end.database, Seq: end.seq, Hash: end.hash, Key: public, KeyFault: t.keyFault(end, public, sealed)}
	if end.signed.Seq > 0 {
		end.signed.Key = public
		s.Signed = &end.signed
	}
	return s, nil
}

// timeOf gives the time of an event by its number; the zero of all clocks for none.
func (t *tx) timeOf(seq uint64) (time.Time, error) {
	var micro int64
	err := t.optional("SELECT at FROM audit_records WHERE seq = $1", []any{int64(seq)}, &micro)
	return time.UnixMicro(micro).UTC(), err
}

// Checkpoints implements ring.Trail.
func (t *tx) Checkpoints() iter.Seq2[audit.Checkpoint, error] {
	var database string
	var public []byte
	return sequence(t, auditRecords, int64(math.MinInt64), func(after, _ int64, limit int) (page []entry[int64, audit.Checkpoint], err error) {
		if database == "" {
			if database, err = t.readUUID(); err != nil {
				return nil, err
			}
			if public, _, err = t.auditKeyRecord(); err != nil {
				return nil, err
			}
		}
		err = t.each("SELECT seq, hash, at, signature FROM audit_checkpoints WHERE seq > $1 ORDER BY seq LIMIT $2", []any{after, limit}, func(scan func(...any) error) error {
			c := audit.Checkpoint{Database: database, Key: public}
			var seq, micro int64
			var hash []byte
			if err := scan(&seq, &hash, &micro, &c.Signature); err != nil {
				return err
			}
			c.Seq, c.Time = uint64(seq), time.UnixMicro(micro).UTC()
			copy(c.Hash[:], hash)
			page = append(page, entry[int64, audit.Checkpoint]{seq, c})
			return nil
		})
		return page, err
	})
}

const recordColumns = "SELECT seq, event, at, issuer, function, bad, body, prev, hash FROM audit_records"

func scanRecord(database string, scan func(...any) error) (r audit.Record, err error) {
	r.Database = database
	var x audit.Index
	var seq, bad int64
	var prev, hash []byte
	err = scan(&seq, &x.ID, &x.Time, &x.Issuer, &x.Function, &bad, &r.Body, &prev, &hash)
	r.Seq, x.Bad, r.Index = uint64(seq), bad == 1, &x
	copy(r.Prev[:], prev)
	copy(r.Hash[:], hash)
	return r, err
}

// recordPages is sequence for records. fetch is told the UUID of the database.
func recordPages[K any](t *tx, start K, fetch func(database string, after K, bound int64, limit int) ([]entry[K, audit.Record], error)) iter.Seq2[audit.Record, error] {
	database := ""
	return sequence(t, auditRecords, start, func(after K, bound int64, limit int) (page []entry[K, audit.Record], err error) {
		if database == "" {
			if database, err = t.readUUID(); err != nil {
				return nil, err
			}
		}
		return fetch(database, after, bound, limit)
	})
}

// Records implements ring.Trail.
func (t *tx) Records(above uint64) iter.Seq2[audit.Record, error] {
	return recordPages(t, int64(min(above, math.MaxInt64)), func(database string, after, bound int64, limit int) (page []entry[int64, audit.Record], err error) {
		err = t.each(recordColumns+" WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3", []any{after, bound, limit}, func(scan func(...any) error) error {
			r, err := scanRecord(database, scan)
			page = append(page, entry[int64, audit.Record]{int64(r.Seq), r})
			return err
		})
		return page, err
	})
}

// moment is the place of an event in the order of time.
type moment struct{ time, seq int64 }

// Events implements ring.Trail. Of the conditions one leads, by its index, together with the time;
// what fits the others is picked from what it finds.
func (t *tx) Events(q audit.Query) iter.Seq2[audit.Record, error] {
	lead, args := "", []any(nil)
	switch {
	case q.Issuer != "":
		lead, args = "issuer = $5 AND ", []any{q.Issuer}
	case q.Bad:
		lead = "bad = 1 AND "
	case q.Function != "":
		lead, args = "function = $5 AND ", []any{q.Function}
	}
	from, until := q.Period()
	// Two statements each, as for CertificatesExpiring.
	same := recordColumns + " WHERE " + lead + "at = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4"
	other := recordColumns + " WHERE " + lead + "at > $1 AND at < $2 AND seq <= $3 ORDER BY at, seq LIMIT $4"
	start, end := moment{from - 1, math.MaxInt64}, until
	if q.Newest {
		same = recordColumns + " WHERE " + lead + "at = $1 AND seq < $2 AND seq <= $3 ORDER BY seq DESC LIMIT $4"
		other = recordColumns + " WHERE " + lead + "at < $1 AND at > $2 AND seq <= $3 ORDER BY at DESC, seq DESC LIMIT $4"
		start, end = moment{until, math.MinInt64}, from-1
	}
	found := recordPages(t, start, func(database string, after moment, bound int64, limit int) (page []entry[moment, audit.Record], err error) {
		row := func(scan func(...any) error) error {
			r, err := scanRecord(database, scan)
			page = append(page, entry[moment, audit.Record]{moment{r.Index.Time, int64(r.Seq)}, r})
			return err
		}
		err = t.each(same, append([]any{after.time, after.seq, bound, limit}, args...), row)
		if err == nil && len(page) < limit {
			err = t.each(other, append([]any{after.time, end, bound, limit - len(page)}, args...), row)
		}
		return page, err
	})
	return func(yield func(audit.Record, error) bool) {
		for r, err := range found {
			if err == nil && !asked(&q, &r) {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// asked reports whether a record is asked for. One that cannot be read is not hidden by a condition
// on what it says.
func asked(q *audit.Query, r *audit.Record) bool {
	if !q.MatchesIndex(*r.Index) {
		return false
	}
	if q.Object == "" {
		return true
	}
	e, err := r.Event()
	return err != nil || q.Matches(e)
}

var _ ring.Trail = (*tx)(nil)
