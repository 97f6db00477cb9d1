package serve

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"signet/ring"
)

// handler gives a server without a listener, and the context of a connection of a user to it.
func handler(t testing.TB, s *site) (*Server, context.Context) {
	server := New(Config{
		Manager: func(p Peer) *ring.Manager {
			return ring.NewManager(s.config(ring.Config{Issuer: p.As, Account: p.User, Via: p.Via, Host: p.Host}))
		},
		Own: s.own, Limits: s.limits, Version: "test", Log: &s.log, Now: time.Now,
	})
	base, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { server.sessions.stop(); cancel() })
	server.base = base
	end, _ := net.Pipe()
	conn := &gatedConn{Conn: end, user: keeper, listener: &gatedListener{server: server, via: viaUnix}}
	return server, context.WithValue(base, connKey{}, conn)
}

// recorder takes the deadlines that a connection has.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetReadDeadline(time.Time) error  { return nil }
func (recorder) SetWriteDeadline(time.Time) error { return nil }

// FuzzRequest sends anything for any function to a server with a real database. It must not
// panic, fail without a reference, answer without an end, or take much memory.
func FuzzRequest(f *testing.F) {
	for i, name := range append(ring.FunctionNames(), pathHello, pathCommit, pathRollback, "NOSUCH", "../x") {
		body := []byte("{}")
		if function, ok := ring.FunctionOf(name); ok {
			var err error
			if body, err = marshal(function.Request(), concealed); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(name, "", "", body)
		f.Add(name, "KEEPER", "UTC", []byte(`{"Owner":"KEEPER","Label":"a"}`))
		f.Add(name, string(rune('A'+i%26)), "Mars/Olympus", []byte(`[1,{"x":null}]`))
	}
	s := newSite(f)
	s.limits.RequestBytes, s.limits.Rate, s.limits.Burst, s.limits.TransactionIdle = 1<<16, 1e9, 1e9, time.Millisecond
	server, ctx := handler(f, s)
	f.Fuzz(func(t *testing.T, function, as, zone string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "http://x/", bytes.NewReader(body)).WithContext(ctx)
		r.URL.Path = pathPrefix + function
		r.Header = http.Header{"Content-Type": {contentType}, headerAs: {as}, headerZone: {zone}}
		w := recorder{httptest.NewRecorder()}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		server.ServeHTTP(w, r)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 256<<20 {
			t.Errorf("%s: %d bytes for a request of %d", function, used, len(body))
		}
		answer, err := io.ReadAll(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(string(answer), "\n")
		last := lines[max(0, len(lines)-2)]
		switch {
		case w.Code >= 500 && !strings.Contains(last, `"Reference":`) && !strings.Contains(last, `"ID":`):
			t.Errorf("%s: %d without a reference: %s", function, w.Code, last)
		case strings.Contains(s.log.String(), "panic:"):
			t.Fatalf("%s: %s", function, s.log.String())
		case last != doneLine && !strings.HasPrefix(last, errorHead):
			t.Errorf("%s: the answer has no end: %q", function, answer)
		case w.Code == http.StatusOK != (last == doneLine):
			t.Errorf("%s: status %d with %s", function, w.Code, last)
		}
		s.log.reset()
	})
}

// FuzzAnswer has a client read anything as an answer.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		doneLine, "", "\n", answerHead + `{"Messages":null}` + answerTail + doneLine,
		errorHead + `{"Code":8,"Text":"t","Class":"refused"}` + answerTail, answerHead + "null" + answerTail,
		"<html>", answerHead + strings.Repeat("[", 100) + answerTail, `{"done":true}`,
	} {
		f.Add(200, seed)
		f.Add(503, seed)
	}
	f.Fuzz(func(t *testing.T, status int, text string) {
		c := &Client{url: "unix:x"}
		w := &http.Response{StatusCode: status, Status: "x", Body: io.NopCloser(strings.NewReader(text))}
		read := 0
		err := c.lines(t.Context(), "LIST", w, func(data []byte) error {
			read++
			return unmarshal(data, new(ring.Listing))
		})
		if err == nil && !strings.Contains(text, doneLine) {
			t.Errorf("an answer without an end is taken: %q", text)
		}
	})
}
