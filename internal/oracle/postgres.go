package oracle

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Postgres is a private PostgreSQL server, in a folder of its own, that listens at the address
// 127.0.0.1 and in a socket. It ends with the test program, however that ends.
type Postgres struct {
	Port int
	Dir  string // the folder of the server; its socket is in it

	closed func() error
}

// The users of the server. The owner of the databases is not a superuser.
const (
	PostgresAdmin    = "admin"
	PostgresUser     = "keeper"
	PostgresPassword = "correct horse/battery@staple:%"
)

// account is the user that the server runs as where the tests run as root, which initdb refuses.
const account = "postgres"

// shared is the server that the tests of a test program share.
var shared struct {
	sync.Mutex
	server *Postgres
}

// SharedPostgres gives the server that the tests of this program share. The program's TestMain
// must call StopPostgres.
func SharedPostgres(t testing.TB) *Postgres {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		p, err := startPostgres()
		if err != nil {
			t.Fatal(err)
		}
		shared.server = p
	}
	return shared.server
}

// StopPostgres ends the shared server, if it was started.
func StopPostgres() {
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		shared.server.Close()
		shared.server = nil
	}
}

// NewPostgres starts a server for one test, which may do to it what it likes.
func NewPostgres(t testing.TB) *Postgres {
	t.Helper()
	p, err := startPostgres()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// startPostgres makes a server with its users.
func startPostgres() (p *Postgres, err error) {
	p = &Postgres{}
	if err := p.prepare(); err != nil {
		return nil, err
	}
	_, err = p.run("", "initdb", "-D", p.data(), "-U", PostgresAdmin, "-E", "UTF8", "--locale=C.UTF-8",
		"--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync")
	if err == nil {
		err = p.Start()
	}
	if err == nil {
		_, err = p.psql("postgres", fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", PostgresUser, PostgresPassword))
	}
	if err == nil {
		// Names sort as people expect: what must sort by bytes has to say so itself.
		_, err = p.psql("postgres", "CREATE DATABASE tests OWNER "+PostgresUser+
			" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// prepare makes the folder of a server, which goes when the test program does.
func (p *Postgres) prepare() error {
	p.closed = func() error { return nil }
	dir, err := p.run("", "mktemp", "-d", filepath.Join(os.TempDir(), "oracle-pg-XXXXXX"))
	if err != nil {
		return err
	}
	p.Dir = strings.TrimSpace(dir)
	return p.guard()
}

func (p *Postgres) data() string { return filepath.Join(p.Dir, "data") }

// guard starts a process that waits for the end of this one, stops the server and removes its
// folder.
func (p *Postgres) guard() error {
	const script = `read _; "$1" stop -D "$2/data" -m immediate -s >/dev/null 2>&1; rm -rf "$2"`
	cmd, err := p.command("sh", "-c", script, "sh", serverProgram("pg_ctl"), p.Dir)
	if err != nil {
		return err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.closed = sync.OnceValue(func() error { return errors.Join(in.Close(), cmd.Wait()) })
	return nil
}

// Close ends the server and removes all of it.
func (p *Postgres) Close() error { return p.closed() }

// Start starts the server, after Stop, at the port that it had.
func (p *Postgres) Start() error {
	for try := 0; ; try++ {
		if p.Port == 0 || try > 0 {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			p.Port = l.Addr().(*net.TCPAddr).Port
			l.Close()
		}
		options := fmt.Sprintf("-p %d -k %s -c listen_addresses=127.0.0.1 -c fsync=on -c max_connections=60 -c shared_buffers=32MB", p.Port, p.Dir)
		out, err := p.run("", "pg_ctl", "start", "-w", "-s", "-D", p.data(), "-l", filepath.Join(p.Dir, "log"), "-o", options)
		if err == nil {
			return nil
		}
		// Another program may have taken the port in the meantime.
		log, _ := os.ReadFile(filepath.Join(p.Dir, "log"))
		if try == 3 || !bytes.Contains(log, []byte("Address already in use")) {
			return &failure{out + string(log), err}
		}
	}
}

// Standby starts a server that follows this one and takes no changes itself.
func (p *Postgres) Standby(t testing.TB) *Postgres {
	t.Helper()
	s := &Postgres{}
	err := s.prepare()
	if err == nil {
		_, err = s.run("", "pg_basebackup", "-h", p.Dir, "-p", strconv.Itoa(p.Port), "-U", PostgresAdmin, "-D", s.data(), "-c", "fast", "-R", "--no-sync")
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		s.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Promote makes a standby take changes.
func (p *Postgres) Promote() error {
	_, err := p.run("", "pg_ctl", "promote", "-w", "-s", "-D", p.data())
	return err
}

// Synchronous makes commits wait until the standby has them, too.
func (p *Postgres) Synchronous(t testing.TB) {
	t.Helper()
	p.SQL(t, "postgres", "ALTER SYSTEM SET synchronous_standby_names = '*';\nSELECT pg_reload_conf();")
}

// Stop ends the server, in one of the modes of pg_ctl: smart, fast, or immediate, which is a
// crash.
func (p *Postgres) Stop(mode string) error {
	_, err := p.run("", "pg_ctl", "stop", "-w", "-s", "-D", p.data(), "-m", mode)
	return err
}

// SQL runs statements as the superuser and gives what they printed, unaligned.
func (p *Postgres) SQL(t testing.TB, database, statements string) string {
	t.Helper()
	out, err := p.psql(database, statements)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (p *Postgres) psql(database, statements string) (string, error) {
	return p.run(statements, "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", p.Dir, "-p", strconv.Itoa(p.Port),
		"-U", PostgresAdmin, "-d", database)
}

// File makes a file in the folder of the server that only the server can read.
func (p *Postgres) File(t testing.TB, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(p.Dir, name)
	if _, err := p.run(text, "sh", "-c", `umask 077; cat >"$1"`, "sh", path); err != nil {
		t.Fatal(err)
	}
	return path
}

// schemas numbers the schemas of a test program.
var schemas atomic.Int64

// Schema makes an empty schema that PostgresUser owns and gives the query that leads to it.
func (p *Postgres) Schema(t testing.TB) url.Values {
	t.Helper()
	name := fmt.Sprintf("s%d_%s", schemas.Add(1), strings.ToLower(rand.Text()[:8]))
	p.SQL(t, "tests", fmt.Sprintf("CREATE SCHEMA %s AUTHORIZATION %s", name, PostgresUser))
	return url.Values{"search_path": {name}}
}

// URL names a database of the server for PostgresUser.
func (p *Postgres) URL(database string, query url.Values) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(PostgresUser, PostgresPassword),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port)), Path: "/" + database, RawQuery: query.Encode()}
	return u.String()
}

// run runs a program as the user of the server and gives all that it printed.
func (p *Postgres) run(input, program string, args ...string) (string, error) {
	cmd, err := p.command(serverProgram(program), args...)
	if err != nil {
		return "", err
	}
	cmd.Stdin = strings.NewReader(input)
	// Into a file: the server keeps the output of pg_ctl open, and a pipe would not end.
	out, err := os.CreateTemp("", "oracle")
	if err != nil {
		return "", err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	said, readErr := os.ReadFile(out.Name())
	if err = errors.Join(err, readErr); err != nil {
		return string(said), fmt.Errorf("%s: %w", program, &failure{string(said), err})
	}
	return string(said), nil
}

// command prepares a program that runs as the user of the server.
func (p *Postgres) command(program string, args ...string) (*exec.Cmd, error) {
	line := append([]string{program}, args...)
	if os.Getuid() == 0 {
		line = append([]string{"setpriv", "--reuid=" + account, "--regid=" + account, "--clear-groups"}, line...)
	}
	path, err := exec.LookPath(line[0])
	if err != nil {
		return nil, fmt.Errorf("%w; make tools installs the package postgresql", err)
	}
	cmd := exec.Command(path, line[1:]...)
	cmd.Dir = "/"
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") }), "LC_ALL=C.UTF-8", "TZ=UTC")
	return cmd, nil
}

// serverProgram finds a program of the server where Debian puts it, the newest version first;
// most of them are not in the search path.
func serverProgram(name string) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if len(found) == 0 {
		return name
	}
	return found[0]
}
