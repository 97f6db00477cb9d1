package sqldb

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// fail names the database in a failure of the engine, and says in words what SQLite gives a
// number for. None of these is a class of package ring: the system failed, not the request.
func (e *sqliteEngine) fail(err error) error {
	db := e.db
	switch primary(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return fmt.Errorf("database %q: locked by another process for %v", db.path, db.busy)
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("database %q: not a signet database, or the beginning of the file is damaged", db.path)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("database %q: damaged; restore it from a copy: %w", db.path, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("database %q: no space left on its disk; nothing was changed", db.path)
	case sqlite3.SQLITE_READONLY:
		return fmt.Errorf("database %q: the file or its folder may only be read; nothing was changed", db.path)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("database %q: no authority to use the file, or to make its log files in the same folder", db.path)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("database %q: %w", db.path, err)
}

// isBusy reports whether another process was in the way.
func isBusy(err error) bool { return primary(err) == sqlite3.SQLITE_BUSY }

// primary gives SQLite's primary result code of an error, zero when it is not SQLite's.
func primary(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}
