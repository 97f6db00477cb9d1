package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
)

// Check says why Write would not put a file at path, as far as that shows without writing: the
// folder is not there, or something is in the way that a file must not replace.
func Check(path string) error {
	target, err := resolve(path)
	if err != nil {
		return fileError(path, err)
	}
	switch info, err := os.Stat(filepath.Dir(target)); {
	case err != nil:
		return fileError(path, err)
	case !info.IsDir():
		return fileError(path, errors.New("its folder is a file"))
	}
	return nil
}
