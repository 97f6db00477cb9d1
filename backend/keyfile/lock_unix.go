//go:build unix

package keyfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// How long a writer waits for another, and how often it looks.
const (
	lockWait = 10 * time.Second
	lockPoll = 5 * time.Millisecond
)

// lockFolder keeps other writers of signet out of a folder until the function it gives is
// called. The lock is on the folder itself: files come and go by renaming, and a file of its own
// would be left behind. Where the file system knows no locks, only the check before each write
// is left.
func lockFolder(ctx context.Context, name, dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fileError(name, err)
	}
	deadline := time.Now().Add(lockWait)
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { f.Close() }, nil
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return func() { f.Close() }, nil
		case time.Now().After(deadline):
			f.Close()
			return nil, fmt.Errorf("%s: locked by another process for %v; run the command again", name, lockWait)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}
