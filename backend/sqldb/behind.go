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
	batch   []job // given to the goroutine together, because to wake it costs as much as a statement
	batches chan []job
	pending sync.WaitGroup
	conn    sync.Mutex // held while a statement runs that others may be beside
	next    sync.Mutex // held while waiting for conn: without it who has conn would get it again and again

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

// How many statements are given together, and how many times that may wait.
const (
	batchSize  = 24
	maxBatches = 4
)

func (b *behind) add(j job) {
	b.batch = append(b.batch, j)
	if len(b.batch) == batchSize {
		b.give()
	}
}

// give hands over what there is.
func (b *behind) give() {
	if len(b.batch) == 0 {
		return
	}
	if b.batches == nil {
		b.batches = make(chan []job, maxBatches)
		go b.work(b.batches)
	}
	b.pending.Add(1)
	b.batches <- b.batch
	b.batch = make([]job, 0, batchSize)
}

func (b *behind) work(batches <-chan []job) {
	for batch := range batches {
		for _, j := range batch {
			if b.failure() != nil {
				break
			}
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
	b.lock()
	defer b.conn.Unlock()
	n, err := j.statement.exec(context.Background(), args)
	if err == nil && j.rows >= 0 && n != j.rows {
		err = wrongRows(n, j.rows)
	}
	return err
}

// lock takes the connection, in turn.
func (b *behind) lock() {
	b.next.Lock()
	b.conn.Lock()
	b.next.Unlock()
}

// settle waits until nothing is behind. What was not given to the goroutine is done here.
func (b *behind) settle() error {
	b.pending.Wait()
	for _, j := range b.batch {
		if b.failed != nil {
			break
		}
		b.failed = b.run(j)
	}
	b.batch = b.batch[:0]
	return b.failed
}

func (b *behind) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}

// end waits, and ends the goroutine. What was not given to it is not done.
func (b *behind) end() {
	b.pending.Wait()
	b.batch = nil
	if b.batches != nil {
		close(b.batches)
		b.batches = nil
	}
}

func wrongRows(n, want int64) error {
	return fmt.Errorf("a statement changed %d rows and not %d", n, want)
}
