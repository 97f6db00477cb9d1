package ring

import (
	"context"
	"errors"
	"iter"

	"signet/saf"
)

// Rlist asks for profiles of one class.
type Rlist struct {
	Class   string
	Names   []string // one asterisk that is not itself a profile stands for all
	Generic *bool    // true: generic profiles only; false: discrete ones only; nil: both
}

// ProfileListing is a profile with what RLIST says of it besides.
type ProfileListing struct {
	Profile    *saf.Profile
	YourAccess saf.Access // that the issuer has through it
	Unusable   bool       // it is discrete, and its name a pattern in a class with generic names
}

// Rlist gives profiles as the database has them, whatever the snapshot of a RACLISTed class says.
// A name that no profile has stands for the generic one that covers it.
func (m *Manager) Rlist(ctx context.Context, q Rlist) ([]ProfileListing, error) {
	return perform(ctx, m, Act{Function: "RLIST", Class: q.Class, Names: q.Names}, q, (*call).rlist)
}

func (m *call) rlist(ctx context.Context, q Rlist) ([]ProfileListing, error) {
	if err := checkResource(q.Class, q.Names...); err != nil {
		return nil, err
	}
	var found []ProfileListing
	err := m.view(ctx, func(tx Tx) error {
		found = nil
		l := lister{tx: tx, src: newLiveSource(tx), user: m.issuer.Name()}
		var err error
		if l.class, err = tx.Class(q.Class); err != nil {
			return err
		}
		if l.sees, err = m.seesAll(tx); err != nil {
			return err
		}
		for _, name := range q.Names {
			if err := l.list(q, name); err != nil {
				return err
			}
		}
		if found = l.found; len(found) == 0 {
			return newError(msgNothingInClass, q.Class)
		}
		return nil
	})
	return found, err
}

// lister collects what RLIST shows.
type lister struct {
	tx    Tx
	src   saf.Source
	user  string
	class saf.Class
	sees  bool // every access list
	found []ProfileListing
}

func (l *lister) list(q Rlist, name string) error {
	p, err := l.tx.Profile(q.Class, name)
	switch {
	case err == nil && q.shows(p):
		return l.add(p)
	case err != nil && !errors.Is(err, ErrNotFound):
		return err
	case name == "*":
		return l.all(q)
	}
	// Commands know generic names with GENCMD, too.
	class := l.class
	class.Generic = class.Generic || class.GenCmd
	if q.Generic == nil || *q.Generic {
		p, err = saf.Best(onlyGeneric{l.src}, class, name)
	}
	switch {
	case err != nil && !errors.Is(err, ErrNotFound):
		return err
	case err != nil || p == nil || !q.shows(p):
		return newError(msgNoProfileListed, name, q.Class)
	}
	return l.add(p)
}

// onlyGeneric is a source without discrete profiles.
type onlyGeneric struct{ saf.Source }

func (o onlyGeneric) Protecting(class, resource string) iter.Seq2[*saf.Profile, error] {
	return func(yield func(*saf.Profile, error) bool) {
		for p, err := range o.Source.Protecting(class, resource) {
			if (err != nil || p.Generic) && !yield(p, err) {
				return
			}
		}
	}
}

func (l *lister) all(q Rlist) error {
	for p, err := range l.tx.Profiles(q.Class) {
		if err != nil {
			return err
		}
		if !q.shows(p) {
			continue
		}
		if err := l.add(p); err != nil {
			return err
		}
	}
	return nil
}

// shows reports whether a profile is of the kind that is asked for.
func (q Rlist) shows(p *saf.Profile) bool { return q.Generic == nil || *q.Generic == p.Generic }

func (l *lister) add(p *saf.Profile) error {
	access, err := saf.AccessThrough(l.src, p, l.user)
	if err != nil {
		return err
	}
	// Who else has access is for those who may change it, or look at everything.
	if access < saf.Alter && p.Owner != l.user && !l.sees {
		p.Access = nil
	}
	l.found = append(l.found, ProfileListing{p, access, p.Unusable(l.class)})
	return nil
}
