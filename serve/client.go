package serve

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"signet/ring"
)

// ErrServer is the class of failures to reach a server, or to understand it.
var ErrServer = errors.New("no answer from the server")

// Options say how a client reaches its server.
type Options struct {
	As   string      // the user to act for; empty for the user that the server takes the client for
	Zone string      // the time zone of dates, by name; empty for the server's
	TLS  *tls.Config // for https: the client's certificate, and whom it trusts
}

// Client is a server, seen from the other side. It is a ring.Remote.
type Client struct {
	url     string // as the user knows it
	base    string
	options Options
	http    *http.Client
	token   string // of the transaction that its calls belong to
	user    ring.Owner
	as      ring.Owner
}

// The schemes of servers.
const (
	schemeUnix  = "unix:"
	schemeHTTPS = "https://"
)

// IsURL reports whether a text names a server, as unix:PATH or https://HOST:PORT.
func IsURL(s string) bool { return strings.HasPrefix(s, schemeUnix) || strings.HasPrefix(s, "https:") }

// IsSocket reports whether a URL names a server on a Unix socket.
func IsSocket(url string) bool { return strings.HasPrefix(url, schemeUnix) }

// dialTime bounds how long a server may take to let a client in.
const dialTime = 10 * time.Second

// Dial reaches a server and learns who the client is there.
func Dial(ctx context.Context, address string, o Options) (*Client, error) {
	c := &Client{url: address, options: o}
	dialer := &net.Dialer{Timeout: dialTime}
	t := &http.Transport{
		TLSClientConfig:        o.TLS,
		TLSHandshakeTimeout:    dialTime,
		DialContext:            dialer.DialContext,
		IdleConnTimeout:        time.Minute, // sooner than the server's
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
	}
	if path, ok := strings.CutPrefix(address, schemeUnix); ok {
		if path == "" || strings.HasPrefix(path, "//") || strings.HasPrefix(path, "@") {
			return nil, fmt.Errorf("server %q: write unix:PATH: %w", address, ring.ErrInvalid)
		}
		c.base = "http://signet"
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return dialer.DialContext(ctx, "unix", path) }
	} else {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.Port() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
			return nil, fmt.Errorf("server %q: write https://HOST:PORT: %w", address, ring.ErrInvalid)
		}
		c.base = schemeHTTPS + u.Host
	}
	c.http = &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var w welcome
	if err := c.Call(ctx, pathHello, nil, &w); err != nil {
		c.Close()
		return nil, c.explain(ctx, err)
	}
	c.user, c.as = ring.Owner(w.User), ring.Owner(w.As)
	return c, nil
}

// explain finds out why a server closed the connection. In TLS 1.3 a client hears only after the
// handshake that its certificate is not accepted, and then its request may already have failed.
func (c *Client) explain(ctx context.Context, err error) error {
	address, isTLS := strings.CutPrefix(c.base, schemeHTTPS)
	var s *serverError
	if !isTLS || !errors.As(err, &s) || !s.lost {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	conn, dialed := (&tls.Dialer{Config: c.options.TLS}).DialContext(limit, "tcp", address)
	if dialed != nil {
		return c.unreached(ctx, pathHello, dialed)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(dialTime / 5))
	var op *net.OpError
	if _, alert := conn.Read(make([]byte, 1)); errors.As(alert, &op) && op.Op == "remote error" {
		return c.unreached(ctx, pathHello, alert)
	}
	return err
}

// User is who the server takes the client for.
func (c *Client) User() ring.Owner { return c.user }

// As is the user that the client acts for.
func (c *Client) As() ring.Owner { return c.as }

// Close lets the connections go.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Call performs a function that answers with one thing, or none.
func (c *Client) Call(ctx context.Context, function string, request, answer any) error {
	read := false
	return c.do(ctx, function, request, func(data []byte) error {
		if read || answer == nil {
			return c.trouble(errors.New("it answered more than was asked"))
		}
		read = true
		if err := unmarshal(data, answer); err != nil {
			return c.trouble(fmt.Errorf("its answer: %w", err))
		}
		return nil
	})
}

// Each performs a function that answers with many things.
func (c *Client) Each(ctx context.Context, function string, request any, next func(read func(any) error) error) error {
	return c.do(ctx, function, request, func(data []byte) error {
		return next(func(into any) error {
			if err := unmarshal(data, into); err != nil {
				return c.trouble(fmt.Errorf("its answer: %w", err))
			}
			return nil
		})
	})
}

// patience bounds how long a client waits for room at a server that is busy.
const patience = 30 * time.Second

// do sends a request, again when a limit was met and nothing done, and hands on what comes back.
func (c *Client) do(ctx context.Context, function string, request any, take func([]byte) error) error {
	body, err := marshal(request, nil)
	if err != nil {
		return fmt.Errorf("request of %q: %w", function, err)
	}
	defer clear(body)
	pause := 20 * time.Millisecond
	for start := time.Now(); ; pause = min(2*pause, time.Second) {
		err := c.once(ctx, function, body, take)
		var f *failure
		if !errors.As(err, &f) || !f.Retry || time.Since(start) > patience {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

func (c *Client) once(ctx context.Context, function string, body []byte, take func([]byte) error) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+pathPrefix+url.PathEscape(function), bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", contentType)
	for name, value := range map[string]string{headerAs: c.options.As, headerZone: c.options.Zone, headerTransaction: c.token} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	w, err := c.http.Do(r)
	if err != nil {
		return c.unreached(ctx, function, err)
	}
	defer w.Body.Close()
	err = c.lines(ctx, function, w, take)
	if err == nil || w.StatusCode != http.StatusOK {
		// to the end, so that the connection serves again
		_, _ = io.CopyN(io.Discard, w.Body, 1<<10)
	}
	return err
}

// lines reads the lines of an answer.
func (c *Client) lines(ctx context.Context, function string, w *http.Response, take func([]byte) error) error {
	in := bufio.NewReaderSize(w.Body, 64<<10)
	for {
		line, err := readLine(in)
		if err != nil {
			if w.StatusCode != http.StatusOK && !errors.Is(err, errLongLine) {
				return c.trouble(fmt.Errorf("HTTP status %s; is it a signet server?", w.Status))
			}
			return c.lost(ctx, function, err)
		}
		if string(line) == doneLine {
			return nil
		}
		if data, ok := inside(line, answerHead); ok {
			err := take(data)
			clear(line)
			if err != nil {
				return err
			}
			continue
		}
		if data, ok := inside(line, errorHead); ok {
			f := new(failure)
			if err := unmarshal(data, f); err == nil {
				return f.error()
			}
		}
		return c.trouble(errors.New("its answer is none of signet's; are both programs of one version?"))
	}
}

// inside gives what stands in a line after its head.
func inside(line []byte, head string) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(line, []byte(head))
	if !ok {
		return nil, false
	}
	return bytes.CutSuffix(rest, []byte(answerTail))
}

var errLongLine = errors.New("a line of the answer is too long")

// readLine reads one line with its end, and leaves no copies behind.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > maxAnswerLine {
			clear(line)
			return nil, errLongLine
		}
		bigger := make([]byte, len(line)+len(part))
		copy(bigger[copy(bigger, line):], part)
		clear(line)
		clear(part)
		line = bigger
		if err == nil {
			return line, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			clear(line)
			return nil, err
		}
	}
}

// trouble is an error about the server.
func (c *Client) trouble(err error) error {
	return &serverError{text: fmt.Sprintf("server %s: %v", c.url, err)}
}

// serverError is what went wrong between a client and its server.
type serverError struct {
	text string
	lost bool // the connection ended without a word
}

func (e *serverError) Error() string { return e.text }

// Unwrap gives the class.
func (e *serverError) Unwrap() error { return ErrServer }

// lost says that a connection broke after the request was sent.
func (c *Client) lost(ctx context.Context, function string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	switch {
	case errors.Is(err, errLongLine):
		return c.trouble(err)
	case c.token != "" && function != pathCommit:
		return c.trouble(errors.New("the connection broke within the transaction, which is undone"))
	case function == pathHello || function == pathTransaction:
		return &serverError{fmt.Sprintf("server %s: it closed the connection without an answer; its log may say why", c.url), true}
	}
	return c.trouble(fmt.Errorf("the connection broke before the answer came: whether %q was done is not known; look before you repeat it", function))
}

// unreached says why a request could not be sent, or got no answer.
func (c *Client) unreached(ctx context.Context, function string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, fs.ErrNotExist):
		return c.trouble(errors.New("there is no such socket: no server runs there"))
	case errors.Is(err, syscall.ECONNREFUSED):
		return c.trouble(errors.New("nobody listens there: no server runs, or its address is another"))
	case errors.Is(err, fs.ErrPermission):
		return c.trouble(errors.New("this account may not connect to the socket"))
	case errors.As(err, &verify):
		return c.trouble(fmt.Errorf("its certificate is not accepted: %v; --tls-ca names the authority to trust", verify.Err))
	case errors.As(err, &op) && op.Op == "remote error" && strings.Contains(op.Err.Error(), "certificate"): // an alert, RFC 8446 section 6.2
		return c.trouble(fmt.Errorf("it does not accept this client's certificate: %v; --tls-cert and --tls-key name one of an authority in the server's ring", op.Err))
	case errors.As(err, &op) && op.Op == "remote error":
		return c.trouble(fmt.Errorf("it ends the handshake: %v", op.Err))
	case errors.As(err, &record):
		return c.trouble(errors.New("it does not speak TLS on this port"))
	}
	if errors.As(err, &op) && op.Op == "dial" {
		return c.trouble(fmt.Errorf("it cannot be reached: %v", op.Err))
	}
	if strings.Contains(err.Error(), "malformed HTTP") {
		return c.trouble(errors.New("it does not speak HTTP; is it a signet server?"))
	}
	if op != nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "server closed") {
		return c.lost(ctx, function, err)
	}
	return c.trouble(err)
}
