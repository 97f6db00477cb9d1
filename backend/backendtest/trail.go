package backendtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"signet/audit"
	"signet/ring"
)

// event makes an event whose ID comes from its object.
func event(n int) *audit.Event {
	e := &audit.Event{Time: time.Date(2026, 1, 2, 3, 4, n, 5000, time.UTC), Issuer: "ADMIN", Account: "WEBSRV", Host: "host", Function: "GENCERT",
		Object: fmt.Sprintf("U/%d", n), Decision: audit.Allowed, Outcome: audit.Done, Changes: []audit.Change{{Kind: "certificate", Name: "U/x",
			Before: map[string]string{"status": "TRUST"}, After: map[string]string{"status": "NOTRUST"}}}}
	e.ID = fmt.Sprintf("%x", sha256.Sum256([]byte(e.Object)))[:32]
	return e
}

func encoded(e *audit.Event) audit.Encoded {
	encoded, err := audit.Encode(e)
	if err != nil {
		panic(err)
	}
	return encoded
}

// objects gives the objects of the events of records.
func objects(s suite, records []audit.Record) string {
	s.Helper()
	var names []string
	for _, r := range records {
		e, err := r.Event()
		s.ok(err)
		names = append(names, strings.TrimPrefix(e.Object, "U/"))
	}
	return strings.Join(names, " ")
}

// whole checks that the trail is without a fault and has so many events.
func (s suite) whole(n int) {
	s.Helper()
	s.view(func(tx ring.Tx) {
		report, err := ring.VerifyTrail(tx, ring.TrailKnown{})
		s.ok(err)
		if report.Fault != nil || report.Events != uint64(n) || report.Unsigned() != 0 {
			s.Errorf("%d events, %d of them not signed, fault %v; want %d", report.Events, report.Unsigned(), report.Fault, n)
		}
	})
}

func trail(s suite) {
	s.whole(0)
	s.update(func(tx ring.Tx) {
		s.ok(tx.PutEvent(encoded(event(1))))
		s.ok(tx.PutEvent(encoded(event(2))))
		s.ok(tx.PutEvent(encoded(event(1)))) // counts once
		s.is(tx.PutEvent(audit.Encoded{}), ring.ErrInvalid)
	})
	s.update(func(tx ring.Tx) { s.ok(tx.PutEvent(encoded(event(3)))) })
	s.update(func(tx ring.Tx) { s.ok(tx.PutEvent(encoded(event(2)))) })
	s.whole(3)
	s.view(func(tx ring.Tx) {
		records := all(s, tx.Records(0))
		s.equal(objects(s, records), "1 2 3")
		s.equal(objects(s, all(s, tx.Records(2))), "3")
		e, err := records[1].Event()
		s.ok(err)
		s.equal(e, event(2))
		state, err := tx.TrailState()
		s.ok(err)
		s.equal(state.Seq, uint64(3))
		s.equal(state.Hash, records[2].Hash)
		s.equal(state.Signed.Hash, records[2].Hash)
		s.equal(state.Signed.Time, event(3).Time)
		s.ok(state.Signed.Verify())
		kept := all(s, tx.Checkpoints())
		s.equal(len(kept), 1)
		s.ok(kept[0].Verify())
	})
	// So that another is kept.
	s.update(func(tx ring.Tx) {
		for i := range 2000 {
			s.ok(tx.PutEvent(encoded(event(10 + i))))
		}
		s.ok(tx.SignTrail())
	})
	s.update(func(tx ring.Tx) { s.ok(tx.PutEvent(encoded(event(5000)))) })
	s.update(func(tx ring.Tx) { s.ok(tx.SignTrail()) })
	s.whole(2004)
	s.view(func(tx ring.Tx) {
		s.equal(len(all(s, tx.Checkpoints())), 2)
		s.equal(len(all(s, tx.Records(0))), 2004)
	})
}

func trailQueries(s suite) {
	base := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	s.update(func(tx ring.Tx) {
		for i := range 12 {
			e := event(i)
			e.Time = base.Add(time.Duration(i/3) * time.Minute) // three at a time
			e.Issuer = []string{"ADMIN", "OTHER"}[i%2]
			e.Function = []string{"LIST", "ADD", "ADD"}[i%3]
			switch i {
			case 4:
				e.Decision, e.Outcome = audit.Refused, audit.NotDone
			case 6:
				e.Outcome = audit.Failed
			}
			if i == 11 { // from a machine whose clock is behind
				e.Time = base.Add(-time.Second)
			}
			s.ok(tx.PutEvent(encoded(e)))
		}
	})
	s.view(func(tx ring.Tx) {
		for _, c := range []struct {
			q    audit.Query
			want string
		}{
			{audit.Query{}, "11 0 1 2 3 4 5 6 7 8 9 10"},
			{audit.Query{Newest: true}, "10 9 8 7 6 5 4 3 2 1 0 11"},
			{audit.Query{Issuer: "OTHER"}, "11 1 3 5 7 9"},
			{audit.Query{Issuer: "OTHER", Newest: true}, "9 7 5 3 1 11"},
			{audit.Query{Issuer: "OTHER", Function: "LIST"}, "3 9"},
			{audit.Query{Issuer: "other"}, ""},
			{audit.Query{Function: "LIST"}, "0 3 6 9"},
			{audit.Query{Function: "LIST", Bad: true}, "6"},
			{audit.Query{Bad: true}, "4 6"},
			{audit.Query{Bad: true, Newest: true}, "6 4"},
			{audit.Query{Object: "U/1"}, "11 1 10"},
			{audit.Query{Since: base}, "0 1 2 3 4 5 6 7 8 9 10"},
			{audit.Query{Since: base.Add(1)}, "3 4 5 6 7 8 9 10"},
			{audit.Query{Since: base.Add(time.Minute), Until: base.Add(2 * time.Minute)}, "3 4 5"},
			{audit.Query{Since: base.Add(time.Minute), Until: base.Add(2 * time.Minute), Newest: true}, "5 4 3"},
			{audit.Query{Since: base.Add(time.Minute), Until: base.Add(2*time.Minute + 1), Function: "ADD"}, "4 5 7 8"},
			{audit.Query{Until: base}, "11"},
			{audit.Query{Since: base.Add(time.Hour)}, ""},
		} {
			if got := objects(s, all(s, tx.Events(c.q))); got != c.want {
				s.Errorf("%+v gives %s, want %s", c.q, got, c.want)
			}
		}
	})
	s.update(func(tx ring.Tx) {
		for i := range s.many() { // in one second, more than one page
			e := event(100 + i)
			e.Time, e.Issuer = base.Add(time.Hour), "MANY"
			s.ok(tx.PutEvent(encoded(e)))
		}
		forward, backward := all(s, tx.Events(audit.Query{Issuer: "MANY"})), all(s, tx.Events(audit.Query{Issuer: "MANY", Newest: true}))
		slices.Reverse(backward)
		s.equal(len(forward), s.many())
		s.equal(objects(s, forward), objects(s, backward))
	})
}

// trailAttempts undoes events, and the taking of notes.
func trailAttempts(s suite) {
	book := s.store.(ring.Notebook)
	s.ok(book.Note(context.Background(), encoded(event(1))))
	s.update(func(tx ring.Tx) {
		undone := fmt.Errorf("undone")
		s.is(tx.Attempt(func() error { s.ok(tx.PutEvent(encoded(event(2)))); return undone }), undone)
		s.ok(tx.PutEvent(encoded(event(3))))
		s.is(tx.Attempt(func() error {
			s.ok(tx.PutEvent(encoded(event(4))))
			s.ok(tx.Attempt(func() error { return tx.PutEvent(encoded(event(5))) }))
			return undone
		}), undone)
		s.ok(tx.Attempt(func() error { return tx.PutEvent(encoded(event(6))) }))
	})
	s.whole(3)
	failed := fmt.Errorf("failed")
	s.ok(book.Note(context.Background(), encoded(event(7))))
	s.is(s.store.Update(context.Background(), func(tx ring.Tx) error { s.ok(tx.PutEvent(encoded(event(8)))); return failed }), failed)
	s.update(func(tx ring.Tx) { s.ok(tx.PutEvent(encoded(event(9)))) })
	s.whole(5)
	s.view(func(tx ring.Tx) { s.equal(objects(s, all(s, tx.Records(0))), "1 3 6 7 9") })
}

// trailLoop has bodies that add to what they run over.
func trailLoop(s suite) {
	s.update(func(tx ring.Tx) {
		for i := range 20 {
			s.ok(tx.PutEvent(encoded(event(i))))
		}
		n := 0
		for _, err := range tx.Events(audit.Query{}) {
			s.ok(err)
			n++
			s.ok(tx.PutEvent(encoded(event(100 + n))))
		}
		for _, err := range tx.Records(0) {
			s.ok(err)
			n++
			s.ok(tx.PutEvent(encoded(event(100 + n))))
		}
		s.equal(n, 20+40)
	})
	s.whole(80)
}

func notes(s suite) {
	book, ctx := s.store.(ring.Notebook), context.Background()
	s.ok(book.TakeNotes(ctx)) // of which there are none
	s.is(book.Note(ctx, audit.Encoded{}), ring.ErrInvalid)
	for i := range 3 {
		s.ok(book.Note(ctx, encoded(event(i))))
	}
	s.ok(book.Note(ctx, encoded(event(1))))
	s.whole(0)
	s.update(func(tx ring.Tx) { s.ok(tx.PutEvent(encoded(event(10)))) })
	s.ok(book.Note(ctx, encoded(event(2)))) // is in the trail already
	s.view(func(ring.Tx) { s.ok(book.Note(ctx, encoded(event(4)))) })
	s.ok(book.TakeNotes(ctx))
	s.ok(book.TakeNotes(ctx))
	s.whole(5)
	s.view(func(tx ring.Tx) { s.equal(objects(s, all(s, tx.Records(0))), "0 1 2 10 4") })
	// More than one transaction takes.
	for i := range 1500 {
		s.ok(book.Note(ctx, encoded(event(100+i))))
	}
	s.update(func(tx ring.Tx) { s.ok(tx.PutEvent(encoded(event(3000)))) })
	s.update(func(tx ring.Tx) {
		if n := len(all(s, tx.Records(0))); n >= 1506 || n <= 6 {
			s.Errorf("one transaction took all but %d", 1506-n)
		}
	})
	s.ok(book.TakeNotes(ctx))
	s.whole(1506)
}

// notesAtOnce notes while a writer has the database for itself, and while others take notes.
func notesAtOnce(s suite) {
	book, ctx := s.store.(ring.Notebook), context.Background()
	s.update(func(tx ring.Tx) {
		s.ok(tx.PutEvent(encoded(event(0))))
		done := make(chan error)
		go func() { done <- book.Note(ctx, encoded(event(1))) }()
		select {
		case err := <-done:
			s.ok(err)
		case <-time.After(10 * time.Second):
			s.Error("a note waits for the writer")
		}
	})
	const writers, each = 4, 50
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				if err := book.Note(ctx, encoded(event(1000*(w+1)+i))); err != nil {
					s.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 5 {
				if err := book.TakeNotes(ctx); err != nil {
					s.Error(err)
				}
			}
		})
	}
	group.Wait()
	s.ok(book.TakeNotes(ctx))
	s.whole(2 + writers*each)
}

func trailRefused(s suite) {
	s.update(func(tx ring.Tx) {
		s.is(tx.PutEvent(encoded(event(1))), ring.ErrUnsupported)
		s.is(tx.SignTrail(), ring.ErrUnsupported)
		_, err := tx.TrailState()
		s.is(err, ring.ErrNotFound)
		s.equal(len(all(s, tx.Events(audit.Query{}))), 0)
	})
}
