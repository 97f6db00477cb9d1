package ring

import (
	"context"
	"slices"
	"strings"

	"signet/saf"
)

// Permit asks for a change of the access list of one profile. Without Delete and Reset the IDs
// get the access; with Delete their entries go; with Reset the whole list goes.
type Permit struct {
	Class  string
	Name   string
	IDs    []string
	Access saf.Access
	When   string // condition of the entries; empty for the standard list
	Delete bool
	Reset  Reset
	From   Model // its entries are added for those that the list does not name
}

// Reset says which access lists PERMIT RESET empties. The zero value empties none.
type Reset int

// The access lists that RESET can empty.
const (
	ResetNone Reset = iota
	ResetStandard
	ResetWhen
	ResetAll
)

// detail says what changes, for the trail.
func (q Permit) detail() string {
	ids := strings.Join(q.IDs, " ")
	switch {
	case len(q.IDs) == 0:
		return ""
	case q.Delete:
		return "ID(" + ids + ") DELETE"
	}
	return "ID(" + ids + ") ACCESS(" + q.Access.String() + ")"
}

// Permit changes an access list.
func (m *Manager) Permit(ctx context.Context, q Permit) (*Result, error) {
	return perform(ctx, m, Act{Function: "PERMIT", Class: q.Class, Names: []string{q.Name}, Detail: q.detail()}, q, (*call).permit)
}

func (m *call) permit(ctx context.Context, q Permit) (*Result, error) {
	ids, err := foldAll(q.IDs, listedID)
	if err == nil {
		err = checkAccess(q.Access)
	}
	if err != nil {
		return nil, err
	}
	conditions, err := q.conditions()
	if err != nil {
		return nil, err
	}
	return m.changeProfiles(ctx, msgPermitRefresh, q.Class, []string{q.Name}, func(tx Tx, class saf.Class, name string, r *Result) error {
		p, err := profile(tx, class.Name, name)
		if err != nil {
			return err
		}
		q.reset(p, r)
		for _, id := range ids {
			if !q.Delete {
				if err := noteUndefined(tx, id, r); err != nil {
					return err
				}
			}
			for _, when := range conditions {
				q.change(p, id, when, r)
			}
		}
		model, err := m.model(tx, q.From, class.Name)
		if err != nil {
			return err
		}
		if model != nil {
			addEntries(p, model)
		}
		switch {
		case !class.Active:
			r.note(msgClassNotActive, class.Name)
		case p.Unusable(class):
			r.note(msgUnusable, p.Name, class.Name)
		}
		p.Changed = m.now()
		return tx.PutProfile(p)
	})
}

// listedID reads a name for an access list.
func listedID(id string) (string, error) {
	if id == "*" {
		return id, nil
	}
	return userID(id)
}

// anyCondition is the end of a condition that stands for all of its class, as in PROGRAM(*).
const anyCondition = "(*)"

// conditions gives the conditions of WHEN, each as an entry has it: WHEN(PROGRAM(A B)) makes two
// entries. Without WHEN it is the empty one of the standard list.
func (q Permit) conditions() ([]string, error) {
	if q.When == "" {
		return []string{""}, nil
	}
	class, rest, _ := strings.Cut(q.When, "(")
	names, closed := strings.CutSuffix(rest, ")")
	if err := checkText("WHEN", &q.When, maxData); err != nil {
		return nil, err
	}
	if class == "" || names == "" || !closed || strings.ContainsAny(names, "()") {
		return nil, newError(msgBadOperand, "WHEN", q.When, "it is not like PROGRAM(name)")
	}
	if strings.HasSuffix(q.When, anyCondition) && !q.Delete {
		return nil, newError(msgAnyCondition, q.When)
	}
	var all []string
	for name := range strings.SplitSeq(names, ",") {
		all = append(all, class+"("+name+")")
	}
	return all, nil
}

// reset empties the access lists that RESET names.
func (q Permit) reset(p *saf.Profile, r *Result) {
	if q.Reset == ResetNone {
		return
	}
	if q.Delete {
		r.note(msgResetIgnored)
		return
	}
	p.Access = slices.DeleteFunc(p.Access, func(e saf.Entry) bool {
		return q.Reset == ResetAll || (e.When == "") == (q.Reset == ResetStandard)
	})
}

// change gives an ID its entry, changes the one it has or deletes it.
func (q Permit) change(p *saf.Profile, id, when string, r *Result) {
	class, whole := strings.CutSuffix(when, anyCondition)
	is := func(e saf.Entry) bool {
		return e.ID == id && (e.When == when || whole && strings.HasPrefix(e.When, class+"("))
	}
	i := slices.IndexFunc(p.Access, is)
	switch {
	case q.Delete && i < 0 && when == "":
		r.note(msgNotInList, id, p.Name)
	case q.Delete && i < 0:
		r.note(msgNotInConditional, id, when, p.Name)
	case q.Delete:
		p.Access = slices.DeleteFunc(p.Access, is)
	case i < 0:
		p.Access = append(p.Access, saf.Entry{ID: id, Access: q.Access, When: when})
	default:
		p.Access[i].Access = q.Access
	}
}

// noteUndefined says that an entry is for nobody yet. A group counts as soon as it has members.
func noteUndefined(tx Tx, id string, r *Result) error {
	if id == "*" {
		return nil
	}
	kind, defined, err := kindOf(tx, id)
	if err == nil && !defined && kind != kindGroup {
		r.note(msgUndefinedEntry, id)
	}
	return err
}
