//go:build unix

package main

import "syscall"

// folderWritable reports whether files can be made in a folder.
func folderWritable(dir string) bool { return syscall.Access(dir, writeAndSearch) == nil }

// writeAndSearch is W_OK and X_OK of access(2).
const writeAndSearch = 2 | 1
