//go:build unix

package keyfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"signet/ring"
)

// lockPoll is how often a writer looks whether it can go on.
const lockPoll = 5 * time.Millisecond

// lockFolder keeps other writers of signet out of a folder until the function it gives is
// called. The lock is on the folder itself: files come and go by renaming, and a file of its own
// would be left behind. Where the file system knows no locks, only the check before each write
// is left.
func lockFolder(ctx context.Context, wait time.Duration, name, dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fileError(name, err)
	}
	deadline := time.Now().Add(wait)
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
			return nil, fmt.Errorf("%s: another process has been changing it for %v: %w; run the command again when it is done", name, wait, ring.ErrRefused)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}
