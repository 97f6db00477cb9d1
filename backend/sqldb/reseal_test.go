package sqldb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signet/backend/seal"
	"signet/ring"
)

// engines runs a test on each engine with an empty database.
func engines(t *testing.T, test func(t *testing.T, to Target, db *DB)) {
	for name, postgres := range map[string]bool{"SQLite": false, "PostgreSQL": true} {
		t.Run(name, func(t *testing.T) {
			to := newTarget(t, postgres)
			test(t, to, reopen(t, to, Options{Create: true}))
		})
	}
}

// reopen opens a target until the end of the test.
func reopen(t testing.TB, to Target, o Options) *DB {
	t.Helper()
	db, err := to.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// opens sees to it that everything that is sealed opens, with a database that has just been opened.
func opens(t *testing.T, what string, to Target, o Options, generations int) {
	t.Helper()
	db := reopen(t, to, o)
	unfinished := false
	_, err := db.Check(t.Context(), CheckOptions{Found: func(f Finding) {
		unfinished = unfinished || f.Word == "reseal"
		if f.Word != "reseal" && f.Word != "label-hint" { // addOne counts with it
			t.Errorf("%s: %+v", what, f)
		}
	}})
	if err != nil || unfinished != (generations > 1) {
		t.Errorf("%s: unfinished %v, %v", what, unfinished, err)
	}
	err = db.View(t.Context(), func(x ring.Tx) error {
		tx := x.(*tx)
		if _, rows, err := tx.dataKeyRows(); err != nil || len(rows) != generations {
			t.Errorf("%s: %d data keys, want %d, %v", what, len(rows), generations, err)
		}
		state, err := tx.TrailState()
		if state.KeyFault != "" {
			t.Errorf("%s: the audit key: %s", what, state.KeyFault)
		}
		return err
	})
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// withoutSeals gives the lines of a dump but for what a reseal changes.
func withoutSeals(lines []string) (kept []string) {
	for _, line := range lines {
		table, _, _ := strings.Cut(line, " ")
		if !slices.Contains([]string{"private_keys", "token_keys", "recipients", "data_keys", "audit_key", "audit_head"}, table) {
			kept = append(kept, line)
		}
	}
	return kept
}

func must(t *testing.T, db *DB, o ResealOptions) Resealed {
	t.Helper()
	r, err := db.Reseal(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sealedOf gives everything that is sealed, by table and key.
func sealedOf(t *testing.T, db *DB) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := db.View(t.Context(), func(x ring.Tx) error {
		for i := range sealedTables {
			page, err := x.(*tx).sealedPage(&sealedTables[i], 0, 1_000_000)
			if err != nil {
				return err
			}
			for _, row := range page {
				all[fmt.Sprintf("%s/%d", sealedTables[i].name, row.key)] = string(row.sealed)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSealedTables compares the list of what is sealed with the schema: what is forgotten would be
// lost with the data key.
func TestSealedTables(t *testing.T) {
	var have, want []string
	for _, s := range sealedTables {
		have = append(have, s.name)
	}
	for _, c := range contents {
		for _, column := range c.Columns {
			if column.Name == "sealed" {
				want = append(want, c.Name)
			}
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("the list has %v, the schema %v", have, want)
	}
}

// TestReseal replaces the data key: everything is sealed anew and nothing else has changed.
func TestReseal(t *testing.T) {
	engines(t, func(t *testing.T, to Target, db *DB) {
		rich(t, db)
		other := reopen(t, to, Options{}) // another process, which has opened a key before
		if err := other.openKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
		before, content := sealedOf(t, db), dumpOf(t, db)
		old, err := os.ReadFile(db.Stash())
		if err != nil {
			t.Fatal(err)
		}
		r := must(t, db, ResealOptions{Rotate: true})
		if !r.Rotated || r.Finished || r.Generation != 2 || r.Keys != int64(len(before)) || r.Keys < 7 || r.Stash != "" || r.Kept != "" {
			t.Errorf("resealed %+v", r)
		}
		after := sealedOf(t, db)
		for name, sealed := range after {
			if sealed == before[name] || !strings.HasPrefix(sealed, string(seal.Prefix(2))) {
				t.Errorf("%s was not sealed anew", name)
			}
		}
		if d := cmp.Diff(withoutSeals(content), withoutSeals(dumpOf(t, db))); d != "" || len(after) != len(before) {
			t.Errorf("more than the seals has changed: %s", d)
		}
		opens(t, "after", to, Options{}, 1)
		clean(t, "open before", other)
		for _, db := range []*DB{db, other} {
			if err := addOne(t.Context(), db, fmt.Sprint("after", db == other)); err != nil {
				t.Error(err)
			}
		}
		if stash, err := os.ReadFile(db.Stash()); err != nil || string(stash) != string(old) {
			t.Errorf("the stash file has changed, %v", err)
		}
		if r := must(t, db, ResealOptions{}); r.Finished || r.Rotated || r.Generation != 2 {
			t.Errorf("with nothing to do: %+v", r)
		}
	})
}

// TestResealEnded ends a reseal at each of its steps, as somebody who presses a key: everything
// opens, new keys too, and the next run finishes.
func TestResealEnded(t *testing.T) {
	engines(t, func(t *testing.T, to Target, db *DB) {
		rich(t, db)
		steps := 0
		for end := 1; ; end++ {
			ctx, cancel := context.WithCancel(t.Context())
			calls := 0
			_, err := db.Reseal(ctx, ResealOptions{Rotate: true, Progress: func(_, _ int64) {
				if calls++; calls == end {
					cancel()
				}
			}})
			cancel()
			if calls < end {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("ended at step %d: %v", end, err)
			}
			steps++
			opens(t, fmt.Sprint("ended at ", end), to, Options{}, 2)
			if err := addOne(t.Context(), db, fmt.Sprint("between", end)); err != nil {
				t.Error(err)
			}
			if c, err := db.Custody(t.Context()); err != nil || !c.Unfinished || !c.Opens || len(c.Generations) != 2 {
				t.Errorf("ended at %d: status %+v, %v", end, c, err)
			}
			r := must(t, db, ResealOptions{})
			if !r.Finished || !r.Rotated {
				t.Errorf("ended at %d: finished %+v", end, r)
			}
			opens(t, fmt.Sprint("finished after ", end), to, Options{}, 1)
		}
		if steps < len(sealedTables) {
			t.Errorf("%d steps", steps)
		}
	})
}

// TestResealRecipients adds somebody in escrow, who can open the database then, and drops them again.
func TestResealRecipients(t *testing.T) {
	engines(t, func(t *testing.T, to Target, db *DB) {
		rich(t, db)
		safe := filepath.Join(t.TempDir(), "safe.key")
		id, err := seal.CreateStash(safe, nil)
		if err != nil {
			t.Fatal(err)
		}
		key := id.PublicKeys()[0]
		asSafe := Options{Stash: safe}
		if err := reopen(t, to, asSafe).openKeys(t.Context()); !errors.Is(err, seal.ErrIdentity) {
			t.Errorf("before: %v", err)
		}
		before := sealedOf(t, db)
		if r := must(t, db, ResealOptions{Add: []Recipient{{Name: "VAULT", Key: key}}}); r.Rotated || r.Keys != 0 || r.Generation != 1 {
			t.Errorf("added: %+v", r)
		}
		if d := cmp.Diff(before, sealedOf(t, db)); d != "" {
			t.Errorf("keys were sealed anew: %s", d)
		}
		opens(t, "in escrow", to, asSafe, 1)
		opens(t, "the operator", to, Options{}, 1)
		// They can do all that the operator can, a reseal too, and stay in.
		must(t, reopen(t, to, asSafe), ResealOptions{Rotate: true})
		opens(t, "in escrow, resealed", to, asSafe, 1)
		opens(t, "the operator, resealed", to, Options{}, 1)
		c, err := db.Custody(t.Context())
		if err != nil || len(c.Recipients) != 3 || c.Recipients[1].Name != "VAULT" || c.Recipients[1].Key != key || c.Recipients[1].Since.IsZero() || c.Recipients[2].Name != Operator {
			t.Errorf("status %+v, %v", c, err)
		}
		// A copy and a backup keep them.
		copied := newTarget(t, !to.Postgres)
		if _, err := db.CopyTo(t.Context(), copied, FillOptions{}); err != nil {
			t.Fatal(err)
		}
		opens(t, "the copy, in escrow", copied, asSafe, 1)
		opens(t, "the copy", copied, Options{}, 1)
		b := openBackup(t, backUp(t, db), safe)
		restored := newTarget(t, to.Postgres)
		if err := b.Restore(t.Context(), restored, t.TempDir(), FillOptions{Prove: noFindings}); err != nil {
			t.Fatal(err)
		}
		opens(t, "restored, in escrow", restored, asSafe, 1)

		for name, o := range map[string]ResealOptions{
			"already exists": {Add: []Recipient{{Name: "VAULT", Key: escrow(t).PublicKeys()[0]}}},
			"has that key":   {Add: []Recipient{{Name: "OTHER", Key: key}}},
			"stash file":     {Add: []Recipient{{Name: Operator, Key: key}}},
			"not an age":     {Add: []Recipient{{Name: "OTHER", Key: "age1x"}}},
			"letters":        {Add: []Recipient{{Name: "a b", Key: key}}},
			"characters":     {Add: []Recipient{{Name: "", Key: key}}},
			"twice":          {Add: []Recipient{{Name: "A", Key: key}, {Name: "A", Key: key}}},
			"not found":      {Drop: []string{"NOBODY"}, Rotate: true},
			"--new-identity": {Drop: []string{Operator}},
		} {
			_, err := db.Reseal(t.Context(), o)
			contains(t, err, name)
			if ring.CodeOf(err) != ring.Refused {
				t.Errorf("%s: return code %d", name, ring.CodeOf(err))
			}
		}
		must(t, db, ResealOptions{Drop: []string{"VAULT"}, Rotate: true})
		if err := reopen(t, to, asSafe).openKeys(t.Context()); !errors.Is(err, seal.ErrIdentity) {
			t.Errorf("dropped: %v", err)
		}
		opens(t, "dropped", to, Options{}, 1)
	})
}

// TestResealIdentity makes a new operator identity: the new stash file opens the database, the old
// one is kept and opens the backups that were made before.
func TestResealIdentity(t *testing.T) {
	engines(t, func(t *testing.T, to Target, db *DB) {
		rich(t, db)
		stash := db.Stash()
		was, err := os.ReadFile(stash)
		if err != nil {
			t.Fatal(err)
		}
		backup := backUp(t, db)
		r := must(t, db, ResealOptions{NewIdentity: true, Rotate: true})
		if r.Stash != stash || r.Kept != stash+".g1" || !r.Rotated {
			t.Errorf("%+v", r)
		}
		if kept, err := os.ReadFile(r.Kept); err != nil || string(kept) != string(was) {
			t.Errorf("another stash file was kept: %v", err)
		}
		for _, file := range []string{stash, r.Kept} {
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v", file, err)
			}
		}
		id, err := seal.LoadStash(stash, nil)
		if err != nil || len(id.PublicKeys()) != 1 {
			t.Errorf("the new stash file: %v", err)
		}
		opens(t, "the new identity", to, Options{}, 1)
		if err := reopen(t, to, Options{Stash: r.Kept}).openKeys(t.Context()); !errors.Is(err, seal.ErrIdentity) {
			t.Errorf("the old identity: %v", err)
		}
		// The old backup, over what is there now.
		b := openBackup(t, backup, r.Kept)
		if err := b.Restore(t.Context(), to, t.TempDir(), FillOptions{Prove: noFindings, Replace: true}); err != nil {
			t.Fatal(err)
		}
		opens(t, "restored", to, Options{}, 1)
	})
}

// TestResealIdentityEnded ends the change of identity when the stash file is written and the
// database has not gone over yet, and after that: the stash file opens the database at each moment,
// and the next run goes on with the identity that is in it.
func TestResealIdentityEnded(t *testing.T) {
	engines(t, func(t *testing.T, to Target, db *DB) {
		rich(t, db)
		holds := func(what string, n int) []string {
			t.Helper()
			id, err := seal.LoadStash(db.Stash(), nil)
			if err != nil || len(id.PublicKeys()) != n {
				t.Fatalf("%s: the stash file holds %v, %v", what, id.PublicKeys(), err)
			}
			return id.PublicKeys()
		}
		old := holds("before", 1)[0]
		ctx, cancel := context.WithCancel(t.Context())
		db.prepared = func(query string) {
			if query == insertDataKey {
				cancel()
			}
		}
		o := ResealOptions{NewIdentity: true, Rotate: true}
		if _, err := db.Reseal(ctx, o); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		db.prepared = nil
		next := holds("written", 2)
		if next[1] != old {
			t.Errorf("the stash file holds %v after %s", next, old)
		}
		opens(t, "written", to, Options{}, 1)

		ctx, cancel = context.WithCancel(t.Context())
		o.Progress = func(_, _ int64) { cancel() }
		if _, err := db.Reseal(ctx, o); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if again := holds("gone over", 2); !slices.Equal(again, next) {
			t.Errorf("the stash file held %v and holds %v", next, again)
		}
		opens(t, "gone over", to, Options{}, 2)
		must(t, db, ResealOptions{})
		if last := holds("finished", 1); last[0] != next[0] {
			t.Errorf("the stash file holds %v", last)
		}
		opens(t, "finished", to, Options{}, 1)
		kept, err := filepath.Glob(db.Stash() + ".g*")
		if err != nil || len(kept) != 1 {
			t.Errorf("kept %v, %v", kept, err)
		}
	})
}

// TestResealLostStash: the stash file is lost, and somebody in escrow makes a new operator identity.
func TestResealLostStash(t *testing.T) {
	to := newTarget(t, false)
	db := reopen(t, to, Options{Create: true})
	rich(t, db)
	safe := filepath.Join(t.TempDir(), "safe.key")
	id, err := seal.CreateStash(safe, nil)
	if err != nil {
		t.Fatal(err)
	}
	must(t, db, ResealOptions{Add: []Recipient{{Name: "VAULT", Key: id.PublicKeys()[0]}}})
	if err := os.Remove(db.Stash()); err != nil {
		t.Fatal(err)
	}
	asSafe := reopen(t, to, Options{Stash: safe})
	if _, err := asSafe.Reseal(t.Context(), ResealOptions{Protection: WithoutPassphrase}); !errors.Is(err, ring.ErrRefused) {
		t.Errorf("the passphrase of an escrow identity: %v", err)
	}
	r := must(t, asSafe, ResealOptions{NewIdentity: true, Rotate: true})
	if r.Stash != db.Stash() || r.Kept != "" {
		t.Errorf("%+v", r)
	}
	text, err := os.ReadFile(db.Stash())
	if err != nil || strings.Contains(string(text), "former") || strings.Count(string(text), "AGE-SECRET-KEY") != 1 {
		t.Errorf("the stash file has more than the new identity, %v", err)
	}
	opens(t, "the new operator", to, Options{}, 1)
	opens(t, "in escrow", to, Options{Stash: safe}, 1)
}

// TestResealWhileWorking reseals while others add, open and delete keys: all of them see each key
// open at each moment, and nothing is lost.
func TestResealWhileWorking(t *testing.T) {
	engines(t, func(t *testing.T, to Target, db *DB) {
		for i := range 20 {
			if err := addOne(t.Context(), db, fmt.Sprint("first", i)); err != nil {
				t.Fatal(err)
			}
		}
		stop := make(chan bool)
		var others sync.WaitGroup
		for w := range 3 {
			worker := reopen(t, to, Options{})
			others.Go(func() {
				for i := 0; ; i++ {
					if w == 0 {
						soundAt(t, worker)
					} else if err := addOne(t.Context(), worker, fmt.Sprintf("w%d-%d", w, i)); err != nil {
						t.Error(err)
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}
		resealer := reopen(t, to, Options{})
		for i := range 6 {
			must(t, resealer, ResealOptions{Rotate: true, NewIdentity: i%2 == 1})
		}
		close(stop)
		others.Wait()
		opens(t, "after", to, Options{}, 1)
		soundAt(t, db)
	})
}

// TestTwoReseals has two processes reseal at once, with new identities: the stash file opens the
// database whoever was first.
func TestTwoReseals(t *testing.T) {
	engines(t, func(t *testing.T, to Target, db *DB) {
		rich(t, db)
		for range 4 {
			var both sync.WaitGroup
			for range 2 {
				one := reopen(t, to, Options{})
				both.Go(func() {
					_, err := one.Reseal(t.Context(), ResealOptions{Rotate: true, NewIdentity: true})
					if err != nil && ring.CodeOf(err) != ring.Refused && !errors.Is(err, seal.ErrIdentity) {
						t.Error(err)
					}
				})
			}
			both.Wait()
			must(t, reopen(t, to, Options{}), ResealOptions{})
			opens(t, "after both", to, Options{}, 1)
		}
	})
}

// TestResealClosed: what does not open holds the old data key back, and is named.
func TestResealClosed(t *testing.T) {
	path := two(t)
	raw(t, path, "UPDATE private_keys SET sealed = (SELECT sealed FROM private_keys WHERE certificate = 1) WHERE certificate = 2")
	db := open(t, path)
	_, err := db.Reseal(t.Context(), ResealOptions{Rotate: true})
	contains(t, err, "1 sealed keys do not open", "db check")
	if ring.CodeOf(err) != ring.Refused {
		t.Errorf("return code %d", ring.CodeOf(err))
	}
	if err := keyOf(t, path, "one"); err != nil {
		t.Error(err)
	}
	if _, err := db.Check(t.Context(), CheckOptions{Repair: []string{"key-unreadable=FLEET/two"}}); err != nil {
		t.Fatal(err)
	}
	if r := must(t, db, ResealOptions{}); !r.Finished || !r.Rotated || r.Keys != 0 {
		t.Errorf("%+v", r)
	}
	if err := keyOf(t, path, "one"); err != nil {
		t.Error(err)
	}
}

// TestResealMany reseals more than one page.
func TestResealMany(t *testing.T) {
	to := newTarget(t, false)
	const many = 2*resealPage + 7
	if err := to.Populate(t.Context(), Crowd{Certificates: many, Rings: 3, Now: time.Now()}, FillOptions{}); err != nil {
		t.Fatal(err)
	}
	db := reopen(t, to, Options{})
	var last, total int64
	r := must(t, db, ResealOptions{Rotate: true, Progress: func(done, of int64) {
		if done <= last && done < of || done > of {
			t.Errorf("%d of %d comes after %d", done, of, last)
		}
		last, total = done, of
	}})
	if r.Keys < many || last != total {
		t.Errorf("%+v, %d of %d", r, last, total)
	}
	opens(t, "after", to, Options{}, 1)
}
