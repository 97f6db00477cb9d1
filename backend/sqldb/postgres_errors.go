package sqldb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"signet/ring"
)

// SQLSTATE codes (PostgreSQL documentation, appendix A).
const (
	notSupported         = "0A000"
	readOnlyTransaction  = "25006"
	idleInTransaction    = "25P03"
	undefinedTable       = "42P01"
	noPrivilege          = "42501"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
	diskFull             = "53100"
	tooManyConnections   = "53300"
	limitExceeded        = "54000"
	badText              = "22021"
	noAuthorization      = "28000"
	wrongPassword        = "28P01"
	noDatabase           = "3D000"
	cannotConnectNow     = "57P03"
)

// sqlState gives the server's code of an error, empty when it is not the server's.
func sqlState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func (e *postgres) conflict(err error) bool {
	code := sqlState(err)
	return code == serializationFailure || code == deadlockDetected
}

// isLost reports whether an error ended the connection.
func isLost(err error) bool {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.SeverityUnlocalized == "FATAL" || server.SeverityUnlocalized == "PANIC"
	}
	var network net.Error
	return errors.As(err, &network) || pgconn.Timeout(err) || slices.ContainsFunc(
		[]error{driver.ErrBadConn, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, pgconn.ErrConnClosed},
		func(class error) bool { return errors.Is(err, class) })
}

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err)
}

// lossWords says how a connection was lost.
func lossWords(err error) string {
	switch {
	case sqlState(err) == idleInTransaction:
		return fmt.Sprintf("the server ended a transaction that did nothing for %v,", idleLimit)
	case sqlState(err) != "":
		return "the server ended the connection"
	case isTimeout(err):
		return "the server stopped answering"
	}
	return "the connection was lost"
}

// fail names the database in a failure and says in words what the server gives a code for. The
// name has host, port, database and user; nothing here repeats a password.
func (e *postgres) fail(err error) error {
	if err == nil || errors.Is(err, errFailed) {
		return err
	}
	name := e.db.path
	say := func(format string, args ...any) error {
		return &failure{fmt.Sprintf("database %q: ", name) + fmt.Sprintf(format, args...), err}
	}
	var connect *pgconn.ConnectError
	switch code := sqlState(err); {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &connect):
		return fmt.Errorf("database %q: %w", name, err)
	case errors.As(err, &connect):
		text := "no connection: " + e.reasons(connect)
		if code == noDatabase {
			return fmt.Errorf("database %q: %s: %w", name, text, ring.ErrNotFound)
		}
		return say("%s", text)
	case code == lockNotAvailable:
		return say("locked by another process for %v", e.db.busy)
	case code == diskFull:
		return say("no space left on the server's disk; nothing was changed")
	case code == readOnlyTransaction, code == notSupported: // a standby knows no serializable transactions
		return say("%s; if the server is a standby, name the primary, or all hosts with target_session_attrs=read-write", oneLine(serverMessage(err)))
	case code == noPrivilege:
		return say("%s; the user needs CREATE on the schema to make the database, and to own its tables", oneLine(serverMessage(err)))
	case code == badText:
		return fmt.Errorf("database %q: text with a zero byte, or not in UTF-8, cannot be kept: %w", name, ring.ErrInvalid)
	case code == limitExceeded:
		return fmt.Errorf("database %q: too long for the database: %s: %w", name, oneLine(serverMessage(err)), ring.ErrInvalid)
	case isLost(err):
		return say("%s; nothing was changed", lossWords(err))
	case code != "":
		return say("%s (SQLSTATE %s)", oneLine(serverMessage(err)), code)
	}
	return fmt.Errorf("database %q: %w", name, err)
}

// errFailed marks what has gone through fail.
var errFailed = errors.New("failed")

// failure is an error of the engine in words. It unwraps to the engine's own for this package,
// and to nothing else.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }

// Unwrap gives the cause, and says that it has been put into words.
func (f *failure) Unwrap() []error { return []error{f.cause, errFailed} }

func serverMessage(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// reasons says for each address why there is no connection.
func (e *postgres) reasons(err *pgconn.ConnectError) string {
	var all []string
	for _, cause := range causes(errors.Unwrap(err)) {
		if text := e.reason(cause); !slices.Contains(all, text) { // without TLS as with it
			all = append(all, text)
		}
	}
	// Where TLS is not a must, what counts is what became of the attempt without it.
	if plain := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return strings.HasSuffix(s, noTLS) }); len(plain) > 0 {
		all = plain
	}
	return strings.Join(all, "; ")
}

// noTLS is how the driver says that the server does not know TLS.
const noTLS = "server refused TLS connection"

// causes takes joined errors apart.
func causes(err error) []error {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []error{err}
	}
	var all []error
	for _, part := range joined.Unwrap() {
		all = append(all, causes(part)...)
	}
	return all
}

// reason puts one failed attempt into words, with its address where there is one.
func (e *postgres) reason(err error) string {
	address := ""
	if inner := errors.Unwrap(err); inner != nil {
		if before, ok := strings.CutSuffix(err.Error(), ": "+inner.Error()); ok && strings.Contains(before, "(") {
			ip, host, _ := strings.Cut(before, " (")
			if host = strings.TrimSuffix(host, ")"); !strings.HasPrefix(ip, host+":") && !strings.HasPrefix(ip, host+"/") {
				ip += " (" + host + ")"
			}
			address, err = ip+": ", inner
		}
	}
	return address + e.attempt(err)
}

func (e *postgres) attempt(err error) string {
	var host *net.DNSError
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var chain *tls.CertificateVerificationError
	switch code := sqlState(err); {
	case code == wrongPassword:
		return fmt.Sprintf("the password of user %q is wrong or missing; it belongs into ~/.pgpass, or into the file that PGPASSFILE names", e.config.User)
	case code == noDatabase:
		return fmt.Sprintf("the server has nothing of the name %q; make it with: createdb -E UTF8 -T template0 -O %s %s", e.config.Database, e.config.User, e.config.Database)
	case code == noAuthorization:
		return "the server lets this user not in: " + oneLine(serverMessage(err))
	case code == tooManyConnections:
		return "the server has no connection left"
	case code == cannotConnectNow:
		return "the server is starting or stopping; try again"
	case code != "":
		return oneLine(serverMessage(err))
	case errors.As(err, &host):
		return fmt.Sprintf("host %q: %s", host.Name, host.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there"
	case errors.Is(err, os.ErrNotExist):
		return "no server has its socket there"
	case errors.As(err, &name), errors.As(err, &unknown), errors.As(err, &chain):
		return "the server's certificate is not accepted: " + oneLine(rootCause(err).Error())
	case isTimeout(err):
		return fmt.Sprintf("no answer within %v", e.config.ConnectTimeout)
	}
	return oneLine(rootCause(err).Error())
}

// rootCause leaves out what is said on the way.
func rootCause(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}
