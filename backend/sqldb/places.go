package sqldb

import "strings"

// CheckpointPath is where the latest checkpoint of the trail is kept beside the database, or beside
// its stash file when it is on a server; empty where there is no such place.
func (db *DB) CheckpointPath() string {
	switch _, file := db.engine.(*sqliteEngine); {
	case file:
		return strings.TrimSuffix(db.path, ".db") + ".checkpoint"
	case db.stash != "":
		return strings.TrimSuffix(db.stash, ".stash") + ".checkpoint"
	}
	return ""
}

// NotesPath is where the events are that wait for the trail of a SQLite database.
func NotesPath(path string) string { return path + "-events" }

// Files gives the files of the database, which nothing else may be written over: what each is, by
// its path.
func (db *DB) Files() map[string]string {
	const part = "a part of the database"
	files := map[string]string{}
	if _, file := db.engine.(*sqliteEngine); file {
		files[db.path] = "the database"
		for _, suffix := range []string{"-wal", "-shm", "-events", "-events-journal"} {
			files[db.path+suffix] = part
		}
	}
	if db.stash != "" {
		files[db.stash] = "the stash file of the database"
	}
	if c := db.CheckpointPath(); c != "" {
		files[c] = "the checkpoint of the database's audit trail"
	}
	return files
}
