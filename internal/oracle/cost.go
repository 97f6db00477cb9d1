package oracle

import "testing"

// Cost fails the test when run allocates more than so many times, or so many bytes, for each of the
// entries that it works on. What is allocated does not depend on the machine nor on what else it
// does, as times do; the limits are one and a half times what it took when they were written.
func Cost(t *testing.T, what string, entries int, allocations, bytes float64, run func()) {
	t.Helper()
	r := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			run()
		}
	})
	if r.N == 0 {
		t.Fatalf("%s: it did not run", what)
	}
	a, n := float64(r.AllocsPerOp())/float64(entries), float64(r.AllocedBytesPerOp())/float64(entries)
	t.Logf("%s: %.2f allocations and %.0f bytes an entry", what, a, n)
	if a > allocations || n > bytes {
		t.Errorf("%s: %.2f allocations and %.0f bytes an entry, more than %.2f and %.0f", what, a, n, allocations, bytes)
	}
}
