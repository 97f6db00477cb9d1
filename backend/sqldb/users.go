package sqldb

import (
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"signet/ring"
	"signet/saf"
)

// userColumns are what scanUser takes after the id, in its order.
const userColumns = "user_id, name, owner, default_group, data, special, operations, auditor, revoked, restricted, created, changed, created_by"

// scanUser reads userColumns, and before them what else the query selects.
func scanUser(scan func(...any) error, before ...any) (*saf.User, error) {
	u := new(saf.User)
	var created, changed int64
	err := scan(append(before, &u.ID, &u.Name, &u.Owner, &u.DefaultGroup, &u.Data, &u.Special, &u.Operations, &u.Auditor, &u.Revoked, &u.Restricted,
		&created, &changed, &u.CreatedBy)...)
	u.Created, u.Changed = seconds(created), seconds(changed)
	return u, err
}

func (t *tx) User(id string) (*saf.User, error) {
	return recalledRow(&t.recall.users, id, func() (*saf.User, error) {
		u, err := scanUser(func(dest ...any) error {
			return t.one("SELECT "+userColumns+" FROM users WHERE user_id = $1", []any{id}, dest...)
		})
		return u, missing(err, userName(id))
	}, func() error { return notFound(userName(id)) })
}

func (t *tx) Users() iter.Seq2[*saf.User, error] {
	const query = "SELECT " + userColumns + " FROM users WHERE user_id > $1 AND id <= $2 ORDER BY user_id LIMIT $3"
	return sequence(t, users, "", func(after string, bound int64, limit int) (page []entry[string, *saf.User], err error) {
		err = t.each(query, []any{after, bound, limit}, func(scan func(...any) error) error {
			u, err := scanUser(scan)
			page = append(page, entry[string, *saf.User]{u.ID, u})
			return err
		})
		return page, err
	})
}

func (t *tx) PutUser(u *saf.User) error {
	if u.ID == "" {
		return fmt.Errorf("user: the ID is empty: %w", ring.ErrInvalid)
	}
	return t.put(users,
		"INSERT INTO users ("+userColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING RETURNING id",
		"UPDATE users SET name = $2, owner = $3, default_group = $4, data = $5, special = $6, operations = $7, auditor = $8, revoked = $9,"+
			" restricted = $10, created = $11, changed = $12, created_by = $13 WHERE user_id = $1",
		u.ID, u.Name, u.Owner, u.DefaultGroup, u.Data, bit(u.Special), bit(u.Operations), bit(u.Auditor), bit(u.Revoked), bit(u.Restricted),
		u.Created.Unix(), u.Changed.Unix(), u.CreatedBy)
}

// put adds a row, or changes the one that is there where it is.
func (t *tx) put(in table, insert, update string, values ...any) error {
	var id int64
	err := t.insert(in, insert, values, &id)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = t.exec(update, values...)
	}
	return err
}

func (t *tx) DeleteUser(id string) error {
	return t.execOne(userName(id), "DELETE FROM users WHERE user_id = $1", id)
}

func userName(id string) name { return name("user " + id) }
