package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"signet/ring"
)

// fullDisk takes no bytes.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// A run whose results are lost does not end as if they had come out, whatever printed them.
func TestResultsAreLost(t *testing.T) {
	s := newSession(t)
	s.run(0, "db", "init", "--quiet")
	s.run(0, "addring", "OPER/R")
	for _, line := range []string{"db status", "db status --output json", "listring OPER/R", "--version", "--help"} {
		s.out.Reset()
		env := s.env
		env.stdout = io.Writer(fullDisk{})
		if code := run(t.Context(), env, strings.Fields(line)); code != int(ring.Failed) {
			t.Errorf("signet %s: its results are lost, and it ends %d", line, code)
		}
		if got := strings.Count(s.out.String(), "no space left on device"); got != 1 {
			t.Errorf("signet %s: tells %d times what happened: %q", line, got, s.out.String())
		}
	}
}

// counted counts the calls that write to it.
type counted struct{ calls int }

func (c *counted) Write(b []byte) (int, error) {
	c.calls++
	return len(b), nil
}

// What a command prints comes out in few pieces: each is a call to the system.
func TestResultsComeInFewPieces(t *testing.T) {
	s := newSession(t)
	s.run(0, "db", "init", "--quiet")
	s.run(0, "addring", "U/R")
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		s.run(0, "gencert", "U/"+name, "--subject", "CN="+name, "--key", "ed25519")
		s.run(0, "connect", "U/"+name, "U/R")
	}
	for _, args := range [][]string{{"list", "U"}, {"list", "U/a"}, {"listring", "U/R"}, {"racdcert", "ID(U) LIST"}, {"racdcert", "ID(U) LISTRING(R)"}, {"--help"}} {
		var out counted
		env := s.env
		env.stdout = &out
		if code := run(t.Context(), env, args); code != int(ring.Done) {
			t.Errorf("signet %s ended %d", strings.Join(args, " "), code)
		}
		if out.calls < 1 || out.calls > 3 {
			t.Errorf("signet %s writes %d pieces, at most 3 are wanted", strings.Join(args, " "), out.calls)
		}
	}
}

func TestPointInTime(t *testing.T) {
	now := time.Date(2027, 3, 15, 10, 0, 0, 0, time.UTC)
	a := &app{environment: environment{now: func() time.Time { return now }, zone: time.UTC}}
	for text, want := range map[string]time.Time{
		"":           {},
		"5m":         now.Add(-5 * time.Minute),
		"7d":         now.Add(-7 * 24 * time.Hour),
		"99999d":     now.Add(-99999 * 24 * time.Hour),
		"2027-03-01": time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC),
	} {
		if got, err := a.pointInTime("--since", text); err != nil || !got.Equal(want) {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	// As a time.Duration it would be in the future.
	for _, text := range []string{"200000d", "soon", "-1d"} {
		if got, err := a.pointInTime("--since", text); err == nil {
			t.Errorf("%q is %v, want an error", text, got)
		}
	}
}
