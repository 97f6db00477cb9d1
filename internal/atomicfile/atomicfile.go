// Package atomicfile writes files that are there whole or not at all. A reader never sees half
// of one, a crash leaves the old content or the new, and what a function reported as written
// survives a power failure: the data goes to a new file in the same folder, is synced, takes
// the name of the target in one step, and the folder is synced after it.
//
// It keeps whole small files in memory; it is not a stream. It does not lock: of two writers at
// once the later one wins, except in Create, which one wins and the other is told.
//
// A symbolic link is written through: the file it leads to is replaced and the link stays.
// Whatever exists at the target and is not a regular file (a folder, a device, a pipe) is
// refused, because replacing a device by a file destroys the device.
//
// A crash in the middle can leave a file named .signet-*.tmp in the folder. Nothing reads it.
package atomicfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// maxLinks is how many symbolic links in a row are followed, as Linux does. It stops a loop.
const maxLinks = 40

// Write replaces the content of the file at path, or makes the file. The result has the mode
// perm, less the umask, whatever mode an earlier file had.
func Write(path string, data []byte, perm os.FileMode) error {
	s, err := Stage(path, data, perm)
	if err != nil {
		return err
	}
	defer s.Discard()
	return s.Commit()
}

// Create makes a file that must not exist yet: when there is anything at path, even a symbolic
// link to nowhere, the error is fs.ErrExist. Of several processes that create one file at once,
// exactly one succeeds.
func Create(path string, data []byte, perm os.FileMode) error {
	temp, err := writeTemp(path, data, perm)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	// A link fails when its new name is taken, which a rename does not.
	err = os.Link(temp, path)
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM) {
		err = createInPlace(path, data, perm)
	}
	if err != nil {
		return fileError(path, err)
	}
	return syncFolder(path)
}

// createInPlace is Create on a file system without hard links (FAT, some network shares). One
// process wins there too, but a reader can meet the file before its content is complete.
func createInPlace(path string, data []byte, perm os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	if err := fill(f, data); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}

// Staged is a file whose content is safe on disk, under a temporary name. Several files are
// committed together by staging all of them, which is what can fail for lack of space or
// authority, and then committing each.
type Staged struct {
	path string // what Commit replaces
	temp string // where the content is; empty once it is committed or discarded
}

// Stage writes data to a temporary file beside path and leaves path alone.
func Stage(path string, data []byte, perm os.FileMode) (*Staged, error) {
	target, err := resolve(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	temp, err := writeTemp(target, data, perm)
	if err != nil {
		return nil, err
	}
	return &Staged{target, temp}, nil
}

// Path returns the file that Commit makes or replaces, with symbolic links followed.
func (s *Staged) Path() string { return s.path }

// Commit gives the staged file its name. After an error the file can be committed again or
// discarded.
func (s *Staged) Commit() error {
	if s.temp == "" {
		return fileError(s.path, errors.New("already committed or discarded"))
	}
	if err := os.Rename(s.temp, s.path); err != nil {
		return fileError(s.path, err)
	}
	s.temp = ""
	return syncFolder(s.path)
}

// Discard removes a staged file that was not committed. After Commit it does nothing, so it
// can be deferred.
func (s *Staged) Discard() {
	if s.temp != "" {
		os.Remove(s.temp)
		s.temp = ""
	}
}

// resolve follows the symbolic links at path, also to a file that does not exist yet, and
// refuses a target that a file must not replace.
func resolve(path string) (string, error) {
	for range maxLinks {
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return path, nil
		case err != nil:
			return "", err
		case info.Mode().IsRegular():
			return path, nil
		case info.Mode().Type() != fs.ModeSymlink:
			return "", errors.New("not a regular file")
		}
		link, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(link) {
			// Not filepath.Join, which takes "dir/.." away even where dir is itself a link.
			link = filepath.Dir(path) + string(filepath.Separator) + link
		}
		path = link
	}
	return "", errors.New("too many symbolic links")
}

// tempPattern is what the names of temporary files have in common.
const tempPattern = ".signet-*.tmp"

// tempName gives a temporary name in the folder of path.
func tempName(path string) string {
	return filepath.Join(filepath.Dir(path), strings.Replace(tempPattern, "*", rand.Text(), 1))
}

// IsTemp reports whether a name is one of those that a crash can leave.
func IsTemp(name string) bool {
	ok, _ := filepath.Match(tempPattern, name)
	return ok
}

// writeTemp writes and syncs a new file in the folder of path and returns its name.
func writeTemp(path string, data []byte, perm os.FileMode) (string, error) {
	temp := tempName(path)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return "", fileError(path, err)
	}
	if err := fill(f, data); err != nil {
		os.Remove(temp)
		return "", fileError(path, err)
	}
	return temp, nil
}

// fill writes all of a new file, syncs and closes it.
func fill(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes the name of a file durable.
func syncFolder(path string) error { return SyncFolder(filepath.Dir(path)) }

// SyncFolder makes the names in a folder durable. Windows has no such call and needs none.
func SyncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return fileError(dir, err)
	}
	defer f.Close()
	// Some network file systems cannot sync a folder and say so with EINVAL.
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return fileError(dir, err)
	}
	return nil
}

// fileError names the file that the caller asked for instead of the temporary one.
func fileError(path string, err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		err = p.Err
	case errors.As(err, &l):
		err = l.Err
	}
	return fmt.Errorf("file %q: %w", path, err)
}
