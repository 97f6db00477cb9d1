package ring

import (
	"errors"
	"iter"

	"signet/saf"
)

// source answers what decisions are made from (saf.Source), within one transaction. What it was
// asked of classes it remembers, so it must not outlive a change of their states.
type source struct {
	tx      Tx
	live    bool // the profiles that commands show, also of RACLISTed classes
	classes map[string]saf.Class
}

// newSource gives the source of the decisions in force: RACLISTed classes have the profiles that
// they had at SETROPTS RACLIST or its last REFRESH (racdcert-rings.md D8).
func newSource(tx Tx) *source { return &source{tx: tx, classes: map[string]saf.Class{}} }

// newLiveSource gives the source of the decisions that would be in force after REFRESH.
func newLiveSource(tx Tx) *source {
	s := newSource(tx)
	s.live = true
	return s
}

func (s *source) Class(name string) (saf.Class, error) {
	if c, ok := s.classes[name]; ok {
		return c, nil
	}
	c, err := s.tx.Class(name)
	if err == nil {
		s.classes[name] = c
	}
	return c, err
}

func (s *source) Protecting(class, resource string) iter.Seq2[*saf.Profile, error] {
	c, err := s.Class(class)
	if err != nil {
		return func(yield func(*saf.Profile, error) bool) { yield(nil, err) }
	}
	return s.tx.Protecting(class, resource, c.RacList && !s.live)
}

func (s *source) User(id string) (*saf.User, error) {
	u, err := s.tx.User(id)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return u, err
}

func (s *source) MembershipsOf(user string) iter.Seq2[*saf.Membership, error] {
	return s.tx.MembershipsOf(user)
}

func (s *source) GroupListChecking() (bool, error) { return switchedOn(s.tx, settingGroupList) }
