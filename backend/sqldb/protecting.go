package sqldb

import (
	"database/sql"
	"errors"
	"iter"
	"strings"
	"unicode/utf8"

	"signet/ring"
	"signet/saf"
)

// profileTables names the tables of profiles: those that commands show and change, or those of
// the snapshots of RACLISTed classes.
type profileTables struct{ name, id, entries string }

var (
	liveProfiles   = profileTables{"profiles", "id", "access_entries"}
	listedProfiles = profileTables{"raclist_profiles", "profile", "raclist_entries"}
)

// storedProfile is a profile without its access list.
type storedProfile struct {
	id int64
	*saf.Profile
}

// Protecting finds generic profiles by their stems, which are beginnings of the resource. From
// the longest on it asks for the last stem that does not come after the beginning at hand: if it
// is none of the resource, no longer beginning of the resource than what both begin with can be
// one. So the look-ups are as many as the resource has characters at most, and most often a few.
func (t *tx) Protecting(class, resource string, listed bool) iter.Seq2[*saf.Profile, error] {
	in := liveProfiles
	if listed {
		in = listedProfiles
	}
	return func(yield func(*saf.Profile, error) bool) {
		if !utf8.ValidString(resource) {
			return // as saf.Match has it
		}
		p, err := t.profile(in, class, resource)
		if err != nil && !errors.Is(err, ring.ErrNotFound) {
			yield(nil, err)
			return
		}
		if err == nil && !p.Generic && !yield(p, nil) {
			return
		}
		for bound := resource; ; {
			stem, err := t.lastStem(in, class, bound)
			switch {
			case errors.Is(err, sql.ErrNoRows):
				return
			case err != nil:
				yield(nil, err)
				return
			case !strings.HasPrefix(bound, stem):
				bound = commonPrefix(bound, stem)
				continue
			}
			for p, err := range t.covering(in, class, stem, resource) {
				if !yield(p, err) || err != nil {
					return
				}
			}
			if stem == "" {
				return
			}
			_, last := utf8.DecodeLastRuneInString(stem)
			bound = stem[:len(stem)-last]
		}
	}
}

// lastStem gives the last stem of a class that does not come after a bound.
func (t *tx) lastStem(in profileTables, class, bound string) (stem string, err error) {
	err = t.one("SELECT stem FROM "+in.name+" WHERE class = $1 AND generic = 1 AND stem <= $2 ORDER BY stem DESC LIMIT 1", []any{class, bound}, &stem)
	return stem, err
}

// covering yields the generic profiles with a stem that cover a resource. The access lists of
// others are not read.
func (t *tx) covering(in profileTables, class, stem, resource string) iter.Seq2[*saf.Profile, error] {
	query := "SELECT " + in.id + ", " + profileColumns + " FROM " + in.name +
		" WHERE class = $1 AND generic = 1 AND stem = $2 AND name > $3 AND " + in.id + " <= $4 ORDER BY name LIMIT $5"
	return func(yield func(*saf.Profile, error) bool) {
		for p, err := range t.storedProfiles(query, class, stem) {
			if err == nil && !saf.Match(p.Name, resource) {
				continue
			}
			if err == nil {
				err = t.readAccess(in, p.id, p.Profile)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(p.Profile, nil) {
				return
			}
		}
	}
}

// commonPrefix gives the whole characters that two texts begin with.
func commonPrefix(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	return a[:n]
}

func (t *tx) TakeSnapshot(class string) error {
	if err := t.DropSnapshot(class); err != nil {
		return err
	}
	_, err := t.exec("INSERT INTO raclist_profiles (profile, "+profileColumns+") SELECT id, "+profileColumns+" FROM profiles WHERE class = $1", class)
	if err == nil {
		_, err = t.exec("INSERT INTO raclist_entries (profile, position, grantee, access, condition)"+
			" SELECT e.profile, e.position, e.grantee, e.access, e.condition FROM profiles p JOIN access_entries e ON e.profile = p.id WHERE p.class = $1", class)
	}
	return err
}

func (t *tx) DropSnapshot(class string) error {
	_, err := t.exec("DELETE FROM raclist_profiles WHERE class = $1", class)
	return err
}
