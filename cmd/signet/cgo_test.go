//go:build cgo

package main

// withCGO says which build the tests are of.
const withCGO = true
