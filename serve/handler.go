package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"signet/ring"
)

// request is one on its way.
type request struct {
	*http.Request
	server   *Server
	conn     *gatedConn
	peer     Peer
	function string
	answer   *answer
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	q := &request{Request: r, server: s, conn: r.Context().Value(connKey{}).(*gatedConn), answer: &answer{w: w, limit: s.config.Limits.WriteTime}}
	q.peer = Peer{User: q.conn.user, Via: q.conn.listener.via, Host: host(q.conn)}
	q.function = strings.TrimPrefix(r.URL.Path, pathPrefix)
	err := guard(q.serve)
	var f *failure
	code := ring.Done
	if err != nil {
		f = tell(err, s.log.conceal)
		code = f.Code
	}
	if f != nil && f.Status != 0 || q.conn.refused != nil {
		w.Header().Set("Connection", "close")
	}
	if f != nil && f.Retry {
		w.Header().Set("Retry-After", "1")
	}
	if err := q.answer.end(f); err != nil {
		f, code = failed(ring.Failed, "", "the peer did not take the answer"), ring.Failed
	}
	function := q.function
	if len(function) > maxFunctionName {
		function = function[:maxFunctionName]
	}
	s.log.request(q.peer, fmt.Sprintf("%q", function), code, time.Since(start), f)
}

// maxFunctionName is the longest name that anybody looks up.
const maxFunctionName = 40

// guard turns a panic into a failure. Its text stays here.
func guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{fmt.Sprintf("panic: %v: %s", p, debug.Stack())}
		}
	}()
	return do()
}

// panicked is the failure of what panicked.
type panicked struct{ text string }

func (p *panicked) Error() string { return p.text }

// serve finds out who asks and whether a limit is met, and has the function performed.
func (q *request) serve() error {
	s := q.server
	if q.conn.refused != nil {
		return q.conn.refused
	}
	if q.conn.listener.via == viaTLS {
		var f *failure
		if q.peer.User, f = s.userOf(q.Context(), q.conn, q.TLS.PeerCertificates); f != nil {
			return f
		}
	}
	if err := q.form(); err != nil {
		return err
	}
	token := q.Header.Get(headerTransaction)
	if f := s.usage.enter(q.peer.User, !q.withinTransaction(token)); f != nil {
		return f
	}
	defer s.usage.leave(q.peer.User)
	body, err := q.body()
	if err != nil {
		return err
	}
	defer clear(body)
	limit := s.config.Limits.RequestTime
	ctx, cancel := context.WithTimeoutCause(q.Context(), limit, failed(ring.Failed, "", "the function took longer than %v and was undone", limit))
	defer cancel()
	if err := q.perform(ctx, token, body); err != nil {
		return because(ctx, err)
	}
	return nil
}

// withinTransaction reports whether a request is a part of an open transaction of its peer, whose
// functions come as fast as they can.
func (q *request) withinTransaction(token string) bool {
	if token == "" || q.function == pathHello || q.function == pathTransaction {
		return false
	}
	_, f := q.server.sessions.find(token, q.peer, q.conn)
	return f == nil
}

// because gives the cause of an error that only says that its context is over.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && ring.CodeOf(err) == ring.Failed {
		var own *failure
		if errors.As(cause, &own) && !errors.As(err, new(*failure)) {
			return errors.Join(own, err)
		}
	}
	return err
}

// form checks the form of a request and reads its headers.
func (q *request) form() (err error) {
	switch media, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type")); {
	case !strings.HasPrefix(q.URL.Path, pathPrefix):
		f := failed(ring.Refused, "unsupported", "path %.60q: this server speaks version 1 of the protocol, below %s; are both programs of one version?", q.URL.Path, pathPrefix)
		f.Status = http.StatusNotFound
		return f
	case q.Method != http.MethodPost:
		f := failed(ring.Refused, "invalid", "method %.10q: every function is a POST", q.Method)
		f.Status = http.StatusMethodNotAllowed
		return f
	case media != contentType: // which no page in a browser can send to another site unasked
		f := failed(ring.Refused, "invalid", "a request has the content type %s", contentType)
		f.Status = http.StatusUnsupportedMediaType
		return f
	}
	q.peer.As = q.peer.User
	if as := q.Header.Get(headerAs); as != "" {
		if q.peer.As, err = ring.UserOwner(as); err != nil {
			return err
		}
	}
	q.peer.Zone, err = zone(q.Header.Get(headerZone))
	return err
}

// zone finds a time zone by its name.
func zone(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil
	}
	if len(name) <= maxZoneName && name != "Local" { // which would be the server's own
		if z, err := time.LoadLocation(name); err == nil {
			return z, nil
		}
	}
	return nil, failed(ring.Refused, "invalid", "time zone %.40q: it is not known to the server; set TZ to another, such as UTC", name)
}

// maxZoneName is longer than the name of any time zone.
const maxZoneName = 60

// body reads the whole request before anything of it is done, so that a slow peer keeps nobody
// waiting but itself.
func (q *request) body() ([]byte, error) {
	limits := q.server.config.Limits
	tooBig := failed(ring.Refused, "refused", "the request is longer than %d bytes", limits.RequestBytes)
	tooBig.Status = http.StatusRequestEntityTooLarge
	if q.ContentLength > limits.RequestBytes {
		return nil, tooBig
	}
	c := http.NewResponseController(q.answer.w)
	if err := c.SetReadDeadline(time.Now().Add(limits.ReadTime)); err != nil {
		return nil, err
	}
	body, err := readSecret(http.MaxBytesReader(q.answer.w, q.Body, limits.RequestBytes), q.ContentLength)
	if errors.As(err, new(*http.MaxBytesError)) {
		return nil, tooBig
	}
	if err != nil {
		f := failed(ring.Refused, "invalid", "the request did not arrive within %v, or not as a whole", limits.ReadTime)
		f.Status = http.StatusRequestTimeout
		return nil, f
	}
	return body, c.SetReadDeadline(time.Time{})
}

// readSecret reads to the end and leaves no copies behind.
func readSecret(r io.Reader, expected int64) ([]byte, error) {
	buf := make([]byte, 0, max(expected, 0)+512)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			clear(buf)
			return nil, err
		}
		if len(buf) == cap(buf) {
			bigger := make([]byte, len(buf), 2*len(buf))
			copy(bigger, buf)
			clear(buf)
			buf = bigger
		}
	}
}

// perform does what is asked for.
func (q *request) perform(ctx context.Context, token string, body []byte) error {
	s := q.server
	switch q.function {
	case pathHello:
		return q.emit(welcome{User: string(q.peer.User), As: string(q.peer.As), Server: s.config.Version})
	case pathTransaction:
		return q.begin(body)
	}
	if token != "" {
		return q.inTransaction(ctx, token, body)
	}
	if q.function == pathCommit || q.function == pathRollback {
		return failed(ring.Refused, "invalid", "%s: there is no transaction; header %s names one", q.function, headerTransaction)
	}
	function, known := ring.FunctionOf(q.function)
	if !known {
		return q.unknown()
	}
	return q.dispatch(ctx, s.config.Manager(q.peer), function, body, q.emit)
}

// unknown refuses a function that is none.
func (q *request) unknown() error {
	f := failed(ring.Refused, "unsupported", "function %.40q: it is not known here; are both programs of one version?", q.function)
	f.Status = http.StatusNotFound
	return f
}

func (q *request) emit(v any) error {
	return q.answer.emit(v, func(err error) *failure { return tell(err, q.server.log.conceal) })
}

// dispatch performs a function of the database.
func (q *request) dispatch(ctx context.Context, m *ring.Manager, function ring.Function, body []byte, emit func(any) error) error {
	decode := func(into any) error {
		if err := unmarshal(body, into); err != nil {
			f := failed(ring.Refused, "invalid", "request of %q: %v", q.function, err)
			f.Status = http.StatusBadRequest
			return f
		}
		return nil
	}
	return function.Dispatch(ctx, m, decode, emit)
}

// begin opens a transaction.
func (q *request) begin(body []byte) error {
	var b begin
	if err := unmarshal(body, &b); err != nil {
		return failed(ring.Refused, "invalid", "request of %q: %v", q.function, err)
	}
	one, err := q.server.sessions.begin(q.server.base, q.server.config.Manager(q.peer), q.peer, q.conn, b.Rehearsal)
	if err != nil {
		return err
	}
	return q.emit(begun{one.token})
}

// inTransaction performs a function within a transaction, or ends it.
func (q *request) inTransaction(ctx context.Context, token string, body []byte) error {
	one, f := q.server.sessions.find(token, q.peer, q.conn)
	if f != nil {
		return f
	}
	switch q.function {
	case pathCommit:
		return one.commit()
	case pathRollback:
		return one.rollback()
	}
	function, known := ring.FunctionOf(q.function)
	if !known {
		return q.unknown()
	}
	q.answer.total = true
	return one.perform(ctx, func(whole context.Context, m *ring.Manager) error {
		ctx, cancel := context.WithCancelCause(ctx) // ends with the transaction, too
		defer cancel(nil)
		defer context.AfterFunc(whole, func() { cancel(context.Cause(whole)) })()
		emit := func(v any) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return q.emit(v)
		}
		err := guard(func() error { return q.dispatch(ctx, m, function, body, emit) })
		return because(ctx, because(whole, err))
	})
}
