package sqldb

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// The table signet_commits keeps the marks of so many changes, and one change in so many clears
// away what is older.
const (
	marksKept  = 1000
	sweepEvery = 64
)

// commit makes the changes durable. When the connection is lost before the server answers, it
// finds out whether they became so.
func (x *postgresTx) commit(ctx context.Context, changed bool) error {
	// From here on the outcome would be in doubt: no more giving up because ctx ends.
	if err := ctx.Err(); err != nil {
		return x.engine.fail(err)
	}
	ctx = context.WithoutCancel(ctx)
	var mark [16]byte
	rand.Read(mark[:])
	statements := "COMMIT"
	if changed {
		statements = fmt.Sprintf(`INSERT INTO signet_commits (mark) VALUES ('\x%x'); %sCOMMIT`, mark, sweep(mark[0]))
	}
	answers, err := x.batch(ctx, statements)
	if err == nil {
		x.ended = true
		x.conn.Close()
		// The server answers a COMMIT of what has failed before with ROLLBACK.
		if last := len(answers) - 1; last < 0 || answers[last].CommandTag.String() != "COMMIT" {
			return fmt.Errorf("database %q: the server rolled the change back; nothing was changed", x.engine.db.path)
		}
		return nil
	}
	x.rollback()
	if !isLost(err) || !changed {
		return x.engine.fail(err)
	}
	return x.engine.settle(ctx, mark, err)
}

// sweep gives the statement that clears old marks away, or nothing.
func sweep(dice byte) string {
	if dice%sweepEvery != 0 {
		return ""
	}
	return fmt.Sprintf("DELETE FROM signet_commits WHERE id < (SELECT max(id) FROM signet_commits) - %d; ", marksKept)
}

// settle finds out what became of a change whose commit was not answered. The transaction held
// the lock of writers to its end: whoever gets the lock sees the outcome. That holds through a
// restart of the server, and through a change to a standby that has the change or has it not.
func (e *postgres) settle(ctx context.Context, mark [16]byte, cause error) error {
	end, pause := time.Now().Add(e.db.busy), 20*time.Millisecond
	for {
		kept, err := e.committed(ctx, mark)
		switch {
		case err == nil && kept:
			return nil
		case err == nil:
			return fmt.Errorf("database %q: %s before the change was durable; nothing was changed", e.db.path, lossWords(cause))
		case time.Now().Add(pause).After(end):
			return fmt.Errorf("database %q: %s while the change became durable, and for %v no other could be made to see whether it did: "+
				"the change is there or it is not, whole in either case; look before it is repeated", e.db.path, lossWords(cause), e.db.busy)
		}
		time.Sleep(pause)
		pause = min(2*pause, time.Second)
	}
}

// committed looks for a mark when no other writer is at work.
func (e *postgres) committed(ctx context.Context, mark [16]byte) (bool, error) {
	x, err := e.open(ctx, e.writer)
	if err != nil {
		return false, err
	}
	defer x.rollback()
	answers, err := x.batch(ctx, fmt.Sprintf(`SELECT count(*) FROM signet_commits WHERE mark = '\x%x'`, mark))
	if err != nil {
		return false, err
	}
	return string(answers[0].Rows[0][0]) == "1", nil
}
