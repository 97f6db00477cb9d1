package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"signet/export"
)

// Every word of a problem is explained to users: in the help of scan and in docs/json.md.
func TestScanWords(t *testing.T) {
	help := newSession(t).run(0, "scan", "--help")
	docs, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range export.Words() {
		if !strings.Contains(help, string(word)) || !strings.Contains(string(docs), "`"+string(word)+"`") {
			t.Errorf("%s is not explained", word)
		}
	}
}

// What is no file does not stop a scan: a pipe without a writer, a loop of links, a folder that
// nobody may read, a file that goes on.
func TestScanOddPlaces(t *testing.T) {
	s, dir := newSession(t), t.TempDir()
	s.run(0, "gencert", "CERTAUTH/ca", "--subject", "CN=ca", "--key", "ec:p256")
	s.run(0, "export", "CERTAUTH/ca", "-o", filepath.Join(dir, "z.pem"))
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"loop": ".", "self": "self", "none": "gone", "zero": "/dev/zero", "kmsg": "/proc/kmsg", "z-link.pem": "z.pem"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan string)
	go func() { done <- s.run(0, "scan", dir, dir, "--output", "json") }()
	select {
	case out := <-done:
		var got answer
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Files) != 1 || len(got.Files[0].Entries) != 1 || len(got.Files[0].Also) != 1 {
			t.Errorf("%s", out)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the scan hangs")
	}
	if out := s.run(8, "scan", filepath.Join(dir, "pipe"), filepath.Join(dir, "z.pem")); !strings.Contains(out, "neither a file nor a folder") || !strings.Contains(out, "CN=ca") {
		t.Errorf("%s", out)
	}
}

// CSV and JSON of many files come in the order of their paths, whoever is read first.
func TestScanOrder(t *testing.T) {
	s, dir := newSession(t), t.TempDir()
	s.run(0, "gencert", "CERTAUTH/ca", "--subject", "CN=ca", "--key", "ec:p256")
	s.run(0, "export", "CERTAUTH/ca", "-o", filepath.Join(dir, "a.pem"))
	data, err := os.ReadFile(filepath.Join(dir, "a.pem"))
	if err != nil {
		t.Fatal(err)
	}
	const n = 300
	for i := range n {
		sub := filepath.Join(dir, string(rune('b'+i%7)))
		if err := os.MkdirAll(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		text := append(bytes.Repeat([]byte("#\n"), i%11*1000), data...)
		if err := os.WriteFile(filepath.Join(sub, strings.Repeat("x", i%50)+string(rune('A'+i/50))), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(s.run(0, "scan", dir, "--csv", "-q"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < n/2 {
		t.Errorf("%d rows", len(rows))
	}
	for i, row := range rows[1:] {
		if i > 0 && strings.Compare(strings.ReplaceAll(rows[i][0], "/", "\x00"), strings.ReplaceAll(row[0], "/", "\x00")) >= 0 {
			t.Errorf("row %d: %s after %s", i+1, row[0], rows[i][0])
		}
	}
}

// A cell keeps to its place.
func TestCell(t *testing.T) {
	for in, want := range map[string]string{"": "", "CN=a": "CN=a", "=1": "'=1", "-x": "'-x", "@a": "'@a", "+1": "'+1", "a\nb\x1b": "a?b?"} {
		if got := cell(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
