package sqldb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"signet/internal/atomicfile"
	"signet/ring"
)

// locate makes a path absolute and follows symbolic links, so that every name of a database
// leads to the same stash file and the same log.
//
// Nothing here may open the database file, not even to look at it: closing a file drops all
// POSIX locks that the process has on it, those of SQLite too (sqlite.org/howtocorrupt.html 2.2).
func locate(path string) (string, error) {
	if path == "" {
		return "", errors.New("database: the path is empty")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("database %q: %w", path, err)
	}
	real, err := filepath.EvalSymlinks(abs)
	switch {
	case err == nil:
		return real, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", fileError(path, err)
	}
	// Anything else that is there now was made by another process a moment ago.
	if info, err := os.Lstat(abs); err == nil && info.Mode().Type() == fs.ModeSymlink {
		return "", fmt.Errorf("database %q: a symbolic link to a file that is not there: %w", path, ring.ErrNotFound)
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		abs = filepath.Join(dir, filepath.Base(abs))
	}
	return abs, nil
}

// ensureFile checks that there is a file, or makes an empty one that only its owner can use:
// SQLite would make it with the umask's mode. It gives its log files the mode of the database.
func (db *DB) ensureFile(create bool) error {
	info, err := os.Stat(db.path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("database %q: a folder, not a file", db.path)
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("database %q: not a regular file", db.path)
	case err == nil && info.Size() == 1:
		// SQLite takes a file of one byte for an empty one, and would write over it.
		return fmt.Errorf("database %q: not a signet database", db.path)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fileError(db.path, err)
	case !create:
		return fmt.Errorf("database %q: %w", db.path, ring.ErrNotFound)
	}
	for _, dir := range []string{filepath.Dir(db.path), filepath.Dir(db.stash)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fileError(db.path, err)
		}
	}
	// The stash first: an unusable one must not leave an empty database behind.
	if err := db.ensureOperator(); err != nil {
		return err
	}
	if err := atomicfile.Create(db.path, nil, 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("database %w", err)
	}
	return nil
}

// fileError says what is wrong with a file, with its name once.
func fileError(path string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("database %q: %s: %w", path, p.Path, p.Err)
	}
	return fmt.Errorf("database %q: %w", path, err)
}
