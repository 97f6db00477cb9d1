package sqldb

import (
	"context"
	"fmt"
	"sync"
)

// behind runs statements of a SQLite transaction on a goroutine of its own, in their order, while
// the transaction goes on: what a run of many functions has to write and nothing reads again is
// written while the next certificate is signed. A failure shows at the next statement, and at the
// latest before the transaction is committed.
type behind struct {
	jobs    chan job
	pending sync.WaitGroup
	conn    sync.Mutex // held while a statement runs that others may be beside

	mu     sync.Mutex
	failed error // the first failure; what came after it was not run
}

// job is a statement with how many rows it must change; below 0 for any number. Its arguments are
// made when its turn comes.
type job struct {
	statement *sqliteStatement
	args      func() ([]any, error)
	rows      int64
}

// maxBehind is how many statements wait at most.
const maxBehind = 64

func (b *behind) add(j job) {
	if b.jobs == nil {
		b.jobs = make(chan job, maxBehind)
		go b.work(b.jobs)
	}
	b.pending.Add(1)
	b.jobs <- j
}

func (b *behind) work(jobs <-chan job) {
	for j := range jobs {
		if b.failure() == nil {
			if err := b.run(j); err != nil {
				b.mu.Lock()
				b.failed = err
				b.mu.Unlock()
			}
		}
		b.pending.Done()
	}
}

func (b *behind) run(j job) error {
	args, err := j.args()
	if err != nil {
		return err
	}
	b.conn.Lock()
	defer b.conn.Unlock()
	n, err := j.statement.exec(context.Background(), args)
	if err == nil && j.rows >= 0 && n != j.rows {
		err = wrongRows(n, j.rows)
	}
	return err
}

// settle waits until nothing is behind.
func (b *behind) settle() error {
	b.pending.Wait()
	return b.failure()
}

func (b *behind) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}

// end waits, and ends the goroutine.
func (b *behind) end() {
	b.pending.Wait()
	if b.jobs != nil {
		close(b.jobs)
		b.jobs = nil
	}
}

func wrongRows(n, want int64) error {
	return fmt.Errorf("a statement changed %d rows and not %d", n, want)
}
