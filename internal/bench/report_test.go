package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMerge measures one row anew: the others stay, a row that is no longer in the plan goes, and
// the order is that of the plan.
func TestMerge(t *testing.T) {
	p, before := twoRows(t)
	before.Rows = append(before.Rows, measured{Row: "dropped", Date: "2026-11-01"})
	file := filepath.Join(t.TempDir(), "benchmarks.json")
	if err := before.save(file); err != nil {
		t.Fatal(err)
	}
	rep, err := loadReport(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, rep); d != "" {
		t.Fatal("what was saved is not what was loaded:", d)
	}
	anew := measured{"script", "2026-11-22", []result{{Program: "signet", Runs: 1, Median: 1}}}
	later := measured{"later", "2026-11-22", []result{{Program: "signet", Runs: 1, Median: 2}}}
	rep.put(p, later)
	rep.put(p, anew)
	if d := cmp.Diff([]measured{anew, before.Rows[1], later}, rep.Rows); d != "" {
		t.Error(d)
	}
}

func TestLoadReport(t *testing.T) {
	dir := t.TempDir()
	empty, err := loadReport(filepath.Join(dir, "none"))
	if err != nil || empty.Version != reportVersion || empty.Rows != nil {
		t.Errorf("no file gives %v, %v", empty, err)
	}
	for text, want := range map[string]string{
		`{"version": 7}`: "version 7, not 1",
		`{"version": `:   "unexpected end",
	} {
		file := filepath.Join(dir, "report")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadReport(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestDocument(t *testing.T) {
	file := filepath.Join(t.TempDir(), "benchmarks.md")
	read := func() string {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if err := writeDocument(file, "first\n"); err != nil {
		t.Fatal(err)
	}
	if got, want := read(), "# Benchmarks\n\n"+beginMark+"\n\nfirst\n\n"+endMark+"\n"; got != want {
		t.Errorf("a new document is %q, want %q", got, want)
	}
	prose := strings.ReplaceAll(read(), "# Benchmarks\n", "# Figures\n\nBefore.\n") + "\nBehind.\n"
	if err := os.WriteFile(file, []byte(prose), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeDocument(file, "second"); err != nil {
		t.Fatal(err)
	}
	if got, want := read(), strings.Replace(prose, "first", "second", 1); got != want {
		t.Errorf("the document is %q, want %q", got, want)
	}
	for _, text := range []string{"", beginMark + "\n", endMark + "\n" + beginMark + "\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := writeDocument(file, "third"); err == nil || !strings.Contains(err.Error(), "no line") {
			t.Errorf("document %q: %v", text, err)
		}
		if got := read(); got != text {
			t.Errorf("a document without marks became %q", got)
		}
	}
}
