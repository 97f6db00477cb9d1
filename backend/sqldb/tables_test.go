package sqldb

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signet/backend/backup"
)

// TestContents compares the list of tables with the schema of both engines: a table or a column
// that is forgotten would not be in a backup.
func TestContents(t *testing.T) {
	own := map[string]bool{"signet_version": true, "signet_commits": true, "sqlite_sequence": true, "signet_notes": true} // of the engines
	kinds := map[string]backup.Kind{"INTEGER": backup.Number, "TEXT": backup.Text, "BLOB": backup.Bytes,
		"bigint": backup.Number, "text": backup.Text, "bytea": backup.Bytes}
	for name, tc := range map[string]struct {
		db    *DB
		query string
	}{
		"SQLite": {open(t, filepath.Join(t.TempDir(), "signet.db")),
			"SELECT t.name, c.name, c.type FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid"},
		"PostgreSQL": {openAt(t, newPlace(t)),
			"SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() AND is_generated = 'NEVER' ORDER BY table_name, ordinal_position"},
	} {
		rows, err := tc.db.pool.QueryContext(t.Context(), tc.query)
		if err != nil {
			t.Fatal(err)
		}
		have := map[string][]string{}
		for rows.Next() {
			var table, column, kind string
			if err := rows.Scan(&table, &column, &kind); err != nil {
				t.Fatal(err)
			}
			if !own[table] {
				have[table] = append(have[table], column+" "+string(kinds[kind]))
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
		for _, c := range contents {
			var want []string
			for _, column := range c.Columns {
				want = append(want, column.Name+" "+string(column.Kind))
			}
			if !slices.Equal(have[c.Name], want) {
				t.Errorf("%s: table %s has the columns\n%s, and the list\n%s", name, c.Name, strings.Join(have[c.Name], ", "), strings.Join(want, ", "))
			}
			delete(have, c.Name)
		}
		if len(have) > 0 {
			t.Errorf("%s: not in the list: %v", name, have)
		}
	}
}

// dump takes all content of a database as text, but for the operator and what the data keys are
// wrapped to.
type dump struct {
	lines []string
}

func (d *dump) row(table int, values []backup.Value) error {
	if table == recipientsTable && string(values[0].Bytes) == Operator {
		return nil // each place has its own
	}
	line := contents[table].Name
	for i, c := range contents[table].Columns {
		switch {
		case c.Kind == backup.Number:
			line += fmt.Sprintf(" %d", values[i].Number)
		case table == dataKeysTable && c.Name == "wrapped":
		default:
			line += fmt.Sprintf(" %q", values[i].Bytes)
		}
	}
	d.lines = append(d.lines, line)
	return nil
}

func (d *dump) handle(table int, last int64) error {
	d.lines = append(d.lines, fmt.Sprintf("%s: last handle %d", contents[table].Name, last))
	return nil
}

func dumpOf(t *testing.T, db *DB) []string {
	t.Helper()
	var d dump
	if err := db.snapshot(t.Context(), &d); err != nil {
		t.Fatal(err)
	}
	return d.lines
}
