package ring

import (
	"context"
	"errors"
)

// Map asks for a name filter (racdcert-rings.md C1, C2). Subject and Issuer are the filters as
// they stand, or, when there is a model certificate, where in its names they begin.
type Map struct {
	Owner    Owner  // the user, or MultiID
	Label    string // empty: LABELnnnnnnnn
	Status   Status // Trust, NoTrust or empty: Trust
	Subject  string
	Issuer   string
	Criteria string // for MultiID only, which needs it
	Model    []byte // a file with a certificate; nil for none
	Source   string // its name, for messages
}

// Mapped is the answer to a function that changes one filter.
type Mapped struct {
	Result
	Filter *Filter
}

// Map makes a filter.
func (m *Manager) Map(ctx context.Context, q Map) (*Mapped, error) {
	return perform(ctx, m, Act{Function: "MAP", Cert: CertRef{q.Owner, q.Label}}, q, (*call).mapFilter)
}

func (m *call) mapFilter(ctx context.Context, q Map) (*Mapped, error) {
	f := Filter{Owner: q.Owner, Status: q.Status, Subject: q.Subject, Issuer: q.Issuer, Created: m.now(), CreatedBy: string(m.issuer)}
	if err := checkFilterOwner(f.Owner); err != nil {
		return nil, err
	}
	if f.Status == "" {
		f.Status = Trust
	}
	var err error
	if err = checkFilterStatus("MAP", f.Status); err != nil {
		return nil, err
	}
	if f.Criteria, err = criteriaOf(f.Owner, q.Criteria); err != nil {
		return nil, err
	}
	if err := m.filterNames(&f, q); err != nil {
		return nil, err
	}
	return m.changeFilter(ctx, func(tx Tx) (*Filter, error) {
		added := f // a store may run this again
		other, err := tx.FilterByNames(f.Subject, f.Issuer)
		if err == nil {
			return nil, newError(msgFilterExists, f.Subject, f.Issuer, other.Ref())
		}
		if !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		if added.Label, err = filterLabels(tx, f.Owner).choose(q.Label); err != nil {
			return nil, err
		}
		return &added, tx.AddFilter(&added)
	})
}

// filterNames sets the names of a filter from what was typed, or from the model.
func (m *Manager) filterNames(f *Filter, q Map) error {
	if q.Model != nil {
		b, err := m.codec.Decode(q.Model, nil)
		if err != nil {
			return newError(msgBadInput, q.Source, err)
		}
		model, _, err := endEntity(b, q.Source)
		if err != nil {
			return err
		}
		f.Subject, f.Issuer, err = filtersFrom(model, q.Subject, q.Issuer)
		return err
	}
	if q.Subject == "" && q.Issuer == "" {
		return newError(msgKeyword, "MAP", "SDNFILTER, IDNFILTER or a model certificate")
	}
	if q.Subject != "" {
		if err := checkFilter(subjectFilter, q.Subject); err != nil {
			return err
		}
	}
	if q.Issuer != "" {
		return checkFilter(issuerFilter, q.Issuer)
	}
	return nil
}

// criteriaOf checks the template of a new filter, which those of MULTIID have and no others.
func criteriaOf(o Owner, template string) (string, error) {
	switch {
	case o != MultiID && template != "":
		return "", newError(msgBadCriteria, template, "the filter is for "+o.String()+", and criteria choose among users")
	case o != MultiID:
		return "", nil
	case template == "":
		return "", newError(msgKeyword, "MAP MULTIID", "CRITERIA")
	}
	return checkCriteria(template)
}

// checkFilterStatus refuses HIGHTRUST, which filters do not have.
func checkFilterStatus(function string, s Status) error {
	if s != Trust && s != NoTrust {
		return newError(msgKeyword, function, "TRUST or NOTRUST for a filter")
	}
	return nil
}

// changeFilter runs change in a transaction and adds the reminder to refresh.
func (m *call) changeFilter(ctx context.Context, change func(Tx) (*Filter, error)) (*Mapped, error) {
	return update(ctx, m, func(tx Tx, r *Mapped) error {
		var err error
		if r.Filter, err = change(tx); err != nil {
			return err
		}
		return r.remindRefresh(tx, "DIGTNMAP")
	})
}

// Altmap asks for another label, status or criteria of a filter.
type Altmap struct {
	FilterRef
	Status      Status // Trust, NoTrust or empty: unchanged
	NewLabel    string // empty: unchanged
	NewCriteria string // empty: unchanged; for MultiID only
}

// Altmap changes a filter. The names that it matches stay.
func (m *Manager) Altmap(ctx context.Context, q Altmap) (*Mapped, error) {
	return perform(ctx, m, Act{Function: "ALTMAP", Cert: CertRef(q.FilterRef)}, q, (*call).altmap)
}

func (m *call) altmap(ctx context.Context, q Altmap) (*Mapped, error) {
	if err := checkFilterOwner(q.Owner); err != nil {
		return nil, err
	}
	if q.Status == "" && q.NewLabel == "" && q.NewCriteria == "" {
		return nil, newError(msgKeyword, "ALTMAP", "TRUST, NOTRUST, NEWLABEL or NEWCRITERIA")
	}
	if q.Status != "" {
		if err := checkFilterStatus("ALTMAP", q.Status); err != nil {
			return nil, err
		}
	}
	var criteria string
	if q.NewCriteria != "" {
		var err error
		if criteria, err = criteriaOf(q.Owner, q.NewCriteria); err != nil {
			return nil, err
		}
	}
	return m.changeFilter(ctx, func(tx Tx) (*Filter, error) {
		f, err := findFilter(tx, q.FilterRef)
		if err != nil {
			return nil, err
		}
		if q.Status != "" {
			f.Status = q.Status
		}
		if criteria != "" {
			f.Criteria = criteria
		}
		old := f.Label
		if q.NewLabel != "" {
			if f.Label, err = filterLabels(tx, f.Owner).change(old, q.NewLabel); err != nil {
				return nil, err
			}
		}
		if err := tx.UpdateFilter(f); err != nil {
			return nil, err
		}
		if f.Label != old {
			return f, filterLabels(tx, f.Owner).release(old)
		}
		return f, nil
	})
}

// Delmap asks for a filter to be removed.
type Delmap struct{ FilterRef }

// Delmap removes a filter, also one of a user that is gone.
func (m *Manager) Delmap(ctx context.Context, q Delmap) (*Mapped, error) {
	return perform(ctx, m, Act{Function: "DELMAP", Cert: CertRef(q.FilterRef)}, q, (*call).delmap)
}

func (m *call) delmap(ctx context.Context, q Delmap) (*Mapped, error) {
	if err := checkFilterOwner(q.Owner); err != nil {
		return nil, err
	}
	return m.changeFilter(ctx, func(tx Tx) (*Filter, error) {
		f, err := findFilter(tx, q.FilterRef)
		if err != nil {
			return nil, err
		}
		if err := tx.DeleteFilter(f); err != nil {
			return nil, err
		}
		return f, filterLabels(tx, f.Owner).release(f.Label)
	})
}
