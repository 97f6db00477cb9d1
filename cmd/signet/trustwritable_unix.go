//go:build unix

package main

import "golang.org/x/sys/unix"

// folderWritable reports whether files can be made in a folder.
func folderWritable(dir string) bool { return unix.Access(dir, unix.W_OK|unix.X_OK) == nil }
