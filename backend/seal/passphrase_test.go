package seal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/creack/pty"
)

// asks gives a passphrase to whoever asks, and counts how often.
func asks(passphrase string, times *int) Passphrase {
	return func(string) ([]byte, error) {
		*times++
		return []byte(passphrase), nil
	}
}

// sealedStash writes a stash file as the age command would, with little work.
func sealedStash(t *testing.T, id *Identity, passphrase string, work int, armored bool) string {
	t.Helper()
	text, err := StashFile(id, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	r.SetWorkFactor(work)
	return write(t, encrypt(t, text, armored, r))
}

func encrypt(t *testing.T, text []byte, armored bool, to ...age.Recipient) []byte {
	t.Helper()
	var out bytes.Buffer
	lines := armor.NewWriter(&out)
	w, err := age.Encrypt(&out, to...)
	if armored {
		out.Reset()
		w, err = age.Encrypt(lines, to...)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(text)
	err = errors.Join(err, w.Close())
	if armored {
		err = errors.Join(err, lines.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func write(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stash")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPassphrase(t *testing.T) {
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for _, armored := range []bool{true, false} {
		path := sealedStash(t, id, "correct horse", 4, armored)
		times := 0
		got, err := LoadStash(path, asks("correct horse", &times))
		if err != nil || got.PublicKeys()[0] != id.PublicKeys()[0] || times != 1 {
			t.Errorf("armored %v: %v, asked %d times", armored, err, times)
		}
		if _, err := LoadStash(path, asks("battery", &times)); !errors.Is(err, ErrPassphrase) {
			t.Errorf("armored %v, wrong: %v", armored, err)
		}
		if _, err := LoadStash(path, asks("", &times)); !errors.Is(err, ErrProtected) {
			t.Errorf("armored %v, empty: %v", armored, err)
		}
		if _, err := LoadStash(path, nil); !errors.Is(err, ErrProtected) {
			t.Errorf("armored %v, nobody to ask: %v", armored, err)
		}
		none := errors.New("nobody is there")
		if _, err := LoadStash(path, func(string) ([]byte, error) { return nil, none }); !errors.Is(err, none) {
			t.Errorf("armored %v, no answer: %v", armored, err)
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadStash(path, asks("correct horse", &times)); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("armored %v, readable by others: %v", armored, err)
		}
	}
	// One that needs none asks nobody.
	plain := filepath.Join(t.TempDir(), "stash")
	if _, err := CreateStash(plain, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadStash(plain, func(string) ([]byte, error) { t.Error("asked"); return nil, nil }); err != nil {
		t.Error(err)
	}
}

// TestPassphraseCleared looks whether the bytes of the answer are overwritten.
func TestPassphraseCleared(t *testing.T) {
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	path := sealedStash(t, id, "secret", 4, true)
	for _, given := range []string{"secret", "wrong"} {
		answer := []byte(given)
		LoadStash(path, func(string) ([]byte, error) { return answer, nil })
		if !bytes.Equal(answer, make([]byte, len(answer))) {
			t.Errorf("%q was left in memory", answer)
		}
	}
}

// TestPassphraseWork: what is written takes the work that it is meant to take, and a file that asks
// for more than the cap is refused before any of the work.
func TestPassphraseWork(t *testing.T) {
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	text, err := StashFile(id, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, text)
	opened, err := LoadStash(path, asks("secret", new(int)))
	if err != nil || opened.PublicKeys()[0] != id.PublicKeys()[0] {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(armor.NewReader(bytes.NewReader(text))); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(raw.String(), "\n")
	if !strings.HasPrefix(lines[1], "-> scrypt ") || !strings.HasSuffix(lines[1], fmt.Sprintf(" %d", workFactor)) {
		t.Errorf("the stanza is %q", lines[1])
	}
	for _, work := range []string{"21", "30", "64", "99999999999999999999"} {
		start := time.Now()
		dear := strings.Replace(raw.String(), fmt.Sprintf(" %d\n", workFactor), " "+work+"\n", 1)
		_, err := LoadStash(write(t, []byte(dear)), asks("secret", new(int)))
		if err == nil || !strings.Contains(err.Error(), "2^"+work) || !strings.Contains(err.Error(), "2^20") {
			t.Errorf("work 2^%s: %v", work, err)
		}
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("work 2^%s: it took %v to refuse it", work, took)
		}
	}
}

// TestPassphraseRefused reads files that are no stash file, and stash files that were changed.
func TestPassphraseRefused(t *testing.T) {
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	text, err := StashFile(id, nil)
	if err != nil {
		t.Fatal(err)
	}
	scrypt := func() age.Recipient {
		r, err := age.NewScryptRecipient("secret")
		if err != nil {
			t.Fatal(err)
		}
		r.SetWorkFactor(2)
		return r
	}
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"to a key":        {encrypt(t, text, true, id.Recipient()), "not one that is sealed with a passphrase"},
		"other content":   {encrypt(t, []byte("hello"), true, scrypt()), "does not hold an operator identity"},
		"nothing in it":   {encrypt(t, nil, false, scrypt()), "does not hold an operator identity"},
		"only the armor":  {[]byte(armor.Header + "\n" + armor.Footer + "\n"), "damaged"},
		"only the header": {[]byte("age-encryption.org/v1\n"), "damaged"},
		"another version": {[]byte("age-encryption.org/v9\n"), "damaged"},
	} {
		_, err := LoadStash(write(t, tc.data), asks("secret", new(int)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	whole := encrypt(t, text, false, scrypt())
	for i := len("age-encryption.org/"); i < len(whole); i++ {
		altered := bytes.Clone(whole)
		altered[i] ^= 1
		for _, data := range [][]byte{altered, whole[:i]} {
			if _, err := LoadStash(write(t, data), asks("secret", new(int))); err == nil {
				t.Errorf("altered or cut at %d, and opened", i)
			}
		}
	}
}

// onTerminal runs a program on a terminal and answers its questions.
func onTerminal(t *testing.T, dir string, answers string, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("%s is missing; make test installs it", program)
	}
	c := exec.CommandContext(t.Context(), program, args...)
	c.Dir = dir
	tty, err := pty.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	for _, answer := range strings.SplitAfter(answers, "\n") {
		time.Sleep(200 * time.Millisecond) // it flushes what was typed before it asks
		if _, err := tty.WriteString(answer); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	out.ReadFrom(tty) // ends with EIO when the program does
	if err := c.Wait(); err != nil {
		t.Fatalf("%s %s: %v: %s", program, strings.Join(args, " "), err, out.String())
	}
	return out.String()
}

// TestAgeCommand has the age command open a protected stash file, use it as an identity, and make
// one.
func TestAgeCommand(t *testing.T) {
	dir := t.TempDir()
	id, err := CreateStash(filepath.Join(dir, "x.stash"), []byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	onTerminal(t, dir, "correct horse\n", "age", "-d", "-o", "plain", "x.stash")
	text, err := os.ReadFile(filepath.Join(dir, "plain"))
	if err != nil || !strings.Contains(string(text), id.x[0].String()) {
		t.Errorf("age opened it to %d bytes, %v", len(text), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "message"), encrypt(t, []byte("hello"), false, id.Recipient()), 0o600); err != nil {
		t.Fatal(err)
	}
	onTerminal(t, dir, "correct horse\n", "age", "-d", "-i", "x.stash", "-o", "opened", "message")
	if text, err := os.ReadFile(filepath.Join(dir, "opened")); err != nil || string(text) != "hello" {
		t.Errorf("age opened %q with it, %v", text, err)
	}
	onTerminal(t, dir, "battery\nbattery\n", "age", "-p", "-o", "made", "plain")
	if err := os.Chmod(filepath.Join(dir, "made"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := LoadStash(filepath.Join(dir, "made"), asks("battery", new(int)))
	if err != nil || got.PublicKeys()[0] != id.PublicKeys()[0] {
		t.Errorf("made by age: %v", err)
	}
}

// BenchmarkOpenProtected is what a command pays that needs a private key.
func BenchmarkOpenProtected(b *testing.B) {
	path := filepath.Join(b.TempDir(), "stash")
	if _, err := CreateStash(path, []byte("secret")); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := LoadStash(path, func(string) ([]byte, error) { return []byte("secret"), nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzStash: whatever a stash file holds, opening it does not panic and takes no more work than
// the cap allows.
func FuzzStash(f *testing.F) {
	id, err := NewIdentity()
	if err != nil {
		f.Fatal(err)
	}
	text, err := StashFile(id, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 25\n"))
	f.Add([]byte(armor.Header + "\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCg==\n" + armor.Footer))
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte("scrypt")) && !bytes.Contains(data, []byte(" 25\n")) {
			return // work below the cap takes its time, and is tested above
		}
		s := &Stash{"fuzz", data}
		if id, err := s.Open([]byte("secret")); err == nil && id.Recipient() == nil {
			t.Error("opened, and holds nothing")
		}
	})
}
