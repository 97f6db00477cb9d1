package backendtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"signet/ring"
	"signet/saf"
)

// names gives the names of profiles.
func names(ps []*saf.Profile) []string {
	var all []string
	for _, p := range ps {
		all = append(all, p.Name)
	}
	return all
}

func protecting(s suite) {
	list := []saf.Entry{{ID: "A", Access: saf.Read}, {ID: "*", Access: saf.None, When: "PROGRAM(P)"}}
	s.update(func(tx ring.Tx) {
		for i, name := range []string{"A.B.C", "A.B.*", "A.B.%", "A.*.C", "A.**", "**", "A.BC", "B.**", "A.B.C.**", "*.C", "A.B.CD*"} {
			s.ok(tx.PutProfile(&saf.Profile{Class: "FACILITY", Name: name, Generic: saf.IsPattern(name), Level: i, Access: list[:i%3]}))
		}
		s.ok(tx.PutProfile(&saf.Profile{Class: "FACILITY", Name: "A.B%"})) // made before generic names were on
		s.ok(tx.PutProfile(&saf.Profile{Class: "RDATALIB", Name: "A.B.C*", Generic: true}))
	})
	s.view(func(tx ring.Tx) {
		for resource, want := range map[string]string{
			"A.B.C": "A.B.C A.B.C.** A.B.% A.B.* A.*.C A.** **",
			"A.B":   "A.** **",
			"A":     "A.** **",
			"A.B%":  "A.B% A.** **", // the name of a discrete profile
			"A.B.*": "A.B.% A.B.* A.** **",
			"Z.C":   "** *.C",
			"Z":     "**", "": "**", "\xff": "",
		} {
			got := all(s, tx.Protecting("FACILITY", resource, false))
			if want := strings.Fields(want); !slices.Equal(names(got), want) {
				s.Errorf("%q: %q, want %q", resource, names(got), want)
			}
			for _, p := range got {
				whole, err := tx.Profile(p.Class, p.Name)
				s.ok(err)
				s.equal(p, whole)
			}
		}
		s.inOrder(names(all(s, tx.Protecting("RDATALIB", "A.B.C", false))), "A.B.C*")
		s.equal(len(all(s, tx.Protecting("NONE", "A.B.C", false))), 0)
	})
	// The body of a loop may change what is yielded later.
	s.update(func(tx ring.Tx) {
		var got []string
		for p, err := range tx.Protecting("FACILITY", "A.B.C", false) {
			s.ok(err)
			got = append(got, p.Name)
			switch p.Name {
			case "A.B.C.**":
				s.ok(tx.DeleteProfile(p.Class, "A.B.*"))
			case "A.B.%":
				s.ok(tx.DeleteProfile(p.Class, p.Name))
				s.ok(tx.PutProfile(&saf.Profile{Class: p.Class, Name: "A.B.**", Generic: true}))
			}
		}
		s.inOrder(got, "A.B.C", "A.B.C.**", "A.B.%", "A.B.**", "A.*.C", "A.**", "**")
	})
}

// protectingStems compares what is yielded for all kinds of names with a search through all
// profiles.
func protectingStems(s suite) {
	d := rand.New(rand.NewPCG(3, 3))
	name := func(parts ...string) string {
		var qualifiers []string
		for range 1 + d.IntN(4) {
			qualifiers = append(qualifiers, parts[d.IntN(len(parts))]+parts[d.IntN(len(parts))])
		}
		return strings.Join(qualifiers, ".")
	}
	const class = "FACILITY"
	plain := []string{"", "A", "B", "É", "È", "世"}
	s.update(func(tx ring.Tx) {
		for range 400 {
			n := name(append(plain, "*", "%", "**")...)
			if n != "" {
				s.ok(tx.PutProfile(&saf.Profile{Class: class, Name: n, Generic: saf.IsPattern(n)}))
			}
		}
	})
	s.view(func(tx ring.Tx) {
		stored := all(s, tx.Profiles(class))
		found := 0
		for range 200 {
			resource := name(plain...)
			var want []string
			for _, p := range stored {
				if p.Name == resource || p.Generic && saf.Match(p.Name, resource) {
					want = append(want, p.Name)
				}
			}
			slices.SortStableFunc(want, func(a, b string) int {
				switch {
				case a == resource:
					return -1
				case b == resource:
					return 1
				}
				return len(saf.Stem(b)) - len(saf.Stem(a))
			})
			if got := names(all(s, tx.Protecting(class, resource, false))); !slices.Equal(got, want) {
				s.Errorf("%q: %q, want %q", resource, got, want)
			}
			found += len(want)
		}
		if found < 1000 {
			s.Errorf("only %d profiles covered anything", found)
		}
	})
}

func snapshots(s suite) {
	const class, other = "FACILITY", "RDATALIB"
	put := func(tx ring.Tx, class, name string, uacc saf.Access, list ...saf.Entry) {
		s.ok(tx.PutProfile(&saf.Profile{Class: class, Name: name, Generic: saf.IsPattern(name), UACC: uacc, Owner: "O", Data: "d", ApplData: "a", Level: 3,
			Audit: "ALL(READ)", Notify: "N", Warning: uacc == saf.Read, CreatedBy: "C", Access: list}))
	}
	is := func(tx ring.Tx, class, resource string, listed bool, want ...string) {
		s.Helper()
		var got []string
		for _, p := range all(s, tx.Protecting(class, resource, listed)) {
			got = append(got, fmt.Sprint(p.Name, " ", p.UACC, " ", p.Access))
		}
		s.inOrder(got, want...)
	}
	var before []*saf.Profile
	s.update(func(tx ring.Tx) {
		is(tx, class, "A.B", true) // there is none yet
		put(tx, class, "A.B", saf.Read, saf.Entry{ID: "U", Access: saf.Update}, saf.Entry{ID: "*", Access: saf.Read, When: "PROGRAM(P)"})
		put(tx, class, "A.*", saf.Control)
		put(tx, other, "A.B", saf.Alter)
		s.ok(tx.TakeSnapshot(class))
		before = all(s, tx.Protecting(class, "A.B", false))
		// Whatever happens to the profiles, also in the same transaction, the snapshot stays.
		put(tx, class, "A.B", saf.None, saf.Entry{ID: "V", Access: saf.Read})
		s.ok(tx.DeleteProfile(class, "A.*"))
		put(tx, class, "A.**", saf.Read)
	})
	const old, old2, now, now2 = "A.B READ [{U UPDATE } {* READ PROGRAM(P)}]", "A.* CONTROL []", "A.B NONE [{V READ }]", "A.** READ []"
	s.view(func(tx ring.Tx) {
		is(tx, class, "A.B", true, old, old2)
		is(tx, class, "A.B", false, now, now2)
		is(tx, other, "A.B", true)
		s.equal(all(s, tx.Protecting(class, "A.B", true)), before)
	})
	s.update(func(tx ring.Tx) {
		s.ok(tx.DeleteProfile(class, "A.B"))
		put(tx, class, "A.B", saf.None, saf.Entry{ID: "V", Access: saf.Read}) // another profile of that name
		s.ok(tx.TakeSnapshot(other))
		is(tx, class, "A.B", true, old, old2)
		s.ok(tx.TakeSnapshot(class))
		is(tx, class, "A.B", true, now, now2)
		s.ok(tx.DropSnapshot(class))
		is(tx, class, "A.B", true)
		is(tx, class, "A.B", false, now, now2)
		is(tx, other, "A.B", true, "A.B ALTER []")
		s.ok(tx.DropSnapshot(class)) // nor is there one
		s.ok(tx.TakeSnapshot("EMPTY"))
		is(tx, "EMPTY", "A.B", true)
	})
}
