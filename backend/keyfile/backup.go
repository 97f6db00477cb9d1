package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"signet/internal/atomicfile"
	"signet/ring"
)

// backup keeps the files of the folder as they were before the first change of this run, in a
// folder beside it. A backup that is there already is replaced.
func (f *folder) backup(was folderState) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.backed || f.kept || len(was) == 0 {
		return nil
	}
	dir := strings.TrimRight(f.dir, string(filepath.Separator)) + backupSuffix
	info, err := os.Stat(f.dir)
	if err != nil {
		return err
	}
	switch err := os.Mkdir(dir, 0o700); {
	case err == nil:
		if err := atomicfile.Like(dir, info); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	if err := clearBackup(dir); err != nil {
		return err
	}
	for name, file := range was {
		path := filepath.Join(dir, name)
		if err := atomicfile.Write(path, file.data, 0o600); err != nil {
			return err
		}
		if err := atomicfile.Like(path, file.info); err != nil {
			return err
		}
	}
	f.kept = true
	return nil
}

// clearBackup removes an older backup. A folder that holds anything else is none.
func clearBackup(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, ext, ok := split(e.Name()); !e.Type().IsRegular() || !ok && ext != keyFile {
			return fmt.Errorf("backup folder %q: it holds %q, which no backup does: %w; move it away", dir, e.Name(), ring.ErrExists)
		}
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
