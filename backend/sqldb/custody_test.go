package sqldb

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"signet/backend/seal"
	"signet/ring"
)

// found gives the words and objects of the findings of a check.
func found(t *testing.T, db *DB, repair ...string) (all []string) {
	t.Helper()
	_, err := db.Check(t.Context(), CheckOptions{Repair: repair, Found: func(f Finding) {
		if f.Word != "label-hint" { // addOne counts with it
			all = append(all, f.Word+" "+f.Object)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestOldRecord puts records from before a reseal back: they do not open, and the check names them.
func TestOldRecord(t *testing.T) {
	path := two(t)
	before := filepath.Join(t.TempDir(), "before.db")
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(before, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, path)
	must(t, db, ResealOptions{Rotate: true})
	raw(t, path, "ATTACH '"+before+"' AS b; UPDATE private_keys SET sealed = (SELECT o.sealed FROM b.private_keys o WHERE o.certificate = 1) WHERE certificate = 1")
	err = keyOf(t, path, "one")
	if !errors.Is(err, seal.ErrOpen) {
		t.Errorf("put back: %v", err)
	}
	contains(t, err, "FLEET/one", "data key generation 1", "put back from before a reseal")
	if err := keyOf(t, path, "two"); err != nil {
		t.Error(err)
	}
	if all := found(t, db); fmt.Sprint(all) != "[key-unreadable FLEET/one]" {
		t.Errorf("found %q", all)
	}
	c, err := db.Custody(t.Context())
	if err != nil || len(c.Generations) != 2 || c.Generations[0].There || c.Generations[0].Number != 1 || c.Generations[0].Keys != 1 {
		t.Errorf("status %+v, %v", c.Generations, err)
	}
	// A reseal passes it by, and says so.
	if r := must(t, db, ResealOptions{Rotate: true}); r.Stray != 1 || !r.Rotated {
		t.Errorf("%+v", r)
	}

	// The data key of that time beside the present one brings nothing back.
	raw(t, path, "ATTACH '"+before+"' AS b; INSERT INTO data_keys SELECT * FROM b.data_keys")
	contains(t, keyOf(t, path, "one"), "data key generation 3", "did not have the one before")
	if all := found(t, open(t, path)); fmt.Sprint(all) != "[data-key 3 key-unreadable FLEET/two]" {
		t.Errorf("found %q", all)
	}
}

// TestForgedDataKey: somebody who can write to the database and has no stash file puts a data key
// of their own beside the right one, wrapped to the operator: nothing is sealed under it.
func TestForgedDataKey(t *testing.T) {
	engines(t, func(t *testing.T, to Target, db *DB) {
		rich(t, db)
		c, err := db.Custody(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var operator *age.X25519Recipient
		for _, r := range c.Recipients {
			if r.Name == Operator {
				if operator, err = seal.ParseRecipient(r.Key); err != nil {
					t.Fatal(err)
				}
			}
		}
		for name, link := range map[string][]byte{"no link": {}, "a link of their own": func() []byte {
			link, err := seal.NewDataKey(1).Link(seal.NewDataKey(2), "db")
			if err != nil {
				t.Fatal(err)
			}
			return link
		}()} {
			wrapped, err := seal.NewDataKey(2).Wrap(operator)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.pool.Exec(insertDataKey, 2, wrapped, link, 0); err != nil {
				t.Fatal(err)
			}
			for _, victim := range []*DB{db, reopen(t, to, Options{})} {
				err := addOne(t.Context(), victim, "victim")
				if !errors.Is(err, ring.ErrRefused) {
					t.Errorf("%s: %v", name, err)
				}
				contains(t, err, "data key generation 2", "signet db check")
				if _, err := victim.Reseal(t.Context(), ResealOptions{Rotate: true}); !errors.Is(err, ring.ErrRefused) {
					t.Errorf("%s: reseal: %v", name, err)
				}
			}
			if all := found(t, db); fmt.Sprint(all) != "[data-key 2]" {
				t.Errorf("%s: found %q", name, all)
			}
			if _, err := db.Check(t.Context(), CheckOptions{Repair: []string{"data-key"}}); !errors.Is(err, ring.ErrInvalid) {
				t.Errorf("%s: repaired without a name: %v", name, err)
			}
			found(t, db, "data-key=2")
			opens(t, name, to, Options{}, 1)
		}
	})
}

// TestForgedRecipient: somebody who can write to the database adds a recipient of their own: no
// data key is wrapped to it.
func TestForgedRecipient(t *testing.T) {
	engines(t, func(t *testing.T, to Target, db *DB) {
		rich(t, db)
		thief := filepath.Join(t.TempDir(), "thief.key")
		id, err := seal.CreateStash(thief, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range []struct{ name, statement string }{ // the repair of the second takes SAFE away
			{"added", "INSERT INTO recipients (name, recipient, since, proof) SELECT 'THIEF', $1, since, proof FROM recipients WHERE name = 'SAFE'"},
			{"changed", "UPDATE recipients SET recipient = $1 WHERE name = 'SAFE'"},
		} {
			name := change.name
			if _, err := db.pool.Exec(change.statement, id.PublicKeys()[0]); err != nil {
				t.Fatal(err)
			}
			_, err := db.Reseal(t.Context(), ResealOptions{Rotate: true})
			contains(t, err, "recipient", "did not have its data key", "--repair recipient")
			if ring.CodeOf(err) != ring.Refused {
				t.Errorf("%s: return code %d", name, ring.CodeOf(err))
			}
			all := found(t, db)
			if len(all) != 1 || all[0] != "recipient THIEF" && all[0] != "recipient SAFE" {
				t.Errorf("%s: found %q", name, all)
			}
			c, err := db.Custody(t.Context())
			forged := 0
			for _, r := range c.Recipients {
				if r.Forged {
					forged++
				}
			}
			if err != nil || forged != 1 {
				t.Errorf("%s: status %+v, %v", name, c.Recipients, err)
			}
			// Neither a copy nor a backup opens with it.
			copied := newTarget(t, to.Postgres)
			if _, err := db.CopyTo(t.Context(), copied, FillOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := reopen(t, copied, Options{Stash: thief}).openKeys(t.Context()); !errors.Is(err, seal.ErrIdentity) {
				t.Errorf("%s: the copy: %v", name, err)
			}
			if _, err := OpenBackup(backUp(t, db), id); err == nil {
				t.Errorf("%s: the thief opens a backup", name)
			}
			found(t, db, "recipient")
			must(t, db, ResealOptions{Rotate: true})
			if err := reopen(t, to, Options{Stash: thief}).openKeys(t.Context()); !errors.Is(err, seal.ErrIdentity) {
				t.Errorf("%s: %v", name, err)
			}
			opens(t, name, to, Options{}, 1)
		}
	})
}

// quickly protects the stash file of a database with a passphrase that takes little work to check.
func quickly(t *testing.T, db *DB, passphrase string) {
	t.Helper()
	text, err := os.ReadFile(db.Stash())
	if err != nil {
		t.Fatal(err)
	}
	protect(t, db.Stash(), text, passphrase)
}

// protect writes a stash file as the age command would, with little work.
func protect(t *testing.T, path string, text []byte, passphrase string) {
	t.Helper()
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	r.SetWorkFactor(4)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, r)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(text)
	if err := errors.Join(err, w.Close(), os.WriteFile(path, out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// TestPassphraseAsked: the passphrase is asked for when a private key is needed, once, and while
// it is asked for nobody waits.
func TestPassphraseAsked(t *testing.T) {
	engines(t, func(t *testing.T, to Target, first *DB) {
		if err := addOne(t.Context(), first, "one"); err != nil {
			t.Fatal(err)
		}
		quickly(t, first, "geheim")
		asked := 0
		var other *DB
		locked := reopen(t, to, Options{Passphrase: func(stash string) ([]byte, error) {
			asked++
			if stash != first.Stash() {
				t.Errorf("asked for %s", stash)
			}
			// Others write meanwhile, in this process and in others.
			for _, db := range []*DB{first, other} {
				if err := db.Update(t.Context(), func(x ring.Tx) error { return x.PutSetting("serials", "random") }); err != nil {
					t.Error(err)
				}
			}
			return []byte("geheim"), nil
		}})
		other = locked
		err := locked.Update(t.Context(), func(x ring.Tx) error {
			_, err := x.Certificate(ring.CertRef{Owner: "FLEET", Label: "one"})
			return errors.Join(err, x.PutSetting("serials", ""))
		})
		if err != nil || asked != 0 {
			t.Errorf("without a key: %v, asked %d times", err, asked)
		}
		if s, err := locked.Status(t.Context()); err != nil || !s.Protected || !s.Opens || asked != 1 {
			t.Errorf("%+v, %v, asked %d times", s, err, asked)
		}
		locked.keys.clear()
		asked = 0
		var many sync.WaitGroup
		for i := range 4 {
			many.Go(func() {
				if err := addOne(t.Context(), locked, fmt.Sprint("more", i)); err != nil {
					t.Error(err)
				}
			})
		}
		many.Wait()
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
		soundAt(t, locked)
		// A reseal of another process makes it ask again, for the data key is another.
		must(t, knowing(t, to), ResealOptions{Rotate: true})
		if err := addOne(t.Context(), locked, "after"); err != nil || asked != 2 {
			t.Errorf("after a reseal: %v, asked %d times", err, asked)
		}
	})
}

// first2 opens a target as one more process that knows the passphrase.
func knowing(t *testing.T, to Target) *DB {
	return reopen(t, to, Options{Passphrase: func(string) ([]byte, error) { return []byte("geheim"), nil }})
}

// TestPassphraseWrong: nothing is changed, and the error says what is wrong and ends 8.
func TestPassphraseWrong(t *testing.T) {
	engines(t, func(t *testing.T, to Target, db *DB) {
		rich(t, db)
		quickly(t, db, "geheim")
		before := dumpOf(t, db)
		none := errors.New("nobody is there")
		for name, tc := range map[string]struct {
			o    Options
			want error
			says string
		}{
			"wrong":         {Options{Passphrase: func(string) ([]byte, error) { return []byte("raden"), nil }}, seal.ErrPassphrase, "the passphrase is wrong"},
			"nobody to ask": {Options{}, seal.ErrProtected, "none was given"},
			"no answer":     {Options{Passphrase: func(string) ([]byte, error) { return nil, none }}, none, ""},
		} {
			locked := reopen(t, to, tc.o)
			for what, do := range map[string]func() error{
				"add":    func() error { return addOne(t.Context(), locked, "new") },
				"reseal": func() error { _, err := locked.Reseal(t.Context(), ResealOptions{Rotate: true}); return err },
				"backup": func() error { _, err := locked.Recipients(t.Context()); return err },
				"unlock": func() error { return locked.Unlock(t.Context()) },
				"copy": func() error {
					to := newTarget(t, false)
					_, err := locked.CopyTo(t.Context(), to, FillOptions{})
					if _, there := os.Stat(to.Path); there == nil {
						t.Errorf("%s: a copy was made", name)
					}
					return err
				},
			} {
				err := do()
				if !errors.Is(err, tc.want) {
					t.Errorf("%s, %s: %v", name, what, err)
					continue
				}
				if tc.says != "" {
					contains(t, err, db.Stash(), tc.says)
					if ring.CodeOf(err) != ring.Refused {
						t.Errorf("%s, %s: return code %d", name, what, ring.CodeOf(err))
					}
				}
			}
		}
		handles := func(line string) bool { return strings.Contains(line, "last handle") } // a server never gives one back
		if d := cmp.Diff(slices.DeleteFunc(before, handles), slices.DeleteFunc(dumpOf(t, db), handles)); d != "" {
			t.Errorf("something has changed: %s", d)
		}
	})
}

// TestResealPassphrase protects a stash file, changes its passphrase and takes it away. The data
// key stays as it is.
func TestResealPassphrase(t *testing.T) {
	to := newTarget(t, false)
	db := reopen(t, to, Options{Create: true})
	rich(t, db)
	before := sealedOf(t, db)
	knows := func(p string) Options {
		return Options{Passphrase: func(string) ([]byte, error) { return []byte(p), nil }}
	}
	protectWith := func(p string) ResealOptions {
		return ResealOptions{Protection: WithPassphrase, NewPassphrase: func() ([]byte, error) { return []byte(p), nil }}
	}
	if r := must(t, db, protectWith("first")); r.Stash != db.Stash() || r.Kept != "" || r.Rotated {
		t.Errorf("%+v", r)
	}
	if info, err := os.Stat(db.Stash()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	opens(t, "first", to, knows("first"), 1)
	must(t, reopen(t, to, knows("first")), protectWith("second"))
	opens(t, "second", to, knows("second"), 1)
	if err := reopen(t, to, knows("first")).openKeys(t.Context()); !errors.Is(err, seal.ErrPassphrase) {
		t.Errorf("the first passphrase: %v", err)
	}
	// A new identity keeps the protection, with the passphrase that there is.
	r := must(t, reopen(t, to, knows("second")), ResealOptions{NewIdentity: true})
	opens(t, "a new identity", to, knows("second"), 1)
	for _, file := range []string{r.Kept, db.Stash()} {
		if s, err := seal.ReadStash(file); err != nil || !s.Protected() {
			t.Errorf("%s is not protected, %v", file, err)
		}
	}
	must(t, reopen(t, to, knows("second")), ResealOptions{Protection: WithoutPassphrase})
	opens(t, "none", to, Options{}, 1)
	if fmt.Sprint(before) != fmt.Sprint(sealedOf(t, db)) {
		t.Error("keys were sealed anew")
	}
	none := errors.New("nobody is there")
	if _, err := db.Reseal(t.Context(), ResealOptions{Protection: WithPassphrase, NewPassphrase: func() ([]byte, error) { return nil, none }}); !errors.Is(err, none) {
		t.Errorf("no new passphrase: %v", err)
	}
	opens(t, "still none", to, Options{}, 1)
}

// TestCreateProtected makes a database whose stash file is protected from the first moment.
func TestCreateProtected(t *testing.T) {
	engines(t, func(t *testing.T, _ Target, other *DB) {
		to := newTarget(t, other.engine.name() == "PostgreSQL")
		o := Options{Create: true, MustCreate: true, Protect: []byte("geheim")}
		made := reopen(t, to, o)
		if s, err := seal.ReadStash(made.Stash()); err != nil || !s.Protected() {
			t.Errorf("not protected, %v", err)
		}
		if err := addOne(t.Context(), knowing(t, to), "one"); err != nil {
			t.Error(err)
		}
	})
}

// TestKeysCleared looks whether the data keys of a transaction and of a database are overwritten
// at the end.
func TestKeysCleared(t *testing.T) {
	path := two(t)
	db, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	bind := seal.Bind("db", 1, nil)
	var lent *seal.DataKeys
	var sealed []byte
	err = db.View(t.Context(), func(x ring.Tx) error {
		if lent, _, err = x.(*tx).dataKeys(); err != nil {
			return err
		}
		sealed, err = lent.Seal([]byte("x"), bind)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lent.Open(sealed, bind); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("the data key of a transaction that has ended: %v", err)
	}
	var kept []*seal.DataKey
	for _, e := range db.keys.entries {
		kept = append(kept, e.key)
		if _, err := e.key.Open(sealed, bind); err != nil {
			t.Errorf("the data key of the database: %v", err)
		}
	}
	if err := db.Close(); err != nil || len(kept) != 1 {
		t.Fatal(err, len(kept))
	}
	if _, err := kept[0].Open(sealed, bind); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("the data key of a closed database: %v", err)
	}
}

// A number that has more than the 32 bits of a generation does not become another one's.
func TestGenerationOf(t *testing.T) {
	for n, good := range map[int64]bool{-1: false, 0: false, 1: true, math.MaxUint32: true, math.MaxUint32 + 1: false, math.MaxUint32 + 2: false, math.MinInt64: false} {
		if got, err := generationOf(n); (err == nil) != good || good && int64(got) != n {
			t.Errorf("%d is %d, %v", n, got, err)
		}
	}
}
