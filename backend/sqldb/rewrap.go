package sqldb

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"

	"signet/backend/backup"
	"signet/backend/seal"
	"signet/ring"
)

// rewrapped passes rows on to another place, with the data keys wrapped to those who are to open
// them there. Private keys stay sealed as they are.
type rewrapped struct {
	rows
	from origin
	now  time.Time

	// The operator of the other place, which has the escrow recipients of this one. Nil for a
	// backup, which opens with its own recipients and keeps the operator as it is.
	operator *age.X25519Recipient
	own      []age.Recipient

	uuid       string
	recipients []recipientRow
	keys       []dataKeyRow
	settled    bool
	made       []seeded
}

// seeded is a data key with what it was wrapped to.
type seeded struct {
	wrapped []byte
	key     *seal.DataKey
}

// row implements rows. Recipients and data keys wait for each other.
func (r *rewrapped) row(table int, values []backup.Value) error {
	switch table {
	case metaTable:
		r.uuid = string(values[1].Bytes)
	case recipientsTable:
		r.recipients = append(r.recipients, recipientRow{string(values[0].Bytes), string(values[1].Bytes), values[2].Number, bytes.Clone(values[3].Bytes)})
		return nil
	case dataKeysTable:
		generation, err := generationOf(values[0].Number)
		if err != nil {
			return fmt.Errorf("%s: %w: %w", r.from.name, err, ring.ErrInvalid)
		}
		r.keys = append(r.keys, dataKeyRow{generation, bytes.Clone(values[1].Bytes), bytes.Clone(values[2].Bytes), values[3].Number})
		return nil
	default:
		if err := r.settle(); err != nil {
			return err
		}
	}
	return r.rows.row(table, values)
}

// handle implements rows.
func (r *rewrapped) handle(table int, last int64) error {
	if err := r.settle(); err != nil {
		return err
	}
	return r.rows.handle(table, last)
}

// settle passes the recipients and the data keys on.
func (r *rewrapped) settle() error {
	if r.settled {
		return nil
	}
	r.settled = true
	if len(r.keys) == 0 {
		return fmt.Errorf("%s: its data key is gone: %w", r.from.name, ring.ErrInvalid)
	}
	var opened []*seal.DataKey
	for _, k := range r.keys {
		key, err := r.from.unwrap(k.generation, k.wrapped)
		if err != nil {
			return err
		}
		defer key.Clear()
		opened = append(opened, key)
	}
	newest := opened[len(opened)-1]
	all := seal.NewDataKeys(newest.Generation(), opened...)
	to := r.own
	if r.operator != nil {
		operator, err := newRecipient(newest, r.uuid, Operator, r.operator.String(), r.now.Unix())
		if err != nil {
			return err
		}
		r.recipients = slices.DeleteFunc(r.recipients, func(x recipientRow) bool { return x.name == Operator })
		r.recipients = append(r.recipients, operator)
		if to, err = provedKeys(r.recipients, all, r.uuid); err != nil {
			return err
		}
	}
	for _, x := range r.recipients {
		values := []backup.Value{{Bytes: []byte(x.name)}, {Bytes: []byte(x.key)}, {Number: x.since}, {Bytes: x.proof}}
		if err := r.rows.row(recipientsTable, values); err != nil {
			return err
		}
	}
	for i, k := range r.keys {
		wrapped, err := opened[i].Wrap(to...)
		if err != nil {
			return err
		}
		r.made = append(r.made, seeded{wrapped, opened[i].Clone()})
		values := []backup.Value{{Number: int64(k.generation)}, {Bytes: wrapped}, {Bytes: k.link}, {Number: k.created}}
		if err := r.rows.row(dataKeysTable, values); err != nil {
			return err
		}
	}
	return nil
}

// clear overwrites the data keys.
func (r *rewrapped) clear() {
	for _, m := range r.made {
		m.key.Clear()
	}
}
