package keyfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"signet/backend/backendtest"
	"signet/ring"
)

// TestSteps stops a change of a PEM folder before each of its steps on the disk, once with an
// error, and once as a crash does, after which nothing more is run. What is left loads as the old
// or the new state, and the next change mends it.
func TestSteps(t *testing.T) {
	t.Parallel()
	_, first := backendtest.Make(t, backendtest.Spec{})
	_, second := backendtest.Make(t, backendtest.Spec{})
	broken := errors.New("the disk is broken")
	reached := map[string]bool{}
	for _, crash := range []bool{false, true} {
		for stop := 1; ; stop++ {
			dir := filepath.Join(t.TempDir(), "pem")
			s, err := OpenFolder(dir, options())
			if err != nil {
				t.Fatal(err)
			}
			change := func(fn func(tx ring.Tx) error) error { return s.Update(t.Context(), fn) }
			err = change(func(tx ring.Tx) error {
				return errors.Join(put(tx, "web", 1, first), put(tx, "gone", 1, first), put(tx, "stays", 1, first))
			})
			if err != nil {
				t.Fatal(err)
			}
			plain(t, filepath.Join(dir, "web.crt")) // is taken over first
			plain(t, filepath.Join(dir, "gone.key"))

			f, n := s.Medium().(*folder), 0
			stopped := ""
			f.step = func(what string) error {
				reached[what] = true
				if n++; n != stop {
					return nil
				}
				stopped = what
				if crash {
					panic(broken)
				}
				return broken
			}
			err = func() (err error) {
				defer func() {
					if r := recover(); r != nil {
						err = broken
					}
				}()
				return change(func(tx ring.Tx) error {
					gone, err := tx.Certificate(ring.CertRef{Owner: owner, Label: "gone"})
					if err != nil {
						return err
					}
					return errors.Join(put(tx, "web", 2, second), put(tx, "new", 2, second), tx.DeleteCertificate(gone))
				})
			}()
			f.step = nil
			at := fmt.Sprintf("crash %v, step %d (%s)", crash, stop, stopped)
			if err != nil && !errors.Is(err, broken) {
				t.Fatalf("%s: %v", at, err)
			}
			got := states(t, dir)
			old, new := []string{"gone 1", "stays 1", "web 1"}, []string{"new 2", "stays 1", "web 2"}
			switch {
			case err == nil && !slices.Equal(got, new):
				t.Errorf("%s: the change was reported, and the folder holds %q", at, got)
			case err != nil && !crash && !slices.Equal(got, old):
				t.Errorf("%s: the change failed, and the folder holds %q", at, got)
			case !slices.Equal(got, old) && !slices.Equal(got, new):
				t.Errorf("%s: the folder holds %q", at, got)
			}
			if err := change(func(tx ring.Tx) error { return put(tx, "next", 3, first) }); err != nil {
				t.Fatalf("%s: the next change: %v", at, err)
			}
			if after := append(got, "next 3"); !sameSet(states(t, dir), after) {
				t.Errorf("%s: after the next change the folder holds %q, want %q", at, states(t, dir), after)
			}
			left, err := os.ReadDir(filepath.Join(dir, generations))
			if err != nil || len(left) != 2 {
				t.Errorf("%s: %v is left, %v", at, left, err)
			}
			names, err := os.ReadDir(dir)
			if err != nil || len(names) != 2*(len(got)+1)+1 {
				t.Errorf("%s: %v is left, %v", at, names, err)
			}
			if stopped == "" {
				break
			}
		}
	}
	for _, what := range []string{"mkdir", "write", "carry", "link", "adopt", "sync", "switch", "remove"} {
		if !reached[what] {
			t.Errorf("no change came to the step %q", what)
		}
	}
}

// plain makes a plain file of a link.
func plain(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// states gives the labels in a folder with their serial numbers; each has its own private key.
func states(t *testing.T, dir string) []string {
	t.Helper()
	s, err := OpenFolder(dir, options())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	err = s.View(t.Context(), func(tx ring.Tx) error {
		for c, err := range tx.Certificates(owner) {
			if err != nil {
				return err
			}
			n, err := serialOf(tx, c.Label)
			if err != nil {
				return err
			}
			all = append(all, fmt.Sprintf("%s %d", c.Label, n))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
