package sqldb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"signet/backend/backendtest"
	"signet/ring"
)

// TestPostgresStore runs the behaviour suite, and then asks the server how it finds the rows of
// every statement that the suite used, with empty tables and with full ones.
func TestPostgresStore(t *testing.T) {
	var mu sync.Mutex
	queries := map[string]bool{}
	backendtest.Run(t, func(t *testing.T) ring.Store {
		db := openAt(t, newPlace(t))
		db.prepared = func(query string) {
			mu.Lock()
			defer mu.Unlock()
			queries[query] = true
		}
		return db
	}, backendtest.Everything())
	t.Run("Plans", func(t *testing.T) {
		if len(queries) < 40 {
			t.Errorf("only %d statements were seen", len(queries))
		}
		db := openAt(t, newPlace(t))
		first := firstColumns(t, db)
		for _, tables := range []string{"empty", "full"} {
			if tables == "full" {
				crowd(t, db)
			}
			for _, slow := range []string{"SELECT id FROM certificates WHERE status = $1", "SELECT id FROM rings WHERE owner = $1 ORDER BY created",
				"SELECT id FROM certificates WHERE id > $1 ORDER BY label", "SELECT id FROM certificates WHERE label = $1"} {
				if len(costly(plan(t, db, slow), first)) == 0 {
					t.Errorf("%s tables: %s is taken for fast", tables, slow)
				}
			}
			for query := range queries {
				steps := plan(t, db, query)
				if strings.Contains(query, "stem =") && !strings.Contains(strings.Join(steps, "\n"), "(stem = $2)") {
					t.Errorf("%s tables: %s reads more than one stem\n%s", tables, query, strings.Join(steps, "\n"))
				}
				for _, step := range costly(steps, first) {
					t.Errorf("%s tables: %s\n\t%s\n%s", tables, query, step, strings.Join(steps, "\n"))
				}
			}
		}
	})
}

// crowd fills the tables that grow, skewed: one owner has nearly everything.
func crowd(t *testing.T, db *DB) {
	t.Helper()
	const rows = 100_000
	for _, statement := range []string{
		`INSERT INTO certificates (owner, label, status, der, issuer_sha256, serial, subject_sha256, spki_sha256, not_before, not_after,
			key_ref, last_serial, requested, added, added_by)
			SELECT CASE WHEN i % 10 = 0 THEN 'U' || i % 1000 ELSE 'CERTAUTH' END, 'L' || i, 'TRUST', 'der', sha256('issuer'), int8send(i),
			sha256(int8send(i % 5000)), sha256(int8send(i)), 0, i / 100, 'store', 0, 0, 0, 'U' FROM generate_series(1::int8, %d) i`,
		`INSERT INTO private_keys SELECT id, 'sealed' FROM certificates`,
		`INSERT INTO rings (owner, name, created, created_by) SELECT 'U' || i % 100, 'R' || i, 0, 'U' FROM generate_series(1, %d / 10) i`,
		`INSERT INTO connections (ring, certificate, usage, is_default) SELECT (SELECT min(id) FROM rings) + id % 500, id, 'PERSONAL', 0 FROM certificates`,
		`INSERT INTO profiles (class, name, generic, uacc, owner, data, appl_data, level, audit, notify, warning, created, changed, created_by)
			SELECT 'FACILITY', 'P' || i / 10 || CASE i % 2 WHEN 1 THEN '.*.Q' ELSE '.R' END || i, i % 2, 'NONE', 'U', '', '', 0, '', '', 0, 0, 0, 'U' FROM generate_series(1, %d / 10) i`,
		`INSERT INTO access_entries SELECT id, 0, 'U', 'READ', '' FROM profiles`,
		`INSERT INTO raclist_profiles (profile, class, name, generic, uacc, owner, data, appl_data, level, audit, notify, warning, created, changed, created_by)
			SELECT id, class, name, generic, 'NONE', '', '', '', 0, '', '', 0, 0, 0, '' FROM profiles`,
		`INSERT INTO raclist_entries SELECT * FROM access_entries`,
		`INSERT INTO users (user_id, name, owner, default_group, data, special, operations, auditor, revoked, restricted, created, changed, created_by)
			SELECT 'U' || i, '', '', '', '', 0, 0, 0, 0, 0, 0, 0, '' FROM generate_series(1, %d / 10) i`,
		`INSERT INTO user_groups (name, owner, superior, data, created, changed, created_by)
			SELECT 'G' || i, '', 'G' || i %% 50, '', 0, 0, '' FROM generate_series(1, %d / 10) i`,
		`INSERT INTO memberships (user_id, group_name, owner, authority, special, operations, auditor, revoked, created, created_by)
			SELECT 'U' || i, 'G' || i %% 10, '', 'USE', 0, 0, 0, 0, 0, '' FROM generate_series(1, %d / 10) i`,
		`INSERT INTO filters (owner, label, status, subject, issuer, subject_sha256, issuer_sha256, criteria, created, created_by)
			SELECT 'U' || i %% 100, 'L' || i, 'TRUST', '', '', sha256(int8send(i)), '', '', 0, '' FROM generate_series(1::int8, %d / 10) i`,
		`INSERT INTO tokens (name, last_seq, created, created_by) SELECT 'T' || i, 0, 0, '' FROM generate_series(1, %d / 10) i`,
		`INSERT INTO token_objects (token, seq, owner, label, usage, is_default, der, der_sha256, bound, bound_by)
			SELECT (SELECT min(id) FROM tokens) + i %% 50, i, 'U', 'L' || i %% 1000, 'PERSONAL', 0, 'der', sha256(int8send(i)), 0, '' FROM generate_series(1::int8, %d) i`,
		`INSERT INTO token_keys SELECT id, 'sealed' FROM token_objects`,
		`INSERT INTO settings SELECT 'S' || i, 'v' FROM generate_series(1, %d / 10) i`,
		`INSERT INTO label_hints SELECT 'U' || i, i FROM generate_series(1, %d / 10) i`,
		`INSERT INTO filter_label_hints SELECT 'U' || i, i FROM generate_series(1, %d / 10) i`,
		`INSERT INTO retired_keys SELECT sha256(int8send(i)) FROM generate_series(1::int8, %d / 10) i`,
		`INSERT INTO audit_records SELECT i, 'id' || i, i, CASE WHEN i %% 50 = 0 THEN 'U' || i ELSE 'ADMIN' END, CASE WHEN i %% 50 = 0 THEN 'ADD' ELSE 'LIST' END,
			0, sha256('a'), sha256('b'), sha256('c') FROM generate_series(1, %d) i`,
		`INSERT INTO audit_checkpoints SELECT i, sha256('a'), i, sha256('b') FROM generate_series(1, %d / 10) i`,
		`INSERT INTO signet_notes (event, body) SELECT 'id' || i, sha256('a') FROM generate_series(1, %d) i`,
		"ANALYZE",
	} {
		statement = strings.ReplaceAll(strings.ReplaceAll(statement, "%%", "%"), "%d", fmt.Sprint(rows))
		if _, err := db.pool.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// plan gives the steps of the server's plan for a statement whatever its parameters are, under
// the settings of a transaction.
func plan(t *testing.T, db *DB, query string) []string {
	t.Helper()
	x, err := db.engine.(*postgres).open(t.Context(), beginReader)
	if err != nil {
		t.Fatal(err)
	}
	defer x.rollback()
	execute := "EXPLAIN EXECUTE p"
	if n := parameters(query); n > 0 {
		execute += "(" + strings.TrimSuffix(strings.Repeat("NULL,", n), ",") + ")"
	}
	answers, err := x.batch(t.Context(), "PREPARE p AS "+query+"; "+execute+"; DEALLOCATE p")
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var steps []string
	for _, row := range answers[1].Rows {
		steps = append(steps, string(row[0]))
	}
	return steps
}

// parameters counts the different parameters of a statement.
func parameters(query string) int {
	found := regexp.MustCompile(`\$\d+`).FindAllString(query, -1)
	slices.Sort(found)
	return len(slices.Compact(found))
}

var (
	node = regexp.MustCompile(`(^|-> )\s*([A-Z][A-Za-z ]+?)( using .*| on .*)?  ?\(cost=`)
	// Nodes whose cost depends only on the number of rows that come out of them.
	cheap = []string{"Index Scan", "Index Scan Backward", "Index Only Scan", "Index Only Scan Backward", "Limit", "Nested Loop", "Nested Loop Left Join", "Result", "LockRows",
		"Insert", "Update", "Delete", "Aggregate", "Append", "Materialize", "Memoize"}
	// The first condition on an index is an equality with its first column, except in the range
	// over expiry dates, over the trail by time and by number, over notes, and where all users,
	// groups, tokens or classes are asked for.
	equality = regexp.MustCompile(`Index Cond: \(+(\w+) = `)
	ranges   = regexp.MustCompile(`Index Cond: \(\(not_after > \$1\) AND \(not_after < \$2\)( AND \(id <= \$3\))?\)$|` +
		`Index Cond: \(\(at [<>] \$1\) AND \(at [<>] \$2\) AND \(seq <= \$3\)\)$|` +
		`Index Cond: \(seq > \$1\)$|Index Cond: \(\(seq > \$1\) AND \(seq <= \$2\)\)$|Index Cond: \(place (>|<=) \$1\)$|` +
		`Index Cond: \(name > (''::text|\$1)\)$|Index Cond: \(user_id > \$1\)$|Index Cond: \(generation > 0\)$`)
	// What an index finds and a filter then drops: rows that were added during a loop, and a
	// certificate's other connections to the same ring.
	filter = regexp.MustCompile(`Filter: \(+\w*\.?(id|profile) <= \$\d\)+$|Filter: \(+is_default = 1\)+$|Join Filter: \(k\.\w+ = \w\.id\)$`)
)

// costly gives the steps of a plan whose cost grows with the size of a table. first has the
// first column of each index.
func costly(steps []string, first map[string]string) (found []string) {
	index := "" // the one that waits for its condition
	for _, step := range steps {
		if m := node.FindStringSubmatch(step); m != nil {
			if index != "" {
				found = append(found, "all of "+index)
			}
			index = ""
			if !slices.Contains(cheap, m[2]) {
				found = append(found, step)
			}
			if strings.HasPrefix(m[2], "Index") {
				index = strings.Fields(m[3])[1]
			}
		}
		switch {
		case strings.Contains(step, "Index Cond:"):
			if m := equality.FindStringSubmatch(step); (m == nil || m[1] != first[index]) && !ranges.MatchString(step) {
				found = append(found, index+": "+step)
			}
			index = ""
		case strings.Contains(step, "Filter:") && !filter.MatchString(step):
			found = append(found, step)
		}
	}
	if index != "" {
		found = append(found, "all of "+index)
	}
	return found
}

// firstColumns gives the first column of each index.
func firstColumns(t *testing.T, db *DB) map[string]string {
	t.Helper()
	rows, err := db.pool.Query("SELECT c.relname, pg_get_indexdef(c.oid, 1, true) FROM pg_class c" +
		" WHERE c.relkind = 'i' AND c.relnamespace = current_schema()::regnamespace")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	first := map[string]string{}
	for rows.Next() {
		var index, column string
		if err := rows.Scan(&index, &column); err != nil {
			t.Fatal(err)
		}
		first[index] = column
	}
	if err := rows.Err(); err != nil || len(first) < 20 {
		t.Fatalf("%d indexes, %v", len(first), err)
	}
	return first
}
