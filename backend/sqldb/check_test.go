package sqldb

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signet/ring"
)

// TestCheck does to a database what no verb does, one thing after the other: each is found under
// its word and nothing else is; what can be repaired is clean afterwards, and only what was asked
// for has changed.
func TestCheck(t *testing.T) {
	const noKeys = "PRAGMA foreign_keys = OFF"
	for _, tc := range []struct {
		word, object string
		damage       string
		repair       string // empty: there is none
		warning      bool
	}{
		{"certificate-columns", "FLEET/label-1 é", "UPDATE certificates SET not_after = 5 WHERE id = 2", "certificate-columns", false},
		{"certificate-columns", "FLEET/label-1 é", "UPDATE certificates SET subject_sha256 = x'00' WHERE id = 2", "certificate-columns", false},
		{"certificate-unreadable", "FLEET/label-1 é", "UPDATE certificates SET der = x'3000' WHERE id = 2", "certificate-unreadable=FLEET/label-1 é", false},
		{"key-unreadable", "FLEET/label-1 é", "UPDATE private_keys SET sealed = (SELECT sealed FROM private_keys WHERE certificate = 1) WHERE certificate = 2", "key-unreadable=FLEET/label-1 é", false},
		{"key-unreadable", "FLEET/label-1 é", "UPDATE private_keys SET sealed = x'01' WHERE certificate = 2", "key-unreadable=FLEET/label-1 é", false},
		{"key-missing", "FLEET/label-1 é", "DELETE FROM private_keys WHERE certificate = 2", "key-missing", false},
		{"key-stray", "FLEET/label-1 é", "UPDATE certificates SET key_ref = '' WHERE id = 2", "key-stray", false},
		{"key-place", "FLEET/label-1 é", "UPDATE certificates SET key_ref = 'shelf' WHERE id = 2; DELETE FROM private_keys WHERE certificate = 2", "", false},
		{"key-retired", "FLEET/label-1 é", "INSERT INTO retired_keys SELECT spki_sha256 FROM certificates WHERE id = 2", "key-retired=FLEET/label-1 é", false},
		{"status", "FLEET/label-1 é", "UPDATE certificates SET status = 'HIGHTRUST' WHERE id = 2", "", true},
		{"label-hint", "U", "UPDATE label_hints SET hint = 7 WHERE owner = 'U'", "label-hint", false},
		{"filter-label-hint", "U", "UPDATE filter_label_hints SET hint = 7 WHERE owner = 'U'", "filter-label-hint", false},
		{"filter-columns", "U/f", "UPDATE filters SET subject_sha256 = x'00'", "filter-columns", false},
		{"token-counter", "TOKEN", "UPDATE tokens SET last_seq = 0", "token-counter", false},
		{"token-columns", "TOKEN/00000001", "UPDATE token_objects SET der_sha256 = x'00'", "token-columns", false},
		{"token-key-unreadable", "TOKEN/00000001", "UPDATE token_keys SET sealed = (SELECT sealed FROM private_keys WHERE certificate = 6)", "token-key-unreadable=TOKEN/00000001", false},
		{"token-certificate-unreadable", "TOKEN/00000001", "UPDATE token_objects SET der = x'30'", "token-certificate-unreadable=TOKEN/00000001", false},
		{"dangling", "private_keys/77", noKeys + "; INSERT INTO private_keys VALUES (77, x'00')", "dangling=private_keys/77", false},
		{"access", "FACILITY/IRR.*", "UPDATE access_entries SET access = 'MOST'", "", false},
		{"access", "FACILITY/IRR.*", "UPDATE raclist_profiles SET uacc = 'MOST'", "", false},
		{"access", "FACILITY/IRR.*", "UPDATE raclist_entries SET access = 'MOST'", "", false},
		{"dangling", "raclist_entries/77", noKeys + "; INSERT INTO raclist_entries VALUES (77, 0, 'U', 'READ', '')", "dangling=raclist_entries/77", false},
		{"access", "U/G", "UPDATE memberships SET authority = 'MOST'", "", false},
		{"trail", "event 1", "UPDATE audit_records SET issuer = 'OTHER'", "", false},
		{"trail", "event 1", "UPDATE audit_records SET seq = seq + 100; UPDATE audit_head SET seq = seq + 100", "", false},
		{"trail", "audit trail", "UPDATE audit_key SET public_key = sealed", "", false},
		{"trail", "audit trail", "DELETE FROM audit_key", "", false},
		{"handle-counter", "rings", "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'rings'", "", false},
	} {
		path := filepath.Join(t.TempDir(), "signet.db")
		db, err := Open(t.Context(), path, Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		rich(t, db)
		clean(t, "before", db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		raw(t, path, strings.Split(tc.damage, "; ")...)
		db = open(t, path)
		before := dumpOf(t, db)
		var found []string
		var one Finding
		check := func(repair ...string) (Checked, error) {
			found = nil
			return db.Check(t.Context(), CheckOptions{Repair: repair, Found: func(f Finding) { one = f; found = append(found, f.Word+" "+f.Object) }})
		}
		done, err := check()
		if err != nil || !slices.Equal(found, []string{tc.word + " " + tc.object}) {
			t.Errorf("%s: found %q, %v", tc.damage, found, err)
			continue
		}
		if tc.warning != one.Warning || tc.warning != (done.Warnings == 1) || tc.warning == (done.Errors == 1) || one.Text == "" {
			t.Errorf("%s: %+v, %+v", tc.damage, one, done)
		}
		if !slices.Equal(before, dumpOf(t, db)) {
			t.Errorf("%s: the check has changed something", tc.damage)
		}
		if (tc.repair == "") != (one.Repair == "") || one.Loses != strings.Contains(tc.repair, "=") {
			t.Errorf("%s: the repair is %q, loses %v", tc.damage, one.Repair, one.Loses)
		}
		if tc.repair == "" {
			continue
		}
		// Another repair leaves it alone, and so does one without the name of what it loses.
		if done, err := check("serial-counter"); err != nil || len(done.Repaired) != 0 || !slices.Equal(before, dumpOf(t, db)) {
			t.Errorf("%s: another repair: %+v, %v", tc.damage, done, err)
		}
		if one.Loses {
			if _, err := check(tc.word); !errors.Is(err, ring.ErrInvalid) {
				t.Errorf("%s: a loss without a name: %v", tc.damage, err)
			}
		}
		if done, err := check(tc.repair); err != nil || len(done.Repaired) != 1 {
			t.Errorf("%s: repair: %+v, %v", tc.damage, done, err)
		}
		if done, err := check(); err != nil || len(found) > 0 {
			t.Errorf("%s: after the repair: %q, %+v, %v", tc.damage, found, done, err)
		}
	}
}

// TestCheckRepairs refuses words that mean nothing.
func TestCheckRepairs(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "signet.db"))
	for _, word := range []string{"all", "", "damaged", "key-unreadable", "dangling"} {
		if _, err := db.Check(t.Context(), CheckOptions{Repair: []string{word}}); !errors.Is(err, ring.ErrInvalid) {
			t.Errorf("%q: %v", word, err)
		}
	}
}

// TestCheckIssuers has CAs that signed: a signature that is not theirs, and a counter that is
// behind. On both engines.
func TestCheckIssuers(t *testing.T) {
	for _, server := range []bool{false, true} {
		to := newTarget(t, server)
		if err := to.Populate(t.Context(), Crowd{Certificates: 600, Rings: 20, Now: now()}, FillOptions{}); err != nil {
			t.Fatal(err)
		}
		db, err := to.Open(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		clean(t, "populated", db)
		// The last byte of the certificate is the last of its signature.
		_, err = db.pool.Exec("UPDATE certificates SET last_serial = 3 WHERE label = 'ISSUING01'")
		if err == nil {
			var der []byte
			if err = db.pool.QueryRow("SELECT der FROM certificates WHERE label = 'HOST0000100'").Scan(&der); err == nil {
				der[len(der)-1] ^= 1
				_, err = db.pool.Exec("UPDATE certificates SET der = $1 WHERE label = 'HOST0000100'", der)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		done, err := db.Check(t.Context(), CheckOptions{Repair: []string{"serial-counter"}, Found: func(f Finding) { found = append(found, f.Word+" "+f.Object) }})
		if err != nil || !slices.Equal(found, []string{"signature U1000010/HOST0000100", "serial-counter CERTAUTH/ISSUING01"}) || len(done.Repaired) != 1 {
			t.Errorf("found %q, %+v, %v", found, done, err)
		}
		var last int
		if err := db.pool.QueryRow("SELECT last_serial FROM certificates WHERE label = 'ISSUING01'").Scan(&last); err != nil || last != 60 {
			t.Errorf("the counter is at %d, %v", last, err)
		}
	}
}
