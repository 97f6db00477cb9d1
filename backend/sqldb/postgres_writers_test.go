package sqldb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/ring"
)

// TestPostgresProcesses has several processes create one database and fill it, all at once.
func TestPostgresProcesses(t *testing.T) {
	at := newPlace(t)
	fillAtOnce(t, at.url+"&stash="+url.PathEscape(at.stash))
	db := openAt(t, at)
	if db.Created() {
		t.Error("made again")
	}
	if n := len(soundAt(t, db)); n != processes*perChild {
		t.Errorf("%d certificates, want %d", n, processes*perChild)
	}
}

// TestPostgresCreateRace makes a new database from many connections at once, again and again.
func TestPostgresCreateRace(t *testing.T) {
	for range 4 {
		at := newPlace(t)
		var wg sync.WaitGroup
		var created atomic.Int32
		for i := range 8 {
			wg.Go(func() {
				db, err := OpenPostgres(t.Context(), at.url, Options{Create: true, Stash: at.stash})
				if err != nil {
					t.Error(err)
					return
				}
				defer db.Close()
				if db.Created() {
					created.Add(1)
				}
				if err := addOne(t.Context(), db, fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if created.Load() != 1 {
			t.Errorf("made %d times", created.Load())
		}
		if n := len(soundAt(t, openAt(t, at))); n != 8 {
			t.Errorf("%d certificates, want 8", n)
		}
	}
}

// step counts up a number that it reads first.
func step(tx ring.Tx) error {
	n, err := tx.LabelHint("FLEET")
	if err != nil {
		return err
	}
	return tx.SetLabelHint("FLEET", n+1)
}

// foreignSteps counts up the same number without the lock that writers take, as another program
// might, and tries until it is done.
func foreignSteps(t *testing.T, db *DB, n int) {
	t.Helper()
	ctx := t.Context()
	for range n {
		for {
			x, err := db.engine.(*postgres).open(ctx, "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE")
			if err != nil {
				t.Error(err)
				return
			}
			var hint int
			err = x.conn.QueryRowContext(ctx, "SELECT hint FROM label_hints WHERE owner = 'FLEET'").Scan(&hint)
			if err == nil {
				_, err = x.conn.ExecContext(ctx, "UPDATE label_hints SET hint = $1 WHERE owner = 'FLEET'", hint+1)
			}
			if err == nil {
				err = x.commit(ctx, false)
			}
			x.rollback()
			if err == nil {
				break
			}
			if !db.engine.conflict(err) {
				t.Error(err)
				return
			}
		}
	}
}

// TestPostgresConflicts has 16 goroutines count up one number through 4 pools, as processes
// would, and others that do not keep to the lock. Every step counts once.
func TestPostgresConflicts(t *testing.T) {
	const goroutines, rounds, foreigners = 16, 15, 3
	at := newPlace(t)
	dbs := []*DB{openAt(t, at), openAt(t, at), openAt(t, at), openAt(t, at)}
	if err := dbs[0].Update(t.Context(), step); err != nil {
		t.Fatal(err)
	}
	var ran atomic.Int32
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			for range rounds {
				err := dbs[i%len(dbs)].Update(t.Context(), func(tx ring.Tx) error { ran.Add(1); return step(tx) })
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range foreigners {
		wg.Go(func() { foreignSteps(t, dbs[i], rounds) })
	}
	wg.Wait()
	want := 1 + 1 + goroutines*rounds + foreigners*rounds
	err := dbs[0].View(t.Context(), func(tx ring.Tx) error {
		n, err := tx.LabelHint("FLEET")
		if n != want {
			t.Errorf("counted to %d, want %d", n, want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if again := int(ran.Load()) - goroutines*rounds; again == 0 {
		t.Error("no transaction was run again: there was no conflict to test")
	} else {
		t.Logf("%d transactions, %d of them again", goroutines*rounds, again)
	}
}

// TestPostgresNoConflicts checks that writers that keep to the lock never work in vain.
func TestPostgresNoConflicts(t *testing.T) {
	at := newPlace(t)
	dbs := []*DB{openAt(t, at), openAt(t, at), openAt(t, at), openAt(t, at)}
	var ran atomic.Int32
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 15 {
				err := dbs[i%len(dbs)].Update(t.Context(), func(tx ring.Tx) error { ran.Add(1); return step(tx) })
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if ran.Load() != 16*15 {
		t.Errorf("%d tries for %d transactions", ran.Load(), 16*15)
	}
}

// TestPostgresGivesUp has a foreign writer that is in the way every time.
func TestPostgresGivesUp(t *testing.T) {
	t.Parallel()
	db := openAt(t, newPlace(t))
	if err := db.Update(t.Context(), step); err != nil {
		t.Fatal(err)
	}
	tries := 0
	err := db.Update(t.Context(), func(tx ring.Tx) error {
		tries++
		if _, err := tx.LabelHint("FLEET"); err != nil {
			return err
		}
		foreignSteps(t, db, 1)
		return errors.Join(step(tx), errors.New("whatever fn makes of it"))
	})
	contains(t, err, fmt.Sprintf("in the way %d times", maxTries), "nothing was changed")
	if ring.CodeOf(err) != ring.Failed || tries != maxTries {
		t.Errorf("return code %d after %d tries", ring.CodeOf(err), tries)
	}
	// It stops when it is told to, between two tries as well.
	ctx, cancel := context.WithCancel(t.Context())
	tries = 0
	err = db.Update(ctx, func(tx ring.Tx) error {
		if tries++; tries == 3 {
			cancel()
		}
		if _, err := tx.LabelHint("FLEET"); err != nil {
			return err
		}
		foreignSteps(t, db, 1)
		return step(tx)
	})
	if !errors.Is(err, context.Canceled) || tries != 3 {
		t.Errorf("%v after %d tries", err, tries)
	}
}

// TestPostgresDeadlock has a foreign writer that takes two rows in the other order. The server
// ends one of the two, and both get there.
func TestPostgresDeadlock(t *testing.T) {
	t.Parallel()
	db := openAt(t, newPlace(t))
	for _, name := range []string{"a", "b"} {
		if err := db.Update(t.Context(), func(tx ring.Tx) error { return tx.PutSetting(name, "0") }); err != nil {
			t.Fatal(err)
		}
	}
	foreign, err := db.engine.(*postgres).open(t.Context(), "BEGIN; UPDATE settings SET value = 'f' WHERE name = 'b'")
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.rollback()
	done := make(chan error, 1)
	tries := 0
	err = db.Update(t.Context(), func(tx ring.Tx) error {
		if err := tx.PutSetting("a", "mine"); err != nil {
			return err
		}
		if tries++; tries == 1 {
			go func() {
				time.Sleep(100 * time.Millisecond) // the other waits already, and so is the one to give way
				err := foreign.exec(t.Context(), "UPDATE settings SET value = 'f' WHERE name = 'a'")
				if err == nil {
					err = foreign.commit(t.Context(), false)
				}
				done <- err
			}()
		}
		return tx.PutSetting("b", "mine")
	})
	if err != nil || tries < 2 {
		t.Errorf("after %d tries: %v", tries, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestPostgresLocked has a writer that does not end.
func TestPostgresLocked(t *testing.T) {
	at := newPlace(t)
	db := openAt(t, at)
	other, err := OpenPostgres(t.Context(), at.url, Options{BusyTimeout: 60 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	nothing := func(ring.Tx) error { return nil }
	hold, held, done := make(chan bool, 1), make(chan bool, 1), make(chan error, 1)
	go func() {
		done <- db.Update(t.Context(), func(tx ring.Tx) error {
			held <- true
			<-hold
			return tx.PutSetting("x", "y")
		})
	}()
	<-held
	err = other.Update(t.Context(), nothing)
	contains(t, err, other.Path(), "locked by another process for 60ms")
	if ring.CodeOf(err) != ring.Failed {
		t.Errorf("return code %d", ring.CodeOf(err))
	}
	if err := other.View(t.Context(), nothing); err != nil {
		t.Errorf("a reader had to wait: %v", err)
	}
	// Cancelled while it waits: the server does not go on waiting.
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	waiting := openAt(t, at)
	if err := waiting.Update(ctx, nothing); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
	var left int
	err = db.pool.QueryRow("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'signet_version'::regclass").Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d still wait, %v", left, err)
	}
	hold <- true
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := waiting.Update(t.Context(), nothing); err != nil {
		t.Errorf("after the cancelled one: %v", err)
	}
}

// TestPostgresSettings checks what a writer and a reader run with.
func TestPostgresSettings(t *testing.T) {
	db := openAt(t, newPlace(t))
	for _, readOnly := range []bool{true, false} {
		x, err := db.engine.begin(t.Context(), readOnly)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"transaction_isolation": "serializable", "transaction_read_only": "off", "lock_timeout": "30s",
			"idle_in_transaction_session_timeout": "5min", "synchronous_commit": "on", "fsync": "on", "client_encoding": "UTF8", "application_name": "signet"}
		if readOnly {
			want = map[string]string{"transaction_isolation": "repeatable read", "transaction_read_only": "on"}
		}
		for name, value := range want {
			answers, err := x.(*postgresTx).batch(t.Context(), "SHOW "+name)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(answers[0].Rows[0][0]); got != value {
				t.Errorf("%s is %q, want %q", name, got, value)
			}
		}
		x.rollback()
	}
}

// TestPostgresBroken checks that nothing is committed after a failure that fn ignored, and that
// old marks are cleared away.
func TestPostgresBroken(t *testing.T) {
	db := openAt(t, newPlace(t))
	err := db.Update(t.Context(), func(x ring.Tx) error {
		if err := x.PutSetting("x", "y"); err != nil {
			return err
		}
		if _, err := x.(*tx).exec("INSERT INTO settings (name) VALUES ('half')"); err == nil {
			t.Error("no failure")
		}
		return nil
	})
	contains(t, err, "null value", "23502", db.Path())
	err = db.View(t.Context(), func(tx ring.Tx) error {
		v, err := tx.Setting("x")
		if v != "" {
			t.Error("committed")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.pool.Exec("INSERT INTO signet_commits (mark) SELECT int8send(i) FROM generate_series(1::int8, 3000) i"); err != nil {
		t.Fatal(err)
	}
	if sweep(1) != "" || !strings.HasPrefix(sweep(sweepEvery), "DELETE") {
		t.Errorf("sweeps: %q, %q", sweep(1), sweep(sweepEvery))
	}
	if _, err := db.pool.Exec(strings.TrimSuffix(sweep(0), "; ")); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.pool.QueryRow("SELECT count(*) FROM signet_commits").Scan(&n); err != nil || n != marksKept+1 {
		t.Errorf("%d marks, %v", n, err)
	}
}

// TestPostgresKill kills a process while it adds: whatever it reported is there, and the lock
// that it held is free.
func TestPostgresKill(t *testing.T) {
	at := newPlace(t)
	killWriters(t, at.url+"&stash="+url.PathEscape(at.stash), 6, func() (map[string]bool, error) {
		db := openAt(t, at)
		return soundAt(t, db), db.Close()
	})
}
