package ring

import (
	"context"
	"errors"
)

// Alter asks for another status or label of a certificate (racdcert-certificates.md 5).
type Alter struct {
	Selector
	Status   Status // empty: unchanged
	NewLabel string // empty: unchanged
}

// Alter changes status, label or both.
func (m *Manager) Alter(ctx context.Context, a Alter) (*Issued, error) {
	return perform(ctx, m, Act{Function: "ALTER", Cert: CertRef{a.Owner, a.Label}}, a, (*call).alter)
}

func (m *call) alter(ctx context.Context, a Alter) (*Issued, error) {
	if a.Status == "" && a.NewLabel == "" {
		return nil, newError(msgKeyword, "ALTER", "TRUST, NOTRUST, HIGHTRUST or NEWLABEL")
	}
	return update(ctx, m, func(tx Tx, r *Issued) error {
		c, err := find(tx, a.Selector, msgNoMatch)
		if err != nil {
			return err
		}
		if err := errors.Join(m.requireFound(tx, a.Selector, c), m.requireNew(tx, c.Owner, a.NewLabel)); err != nil {
			return err
		}
		r.Certificate = c
		if a.Status != "" {
			c.Status = capStatus(c, a.Status, &r.Result)
			if x, err := c.X509(); err == nil && c.Status != NoTrust && m.expired(x) {
				r.note(msgBornExpired, c.Ref(), m.day(x.NotAfter))
			}
		}
		old := c.Label
		if a.NewLabel != "" {
			if c.Label, err = certificateLabels(tx, c.Owner).change(old, a.NewLabel); err != nil {
				return err
			}
		}
		label := c.Label
		if err := tx.UpdateCertificate(c); err != nil {
			return err
		}
		r.noteLabel(label, c)
		if c.Label != old {
			if err := releaseLabel(tx, c.Owner, old); err != nil {
				return err
			}
		}
		return r.remindRefresh(tx, "DIGTCERT")
	})
}

// Delete asks for a certificate to be removed with its private key and its connections
// (racdcert-certificates.md 7).
type Delete struct {
	Selector
	Force bool // even if GENREQ has used it and the answer has not come back
}

// Delete removes a certificate from the database and from every ring.
func (m *Manager) Delete(ctx context.Context, d Delete) (*Issued, error) {
	return perform(ctx, m, Act{Function: "DELETE", Cert: CertRef{d.Owner, d.Label}}, d, (*call).deleteOne)
}

func (m *call) deleteOne(ctx context.Context, d Delete) (*Issued, error) {
	return update(ctx, m, func(tx Tx, r *Issued) error {
		c, err := find(tx, d.Selector, msgNoMatch)
		if err != nil {
			return err
		}
		if err := m.requireFound(tx, d.Selector, c); err != nil {
			return err
		}
		r.Certificate = c
		if c.Requested && !d.Force {
			return newError(msgRequestedDelete, c.Ref())
		}
		if err := tx.DeleteCertificate(c); err != nil {
			return err
		}
		if err := releaseLabel(tx, c.Owner, c.Label); err != nil {
			return err
		}
		return r.remindRefresh(tx, "DIGTCERT")
	})
}
