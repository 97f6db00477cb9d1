package serve

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"signet/ring"
)

// Limits say how much a peer may ask for, and how long things may take.
type Limits struct {
	RequestBytes int64 // of the body of a request
	HeaderBytes  int   // of its header

	Connections     int // at a time, on each of the two ports
	UserConnections int // of one user on the Unix socket, who is known before anything is sent
	UserRequests    int // of one user at a time

	Rate  float64 // requests of one user each second, in the long run
	Burst int     // how many of them may come at once

	ReadTime         time.Duration // for a request to arrive
	RequestTime      time.Duration // for a function to be done
	WriteTime        time.Duration // for a part of an answer to be taken; in a transaction for all of it
	IdleTime         time.Duration // a connection without a request
	TransactionIdle  time.Duration // a transaction without a function that its user may perform
	TransactionTime  time.Duration // a transaction in all
	ShutdownTime     time.Duration // for running functions when the server stops
	CertificateCheck time.Duration // how often the ring of the TLS port is looked at
}

// DefaultLimits are for some hundred users with scripts.
func DefaultLimits() Limits {
	return Limits{
		RequestBytes:     8 << 20,
		HeaderBytes:      16 << 10,
		Connections:      512,
		UserConnections:  64,
		UserRequests:     16,
		Rate:             500,
		Burst:            1000,
		ReadTime:         30 * time.Second,
		RequestTime:      2 * time.Minute,
		WriteTime:        30 * time.Second,
		IdleTime:         2 * time.Minute,
		TransactionIdle:  30 * time.Second,
		TransactionTime:  10 * time.Minute,
		ShutdownTime:     10 * time.Second,
		CertificateCheck: time.Minute,
	}
}

// Check refuses limits that let nobody in.
func (l Limits) Check() error {
	for name, n := range map[string]int64{
		"request": l.RequestBytes, "header": int64(l.HeaderBytes), "connections": int64(l.Connections),
		"connections of a user": int64(l.UserConnections), "requests of a user": int64(l.UserRequests), "requests at once": int64(l.Burst),
		"time to read": int64(l.ReadTime), "time of a request": int64(l.RequestTime), "time to write": int64(l.WriteTime),
		"idle time": int64(l.IdleTime), "idle time of a transaction": int64(l.TransactionIdle), "time of a transaction": int64(l.TransactionTime),
		"time to stop": int64(l.ShutdownTime), "time between looks at the ring": int64(l.CertificateCheck),
	} {
		if n <= 0 {
			return fmt.Errorf("the limit of %s must be more than zero", name)
		}
	}
	if !(l.Rate > 0) {
		return errors.New("the limit of requests each second must be more than zero")
	}
	return nil
}

// maxUsers bounds how many users are remembered who have nothing running: someone with a CA of
// many certificates could else fill the memory.
const maxUsers = 10_000

// usage is what users have running, and how fast they are.
type usage struct {
	limits Limits
	now    func() time.Time

	mu    sync.Mutex
	users map[ring.Owner]*userUsage
}

type userUsage struct {
	running int
	tokens  float64 // of the token bucket
	at      time.Time
}

func newUsage(l Limits, now func() time.Time) *usage {
	return &usage{limits: l, now: now, users: map[ring.Owner]*userUsage{}}
}

// enter lets a request of a user in, or says which limit it meets. leave ends it.
func (u *usage) enter(user ring.Owner, metered bool) *failure {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.now()
	one := u.users[user]
	if one == nil {
		u.makeRoom(now)
		one = &userUsage{tokens: float64(u.limits.Burst), at: now}
		u.users[user] = one
	}
	one.tokens = u.refilled(one, now)
	one.at = now
	switch {
	case one.running >= u.limits.UserRequests:
		f := failed(ring.Refused, "refused", "user %s: %d requests run already, and more may not at a time", user.Name(), one.running)
		f.Retry = true
		return f
	case metered && one.tokens < 1:
		f := failed(ring.Refused, "refused", "user %s: more than %g requests each second", user.Name(), u.limits.Rate)
		f.Retry = true
		return f
	}
	if metered {
		one.tokens--
	}
	one.running++
	return nil
}

func (u *usage) leave(user ring.Owner) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.users[user].running--
}

// refilled gives the tokens that a user has by now.
func (u *usage) refilled(one *userUsage, now time.Time) float64 {
	return math.Min(float64(u.limits.Burst), one.tokens+max(0, now.Sub(one.at).Seconds())*u.limits.Rate)
}

// makeRoom forgets users about whom there is nothing to remember.
func (u *usage) makeRoom(now time.Time) {
	if len(u.users) < maxUsers {
		return
	}
	for id, one := range u.users {
		if one.running == 0 && u.refilled(one, now) >= float64(u.limits.Burst) {
			delete(u.users, id)
		}
	}
}
