package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// workFolder is the folder that fixtures and rows have their folders in.
type workFolder struct {
	dir string
	env []string
}

// newWorkFolder takes a folder for use. Programs beside this one are found before others; nothing
// of the environment that changes what the programs do is passed on.
func newWorkFolder(dir string) (*workFolder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &workFolder{dir, environ(os.Environ(), filepath.Dir(own))}, nil
}

// environ is what programs see of an environment.
func environ(given []string, bin string) []string {
	env := []string{"LC_ALL=C.UTF-8"}
	for _, v := range given {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case name == "PATH":
			env = append(env, "PATH="+bin+string(os.PathListSeparator)+value)
		case name == "TZ", name == "TMPDIR", name == "JAVA_HOME":
			env = append(env, v)
		}
	}
	return env
}

// command is a program in a folder, which is its home as well: what programs keep for their user
// stays out of the way.
func (w *workFolder) command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...) // #nosec G204 -- to run what the rows say is what this is for
	c.Dir, c.Env = dir, append(w.env, "HOME="+dir)
	return c
}

// shell runs a script. Its error has what the script wrote to standard error.
func (w *workFolder) shell(ctx context.Context, dir, script string) error {
	_, err := output(w.command(ctx, dir, "bash", "-c", strict+script))
	return err
}

// strict makes a script stop at its first command that fails.
const strict = "set -euo pipefail\n"

// output runs a program and gives what it wrote.
func output(c *exec.Cmd) (string, error) {
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		said := errs.String()
		if strings.TrimSpace(said) == "" {
			said = out.String()
		}
		return "", fmt.Errorf("%w: %s", err, tail(said))
	}
	return out.String(), nil
}

// tail gives the end of what a program wrote, as far as a message can bear it.
func tail(text string) string {
	const most = 1000
	text = strings.TrimSpace(text)
	if len(text) > most {
		text = "... " + strings.ToValidUTF8(text[len(text)-most:], "")
	}
	return text
}

// fixtures makes what a row needs as far as it is not there yet, and links it into a folder.
func (w *workFolder) fixtures(ctx context.Context, p plan, needs []string, into string, say func(string)) error {
	for _, name := range needs {
		f, _ := p.fixture(name)
		dir := filepath.Join(w.dir, "fixtures", name)
		if err := w.fixture(ctx, p, f, dir, say); err != nil {
			return fmt.Errorf("fixture %q: %w", name, err)
		}
		if err := os.Symlink(dir, filepath.Join(into, name)); err != nil {
			return err
		}
	}
	return nil
}

// fixture makes a fixture, unless the same was made before.
func (w *workFolder) fixture(ctx context.Context, p plan, f fixture, dir string, say func(string)) error {
	made := dir + ".made" // how, when it is whole
	if before, err := os.ReadFile(made); err == nil && string(before) == p.recipe(f) {
		return nil
	}
	say("fixture " + f.name)
	if err := os.RemoveAll(made); err != nil {
		return err
	}
	if err := fresh(dir); err != nil {
		return err
	}
	if err := w.fixtures(ctx, p, f.needs, dir, say); err != nil {
		return err
	}
	if err := w.shell(ctx, dir, f.script); err != nil {
		return err
	}
	return os.WriteFile(made, []byte(p.recipe(f)), 0o600)
}

// fresh makes a folder that is empty.
func fresh(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o700)
}
