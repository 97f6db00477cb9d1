package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func newTestWorkplace(t *testing.T) *workFolder {
	t.Helper()
	w, err := newWorkFolder(filepath.Join(t.TempDir(), "work"))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestFixtures makes a fixture and what it needs once, and again when its recipe changes.
func TestFixtures(t *testing.T) {
	const text = `fixture one
  make echo made >one
fixture two
  needs one
  make
    false || true
    cat one/one one/one >two
row r: A row
  needs two
  signet: signet
`
	w := newTestWorkplace(t)
	var said []string
	say := func(s string) { said = append(said, s) }
	work := func(text string) (string, error) {
		p, err := parse("rows.txt", text)
		if err != nil {
			t.Fatal(err)
		}
		into := t.TempDir()
		if err := w.fixtures(t.Context(), p, p.rows[0].needs, into, say); err != nil {
			return "", err
		}
		data, err := os.ReadFile(filepath.Join(into, "two", "two"))
		return string(data), err
	}
	for range 2 {
		if got, err := work(text); err != nil || got != "made\nmade\n" {
			t.Errorf("the fixture holds %q, %v", got, err)
		}
	}
	if got, err := work(strings.Replace(text, "echo made", "echo remade", 1)); err != nil || got != "remade\nremade\n" {
		t.Errorf("after a change the fixture holds %q, %v", got, err)
	}
	if want := []string{"fixture two", "fixture one", "fixture two", "fixture one"}; !cmp.Equal(want, said) {
		t.Errorf("made were %q, want %q", said, want)
	}
	_, err := work(strings.Replace(text, "echo made", "echo broken >&2; false; echo", 1))
	if err == nil || err.Error() != `fixture "two": fixture "one": exit status 1: broken` {
		t.Errorf("a fixture that fails: %v", err)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "fixtures", "one.made")); err == nil {
		t.Error("a fixture that failed counts as made")
	}
}

func TestEnviron(t *testing.T) {
	got := environ([]string{"PATH=/usr/bin", "SIGNET_DB=mine.db", "OPENSSL_CONF=mine", "JAVA_TOOL_OPTIONS=-Xint", "TZ=UTC", "LC_ALL=nl_NL"}, "/tree/bin")
	want := []string{"LC_ALL=C.UTF-8", "PATH=/tree/bin:/usr/bin", "TZ=UTC"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestResult(t *testing.T) {
	c := contestant{name: "openssl", runs: 3}
	const good = `{"results": [{"command": "x", "mean": 2, "median": 1.5, "user": 0.25, "system": 0.5, "min": 1, "max": 3.5, "times": [1, 1.5, 3.5]}]}`
	for _, test := range []struct{ exported, memory, wrong string }{
		{good, "7000\n7200\n7100\n", ""},
		{strings.Replace(good, "1.5, 3.5]", "1.5]", 1), "7000\n", "not of 3 runs"},
		{`{"results": []}`, "7000\n", "not of 3 runs"},
		{`{`, "7000\n", "unexpected end"},
		{good, "Command terminated by signal 9\n7000\n", "time wrote \"Command terminated"},
		{good, "", "time wrote nothing"},
	} {
		dir := t.TempDir()
		exported, memory := filepath.Join(dir, "exported"), filepath.Join(dir, "memory")
		for file, text := range map[string]string{exported: test.exported, memory: test.memory} {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := c.result(exported, memory)
		if test.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%s, %q: %v, want %s", test.exported, test.memory, err, test.wrong)
			}
			continue
		}
		if want := (result{"openssl", 3, 1.5, 1, 3.5, 0.75, 7200}); err != nil || got != want {
			t.Errorf("result %v, %v, want %v", got, err, want)
		}
	}
}

func TestTail(t *testing.T) {
	if got := tail(" short\n"); got != "short" {
		t.Errorf("tail %q", got)
	}
	if got := tail(strings.Repeat("é", 1000) + "end"); len(got) > 1004 || !strings.HasPrefix(got, "... é") || !strings.HasSuffix(got, "éend") {
		t.Errorf("tail %q", got)
	}
}

func TestLimit(t *testing.T) {
	if err := run([]string{"limit", "5"}); err != nil {
		t.Error(err)
	}
	for _, args := range [][]string{{"limit", "0"}, {"limit", "x"}, {"rows"}, {"-runs", "-1"}, {"-run", "("}} {
		if err := run(args); err == nil {
			t.Errorf("bench %q was taken", args)
		}
	}
}
