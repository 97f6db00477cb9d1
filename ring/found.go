package ring

import (
	"context"
	"time"

	"signet/audit"
	"signet/saf"
)

// settingFounder names the user who was made SPECIAL because nobody was.
const settingFounder = "founder"

// Found gives a database its first SPECIAL user: the account that opens it first. One that has a
// SPECIAL user, or had its first one once, is left alone. Stores of one ring have no users.
func Found(ctx context.Context, s Store, account Owner, now time.Time) error {
	var founder string
	err := s.View(ctx, func(tx Tx) (err error) {
		founder, err = tx.Setting(settingFounder)
		return err
	})
	if err != nil || founder != "" {
		return err
	}
	return s.Update(ctx, func(tx Tx) error {
		if founder, err := tx.Setting(settingFounder); err != nil || founder != "" {
			return err // another process was faster
		}
		r := &recordingTx{Tx: tx}
		first := account.Name()
		for u, err := range tx.Users() {
			if err != nil {
				return err
			}
			if u.Special && !u.Revoked {
				first = u.ID
			}
		}
		if first == account.Name() {
			u, err := tx.User(first)
			if none, err := isFree(err); err != nil {
				return err
			} else if none {
				u = &saf.User{ID: first, Owner: first, Created: now, CreatedBy: first}
			}
			u.Special, u.Revoked, u.Changed = true, false, now
			if err := r.PutUser(u); err != nil {
				return err
			}
		}
		if err := r.PutSetting(settingFounder, first); err != nil {
			return err
		}
		e, err := encodeEvent(&audit.Event{ID: audit.NewID(), Time: now, Issuer: account.Name(), Function: "FOUND", Object: first,
			Decision: audit.Allowed, Why: "the database had no SPECIAL user", Outcome: audit.Done, Changes: r.changes})
		if err != nil {
			return err
		}
		return tx.PutEvent(e)
	})
}
