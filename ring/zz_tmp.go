package ring

import (
	"iter"

	"signet/saf"
)

type source struct{ tx Tx }

func newSource(tx Tx) *source     { return &source{tx} }
func newLiveSource(tx Tx) *source { return &source{tx} }

func (s *source) Class(name string) (saf.Class, error) { return s.tx.Class(name) }
func (s *source) Protecting(class, resource string) iter.Seq2[*saf.Profile, error] {
	return s.tx.Protecting(class, resource, true)
}
func (s *source) User(id string) (*saf.User, error) { return nil, nil }
func (s *source) MembershipsOf(user string) iter.Seq2[*saf.Membership, error] {
	return s.tx.MembershipsOf(user)
}
func (s *source) GroupListChecking() (bool, error) { return true, nil }
