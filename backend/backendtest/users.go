package backendtest

import (
	"fmt"
	"time"

	"signet/ring"
	"signet/saf"
)

func users(s suite) {
	u := &saf.User{ID: "WEBSRV", Name: "Web server's", Owner: "ADMIN", DefaultGroup: "WEB", Data: "text", Restricted: true,
		Attributes: saf.Attributes{Special: true, Operations: true, Auditor: true, Revoked: true}, CreatedBy: "ADMIN",
		Created: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Changed: time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)}
	stored := func(want *saf.User) {
		s.Helper()
		s.view(func(tx ring.Tx) {
			got, err := tx.User(want.ID)
			s.ok(err)
			s.equal(got, want)
			s.equal(all(s, tx.Users()), []*saf.User{want})
		})
	}
	s.update(func(tx ring.Tx) {
		_, err := tx.User(u.ID)
		s.is(err, ring.ErrNotFound)
		s.ok(tx.PutUser(u))
	})
	stored(u)
	for _, a := range []saf.Attributes{{Special: true}, {Operations: true}, {Auditor: true}, {Revoked: true}} {
		v := &saf.User{ID: u.ID, Owner: "B", Attributes: a, Created: u.Changed, Changed: u.Created}
		s.update(func(tx ring.Tx) { s.ok(tx.PutUser(v)) })
		stored(v)
	}
	s.update(func(tx ring.Tx) {
		s.is(tx.PutUser(&saf.User{}), ring.ErrInvalid)
		s.ok(tx.DeleteUser(u.ID))
		s.is(tx.DeleteUser(u.ID), ring.ErrNotFound)
		_, err := tx.User(u.ID)
		s.is(err, ring.ErrNotFound)

		for i := range 40 {
			s.ok(tx.PutUser(&saf.User{ID: fmt.Sprintf("U%02d", 39-i)}))
		}
		i := 0
		for u, err := range tx.Users() {
			s.ok(err)
			s.equal(u.ID, fmt.Sprintf("U%02d", i))
			switch i % 3 {
			case 1:
				s.ok(tx.DeleteUser(u.ID))
			case 2:
				s.ok(tx.PutUser(&saf.User{ID: "V" + u.ID})) // comes after all of them
			}
			i++
		}
		s.equal(i, 40)
		s.equal(len(all(s, tx.Users())), 40)
	})
}

func groups(s suite) {
	g := &saf.Group{Name: "WEB", Owner: "ADMIN", Superior: "SYS1", Data: "text", CreatedBy: "ADMIN",
		Created: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Changed: time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)}
	s.update(func(tx ring.Tx) {
		_, err := tx.Group(g.Name)
		s.is(err, ring.ErrNotFound)
		s.ok(tx.PutGroup(&saf.Group{Name: g.Name, Superior: "TOP"}))
		s.ok(tx.PutGroup(g))
		for _, name := range []string{"C", "A", "B"} {
			s.ok(tx.PutGroup(&saf.Group{Name: name, Superior: "WEB"}))
		}
		s.is(tx.PutGroup(&saf.Group{}), ring.ErrInvalid)
	})
	s.view(func(tx ring.Tx) {
		got, err := tx.Group(g.Name)
		s.ok(err)
		s.equal(got, g)
		s.inOrder(groupNames(all(s, tx.Subgroups("WEB"))), "A", "B", "C")
		s.inOrder(groupNames(all(s, tx.Subgroups("SYS1"))), "WEB")
		s.inOrder(groupNames(all(s, tx.Subgroups("TOP"))))
		s.inOrder(groupNames(all(s, tx.Groups())), "A", "B", "C", "WEB")
	})
	s.update(func(tx ring.Tx) {
		for g, err := range tx.Subgroups("WEB") { // none is left out, and none comes that was added
			s.ok(err)
			s.ok(tx.PutGroup(&saf.Group{Name: g.Name + "2", Superior: "WEB"}))
			s.ok(tx.DeleteGroup(g.Name))
		}
		s.inOrder(groupNames(all(s, tx.Groups())), "A2", "B2", "C2", "WEB")
		s.ok(tx.DeleteGroup(g.Name))
		s.is(tx.DeleteGroup(g.Name), ring.ErrNotFound)
		_, err := tx.Group(g.Name)
		s.is(err, ring.ErrNotFound)
	})
}

func groupNames(gs []*saf.Group) []string {
	var names []string
	for _, g := range gs {
		names = append(names, g.Name)
	}
	return names
}

func memberships(s suite) {
	c := &saf.Membership{User: "U1", Group: "G1", Owner: "ADMIN", Authority: saf.Join, CreatedBy: "ADMIN",
		Attributes: saf.Attributes{Special: true, Operations: true, Auditor: true, Revoked: true},
		Created:    time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)}
	pairs := func(ms []*saf.Membership) []string {
		var all []string
		for _, m := range ms {
			all = append(all, m.User+"-"+m.Group)
		}
		return all
	}
	s.update(func(tx ring.Tx) {
		_, err := tx.Membership("U1", "G1")
		s.is(err, ring.ErrNotFound)
		for _, pair := range [][2]string{{"U2", "G2"}, {"U1", "G2"}, {"U1", "G1"}, {"U1", "A"}, {"A", "G1"}} {
			s.ok(tx.PutMembership(&saf.Membership{User: pair[0], Group: pair[1]}))
		}
		s.ok(tx.PutMembership(c))
		s.is(tx.PutMembership(&saf.Membership{User: "U1"}), ring.ErrInvalid)
		s.is(tx.PutMembership(&saf.Membership{Group: "G1"}), ring.ErrInvalid)
	})
	s.view(func(tx ring.Tx) {
		got, err := tx.Membership("U1", "G1")
		s.ok(err)
		s.equal(got, c)
		s.inOrder(pairs(all(s, tx.MembershipsOf("U1"))), "U1-G2", "U1-G1", "U1-A")
		s.inOrder(pairs(all(s, tx.Members("G1"))), "U1-G1", "A-G1")
		s.inOrder(pairs(all(s, tx.Members("NONE"))))
		s.equal(all(s, tx.Members("G1"))[0], c)
	})
	for _, want := range []*saf.Membership{
		{User: "U1", Group: "G1", Authority: saf.Create, Attributes: saf.Attributes{Special: true}, Created: c.Created},
		{User: "U1", Group: "G1", Authority: saf.Connect, Attributes: saf.Attributes{Auditor: true}, Created: c.Created},
		{User: "U1", Group: "G1", Authority: saf.Use, Attributes: saf.Attributes{Operations: true}, Created: c.Created},
		{User: "U1", Group: "G1", Attributes: saf.Attributes{Revoked: true}, Created: c.Created},
	} {
		s.update(func(tx ring.Tx) { s.ok(tx.PutMembership(want)) })
		s.view(func(tx ring.Tx) {
			got, err := tx.Membership("U1", "G1")
			s.ok(err)
			s.equal(got, want)
		})
	}
	s.update(func(tx ring.Tx) {
		for m, err := range tx.MembershipsOf("U1") {
			s.ok(err)
			s.ok(tx.DeleteMembership(m.User, m.Group))
			s.ok(tx.PutMembership(&saf.Membership{User: "U1", Group: "NEW"})) // not yielded
		}
		s.inOrder(pairs(all(s, tx.MembershipsOf("U1"))), "U1-NEW")
		s.inOrder(pairs(all(s, tx.Members("G1"))), "A-G1")
		s.is(tx.DeleteMembership("U1", "G1"), ring.ErrNotFound)
	})
}

func usersRefused(s suite) {
	s.update(func(tx ring.Tx) {
		s.is(tx.PutUser(&saf.User{ID: "U"}), ring.ErrUnsupported)
		s.is(tx.PutGroup(&saf.Group{Name: "G"}), ring.ErrUnsupported)
		s.is(tx.PutMembership(&saf.Membership{User: "U", Group: "G"}), ring.ErrUnsupported)
	})
}
