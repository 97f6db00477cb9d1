package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ticking is an app with a clock that the test moves.
func ticking(terminal bool) (a *app, clock *time.Time, out *bytes.Buffer) {
	now := time.Date(2027, 3, 15, 10, 0, 0, 0, time.UTC)
	out = new(bytes.Buffer)
	a = &app{environment: environment{stdout: out, stderr: out, terminal: terminal, now: func() time.Time { return now }}}
	a.files = newFiles(strings.NewReader(""), out)
	return a, &now, out
}

func TestProgressLines(t *testing.T) {
	a, clock, out := ticking(false)
	stop := a.startProgress(10000)
	for i := range 200 { // 60 a second, 20 seconds long
		*clock = clock.Add(100 * time.Millisecond)
		a.progress.reach(6 * (i + 1))
	}
	*clock = clock.Add(10 * time.Second) // one that takes long
	a.progress.reach(1201)
	stop()
	want := `signet: 300 of 10000 commands, 60/s, about 2 min 42 s left
signet: 600 of 10000 commands, 60/s, about 2 min 37 s left
signet: 900 of 10000 commands, 60/s, about 2 min 32 s left
signet: 1200 of 10000 commands, 60/s, about 2 min 27 s left
signet: 1201 of 10000 commands, 40/s, about 3 min 40 s left
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestProgressBar(t *testing.T) {
	a, clock, out := ticking(true)
	stop := a.startProgress(40)
	step := func(d time.Duration, done int) string {
		out.Reset()
		*clock = clock.Add(d)
		a.progress.reach(done)
		return out.String()
	}
	for _, c := range []struct {
		after time.Duration
		done  int
		want  string
	}{
		{900 * time.Millisecond, 2, ""}, // not yet
		{100 * time.Millisecond, 4, "\r[==                  ] 4/40  4.0/s  9 s left\x1b[K"},
		{50 * time.Millisecond, 5, ""}, // just drawn
		{950 * time.Millisecond, 20, "\r[==========          ] 20/40  10/s  2 s left\x1b[K"},
	} {
		if got := step(c.after, c.done); got != c.want {
			t.Errorf("%d done after %v more: %q, want %q", c.done, c.after, got, c.want)
		}
	}
	// What the commands print takes the place of the bar, which goes on below it.
	const bar = "\r[==========          ] 20/40  10/s  2 s left\x1b[K"
	for _, w := range []io.Writer{a.stdout, a.stderr, a.files.stdout} {
		out.Reset()
		fmt.Fprintln(w, "a message")
		if got, want := out.String(), "\r\x1b[Ka message\n"+bar; got != want {
			t.Errorf("a message: %q, want %q", got, want)
		}
	}
	// A line that is not at its end is not written over.
	out.Reset()
	fmt.Fprint(a.stdout, "half a ")
	*clock = clock.Add(time.Second)
	a.progress.reach(21)
	fmt.Fprintln(a.stdout, "line")
	if got, want := out.String(), "\r\x1b[Khalf a line\n"; got != want {
		t.Errorf("a line in two parts: %q, want %q", got, want)
	}
	if got := step(time.Second, 40); !strings.Contains(got, "[====================] 40/40") {
		t.Errorf("at the end: %q", got)
	}
	out.Reset()
	stop()
	fmt.Fprintln(a.stderr, "after it")
	if got, want := out.String(), "\r\x1b[Kafter it\n"; got != want || a.progress != nil {
		t.Errorf("after the end: %q, want %q", got, want)
	}
}

// A question is asked on a line of its own.
func TestProgressMakesRoomForQuestions(t *testing.T) {
	a, clock, out := ticking(true)
	a.readPassword = func(prompt string) ([]byte, error) {
		io.WriteString(out, prompt)
		return nil, errNoTerminal
	}
	defer a.startProgress(100)()
	*clock = clock.Add(2 * time.Second)
	a.progress.reach(50)
	out.Reset()
	a.readPassword("Password: ")
	if got, want := out.String(), "\r\x1b[KPassword: "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNoProgress(t *testing.T) {
	for name, change := range map[string]func(*app) int{
		"few":            func(*app) int { return fewCommands },
		"quiet":          func(a *app) int { a.flags.quiet = true; return 1000 },
		"json":           func(a *app) int { a.flags.output = "json"; return 1000 },
		"inside another": func(a *app) int { a.place = "script:1:1"; return 1000 },
	} {
		a, clock, out := ticking(true)
		stop := a.startProgress(change(a))
		*clock = clock.Add(time.Minute)
		a.progress.reach(3)
		stop()
		if out.Len() > 0 {
			t.Errorf("%s: %q", name, out)
		}
	}
}

func TestTimeText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 59 * time.Second: "59 s", 61 * time.Second: "1 min 1 s", 7500 * time.Second: "2 h 5 min",
	} {
		if got := timeText(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// Both kinds of script show the progress of all their commands, also of those in steps that do
// not run.
func TestScriptsShowProgress(t *testing.T) {
	job := "//J JOB\n//A EXEC PGM=IKJEFT01\n//SYSTSIN DD *\n" + strings.Repeat(" PROFILE NOPREFIX\n", 8) +
		"/*\n//B EXEC PGM=IKJEFT01,COND=(0,LE)\n//SYSTSIN DD *\n" + strings.Repeat(" PROFILE NOPREFIX\n", 4) + "/*\n"
	for name, text := range map[string]string{
		"job":   job,
		"plain": strings.Repeat("list\n", 12),
	} {
		s := newSession(t)
		second := 0
		s.env.now = func() time.Time { // a clock that moves whenever anybody looks at it
			second++
			return time.Date(2027, 3, 15, 10, 0, second, 0, time.UTC)
		}
		path := filepath.Join(t.TempDir(), "script")
		write(t, path, text)
		var progress bytes.Buffer
		s.env.stderr = &progress
		run(t.Context(), s.env, []string{"run", path})
		if !strings.Contains(progress.String(), "of 12 commands, ") {
			t.Errorf("%s: no progress in %q", name, progress.String())
		}
		progress.Reset()
		run(t.Context(), s.env, []string{"run", path, "--quiet"})
		if strings.Contains(progress.String(), "commands") {
			t.Errorf("%s: --quiet shows %q", name, progress.String())
		}
	}
}
