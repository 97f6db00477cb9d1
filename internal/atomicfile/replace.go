package atomicfile

import (
	"fmt"
	"os"
)

// Replace is Write for a file that exists: the new one has the mode, the owner and the group of
// the old one. Where the system does not let the owner be kept nothing is changed.
func Replace(path string, data []byte) error {
	target, err := resolve(path)
	if err != nil {
		return fileError(path, err)
	}
	old, err := os.Stat(target)
	if err != nil {
		return fileError(path, err)
	}
	s, err := Stage(target, data, 0o600)
	if err != nil {
		return err
	}
	defer s.Discard()
	if err := Like(s.temp, old); err != nil {
		return fileError(path, err)
	}
	return s.Commit()
}

// Like gives a new file the mode, the owner and the group of another, durably.
func Like(path string, other os.FileInfo) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := keepOwner(f, other); err != nil {
		return fmt.Errorf("its owner cannot be kept: %w; run the command as that user or as an administrator", err)
	}
	if err := f.Chmod(other.Mode().Perm()); err != nil {
		return err
	}
	return f.Sync()
}

// Link makes a symbolic link at path, in one step also where there is a file or a link already.
// SyncFolder makes it durable: where there are many, once for all of them.
func Link(target, path string) error {
	temp := tempName(path)
	if err := os.Symlink(target, temp); err != nil {
		return fileError(path, err)
	}
	if err := os.Rename(temp, path); err != nil {
		os.Remove(temp)
		return fileError(path, err)
	}
	return nil
}
