package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

	held      map[string]*heldFile // writes to be made together, by resolved path; nil when each is made at once
	queue     []*heldFile          // they and what goes to streams, in the order they were made last
	rehearsal bool                 // the held writes will never be made

	own map[string]string // files that nothing may overwrite: what each is, by path
}

// heldFile is a write that waits: of a file that is prepared beside its place, or to a stream.
type heldFile struct {
	path   string
	data   []byte
	staged *atomicfile.Staged // nil for a stream, and in a rehearsal
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

// resolved gives one name for all paths of a file: the folder without links, and the last
// part, whether it is there or not.
func resolved(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		return filepath.Join(dir, filepath.Base(abs))
	}
	return abs
}

// Read gives the content of a file of at most limit bytes. In a run whose writes are held, a
// script reads what it wrote.
func (f *files) Read(name string, limit int64) ([]byte, error) {
	if name == "-" {
		return readAll(f.stdin, "standard input", limit)
	}
	path := f.path(name)
	if h, ok := f.held[resolved(path)]; ok {
		return h.data, nil
	}
	if err := f.checkInside(name); err != nil {
		return nil, err
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
	return fmt.Errorf("file %q: %w: it is larger than %d bytes, more than any such file has; check that it is the right one", name, ring.ErrInvalid, limit)
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
	if text := err.Error(); strings.HasPrefix(text, "file ") { // it says which already
		return err
	}
	return fmt.Errorf("file %q: %w", path, err)
}

// Write replaces a file at once and durably. A held write is only prepared.
func (f *files) Write(name string, data []byte, private bool) error {
	if err := f.checkInside(name); err != nil {
		return err
	}
	if f.rehearsal {
		return f.rehearse(name, data)
	}
	path, mode := f.path(name), modePublic
	if err := f.checkOwn(name, path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	// A device or a pipe cannot be replaced.
	if name == "-" || err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		if f.held != nil {
			f.queue = append(f.queue, &heldFile{path: name, data: bytes.Clone(data)})
			return nil
		}
		return f.stream(name, data)
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
	h := &heldFile{path, data, staged}
	if old, ok := f.held[resolved(path)]; ok {
		old.staged.Discard()
		f.queue = slices.DeleteFunc(f.queue, func(q *heldFile) bool { return q == old })
	}
	f.held[resolved(path)] = h
	f.queue = append(f.queue, h)
	return nil
}

// protect names a file that no command may overwrite.
func (f *files) protect(path, what string) {
	if f.own == nil {
		f.own = map[string]string{}
	}
	f.own[path] = what
}

// checkOwn refuses to overwrite a protected file, by whatever name or link.
func (f *files) checkOwn(name, path string) error {
	if name == "-" {
		return nil
	}
	target, targetErr := os.Stat(path)
	for own, what := range f.own {
		info, err := os.Stat(own)
		if resolved(path) == resolved(own) || targetErr == nil && err == nil && os.SameFile(target, info) {
			return fmt.Errorf("file %q: it is %s; write to another file: %w", path, what, ring.ErrRefused)
		}
	}
	return nil
}

// checkInside refuses a data set that leads out of the folder of data sets by a symbolic link:
// whoever may write there must not choose what a job reads elsewhere, or where its private keys
// go.
func (f *files) checkInside(name string) error {
	if f.dir == "" || name == "-" || strings.Contains(name, "/") {
		return nil
	}
	path := f.path(name)
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSymlink {
		return nil // whatever else is wrong shows when it is used
	}
	dir, err := filepath.EvalSymlinks(f.dir)
	if err != nil {
		return fileError(f.dir, err)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		if inside, err := filepath.Rel(dir, target); err == nil && filepath.IsLocal(inside) {
			return nil
		}
	}
	return fmt.Errorf("file %q: it is a symbolic link out of the folder of data sets; write a path with a slash if that is meant: %w", path, ring.ErrRefused)
}

// stream writes to standard output, or to a device or a pipe.
func (f *files) stream(name string, data []byte) error {
	if name == "-" {
		_, err := f.stdout.Write(data)
		return err
	}
	return writeThrough(f.path(name), data)
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
	if err := f.checkOwn(name, path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if name == "-" || err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil
	}
	if err := atomicfile.Check(path); err != nil {
		return fileError(path, err)
	}
	f.held[resolved(path)] = &heldFile{path: path, data: data}
	return nil
}

// hold keeps the writes that follow back until release or drop.
func (f *files) hold() { f.held, f.queue = map[string]*heldFile{}, nil }

// release makes the held writes. What could fail of a file has been done when it was held: only
// a renaming is left.
func (f *files) release() error {
	for i, h := range f.queue {
		var err error
		if h.staged == nil {
			err = f.stream(h.path, h.data)
		} else if err = h.staged.Commit(); err != nil {
			err = fileError(h.path, err)
		}
		if err != nil {
			f.queue = f.queue[i+1:]
			f.drop()
			return err
		}
	}
	f.held, f.queue = nil, nil
	return nil
}

// drop forgets the held writes.
func (f *files) drop() {
	for _, h := range f.queue {
		if h.staged != nil {
			h.staged.Discard()
		}
	}
	f.held, f.queue = nil, nil
}
