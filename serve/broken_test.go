package serve

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"signet/ring"
)

// faulty is a store with functions of the test's own in its changes.
type faulty struct {
	ring.Store
	update  func() error                           // before a change; may be nil
	addRing func(ctx context.Context, name string) // may be nil
}

type faultyTx struct {
	ring.Tx
	ctx context.Context
	f   faulty
}

func (f faulty) Update(ctx context.Context, fn func(ring.Tx) error) error {
	if f.update != nil {
		if err := f.update(); err != nil {
			return err
		}
	}
	return f.Store.Update(ctx, func(tx ring.Tx) error { return fn(faultyTx{tx, ctx, f}) })
}

func (t faultyTx) AddRing(r *ring.Ring) error {
	err := t.Tx.AddRing(r)
	if t.f.addRing != nil {
		t.f.addRing(t.ctx, r.Name)
	}
	return err
}

// A function that panics undoes its transaction, whatever its client wants then.
func TestTransactionPanic(t *testing.T) {
	s := newSite(t)
	s.store = faulty{Store: s.db, addRing: func(_ context.Context, name string) {
		if name == "B" {
			panic("a fault")
		}
	}}
	s.start(false)
	err := s.dial(Options{}).Transaction(t.Context(), false, func(tx ring.Remote) error {
		s.must(call[*ring.Result](tx, "ADDRING", ringOf("A")))
		_, err := call[*ring.Result](tx, "ADDRING", ringOf("B"))
		if err == nil || ring.CodeOf(err) != ring.Failed || strings.Contains(err.Error(), "a fault") {
			t.Errorf("what panicked: %v", err)
		}
		return nil // and so it is to be kept
	})
	if err == nil || !strings.Contains(err.Error(), "broke off") || s.has("A") || s.has("B") || !s.free() {
		t.Errorf("%v; A: %v, B: %v, free: %v", err, s.has("A"), s.has("B"), s.free())
	}
	if !strings.Contains(s.log.String(), "panic: a fault") {
		t.Error("the log does not tell of it")
	}
}

// A fault in the goroutine of a transaction does not end the server.
func TestTransactionFault(t *testing.T) {
	s := newSite(t)
	s.store = faulty{Store: s.db, update: func() error { panic("a fault") }}
	s.start(false)
	err := s.dial(Options{}).Transaction(t.Context(), false, func(tx ring.Remote) error {
		_, err := call[*ring.Result](tx, "ADDRING", ringOf("A"))
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "reference") || !strings.Contains(s.log.String(), "panic: a fault") || !s.free() {
		t.Errorf("%v; free: %v", err, s.free())
	}
	s.dial(Options{})
}

func TestWatchFault(t *testing.T) {
	var log lockedBuffer
	k := &keyring{manager: func() *ring.Manager { panic("a fault") }, log: &logger{w: &log, now: time.Now}, now: time.Now}
	look := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { k.watch(ctx, time.Hour, look); close(ended) }()
	look <- struct{}{}
	look <- struct{}{} // it still looks
	cancel()
	<-ended
	if !strings.Contains(log.String(), "panic: a fault") {
		t.Errorf("the log: %s", log.String())
	}
}

// The client learns that the trail did not keep its rehearsal.
func TestRollbackFault(t *testing.T) {
	s := newSite(t)
	changes := 0
	s.store = faulty{Store: s.db, update: func() error {
		if changes++; changes > 1 {
			return errors.New("a fault")
		}
		return nil
	}}
	s.start(false)
	err := s.dial(Options{}).Transaction(t.Context(), true, func(tx ring.Remote) error {
		_, err := call[*ring.Result](tx, "ADDRING", ringOf("A"))
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "reference") || !strings.Contains(s.log.String(), "a fault") {
		t.Errorf("%v", err)
	}
}

func TestBesides(t *testing.T) {
	why, other := error(errRolledBack), errors.New("other")
	for _, err := range []error{why, errors.Join(why, nil), errors.Join(errors.Join(why), why)} {
		if rest := besides(err, why); rest != nil {
			t.Errorf("%v leaves %v", err, rest)
		}
	}
	for _, err := range []error{other, errors.Join(why, other), errors.Join(errors.Join(why, other))} {
		if rest := besides(err, why); !errors.Is(rest, other) || errors.Is(rest, why) {
			t.Errorf("%v leaves %v", err, rest)
		}
	}
	if besides(nil, why) != nil {
		t.Error("nothing is something")
	}
}

// A transaction that is over its time ends while its function runs.
func TestTransactionTimeWithin(t *testing.T) {
	s := newSite(t)
	s.limits.TransactionTime = 300 * time.Millisecond
	s.store = faulty{Store: s.db, addRing: func(ctx context.Context, _ string) { <-ctx.Done() }}
	s.start(false)
	err := s.dial(Options{}).Transaction(t.Context(), false, func(tx ring.Remote) error {
		_, err := call[*ring.Result](tx, "ADDRING", ringOf("A"))
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "took more than 300ms") || s.has("A") {
		t.Errorf("%v; there: %v", err, s.has("A"))
	}
	eventually(t, "the database is free", s.free)
}

// Who may do nothing cannot keep the others from changing the database.
func TestTransactionDenied(t *testing.T) {
	s := newSite(t)
	s.limits.TransactionIdle = 300 * time.Millisecond
	s.account = func(uint32) (string, error) { return "NOBODY1", nil }
	s.start(false)
	c := s.dial(Options{})
	err := c.Transaction(t.Context(), false, func(tx ring.Remote) error {
		if !s.free() {
			t.Error("it has the database before its first function")
		}
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
			if _, err := call[*ring.Result](tx, "ADDRING", ringOf("A")); !errors.Is(err, ring.ErrDenied) {
				return err
			}
		}
		return errors.New("what is denied keeps the database")
	})
	if !errors.Is(err, ring.ErrRefused) || !strings.Contains(err.Error(), "idle for more than 300ms") {
		t.Errorf("%v", err)
	}
	var f *failure
	if err := c.once(t.Context(), pathTransaction, []byte("{}"), nil); !errors.As(err, &f) || !f.Retry || !strings.Contains(err.Error(), "did nothing") {
		t.Errorf("the next one: %v", err)
	}
	if err := c.Transaction(t.Context(), false, func(ring.Remote) error { return nil }); err != nil { // a client waits
		t.Errorf("after the pause: %v", err)
	}
}

// A token of nothing spares nobody the rate.
func TestRateToken(t *testing.T) {
	s := newSite(t)
	s.limits.Rate, s.limits.Burst = 0.001, 2
	s.start(false)
	for i, want := range []string{"422", "200", "429", "429"} {
		path := []string{"/v1/LIST", "/v1/hello"}[i%2]
		if got := s.plain(post(path, "Signet-Transaction: x\r\n", "{}")); !strings.HasPrefix(got, want) {
			t.Errorf("request %d: %s, want %s", i, got, want)
		}
	}
}

// slowWriter takes each part of an answer slowly, but before its deadline.
type slowWriter struct {
	http.ResponseWriter
	until time.Time
}

func (w *slowWriter) SetWriteDeadline(t time.Time) error { w.until = t; return nil }
func (w *slowWriter) Flush()                             {}
func (w *slowWriter) Write(b []byte) (int, error) {
	time.Sleep(20 * time.Millisecond)
	if time.Now().After(w.until) {
		return 0, os.ErrDeadlineExceeded
	}
	return len(b), nil
}

// A peer that takes its answer drop by drop does not keep the database.
func TestSlowReaderTotal(t *testing.T) {
	for _, total := range []bool{true, false} {
		a := &answer{w: &slowWriter{ResponseWriter: httptest.NewRecorder()}, limit: 200 * time.Millisecond, total: total}
		var err error
		for range 20 {
			if err = a.emit(strings.Repeat("x", flushAt), nil); err != nil {
				break
			}
		}
		if errors.Is(err, os.ErrDeadlineExceeded) != total {
			t.Errorf("total %v: %v", total, err)
		}
	}
}
