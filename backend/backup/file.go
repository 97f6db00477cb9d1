package backup

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"signet/internal/atomicfile"
)

// File is a backup file on its way: a stream that only its owner can read, under a temporary name
// in the folder of the file. Nothing is at the path until Commit.
type File struct {
	path string
	temp string // empty when it is committed or discarded
	f    *os.File
}

// Create begins a file. A file that is at the path already stays until Commit replaces it;
// without replace, it is fs.ErrExist.
func Create(path string, replace bool) (*File, error) {
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("file %q: not a regular file", path)
	case err == nil && !replace:
		return nil, fmt.Errorf("file %q: %w", path, fs.ErrExist)
	case err == nil:
		// A symbolic link stays, and what it leads to is replaced.
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
	}
	temp := filepath.Join(filepath.Dir(path), ".signet-"+rand.Text()+".tmp")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("file %q: %w", path, reason(err))
	}
	return &File{path, temp, f}, nil
}

// Write implements io.Writer.
func (f *File) Write(b []byte) (int, error) {
	n, err := f.f.Write(b)
	if err != nil {
		err = fmt.Errorf("file %q: %w", f.path, reason(err))
	}
	return n, err
}

// Commit makes the file durable and gives it its name, in one step. Without replace a file that
// has taken the name in the meantime is fs.ErrExist.
func (f *File) Commit(replace bool) error {
	err := errors.Join(f.f.Sync(), f.f.Close())
	if err == nil {
		if replace {
			err = os.Rename(f.temp, f.path)
		} else if err = os.Link(f.temp, f.path); err == nil {
			os.Remove(f.temp)
		} else if !errors.Is(err, fs.ErrExist) { // a file system without hard links
			err = os.Rename(f.temp, f.path)
		}
	}
	if err != nil {
		return fmt.Errorf("file %q: %w", f.path, reason(err))
	}
	f.temp = ""
	return atomicfile.SyncFolder(filepath.Dir(f.path))
}

// Size gives how many bytes have been written.
func (f *File) Size() int64 {
	info, err := os.Stat(f.path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Discard removes a file that was not committed. After Commit it does nothing.
func (f *File) Discard() {
	if f.temp != "" {
		f.f.Close()
		os.Remove(f.temp)
		f.temp = ""
	}
}

// reason takes the operation and the temporary name away.
func reason(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}
