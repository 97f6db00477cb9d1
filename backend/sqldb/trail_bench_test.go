package sqldb

import (
	"path/filepath"
	"testing"

	"signet/ring"
)

// BenchmarkEvents adds 10,000 events in one transaction, with one signature at its end.
func BenchmarkEvents(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "signet.db"))
	n := 0
	for b.Loop() {
		all := make([]int, 10_000)
		for i := range all {
			n++
			all[i] = n
		}
		put(b, db, all...)
	}
}

// BenchmarkEvent adds one event in a transaction of its own, as most functions do.
func BenchmarkEvent(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "signet.db"))
	n := 0
	for b.Loop() {
		n++
		put(b, db, n)
	}
}

// BenchmarkNote notes one event in a process that has the database open.
func BenchmarkNote(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "signet.db"))
	n := 0
	for b.Loop() {
		n++
		if err := db.Note(b.Context(), encoded(act(n))); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLook opens the database, looks at it and closes it, as signet list does; with its note,
// and without.
func BenchmarkLook(b *testing.B) {
	for name, noted := range map[string]bool{"noted": true, "not noted": false} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "signet.db")
			put(b, open(b, path), 1)
			n := 1
			for b.Loop() {
				n++
				db, err := Open(b.Context(), path, Options{})
				if err != nil {
					b.Fatal(err)
				}
				err = db.View(b.Context(), func(x ring.Tx) error { _, err := x.Class("FACILITY"); return err })
				if err == nil && noted {
					err = db.Note(b.Context(), encoded(act(n)))
				}
				if err != nil {
					b.Fatal(err)
				}
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerify verifies 10,000 events.
func BenchmarkVerify(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "signet.db"))
	all := make([]int, 10_000)
	for i := range all {
		all[i] = i + 1
	}
	put(b, db, all...)
	for b.Loop() {
		if r := verify(b, db, ring.TrailKnown{}); r.Fault != nil || r.Events != 10_000 {
			b.Fatal(r)
		}
	}
}
