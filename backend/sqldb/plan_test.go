package sqldb

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"signet/backend/backendtest"
	"signet/ring"
)

// TestPlans runs the whole suite and asks SQLite how it finds the rows of every statement that
// was used: always by an index that begins with what is looked for, never by reading a table,
// and never by sorting.
func TestPlans(t *testing.T) {
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
	if len(queries) < 40 {
		t.Errorf("only %d statements were seen", len(queries))
	}
	db := open(t, filepath.Join(t.TempDir(), "signet.db"))
	for query := range queries {
		for _, step := range explain(t, db, query) {
			if !allowed.MatchString(step) {
				t.Errorf("%s\n\t%s", query, step)
			}
		}
	}
}

// allowed are the plans whose cost depends only on the number of rows they return. The first
// condition is an equality, except in the range over expiry dates.
var allowed = regexp.MustCompile(`^SEARCH \w+ USING (` +
	`(COVERING )?INDEX \w+ \(\w+=\?.*\)|` +
	`INTEGER PRIMARY KEY \(rowid=\?\)|` +
	`INDEX certificates_expiry \(not_after>\? AND not_after<\?\)` +
	`)( LEFT-JOIN)?$`)

// explain gives the steps of SQLite's plan for a statement.
func explain(t *testing.T, db *DB, query string) []string {
	t.Helper()
	args := make([]any, strings.Count(query, "$"))
	rows, err := db.pool.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+query, args...)
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
