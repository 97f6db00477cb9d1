package saf

import (
	"fmt"
	"iter"
	"strings"
)

// Source is what decisions are made from: the profiles in force, and the users and groups.
type Source interface {
	// Class gives the state of a class; one never touched is the zero state with its name.
	Class(name string) (Class, error)
	// Protecting yields the profiles that may cover a resource: the one of exactly its name, then
	// generic ones, those with a longer Stem before those with a shorter one.
	Protecting(class, resource string) iter.Seq2[*Profile, error]
	// User gives the profile of a user, nil when the user is not defined.
	User(id string) (*User, error)
	// MembershipsOf yields the connections of a user to groups.
	MembershipsOf(user string) iter.Seq2[*Membership, error]
	// GroupListChecking reports whether all groups of a user count (SETROPTS GRPLIST), or only
	// the default group.
	GroupListChecking() (bool, error)
}

// Request asks whether a user may do something to a resource.
type Request struct {
	User       string
	Class      string
	Resource   string
	Level      Access      // the level that is needed, READ to ALTER
	Conditions []Condition // what holds of the user's surroundings, for conditional access lists
}

// Condition is a fact such as PROGRAM(PAGENT). Whoever states it has checked that it holds, and
// that its class is active or program control is.
type Condition struct{ Class, Name string }

// Decide answers a request, step by step as racdcert-rings.md D6 and D7 describe it. There are
// no started tasks and no global access table here, and SPECIAL gives no access by itself: it is
// for whoever asks to look at it first. A user who is not defined has no more than UACC gives,
// whatever an access list says of the name: what DELUSER left behind must not count.
func Decide(src Source, q Request) (Decision, error) {
	d := Decision{Request: q}
	if q.Level < Read || q.Level > Alter {
		return d, fmt.Errorf("%s %q: READ, UPDATE, CONTROL or ALTER can be needed, not level %d", q.Class, q.Resource, q.Level)
	}
	s, err := newSubject(src, q.User)
	if err != nil {
		return d, err
	}
	if d.State, err = src.Class(q.Class); err != nil {
		return d, err
	}
	d.Undefined = s.user == nil
	switch {
	case s.revoked():
		d.Why = UserRevoked
	case !d.State.Active:
		d.Why = ClassInactive
	case d.State.MustBeListed() && !d.State.RacList:
		d.Why = ClassNotListed
	default:
		d.Profile, err = Best(src, d.State, q.Resource)
		if err != nil || d.Profile == nil {
			d.Why = NoProfile
			break
		}
		err = d.weigh(s)
	}
	return d, err
}

// AccessThrough gives the level that a user has through one profile, be it the best one for some
// resource or not; conditional entries do not count. It is what RLIST calls YOUR ACCESS.
func AccessThrough(src Source, p *Profile, user string) (Access, error) {
	s, err := newSubject(src, user)
	if err != nil || s.revoked() {
		return None, err
	}
	d := Decision{Profile: p}
	err = d.weigh(s)
	return d.Held, err
}

// Best gives the one profile that decides on a resource: the discrete one of its name, else the
// most specific generic one that covers it; nil when there is none.
func Best(src Source, class Class, resource string) (*Profile, error) {
	var best *Profile
	for p, err := range src.Protecting(class.Name, resource) {
		switch {
		case err != nil:
			return nil, err
		case best != nil && len(Stem(p.Name)) < len(Stem(best.Name)):
			return best, nil // all that follow are less specific
		case !p.covers(class, resource):
		case !p.Generic:
			return p, nil
		case best == nil || MoreSpecific(p.Name, best.Name):
			best = p
		}
	}
	return best, nil
}

func (p *Profile) covers(class Class, resource string) bool {
	if p.Generic {
		return class.Generic && Match(p.Name, resource)
	}
	return p.Name == resource && !p.Unusable(class)
}

// Unusable reports whether a discrete profile protects nothing: its name is a pattern, and
// generic names came to the class after it (racdcert-rings.md D7).
func (p *Profile) Unusable(class Class) bool {
	return !p.Generic && class.Generic && IsPattern(p.Name)
}

// weigh computes the level that a user has through the profile, and whether that is enough
// (racdcert-rings.md D6, steps 4 to 8).
func (d *Decision) weigh(s *subject) error {
	p := d.Profile
	e, why, err := s.entry(p.Access, func(e Entry) bool { return e.When == "" })
	switch {
	case err != nil:
		return err
	case e != nil:
		d.decidedBy(e, why)
	case s.restricted():
		d.Why = RestrictedUser
	default:
		d.Why, d.Held = ByUACC, p.UACC
	}
	if d.Held < d.Request.Level && len(d.Request.Conditions) > 0 {
		e, why, err := s.entry(p.Access, d.Request.meets)
		if err != nil {
			return err
		}
		if e != nil && e.Access > d.Held {
			d.decidedBy(e, why)
		}
	}
	d.Granted = d.Held >= d.Request.Level
	d.Warning = !d.Granted && p.Warning
	d.Granted = d.Granted || d.Warning
	return nil
}

func (d *Decision) decidedBy(e *Entry, why Why) {
	d.Why, d.Entry, d.Held, d.Group = why, e, e.Access, ""
	if why == ByGroup {
		d.Group = e.ID
	}
}

// meets reports whether an entry is conditional and one of its conditions holds.
func (q Request) meets(e Entry) bool {
	class, names, _ := strings.Cut(strings.TrimSuffix(e.When, ")"), "(")
	for name := range strings.SplitSeq(names, ",") {
		for _, c := range q.Conditions {
			if e.When != "" && c.Class == class && c.Name == name {
				return true
			}
		}
	}
	return false
}
