package pkcs11

import (
	"context"
	"fmt"
	"sync"

	p11 "github.com/miekg/pkcs11"
)

// session is an open session, used by one goroutine at a time.
type session struct {
	handle sessionHandle
	age    int // the generation of the token that it belongs to
}

// pool holds the sessions of a token. idle has those that are open and unused, permits one item
// for each that may yet be opened. A session or a permit is always in one place: in a channel or
// with a goroutine.
type pool struct {
	idle    chan session
	permits chan struct{}
	done    chan struct{}

	state sync.Mutex
	age   int // grows when all sessions before are suspect
	limit int // sessions and permits in all
	open  int
	shutd bool
}

func newPool(limit int) *pool {
	p := &pool{idle: make(chan session, limit), permits: make(chan struct{}, limit), done: make(chan struct{}), limit: limit}
	for range limit {
		p.permits <- struct{}{}
	}
	return p
}

// shut makes the pool refuse; false: it did already.
func (p *pool) shut() bool {
	p.state.Lock()
	defer p.state.Unlock()
	if p.shutd {
		return false
	}
	p.shutd = true
	close(p.done)
	return true
}

func (p *pool) generation() int {
	p.state.Lock()
	defer p.state.Unlock()
	return p.age
}

// suspect makes all sessions of a generation stale, once.
func (p *pool) suspect(age int) {
	p.state.Lock()
	defer p.state.Unlock()
	if p.age == age {
		p.age++
	}
}

// acquire gives a session: an idle one, a new one if there may be more, or the next that is
// given back.
func (t *Token) acquire(ctx context.Context) (session, error) {
	for {
		select {
		case <-t.done:
			return session{}, &Error{Object: t.Name(), Kind: ErrClosed}
		default:
		}
		var s session
		select {
		case s = <-t.idle:
		default:
			select {
			case s = <-t.idle:
			case <-t.permits:
				s, again, err := t.openSession(ctx)
				if again {
					continue
				}
				return s, err
			case <-t.done:
				continue
			case <-ctx.Done():
				return session{}, fmt.Errorf("%s: wait for a session: %w", t.Name(), ctx.Err())
			}
		}
		if s.age == t.generation() {
			return s, nil
		}
		t.drop(s)
	}
}

// openSession spends a permit on a new session and sees that the user is logged in. again: the
// token has no more sessions, and the pool is smaller now.
func (t *Token) openSession(ctx context.Context) (s session, again bool, err error) {
	flags := uint(p11.CKF_SERIAL_SESSION)
	if !t.options.ReadOnly {
		flags |= p11.CKF_RW_SESSION
	}
	s.age = t.generation()
	t.count(1)
	s.handle, err = t.module.calls.openSession(t.Info().Slot, flags)
	if err != nil {
		return s, t.giveUp(err), err
	}
	if err := t.logIn(ctx, s); err != nil {
		t.drop(s)
		return s, false, err
	}
	return s, false, nil
}

// giveUp puts back the permit of a session that did not open. If the token has no more sessions
// but others of this pool are open, the permit is gone for good, and true is the answer.
func (t *Token) giveUp(err error) bool {
	t.state.Lock()
	t.open--
	shrink := codeOf(err) == p11.CKR_SESSION_COUNT && t.open > 0 && !t.shutd
	if shrink {
		t.limit--
	}
	t.state.Unlock()
	if !shrink {
		t.permits <- struct{}{}
	}
	return shrink
}

func (p *pool) count(n int) {
	p.state.Lock()
	p.open += n
	p.state.Unlock()
}

// release gives a session back.
func (t *Token) release(s session) { t.idle <- s }

// drop closes a session. It may be closed already, so that the answer says nothing.
func (t *Token) drop(s session) {
	_ = t.module.calls.closeSession(s.handle)
	t.count(-1)
	t.permits <- struct{}{}
}

// closeSessions waits for every session of a pool that is shut, and closes it. Logging out is
// left to the module, which does it with the last session: another Token may be using the login.
func (t *Token) closeSessions() {
	t.state.Lock()
	limit := t.limit
	t.state.Unlock()
	for range limit {
		select {
		case s := <-t.idle:
			_ = t.module.calls.closeSession(s.handle)
		case <-t.permits:
		}
	}
}

// retry says after which faults a call is made once more.
type retry int

const (
	never           retry = iota
	whenSessionLost       // the call was refused before it did anything: right for changes, too
	whenAnyFault          // also when the token failed or was away: for calls that change nothing
)

// do calls fn with a session, and once more on a fresh one if the fault is of the kind to mend.
// It watches ctx between calls: a call that has begun is not interrupted.
func (t *Token) do(ctx context.Context, op string, r retry, fn func(*session) error) error {
	for first := true; ; first = false {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %s: %w", t.Name(), op, err)
		}
		age := t.generation()
		s, err := t.acquire(ctx)
		if err == nil {
			age = s.age
			if err = fn(&s); err == nil || !spoilt(codeOf(err)) {
				t.release(s)
			} else {
				t.drop(s)
			}
		}
		if err == nil {
			return nil
		}
		if !first || !t.mend(ctx, codeOf(err), r, age) {
			return fault(t.Name(), op, err)
		}
	}
}

// spoilt reports whether a session is of no use after this answer.
func spoilt(c CKR) bool {
	switch c {
	case p11.CKR_OPERATION_ACTIVE, p11.CKR_DEVICE_ERROR, p11.CKR_GENERAL_ERROR:
		return true
	}
	return lost(c) || gone(c)
}

// lost reports that the session or the login went, and nothing was done.
func lost(c CKR) bool {
	switch c {
	case p11.CKR_SESSION_HANDLE_INVALID, p11.CKR_SESSION_CLOSED, p11.CKR_USER_NOT_LOGGED_IN, p11.CKR_OPERATION_ACTIVE:
		return true
	}
	return false
}

// gone reports that the token was away.
func gone(c CKR) bool {
	switch c {
	case p11.CKR_TOKEN_NOT_PRESENT, p11.CKR_DEVICE_REMOVED, p11.CKR_SLOT_ID_INVALID:
		return true
	}
	return false
}

// mend prepares for a second attempt; false: there is none.
func (t *Token) mend(ctx context.Context, c CKR, r retry, age int) bool {
	switch {
	case r == never || c == 0:
		return false
	case c == p11.CKR_USER_NOT_LOGGED_IN && t.options.PIN == nil:
		return false
	case c == p11.CKR_OPERATION_ACTIVE:
		return true // only that session, which is dropped
	case lost(c):
		t.suspect(age)
		return true
	case r != whenAnyFault:
		return false
	case c == p11.CKR_DEVICE_ERROR:
		return true
	case gone(c):
		if !t.takeTurn(ctx) {
			return false
		}
		defer t.passTurn()
		if t.generation() != age { // another goroutine was here
			return true
		}
		if t.findAgain() != nil {
			return false
		}
		t.suspect(age)
		return true
	}
	return false
}

func (t *Token) takeTurn(ctx context.Context) bool {
	select {
	case t.turn <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (t *Token) passTurn() { <-t.turn }
