package serve

import (
	"net/http"
	"time"
)

// answer writes the lines of an answer. What is written is collected first: as long as it fits,
// a function that fails still gets the status that says so, and the database is not kept waiting
// for a slow peer.
type answer struct {
	w      http.ResponseWriter
	buf    []byte
	limit  time.Duration
	total  bool  // limit is for all writes together, and not for each: a transaction is open
	begun  bool  // the peer has a part of it
	broken error // the peer takes no more
}

// flushAt is how much is collected.
const flushAt = 64 << 10

// emit adds one thing.
func (a *answer) emit(v any, conceal func(error) *failure) error {
	if a.broken != nil {
		return a.broken
	}
	line, err := marshal(v, conceal)
	if err != nil {
		return err
	}
	defer clear(line)
	if len(a.buf)+len(line) > flushAt {
		if err := a.flush(http.StatusOK); err != nil {
			return err
		}
	}
	a.add(answerHead)
	a.addBytes(line)
	a.add(answerTail)
	return nil
}

func (a *answer) add(s string) { a.addBytes([]byte(s)) }

func (a *answer) addBytes(b []byte) {
	if need := len(a.buf) + len(b); need > cap(a.buf) {
		bigger := make([]byte, len(a.buf), 2*need)
		copy(bigger, a.buf)
		clear(a.buf)
		a.buf = bigger
	}
	a.buf = append(a.buf, b...)
}

// end adds the last line and sends what is left.
func (a *answer) end(f *failure) error {
	status := http.StatusOK
	if f == nil {
		a.add(doneLine)
	} else {
		status = statusOf(f)
		line, err := marshal(f, nil)
		if err != nil {
			return err
		}
		a.add(errorHead)
		a.addBytes(line)
		a.add(answerTail)
	}
	return a.flush(status)
}

func (a *answer) flush(status int) error {
	if a.broken != nil {
		return a.broken
	}
	c := http.NewResponseController(a.w)
	start := time.Now()
	if a.broken = c.SetWriteDeadline(start.Add(a.limit)); a.broken != nil {
		return a.broken
	}
	if !a.begun {
		a.begun = true
		a.w.Header().Set("Content-Type", "application/jsonl")
		a.w.Header().Set("Cache-Control", "no-store")
		a.w.WriteHeader(status)
	}
	_, a.broken = a.w.Write(a.buf)
	clear(a.buf)
	a.buf = a.buf[:0]
	if a.broken == nil {
		a.broken = c.Flush()
	}
	if a.total {
		a.limit -= time.Since(start)
	}
	return a.broken
}

// statusOf gives the HTTP status of a failure that has none of its own.
func statusOf(f *failure) int {
	switch {
	case f.Status != 0:
		return f.Status
	case f.Retry:
		return http.StatusTooManyRequests
	case f.Reference != "" || f.Code > 8:
		return http.StatusInternalServerError
	}
	return http.StatusUnprocessableEntity
}
