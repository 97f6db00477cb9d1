package saf

// subject is the user whom a decision is about.
type subject struct {
	src    Source
	id     string
	user   *User           // nil: not defined
	groups map[string]bool // those that count; nil until they matter
}

func newSubject(src Source, id string) (*subject, error) {
	u, err := src.User(id)
	return &subject{src: src, id: id, user: u}, err
}

func (s *subject) revoked() bool    { return s.user != nil && s.user.Revoked }
func (s *subject) restricted() bool { return s.user != nil && s.user.Restricted }

// entry finds the entry of an access list that decides for the user among those that count: the
// user's own, else the highest of the user's groups, else the one for everybody. Only the
// standard list has one entry for each name at most.
func (s *subject) entry(list []Entry, counts func(Entry) bool) (*Entry, Why, error) {
	if s.user == nil {
		return nil, 0, nil
	}
	var own, group, everyone *Entry
	for i := range list {
		e := &list[i]
		switch {
		case !counts(*e):
		case e.ID == s.id:
			own = higher(own, e)
		case e.ID == "*":
			everyone = higher(everyone, e)
		case own == nil:
			in, err := s.member(e.ID)
			if err != nil {
				return nil, 0, err
			}
			if in {
				group = higher(group, e)
			}
		}
	}
	switch {
	case own != nil:
		return own, ByUser, nil
	case group != nil:
		return group, ByGroup, nil
	case everyone != nil && !s.user.Restricted:
		return everyone, ByEveryone, nil
	}
	return nil, 0, nil
}

// higher gives the entry with more access, the first of two alike.
func higher(a, b *Entry) *Entry {
	if a == nil || b.Access > a.Access {
		return b
	}
	return a
}

// member reports whether a group counts for the user: one that the user is connected to and not
// revoked in, and without list-of-groups checking only the default group.
func (s *subject) member(group string) (bool, error) {
	if s.groups == nil {
		all, err := s.src.GroupListChecking()
		if err != nil {
			return false, err
		}
		groups := map[string]bool{}
		for m, err := range s.src.MembershipsOf(s.id) {
			if err != nil {
				return false, err
			}
			if !m.Revoked && (all || m.Group == s.user.DefaultGroup) {
				groups[m.Group] = true
			}
		}
		s.groups = groups
	}
	return s.groups[group], nil
}
