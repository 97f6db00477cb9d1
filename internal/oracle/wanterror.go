package oracle

import (
	"strings"
	"testing"
)

// WantError checks that an error says what it should, in one line and without the password; an empty
// one is none.
func WantError(t testing.TB, err error, part, password string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("no error; want one with %q", part)
	case !strings.Contains(err.Error(), part):
		t.Errorf("error %q; want %q in it", err, part)
	case strings.Contains(err.Error(), "\n"):
		t.Errorf("error %q has several lines", err)
	case password != "" && strings.Contains(err.Error(), password):
		t.Errorf("error %q shows the password", err)
	}
}
