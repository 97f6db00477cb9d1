package sqldb

import (
	"context"
	"errors"
	"fmt"

	"filippo.io/age"

	"signet/backend/seal"
	"signet/ring"
)

// Operator is the name of the recipient whose identity is in the stash file.
const Operator = "operator"

const (
	insertDataKey   = "INSERT INTO data_keys (generation, wrapped, link, created) VALUES ($1, $2, $3, $4)"
	insertRecipient = "INSERT INTO recipients (name, recipient, since, proof) VALUES ($1, $2, $3, $4)"
)

// recipientRow is a row of recipients.
type recipientRow struct {
	name, key string
	since     int64
	proof     []byte
}

// newRecipient gives a recipient with the proof that whoever put it there had the data key.
func newRecipient(key *seal.DataKey, uuid, name, publicKey string, since int64) (recipientRow, error) {
	proof, err := key.Seal(nil, seal.BindRecipient(uuid, name, publicKey, since))
	return recipientRow{name, publicKey, since, proof}, err
}

// proved reports whether somebody who had a data key of the database put the recipient there. One
// that somebody else has added to the table is never given a data key.
func (r recipientRow) proved(keys *seal.DataKeys, uuid string) bool {
	_, err := keys.Open(r.proof, seal.BindRecipient(uuid, r.name, r.key, r.since))
	return err == nil
}

// recipientRows gives the recipients by name.
func (t *tx) recipientRows() (all []recipientRow, err error) {
	err = t.each("SELECT name, recipient, since, proof FROM recipients ORDER BY name", nil, func(scan func(...any) error) error {
		var r recipientRow
		err := scan(&r.name, &r.key, &r.since, &r.proof)
		all = append(all, r)
		return err
	})
	return all, err
}

// provedKeys gives the public keys of the recipients that are proved.
func provedKeys(all []recipientRow, keys *seal.DataKeys, uuid string) (to []age.Recipient, err error) {
	for _, r := range all {
		if !r.proved(keys, uuid) {
			continue
		}
		key, err := seal.ParseRecipient(r.key)
		if err != nil {
			return nil, fmt.Errorf("recipient %q: %w", r.name, err)
		}
		to = append(to, key)
	}
	return to, nil
}

// Recipients gives all who can open the database: the operator and those in escrow. It needs the
// stash file.
func (db *DB) Recipients(ctx context.Context) (to []age.Recipient, err error) {
	err = db.View(ctx, func(x ring.Tx) (err error) {
		t := x.(*tx)
		keys, uuid, err := t.dataKeys()
		if err != nil {
			return err
		}
		all, err := t.recipientRows()
		if err != nil {
			return err
		}
		to, err = provedKeys(all, keys, uuid)
		return err
	})
	if err != nil || len(to) > 0 {
		return to, err
	}
	// The operator of a database that was made before it remembered recipients.
	identity, err := db.loadIdentity(db.passphrase)
	if err != nil {
		return nil, err
	}
	return []age.Recipient{identity.Recipient()}, nil
}

// checkRecipientName refuses what cannot be the name of an escrow recipient.
func checkRecipientName(name string) error {
	const longest = 32
	if name == Operator {
		return fmt.Errorf("recipient %q: that is the one whose identity is in the stash file; choose another name: %w", name, ring.ErrInvalid)
	}
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.') {
			return fmt.Errorf("recipient %q: a name has letters, digits, '-', '_' and '.': %w", name, ring.ErrInvalid)
		}
	}
	if name == "" || len(name) > longest {
		return fmt.Errorf("recipient %q: a name has 1 to %d characters: %w", name, longest, ring.ErrInvalid)
	}
	return nil
}

var errUnproved = errors.New("it was put into the database by somebody who did not have its data key")
