//go:build !cgo || !unix

package pkcs11

// load refuses: a module is a C library.
func load(path string) (calls, error) {
	return nil, &Error{Object: moduleName(path), Kind: ErrNoCGO,
		Cause: "this signet was built without cgo, and tokens need the other build",
		Fix:   "use the signet that was built with CGO_ENABLED=1"}
}
