package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"

	"filippo.io/age"

	"signet/backend/seal"
	"signet/ring"
)

// keyCache keeps the unwrapped data keys of an open database. Opening a database needs none; the
// first private key does. Each transaction works with copies, so that a key which a reseal has
// destroyed can be cleared at once.
type keyCache struct {
	mu      sync.Mutex
	entries map[string]cachedKey // by the wrapped key
	asking  sync.Mutex           // one asks for the passphrase, the others wait for the answer
}

// cachedKey is an unwrapped data key; nil for one that the stash file does not open.
type cachedKey struct {
	generation uint32
	key        *seal.DataKey
}

// of gives copies of the data keys of rows, and the generations among them that nobody who had the
// one before has made. It reports whether all rows are known.
func (k *keyCache) of(uuid string, rows []dataKeyRow) (keys *seal.DataKeys, forged []uint32, known bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for wrapped, e := range k.entries {
		if e.generation < rows[0].generation { // destroyed by a reseal
			k.drop(wrapped)
		}
	}
	for _, r := range rows {
		if _, ok := k.entries[string(r.wrapped)]; !ok {
			return nil, nil, false
		}
	}
	var before *seal.DataKey
	var copies []*seal.DataKey
	newest := rows[len(rows)-1].generation
	for i, r := range rows {
		key := k.entries[string(r.wrapped)].key
		switch {
		case key == nil:
		case i > 0 && (before == nil || !before.Linked(key, uuid, r.link)):
			forged = append(forged, r.generation)
			continue // and so are those that are linked to it
		default:
			copies = append(copies, key.Clone())
		}
		before = key
	}
	return seal.NewDataKeys(newest, copies...), forged, true
}

// unwrap adds the data keys of rows.
func (k *keyCache) unwrap(rows []dataKeyRow, identity age.Identity) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	opened := map[string]cachedKey{}
	some := false
	for _, r := range rows {
		if e, ok := k.entries[string(r.wrapped)]; ok && e.key != nil {
			some = true
			continue
		}
		key, err := seal.UnwrapDataKey(r.generation, r.wrapped, identity)
		if err != nil && !errors.Is(err, seal.ErrIdentity) {
			return err
		}
		some = some || key != nil
		opened[string(r.wrapped)] = cachedKey{r.generation, key}
	}
	if !some {
		return seal.ErrIdentity
	}
	for wrapped, e := range opened {
		k.put(wrapped, e)
	}
	return nil
}

// seed adds data keys that are known from elsewhere.
func (k *keyCache) seed(wrapped []byte, key *seal.DataKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.put(string(wrapped), cachedKey{key.Generation(), key.Clone()})
}

// get gives a copy of a data key that is known, nil for one that is not.
func (k *keyCache) get(wrapped []byte) *seal.DataKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.entries[string(wrapped)]; e.key != nil {
		return e.key.Clone()
	}
	return nil
}

func (k *keyCache) put(wrapped string, e cachedKey) {
	if k.entries == nil {
		k.entries = map[string]cachedKey{}
	}
	k.entries[wrapped] = e
}

func (k *keyCache) drop(wrapped string) {
	if e := k.entries[wrapped]; e.key != nil {
		e.key.Clear()
	}
	delete(k.entries, wrapped)
}

func (k *keyCache) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for wrapped := range k.entries {
		k.drop(wrapped)
	}
}

// dataKeyRow is a row of data_keys.
type dataKeyRow struct {
	generation    uint32
	wrapped, link []byte
	created       int64
}

// dataKeyRows gives the UUID of the database and its wrapped data keys, oldest first.
func (t *tx) dataKeyRows() (uuid string, rows []dataKeyRow, err error) {
	if uuid, err = t.readUUID(); err != nil {
		return "", nil, err
	}
	err = t.each("SELECT generation, wrapped, link, created FROM data_keys WHERE generation > 0 ORDER BY generation", nil, func(scan func(...any) error) error {
		var r dataKeyRow
		var n int64
		if err := scan(&n, &r.wrapped, &r.link, &r.created); err != nil {
			return err
		}
		var err error
		if r.generation, err = generationOf(n); err != nil {
			return fmt.Errorf("database %q: damaged: %w", t.db.path, err)
		}
		rows = append(rows, r)
		return nil
	})
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("database %q: damaged: its data key is gone", t.db.path)
	}
	return uuid, rows, err
}

// generationOf reads the generation of a data key as tables hold it. Cut to its 32 bits, a larger
// number would be the name of another key.
func generationOf(n int64) (uint32, error) {
	if n <= 0 || n > math.MaxUint32 {
		return 0, fmt.Errorf("it has a data key of generation %d", n)
	}
	return uint32(n), nil
}

func (t *tx) readUUID() (uuid string, err error) {
	err = t.one("SELECT uuid FROM meta WHERE one = 1", nil, &uuid)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("database %q: damaged: its UUID is gone", t.db.path)
	}
	return uuid, err
}

// dataKeys gives the data keys of the database and its UUID. The wrapped keys are read in each
// transaction, because a reseal by another process may have replaced them before; it cannot
// during it.
func (t *tx) dataKeys() (*seal.DataKeys, string, error) {
	keys, uuid, forged, err := t.unwrapped()
	if err == nil && len(forged) > 0 {
		err = forgedError(t.db.path, forged[0])
	}
	return keys, uuid, err
}

func forgedError(database string, generation uint32) error {
	return fmt.Errorf("database %q: data key generation %d was put there by somebody who did not have the one before; "+
		"no private key is opened or sealed until it is gone: signet db check says how: %w", database, generation, ring.ErrRefused)
}

// dataKeysUnasked is dataKeys if nobody need be asked for them.
func (t *tx) dataKeysUnasked() (*seal.DataKeys, string, error) {
	before := t.locked
	keys, uuid, err := t.dataKeys()
	t.locked = before
	return keys, uuid, err
}

// unwrapped is dataKeys that leaves forged generations out and names them.
func (t *tx) unwrapped() (keys *seal.DataKeys, uuid string, forged []uint32, err error) {
	if t.opened != nil {
		return t.opened, t.uuid, t.forged, nil
	}
	uuid, rows, err := t.dataKeyRows()
	if err != nil {
		return nil, "", nil, err
	}
	keys, forged, known := t.db.keys.of(uuid, rows)
	if !known {
		identity, err := t.db.loadIdentity(nil)
		if errors.Is(err, seal.ErrProtected) {
			t.locked = true // the transaction ends, and is run again when the passphrase is known
		}
		if err == nil {
			err = t.db.unwrapWith(rows, identity)
		}
		if err != nil {
			return nil, "", nil, err
		}
		keys, forged, _ = t.db.keys.of(uuid, rows)
	}
	t.opened, t.uuid, t.forged = keys, uuid, forged
	return keys, uuid, forged, nil
}

// forget clears what a transaction knows of secrets when it has ended.
func (t *tx) forget() {
	if t.opened != nil {
		t.opened.Clear()
	}
	t.recall = recall{}
}

// loadIdentity reads the stash file.
func (db *DB) loadIdentity(ask seal.Passphrase) (*seal.Identity, error) {
	if db.stash == "" {
		return nil, noStash(db.path)
	}
	identity, err := seal.LoadStash(db.stash, ask)
	return identity, db.stashError(err)
}

// stashError names the database in what is wrong with its stash file.
func (db *DB) stashError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, seal.ErrPassphrase):
		return fmt.Errorf("database %q: %w: %w", db.path, err, ring.ErrRefused)
	case errors.Is(err, seal.ErrProtected):
		return fmt.Errorf("database %q: %w, and none was given: %w", db.path, err, ring.ErrRefused)
	}
	return fmt.Errorf("database %q: %w", db.path, err)
}

// unwrapWith unwraps the data keys of rows.
func (db *DB) unwrapWith(rows []dataKeyRow, identity *seal.Identity) error {
	err := db.keys.unwrap(rows, identity)
	switch {
	case errors.Is(err, seal.ErrIdentity):
		return fmt.Errorf("database %q: stash file %q is not the one of this database: %w", db.path, db.stash, err)
	case err != nil:
		return fmt.Errorf("database %q: %w", db.path, err)
	}
	return nil
}

// errLocked ends a transaction that needs a passphrase which nobody has been asked for.
var errLocked = errors.New("the data key is not open")

// maxUnlocks is how often a function is begun anew because a reseal has replaced the data key
// while the passphrase was asked for.
const maxUnlocks = 5

// unlocking runs a transaction, and when it meets a private key that a passphrase protects asks
// for that and runs it again: while somebody types nobody waits for a lock.
func (db *DB) unlocking(ctx context.Context, run func() error) error {
	for range maxUnlocks {
		if err := run(); !errors.Is(err, errLocked) {
			return err
		}
		if err := db.unlock(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("database %q: its data key was replaced %d times while the passphrase was asked for; nothing was changed; try again later", db.path, maxUnlocks)
}

// unlock opens the data keys, outside any transaction.
func (db *DB) unlock(ctx context.Context) error {
	db.keys.asking.Lock()
	defer db.keys.asking.Unlock()
	var uuid string
	var rows []dataKeyRow
	err := db.transact(ctx, true, func(x ring.Tx) (err error) {
		uuid, rows, err = x.(*tx).dataKeyRows()
		return err
	})
	if err != nil {
		return err
	}
	if keys, _, known := db.keys.of(uuid, rows); known { // somebody else was asked
		keys.Clear()
		return nil
	}
	identity, err := db.loadIdentity(db.passphrase)
	if err != nil {
		return err
	}
	return db.unwrapWith(rows, identity)
}

// Unlock asks for the passphrase of the stash file now, if one protects it, for those who cannot
// be asked later: a run that is one transaction.
func (db *DB) Unlock(ctx context.Context) error {
	if db.stash == "" {
		return nil
	}
	s, err := seal.ReadStash(db.stash)
	if err != nil {
		return nil // whoever needs it will say so
	}
	defer s.Clear()
	if !s.Protected() {
		return nil
	}
	return db.unlock(ctx)
}

func noStash(database string) error {
	return fmt.Errorf("database %q: no stash file is named, which opens its private keys; add stash=PATH to the URL, where PATH is a copy of the file that was made with the database", database)
}
