package serve

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signet/ring"
)

func ringOf(name string) ring.RingRef { return ring.RingRef{Owner: keeper, Name: name} }

// has reports whether a ring is in the database for good.
func (s *site) has(name string) bool {
	s.t.Helper()
	_, err := s.own().ListRing(context.Background(), ringOf(name))
	if err != nil && !errors.Is(err, ring.ErrNotFound) {
		s.t.Fatal(err)
	}
	return err == nil
}

// free reports whether the database can be changed by others.
func (s *site) free() bool {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	return s.db.Update(ctx, func(ring.Tx) error { return nil }) == nil
}

func TestTransactionKept(t *testing.T) {
	s := newSite(t).start(false)
	c := s.dial(Options{})
	err := c.Transaction(t.Context(), false, func(tx ring.Remote) error {
		s.must(call[*ring.Result](tx, "ADDRING", ringOf("A")))
		if s.has("A") {
			t.Error("others see what is not kept yet")
		}
		if _, err := call[*ring.Result](tx, "ADDRING", ringOf("A")); !errors.Is(err, ring.ErrExists) {
			t.Errorf("the same again: %v", err)
		}
		if s.free() {
			t.Error("two writers at a time")
		}
		_, err := call[*ring.Result](tx, "ADDRING", ringOf("B"))
		return err
	})
	if err != nil || !s.has("A") || !s.has("B") {
		t.Errorf("%v; A: %v, B: %v", err, s.has("A"), s.has("B"))
	}
}

func TestTransactionUndone(t *testing.T) {
	s := newSite(t).start(false)
	c := s.dial(Options{})
	enough := errors.New("enough")
	for _, tc := range []struct {
		rehearsal bool
		end       error
	}{{false, enough}, {true, nil}, {true, enough}} {
		err := c.Transaction(t.Context(), tc.rehearsal, func(tx ring.Remote) error {
			s.must(call[*ring.Result](tx, "ADDRING", ringOf("A")))
			return tc.end
		})
		if !errors.Is(err, tc.end) || s.has("A") || !s.free() {
			t.Errorf("%+v: %v; there: %v, free: %v", tc, err, s.has("A"), s.free())
		}
	}
}

func TestTransactionTimes(t *testing.T) {
	for _, tc := range []struct {
		name  string
		limit func(*Limits)
		want  string
	}{
		{"idle", func(l *Limits) { l.TransactionIdle = 50 * time.Millisecond }, "idle for more than 50ms"},
		{"long", func(l *Limits) { l.TransactionTime = 300 * time.Millisecond }, "took more than 300ms"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t)
			tc.limit(&s.limits)
			s.start(false)
			err := s.dial(Options{}).Transaction(t.Context(), false, func(tx ring.Remote) error {
				s.must(call[*ring.Result](tx, "ADDRING", ringOf("A")))
				eventually(t, "the database is free", s.free)
				_, err := call[*ring.Result](tx, "ADDRING", ringOf("B"))
				return err
			})
			if !errors.Is(err, ring.ErrRefused) || !strings.Contains(err.Error(), tc.want) || s.has("A") {
				t.Errorf("%v; there: %v", err, s.has("A"))
			}
		})
	}
}

// A client that goes away in the middle leaves nothing behind.
func TestTransactionClientGone(t *testing.T) {
	s := newSite(t).start(false)
	c := s.dial(Options{})
	gone := errors.New("gone")
	err := c.Transaction(t.Context(), false, func(tx ring.Remote) error {
		s.must(call[*ring.Result](tx, "ADDRING", ringOf("A")))
		tx.(*Client).http.CloseIdleConnections()
		eventually(t, "the database is free", s.free)
		_, err := call[*ring.Result](tx, "ADDRING", ringOf("B"))
		if !errors.Is(err, ring.ErrRefused) || !strings.Contains(err.Error(), "nothing of it was kept") {
			t.Errorf("%v", err)
		}
		return gone
	})
	if !errors.Is(err, gone) || s.has("A") || s.has("B") {
		t.Errorf("%v; A: %v, B: %v", err, s.has("A"), s.has("B"))
	}
}

func TestTransactionBelongsToOne(t *testing.T) {
	s := newSite(t)
	s.start(false)
	c := s.dial(Options{})
	err := c.Transaction(t.Context(), false, func(tx ring.Remote) error {
		stolen := *c // another connection, with the right token
		stolen.token = tx.(*Client).token
		if _, err := call[*ring.Result](&stolen, "ADDRING", ringOf("A")); !errors.Is(err, ring.ErrRefused) {
			t.Errorf("on another connection: %v", err)
		}
		guessed := *tx.(*Client)
		guessed.token = "AAAA"
		if _, err := call[*ring.Result](&guessed, "ADDRING", ringOf("A")); !errors.Is(err, ring.ErrRefused) {
			t.Errorf("with another token: %v", err)
		}
		for _, nested := range []ring.Remote{tx, &guessed} {
			if err := nested.Transaction(t.Context(), false, func(ring.Remote) error { return nil }); err == nil {
				t.Error("a transaction within a transaction")
			}
		}
		other := *c
		limit, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := other.once(limit, pathTransaction, []byte("{}"), nil); !errors.Is(err, ring.ErrRefused) || !strings.Contains(err.Error(), "open already") {
			t.Errorf("a second one: %v", err)
		}
		_, err := call[*ring.Result](tx, "ADDRING", ringOf("B"))
		return err
	})
	if err != nil || s.has("A") || !s.has("B") {
		t.Errorf("%v; A: %v, B: %v", err, s.has("A"), s.has("B"))
	}
}

// stall waits in the first change until it is told to go on.
type stall struct {
	ring.Store
	first   *atomic.Bool
	entered chan struct{}
	release chan struct{}
}

func (s stall) Update(ctx context.Context, fn func(ring.Tx) error) error {
	return s.Store.Update(ctx, func(tx ring.Tx) error {
		if s.first.CompareAndSwap(false, true) {
			close(s.entered)
			select {
			case <-s.release:
			case <-ctx.Done():
			}
		}
		return fn(tx)
	})
}

func stalled(s *site) stall {
	st := stall{s.db, new(atomic.Bool), make(chan struct{}), make(chan struct{})}
	s.store = st
	return st
}

// What runs when the server stops is done; what stands open is undone; nothing new begins.
func TestShutdown(t *testing.T) {
	s := newSite(t)
	st := stalled(s)
	s.start(false)
	c := s.dial(Options{})
	done := make(chan error)
	go func() {
		_, err := call[*ring.Result](c, "ADDRING", ringOf("A"))
		done <- err
	}()
	<-st.entered
	s.stop()
	eventually(t, "the socket is gone", func() bool {
		_, err := net.Dial("unix", s.socket)
		return err != nil
	})
	if _, err := Dial(t.Context(), "unix:"+s.socket, Options{}); !errors.Is(err, ErrServer) || !strings.Contains(err.Error(), "no server runs") {
		t.Errorf("a new client: %v", err)
	}
	close(st.release)
	if err := <-done; err != nil {
		t.Errorf("what ran: %v", err)
	}
	if err := s.halt(); err != nil {
		t.Errorf("the end: %v", err)
	}
	if !s.has("A") {
		t.Error("what was said to be done is not")
	}
}

func TestShutdownUndoes(t *testing.T) {
	s := newSite(t).start(false)
	c := s.dial(Options{})
	err := c.Transaction(t.Context(), false, func(tx ring.Remote) error {
		s.must(call[*ring.Result](tx, "ADDRING", ringOf("A")))
		if err := s.halt(); err != nil {
			t.Errorf("the end: %v", err)
		}
		_, err := call[*ring.Result](tx, "ADDRING", ringOf("B"))
		return err
	})
	if err == nil || s.has("A") || !s.free() {
		t.Errorf("%v; there: %v, free: %v", err, s.has("A"), s.free())
	}
}

// A function that takes too long is broken off, and undone.
func TestShutdownBreaksOff(t *testing.T) {
	s := newSite(t)
	s.limits.ShutdownTime = 50 * time.Millisecond
	st := stalled(s)
	s.start(false)
	c := s.dial(Options{})
	done := make(chan error)
	go func() {
		_, err := call[*ring.Result](c, "ADDRING", ringOf("A"))
		done <- err
	}()
	<-st.entered
	if err := s.halt(); err == nil || !strings.Contains(err.Error(), "broken off") {
		t.Errorf("the end: %v", err)
	}
	if err := <-done; err == nil {
		t.Error("the client believes that it was done")
	}
	eventually(t, "the database is free", s.free)
	if s.has("A") {
		t.Error("it was not undone")
	}
}

func TestFunctionTime(t *testing.T) {
	s := newSite(t)
	s.limits.RequestTime = 50 * time.Millisecond
	stalled(s)
	s.start(false)
	_, err := call[*ring.Result](s.dial(Options{}), "ADDRING", ringOf("A"))
	if err == nil || ring.CodeOf(err) != ring.Failed || !strings.Contains(err.Error(), "took longer than 50ms") || s.has("A") {
		t.Errorf("%v; there: %v", err, s.has("A"))
	}
}

// A client that is killed while its function runs did not get it done.
func TestClientGone(t *testing.T) {
	s := newSite(t)
	st := stalled(s)
	s.start(false)
	ctx, cancel := context.WithCancel(t.Context())
	c := s.dial(Options{})
	done := make(chan error)
	go func() { done <- c.Call(ctx, "ADDRING", ringOf("A"), new(*ring.Result)) }()
	<-st.entered
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	eventually(t, "the database is free", s.free)
	if s.has("A") {
		t.Error("it was done all the same")
	}
}
