package sqldb

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signet/backend/seal"
	"signet/internal/oracle"
	"signet/ring"
)

// refusedAt checks that a database cannot be opened, and why. No error may show the password.
func refusedAt(t *testing.T, url string, o Options, class error, words ...string) {
	t.Helper()
	db, err := OpenPostgres(t.Context(), url, o)
	if err == nil {
		db.Close()
		t.Error("it was opened")
		return
	}
	if class != nil && !errors.Is(err, class) {
		t.Errorf("error %v, want %q", err, class)
	}
	if class == nil && ring.CodeOf(err) != ring.Failed {
		t.Errorf("error %v is not a failure of the system", err)
	}
	contains(t, err, words...)
	discreet(t, err)
}

// discreet checks that an error is one line without a password.
func discreet(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, secret := range []string{oracle.PostgresPassword, url.QueryEscape(oracle.PostgresPassword), url.PathEscape(oracle.PostgresPassword),
		url.UserPassword("u", oracle.PostgresPassword).String()[2:], "battery", "horse", "hunter"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("error %q shows the password", err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q has more than one line", err)
	}
}

// query runs SQL at a place, as somebody with another program would.
func (at place) raw(t testing.TB, statements ...string) {
	t.Helper()
	db, err := OpenPostgres(t.Context(), at.url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.pool.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// schema gives the name of the schema of a place.
func (at place) schema(t testing.TB) string {
	t.Helper()
	u, err := url.Parse(at.url)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("search_path")
}

func TestPostgresOpen(t *testing.T) {
	at := newPlace(t)
	refusedAt(t, at.url, Options{Stash: at.stash}, ring.ErrNotFound, "is empty", at.schema(t))
	refusedAt(t, at.url, Options{Create: true}, ring.ErrInvalid, "stash=PATH")
	if err := os.WriteFile(at.stash, []byte("not an identity"), 0o600); err != nil {
		t.Fatal(err)
	}
	refusedAt(t, at.url, Options{Create: true, Stash: at.stash}, nil, "stash file")
	refusedAt(t, at.url, Options{}, ring.ErrNotFound, "is empty") // nothing of it was made
	if err := os.Remove(at.stash); err != nil {
		t.Fatal(err)
	}
	// The URL may name the stash file.
	db, err := OpenPostgres(t.Context(), at.url+"&stash="+url.PathEscape(at.stash), Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if !db.Created() || db.Stash() != at.stash {
		t.Errorf("created %v, stash %q", db.Created(), db.Stash())
	}
	if want := fmt.Sprintf("postgres://keeper@127.0.0.1:%d/tests?search_path=%s", oracle.SharedPostgres(t).Port, at.schema(t)); db.Path() != want {
		t.Errorf("it is called %s, want %s", db.Path(), want)
	}
	if err := addOne(t.Context(), db, "one"); err != nil {
		t.Fatal(err)
	}
	if openAt(t, at).Created() {
		t.Error("made again")
	}
	p := oracle.SharedPostgres(t)
	if got := strings.TrimSpace(p.SQL(t, "postgres", "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = 'keeper'")); got != "f" {
		t.Errorf("the tests run as a superuser: %s", got)
	}
}

func TestPostgresOpenRefuses(t *testing.T) {
	p := oracle.SharedPostgres(t)
	stash := filepath.Join(t.TempDir(), "stash")
	make := Options{Create: true, Stash: stash}

	foreign := newPlace(t)
	p.SQL(t, "tests", "CREATE TABLE "+foreign.schema(t)+".t (a int)")
	refusedAt(t, foreign.url, make, ring.ErrInvalid, "another program", "search_path=")
	refusedAt(t, p.URL("tests", url.Values{"search_path": {"nowhere"}}), make, ring.ErrInvalid, "search_path=SCHEMA")
	refusedAt(t, p.URL("nothing", nil), make, ring.ErrNotFound, `nothing of the name "nothing"`, "createdb")

	// What an extension put into the schema is not a program's.
	extended := newPlace(t)
	p.SQL(t, "tests", "CREATE EXTENSION IF NOT EXISTS pg_buffercache SCHEMA "+extended.schema(t))
	if !openAt(t, extended).Created() {
		t.Error("not made beside an extension")
	}

	closed := newPlace(t)
	p.SQL(t, "tests", "ALTER SCHEMA "+closed.schema(t)+" OWNER TO admin; GRANT USAGE ON SCHEMA "+closed.schema(t)+" TO keeper")
	refusedAt(t, closed.url, make, nil, "permission denied", "CREATE on the schema")

	latin := p.URL("latin", nil)
	p.SQL(t, "postgres", "CREATE DATABASE latin OWNER keeper TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
	refusedAt(t, latin, make, ring.ErrInvalid, "UTF8", "createdb")

	newer := newPlace(t)
	openAt(t, newer)
	newer.raw(t, "UPDATE signet_version SET version = 99")
	refusedAt(t, newer.url, make, ring.ErrUnsupported, "version 99", fmt.Sprintf("up to %d", schemaVersion), "newer signet")
}

// TestPostgresURL checks that a URL with a mistake is not repeated in the error.
func TestPostgresURL(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://u:hunter@h/d?sslmode=perhaps":                    "sslmode",
		"postgres://u:hunter@h/d?target_session_attrs=x":             "target_session_attrs",
		"postgres://u:hunter@h:port/d":                               "database URL",
		"postgres://u:hunter/2@h/d":                                  "database URL",
		"postgres://u:hunter?2@h:x/d":                                "database URL",
		"postgres://u:%zzhunter@h/d":                                 "database URL",
		"postgres://u@h/d?password=hunter&sslmode=perhaps":           "database URL",
		"postgres://u:hunter@h/d?sslrootcert=/nowhere/ca.pem":        "database URL",
		"postgres://u:hunter@h/d?connect_timeout=soon":               "database URL",
		"postgres://u:hunter@h/d?stash=a&stash=b":                    "twice",
		"postgres://u:hunter@h/d?stash=":                             "names no file",
		"postgres://u:hunter@h/d?stash=%zz":                          "names no file",
		"postgres://u:hunter@h/d?servicefile=/nowhere&service=other": "database URL",
	} {
		_, err := OpenPostgres(t.Context(), text, Options{})
		contains(t, err, want)
		discreet(t, err)
		if !errors.Is(err, ring.ErrInvalid) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, want := range map[string][2]string{
		"postgres://u:p?stash=x@h/d":             {"postgres://u:p?stash=x@h/d", ""},
		"postgres://u@h/d?stash=/a%20b+c":        {"postgres://u@h/d", "/a b+c"},
		"postgres://h1:1,h2:2/d?a=%20+&stash=s":  {"postgres://h1:1,h2:2/d?a=%20+", "s"},
		"postgres:///d?host=/s&stash=s&port=5":   {"postgres:///d?host=/s&port=5", "s"},
		"postgres://u@h/d?mystash=1&stashed=yes": {"postgres://u@h/d?mystash=1&stashed=yes", ""},
	} {
		rest, stash, err := splitStash(text)
		if err != nil || rest != want[0] || stash != want[1] {
			t.Errorf("%s: %s, %s, %v", text, rest, stash, err)
		}
	}
}

// TestPostgresScripts checks that there is a script for each version, and that none that has been in use
// changes.
func TestPostgresScripts(t *testing.T) {
	used := []string{ // the digests of scripts that have been in use
		"22a65308c8812785d86faa895ff7e897b0a3343adf119b5c40c9cf42bd6d3398",
		"2d0ce2887cf144022d113f52f08ae4aa167376312cb0a28b7331a56b73846cfe",
		"b6bd499380991a82bbf7ca6201faad3d39870f6ad276eedf55da3ab3ae0d7c17",
		"f133024ed005e7371cf67d29386947848814a520bcc8def9c4ef86b64322aa97",
		"9013d6ca2c61dcb6b60fc836a29432eb71a6a1e5afb99dbef8a790aba7608855",
	}
	scripts, err := fs.Glob(migrations, "migrations/postgres/*.sql")
	if err != nil || len(scripts) != schemaVersion {
		t.Errorf("%d scripts for schema version %d, %v", len(scripts), schemaVersion, err)
	}
	for i, name := range scripts {
		script, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(script)); i < len(used) && got != used[i] || !strings.HasPrefix(name, fmt.Sprintf("migrations/postgres/%04d_", i+1)) {
			t.Errorf("script %d, %s, has digest %s", i+1, name, got)
		}
	}
}

// TestSameSchema compares the tables, columns and unique keys of the two engines.
func TestSameSchema(t *testing.T) {
	gather := func(db *DB, query string) (facts []string) {
		rows, err := db.pool.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var fact string
			if err := rows.Scan(&fact); err != nil {
				t.Fatal(err)
			}
			facts = append(facts, fact)
		}
		slices.Sort(facts)
		return facts
	}
	file, server := open(t, filepath.Join(t.TempDir(), "signet.db")), openAt(t, newPlace(t))
	for what, queries := range map[string][2]string{
		"columns": {
			"SELECT t.name || '.' || c.name || ' ' || replace(replace(c.type, 'INTEGER', 'bigint'), 'BLOB', 'bytea')" +
				" FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'",
			"SELECT table_name || '.' || column_name || ' ' || CASE data_type WHEN 'text' THEN 'TEXT' ELSE data_type END" +
				" FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT LIKE 'signet%'",
		},
		"indexes": {
			"SELECT t.name || CASE i.\"unique\" WHEN 1 THEN ' unique' ELSE '' END || ' ' || (SELECT group_concat(x.name) FROM pragma_index_info(i.name) x)" +
				" FROM sqlite_schema t JOIN pragma_index_list(t.name) i WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'",
			"SELECT t.relname || CASE WHEN i.indisunique THEN ' unique' ELSE '' END || ' ' ||" +
				" (SELECT string_agg(trim('\"' FROM pg_get_indexdef(i.indexrelid, n, true)), ',' ORDER BY n) FROM generate_series(1, i.indnatts) n)" +
				" FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid WHERE t.relnamespace = current_schema()::regnamespace AND t.relname NOT LIKE 'signet%'" +
				// A SQLite table whose key is an integer has no index for it.
				" AND NOT (i.indisprimary AND i.indnatts = 1 AND (SELECT a.atttypid = 'bigint'::regtype FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = i.indkey[0]))",
		},
	} {
		got, want := gather(server, queries[1]), gather(file, queries[0])
		if len(want) < 20 || !slices.Equal(got, want) {
			t.Errorf("%s:\n PostgreSQL %q\n SQLite     %q", what, got, want)
		}
	}
}

// TestPostgresStash checks what can be done without the stash file, and with another.
func TestPostgresStash(t *testing.T) {
	at := newPlace(t)
	if err := addOne(t.Context(), openAt(t, at), "one"); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	if _, err := seal.CreateStash(other, nil); err != nil {
		t.Fatal(err)
	}
	for stash, want := range map[string]string{"": "stash=PATH", at.stash + "x": "put the copy back", other: "not the one of this database", at.stash: ""} {
		db, err := OpenPostgres(t.Context(), at.url, Options{Stash: stash})
		if err != nil {
			t.Fatal(err)
		}
		err = db.View(t.Context(), func(tx ring.Tx) error {
			c, err := tx.Certificate(ring.CertRef{Owner: "FLEET", Label: "one"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = tx.PrivateKey(c)
			return err
		})
		if want == "" && err != nil {
			t.Error(err)
		} else if want != "" {
			contains(t, err, want, "FLEET/one")
			discreet(t, err)
			if ring.CodeOf(err) != ring.Failed {
				t.Errorf("return code %d", ring.CodeOf(err))
			}
		}
		db.Close()
	}
}

// TestPostgresClerk has a user who owns nothing and may only use the tables.
func TestPostgresClerk(t *testing.T) {
	p, at := oracle.SharedPostgres(t), newPlace(t)
	if err := addOne(t.Context(), openAt(t, at), "one"); err != nil {
		t.Fatal(err)
	}
	schema := at.schema(t)
	p.SQL(t, "tests", "CREATE ROLE clerk LOGIN PASSWORD 'c'; GRANT USAGE ON SCHEMA "+schema+" TO clerk; GRANT SELECT ON ALL TABLES IN SCHEMA "+schema+" TO clerk")
	clerk := place{strings.Replace(at.url, url.UserPassword(oracle.PostgresUser, oracle.PostgresPassword).String(), "clerk:c", 1), at.stash}
	db := openAt(t, clerk)
	if len(soundAt(t, db)) != 1 {
		t.Error("the clerk does not see the certificate")
	}
	err := addOne(t.Context(), db, "two")
	contains(t, err, "permission denied", "clerk@")
	if ring.CodeOf(err) != ring.Failed {
		t.Errorf("return code %d", ring.CodeOf(err))
	}
	p.SQL(t, "tests", "GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "+schema+" TO clerk")
	if err := addOne(t.Context(), db, "two"); err != nil {
		t.Error(err)
	}
}

// TestPostgresText stores what a SQLite file could and a server cannot.
func TestPostgresText(t *testing.T) {
	db := openAt(t, newPlace(t))
	for text, want := range map[string]error{"a\x00b": ring.ErrInvalid, "a\xffb": ring.ErrInvalid, "ä\n\t'\\%$1": nil} {
		err := db.Update(t.Context(), func(tx ring.Tx) error { return tx.PutSetting("x", text) })
		if !errors.Is(err, want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	long := strings.Repeat("0123456789abcdef", 4096)
	err := db.Update(t.Context(), func(tx ring.Tx) error { return tx.PutSetting("long", long) })
	if err != nil {
		t.Error(err)
	}
}
