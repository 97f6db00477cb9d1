package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

var tables = []Table{
	{"numbers", []Column{{"n", Number}}},
	{"all", []Column{{"n", Number}, {"t", Text}, {"b", Bytes}}},
	{"empty", []Column{{"b", Bytes}}},
}

func identity(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// sample makes a backup with n rows in each of two tables.
func sample(t testing.TB, n int, to ...age.Recipient) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, Header{Schema: 7, Database: "uuid", Engine: "test", Made: time.Unix(1, 0).UTC(), Tables: tables}, to...)
	if err != nil {
		t.Fatal(err)
	}
	noise := rand.NewChaCha8([32]byte{})
	for table := range 2 {
		for i := range n {
			data := make([]byte, i)
			noise.Read(data)
			values := []Value{{Number: int64(-i)}, {Bytes: []byte(fmt.Sprint("é", i))}, {Bytes: data}}
			if err := w.Row(table, values[:len(tables[table].Columns)]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := w.Close(map[string]int64{"all": 99}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read reads a backup to its end and counts the rows.
func read(data []byte, ids ...age.Identity) (r *Reader, lines []string, err error) {
	r, err = NewReader(bytes.NewReader(data), ids...)
	if err != nil {
		return nil, nil, err
	}
	for {
		table, values, err := r.Next()
		if err == io.EOF {
			return r, lines, nil
		}
		if err != nil {
			return r, lines, err
		}
		lines = append(lines, fmt.Sprint(table, values))
	}
}

func TestRoundTrip(t *testing.T) {
	one, two := identity(t), identity(t)
	data := sample(t, 300, one.Recipient(), two.Recipient())
	for _, id := range []age.Identity{one, two} {
		r, lines, err := read(data, id)
		if err != nil {
			t.Fatal(err)
		}
		if r.Header.Version != Version || r.Header.Schema != 7 || !r.Header.Made.Equal(time.Unix(1, 0)) || len(r.Header.Tables) != 3 {
			t.Errorf("header %+v", r.Header)
		}
		if len(lines) != 600 || r.Trailer.Rows["all"] != 300 || r.Trailer.Rows["empty"] != 0 || r.Trailer.Last["all"] != 99 {
			t.Errorf("%d rows, trailer %+v", len(lines), r.Trailer)
		}
		if want := fmt.Sprint(1, []Value{{}, {Bytes: []byte("é0")}, {Bytes: []byte{}}}); !slices.Contains(lines, want) {
			t.Errorf("no row %s", want)
		}
	}
	if bytes.Contains(data, []byte("uuid")) || bytes.Contains(data, []byte("signet backup")) {
		t.Error("the backup can be read without its identity")
	}
	if _, _, err := read(data, identity(t)); !errors.Is(err, ErrIdentity) {
		t.Errorf("another identity: %v", err)
	}
}

// TestDamage changes, cuts, repeats and swaps every part of a backup.
func TestDamage(t *testing.T) {
	id := identity(t)
	data := sample(t, 700, id.Recipient()) // several of the seal's pieces of 64 KiB
	if len(data) < 3*64<<10 {
		t.Fatalf("a sample of %d bytes", len(data))
	}
	damaged := func(what string, data []byte) {
		t.Helper()
		if _, _, err := read(data, id); err == nil {
			t.Errorf("%s: not found", what)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q", what, err)
		}
	}
	step := max(1, len(data)/400)
	for i := 0; i < len(data); i += step {
		changed := bytes.Clone(data)
		changed[i] ^= 1
		damaged(fmt.Sprint("bit at ", i), changed)
		damaged(fmt.Sprint("cut at ", i), data[:i])
	}
	for i := range 200 {
		changed := bytes.Clone(data)
		changed[i] ^= 0x80
		damaged(fmt.Sprint("bit at ", i), changed)
		damaged(fmt.Sprint("cut before the end: ", i+1), data[:len(data)-i-1])
	}
	damaged("more", append(bytes.Clone(data), 0))
	damaged("twice", append(bytes.Clone(data), data...))
	half := len(data) / 2
	swapped := bytes.Clone(data)
	copy(swapped[half:half+1000], data[half-1000:half])
	copy(swapped[half-1000:half], data[half:half+1000])
	damaged("swapped", swapped)
	other := sample(t, 700, id.Recipient())
	damaged("two mixed", append(bytes.Clone(data[:half]), other[half:]...))
}

// sealed makes a backup of any content, as somebody who knows the recipient could.
func sealed(t testing.TB, content []byte, id *age.X25519Identity) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := age.Encrypt(&out, id.Recipient())
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestForged(t *testing.T) {
	id := identity(t)
	for name, text := range map[string]string{
		"text":     "hello",
		"other":    "signet backup 2\n",
		"header":   magic + "\x02{}",
		"lengths":  magic + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"newer":    magic + "\x0d" + `{"version":2}`,
		"no rows":  magic + "\x0d" + `{"version":1}` + "\x01",
		"no end":   magic + "\x0d" + `{"version":1}`,
		"bad sum":  magic + "\x0d" + `{"version":1}` + "\x00\x02{}" + strings.Repeat("x", 32),
		"too long": magic + "\x80\x80\x80\x80\x10",
	} {
		if _, _, err := read(sealed(t, pack(t, text), id), id); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
	if _, _, err := read(sealed(t, []byte("not packed"), id), id); err == nil {
		t.Error("what is not packed was read")
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b")
	write := func(text string, replace bool) error {
		f, err := Create(path, replace)
		if err != nil {
			return err
		}
		defer f.Discard()
		if _, err := f.Write([]byte(text)); err != nil {
			return err
		}
		return f.Commit(replace)
	}
	if err := write("one", false); err != nil {
		t.Fatal(err)
	}
	if err := write("two", false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	if err := write("three", true); err != nil {
		t.Fatal(err)
	}
	f, err := Create(path, true)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("half"))
	f.Discard()
	data, err := os.ReadFile(path)
	info, statErr := os.Stat(path)
	if err != nil || statErr != nil || string(data) != "three" || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v", data, info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := Create(filepath.Dir(path), true); err == nil {
		t.Error("a folder was taken")
	}
	if _, err := Create(filepath.Join(path, "x"), false); err == nil || !strings.Contains(err.Error(), "b/x") {
		t.Errorf("in a file: %v", err)
	}
}
