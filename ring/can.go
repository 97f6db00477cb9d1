package ring

import (
	"context"
	"slices"
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
		v, err = a.judge(q.Act)
		return err
	})
	return &v, err
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
