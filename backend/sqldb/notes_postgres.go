package sqldb

import (
	"context"
	"fmt"
)

// note adds an event in a transaction of its own, in one message. It takes no lock that a writer holds and does
// not wait for the server's disk. Sent twice over a connection that was lost, it counts once.
func (e *postgres) note(ctx context.Context, n note) error {
	// The ID is hexadecimal digits.
	x, err := e.open(ctx, fmt.Sprintf("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = off;"+
		`INSERT INTO signet_notes (event, body) VALUES ('%s', '\x%x') ON CONFLICT DO NOTHING; COMMIT`, n.event, n.body))
	if err != nil {
		return fmt.Errorf("%w; what is not recorded is not done", err)
	}
	x.ended = true
	return x.conn.Close()
}

// notes gives those that wait, which are gone when the transaction is committed. A note that comes
// meanwhile is not seen, whatever its place.
func (e *postgres) notes(t *tx, limit int) (found []note, err error) {
	err = t.each("SELECT place, event, body FROM signet_notes WHERE place > $1 ORDER BY place LIMIT $2", []any{0, limit}, func(scan func(...any) error) error {
		var n note
		err := scan(&n.place, &n.event, &n.body)
		found = append(found, n)
		return err
	})
	if err != nil || len(found) == 0 || t.readOnly {
		return found, err
	}
	_, err = t.exec("DELETE FROM signet_notes WHERE place <= $1", found[len(found)-1].place)
	return found, err
}

// forget has nothing to do: the transaction removed them.
func (*postgres) forget(context.Context, int64) {}

func (*postgres) close() error { return nil }
