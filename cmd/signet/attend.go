package main

import (
	"context"
	"errors"

	"signet/audit"
	"signet/backend/sqldb"
	"signet/ring"
)

// attend performs a verb on the database itself, if authority allows the function; the trail keeps
// what became of it. A database that is too broken to be asked is looked at all the same, because
// that is how its owner finds out.
func (a *app) attend(ctx context.Context, db *sqldb.DB, function string, do func() error) error {
	user, err := a.issuer()
	if err != nil {
		return err
	}
	account, err := a.accountID()
	if err != nil {
		return err
	}
	ran := false
	run := func() error { ran = true; return do() }
	m := ring.NewManager(ring.Config{Store: db, Issuer: user, Account: account, Host: a.host(), Now: a.now, Zone: a.zone})
	if err = ring.Found(ctx, db, account, a.now()); err == nil {
		err = m.Attend(ctx, ring.Act{Function: function}, run)
	}
	if ran || errors.Is(err, ring.ErrDenied) || function != checkDatabase {
		return err
	}
	return do()
}

// The functions on a database from outside its transactions.
const (
	backupDatabase  = "BACKUP"
	checkDatabase   = "CHECKDB"
	repairDatabase  = "REPAIRDB"
	replaceDatabase = "REPLACEDB"
	copyDatabase    = "COPYDB"
	restoreDatabase = "RESTOREDB"
	fillDatabase    = "POPULATEDB"
	resealDatabase  = "RESEAL"
)

// mayReplace asks whether the content of a database may be replaced. One that is not there, or
// cannot be opened any more, is nobody's.
func (a *app) mayReplace(ctx context.Context, t sqldb.Target, url string) error {
	db, err := t.Open(ctx, a.databaseOptions(url))
	if err != nil {
		return nil
	}
	defer db.Close()
	return a.attend(ctx, db, replaceDatabase, func() error { return nil })
}

// found gives a database that was made or filled its first SPECIAL user.
func (a *app) found(ctx context.Context, s ring.Store) error {
	account, err := a.accountID()
	if err != nil {
		return err
	}
	return ring.Found(ctx, s, account, a.now())
}

// foundTarget is found for a database that was filled, and has its trail say with what: it goes on
// where that of the origin was.
func (a *app) foundTarget(ctx context.Context, t sqldb.Target, url, function, origin string) error {
	db, err := t.Open(ctx, a.databaseOptions(url))
	if err != nil {
		return err
	}
	err = a.found(ctx, db)
	if err == nil {
		err = a.noteOrigin(ctx, db, function, origin)
	}
	return errors.Join(err, db.Close())
}

func (a *app) noteOrigin(ctx context.Context, db *sqldb.DB, function, origin string) error {
	user, err := a.issuer()
	if err != nil {
		return err
	}
	e := &audit.Event{ID: audit.NewID(), Time: a.now(), Issuer: user.Name(), Host: a.host(), Function: function, Object: origin,
		Decision: audit.Allowed, Outcome: audit.Done}
	if account, err := a.accountID(); err == nil && account != user {
		e.Account = account.Name()
	}
	encoded, err := audit.Encode(e)
	if err != nil {
		return err
	}
	return db.Note(ctx, encoded)
}
