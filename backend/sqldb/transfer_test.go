package sqldb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"signet/audit"
	"signet/backend/backendtest"
	"signet/backend/seal"
	"signet/ring"
)

// rich fills a database with at least one row in every table, keys and gaps between handles
// among them.
func rich(t *testing.T, db *DB) {
	t.Helper()
	for i := range 5 {
		if err := addOne(t.Context(), db, fmt.Sprintf("label-%d é", i)); err != nil {
			t.Fatal(err)
		}
	}
	err := db.Update(t.Context(), func(x ring.Tx) error {
		first, key := backendtest.Make(t, backendtest.Spec{Subject: "CA"})
		c := ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: "CA"}, first)
		c.LastSerial, c.Added, c.AddedBy = 1<<63+7, time.Unix(1700000000, 0), "ADMIN"
		if err := errors.Join(x.AddCertificate(c), x.PutPrivateKey(c, key)); err != nil {
			return err
		}
		r := &ring.Ring{Owner: "U", Name: "R", Created: time.Unix(1, 0), CreatedBy: "U"}
		k := &ring.Token{Name: "TOKEN", Created: time.Unix(2, 0), CreatedBy: "U"}
		err := errors.Join(x.AddRing(r), x.PutConnection(&ring.Connection{Ring: r, Cert: c, Usage: ring.UsageCertAuth}), x.AddToken(k))
		o := &ring.TokenObject{Token: k, Owner: "U", Label: "o", Usage: ring.UsagePersonal, Default: true, DER: first.Raw, Bound: time.Unix(3, 0), BoundBy: "U"}
		err = errors.Join(err, x.AddTokenObject(o))
		if err == nil {
			err = x.PutTokenKey(o, key)
		}
		if err == nil {
			err = x.AddFilter(&ring.Filter{Owner: "U", Label: "f", Status: ring.Trust, Subject: "CN=x", Created: time.Unix(4, 0), CreatedBy: "U"})
		}
		t := x.(*tx)
		for _, statement := range []string{
			"UPDATE label_hints SET hint = 1", "INSERT INTO label_hints VALUES ('U', 1)", "INSERT INTO settings VALUES ('serials', 'random')",
			"INSERT INTO classes VALUES ('DIGTCERT', 1, 1, 0, 1, 0)",
			"INSERT INTO profiles (class, name, generic, uacc, owner, data, appl_data, level, audit, notify, warning, created, changed, created_by)" +
				" VALUES ('FACILITY', 'IRR.*', 1, 'NONE', 'A', '', 'x', 3, '', '', 0, 1, 2, 'A')",
			"INSERT INTO access_entries SELECT id, 0, 'U', 'READ', '' FROM profiles",
			"INSERT INTO raclist_profiles (profile, class, name, generic, uacc, owner, data, appl_data, level, audit, notify, warning, created, changed, created_by)" +
				" SELECT id + 7, class, name, generic, 'READ', owner, data, appl_data, level, audit, notify, warning, created, changed, created_by FROM profiles",
			"INSERT INTO raclist_entries SELECT profile + 7, 0, 'V', 'NONE', 'PROGRAM(P)' FROM access_entries",
			"INSERT INTO filter_label_hints VALUES ('U', 1)",
			"INSERT INTO users (user_id, name, owner, default_group, data, special, operations, auditor, revoked, restricted, created, changed, created_by)" +
				" VALUES ('U', 'A ''name''', 'A', 'G', '', 1, 0, 0, 0, 1, 5, 6, 'A')",
			"INSERT INTO user_groups (name, owner, superior, data, created, changed, created_by) VALUES ('G', 'A', '', 'd', 5, 6, 'A')",
			"INSERT INTO memberships (user_id, group_name, owner, authority, special, operations, auditor, revoked, created, created_by)" +
				" VALUES ('U', 'G', 'A', 'USE', 0, 0, 0, 0, 7, 'A')",
		} {
			if err == nil {
				_, err = t.exec(statement)
			}
		}
		if err == nil {
			err = x.RetireKey([]byte("gone"))
		}
		if err == nil {
			err = putRecipient(t, "SAFE", escrow(fatal{}).PublicKeys()[0])
		}
		if err == nil {
			err = x.PutEvent(encoded(&audit.Event{ID: audit.NewID(), Time: time.Unix(6, 0), Issuer: "U", Host: "H", Function: "ADD", Object: "U/o",
				Decision: audit.Allowed, Outcome: audit.Done}))
		}
		var gone *ring.Certificate
		if err == nil {
			gone, err = x.Certificate(ring.CertRef{Owner: "FLEET", Label: "label-4 é"})
		}
		if err == nil {
			err = x.DeleteCertificate(gone)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, line := range dumpOf(t, db) {
		table, _, _ := strings.Cut(line, " ")
		seen[table] = true
	}
	for _, c := range contents {
		if !seen[c.Name] {
			t.Fatalf("table %s is empty", c.Name)
		}
	}
}

// escrow makes the identity of an escrow recipient.
func escrow(t testing.TB) *seal.Identity {
	id, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// putRecipient adds an escrow recipient to the table, as a reseal does, and gives it no data key.
func putRecipient(t *tx, name, key string) error {
	keys, uuid, err := t.dataKeys()
	if err != nil {
		return err
	}
	r, err := newRecipient(keys.Newest(), uuid, name, key, 5)
	if err != nil {
		return err
	}
	_, err = t.exec(insertRecipient, r.name, r.key, r.since, r.proof)
	return err
}

// sameContent opens a target and compares it with another database, row by row, and checks it.
func sameContent(t *testing.T, what string, to Target, want []string) {
	t.Helper()
	db, err := to.Open(t.Context(), Options{})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer db.Close()
	if d := cmp.Diff(want, dumpOf(t, db)); d != "" {
		t.Errorf("%s: %s", what, d)
	}
	clean(t, what, db)
	// The next handle is none that was ever used.
	before := handleOf(t, db)
	if err := addOne(t.Context(), db, "after "+what); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if after := handleOf(t, db); after != before+1 {
		t.Errorf("%s: handle %d comes after %d", what, after, before)
	}
}

func handleOf(t *testing.T, db *DB) (last int64) {
	t.Helper()
	err := db.View(t.Context(), func(x ring.Tx) (err error) {
		last, err = x.(*tx).lastHandle("certificates")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// clean checks a database and wants no finding.
func clean(t *testing.T, what string, db *DB) {
	t.Helper()
	done, err := db.Check(t.Context(), CheckOptions{Found: func(f Finding) { t.Errorf("%s: %+v", what, f) }})
	if err != nil || done.Certificates < 5 || done.Keys < 5 {
		t.Errorf("%s: checked %+v, %v", what, done, err)
	}
}

func newTarget(t *testing.T, postgres bool) Target {
	t.Helper()
	if postgres {
		at := newPlace(t)
		return Target{Postgres: true, Path: at.url, Stash: at.stash}
	}
	return Target{Path: filepath.Join(t.TempDir(), "signet.db")}
}

func backUp(t *testing.T, db *DB, recipients ...age.Recipient) string {
	t.Helper()
	var out bytes.Buffer
	if _, _, err := db.Backup(t.Context(), &out, time.Now(), recipients...); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func openBackup(t *testing.T, path, stash string) *Backup {
	t.Helper()
	id, err := seal.LoadStash(stash, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenBackup(path, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func noFindings(ctx context.Context, db *DB) error {
	done, err := db.Check(ctx, CheckOptions{})
	if err == nil && done.Errors > 0 {
		err = fmt.Errorf("%d findings", done.Errors)
	}
	return err
}

// TestTransfer takes a database with something in every table by every way to every engine, into
// new, empty and full databases.
func TestTransfer(t *testing.T) {
	for _, fromServer := range []bool{false, true} {
		source := newTarget(t, fromServer)
		db, err := source.Open(t.Context(), Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		rich(t, db)
		want := dumpOf(t, db)
		b := openBackup(t, backUp(t, db), db.Stash())
		for _, toServer := range []bool{false, true} {
			what := fmt.Sprintf("server %v to server %v", fromServer, toServer)
			to := newTarget(t, toServer)
			if _, err := db.CopyTo(t.Context(), to, FillOptions{}); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			sameContent(t, "copy, "+what, to, want)
			// It is not empty now.
			if err := b.Restore(t.Context(), to, t.TempDir(), FillOptions{Prove: noFindings}); !errors.Is(err, ring.ErrExists) {
				t.Errorf("%s: restore over content: %v", what, err)
			}
			if err := b.Restore(t.Context(), to, t.TempDir(), FillOptions{Prove: noFindings, Replace: true}); err != nil {
				t.Errorf("%s: restore over content: %v", what, err)
			}
			lines := want
			if toServer { // its sequences do not go back
				lines = replaced(replaced(want, "certificates: last handle", 1), "connections: last handle", 1)
			}
			sameContent(t, "replace, "+what, to, lines)
			empty := newTarget(t, toServer)
			if made, err := empty.Open(t.Context(), Options{Create: true, MustCreate: true}); err != nil {
				t.Fatal(err)
			} else if err := made.Close(); err != nil {
				t.Fatal(err)
			}
			if err := b.Restore(t.Context(), empty, t.TempDir(), FillOptions{Prove: noFindings}); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			sameContent(t, "restore, "+what, empty, want)
		}
		if _, err := db.CopyTo(t.Context(), source, FillOptions{Replace: true}); !errors.Is(err, ring.ErrInvalid) {
			t.Errorf("copy to itself: %v", err)
		}
		if d := cmp.Diff(want, dumpOf(t, db)); d != "" {
			t.Errorf("the source has changed: %s", d)
		}
	}
}

// replaced adds to the number at the end of a line of a dump.
func replaced(lines []string, start string, add int) []string {
	lines = append([]string{}, lines...)
	for i, line := range lines {
		var n int
		if _, err := fmt.Sscanf(line, start+" %d", &n); err == nil {
			lines[i] = fmt.Sprintf("%s %d", start, n+add)
		}
	}
	return lines
}

// TestReplaceWhileOpen restores over a database that others read and write at the same time: each
// of them sees one content or the other, whole, and can go on.
func TestReplaceWhileOpen(t *testing.T) {
	for _, server := range []bool{false, true} {
		to := newTarget(t, server)
		db, err := to.Open(t.Context(), Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		rich(t, db)
		path := backUp(t, db)
		b := openBackup(t, path, db.Stash())
		for i := range 20 {
			if err := addOne(t.Context(), db, fmt.Sprint("more", i)); err != nil {
				t.Fatal(err)
			}
		}
		before := len(certificatesOf(t, db))
		stop := make(chan bool)
		var readers sync.WaitGroup
		readers.Go(func() {
			for {
				if n := len(certificatesOf(t, db)); n != before && n != before-20 {
					t.Errorf("server %v: a reader sees %d certificates", server, n)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		err = b.Restore(t.Context(), to, t.TempDir(), FillOptions{Prove: noFindings, Replace: true})
		close(stop)
		readers.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if n := len(certificatesOf(t, db)); n != before-20 {
			t.Errorf("server %v: %d certificates after the restore", server, n)
		}
		clean(t, "after", db)
		if err := addOne(t.Context(), db, "and on"); err != nil {
			t.Error(err)
		}
	}
}

func certificatesOf(t *testing.T, db *DB) (labels []string) {
	err := db.View(t.Context(), func(x ring.Tx) error {
		labels = nil
		for c, err := range x.Certificates("FLEET") {
			if err != nil {
				return err
			}
			labels = append(labels, c.Label)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return labels
}

// TestBackupWhileWriting makes backups while a writer adds pairs: a backup has whole pairs only.
func TestBackupWhileWriting(t *testing.T) {
	for _, server := range []bool{false, true} {
		to := newTarget(t, server)
		db, err := to.Open(t.Context(), Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		stop := make(chan bool)
		var writer sync.WaitGroup
		writer.Go(func() {
			for i := 0; ; i++ {
				err := db.Update(t.Context(), func(x ring.Tx) error {
					err := x.PutSetting(fmt.Sprint("a", i), "1")
					return errors.Join(err, x.AddRing(&ring.Ring{Owner: "U", Name: fmt.Sprint("R", i)}))
				})
				if err != nil {
					t.Error(err)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		last := int64(0)
		for n := 0; n < 5 || last == 0 && n < 1000; n++ { // a loaded machine starts the writer late
			var out bytes.Buffer
			tr, _, err := db.Backup(t.Context(), &out, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if tr.Rows["rings"] != tr.Rows["settings"] || tr.Rows["rings"] < last {
				t.Errorf("server %v: a backup has %d rings and %d settings, after one of %d", server, tr.Rows["rings"], tr.Rows["settings"], last)
			}
			last = tr.Rows["rings"]
		}
		close(stop)
		writer.Wait()
		if last == 0 {
			t.Errorf("server %v: nothing was written meanwhile", server)
		}
	}
}
