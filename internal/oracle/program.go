package oracle

import "testing"

// Run runs another program in dir, such as NSS's pk12util or GnuTLS's certtool, fails the test if
// it fails, and gives all that it printed.
func Run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	return program(t, dir, name, args...)
}
