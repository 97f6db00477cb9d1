//go:build unix && !race

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"signet/backend/sqldb"
	"signet/cert"
	"signet/export"
	"signet/ring"
)

// What a certificate of a run of many may cost: processor time, in times of what limit takes for
// it in the same run, and allocations. Measured when this was written: 1.7 times and 630.
const (
	maxTimesLimit = 2.5
	maxAllocs     = 800
)

// TestRunOfManyCertificates guards the run of many certificates against growing slower. It knows no
// absolute times: those of a machine that does other work besides mean nothing.
func TestRunOfManyCertificates(t *testing.T) {
	const n = 1500
	m := newDatabase(t)
	best, allocs := 1e9, 1e9
	for round := range 3 {
		least := processorTime(t, func() error { return limit(n) })
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		took := processorTime(t, func() error { return issueMany(t.Context(), m, round, n) })
		runtime.ReadMemStats(&after)
		best = min(best, float64(took)/float64(least))
		allocs = min(allocs, float64(after.Mallocs-before.Mallocs)/n)
	}
	t.Logf("%.2f times the limit, %.0f allocations", best, allocs)
	if best > maxTimesLimit {
		t.Errorf("a certificate takes %.2f times the processor time of the limit, more than %v: see docs/benchmarks.md for where it went", best, maxTimesLimit)
	}
	if allocs > maxAllocs {
		t.Errorf("a certificate takes %.0f allocations, more than %d", allocs, maxAllocs)
	}
}

// newDatabase makes a database with a CA.
func newDatabase(tb testing.TB) *ring.Manager {
	tb.Helper()
	db, err := sqldb.Open(tb.Context(), filepath.Join(tb.TempDir(), "signet.db"), sqldb.Options{Create: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	if err := ring.Found(tb.Context(), db, "OPER", time.Now()); err != nil {
		tb.Fatal(err)
	}
	m := ring.NewManager(ring.Config{Store: db, Codec: export.Codec{}, Issuer: "OPER"})
	if err := issue(tb.Context(), m, ring.CertRef{Owner: ring.CertAuth, Label: "CA"}, nil); err != nil {
		tb.Fatal(err)
	}
	return m
}

func issue(ctx context.Context, m *ring.Manager, ref ring.CertRef, by *ring.CertRef) error {
	subject, err := cert.Subject{CN: ref.Label + ".example.org"}.Name()
	if err != nil {
		return err
	}
	_, err = m.Gencert(ctx, ring.Gencert{Owner: ref.Owner, Label: ref.Label, Subject: subject, Key: cert.KeySpec{Algorithm: cert.EC, Bits: 256}, SignWith: by})
	return err
}

// issueMany makes n certificates in one transaction.
func issueMany(ctx context.Context, m *ring.Manager, round, n int) error {
	ca := ring.CertRef{Owner: ring.CertAuth, Label: "CA"}
	return m.Atomic(ctx, func(inner *ring.Manager) error {
		for i := range n {
			if err := issue(ctx, inner, ring.CertRef{Owner: "FLEET", Label: fmt.Sprintf("c%d-%d", round, i)}, &ca); err != nil {
				return err
			}
		}
		return nil
	})
}

// processorTime gives the time that this process was on a processor, for itself and for the system.
func processorTime(tb testing.TB, do func() error) time.Duration {
	tb.Helper()
	runtime.GC()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			tb.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	if err := do(); err != nil {
		tb.Fatal(err)
	}
	return used() - before
}

// BenchmarkRunOfManyCertificates is one certificate of a long transaction.
func BenchmarkRunOfManyCertificates(b *testing.B) {
	m := newDatabase(b)
	b.ReportAllocs()
	b.ResetTimer()
	if err := issueMany(b.Context(), m, 0, b.N); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkLimit is what limit takes for one.
func BenchmarkLimit(b *testing.B) {
	b.ReportAllocs()
	if err := limit(b.N); err != nil {
		b.Fatal(err)
	}
}
