package sqldb

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/audit"
	"signet/ring"
)

// act makes an event.
func act(n int) *audit.Event {
	return &audit.Event{ID: fmt.Sprintf("%032x", n), Time: time.Unix(1_800_000_000+int64(n), 0), Issuer: "ADMIN", Function: "ADD", Object: fmt.Sprintf("U/%d", n),
		Decision: audit.Allowed, Outcome: audit.Done}
}

func encoded(e *audit.Event) audit.Encoded {
	encoded, err := audit.Encode(e)
	if err != nil {
		panic(err)
	}
	return encoded
}

// put adds events in one transaction.
func put(t testing.TB, db *DB, numbers ...int) {
	t.Helper()
	err := db.Update(t.Context(), func(x ring.Tx) error {
		for _, n := range numbers {
			if err := x.PutEvent(encoded(act(n))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func verify(t testing.TB, db *DB, known ring.TrailKnown) (report audit.Report) {
	t.Helper()
	err := db.View(t.Context(), func(x ring.Tx) (err error) {
		report, err = ring.VerifyTrail(x, known)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func stateOf(t testing.TB, db *DB) (s audit.State) {
	t.Helper()
	err := db.View(t.Context(), func(x ring.Tx) (err error) { s, err = x.TrailState(); return err })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func recordsOf(t testing.TB, db *DB) (all []audit.Record) {
	t.Helper()
	err := db.View(t.Context(), func(x ring.Tx) error {
		for r, err := range x.Records(0) {
			if err != nil {
				return err
			}
			all = append(all, r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// onBoth runs a test on a database of each engine.
func onBoth(t *testing.T, test func(t *testing.T, db *DB)) {
	for _, server := range []bool{false, true} {
		db, err := newTarget(t, server).Open(t.Context(), Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Run(db.engine.name(), func(t *testing.T) { test(t, db) })
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// sql runs statements behind the back of the program.
func (db *DB) sql(t *testing.T, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.pool.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// TestTampering changes, removes, swaps and puts in every record of a trail, in the tables of both
// engines: verify names that one.
func TestTampering(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		const n = 7
		for i := range n {
			put(t, db, i+1)
		}
		db.sql(t, "CREATE TABLE audit_saved AS SELECT * FROM audit_records")
		records := recordsOf(t, db)
		forged := encoded(act(99)).Body()
		const up, down = "UPDATE audit_records SET seq = seq + 1001 WHERE seq >= %d; UPDATE audit_records SET seq = seq - 1000 WHERE seq > 1000",
			"UPDATE audit_records SET seq = seq + 999 WHERE seq > %d; UPDATE audit_records SET seq = seq - 1000 WHERE seq > 1000"
		for seq := 1; seq <= n; seq++ {
			r := records[seq-1]
			other := seq%n + 1
			insert := func(r audit.Record) func() {
				return func() {
					db.sql(t, strings.Split(fmt.Sprintf(up, seq), "; ")...)
					_, err := db.pool.Exec("INSERT INTO audit_records VALUES ($1, $2, $3, 'ADMIN', 'ADD', 0, $4, $5, $6)",
						seq, act(99).ID, act(99).Time.UnixMicro(), r.Body, r.Prev[:], r.Hash[:])
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			statements := func(list string, args ...any) func() {
				return func() { db.sql(t, strings.Split(fmt.Sprintf(list, args...), "; ")...) }
			}
			update := func(body []byte, hash audit.Hash) func() {
				return func() {
					if _, err := db.pool.Exec("UPDATE audit_records SET body = $1, hash = $2 WHERE seq = $3", body, hash[:], seq); err != nil {
						t.Fatal(err)
					}
				}
			}
			whole := audit.Next(stateOf(t, db).Database, r.Prev, uint64(seq), forged)
			for what, tamper := range map[string]func(){
				"the issuer in the body":        update([]byte(strings.Replace(string(r.Body), "ADMIN", "OTHER", 1)), r.Hash),
				"a byte of the body":            update(append(slices.Clone(r.Body), ' '), r.Hash),
				"body and hash":                 update(forged, whole.Hash),
				"the hash":                      update(r.Body, whole.Hash),
				"no hash":                       statements("UPDATE audit_records SET hash = prev WHERE seq = %d", seq),
				"the column issuer":             statements("UPDATE audit_records SET issuer = 'OTHER' WHERE seq = %d", seq),
				"the column function":           statements("UPDATE audit_records SET function = 'LIST' WHERE seq = %d", seq),
				"the column bad":                statements("UPDATE audit_records SET bad = 1 WHERE seq = %d", seq),
				"the column at":                 statements("UPDATE audit_records SET at = at + 1 WHERE seq = %d", seq),
				"the column event":              statements("UPDATE audit_records SET event = 'x' WHERE seq = %d", seq),
				"removed":                       statements("DELETE FROM audit_records WHERE seq = %d", seq),
				"removed and renumbered":        statements("DELETE FROM audit_records WHERE seq = %d; "+down, seq, seq),
				"a copy put in and renumbered":  insert(records[other-1]),
				"a forged one put in":           insert(audit.Record{Body: forged}),
				"a forged one with its hash in": insert(whole),
				"swapped with another": statements("UPDATE audit_records SET seq = 1000 WHERE seq = %[1]d; UPDATE audit_records SET seq = %[1]d WHERE seq = %[2]d;"+
					" UPDATE audit_records SET seq = %[2]d WHERE seq = 1000", seq, other),
			} {
				want := uint64(seq)
				if what == "swapped with another" {
					want = uint64(min(seq, other))
				}
				tamper()
				f := verify(t, db, ring.TrailKnown{}).Fault
				if f == nil || f.Seq != want || f.Last != want || !strings.HasPrefix(f.Error(), fmt.Sprintf("event %d: ", want)) {
					t.Errorf("event %d: %s: %+v", seq, what, f)
				}
				db.sql(t, "DELETE FROM audit_records", "INSERT INTO audit_records SELECT * FROM audit_saved")
			}
		}
		// All that follow made anew, and the head with them: only the signature tells.
		prev := records[1].Prev
		for i := 1; i < n; i++ {
			body := records[i].Body
			if i == 1 {
				body = forged
			}
			r := audit.Next(stateOf(t, db).Database, prev, uint64(i+1), body)
			prev = r.Hash
			if _, err := db.pool.Exec("UPDATE audit_records SET body = $1, prev = $2, hash = $3, at = CASE WHEN seq = 2 THEN $5 ELSE at END, event = CASE WHEN seq = 2 THEN $6 ELSE event END WHERE seq = $4",
				r.Body, r.Prev[:], r.Hash[:], i+1, act(99).Time.UnixMicro(), act(99).ID); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.pool.Exec("UPDATE audit_head SET hash = $1", prev[:]); err != nil {
			t.Fatal(err)
		}
		if f := verify(t, db, ring.TrailKnown{}).Fault; f == nil || f.Kind != audit.Rewritten || f.Seq != 2 || f.Last != n {
			t.Errorf("made anew: %+v", f)
		}
		// And signed by a stranger.
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		s := stateOf(t, db)
		c := audit.Checkpoint{Database: s.Database, Seq: n, Hash: prev, Time: time.Unix(1, 0)}
		c.Sign(private)
		for statement, args := range map[string][]any{
			"UPDATE audit_head SET signed_hash = $1, signed_time = 1000000, signature = $2": {prev[:], c.Signature},
			"UPDATE audit_key SET public_key = $1":                                          {[]byte(public)},
			"DELETE FROM audit_checkpoints":                                                 nil,
		} {
			if _, err := db.pool.Exec(statement, args...); err != nil {
				t.Fatal(err)
			}
		}
		if f := verify(t, db, ring.TrailKnown{}).Fault; f == nil || f.Kind != audit.WrongKey {
			t.Errorf("signed by a stranger: %+v", f)
		}
	})
}

// TestEndOfTrail has an end that is not where the head says: nothing is added until it is mended,
// and what was signed before stays known.
func TestEndOfTrail(t *testing.T) {
	for what, tamper := range map[string]string{
		"last gone":             "DELETE FROM audit_records WHERE seq = 5",
		"one behind it":         "INSERT INTO audit_records SELECT 6, 'x', at, issuer, function, bad, body, prev, hash FROM audit_records WHERE seq = 5",
		"another head":          "UPDATE audit_head SET seq = 4",
		"another hash":          "UPDATE audit_head SET hash = signature",
		"no head":               "DELETE FROM audit_head",
		"all gone but the head": "DELETE FROM audit_records",
	} {
		onBoth(t, func(t *testing.T, db *DB) {
			put(t, db, 1, 2, 3, 4, 5)
			db.sql(t, tamper)
			err := db.Update(t.Context(), func(x ring.Tx) error { return x.PutEvent(encoded(act(7))) })
			failed(t, what, err, "audit trail", "audit verify", "--repair trail-end")
			before := verify(t, db, ring.TrailKnown{}).Fault
			if before == nil {
				t.Errorf("%s: not found", what)
			}
			var found []string
			check := func(repair ...string) {
				found = nil
				if _, err := db.Check(t.Context(), CheckOptions{Repair: repair, Found: func(f Finding) { found = append(found, f.Word) }}); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
			}
			check("trail-end")
			if !slices.Equal(found, []string{"trail", "trail-end"}) {
				t.Errorf("%s: %q", what, found)
			}
			put(t, db, 7)
			check()
			if slices.Contains(found, "trail-end") {
				t.Errorf("%s: after the repair: %q", what, found)
			}
			after := verify(t, db, ring.TrailKnown{}).Fault
			if after == nil && what != "another head" && what != "another hash" && what != "no head" {
				t.Errorf("%s: the repair covers it up", what)
			}
			if last := recordsOf(t, db); !strings.Contains(string(last[len(last)-2].Body), "trail-end") {
				t.Errorf("%s: no event says so", what)
			}
		})
	}
}

// TestCutAndContinued cuts the end off and moves the head with it, as an old state would be. What
// comes next must not make that unknown.
func TestCutAndContinued(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		put(t, db, 1, 2, 3, 4, 5)
		db.sql(t, "DELETE FROM audit_records WHERE seq > 3", "UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit_records WHERE seq = 3)")
		put(t, db, 6)
		if f := verify(t, db, ring.TrailKnown{}).Fault; f == nil || f.Kind != audit.Truncated || f.Seq != 5 {
			t.Errorf("%+v", f)
		}
		put(t, db, 7, 8)
		if f := verify(t, db, ring.TrailKnown{}).Fault; f == nil || f.Kind != audit.Rewritten || f.Last != 5 {
			t.Errorf("%+v", f)
		}
	})
}

// TestUnsigned works without the stash file: events are chained, and signed later.
func TestUnsigned(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		put(t, db, 1)
		aside := db.stash + ".aside"
		if err := os.Rename(db.stash, aside); err != nil {
			t.Fatal(err)
		}
		db.keys.clear()
		put(t, db, 2, 3)
		put(t, db, 4)
		if r := verify(t, db, ring.TrailKnown{}); r.Fault != nil || r.Events != 4 || r.Unsigned() != 3 {
			t.Errorf("%+v", r)
		}
		if err := db.Update(t.Context(), func(x ring.Tx) error { return x.SignTrail() }); err == nil {
			t.Error("signed without the stash file")
		}
		if err := os.Rename(aside, db.stash); err != nil {
			t.Fatal(err)
		}
		if err := db.Update(t.Context(), func(x ring.Tx) error { return x.SignTrail() }); err != nil {
			t.Error(err)
		}
		r := verify(t, db, ring.TrailKnown{})
		if r.Fault != nil || r.Unsigned() != 0 || !stateOf(t, db).Signed.Time.Equal(act(4).Time) {
			t.Errorf("%+v", r)
		}
		// The key that was removed is not replaced by another.
		db.sql(t, "DELETE FROM audit_key")
		put(t, db, 5)
		if f := verify(t, db, ring.TrailKnown{}).Fault; f == nil || f.Kind != audit.WrongKey {
			t.Errorf("%+v", f)
		}
	})
}

// TestOldCopyPutBack puts an old file over a newer one: nothing inside can tell, the checkpoint
// outside does.
func TestOldCopyPutBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signet.db")
	reopen := func() *DB {
		db, err := Open(t.Context(), path, Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := reopen()
	put(t, db, 1, 2, 3)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	db = reopen()
	put(t, db, 4)
	newer := *stateOf(t, db).Signed
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	known := ring.TrailKnown{Checkpoints: []audit.Checkpoint{newer}, Key: newer.Key}
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	db = reopen()
	if r := verify(t, db, ring.TrailKnown{}); r.Fault != nil {
		t.Errorf("the old copy is whole: %+v", r.Fault)
	}
	if f := verify(t, db, known).Fault; f == nil || f.Kind != audit.OldCopy || f.Seq != 4 {
		t.Errorf("%+v", f)
	}
	put(t, db, 5, 6)
	if f := verify(t, db, known).Fault; f == nil || f.Kind != audit.Rewritten || f.Last != 4 {
		t.Errorf("%+v", f)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestOneSignature checks that a transaction signs once, however many events it has.
func TestOneSignature(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		all := make([]int, 3000)
		for i := range all {
			all[i] = i + 1
		}
		put(t, db, all...)
		var kept int
		if err := db.pool.QueryRow("SELECT count(*) FROM audit_checkpoints").Scan(&kept); err != nil || kept != 1 {
			t.Errorf("%d checkpoints, %v", kept, err)
		}
		if r := verify(t, db, ring.TrailKnown{}); r.Fault != nil || r.Events != 3000 || r.Unsigned() != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// TestPutEventInView is refused.
func TestPutEventInView(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		for _, do := range []func(ring.Tx) error{func(x ring.Tx) error { return x.PutEvent(encoded(act(1))) }, ring.Tx.SignTrail} {
			if err := db.View(t.Context(), do); !errors.Is(err, errReadOnly) && !strings.Contains(fmt.Sprint(err), errReadOnly.Error()) {
				t.Errorf("a View changed the trail: %v", err)
			}
		}
	})
}
