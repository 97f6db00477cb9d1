package serve

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net"
	"sync"
	"time"

	"signet/ring"
)

// A transaction of a client runs inside Manager.Atomic or Manager.Rehearse, in a goroutine of its
// own that is handed the functions one by one. It keeps all other writers waiting, and so it ends
// soon when its client falls silent, goes away or goes on for too long; then it is undone.

// session is one transaction.
type session struct {
	token string
	user  ring.Owner
	as    ring.Owner
	conn  net.Conn // the connection that it belongs to

	jobs   chan job
	cancel context.CancelCauseFunc
	ended  chan struct{} // closed when nothing of it runs any more
	err    error         // why it came to nothing; nil when it was kept. Read after ended
}

// job is a function to perform in the transaction; nil for its end.
type job struct {
	do   func(*ring.Manager)
	done chan struct{}
}

// Why a transaction is undone.
var (
	errRolledBack = failed(ring.Refused, "refused", "the transaction was undone, as its client wanted")
	errGone       = failed(ring.Refused, "refused", "the transaction was undone: its client went away")
	errStopping   = stopping()
	errAgain      = failed(ring.Failed, "", "the transaction was undone: another writer was in its way; run it again")
)

// sessions are the transactions of a server.
type sessions struct {
	limits Limits

	mu     sync.Mutex
	closed bool
	byUser map[ring.Owner]*session
	all    sync.WaitGroup
}

// begin opens a transaction and waits until it has the database.
func (s *sessions) begin(base, request context.Context, m *ring.Manager, p Peer, conn net.Conn, rehearsal bool) (*session, error) {
	one := &session{token: rand.Text(), user: p.User, as: p.As, conn: conn, jobs: make(chan job), ended: make(chan struct{})}
	ctx, cancel := context.WithCancelCause(base)
	one.cancel = cancel
	if err := s.enter(one); err != nil {
		cancel(nil)
		return nil, err
	}
	ready := make(chan struct{})
	go func() {
		defer s.all.Done()
		defer s.leave(one)
		one.err = one.run(ctx, m, rehearsal, s.limits, ready)
		cancel(nil)
		close(one.ended)
	}()
	select {
	case <-ready:
		return one, nil
	case <-one.ended:
		return nil, one.err
	case <-request.Done():
		cancel(errGone)
		<-one.ended
		return nil, one.err
	}
}

// enter takes a session in: one of each user.
func (s *sessions) enter(one *session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errStopping
	case s.byUser[one.user] != nil:
		f := failed(ring.Refused, "refused", "user %s has a transaction open already, and more than one may not be", one.user.Name())
		f.Retry = true
		return f
	}
	s.byUser[one.user] = one
	s.all.Add(1)
	return nil
}

func (s *sessions) leave(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byUser, one.user)
}

// find gives the transaction of a token, if it is the peer's.
func (s *sessions) find(token string, p Peer, conn net.Conn) (*session, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.byUser[p.User]
	if one == nil || subtle.ConstantTimeCompare([]byte(one.token), []byte(token)) != 1 || one.conn != conn || one.as != p.As {
		return nil, failed(ring.Refused, "refused", "the transaction is over, and nothing of it was kept: it stood idle for more than %v, took more than %v, or its connection broke",
			s.limits.TransactionIdle, s.limits.TransactionTime)
	}
	return one, nil
}

// gone ends the transactions of a connection that is closed.
func (s *sessions) gone(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.byUser {
		if one.conn == conn {
			one.cancel(errGone)
		}
	}
}

// stop ends all transactions and waits until they are undone.
func (s *sessions) stop() {
	s.mu.Lock()
	s.closed = true
	for _, one := range s.byUser {
		one.cancel(errStopping)
	}
	s.mu.Unlock()
	s.all.Wait()
}

// run is the goroutine of a transaction.
func (one *session) run(ctx context.Context, m *ring.Manager, rehearsal bool, l Limits, ready chan struct{}) (err error) {
	ran, why := false, error(nil) // why it is not to be kept
	serve := func(inner *ring.Manager) error {
		if ran { // the store would run it again, and its client cannot
			why = errAgain
			return why
		}
		ran = true
		close(ready)
		why = one.serve(ctx, inner, l)
		return why
	}
	if rehearsal {
		err = m.Rehearse(ctx, func(inner *ring.Manager) { _ = serve(inner) })
	} else {
		err = m.Atomic(ctx, serve)
	}
	if !ran && err != nil && ctx.Err() != nil { // while it waited for the database
		why = context.Cause(ctx)
	}
	if why != nil && !errors.Is(err, why) {
		err = errors.Join(why, err)
	}
	return err
}

// serve performs the functions of a transaction until it ends. nil is for one to be kept.
func (one *session) serve(ctx context.Context, m *ring.Manager, l Limits) error {
	total := time.NewTimer(l.TransactionTime)
	defer total.Stop()
	idle := time.NewTimer(l.TransactionIdle)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-total.C:
			return failed(ring.Refused, "refused", "the transaction was undone: it took more than %v", l.TransactionTime)
		case <-idle.C:
			return failed(ring.Refused, "refused", "the transaction was undone: it stood idle for more than %v", l.TransactionIdle)
		case j := <-one.jobs:
			if j.do == nil {
				return nil
			}
			j.do(m)
			close(j.done)
			idle.Reset(l.TransactionIdle)
		}
	}
}

// perform has the transaction perform a function.
func (one *session) perform(do func(*ring.Manager)) error {
	j := job{do: do, done: make(chan struct{})}
	select {
	case one.jobs <- j:
		<-j.done
		return nil
	case <-one.ended:
		return one.lost()
	}
}

// commit ends the transaction and keeps it; a rehearsal is over.
func (one *session) commit() error {
	select {
	case one.jobs <- job{}:
		<-one.ended
		return one.err
	case <-one.ended:
		return one.lost()
	}
}

// rollback ends the transaction and undoes it.
func (one *session) rollback() error {
	one.cancel(errRolledBack)
	<-one.ended
	if errors.Is(one.err, error(errRolledBack)) {
		return nil
	}
	return one.err
}

// lost says why a transaction that ended by itself did.
func (one *session) lost() error {
	if one.err != nil {
		return one.err
	}
	return errGone
}
