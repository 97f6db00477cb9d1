//go:build !cgo

package pkcs11

import (
	"errors"
	"strings"
	"testing"
)

// TestNoCGO has the build without cgo say which build is needed.
func TestNoCGO(t *testing.T) {
	_, err := OpenToken(t.Context(), URI{ModulePath: "/usr/lib/softhsm/libsofthsm2.so", Token: "A"}, Options{})
	if !errors.Is(err, ErrNoCGO) || !strings.Contains(err.Error(), "CGO_ENABLED=1") {
		t.Errorf("error %v", err)
	}
}
