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
	run     func(query string) error // a statement without parameters, at once
	marks   []mark
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

// mark is a place to which the transaction may have to go back. It becomes a savepoint of SQLite
// when something behind it is written; before that, what waits behind it need only be dropped.
type mark struct {
	at  int // the place in batch
	set bool
}

// How many statements are given together, how many times that may wait, and how many statements
// wait for a function to end.
const (
	batchSize  = 24
	maxBatches = 4
	maxHeld    = 256
)

func (b *behind) add(j job) error {
	b.batch = append(b.batch, j)
	if len(b.batch) < batchSize {
		return nil
	}
	if b.unset() {
		if len(b.batch) < maxHeld {
			return nil
		}
		return b.settle(true)
	}
	b.give()
	return nil
}

// unset reports whether there is a mark that is no savepoint.
func (b *behind) unset() bool { return len(b.marks) > 0 && !b.marks[len(b.marks)-1].set }

func (b *behind) mark() { b.marks = append(b.marks, mark{at: len(b.batch)}) }

// release forgets the last mark.
func (b *behind) release(statement *sqliteStatement) error {
	last := b.marks[len(b.marks)-1]
	b.marks = b.marks[:len(b.marks)-1]
	if last.set {
		return b.add(job{statement, func() ([]any, error) { return nil, nil }, -1})
	}
	if len(b.batch) >= batchSize && !b.unset() {
		b.give()
	}
	return nil
}

// undo goes back to the last mark, and forgets it.
func (b *behind) undo() error {
	last := b.marks[len(b.marks)-1]
	b.marks = b.marks[:len(b.marks)-1]
	if !last.set {
		b.batch = b.batch[:last.at]
		return b.failure()
	}
	if err := b.settle(false); err != nil { // inner savepoints may wait to be released
		return err
	}
	if err := b.run("ROLLBACK TO SAVEPOINT attempt"); err != nil {
		return err
	}
	return b.run("RELEASE SAVEPOINT attempt")
}

// give hands over what there is.
func (b *behind) give() {
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
			if err := b.do(j); err != nil {
				b.mu.Lock()
				b.failed = err
				b.mu.Unlock()
			}
		}
		b.pending.Done()
	}
}

func (b *behind) do(j job) error {
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

// settle waits until nothing is behind; what was not given to the goroutine is done here. write says
// that the transaction goes on by writing.
func (b *behind) settle(write bool) error {
	b.pending.Wait()
	done := 0
	for i := range b.marks {
		m := &b.marks[i]
		if m.set {
			continue
		}
		b.here(b.batch[done:m.at])
		if done = m.at; !write && done == len(b.batch) {
			break
		}
		if b.failed == nil {
			b.failed = b.run("SAVEPOINT attempt")
		}
		m.set = true
	}
	b.here(b.batch[done:])
	b.batch = b.batch[:0]
	for i := range b.marks {
		b.marks[i].at = 0
	}
	return b.failed
}

// here does statements that were not given to the goroutine.
func (b *behind) here(jobs []job) {
	for _, j := range jobs {
		if b.failed != nil {
			return
		}
		b.failed = b.do(j)
	}
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
