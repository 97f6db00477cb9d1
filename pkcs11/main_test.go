package pkcs11

import (
	"fmt"
	"os"
	"testing"

	"signet/internal/oracle"
)

// TestMain gives SoftHSM a folder of its own before the module is loaded.
func TestMain(m *testing.M) {
	remove, err := oracle.SoftHSMHome()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	remove()
	os.Exit(code)
}
