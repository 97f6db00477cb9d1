package ring

import (
	"context"
	"errors"
	"iter"
)

// DelUser asks for users to be deleted.
type DelUser struct{ IDs []string }

// DelUser removes users with their group connections, certificates, rings and name filters
// (racdcert-rings.md A1), and says what went with them. One that is not defined is a warning.
// Access lists and the owner fields of other profiles keep the name, as they do on z/OS.
func (m *Manager) DelUser(ctx context.Context, q DelUser) (*Result, error) {
	return perform(ctx, m, Act{Function: "DELUSER", Names: upper(q.IDs)}, q, (*call).delUser)
}

func (m *call) delUser(ctx context.Context, q DelUser) (*Result, error) {
	ids, err := foldAll(q.IDs, userID)
	if err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, r *Result) error {
		for _, id := range ids {
			err := tx.DeleteUser(id)
			if errors.Is(err, ErrNotFound) {
				r.note(msgNoUserDeleted, id)
				continue
			}
			if err != nil {
				return err
			}
			if err := deleteBelongings(tx, Owner(id), r); err != nil {
				return err
			}
		}
		return keepSpecial(tx, ids)
	})
}

// deleteBelongings removes what a deleted user has.
func deleteBelongings(tx Tx, owner Owner, r *Result) error {
	for c, err := range tx.MembershipsOf(owner.Name()) {
		if err != nil {
			return err
		}
		if err := tx.DeleteMembership(c.User, c.Group); err != nil {
			return err
		}
	}
	err := deleteAll(tx, owner, "DIGTCERT", tx.Certificates(owner), r, func(c *Certificate) (string, error) {
		if c.Requested {
			return "", newError(msgCertificateHeld, owner.Name(), c.Label)
		}
		what := "certificate " + c.Ref().String()
		if c.HasKey() {
			what += ", with its private key,"
		}
		if err := tx.DeleteCertificate(c); err != nil {
			return "", err
		}
		return what, certificateLabels(tx, owner).release(c.Label)
	})
	if err != nil {
		return err
	}
	err = deleteAll(tx, owner, "DIGTRING", tx.Rings(owner), r, func(ring *Ring) (string, error) {
		return "ring " + ring.Ref().String(), tx.DeleteRing(ring)
	})
	if err != nil {
		return err
	}
	return deleteAll(tx, owner, "DIGTNMAP", tx.Filters(owner), r, func(f *Filter) (string, error) {
		if err := tx.DeleteFilter(f); err != nil {
			return "", err
		}
		return "name filter " + f.Ref().String(), filterLabels(tx, owner).release(f.Label)
	})
}

// deleteAll removes everything in a sequence and notes what it was. Programs see the class that
// it is kept in.
func deleteAll[V any](tx Tx, owner Owner, class string, all iter.Seq2[V, error], r *Result, remove func(V) (what string, err error)) error {
	found := false
	for v, err := range all {
		if err != nil {
			return err
		}
		what, err := remove(v)
		if err != nil {
			return err
		}
		r.note(msgDeletedWith, what, owner.Name())
		found = true
	}
	if !found {
		return nil
	}
	return r.remindRefresh(tx, class)
}
