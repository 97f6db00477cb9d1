//go:build cgo

package token

import (
	"testing"

	"signet/backend/backendtest"
	"signet/internal/oracle"
	"signet/ring"
)

// TestStore runs the behaviour suite over tokens, each as a store of one ring. The tests share a
// token, which is emptied before each.
func TestStore(t *testing.T) {
	oracle.SoftHSM(t, "SUITE")
	oracle.OpenCryptoki(t, "SUITE")
	for _, w := range []struct {
		name, module string
		features     backendtest.Features
	}{
		{"SoftHSM", oracle.SoftHSMModule, backendtest.Features{KeysStay: true, Bare: true, Sorted: true}},
		{"openCryptoki", oracle.OpenCryptokiModule, backendtest.Features{KeysStay: true, Bare: true, Sorted: true, RSA: true}},
	} {
		t.Run(w.name, func(t *testing.T) {
			backendtest.Run(t, func(t *testing.T) ring.Store {
				s, h, err := Open(t.Context(), "pkcs11:token=SUITE", "ISSUER", options(w.module))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := h.Close(); err != nil {
						t.Error(err)
					}
				})
				empty(t, h)
				return s
			}, w.features)
		})
	}
}
