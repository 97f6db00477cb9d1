package sqldb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/oracle"
	"signet/ring"
)

// TestPostgresUnreachable checks each way in which there is no connection: a clear error in
// limited time, without the password.
func TestPostgresUnreachable(t *testing.T) {
	p := oracle.SharedPostgres(t)
	listen := func(serve func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go serve(c)
			}
		}()
		return l.Addr().String()
	}
	silent := listen(func(c net.Conn) { io.Copy(io.Discard, c) })
	curt := listen(func(c net.Conn) { c.Close() })
	wrong := listen(func(c net.Conn) { io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n"); c.Close() })
	unused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unused.Close()
	for name, test := range map[string]struct{ url, want string }{
		"wrong password": {strings.Replace(p.URL("tests", nil), url.UserPassword(oracle.PostgresUser, oracle.PostgresPassword).String(), "keeper:hunter", 1),
			`the password of user "keeper" is wrong or missing`},
		"no password":    {fmt.Sprintf("postgres://keeper@127.0.0.1:%d/tests", p.Port), "wrong or missing"},
		"no such user":   {fmt.Sprintf("postgres://stranger:hunter@127.0.0.1:%d/tests", p.Port), `user "stranger"`},
		"unknown host":   {"postgres://u:hunter@db.invalid/tests", `host "db.invalid"`},
		"nothing there":  {"postgres://u:hunter@" + unused.Addr().String() + "/tests", "nothing listens there"},
		"no socket":      {"postgres://u:hunter@/tests?host=" + t.TempDir(), "no server has its socket there"},
		"silent":         {"postgres://u:hunter@" + silent + "/tests?connect_timeout=2", "no answer within 2s"},
		"silent, no TLS": {"postgres://u:hunter@" + silent + "/tests?connect_timeout=2&sslmode=disable", "no answer within 2s"},
		"hangs up":       {"postgres://u:hunter@" + curt + "/tests", "no connection: " + curt},
		"not PostgreSQL": {"postgres://u:hunter@" + wrong + "/tests?connect_timeout=2", "no connection: " + wrong},
		"no TLS":         {p.URL("tests", url.Values{"sslmode": {"require"}}), "TLS"},
		"two hosts":      {"postgres://u:hunter@" + unused.Addr().String() + "," + silent + "/tests?connect_timeout=2", silent + ": no answer"},
		"bad setting":    {p.URL("tests", url.Values{"serach_path": {"x"}}), "serach_path"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			refusedAt(t, test.url, Options{Create: true, Stash: "x"}, nil, test.want)
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := OpenPostgres(ctx, "postgres://u@"+silent+"/tests", Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
}

// relay stands between a client and the server, and can be told to do harm.
type relay struct {
	net.Listener
	to     string
	deaf   atomic.Bool // it takes what it is sent and passes nothing on
	closed atomic.Bool // it lets nobody in
	onText func(r *relay, message []byte) verdict

	mu    sync.Mutex
	conns []net.Conn
}

type verdict int

const (
	pass         verdict = iota
	cutBefore            // the connection ends, the server does not get the message
	cutAfter             // the server gets the message, the client gets no answer
	swallowReply         // as cutAfter, but the connection stays
)

func newRelay(t *testing.T, port int) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: l, to: fmt.Sprintf("127.0.0.1:%d", port)}
	t.Cleanup(func() { l.Close(); r.cut() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.serve(c)
		}
	}()
	return r
}

func (r *relay) serve(c net.Conn) {
	defer c.Close()
	if r.closed.Load() {
		return
	}
	s, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer s.Close()
	r.mu.Lock()
	r.conns = append(r.conns, c, s)
	r.mu.Unlock()
	var mute atomic.Bool
	go func() { // answers
		defer c.Close()
		b := make([]byte, 64<<10)
		for {
			n, err := s.Read(b)
			if err != nil {
				return
			}
			if !mute.Load() && !r.deaf.Load() {
				c.Write(b[:n])
			}
		}
	}()
	b := make([]byte, 64<<10)
	for {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		if r.deaf.Load() {
			continue
		}
		what := pass
		if r.onText != nil {
			what = r.onText(r, b[:n])
		}
		switch what {
		case cutBefore:
			return
		case cutAfter:
			mute.Store(true)
			s.Write(b[:n])
			time.Sleep(100 * time.Millisecond) // the server does its work
			return
		case swallowReply:
			mute.Store(true)
		}
		s.Write(b[:n])
	}
}

// cut ends all connections.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.Close()
	}
	r.conns = nil
}

// through gives the place as it is seen through the relay.
func (r *relay) through(at place, port int) place {
	return place{strings.Replace(at.url, fmt.Sprintf(":%d/", port), fmt.Sprintf(":%d/", r.Addr().(*net.TCPAddr).Port), 1), at.stash}
}

// TestPostgresCommitLost loses the connection around the commit in every way: what is reported
// as done is done, once, and what is not is reported as it is.
func TestPostgresCommitLost(t *testing.T) {
	port := oracle.SharedPostgres(t).Port
	for name, test := range map[string]struct {
		harm   verdict
		closed bool // nobody is let in afterwards
		want   string
		kept   int
	}{
		"before the server has it":       {cutBefore, false, "before the change was durable; nothing was changed", 0},
		"after the server has it":        {cutAfter, false, "", 1},
		"the answer never comes":         {swallowReply, false, "", 1},
		"before, and the server is gone": {cutBefore, true, "look before it is repeated", 0},
		"after, and the server is gone":  {cutAfter, true, "look before it is repeated", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := newPlace(t)
			if err := openAt(t, direct).Update(t.Context(), step); err != nil {
				t.Fatal(err)
			}
			r := newRelay(t, port)
			var armed atomic.Bool
			r.onText = func(r *relay, message []byte) verdict {
				if !bytes.Contains(message, []byte("COMMIT\x00")) || !armed.CompareAndSwap(true, false) {
					return pass
				}
				r.closed.Store(test.closed)
				return test.harm
			}
			at := r.through(direct, port)
			patience := 5 * time.Second
			if test.closed {
				patience = time.Second
			}
			db, err := OpenPostgres(t.Context(), at.url+"&connect_timeout=1&sslmode=disable", Options{Stash: at.stash, BusyTimeout: patience})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			armed.Store(true)
			ran := 0
			err = db.Update(t.Context(), func(tx ring.Tx) error { ran++; return step(tx) })
			if test.want == "" && err != nil {
				t.Error(err)
			}
			if test.want != "" {
				contains(t, err, test.want, db.Path())
				discreet(t, err)
				if ring.CodeOf(err) != ring.Failed {
					t.Errorf("return code %d", ring.CodeOf(err))
				}
			}
			if ran != 1 {
				t.Errorf("it ran %d times", ran)
			}
			if n := hint(t, openAt(t, direct)); n != 2+test.kept {
				t.Errorf("counted to %d, want %d", n, 2+test.kept)
			}
		})
	}
}

// hint reads the number that step counts.
func hint(t *testing.T, db *DB) (n int) {
	t.Helper()
	err := db.View(t.Context(), func(tx ring.Tx) (err error) { n, err = tx.LabelHint("FLEET"); return err })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPostgresConnectionLost loses the connection between and within transactions.
func TestPostgresConnectionLost(t *testing.T) {
	t.Parallel()
	port := oracle.SharedPostgres(t).Port
	direct := newPlace(t)
	openAt(t, direct)
	r := newRelay(t, port)
	at := r.through(direct, port)
	db, err := OpenPostgres(t.Context(), at.url+"&connect_timeout=1&sslmode=disable", Options{Stash: at.stash, BusyTimeout: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for range 3 {
		if err := db.Update(t.Context(), step); err != nil {
			t.Errorf("between two transactions: %v", err)
		}
		r.cut()
	}
	for name, harm := range map[string]func(){"lost": r.cut, "stopped answering": func() { r.deaf.Store(true) }} {
		for _, run := range []func(context.Context, func(ring.Tx) error) error{db.Update, db.View} {
			start := time.Now()
			err := run(t.Context(), func(tx ring.Tx) error {
				if _, err := tx.LabelHint("FLEET"); err != nil {
					return err
				}
				harm()
				_, err := tx.LabelHint("FLEET")
				return err
			})
			contains(t, err, name, "nothing was changed", db.Path())
			discreet(t, err)
			if ring.CodeOf(err) != ring.Failed || time.Since(start) > 20*time.Second {
				t.Errorf("%s: return code %d after %v", name, ring.CodeOf(err), time.Since(start))
			}
			r.deaf.Store(false)
			r.cut()
		}
	}
	if n := hint(t, db); n != 4 {
		t.Errorf("counted to %d, want 4", n)
	}
	// A server that hangs before a transaction begins.
	r.deaf.Store(true)
	start := time.Now()
	if err := db.Update(t.Context(), step); ring.CodeOf(err) != ring.Failed || time.Since(start) > 20*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}
