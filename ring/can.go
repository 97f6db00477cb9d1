package ring

import (
	"context"
	"slices"

	"signet/saf"
)

// Can asks whether a user may perform an act, and why. Whether what the act is about is there
// does not matter.
type Can struct {
	User Owner
	Act  Act
}

// Can tells what authority would say to a user, what decided, and what would change it.
func (m *Manager) Can(ctx context.Context, q Can) (*Verdict, error) {
	return perform(ctx, m, Act{Function: "CAN", Names: []string{q.User.Name()}, Detail: q.Act.what()}, q, (*call).can)
}

func (m *call) can(ctx context.Context, q Can) (*Verdict, error) {
	if err := q.Act.check(); err != nil {
		return nil, err
	}
	if m.oneRing {
		return nil, newError(msgNoSuchAct, "CAN", "a keystore knows no users; whoever has the file and its password may do everything")
	}
	var v Verdict
	err := m.view(ctx, func(tx Tx) error {
		if m.system {
			return nil
		}
		a := newAuthority(tx, q.User)
		a.explaining = true
		var err error
		if v, err = a.judge(q.Act); err != nil {
			return err
		}
		sees, err := m.seesAll(tx)
		if err == nil && !sees {
			v.hideLists(m.issuer.Name())
		}
		return err
	})
	return &v, err
}

// hideLists takes the access lists out of a verdict for a user who may not see them: what is left
// is the name of the profile and the entry that decided.
func (v *Verdict) hideLists(user string) {
	for i, n := range v.Needs {
		if p := n.Decision.Profile; p != nil && p.Owner != user {
			v.Needs[i].Decision.Profile = &saf.Profile{Class: p.Class, Name: p.Name, Generic: p.Generic, UACC: p.UACC, Warning: p.Warning}
		}
	}
}

// check refuses an act that is no function, or that lacks what it is about.
func (a Act) check() error {
	_, ofFacility := facility[a.Function]
	_, ofTokens := cryptoz[a.Function]
	matrices := []string{"GENCERT", "CONNECT", "REMOVE", "LISTRING"}
	if !ofFacility && !ofTokens && a.standings() == 0 && !slices.Contains(matrices, a.Function) && !slices.Contains(unbarred, a.Function) && !slices.Contains(readers, a.Function) {
		return newError(msgNoSuchAct, a.Function, "there is no such function")
	}
	return nil
}
