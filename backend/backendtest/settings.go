package backendtest

import (
	"fmt"
	"time"

	"signet/ring"
	"signet/saf"
)

func settings(s suite) {
	s.update(func(tx ring.Tx) {
		n, err := tx.LabelHint(user)
		s.ok(err)
		s.equal(n, 1)
		s.ok(tx.SetLabelHint(user, 5))
		s.ok(tx.SetLabelHint(user, 6))
		s.ok(tx.SetLabelHint(ring.CertAuth, 100_000_000))

		v, err := tx.Setting("serials")
		s.ok(err)
		s.equal(v, "")
		s.ok(tx.PutSetting("serials", "random"))
		s.ok(tx.PutSetting("serials", "counter"))
		s.ok(tx.PutSetting("other", "x"))
		s.ok(tx.PutSetting("other", ""))
		s.ok(tx.PutSetting("never", ""))
	})
	s.view(func(tx ring.Tx) {
		for owner, want := range map[ring.Owner]int{user: 6, ring.CertAuth: 100_000_000, ring.Site: 1} {
			n, err := tx.LabelHint(owner)
			s.ok(err)
			s.equal(n, want)
		}
		for name, want := range map[string]string{"serials": "counter", "other": "", "never": ""} {
			v, err := tx.Setting(name)
			s.ok(err)
			s.equal(v, want)
		}
	})
}

func settingsRefused(s suite) {
	s.update(func(tx ring.Tx) {
		s.ok(tx.SetLabelHint(user, 2)) // and may be forgotten
		s.is(tx.PutSetting("serials", "counter"), ring.ErrUnsupported)
		s.is(tx.RetireKey([]byte("public key")), ring.ErrUnsupported)
		retired, err := tx.KeyRetired([]byte("public key"))
		s.ok(err)
		s.equal(retired, false)
	})
}

func profiles(s suite) {
	p := &saf.Profile{
		Class: "FACILITY", Name: "IRR.DIGTCERT.*", Generic: true, UACC: saf.Read, Owner: "ADMIN", Data: "text", ApplData: "more",
		Level: 7, Audit: "ALL(READ)", Notify: "WATCHER", Warning: true, CreatedBy: "ADMIN",
		Created: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Changed: time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC),
		Access: []saf.Entry{{ID: "WEB", Access: saf.Control}, {ID: "*", Access: saf.None}, {ID: "WEB", Access: saf.Alter, When: "PROGRAM(PAGENT)"}},
	}
	stored := func(want *saf.Profile) {
		s.Helper()
		s.view(func(tx ring.Tx) {
			got, err := tx.Profile(want.Class, want.Name)
			s.ok(err)
			s.equal(got, want)
		})
	}
	s.update(func(tx ring.Tx) { s.ok(tx.PutProfile(p)) })
	stored(p)
	q := &saf.Profile{Class: p.Class, Name: p.Name, Owner: "OTHER", Access: p.Access[2:], Created: p.Created, Changed: p.Changed}
	s.update(func(tx ring.Tx) {
		s.ok(tx.PutProfile(q))
		s.is(tx.PutProfile(&saf.Profile{Class: "FACILITY"}), ring.ErrInvalid)
		s.is(tx.PutProfile(&saf.Profile{Name: "X"}), ring.ErrInvalid)
	})
	stored(q)

	s.update(func(tx ring.Tx) {
		for i := range 40 {
			s.ok(tx.PutProfile(&saf.Profile{Class: "RDATALIB", Name: fmt.Sprintf("P%02d", 39-i), Access: p.Access[:i%3]}))
		}
		i := 0
		for p, err := range tx.Profiles("RDATALIB") {
			s.ok(err)
			if want := fmt.Sprintf("P%02d", i); p.Name != want || len(p.Access) != (39-i)%3 {
				s.Errorf("profile %s with %d entries, want %s with %d", p.Name, len(p.Access), want, (39-i)%3)
			}
			switch i % 4 {
			case 1:
				s.ok(tx.DeleteProfile(p.Class, p.Name))
			case 2:
				p.Level = i
				s.ok(tx.PutProfile(p))
			case 3:
				p.Name = "Q" + p.Name // comes after all of them
				s.ok(tx.PutProfile(p))
			}
			i++
		}
		s.equal(i, 40)
		s.equal(len(all(s, tx.Profiles("RDATALIB"))), 40)
		s.equal(len(all(s, tx.Profiles("FACILITY"))), 1)

		s.ok(tx.DeleteProfile(p.Class, p.Name))
		s.is(tx.DeleteProfile(p.Class, p.Name), ring.ErrNotFound)
		_, err := tx.Profile(p.Class, p.Name)
		s.is(err, ring.ErrNotFound)
		// A profile made again does not find the old access list.
		s.ok(tx.PutProfile(&saf.Profile{Class: p.Class, Name: p.Name}))
		got, err := tx.Profile(p.Class, p.Name)
		s.ok(err)
		s.equal(len(got.Access), 0)
	})
}

func profilesRefused(s suite) {
	s.update(func(tx ring.Tx) {
		s.is(tx.PutProfile(&saf.Profile{Class: "FACILITY", Name: "X"}), ring.ErrUnsupported)
		s.is(tx.PutClass(saf.Class{Name: "FACILITY"}), ring.ErrUnsupported)
		s.is(tx.TakeSnapshot("FACILITY"), ring.ErrUnsupported)
		s.is(tx.DropSnapshot("FACILITY"), ring.ErrUnsupported)
		s.equal(len(all(s, tx.Protecting("FACILITY", "X", false))), 0)
	})
}

func classes(s suite) {
	s.update(func(tx ring.Tx) {
		c, err := tx.Class("DIGTRING")
		s.ok(err)
		s.equal(c, saf.Class{Name: "DIGTRING"})
		s.ok(tx.PutClass(saf.Class{Name: "DIGTRING", Active: true, Generic: true, Global: true}))
		s.ok(tx.PutClass(saf.Class{Name: "DIGTRING", Active: true, RacList: true, GenCmd: true}))
		s.is(tx.PutClass(saf.Class{}), ring.ErrInvalid)
		s.ok(tx.PutClass(saf.Class{Name: "APPL", Active: true}))
	})
	s.view(func(tx ring.Tx) {
		c, err := tx.Class("DIGTRING")
		s.ok(err)
		s.equal(c, saf.Class{Name: "DIGTRING", Active: true, RacList: true, GenCmd: true})
		c, err = tx.Class("DIGTCERT")
		s.ok(err)
		s.equal(c, saf.Class{Name: "DIGTCERT"})
		all, err := tx.Classes()
		s.ok(err)
		s.equal(all, []saf.Class{{Name: "APPL", Active: true}, {Name: "DIGTRING", Active: true, RacList: true, GenCmd: true}})
	})
}
