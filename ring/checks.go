package ring

import (
	"runtime"
	"sync"
)

// checks are the checks of signatures that go on while the functions of a transaction do. Nothing
// of the transaction is kept before all are done and none has failed.
type checks struct {
	running sync.WaitGroup
	room    chan struct{}

	mu     sync.Mutex
	failed error // the first failure
}

func newChecks() *checks { return &checks{room: make(chan struct{}, 8*runtime.GOMAXPROCS(0))} }

// start begins a check, or waits until there is room for one more. It reports a failure of an
// earlier one.
func (c *checks) start(check func() error) error {
	c.room <- struct{}{}
	c.running.Go(func() {
		err := check()
		<-c.room
		if err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.failed == nil {
				c.failed = err
			}
		}
	})
	return c.failure()
}

// wait ends when all checks have.
func (c *checks) wait() error {
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
