package ring

import (
	"runtime"
	"sync"
)

// checks are the checks of signatures that go on while the functions of a transaction do. Nothing
// of the transaction is kept before all are done and none has failed.
type checks struct {
	batch   []func() error // given to a goroutine together, because to wake one costs something
	size    int            // of a batch
	running sync.WaitGroup
	room    chan struct{}

	mu     sync.Mutex
	failed error // the first failure
}

// checksTogether is how many checks of a long transaction a goroutine does.
const checksTogether = 4

func newChecks(size int) *checks {
	return &checks{size: size, room: make(chan struct{}, 4*runtime.GOMAXPROCS(0))}
}

// start has a check done, and waits when too many are not done yet. It reports a failure of an
// earlier one.
func (c *checks) start(check func() error) error {
	c.batch = append(c.batch, check)
	if len(c.batch) == c.size {
		c.give()
	}
	return c.failure()
}

func (c *checks) give() {
	batch := c.batch
	c.batch = nil
	c.room <- struct{}{}
	c.running.Go(func() {
		for _, check := range batch {
			if err := check(); err != nil {
				c.mu.Lock()
				if c.failed == nil {
					c.failed = err
				}
				c.mu.Unlock()
			}
		}
		<-c.room
	})
}

// wait ends when all checks have.
func (c *checks) wait() error {
	if len(c.batch) > 0 {
		c.give()
	}
	c.running.Wait()
	return c.failure()
}

func (c *checks) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// Settle waits for the checks of the signatures that functions of Atomic have made so far. Atomic
// itself does so before it keeps anything; a caller who shows something to others first calls it.
func (m *Manager) Settle() error {
	if m.checks == nil {
		return nil
	}
	return m.checks.wait()
}
