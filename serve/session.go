package serve

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"maps"
	"net"
	"sync"
	"time"

	"signet/ring"
)

// A transaction of a client runs inside Manager.Atomic or Manager.Rehearse, in a goroutine of its
// own that is handed the functions one by one. From its first function on it keeps all other
// writers waiting, and so it ends soon when its client falls silent, is denied all that it asks
// for, goes away or goes on for too long; then it is undone.

// session is one transaction.
type session struct {
	token string
	user  ring.Owner
	as    ring.Owner
	conn  net.Conn // the connection that it belongs to

	jobs   chan *job
	cancel context.CancelCauseFunc
	ended  chan struct{} // closed when nothing of it runs any more
	err    error         // why it came to nothing; nil when it was kept. Read after ended
	idle   time.Duration // for how long it had the database at last and did nothing. Read after ended
}

// job is a function to perform in the transaction, or its end.
type job struct {
	do   func(context.Context, *ring.Manager) error // nil for the end
	keep bool                                       // at the end
	err  error                                      // of do. Read after done
	done chan struct{}
}

// Why a transaction is undone.
var (
	errRolledBack = failed(ring.Refused, "refused", "the transaction was undone, as its client wanted")
	errGone       = failed(ring.Refused, "refused", "the transaction was undone: its client went away")
	errStopping   = stopping()
	errBroke      = failed(ring.Failed, "", "the transaction was undone: a function of it broke off")
	errAgain      = failed(ring.Failed, "", "the transaction was undone: another writer was in its way; run it again")
)

// sessions are the transactions of a server.
type sessions struct {
	limits Limits
	log    *logger

	mu     sync.Mutex
	closed bool
	byUser map[ring.Owner]*session
	pauses map[ring.Owner]time.Time // how long users wait who kept others waiting for nothing
	all    sync.WaitGroup
}

// begin opens a transaction. It has the database when its first function runs.
func (s *sessions) begin(base context.Context, m *ring.Manager, p Peer, conn net.Conn, rehearsal bool) (*session, error) {
	one := &session{token: rand.Text(), user: p.User, as: p.As, conn: conn, jobs: make(chan *job), ended: make(chan struct{})}
	ctx, cancel := context.WithCancelCause(base)
	one.cancel = cancel
	if err := s.enter(one); err != nil {
		cancel(nil)
		return nil, err
	}
	limit := s.limits.TransactionTime
	ctx, stop := context.WithTimeoutCause(ctx, limit, failed(ring.Refused, "refused", "the transaction was undone: it took more than %v", limit))
	go func() {
		defer s.all.Done()
		defer s.leave(one)
		defer stop()
		one.err = guard(func() error { return one.run(ctx, m, rehearsal, s.limits) })
		if errors.As(one.err, new(*panicked)) { // perhaps nobody asks for it
			one.err = tell(one.err, s.log.conceal)
		}
		cancel(nil)
		close(one.ended)
	}()
	return one, nil
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
	case time.Now().Before(s.pauses[one.user]):
		f := failed(ring.Refused, "refused", "user %s: the last transaction kept the others waiting and did nothing; the next one may begin in %v",
			one.user.Name(), time.Until(s.pauses[one.user]).Round(time.Millisecond))
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
	now := time.Now()
	maps.DeleteFunc(s.pauses, func(_ ring.Owner, until time.Time) bool { return now.After(until) })
	if one.idle > 0 {
		s.pauses[one.user] = now.Add(one.idle)
	}
}

// find gives the transaction of a token, if it is the peer's.
func (s *sessions) find(token string, p Peer, conn net.Conn) (*session, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.byUser[p.User]
	if one == nil || subtle.ConstantTimeCompare([]byte(one.token), []byte(token)) != 1 || one.conn != conn || one.as != p.As {
		return nil, failed(ring.Refused, "refused", "the transaction is over, and nothing of it was kept: it stood idle for more than %v, took more than %v, a function of it broke off, or its connection broke",
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
func (one *session) run(ctx context.Context, m *ring.Manager, rehearsal bool, l Limits) (err error) {
	first, err := one.next(ctx, time.Now(), l)
	switch {
	case err != nil:
		return err
	case first.do == nil:
		return first.end()
	}
	ran, why := false, error(nil) // why it is not to be kept
	serve := func(inner *ring.Manager) error {
		if ran { // the store would run it again, and its client cannot
			why = errAgain
			return why
		}
		ran = true
		why = one.serve(ctx, inner, first, l)
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
func (one *session) serve(ctx context.Context, m *ring.Manager, j *job, l Limits) (err error) {
	last := time.Now()
	defer func() { one.idle = time.Since(last) }()
	for j.do != nil {
		j.err = j.do(ctx, m)
		close(j.done)
		if errors.As(j.err, new(*panicked)) { // nobody knows what it left behind
			return errBroke
		}
		if useful(j.err) {
			last = time.Now()
		}
		if j, err = one.next(ctx, last, l); err != nil {
			return err
		}
	}
	return j.end()
}

// useful reports whether a function was one that its user may perform, done or not: what anybody
// can ask for does not keep the database.
func useful(err error) bool {
	return err == nil || errors.As(err, new(*ring.Error)) && !errors.Is(err, ring.ErrDenied) && !errors.Is(err, ring.ErrInvalid)
}

// next waits for a job, but not for longer than a transaction may stand idle after since.
func (one *session) next(ctx context.Context, since time.Time, l Limits) (*job, error) {
	left := time.Until(since.Add(l.TransactionIdle))
	idle := time.NewTimer(left)
	defer idle.Stop()
	jobs := one.jobs
	if ctx.Err() != nil || left <= 0 {
		jobs = nil
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-idle.C:
		return nil, failed(ring.Refused, "refused", "the transaction was undone: it stood idle for more than %v", l.TransactionIdle)
	case j := <-jobs:
		return j, nil
	}
}

// end says what the end of a transaction is for.
func (j *job) end() error {
	if j.keep {
		return nil
	}
	return errRolledBack
}

// perform has the transaction perform a function. One that takes too long ends all of it.
func (one *session) perform(request context.Context, do func(context.Context, *ring.Manager) error) error {
	j := &job{do: do, done: make(chan struct{})}
	select {
	case one.jobs <- j:
	case <-one.ended:
		return one.lost()
	}
	select {
	case <-j.done:
		return j.err
	case <-one.ended:
	case <-request.Done():
		one.cancel(context.Cause(request))
		<-one.ended
	}
	select {
	case <-j.done:
		return j.err
	default: // it waited for the database
		return one.lost()
	}
}

// commit ends the transaction and keeps it; a rehearsal is over.
func (one *session) commit() error {
	if !one.finish(true) {
		return one.lost()
	}
	return one.err
}

// rollback ends the transaction and undoes it.
func (one *session) rollback() error {
	one.finish(false)
	return besides(one.err, errRolledBack)
}

// finish waits until the transaction is over, and reports whether it ended as it is told to.
func (one *session) finish(keep bool) (told bool) {
	select {
	case one.jobs <- &job{keep: keep}:
		told = true
	case <-one.ended:
	}
	<-one.ended
	return told
}

// besides gives what went wrong when a transaction was undone, but for why it was.
func besides(err, why error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case !errors.Is(err, why):
		return err
	case !ok:
		return nil
	}
	var rest []error
	for _, e := range joined.Unwrap() {
		rest = append(rest, besides(e, why))
	}
	return errors.Join(rest...)
}

// lost says why a transaction that ended by itself did.
func (one *session) lost() error {
	if one.err != nil {
		return one.err
	}
	return errGone
}
