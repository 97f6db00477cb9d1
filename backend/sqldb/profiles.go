package sqldb

import (
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"signet/ring"
	"signet/saf"
)

// profileColumns are what scanProfile takes after the id, in its order.
const profileColumns = "class, name, generic, uacc, owner, data, appl_data, level, audit, notify, warning, created, changed, created_by"

// scanProfile reads the id and profileColumns; the access list has a table of its own.
func scanProfile(scan func(...any) error) (id int64, p *saf.Profile, err error) {
	p = new(saf.Profile)
	var uacc string
	var created, changed int64
	err = scan(&id, &p.Class, &p.Name, &p.Generic, &uacc, &p.Owner, &p.Data, &p.ApplData, &p.Level, &p.Audit, &p.Notify, &p.Warning,
		&created, &changed, &p.CreatedBy)
	if err != nil {
		return 0, nil, err
	}
	p.Created, p.Changed = seconds(created), seconds(changed)
	p.UACC, err = parseAccess(uacc)
	return id, p, err
}

func parseAccess(word string) (saf.Access, error) {
	a, ok := saf.ParseAccess(word)
	if !ok {
		return a, fmt.Errorf("access level %q is unknown", word)
	}
	return a, nil
}

// readAccess reads the access list of a profile.
func (t *tx) readAccess(in profileTables, id int64, p *saf.Profile) error {
	query := "SELECT grantee, access, condition FROM " + in.entries + " WHERE profile = $1 ORDER BY position"
	return t.each(query, []any{id}, func(scan func(...any) error) error {
		var e saf.Entry
		var word string
		err := scan(&e.ID, &word, &e.When)
		if err == nil {
			e.Access, err = parseAccess(word)
		}
		p.Access = append(p.Access, e)
		return err
	})
}

func (t *tx) Profile(class, profile string) (*saf.Profile, error) {
	return t.profile(liveProfiles, class, profile)
}

func (t *tx) profile(in profileTables, class, profile string) (*saf.Profile, error) {
	id, p, err := scanProfile(func(dest ...any) error {
		return t.one("SELECT "+in.id+", "+profileColumns+" FROM "+in.name+" WHERE class = $1 AND name = $2", []any{class, profile}, dest...)
	})
	if err == nil {
		err = t.readAccess(in, id, p)
	}
	if err != nil {
		return nil, missing(err, profileName(class, profile))
	}
	return p, nil
}

func (t *tx) Profiles(class string) iter.Seq2[*saf.Profile, error] {
	const query = "SELECT id, " + profileColumns + " FROM profiles WHERE class = $1 AND name > $2 AND id <= $3 ORDER BY name LIMIT $4"
	return func(yield func(*saf.Profile, error) bool) {
		for p, err := range t.storedProfiles(query, class) {
			if err == nil {
				err = t.readAccess(liveProfiles, p.id, p.Profile)
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

// storedProfiles yields the rows of a query by name. Its last parameters are the name before, the
// highest handle and the number of rows.
func (t *tx) storedProfiles(query string, args ...any) iter.Seq2[storedProfile, error] {
	return sequence(t, profiles, "", func(after string, bound int64, limit int) (page []entry[string, storedProfile], err error) {
		err = t.each(query, append(args[:len(args):len(args)], after, bound, limit), func(scan func(...any) error) error {
			id, p, err := scanProfile(scan)
			if err == nil {
				page = append(page, entry[string, storedProfile]{p.Name, storedProfile{id, p}})
			}
			return err
		})
		return page, err
	})
}

func (t *tx) PutProfile(p *saf.Profile) error {
	what := profileName(p.Class, p.Name)
	if p.Class == "" || p.Name == "" {
		return fmt.Errorf("%v: class or name is empty: %w", what, ring.ErrInvalid)
	}
	values := []any{p.Class, p.Name, bit(p.Generic), p.UACC.String(), p.Owner, p.Data, p.ApplData, p.Level, p.Audit, p.Notify, bit(p.Warning),
		p.Created.Unix(), p.Changed.Unix(), p.CreatedBy}
	var id int64
	err := t.insert(profiles, "INSERT INTO profiles ("+profileColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"+
		" ON CONFLICT DO NOTHING RETURNING id", values, &id)
	if errors.Is(err, sql.ErrNoRows) {
		id, err = t.replaceProfile(values)
	}
	if err != nil {
		return err
	}
	for i, e := range p.Access {
		_, err := t.exec("INSERT INTO access_entries (profile, position, grantee, access, condition) VALUES ($1, $2, $3, $4, $5)",
			id, i, e.ID, e.Access.String(), e.When)
		if err != nil {
			return err
		}
	}
	return nil
}

// replaceProfile changes a stored profile to the values of profileColumns and empties its
// access list.
func (t *tx) replaceProfile(values []any) (id int64, err error) {
	err = t.one("UPDATE profiles SET generic = $3, uacc = $4, owner = $5, data = $6, appl_data = $7, level = $8, audit = $9, notify = $10,"+
		" warning = $11, created = $12, changed = $13, created_by = $14 WHERE class = $1 AND name = $2 RETURNING id", values, &id)
	if err == nil {
		_, err = t.exec("DELETE FROM access_entries WHERE profile = $1", id)
	}
	return id, err
}

func (t *tx) DeleteProfile(class, profile string) error {
	return t.execOne(profileName(class, profile), "DELETE FROM profiles WHERE class = $1 AND name = $2", class, profile)
}

func (t *tx) Class(class string) (saf.Class, error) {
	return recalled(&t.recall.classes, class, func() (saf.Class, error) {
		c := saf.Class{Name: class}
		err := t.optional("SELECT active, raclist, generic, gencmd, global FROM classes WHERE name = $1", []any{class},
			&c.Active, &c.RacList, &c.Generic, &c.GenCmd, &c.Global)
		return c, err
	})
}

func (t *tx) Classes() ([]saf.Class, error) {
	var all []saf.Class
	// No name is empty: the condition keeps the query on the index.
	err := t.each("SELECT name, active, raclist, generic, gencmd, global FROM classes WHERE name > '' ORDER BY name", nil, func(scan func(...any) error) error {
		var c saf.Class
		err := scan(&c.Name, &c.Active, &c.RacList, &c.Generic, &c.GenCmd, &c.Global)
		all = append(all, c)
		return err
	})
	return all, err
}

func (t *tx) PutClass(c saf.Class) error {
	if c.Name == "" {
		return fmt.Errorf("class: its name is empty: %w", ring.ErrInvalid)
	}
	_, err := t.exec("INSERT INTO classes (name, active, raclist, generic, gencmd, global) VALUES ($1, $2, $3, $4, $5, $6)"+
		" ON CONFLICT (name) DO UPDATE SET active = excluded.active, raclist = excluded.raclist, generic = excluded.generic,"+
		" gencmd = excluded.gencmd, global = excluded.global",
		c.Name, bit(c.Active), bit(c.RacList), bit(c.Generic), bit(c.GenCmd), bit(c.Global))
	return err
}

func profileName(class, profile string) name {
	return name("profile " + profile + " in class " + class)
}
