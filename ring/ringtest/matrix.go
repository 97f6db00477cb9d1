// Package ringtest holds the authority matrices of racdcert-rings.md D2 and
// racdcert-certificates.md 16 as tests: every cell, allowed and refused, whatever way the
// functions are reached. It is for tests only.
package ringtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"signet/audit"
	"signet/cert"
	"signet/ring"
)

// The users of the tests. ADMIN is SPECIAL, the others are nothing.
const (
	Admin ring.Owner = "ADMIN"
	User  ring.Owner = "UA"
	Other ring.Owner = "UB"
)

// World is a database as its users reach it.
type World struct {
	// As gives the functions to a user.
	As func(t *testing.T, user ring.Owner) *ring.Manager
}

// cell is one cell of a matrix: something that UA does, and what it needs of FACILITY, as
// FUNCTION:LEVEL.
type cell struct {
	name  string
	needs string
	do    func(ctx context.Context, m *ring.Manager) error
}

var p256 = cert.KeySpec{Algorithm: cert.EC, Bits: 256}

// ownersOf are the three kinds of owner of the usual pattern.
var owners = []struct {
	name  string
	owner ring.Owner
	level string
}{{"own", User, "READ"}, {"another user's", Other, "UPDATE"}, {"SITE's", ring.Site, "CONTROL"}, {"CERTAUTH's", ring.CertAuth, "CONTROL"}}

func of(o ring.Owner) ring.CertRef { return ring.CertRef{Owner: o, Label: "cert"} }

// cells are all cells.
func cells(data Data) []cell {
	var all []cell
	add := func(name, needs string, do func(ctx context.Context, m *ring.Manager) error) {
		all = append(all, cell{name, needs, do})
	}
	name := mustName("new")
	for _, o := range owners {
		ref := of(o.owner)
		plain := func(function string, do func(ctx context.Context, m *ring.Manager) error) {
			add(function+" "+o.name, function+":"+o.level, do)
		}
		plain("ADD", func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Add(ctx, ring.Add{Owner: o.owner, Label: "added", Status: ring.Trust, Data: data.Foreign})
			return err
		})
		plain("ALTER", func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Alter(ctx, ring.Alter{Selector: ring.Selector{Owner: o.owner, Label: ref.Label}, NewLabel: "other"})
			return err
		})
		plain("DELETE", func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Delete(ctx, ring.Delete{Selector: ring.Selector{Owner: o.owner, Label: ref.Label}})
			return err
		})
		plain("EXPORT", func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Export(ctx, ring.Export{CertRef: ref})
			return err
		})
		add("EXPORT with the key "+o.name, "EXPORT:"+o.level+" EXPORTKEY:"+o.level, func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Export(ctx, ring.Export{CertRef: ref, Password: []byte("secret")})
			return err
		})
		add("copying "+o.name, "EXPORT:"+o.level+" EXPORTKEY:"+o.level, func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Take(ctx, ring.Take{Certs: []ring.CertRef{ref}})
			return err
		})
		plain("GENREQ", func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Genreq(ctx, ring.Genreq{CertRef: ref}, func([]byte) error { return nil })
			return err
		})
		plain("LIST", func(ctx context.Context, m *ring.Manager) error {
			return m.List(ctx, ring.Selector{Owner: o.owner}, func(ring.Listing) error { return nil })
		})
		add("LISTCHAIN "+o.name, "LIST:CONTROL", func(ctx context.Context, m *ring.Manager) error {
			_, err := m.ListChain(ctx, ring.Listchain{CertRef: ref})
			return err
		})
		plain("REKEY", func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Rekey(ctx, ring.Rekey{CertRef: ref, NewLabel: "rekeyed"})
			return err
		})
		plain("ROLLOVER", func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Rollover(ctx, ring.Rollover{CertRef: ref, NewLabel: "next", Force: true})
			return err
		})
	}

	// GENCERT, racdcert-certificates.md 16.2. Of a signer of another user the reference says
	// nothing; it is as a CA's.
	gencert := func(owner ring.Owner, signer *ring.CertRef) func(ctx context.Context, m *ring.Manager) error {
		return func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Gencert(ctx, ring.Gencert{Owner: owner, Label: "new", Subject: name, Key: p256, SignWith: signer, Days: 1})
			return err
		}
	}
	for _, row := range []struct {
		signer *ring.CertRef
		words  string
		needs  [4]string // own, another user's, SITE's, CERTAUTH's
	}{
		{nil, "self-signed", [4]string{"ADD:READ GENCERT:READ", "ADD:UPDATE GENCERT:UPDATE", "ADD:CONTROL GENCERT:CONTROL", "ADD:CONTROL GENCERT:CONTROL"}},
		{ref(User), "signed with one's own", [4]string{"ADD:READ GENCERT:READ", "ADD:UPDATE GENCERT:READ", "ADD:CONTROL GENCERT:READ", "ADD:CONTROL GENCERT:READ"}},
		{ref(Other), "signed with another user's", [4]string{"ADD:READ GENCERT:CONTROL", "ADD:UPDATE GENCERT:CONTROL", "ADD:CONTROL GENCERT:CONTROL", "ADD:CONTROL GENCERT:CONTROL"}},
		{ref(ring.CertAuth), "signed with CERTAUTH's", [4]string{"ADD:READ GENCERT:CONTROL", "ADD:UPDATE GENCERT:CONTROL", "ADD:CONTROL GENCERT:CONTROL", "ADD:CONTROL GENCERT:CONTROL"}},
		{ref(ring.Site), "signed with SITE's", [4]string{"ADD:READ GENCERT:CONTROL", "ADD:UPDATE GENCERT:CONTROL", "ADD:CONTROL GENCERT:CONTROL", "ADD:CONTROL GENCERT:CONTROL"}},
	} {
		for i, o := range owners {
			add("GENCERT "+o.name+" "+row.words, row.needs[i], gencert(o.owner, row.signer))
		}
	}

	// Rings and filters.
	for _, o := range owners[:2] {
		r := ring.RingRef{Owner: o.owner, Name: "RING"}
		add("ADDRING "+o.name, "ADDRING:"+o.level, func(ctx context.Context, m *ring.Manager) error {
			_, err := m.AddRing(ctx, ring.RingRef{Owner: o.owner, Name: "NEW"})
			return err
		})
		add("DELRING "+o.name, "DELRING:"+o.level, func(ctx context.Context, m *ring.Manager) error { _, err := m.DelRing(ctx, r); return err })
		add("LISTRING "+o.name, "LISTRING:"+o.level, func(ctx context.Context, m *ring.Manager) error { _, err := m.ListRing(ctx, r); return err })
		add("resolving "+o.name, "LISTRING:"+o.level, func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Resolve(ctx, ring.Resolve{Ring: r, As: ring.ConsumerJava})
			return err
		})
	}
	for _, o := range []ring.Owner{ring.CertAuth, ring.Site} {
		add("LISTRING of the virtual ring of "+o.Name(), "LISTRING:READ", func(ctx context.Context, m *ring.Manager) error {
			_, err := m.ListRing(ctx, ring.RingRef{Owner: o, Name: ring.VirtualRing})
			return err
		})
	}
	for _, o := range []struct {
		name  string
		owner ring.Owner
		level string
	}{{"own", User, "READ"}, {"another user's", Other, "UPDATE"}, {"MULTIID's", ring.MultiID, "UPDATE"}} {
		filter := ring.FilterRef{Owner: o.owner, Label: "filter"}
		criteria := ""
		if o.owner == ring.MultiID {
			criteria = "APPLID=&APPLID"
		}
		add("MAP "+o.name, "MAP:"+o.level, func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Map(ctx, ring.Map{Owner: o.owner, Subject: "OU=New", Criteria: criteria})
			return err
		})
		add("ALTMAP "+o.name, "ALTMAP:"+o.level, func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Altmap(ctx, ring.Altmap{FilterRef: filter, Status: ring.NoTrust})
			return err
		})
		add("DELMAP "+o.name, "DELMAP:"+o.level, func(ctx context.Context, m *ring.Manager) error {
			_, err := m.Delmap(ctx, ring.Delmap{FilterRef: filter})
			return err
		})
		add("LISTMAP "+o.name, "LISTMAP:"+o.level, func(ctx context.Context, m *ring.Manager) error {
			return m.Listmap(ctx, ring.Listmap{FilterRef: ring.FilterRef{Owner: o.owner}}, func(*ring.Filter) error { return nil })
		})
	}
	return append(all, connections()...)
}

func ref(o ring.Owner) *ring.CertRef {
	r := of(o)
	return &r
}

// connections are the cells of CONNECT and REMOVE.
func connections() []cell {
	var all []cell
	for _, row := range []struct {
		ring  ring.Owner
		usage ring.Usage
		needs [4]string // own, another user's, SITE's, CERTAUTH's certificate
	}{
		{User, ring.UsagePersonal, [4]string{"CONNECT:READ", "CONNECT:UPDATE", "CONNECT:CONTROL", "CONNECT:CONTROL"}},
		{User, ring.UsageSite, [4]string{"ADD:CONTROL CONNECT:READ", "ADD:CONTROL CONNECT:UPDATE", "CONNECT:UPDATE", "CONNECT:UPDATE"}},
		{User, ring.UsageCertAuth, [4]string{"ADD:CONTROL CONNECT:READ", "ADD:CONTROL CONNECT:UPDATE", "CONNECT:UPDATE", "CONNECT:UPDATE"}},
		{Other, ring.UsagePersonal, [4]string{"CONNECT:CONTROL", "CONNECT:CONTROL", "CONNECT:CONTROL", "CONNECT:CONTROL"}},
		{Other, ring.UsageSite, [4]string{"ADD:CONTROL CONNECT:CONTROL", "ADD:CONTROL CONNECT:CONTROL", "CONNECT:CONTROL", "CONNECT:CONTROL"}},
		{Other, ring.UsageCertAuth, [4]string{"ADD:CONTROL CONNECT:CONTROL", "ADD:CONTROL CONNECT:CONTROL", "CONNECT:CONTROL", "CONNECT:CONTROL"}},
	} {
		for i, o := range owners {
			r := ring.RingRef{Owner: row.ring, Name: "EMPTY"}
			all = append(all, cell{fmt.Sprintf("CONNECT %s as %s to a ring of %s", o.name, row.usage, row.ring), row.needs[i], func(ctx context.Context, m *ring.Manager) error {
				_, err := m.Connect(ctx, ring.Connect{Ring: r, Cert: of(o.owner), Usage: row.usage})
				return err
			}})
		}
	}
	for _, row := range []struct {
		ring  ring.Owner
		needs [4]string
	}{
		{User, [4]string{"REMOVE:READ", "REMOVE:READ", "REMOVE:UPDATE", "REMOVE:UPDATE"}},
		{Other, [4]string{"REMOVE:CONTROL", "REMOVE:CONTROL", "REMOVE:CONTROL", "REMOVE:CONTROL"}},
	} {
		for i, o := range owners {
			r := ring.RingRef{Owner: row.ring, Name: "RING"}
			all = append(all, cell{fmt.Sprintf("REMOVE %s from a ring of %s", o.name, row.ring), row.needs[i], func(ctx context.Context, m *ring.Manager) error {
				_, err := m.Remove(ctx, ring.Remove{Ring: r, Cert: of(o.owner)})
				return err
			}})
		}
	}
	return all
}

// levelsDown are the levels from the highest that matters.
var levelsDown = []string{"CONTROL", "UPDATE", "READ", "NONE"}

// errUndo ends the transaction of a cell.
var errUndo = errors.New("undo")

// try performs a cell for UA and undoes it.
func try(t *testing.T, m *ring.Manager, c cell) error {
	t.Helper()
	var result error
	err := m.Atomic(t.Context(), func(m *ring.Manager) error {
		result = c.do(t.Context(), m)
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Fatalf("%s: %v", c.name, err)
	}
	return result
}

// Matrices tests every cell: with exactly what it needs it is done, with one level less of any
// part it is refused, and so it is with nothing.
func Matrices(t *testing.T, w World) {
	data := Prepare(t, w)
	admin, user := w.As(t, Admin), w.As(t, User)
	functions := map[string]bool{}
	all := cells(data)
	for _, c := range all {
		for _, n := range strings.Fields(c.needs) {
			function, _, _ := strings.Cut(n, ":")
			functions[function] = true
		}
	}
	for _, f := range slices.Sorted(maps.Keys(functions)) {
		Run(t, admin, "RDEFINE", "IRR.DIGTCERT."+f, "")
	}
	for _, c := range all {
		needs := map[string]string{}
		for _, n := range strings.Fields(c.needs) {
			function, level, _ := strings.Cut(n, ":")
			needs[function] = level
		}
		permit := func(function, level string) { Run(t, admin, "PERMIT", "IRR.DIGTCERT."+function, level) }
		if err := try(t, user, c); !errors.Is(err, ring.ErrDenied) {
			t.Errorf("%s without any access: %v", c.name, err)
		}
		for f, level := range needs {
			permit(f, level)
		}
		if err := try(t, user, c); err != nil {
			t.Errorf("%s with %s: %v", c.name, c.needs, err)
		}
		for f, level := range needs {
			less := levelsDown[slices.Index(levelsDown, level)+1]
			permit(f, less)
			err := try(t, user, c)
			if !errors.Is(err, ring.ErrDenied) {
				t.Errorf("%s with %s of %s instead of %s: %v", c.name, less, f, level, err)
			} else if text := err.Error(); !strings.Contains(text, "IRR.DIGTCERT."+f) || !strings.Contains(text, level) {
				t.Errorf("%s: the refusal does not name what is needed: %s", c.name, text)
			}
			permit(f, level)
		}
		for f := range needs {
			permit(f, "NONE")
		}
	}
	t.Logf("%d cells", len(all))
	checkTrail(t, admin, all)
}

// checkTrail checks that the trail has every function as it was allowed and undone, and refused,
// and that it verifies.
func checkTrail(t *testing.T, admin *ring.Manager, all []cell) {
	t.Helper()
	seen := map[string]map[audit.Outcome]int{}
	total := 0
	err := admin.ListEvents(t.Context(), ring.EventQuery{Query: audit.Query{Issuer: string(User)}}, func(r audit.Record) error {
		e, err := r.Event()
		if err != nil {
			return err
		}
		if seen[e.Function] == nil {
			seen[e.Function] = map[audit.Outcome]int{}
		}
		seen[e.Function][e.Outcome]++
		total++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	for _, c := range all {
		tries += 2 + len(strings.Fields(c.needs))
	}
	if total != tries {
		t.Errorf("%d events of UA after %d functions", total, tries)
	}
	for f, outcomes := range seen {
		if outcomes[audit.Undone] == 0 || outcomes[audit.NotDone] == 0 || outcomes[audit.Failed] != 0 {
			t.Errorf("%s: %v", f, outcomes)
		}
	}
	v, err := admin.VerifyEvents(t.Context(), ring.TrailKnown{})
	if err != nil || v.Report.Fault != nil {
		t.Errorf("the trail: %+v, %v", v, err)
	}
}
