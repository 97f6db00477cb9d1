package pkcs11

import (
	"os"
	"testing"

	"signet/internal/oracle"
)

// TestMain gives SoftHSM a folder of its own before the module is loaded.
func TestMain(m *testing.M) { os.Exit(oracle.RunWithSoftHSM(m)) }
