package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"signet/internal/atomicfile"
	"signet/ring"
)

// The permissions of the files that signet writes: those with private keys are the user's
// alone.
const (
	modePrivate fs.FileMode = 0o600
	modePublic  fs.FileMode = 0o644
)

// files reads and writes the files of commands and scripts. A name without a slash is looked
// up in dir; - is standard input or output.
type files struct {
	dir    string // of data sets; empty for the current folder
	stdin  io.Reader
	stdout io.Writer

	held      map[string]*heldFile // writes to be made together; nil when each is made at once
	keys      []string             // their paths in order
	rehearsal bool                 // the held writes will never be made
}

type heldFile struct {
	data   []byte
	staged *atomicfile.Staged // nil in a rehearsal
}

func newFiles(stdin io.Reader, stdout io.Writer) *files {
	return &files{stdin: stdin, stdout: stdout}
}

func (f *files) path(name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	return filepath.Join(f.dir, name)
}

// Read gives the content of a file of at most limit bytes. In a run whose writes are held, a
// script reads what it wrote.
func (f *files) Read(name string, limit int64) ([]byte, error) {
	if name == "-" {
		return readAll(f.stdin, "standard input", limit)
	}
	path := f.path(name)
	if h, ok := f.held[path]; ok {
		return h.data, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("file %q: it is a folder: %w", path, ring.ErrInvalid)
	} else if err == nil && info.Size() > limit {
		return nil, tooLarge(path, limit)
	}
	return readAll(file, path, limit)
}

func readAll(r io.Reader, name string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fileError(name, err)
	}
	if int64(len(data)) > limit {
		return nil, tooLarge(name, limit)
	}
	return data, nil
}

func tooLarge(name string, limit int64) error {
	return fmt.Errorf("file %q: larger than the %d bytes that are read here: %w", name, limit, ring.ErrInvalid)
}

// fileError makes the error of a file readable: its name, and the cause without the system
// call.
func fileError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("file %q: %w", path, ring.ErrNotFound)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("file %q: permission denied: %w", path, ring.ErrRefused)
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("file %q: %w", path, err)
}

// Write replaces a file at once and durably. A held write is only prepared.
func (f *files) Write(name string, data []byte, private bool) error {
	if f.rehearsal {
		return f.rehearse(name, data)
	}
	if name == "-" {
		_, err := f.stdout.Write(data)
		return err
	}
	path, mode := f.path(name), modePublic
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return writeThrough(path, data) // a device or a pipe cannot be replaced
	}
	if private {
		mode = modePrivate
	}
	if f.held == nil {
		if err := atomicfile.Write(path, data, mode); err != nil {
			return fileError(path, err)
		}
		return nil
	}
	staged, err := atomicfile.Stage(path, data, mode)
	if err != nil {
		return fileError(path, err)
	}
	if old, ok := f.held[path]; ok {
		old.staged.Discard()
	} else {
		f.keys = append(f.keys, path)
	}
	f.held[path] = &heldFile{data, staged}
	return nil
}

// writeThrough writes to what is not a file, such as /dev/stdout.
func writeThrough(path string, data []byte) error {
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fileError(path, err)
	}
	_, err = w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		return fileError(path, err)
	}
	return nil
}

// rehearse checks that a file could be written, and keeps it for the script to read.
func (f *files) rehearse(name string, data []byte) error {
	path := f.path(name)
	info, err := os.Stat(path)
	if name == "-" || err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil
	}
	if err := atomicfile.Check(path); err != nil {
		return fileError(path, err)
	}
	f.held[path] = &heldFile{data: data}
	return nil
}

// hold keeps the writes that follow back until release or drop.
func (f *files) hold() { f.held, f.keys = map[string]*heldFile{}, nil }

// release makes the held writes.
func (f *files) release() error {
	var errs []error
	for _, path := range f.keys {
		if err := f.held[path].staged.Commit(); err != nil {
			errs = append(errs, fileError(path, err))
		}
	}
	f.held = nil
	return errors.Join(errs...)
}

// drop forgets the held writes.
func (f *files) drop() {
	for _, h := range f.held {
		h.staged.Discard()
	}
	f.held = nil
}
