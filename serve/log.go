package serve

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"signet/ring"
)

// logger writes one line for each request, and what peers may not know.
type logger struct {
	mu    sync.Mutex
	w     io.Writer
	now   func() time.Time
	quiet bool // troubles only
}

func (l *logger) line(format string, args ...any) {
	text := strings.Map(func(r rune) rune { // a name must not look like a line
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, fmt.Sprintf(format, args...))
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, "%s %s\n", l.now().UTC().Format("2006-01-02T15:04:05.000Z"), text)
}

// request tells of a request that is over.
func (l *logger) request(p Peer, function string, code ring.Code, took time.Duration, f *failure) {
	if l.quiet {
		return
	}
	who, from := p.User.Name(), p.Via
	if who == "" {
		who = "-"
	}
	if p.As != "" && p.As != p.User {
		who += " as " + p.As.Name()
	}
	if p.Host != "" {
		from += " " + p.Host
	}
	why := ""
	switch {
	case f == nil:
	case f.ID != "":
		why = " " + f.ID
	case f.Reference != "":
		why = " reference " + f.Reference
	default:
		why = " " + f.Text
	}
	l.line("%s (%s) %s %d %.1fms%s", who, from, function, code, float64(took.Microseconds())/1000, why)
}

// trouble tells of something that nobody asked for.
func (l *logger) trouble(what string, err error) { l.line("%s: %v", what, err) }

// conceal writes what a peer may not know and gives the reference to it.
func (l *logger) conceal(err error) string {
	b := make([]byte, 6)
	rand.Read(b)
	reference := hex.EncodeToString(b)
	l.line("reference %s: %v", reference, err)
	return reference
}
