package audit

import (
	"strings"
	"time"
)

// Query says which events are asked for. The zero value asks for all.
type Query struct {
	Issuer   string
	Function string
	Object   string    // the beginning of the object
	Since    time.Time // zero: from the first
	Until    time.Time // events before it; zero: to the last
	Bad      bool      // only those that were refused or failed
	Newest   bool      // the newest first
}

// Matches reports whether an event is asked for.
func (q *Query) Matches(e *Event) bool {
	return q.MatchesIndex(IndexOf(e)) && strings.HasPrefix(e.Object, q.Object)
}

// MatchesIndex reports whether an event may be asked for, by what stores list it by.
func (q *Query) MatchesIndex(x Index) bool {
	return (q.Issuer == "" || q.Issuer == x.Issuer) && (q.Function == "" || q.Function == x.Function) &&
		(!q.Bad || x.Bad) && (q.Since.IsZero() || x.Time >= ceil(q.Since)) && (q.Until.IsZero() || x.Time < ceil(q.Until))
}

// Period gives the times of a query in microseconds since 1970: from the first until before the
// second.
func (q *Query) Period() (from, until int64) {
	from, until = 0, endOfTime
	if !q.Since.IsZero() {
		from = ceil(q.Since)
	}
	if !q.Until.IsZero() {
		until = ceil(q.Until)
	}
	return from, until
}

// endOfTime is after the year 9999.
const endOfTime = 253402300800 * 1_000_000

// ceil gives a time in microseconds since 1970, rounded up: events have whole ones.
func ceil(t time.Time) int64 {
	n := t.UnixMicro()
	if t.Nanosecond()%1000 > 0 {
		n++
	}
	return n
}
