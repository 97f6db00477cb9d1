//go:build unix

package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// Socket is a Unix socket that a server listens on.
type Socket struct {
	net.Listener
	path string
	lock *os.File
	made fs.FileInfo
}

// maxSocketPath is the longest path of a Unix socket on Linux (unix(7)), less the byte that ends it
// and the two that its name has more while it is made.
const maxSocketPath = 105

// ListenUnix makes a Unix socket. Every account may connect, or, when gid is not negative, the
// members of a group. A lock beside it, which ends with the process, tells a server that runs from
// one that is gone, whose socket is replaced.
func ListenUnix(path string, gid int) (*Socket, error) {
	path, err := socketPath(path)
	if err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("socket %s: its lock: %w", path, err)
	}
	s := &Socket{path: path, lock: lock}
	if err := s.listen(gid); err != nil {
		return nil, errors.Join(fmt.Errorf("socket %s: %w", path, err), lock.Close())
	}
	return s, nil
}

func (s *Socket) listen(gid int) error {
	if err := syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.New("another server listens on it")
	}
	if err := checkFree(s.path); err != nil {
		return err
	}
	// It gets its name when it has its permissions, in place of one that is left.
	draft := filepath.Join(filepath.Dir(s.path), "."+filepath.Base(s.path)+"~")
	if err := os.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: draft, Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	s.Listener = l
	if err := s.publish(draft, gid); err != nil {
		return errors.Join(err, l.Close(), os.Remove(draft))
	}
	return nil
}

// checkFree refuses a path where something else is than the socket of a server that is gone.
func checkFree(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("there is something else of that name")
	}
	if c, err := net.Dial("unix", path); err == nil { // one that keeps no lock
		c.Close()
		return errors.New("another program listens on it")
	}
	return nil
}

func (s *Socket) publish(draft string, gid int) (err error) {
	mode := fs.FileMode(0o666)
	if gid >= 0 {
		mode = 0o660
		if err := os.Lchown(draft, -1, gid); err != nil {
			return err
		}
	}
	if err := os.Chmod(draft, mode); err != nil {
		return err
	}
	if s.made, err = os.Lstat(draft); err != nil {
		return err
	}
	return os.Rename(draft, s.path)
}

// Close removes the socket, if it is still this one, and lets the lock go.
func (s *Socket) Close() error {
	err := s.Listener.Close()
	if now, e := os.Lstat(s.path); e == nil && os.SameFile(now, s.made) {
		err = errors.Join(err, os.Remove(s.path))
	}
	return errors.Join(err, s.lock.Close())
}

// Path is where the socket is.
func (s *Socket) Path() string { return s.path }

// socketPath settles where a socket is to be. Its folders must be such that nobody but their
// owner and root can put another socket in its place, which would be asked instead of the server.
func socketPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return "", fmt.Errorf("socket %s: %w; make its folder first", path, err)
	}
	abs = filepath.Join(dir, filepath.Base(abs))
	if len(abs) > maxSocketPath {
		return "", fmt.Errorf("socket %s: its path is longer than %d bytes", abs, maxSocketPath)
	}
	for inner := true; ; inner, dir = false, filepath.Dir(dir) {
		info, err := os.Lstat(dir)
		if err != nil {
			return "", err
		}
		shared := info.Mode().Perm()&0o022 != 0
		owner := info.Sys().(*syscall.Stat_t).Uid
		switch {
		case owner != 0 && int(owner) != os.Geteuid():
			return "", fmt.Errorf("socket %s: folder %s belongs to another user, who could put another socket there", abs, dir)
		case shared && (inner || info.Mode()&fs.ModeSticky == 0):
			return "", fmt.Errorf("socket %s: others may write to folder %s and could put another socket there; chmod go-w %s", abs, dir, dir)
		}
		if dir == filepath.Dir(dir) {
			return abs, nil
		}
	}
}
