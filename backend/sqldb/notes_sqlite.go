package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"signet/audit"
	"signet/internal/atomicfile"
	"signet/ring"
)

// notesFile is a second SQLite file beside the database, which has a writer's lock of its own. Its
// commits wait for no disk: a note that a power failure takes was recorded as well as the screen
// that it was about. Until they are in the trail, notes are as safe as the file.
type notesFile struct {
	mu   sync.Mutex
	pool *sql.DB // nil until the first use
}

// openNotes gives the pool of the file. Where there is none it makes one, or gives nil when it is
// not wanted.
func (e *sqliteEngine) openNotes(create bool) (*sql.DB, error) {
	n := &e.notesFile
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.pool != nil {
		return n.pool, nil
	}
	path := NotesPath(e.db.path)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if !create {
			return nil, nil
		}
		if err := e.createNotes(path); err != nil {
			return nil, err
		}
	}
	options := url.Values{"mode": {"rw"}, "_busy_timeout": {fmt.Sprint(e.db.busy.Milliseconds())}, "_synchronous": {"OFF"},
		"_txlock": {"immediate"}, "_dqs": {"0"}, "_error_rc": {"1"}}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: options.Encode()}
	connector, err := sqlite.NewConnector(u.String())
	if err != nil {
		return nil, e.failNotes(err)
	}
	n.pool = sql.OpenDB(connector)
	n.pool.SetMaxOpenConns(1)
	return n.pool, nil
}

// createNotes makes the file with the mode and the owner of the database, as SQLite makes its log.
func (e *sqliteEngine) createNotes(path string) error {
	like, err := os.Stat(e.db.path)
	if err != nil {
		return fileError(e.db.path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = atomicfile.Like(path, like)
	}
	if err != nil {
		return fmt.Errorf("%w; what is not recorded is not done", fileError(e.db.path, err))
	}
	return nil
}

// notesTable makes the table of the file. Places go on from the time, so that those of one file
// are never those of another that was there before.
const notesTable = "CREATE TABLE IF NOT EXISTS notes (place INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL UNIQUE, body BLOB NOT NULL) STRICT;" +
	"INSERT INTO sqlite_sequence (name, seq) SELECT 'notes', %d WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'notes')"

func (e *sqliteEngine) note(ctx context.Context, n note) error {
	err := e.tryNote(ctx, n)
	if isDamaged(err) {
		// Whoever has the database to write in puts the file aside, and says so in the trail.
		if err := e.db.TakeNotes(ctx); err != nil {
			return err
		}
		err = e.tryNote(ctx, n)
	}
	return e.failNotes(err)
}

func (e *sqliteEngine) tryNote(ctx context.Context, n note) error {
	pool, err := e.openNotes(true)
	if err != nil {
		return err
	}
	const insert = "INSERT INTO notes (event, body) VALUES (?1, ?2) ON CONFLICT (event) DO NOTHING"
	_, err = pool.ExecContext(ctx, insert, n.event, n.body)
	if primary(err) != sqlite3.SQLITE_ERROR {
		return err
	}
	// The table is not there yet.
	x, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer x.Rollback()
	if _, err := x.ExecContext(ctx, fmt.Sprintf(notesTable, time.Now().UnixMicro())); err != nil {
		return err
	}
	if _, err := x.ExecContext(ctx, insert, n.event, n.body); err != nil {
		return err
	}
	return x.Commit()
}

func (e *sqliteEngine) notes(t *tx, limit int) ([]note, error) {
	found, err := e.readNotes(t.ctx, limit)
	if !isDamaged(err) {
		return found, e.failNotes(err)
	}
	lost, err := e.lostNotes(!t.readOnly)
	if err != nil {
		return nil, err
	}
	return []note{lost}, nil
}

func (e *sqliteEngine) readNotes(ctx context.Context, limit int) (found []note, err error) {
	pool, err := e.openNotes(false)
	if err != nil || pool == nil {
		return nil, err
	}
	rows, err := pool.QueryContext(ctx, "SELECT place, event, body FROM notes ORDER BY place LIMIT ?1", limit)
	if primary(err) == sqlite3.SQLITE_ERROR {
		return nil, nil // no table yet
	}
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n note
		if err := rows.Scan(&n.place, &n.event, &n.body); err != nil {
			return nil, err
		}
		found = append(found, n)
	}
	return found, rows.Err()
}

// lostNotes is the note that the file was damaged, as by a power failure. A writer, of which there
// is one at a time, puts the file aside first.
func (e *sqliteEngine) lostNotes(aside bool) (note, error) {
	path := NotesPath(e.db.path)
	kept := fmt.Sprintf("%s.damaged-%s", path, time.Now().UTC().Format("20060102T150405"))
	if aside {
		_ = e.closeNotes() // a damaged file: nothing of it is written any more
		if err := os.Rename(path, kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return note{}, fileError(e.db.path, err)
		}
		os.Remove(path + "-journal") // which would be taken for the next file's
	}
	lost := &audit.Event{ID: audit.NewID(), Time: time.Now(), Function: trailFunction, Object: filepath.Base(kept), Outcome: audit.Failed, Code: int(ring.Failed),
		Why: "the file of the events that waited for the trail was damaged, and those of functions that changed nothing may be lost; it was put aside under this name"}
	encoded, err := audit.Encode(lost)
	return note{event: lost.ID, body: encoded.Body()}, err
}

func (e *sqliteEngine) forget(_ context.Context, taken int64) {
	if taken == 0 {
		return
	}
	if pool, err := e.openNotes(false); err == nil && pool != nil {
		// What this leaves behind is known by its ID when it comes again.
		_, _ = pool.ExecContext(context.Background(), "DELETE FROM notes WHERE place <= ?1", taken)
	}
}

func (e *sqliteEngine) closeNotes() error {
	n := &e.notesFile
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.pool == nil {
		return nil
	}
	err := n.pool.Close()
	n.pool = nil
	return err
}

func (e *sqliteEngine) close() error { return e.failNotes(e.closeNotes()) }

// isDamaged reports whether a file is no sound SQLite file.
func isDamaged(err error) bool {
	code := primary(err)
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}

// failNotes is fail for the file of the notes.
func (e *sqliteEngine) failNotes(err error) error {
	var s *sqlite.Error
	if !errors.As(err, &s) {
		return err
	}
	named := &sqliteEngine{db: &DB{path: NotesPath(e.db.path), busy: e.db.busy}}
	return fmt.Errorf("%w; what is not recorded is not done", named.fail(err))
}
