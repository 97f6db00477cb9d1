package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"signet/export"
	"signet/ring"
)

// Limits of what is read at one time.
const (
	maxWorkers = 4
	bigFile    = 4 << 20 // in bytes: files above are read one after the other
	firstBytes = 512     // what tells most files from those that are looked for
)

// scanner looks into files, several at a time, and makes a T of each that it finds.
type scanner[T any] struct {
	inspection export.Inspection
	keep       func(path string, info fs.FileInfo, r export.Report) T
	count      atomic.Int64 // of files looked at
	big        sync.Mutex   // held while a big file is in memory
	jobs       chan *scanJob[T]
	queue      chan *scanJob[T] // the same, in path order
}

// scanJob is a file to look into, or what is wrong with a place where files would be.
type scanJob[T any] struct {
	located[T]
	named bool          // on the command line
	done  chan struct{} // closed when the rest is set

	found bool // it is of a known format
	err   error
}

// located is what was made of a file.
type located[T any] struct {
	path  string
	also  []string // links to it
	real  string   // its path without links
	value T
}

// errNamed is the error of a path from the command line that is not there.
type errNamed struct{ error }

func (e errNamed) Unwrap() error { return e.error }

func newScanner[T any](q export.Inspection, keep func(string, fs.FileInfo, export.Report) T) *scanner[T] {
	return &scanner[T]{inspection: q, keep: keep, jobs: make(chan *scanJob[T]), queue: make(chan *scanJob[T], 1024)}
}

// run looks into all files below paths and gives those of known formats in path order, and what
// could not be read.
func (s *scanner[T]) run(ctx context.Context, paths []string) (files []located[T], troubles []error) {
	var all sync.WaitGroup
	all.Go(func() {
		defer close(s.queue)
		defer close(s.jobs)
		for _, p := range paths {
			s.named(ctx, p)
		}
	})
	for range min(runtime.GOMAXPROCS(0), maxWorkers) {
		all.Go(func() {
			for j := range s.jobs {
				if ctx.Err() == nil {
					s.look(j)
				}
				close(j.done)
			}
		})
	}
	places := map[string]int{} // in files, by the path without links
	for j := range s.queue {
		<-j.done
		switch {
		case j.err != nil:
			troubles = append(troubles, j.err)
		case j.found:
			at, twice := places[j.real]
			if !twice {
				places[j.real] = len(files)
				files = append(files, j.located)
			} else if f := &files[at]; f.path != j.path && !slices.Contains(f.also, j.path) {
				f.also = append(f.also, j.path)
			}
		}
	}
	all.Wait()
	return files, troubles
}

// named walks a path from the command line, which may be a link.
func (s *scanner[T]) named(ctx context.Context, path string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		s.trouble(errNamed{fileError(path, err)})
	case info.IsDir():
		s.folder(ctx, path)
	case info.Mode().IsRegular():
		s.file(path, true)
	default:
		s.trouble(errNamed{fmt.Errorf("path %q: neither a file nor a folder: %w", path, ring.ErrInvalid)})
	}
}

// folder walks a folder in the order of its names.
func (s *scanner[T]) folder(ctx context.Context, dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		s.trouble(fileError(dir, err))
	}
	for _, e := range entries {
		if ctx.Err() != nil {
			return
		}
		path := filepath.Join(dir, e.Name())
		switch mode := e.Type(); {
		case mode.IsDir():
			s.folder(ctx, path)
		case mode.IsRegular():
			s.file(path, false)
		case mode&fs.ModeSymlink != 0:
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				s.file(path, false)
			}
		}
	}
}

func (s *scanner[T]) file(path string, named bool) {
	j := &scanJob[T]{located: located[T]{path: path}, named: named, done: make(chan struct{})}
	s.queue <- j
	s.jobs <- j
}

func (s *scanner[T]) trouble(err error) {
	j := &scanJob[T]{err: err, done: make(chan struct{})}
	close(j.done)
	s.queue <- j
}

// look looks into a file.
func (s *scanner[T]) look(j *scanJob[T]) {
	s.count.Add(1)
	if j.err = s.inspect(j); j.err != nil {
		j.err = fileError(j.path, j.err)
		return
	}
	if !j.found {
		if j.named {
			j.err = fmt.Errorf("file %q: no keystore, certificate or key of a known format", j.path)
		}
		return
	}
	j.real = j.path
	if real, err := filepath.EvalSymlinks(j.path); err == nil {
		if real, err = filepath.Abs(real); err == nil {
			j.real = real
		}
	}
}

// inspect reads a file, if its first bytes say that it is worth it. A file may have become
// something else since its folder was read: opening a pipe must not wait for a writer.
func (s *scanner[T]) inspect(j *scanJob[T]) error {
	in, err := os.OpenFile(j.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) && !j.named {
		return nil // it is gone
	}
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 { // what has no size may never end: /proc
		return err
	}
	size := info.Size()
	head := make([]byte, min(size, firstBytes))
	n, err := io.ReadFull(in, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return unlessOdd(err)
	}
	maybe, more := export.Sniff(head[:n], size)
	if more {
		rest := make([]byte, min(size, export.SniffSize)-int64(n))
		m, _ := io.ReadFull(in, rest)
		head = append(head[:n], rest[:m]...)
		n = len(head)
		maybe, _ = export.Sniff(head, size)
	}
	if !maybe {
		return nil
	}
	if size > export.MaxInspect {
		text := fmt.Sprintf("it has %d bytes, more than the %d that are looked into", size, export.MaxInspect)
		r := export.Report{Format: "?", Lock: export.LockUnknown, Findings: []export.Finding{{Word: export.TooLarge, Text: text}}}
		j.value, j.found = s.keep(j.path, info, r), true
		return nil
	}
	if size > bigFile {
		s.big.Lock()
		defer s.big.Unlock()
	}
	data := make([]byte, 0, size+1)
	data = append(data, head[:n]...)
	for len(data) < cap(data) {
		m, err := in.Read(data[len(data):cap(data)])
		data = data[:len(data)+m]
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if r := export.Inspect(data, s.inspection); r.Format != "" {
		j.value, j.found = s.keep(j.path, info, r), true
	}
	return nil
}

// unlessOdd leaves out the errors of files that are none, in /proc and /sys.
func unlessOdd(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EIO) {
		return err
	}
	return nil
}
