package backendtest

import (
	"time"

	"signet/ring"
)

// filter makes one that is not stored yet, for certificates whose subject is the label.
func filter(owner ring.Owner, label string) *ring.Filter {
	return &ring.Filter{Owner: owner, Label: label, Status: ring.Trust, Subject: "CN=" + label, Created: time.Unix(1_700_000_000, 0).UTC(), CreatedBy: "ADMIN"}
}

func filters(s suite) {
	f := filter(user, "one")
	f.Issuer, f.Status = "O=Bank, Inc..C=NL", ring.NoTrust
	multi := filter(ring.MultiID, "one")
	multi.Subject, multi.Issuer, multi.Criteria = "", f.Issuer, "APPLID=&APPLID"
	s.update(func(tx ring.Tx) {
		s.ok(tx.AddFilter(f))
		s.ok(tx.AddFilter(multi))
		if f.ID == 0 || f.ID == multi.ID {
			s.Errorf("handles %d and %d", f.ID, multi.ID)
		}
	})
	found := func(want *ring.Filter) {
		s.Helper()
		s.view(func(tx ring.Tx) {
			got, err := tx.Filter(want.Ref())
			s.ok(err)
			s.equal(got, want)
			got, err = tx.FilterByNames(want.Subject, want.Issuer)
			s.ok(err)
			s.equal(got, want)
		})
	}
	found(f)
	found(multi)
	s.view(func(tx ring.Tx) {
		_, err := tx.Filter(ring.FilterRef{Owner: user, Label: "ONE"})
		s.is(err, ring.ErrNotFound)
		_, err = tx.Filter(ring.FilterRef{Owner: "OTHER", Label: "one"})
		s.is(err, ring.ErrNotFound)
		for _, names := range [][2]string{{f.Subject, ""}, {"", f.Subject}, {f.Issuer, f.Subject}, {"", "o=bank, inc..c=nl"}, {"", ""}} {
			_, err = tx.FilterByNames(names[0], names[1])
			s.is(err, ring.ErrNotFound)
		}
	})

	s.update(func(tx ring.Tx) {
		f.Label, f.Status = "renamed", ring.Trust
		s.ok(tx.UpdateFilter(f))
		multi.Criteria = "SYSID=&SYSID"
		s.ok(tx.UpdateFilter(multi))
	})
	found(f)
	found(multi)
	s.update(func(tx ring.Tx) {
		s.ok(tx.DeleteFilter(f))
		s.is(tx.DeleteFilter(f), ring.ErrNotFound)
		s.is(tx.UpdateFilter(f), ring.ErrNotFound)
		_, err := tx.FilterByNames(f.Subject, f.Issuer)
		s.is(err, ring.ErrNotFound)
		s.ok(tx.AddFilter(f))
	})
	found(f)
}

func filtersUnique(s suite) {
	s.update(func(tx ring.Tx) {
		f := filter(user, "one")
		s.ok(tx.AddFilter(f))
		sameNames := filter("OTHER", "one")
		s.is(tx.AddFilter(sameNames), ring.ErrExists)
		sameLabel := filter(user, "one")
		sameLabel.Subject = "CN=other"
		s.is(tx.AddFilter(sameLabel), ring.ErrExists)
		// The same text on the other name is another filter.
		swapped := filter("OTHER", "one")
		swapped.Subject, swapped.Issuer = "", f.Subject
		s.ok(tx.AddFilter(swapped))
		two := filter(user, "two")
		s.ok(tx.AddFilter(two))
		two.Label = "one"
		s.is(tx.UpdateFilter(two), ring.ErrExists)

		for _, spoil := range []func(*ring.Filter){
			func(f *ring.Filter) { f.Owner = "" },
			func(f *ring.Filter) { f.Label = "" },
			func(f *ring.Filter) { f.Subject = "" },
			func(f *ring.Filter) { f.Status = ring.HighTrust },
		} {
			bad := filter(user, "three")
			spoil(bad)
			s.is(tx.AddFilter(bad), ring.ErrInvalid)
			bad.ID = two.ID
			s.is(tx.UpdateFilter(bad), ring.ErrInvalid)
		}
	})
	s.view(func(tx ring.Tx) {
		s.inOrder(filterLabels(s, tx, user), "one", "two")
	})
}

func filterLabels(s suite, tx ring.Tx, o ring.Owner) []string {
	s.Helper()
	var names []string
	for _, f := range all(s, tx.Filters(o)) {
		names = append(names, f.Label)
	}
	return names
}

// filterLoops runs over filters while the body changes them.
func filterLoops(s suite) {
	names := numbered(40)
	s.update(func(tx ring.Tx) {
		for i := range names { // last one first: the order is that of arrival
			s.ok(tx.AddFilter(filter(user, names[len(names)-1-i])))
		}
		i := 0
		for f, err := range tx.Filters(user) {
			s.ok(err)
			if want := names[len(names)-1-i]; f.Label != want {
				s.Errorf("filter %s, want %s", f.Label, want)
			}
			s.ok(tx.DeleteFilter(f))
			s.ok(tx.AddFilter(f))
			i++
		}
		s.equal(i, len(names))
		s.equal(len(filterLabels(s, tx, user)), len(names))
		s.equal(len(filterLabels(s, tx, ring.MultiID)), 0)
	})
}

func filterHints(s suite) {
	s.update(func(tx ring.Tx) {
		n, err := tx.FilterLabelHint(user)
		s.ok(err)
		s.equal(n, 1)
		s.ok(tx.SetFilterLabelHint(user, 7))
		s.ok(tx.SetFilterLabelHint(user, 8))
		s.ok(tx.SetFilterLabelHint(ring.MultiID, 3))
	})
	s.view(func(tx ring.Tx) {
		for owner, want := range map[ring.Owner]int{user: 8, ring.MultiID: 3, "OTHER": 1} {
			n, err := tx.FilterLabelHint(owner)
			s.ok(err)
			s.equal(n, want)
		}
		n, err := tx.LabelHint(user) // of certificates
		s.ok(err)
		s.equal(n, 1)
	})
}

func filtersRefused(s suite) {
	s.update(func(tx ring.Tx) {
		s.is(tx.AddFilter(filter(user, "one")), ring.ErrUnsupported)
		s.is(tx.SetFilterLabelHint(user, 2), ring.ErrUnsupported)
	})
}
