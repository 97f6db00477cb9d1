package sqldb

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/backend/backendtest"
	"signet/internal/oracle"
	"signet/ring"
)

// childRole makes this test program play one of the roles instead of testing.
const childRole = "SIGNET_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(childRole)
	if role == "" {
		code := m.Run()
		oracle.StopPostgres()
		os.Exit(code)
	}
	if err := roles[role](context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// roles are what a child process can do with a database.
var roles = map[string]func(ctx context.Context, args []string) error{
	"fill":  fill,
	"churn": churn,
	"list":  list,
	"try":   try,

	"reseal": resealForever,
}

// openEither opens a file or, for a URL, a database on a server.
func openEither(ctx context.Context, name string, o Options) (*DB, error) {
	if strings.HasPrefix(name, "postgres://") {
		return OpenPostgres(ctx, name, o)
	}
	return Open(ctx, name, o)
}

// child prepares a child process.
func child(t testing.TB, role string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), childRole+"="+role)
	return cmd
}

const (
	processes = 4
	perChild  = 50
)

var shared = ring.RingRef{Owner: "FLEET", Name: "SHARED"}

// fill adds certificates with keys, connects them to a ring that all processes share, and says
// whether it made the database.
func fill(ctx context.Context, args []string) error {
	path, prefix := args[0], args[1]
	io.Copy(io.Discard, os.Stdin) // all processes begin when the parent closes their input
	db, err := openEither(ctx, path, Options{Create: true})
	if err != nil {
		return err
	}
	defer db.Close()
	if db.Created() {
		fmt.Println("created")
	}
	for i := range perChild {
		if err := addOne(ctx, db, fmt.Sprintf("%s-%d", prefix, i)); err != nil {
			return err
		}
	}
	return nil
}

// addOne adds one certificate with its key, a connection, and a step of a shared counter.
func addOne(ctx context.Context, db *DB, label string) error {
	x, key := backendtest.Make(fatal{}, backendtest.Spec{Subject: label})
	return db.Update(ctx, func(tx ring.Tx) error {
		c := ring.NewCertificate(ring.CertRef{Owner: "FLEET", Label: label}, x)
		if err := tx.AddCertificate(c); err != nil {
			return err
		}
		if err := tx.PutPrivateKey(c, key); err != nil {
			return err
		}
		r, err := tx.Ring(shared)
		if errors.Is(err, ring.ErrNotFound) {
			r = &ring.Ring{Owner: shared.Owner, Name: shared.Name}
			err = tx.AddRing(r)
		}
		if err != nil {
			return err
		}
		n, err := tx.LabelHint("FLEET")
		if err != nil {
			return err
		}
		if err := tx.SetLabelHint("FLEET", n+1); err != nil {
			return err
		}
		return tx.PutConnection(&ring.Connection{Ring: r, Cert: c, Usage: ring.UsagePersonal})
	})
}

// fatal lets a child use what fails a test.
type fatal struct{ testing.TB }

func (fatal) Helper()           {}
func (fatal) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// churn adds until it is killed, and prints each label when it is durable.
func churn(ctx context.Context, args []string) error {
	db, err := openEither(ctx, args[0], Options{Create: true})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		label := fmt.Sprintf("%s-%d", args[1], i)
		if err := addOne(ctx, db, label); err != nil {
			return err
		}
		fmt.Println(label)
	}
}

func list(ctx context.Context, args []string) error { return listTo(ctx, os.Stdout, args[0]) }

// listTo reads the shared ring, as the shortest command does.
func listTo(ctx context.Context, w io.Writer, path string) error {
	db, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(ctx, func(tx ring.Tx) error {
		r, err := tx.Ring(shared)
		if err != nil {
			return err
		}
		for c, err := range tx.Connections(r) {
			if err != nil {
				return err
			}
			fmt.Fprintln(w, c.Cert.Ref(), c.Usage, c.Default)
		}
		return nil
	})
}

// try opens, reads and writes, and prints what each said.
func try(ctx context.Context, args []string) error {
	db, err := Open(ctx, args[0], Options{Create: true})
	fmt.Println("open:", err)
	if err != nil {
		return nil
	}
	defer db.Close()
	fmt.Println("view:", db.View(ctx, func(tx ring.Tx) error {
		_, err := tx.Setting("x")
		return err
	}))
	fmt.Println("update:", db.Update(ctx, func(tx ring.Tx) error { return tx.PutSetting("x", "y") }))
	return nil
}

// sound checks the file itself, and that every certificate has its key and its connection.
func sound(t *testing.T, db *DB) (labels map[string]bool) {
	t.Helper()
	var result string
	if err := db.pool.QueryRow("PRAGMA integrity_check").Scan(&result); err != nil || result != "ok" {
		t.Fatalf("integrity: %s, %v", result, err)
	}
	if err := db.pool.QueryRow("PRAGMA foreign_key_check").Scan(&result); err == nil {
		t.Fatalf("a foreign key leads nowhere in table %s", result)
	}
	return soundAt(t, db)
}

// soundAt checks that every certificate has its key and its connection.
func soundAt(t *testing.T, db *DB) (labels map[string]bool) {
	t.Helper()
	labels = map[string]bool{}
	err := db.View(t.Context(), func(tx ring.Tx) error {
		for c, err := range tx.Certificates("FLEET") {
			if err != nil {
				return err
			}
			if _, err := tx.PrivateKey(c); err != nil {
				return err
			}
			labels[c.Label] = true
		}
		hint, err := tx.LabelHint("FLEET")
		if err != nil {
			return err
		}
		if hint != 1+len(labels) {
			t.Errorf("the counter says %d certificates, there are %d", hint-1, len(labels))
		}
		r, err := tx.Ring(shared)
		if errors.Is(err, ring.ErrNotFound) {
			return nil
		}
		n := 0
		for _, err := range tx.Connections(r) {
			if err != nil {
				return err
			}
			n++
		}
		if n != len(labels) {
			t.Errorf("%d connections, %d certificates", n, len(labels))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return labels
}

// TestProcesses has several processes create one database and fill it, all at once.
func TestProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "signet.db")
	fillAtOnce(t, path)
	db := open(t, path)
	if db.Created() {
		t.Error("made again")
	}
	if n := len(sound(t, db)); n != processes*perChild {
		t.Errorf("%d certificates, want %d", n, processes*perChild)
	}
}

// fillAtOnce lets the processes go at the same moment and checks that one made the database.
func fillAtOnce(t *testing.T, path string) {
	t.Helper()
	var wg sync.WaitGroup
	outputs := make([]bytes.Buffer, processes)
	var starts []io.Closer
	for i := range processes {
		cmd := child(t, "fill", path, fmt.Sprintf("P%d", i))
		cmd.Stdout, cmd.Stderr = &outputs[i], os.Stderr
		start, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		starts = append(starts, start)
		wg.Go(func() {
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(50 * time.Millisecond) // all of them wait for the start
	for _, s := range starts {
		s.Close()
	}
	wg.Wait()
	created := 0
	for i := range outputs {
		created += strings.Count(outputs[i].String(), "created")
	}
	if created != 1 {
		t.Errorf("%d processes made the database", created)
	}
}

// TestCreateRace opens a new database from many connections at once, again and again.
func TestCreateRace(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "d", "signet.db")
		var wg sync.WaitGroup
		var mu sync.Mutex
		created := 0
		for i := range 8 {
			wg.Go(func() {
				db, err := Open(t.Context(), path, Options{Create: true})
				if err != nil {
					t.Error(err)
					return
				}
				defer db.Close()
				if db.Created() {
					mu.Lock()
					created++
					mu.Unlock()
				}
				if err := addOne(t.Context(), db, fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if created != 1 {
			t.Errorf("made %d times", created)
		}
		if n := len(sound(t, open(t, path))); n != 8 {
			t.Errorf("%d certificates, want 8", n)
		}
	}
}

const kills = 20

// TestKill kills a process while it adds to a database: whatever it reported is there, and
// nothing is half there.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signet.db")
	killWriters(t, path, kills, func() (map[string]bool, error) {
		// Closed before the next kill, so that each Open finds an abandoned log.
		db, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return sound(t, db), db.Close()
	})
}

// killWriters kills so many processes, each while it adds to the database of that name, and asks
// after each what is there.
func killWriters(t *testing.T, name string, times int, there func() (map[string]bool, error)) {
	t.Helper()
	var reported []string
	for i := range times {
		cmd := child(t, "churn", name, fmt.Sprintf("K%d", i))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		lines.Scan() // it is at work
		reported = append(reported, lines.Text())
		time.Sleep(rand.N(15 * time.Millisecond))
		cmd.Process.Kill()
		for lines.Scan() {
			reported = append(reported, lines.Text())
		}
		cmd.Wait()

		have, err := there()
		if err != nil {
			t.Fatal(err)
		}
		for _, label := range reported {
			if !have[label] {
				t.Fatalf("kill %d: %q was reported and is not there", i, label)
			}
		}
		// Each kill can come between a commit and its report.
		if n := len(have) - len(reported); n > i+1 {
			t.Errorf("kill %d: %d certificates were not reported", i, n)
		}
	}
	t.Logf("%d kills, %d certificates", times, len(reported))
}

// TestKillCreate kills a process while it makes a database.
func TestKillCreate(t *testing.T) {
	for i := range kills {
		path := filepath.Join(t.TempDir(), "d", "signet.db")
		cmd := child(t, "churn", path, "K")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		db := open(t, path)
		if err := addOne(t.Context(), db, "after"); err != nil {
			t.Fatal(err)
		}
		sound(t, db)
	}
}

// BenchmarkOpen is what a command pays before and after its own work.
func BenchmarkOpen(b *testing.B) {
	path := filled(b)
	for b.Loop() {
		if err := listTo(context.Background(), io.Discard, path); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProcess is a whole process that opens a database and lists a ring of a hundred
// certificates.
func BenchmarkProcess(b *testing.B) {
	path := filled(b)
	for b.Loop() {
		if out, err := child(b, "list", path).Output(); err != nil || bytes.Count(out, []byte("\n")) != 100 {
			b.Fatal(len(out), err)
		}
	}
}

// filled makes a database of a thousand certificates, a hundred of them in the shared ring.
func filled(b *testing.B) string {
	path := filepath.Join(b.TempDir(), "signet.db")
	db, err := Open(context.Background(), path, Options{Create: true})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	err = db.Update(context.Background(), func(tx ring.Tx) error {
		r := &ring.Ring{Owner: shared.Owner, Name: shared.Name}
		if err := tx.AddRing(r); err != nil {
			return err
		}
		for i := range 1000 {
			x, _ := backendtest.Make(b, backendtest.Spec{Subject: fmt.Sprint(i)})
			c := ring.NewCertificate(ring.CertRef{Owner: "FLEET", Label: fmt.Sprint(i)}, x)
			if err := tx.AddCertificate(c); err != nil {
				return err
			}
			if i%10 == 0 {
				if err := tx.PutConnection(&ring.Connection{Ring: r, Cert: c, Usage: ring.UsagePersonal}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return path
}
