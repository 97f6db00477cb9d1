package sqldb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"signet/ring"
)

// splitStash takes the parameter stash out of the query of a URL. The rest stays as it is: how
// libpq reads a URL differs from other URLs in several places.
func splitStash(text string) (rest, stash string, err error) {
	from := 0
	if i := strings.Index(text, "://"); i >= 0 {
		from = i + len("://")
	}
	// A password may have a question mark in it.
	if i := strings.IndexAny(text[from:], "@/"); i >= 0 {
		from += i
	}
	i := strings.IndexByte(text[from:], '?')
	if i < 0 {
		return text, "", nil
	}
	head, query := text[:from+i], text[from+i+1:]
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		value, ok := strings.CutPrefix(part, "stash=")
		switch {
		case !ok:
			kept = append(kept, part)
		case stash != "":
			return "", "", fmt.Errorf("database URL: stash= is there twice: %w", ring.ErrInvalid)
		default:
			if stash, err = url.PathUnescape(value); err != nil || stash == "" {
				return "", "", fmt.Errorf("database URL: stash= names no file: %w", ring.ErrInvalid)
			}
		}
	}
	if len(kept) == 0 {
		return head, stash, nil
	}
	return head + "?" + strings.Join(kept, "&"), stash, nil
}

// Shown gives a URL for people: hosts, database and user, and nothing that may be secret.
func Shown(url string) string {
	rest, _, err := splitStash(url)
	if err != nil {
		return "postgres"
	}
	config, err := parseURL(rest)
	if err != nil {
		return "postgres"
	}
	return shown(config)
}

// parseURL reads a URL and what libpq's environment variables and files add to it. Errors show
// nothing of the URL: a password may be anywhere in one that is not well-formed.
func parseURL(text string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(text)
	if err == nil {
		return config, nil
	}
	// The library puts the URL into its message, in quotes of its own. Only what follows is of
	// use, and only if no part of the URL can be in it.
	cause := "it is not of the form postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full"
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) && wellFormed(text) {
		if _, after, ok := strings.Cut(err.Error(), "`: "); ok {
			cause = after
		}
	}
	return nil, fmt.Errorf("database URL: %s: %w", cause, ring.ErrInvalid)
}

// wellFormed reports whether a URL can be taken apart without doubt where its secrets are, and
// has none in its query.
func wellFormed(text string) bool {
	u, err := url.Parse(text)
	if err != nil || strings.ContainsAny(u.Path, "@`") || strings.Contains(text, "`") {
		return false
	}
	query := u.Query()
	return !query.Has("password") && !query.Has("sslpassword")
}

// connectLimit is how long the server at one address may take to let the client in, when the
// URL does not say it.
const connectLimit = 10 * time.Second

// prepareConfig sets what connections have in common. Of the settings of a session it has only
// those that a connection pooler knows.
func (e *postgres) prepareConfig() {
	c := e.config
	if c.ConnectTimeout <= 0 {
		c.ConnectTimeout = connectLimit
	}
	if _, ok := c.RuntimeParams["application_name"]; !ok {
		c.RuntimeParams["application_name"] = "signet"
	}
	c.RuntimeParams["client_encoding"] = "UTF8"
	// A live server breaks its silence at the latest when the time for a lock is over.
	silence := e.db.silence
	if silence == 0 {
		silence = e.db.busy + c.ConnectTimeout
	}
	c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &patientConn{Conn: conn, silence: silence}, nil
	}
	// Whoever gives up a statement ends it on the server as well.
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: farewell}
	}
}

// patientConn is a connection that fails when the other side is silent for too long. A server
// that hangs, or a network that swallows everything, would hold the client for ever.
type patientConn struct {
	net.Conn
	silence time.Duration

	mu          sync.Mutex
	read, write time.Time // the limits that the driver set, if any
}

func (c *patientConn) Read(b []byte) (int, error) {
	c.limit(c.Conn.SetReadDeadline, &c.read)
	return c.Conn.Read(b)
}

func (c *patientConn) Write(b []byte) (int, error) {
	c.limit(c.Conn.SetWriteDeadline, &c.write)
	return c.Conn.Write(b)
}

// limit sets the earlier of the two limits.
func (c *patientConn) limit(set func(time.Time) error, driver *time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := time.Now().Add(c.silence)
	if !driver.IsZero() && driver.Before(end) {
		end = *driver
	}
	_ = set(end) // if it fails, so does what follows
}

// SetDeadline implements net.Conn.
func (c *patientConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (c *patientConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = t
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline implements net.Conn.
func (c *patientConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write = t
	return c.Conn.SetWriteDeadline(t)
}
