package sqldb

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"signet/backend/backendtest"
	"signet/ring"
)

// open opens the database at path, which it makes if need be, until the end of the test.
func open(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path, Options{Create: true})
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

// TestStore runs the behaviour suite, and then asks SQLite how it finds the rows of every
// statement that the suite used: always by an index that begins with what is looked for, never
// by reading a table, and never by sorting.
func TestStore(t *testing.T) {
	var mu sync.Mutex
	queries := map[string]bool{}
	backendtest.Run(t, func(t *testing.T) ring.Store {
		db := open(t, filepath.Join(t.TempDir(), "signet.db"))
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
		db := open(t, filepath.Join(t.TempDir(), "signet.db"))
		for _, slow := range []string{"SELECT id FROM certificates WHERE status = $1", "SELECT id FROM rings WHERE owner = $1 ORDER BY created",
			"SELECT id FROM certificates WHERE id > $1"} {
			if !slices.ContainsFunc(explain(t, db, slow), func(step string) bool { return !allowed.MatchString(step) }) {
				t.Errorf("%s is taken for fast", slow)
			}
		}
		for query := range queries {
			for _, step := range explain(t, db, query) {
				if !allowed.MatchString(step) || strings.Contains(query, "stem =") && !strings.Contains(step, "stem=?") {
					t.Errorf("%s\n\t%s", query, step)
				}
			}
		}
	})
}

// allowed are the plans whose cost depends only on the number of rows they return. The first
// condition is an equality, except in the ranges over expiry dates, over the trail by time and by
// number, and where all users, groups, tokens, classes or data keys are asked for. The steps of a
// subquery are listed like others.
var allowed = regexp.MustCompile(`^SEARCH (audit_records|audit_checkpoints|data_keys) USING INTEGER PRIMARY KEY \(rowid>\?( AND rowid<\?)?\)$|` +
	`^SEARCH \w+ USING (` +
	`(COVERING )?INDEX \w+ \(\w+=\?.*\)|` +
	`INTEGER PRIMARY KEY \(rowid=\?\)|` +
	`INDEX certificates_expiry \(not_after>\? AND not_after<\?\)|` +
	`INDEX audit_records_time \(at>\? AND at<\?\)|` +
	`INDEX sqlite_autoindex_classes_1 \(name>\?\)|` +
	`INDEX sqlite_autoindex_tokens_1 \(name>\?\)|` +
	`INDEX sqlite_autoindex_users_1 \(user_id>\?\)|` +
	`INDEX sqlite_autoindex_user_groups_1 \(name>\?\)` +
	`)( LEFT-JOIN)?$|^CORRELATED SCALAR SUBQUERY \d+$`)

// explain gives the steps of SQLite's plan for a statement.
func explain(t *testing.T, db *DB, query string) []string {
	t.Helper()
	args := make([]any, strings.Count(query, "$"))
	rows, err := db.pool.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
