package sqldb

import (
	"fmt"
	"iter"

	"signet/ring"
	"signet/saf"
)

// groupColumns are what scanGroup takes, in its order.
const groupColumns = "name, owner, superior, data, created, changed, created_by"

func scanGroup(scan func(...any) error) (*saf.Group, error) {
	g := new(saf.Group)
	var created, changed int64
	err := scan(&g.Name, &g.Owner, &g.Superior, &g.Data, &created, &changed, &g.CreatedBy)
	g.Created, g.Changed = seconds(created), seconds(changed)
	return g, err
}

func (t *tx) Group(group string) (*saf.Group, error) {
	g, err := scanGroup(func(dest ...any) error {
		return t.one("SELECT "+groupColumns+" FROM user_groups WHERE name = $1", []any{group}, dest...)
	})
	if err != nil {
		return nil, missing(err, groupName(group))
	}
	return g, nil
}

func (t *tx) Groups() iter.Seq2[*saf.Group, error] {
	return t.groups("SELECT " + groupColumns + " FROM user_groups WHERE name > $1 AND id <= $2 ORDER BY name LIMIT $3")
}

func (t *tx) Subgroups(superior string) iter.Seq2[*saf.Group, error] {
	return t.groups("SELECT "+groupColumns+" FROM user_groups WHERE superior = $1 AND name > $2 AND id <= $3 ORDER BY name LIMIT $4", superior)
}

// groups yields the groups of a query by name. Its last parameters are the name before, the
// highest handle and the number of rows.
func (t *tx) groups(query string, args ...any) iter.Seq2[*saf.Group, error] {
	return sequence(t, userGroups, "", func(after string, bound int64, limit int) (page []entry[string, *saf.Group], err error) {
		err = t.each(query, append(args[:len(args):len(args)], after, bound, limit), func(scan func(...any) error) error {
			g, err := scanGroup(scan)
			page = append(page, entry[string, *saf.Group]{g.Name, g})
			return err
		})
		return page, err
	})
}

func (t *tx) PutGroup(g *saf.Group) error {
	if g.Name == "" {
		return fmt.Errorf("group: the name is empty: %w", ring.ErrInvalid)
	}
	return t.put(userGroups,
		"INSERT INTO user_groups ("+groupColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id",
		"UPDATE user_groups SET owner = $2, superior = $3, data = $4, created = $5, changed = $6, created_by = $7 WHERE name = $1",
		g.Name, g.Owner, g.Superior, g.Data, g.Created.Unix(), g.Changed.Unix(), g.CreatedBy)
}

func (t *tx) DeleteGroup(group string) error {
	return t.execOne(groupName(group), "DELETE FROM user_groups WHERE name = $1", group)
}

// membershipColumns are what scanMembership takes after the id, in its order.
const membershipColumns = "user_id, group_name, owner, authority, special, operations, auditor, revoked, created, created_by"

// scanMembership reads membershipColumns, and before them what else the query selects.
func scanMembership(scan func(...any) error, before ...any) (*saf.Membership, error) {
	c := new(saf.Membership)
	var authority string
	var created int64
	err := scan(append(before, &c.User, &c.Group, &c.Owner, &authority, &c.Special, &c.Operations, &c.Auditor, &c.Revoked, &created, &c.CreatedBy)...)
	if err != nil {
		return nil, err
	}
	c.Created = seconds(created)
	var ok bool
	if c.Authority, ok = saf.ParseAuthority(authority); !ok {
		return nil, fmt.Errorf("group authority %q is unknown", authority)
	}
	return c, nil
}

func (t *tx) Membership(user, group string) (*saf.Membership, error) {
	c, err := scanMembership(func(dest ...any) error {
		return t.one("SELECT "+membershipColumns+" FROM memberships WHERE user_id = $1 AND group_name = $2", []any{user, group}, dest...)
	})
	if err != nil {
		return nil, missing(err, membershipName(user, group))
	}
	return c, nil
}

func (t *tx) MembershipsOf(user string) iter.Seq2[*saf.Membership, error] {
	return t.memberships("SELECT id, "+membershipColumns+" FROM memberships WHERE user_id = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4", user)
}

func (t *tx) Members(group string) iter.Seq2[*saf.Membership, error] {
	return t.memberships("SELECT id, "+membershipColumns+" FROM memberships WHERE group_name = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4", group)
}

// memberships yields the memberships of a query by handle.
func (t *tx) memberships(query, of string) iter.Seq2[*saf.Membership, error] {
	return sequence(t, memberships, 0, func(after, bound int64, limit int) (page []entry[int64, *saf.Membership], err error) {
		err = t.each(query, []any{of, after, bound, limit}, func(scan func(...any) error) (err error) {
			var e entry[int64, *saf.Membership]
			e.value, err = scanMembership(scan, &e.key)
			page = append(page, e)
			return err
		})
		return page, err
	})
}

func (t *tx) PutMembership(c *saf.Membership) error {
	if c.User == "" || c.Group == "" {
		return fmt.Errorf("%v: user or group is empty: %w", membershipName(c.User, c.Group), ring.ErrInvalid)
	}
	return t.put(memberships,
		"INSERT INTO memberships ("+membershipColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id",
		"UPDATE memberships SET owner = $3, authority = $4, special = $5, operations = $6, auditor = $7, revoked = $8, created = $9, created_by = $10"+
			" WHERE user_id = $1 AND group_name = $2",
		c.User, c.Group, c.Owner, c.Authority.String(), bit(c.Special), bit(c.Operations), bit(c.Auditor), bit(c.Revoked), c.Created.Unix(), c.CreatedBy)
}

func (t *tx) DeleteMembership(user, group string) error {
	return t.execOne(membershipName(user, group), "DELETE FROM memberships WHERE user_id = $1 AND group_name = $2", user, group)
}

func groupName(group string) name { return name("group " + group) }

func membershipName(user, group string) name { return name("user " + user + " in group " + group) }
