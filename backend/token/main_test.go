//go:build cgo

package token

import (
	"context"
	"os"
	"testing"

	"signet/internal/oracle"
	"signet/pkcs11"
)

// TestMain gives SoftHSM a folder of its own before the module is loaded.
func TestMain(m *testing.M) { os.Exit(oracle.RunWithSoftHSM(m)) }

// options are those of the tests: the right PIN.
func options(module string) Options {
	return Options{Module: module, PIN: func(context.Context, pkcs11.Attempt) ([]byte, error) { return []byte(oracle.PIN), nil }}
}

// empty deletes everything in a token.
func empty(t *testing.T, h *Hardware) {
	t.Helper()
	tok, err := h.token(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	all, err := tok.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if err := tok.DeleteObject(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}
