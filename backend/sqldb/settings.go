package sqldb

import (
	"database/sql"
	"errors"

	"signet/ring"
)

// optional reads one row, and leaves dest alone when there is none.
func (t *tx) optional(query string, args []any, dest ...any) error {
	err := t.one(query, args, dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

func (t *tx) LabelHint(o ring.Owner) (int, error) {
	hint := 1
	err := t.optional("SELECT hint FROM label_hints WHERE owner = $1", []any{o}, &hint)
	return hint, err
}

func (t *tx) SetLabelHint(o ring.Owner, hint int) error {
	_, err := t.exec("INSERT INTO label_hints (owner, hint) VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET hint = excluded.hint", o, hint)
	return err
}

func (t *tx) Setting(name string) (string, error) {
	return recalled(&t.recall.settings, name, func() (value string, err error) {
		err = t.optional("SELECT value FROM settings WHERE name = $1", []any{name}, &value)
		return value, err
	})
}

func (t *tx) PutSetting(name, value string) error {
	if value == "" {
		_, err := t.exec("DELETE FROM settings WHERE name = $1", name)
		return err
	}
	_, err := t.exec("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}
