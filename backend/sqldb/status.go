package sqldb

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"signet/ring"
)

// Status is what there is to say about a database as a whole.
type Status struct {
	Engine  string
	Server  string // the version of the engine
	Name    string
	UUID    string
	Schema  int
	Size    int64            // bytes on disk
	Rows    map[string]int64 // of each table
	Owners  map[string]int64 // certificates of CERTAUTH, SITE and all users
	Sealed  int64            // private keys in the database
	InToken int64            // private keys in tokens
	Oldest  time.Time        // the first certificate to expire; zero when there is none
	Newest  time.Time        // the last
	Stash   string
	Opens   bool   // the stash file opens the data key
	Problem string // why not

	// Protected says that a passphrase protects the stash file. When nobody has given it, it is
	// not known whether the file opens the data key, and Problem is empty.
	Protected bool
}

// SchemaVersion is the schema version that this program works with.
const SchemaVersion = schemaVersion

// Status counts what is in the database at one moment.
func (db *DB) Status(ctx context.Context) (Status, error) {
	s := Status{Engine: db.engine.name(), Name: db.path, Schema: schemaVersion, Stash: db.stash}
	err := db.View(ctx, func(x ring.Tx) error { return x.(*tx).status(&s) })
	if err != nil {
		return s, err
	}
	s.Opens, s.Protected, err = db.stashOpens(ctx)
	if err != nil {
		s.Problem = err.Error()
	}
	return s, ctx.Err()
}

func (t *tx) status(s *Status) (err error) {
	if s.UUID, err = t.readUUID(); err != nil {
		return err
	}
	s.Rows, s.Owners = map[string]int64{}, map[string]int64{}
	for _, c := range contents[metaTable+1:] {
		var n int64
		if err := t.one("SELECT count(*) FROM "+c.Name, nil, &n); err != nil {
			return err
		}
		s.Rows[c.Name] = n
	}
	for _, owner := range []ring.Owner{ring.CertAuth, ring.Site} {
		var n int64
		if err := t.one("SELECT count(*) FROM certificates WHERE owner = $1", []any{owner}, &n); err != nil {
			return err
		}
		s.Owners[owner.String()] = n
	}
	s.Owners["users"] = s.Rows["certificates"] - s.Owners["CERTAUTH"] - s.Owners["SITE"]
	s.Sealed = s.Rows["private_keys"]
	if err := t.one("SELECT count(*) FROM certificates WHERE key_ref <> '' AND key_ref <> 'store'", nil, &s.InToken); err != nil {
		return err
	}
	if s.Rows["certificates"] > 0 {
		var oldest, newest int64
		if err := t.one("SELECT min(not_after), max(not_after) FROM certificates", nil, &oldest, &newest); err != nil {
			return err
		}
		s.Oldest, s.Newest = seconds(oldest), seconds(newest)
	}
	if s.Server, err = t.text(t.db.engine.versionQuery()); err != nil {
		return err
	}
	s.Size, err = t.db.engine.size(t)
	return err
}

func (t *tx) text(query string) (s string, err error) {
	err = t.one(query, nil, &s)
	return s, err
}

func (*sqliteEngine) versionQuery() string { return "SELECT sqlite_version()" }
func (*postgres) versionQuery() string     { return "SELECT current_setting('server_version')" }

// size counts the log too, which belongs to the database.
func (e *sqliteEngine) size(*tx) (total int64, err error) {
	for _, path := range []string{e.db.path, e.db.path + "-wal"} {
		info, err := os.Stat(path)
		switch {
		case err == nil:
			total += info.Size()
		case !errors.Is(err, fs.ErrNotExist):
			return 0, fileError(e.db.path, err)
		}
	}
	return total, nil
}

func (*postgres) size(t *tx) (total int64, err error) {
	for _, c := range contents {
		var n int64
		if err := t.one("SELECT pg_total_relation_size('"+c.Name+"'::regclass)", nil, &n); err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}
