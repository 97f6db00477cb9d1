package serve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"signet/ring"
)

// plain sends bytes as they are and gives the whole answer.
func (s *site) plain(text string) string {
	s.t.Helper()
	c, err := net.Dial("unix", s.socket)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	go io.WriteString(c, text)
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	w, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		s.t.Fatalf("%.200q: %v", text, err)
	}
	defer w.Body.Close()
	body, _ := io.ReadAll(w.Body) // the server may close before it has read what was too long
	return fmt.Sprintf("%d %s", w.StatusCode, body)
}

func post(path, header, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s", path, len(body), header, body)
}

func TestForm(t *testing.T) {
	s := newSite(t)
	s.limits.RequestBytes = 1000
	s.limits.ReadTime = 200 * time.Millisecond
	s.start(false)
	long := strings.Repeat("x", 2000)
	for _, tc := range []struct{ name, request, want string }{
		{"good", post("/v1/hello", "", ""), `200 {"answer":{"User":"KEEPER","As":"KEEPER","Server":"test"}}` + "\n" + `{"done":true}`},
		{"no such function", post("/v1/NOSUCH", "", "{}"), "404"},
		{"not a function's name", post("/v1/../../etc/passwd", "", "{}"), "404"},
		{"another version", post("/v2/LIST", "", "{}"), "404 {\"error\""},
		{"GET", "GET /v1/LIST HTTP/1.1\r\nHost: x\r\n\r\n", "405"},
		{"a form", strings.Replace(post("/v1/LIST", "", "{}"), "application/json", "text/plain", 1), "415"},
		{"no JSON", post("/v1/LIST", "", "{"), "400"},
		{"unknown field", post("/v1/LIST", "", `{"Ownr":"X"}`), "400"},
		{"too long", post("/v1/LIST", "", long), "413"},
		{"too long, in pieces", "POST /v1/LIST HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + long + "\r\n0\r\n\r\n", "413"},
		{"not all of it", "POST /v1/LIST HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", "408"},
		{"long header", post("/v1/hello", "X: "+strings.Repeat("y", 40_000)+"\r\n", ""), "431"},
		{"no user", post("/v1/LIST", "Signet-As: a/b\r\n", "{}"), "422"},
		{"no transaction", post("/v1/commit", "", "null"), "422"},
		{"transaction of nobody", post("/v1/LIST", "Signet-Transaction: x\r\n", "{}"), "422"},
		{"begin what", post("/v1/transaction", "", `{"rehearsal":1}`), "422"},
		{"refused by the rules", post("/v1/ADDRING", "", `{"Owner":"KEEPER","Name":"a b"}`), "422 {\"error\":{\"ID\":"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := s.plain(tc.request); !strings.HasPrefix(got, tc.want) {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

// A peer that sends nothing is let go, and others are served meanwhile.
func TestSlowPeer(t *testing.T) {
	s := newSite(t)
	s.limits.ReadTime = 100 * time.Millisecond
	s.start(false)
	for _, begin := range []string{"", "POST /v1/", post("/v1/LIST", "", strings.Repeat(" ", 100))[:100]} {
		c, err := net.Dial("unix", s.socket)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		s.must(io.WriteString(c, begin))
		s.dial(Options{})
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.ReadAll(c); err != nil {
			t.Errorf("%q: %v", begin, err)
		}
	}
}

// A peer that does not take its answer does not keep the database.
func TestSlowReader(t *testing.T) {
	s := newSite(t)
	s.limits.WriteTime = 100 * time.Millisecond
	s.start(false)
	c := s.dial(Options{})
	for i := range 100 {
		name := fmt.Sprintf("%s%03d", strings.Repeat("r", 200), i)
		s.must(call[*ring.Result](c, "ADDRING", ringOf(name)))
	}
	slow, err := net.Dial("unix", s.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	for range 300 { // more than the buffers of the socket hold
		_, err = io.WriteString(slow, post("/v1/LISTRING", "", `{"Owner":"KEEPER"}`))
		if err != nil {
			break
		}
	}
	eventually(t, "the slow peer is given up", func() bool { return strings.Contains(s.log.String(), "did not take the answer") })
	if !s.free() {
		t.Error("the database is kept")
	}
}

func TestTooManyConnections(t *testing.T) {
	s := newSite(t)
	s.limits.UserConnections = 3
	s.start(false)
	var open []net.Conn
	for range 6 {
		c, err := net.Dial("unix", s.socket)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	s.must(io.WriteString(open[5], post("/v1/hello", "", "")))
	answer, err := io.ReadAll(open[5])
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 503") || !strings.Contains(string(answer), "has 3 connections open already") {
		t.Errorf("%v: %s", err, answer)
	}
	for _, c := range open {
		c.Close()
	}
	eventually(t, "there is room again", func() bool {
		c, err := Dial(context.Background(), "unix:"+s.socket, Options{})
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	if c := s.dial(Options{}); c.once(t.Context(), pathHello, []byte("null"), func([]byte) error { return nil }) != nil {
		t.Error("no room")
	}
}

func TestTooManyRequests(t *testing.T) {
	s := newSite(t)
	s.limits.UserRequests = 1
	st := stalled(s)
	s.start(false)
	c := s.dial(Options{})
	done := make(chan error)
	go func() {
		_, err := call[*ring.Result](c, "ADDRING", ringOf("A"))
		done <- err
	}()
	<-st.entered
	if err := c.once(t.Context(), pathHello, []byte("null"), nil); !errors.Is(err, ring.ErrRefused) || !strings.Contains(err.Error(), "1 requests run already") {
		t.Errorf("%v", err)
	}
	time.AfterFunc(50*time.Millisecond, func() { close(st.release) })
	if _, err := call[welcome](c, pathHello, nil); err != nil { // a client waits for room
		t.Errorf("%v", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRate(t *testing.T) {
	now := time.Unix(1e9, 0)
	l := DefaultLimits()
	l.Rate, l.Burst = 2, 3
	u := newUsage(l, func() time.Time { return now })
	try := func(user ring.Owner) bool {
		f := u.enter(user, true)
		if f == nil {
			u.leave(user)
		} else if !f.Retry || !strings.Contains(f.Text, "more than 2 requests each second") {
			t.Errorf("%v", f)
		}
		return f == nil
	}
	for i, want := range []bool{true, true, true, false, false} {
		if try("A") != want {
			t.Errorf("request %d: %v", i, !want)
		}
	}
	if !try("B") {
		t.Error("one user's haste stops another")
	}
	if f := u.enter("A", false); f != nil {
		t.Errorf("within a transaction: %v", f)
	}
	now = now.Add(500 * time.Millisecond)
	if !try("A") || try("A") {
		t.Error("half a second is one request")
	}
	now = now.Add(time.Hour)
	for i, want := range []bool{true, true, true, false} {
		if try("A") != want {
			t.Errorf("after an hour, request %d: %v", i, !want)
		}
	}
	now = now.Add(-time.Hour) // a clock that is set back takes nothing away
	if try("A") {
		t.Error("a clock that is set back gives requests")
	}
}

func TestManyUsers(t *testing.T) {
	now := time.Unix(1e9, 0)
	u := newUsage(DefaultLimits(), func() time.Time { return now })
	for i := range 3 * maxUsers {
		now = now.Add(time.Second)
		user := ring.Owner(fmt.Sprint("U", i))
		if f := u.enter(user, true); f != nil {
			t.Fatal(f)
		}
		u.leave(user)
	}
	if len(u.users) > maxUsers {
		t.Errorf("%d users are remembered", len(u.users))
	}
}

// A client over its rate waits, and gets done what it asked for.
func TestClientWaits(t *testing.T) {
	s := newSite(t)
	s.limits.Rate, s.limits.Burst = 20, 1
	s.start(false)
	c := s.dial(Options{})
	for i := range 4 {
		s.must(call[*ring.Result](c, "ADDRING", ringOf(fmt.Sprint("R", i))))
	}
}
