package ring_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"signet/cert"
	"signet/ring"
	"signet/saf"
)

// done fails the test at an error.
func done(t *testing.T, r *ring.Result, err error) *ring.Result {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// silent fails the test when there is anything to say.
func silent(t *testing.T, r *ring.Result) {
	t.Helper()
	if len(r.Messages) > 0 {
		t.Errorf("messages %v", r.Messages)
	}
}

// users gives the users of a listing with their groups, as one line each.
func (d *db) users(ids ...string) []string {
	d.t.Helper()
	var all []string
	r, err := d.ListUser(d.t.Context(), ids)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, l := range r.Users {
		line := l.User.ID + " dflt=" + l.User.DefaultGroup
		for _, c := range l.Groups {
			line += " " + c.Group + "/" + c.Authority.String() + "/" + c.Owner
		}
		all = append(all, line)
	}
	return all
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUsers(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	must := func(r *ring.Result, err error) *ring.Result { t.Helper(); return done(t, r, err) }

	// No group to go to: neither named nor the issuer's.
	r := must(d.AddUser(ctx, ring.AddUser{IDs: []string{"a"}}))
	silent(t, r)
	same(t, d.users("A"), []string{"A dflt="})
	same(t, d.users(), []string{"OPER dflt="})
	must(d.DelUser(ctx, ring.DelUser{IDs: []string{"a"}}))

	must(d.AddGroup(ctx, ring.AddGroup{Names: []string{"sys1", "web"}, Data: new("text")}))
	r = must(d.AddUser(ctx, ring.AddUser{IDs: []string{"websrv", "B"}, Authority: saf.Connect, Settings: ring.UserSettings{
		Name: new(" Web server "), Owner: new("sys1"), DefaultGroup: new("web"), Data: new("text"), Restricted: new(true),
		Attributes: ring.AttributeSettings{Special: new(true)}}}))
	silent(t, r)
	same(t, d.users("WEBSRV", "b"), []string{"WEBSRV dflt=WEB WEB/CONNECT/SYS1", "B dflt=WEB WEB/CONNECT/SYS1"})
	show := func(id string) *saf.User {
		t.Helper()
		r, err := d.ListUser(ctx, []string{id})
		if err != nil || len(r.Users) != 1 {
			t.Fatal(r, err)
		}
		return r.Users[0].User
	}
	want := &saf.User{ID: "WEBSRV", Name: "Web server", Owner: "SYS1", DefaultGroup: "WEB", Data: "text", Restricted: true,
		Attributes: saf.Attributes{Special: true}, Created: testNow, Changed: testNow, CreatedBy: "OPER"}
	same(t, show("websrv"), want)

	// ALTUSER changes what it is given and no more.
	d.now = d.now.AddDate(0, 0, 1)
	must(d.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{"websrv"}, Group: "sys1"}))
	must(d.AltUser(ctx, ring.AltUser{IDs: []string{"WEBSRV"}, Settings: ring.UserSettings{DefaultGroup: new("sys1"),
		Attributes: ring.AttributeSettings{Special: new(false), Operations: new(true), Auditor: new(true), Revoked: new(true)}},
		Group: "web", Authority: new(saf.Join)}))
	want.DefaultGroup, want.Changed, want.Attributes = "SYS1", d.now, saf.Attributes{Operations: true, Auditor: true, Revoked: true}
	same(t, show("websrv"), want)
	same(t, d.users("WEBSRV"), []string{"WEBSRV dflt=SYS1 WEB/JOIN/SYS1 SYS1/USE/OPER"})
	same(t, d.users("*"), []string{"B dflt=WEB WEB/CONNECT/SYS1", "OPER dflt=", "WEBSRV dflt=SYS1 WEB/JOIN/SYS1 SYS1/USE/OPER"})

	// The issuer's default group is the one that is meant where none is named.
	must(d.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{"OPER"}, Group: "WEB"}))
	must(d.AltUser(ctx, ring.AltUser{IDs: []string{"OPER"}, Settings: ring.UserSettings{DefaultGroup: new("WEB")}}))
	must(d.AddUser(ctx, ring.AddUser{IDs: []string{"C"}}))
	must(d.AltUser(ctx, ring.AltUser{IDs: []string{"C"}, Authority: new(saf.Create)}))
	must(d.AddGroup(ctx, ring.AddGroup{Names: []string{"below"}}))
	same(t, d.users("C"), []string{"C dflt=WEB WEB/CREATE/OPER"})
	must(d.RemoveGroup(ctx, ring.RemoveGroup{IDs: []string{"WEBSRV"}}))
	same(t, d.users("WEBSRV"), []string{"WEBSRV dflt=SYS1 SYS1/USE/OPER"})

	// Those that are missing are a warning; the others are shown.
	l, err := d.ListUser(ctx, []string{"NOBODY", "C"})
	if err != nil {
		t.Fatal(err)
	}
	if l.Code() != ring.Warning || len(l.Users) != 1 || !hasMessage(l.Result, "ICH30001I") {
		t.Errorf("one missing: %v, %d shown", l.Messages, len(l.Users))
	}
}

func TestUsersRefused(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	long := strings.Repeat("x", 300)
	add := func(q ring.AddUser) error { _, err := d.AddUser(ctx, q); return err }
	alt := func(q ring.AltUser) error { _, err := d.AltUser(ctx, q); return err }
	if err := add(ring.AddUser{IDs: []string{"U"}, Settings: ring.UserSettings{Name: new(long[:64]), Data: new(long[:255])}}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AddGroup(ctx, ring.AddGroup{Names: []string{"G"}}); err != nil {
		t.Fatal(err)
	}
	before := d.users("*")
	for _, tc := range []struct {
		name, id string
		class    error
		err      error
	}{
		{"a user twice", "SGN101I", ring.ErrExists, add(ring.AddUser{IDs: []string{"NEW", "U"}})},
		{"the same new user twice", "SGN101I", ring.ErrExists, add(ring.AddUser{IDs: []string{"NEW", "NEW"}})},
		{"a group as user", "SGN101I", ring.ErrExists, add(ring.AddUser{IDs: []string{"G"}})},
		{"a user as group", "SGN101I", ring.ErrExists, add(ring.AddUser{IDs: []string{"NEW"}, Settings: ring.UserSettings{DefaultGroup: new("U")}})},
		{"its own group", "SGN101I", ring.ErrExists, add(ring.AddUser{IDs: []string{"NEW"}, Settings: ring.UserSettings{DefaultGroup: new("NEW")}})},
		{"user ID", "SGN001I", ring.ErrInvalid, add(ring.AddUser{IDs: []string{"A B"}})},
		{"owner", "SGN001I", ring.ErrInvalid, add(ring.AddUser{IDs: []string{"NEW"}, Settings: ring.UserSettings{Owner: new("SITE")}})},
		{"default group", "SGN100I", ring.ErrInvalid, add(ring.AddUser{IDs: []string{"NEW"}, Settings: ring.UserSettings{DefaultGroup: new("A B")}})},
		{"long name", "SGN109I", ring.ErrInvalid, add(ring.AddUser{IDs: []string{"NEW"}, Settings: ring.UserSettings{Name: new(long[:65])}})},
		{"long data", "SGN109I", ring.ErrInvalid, alt(ring.AltUser{IDs: []string{"U"}, Settings: ring.UserSettings{Data: new(long[:256])}})},
		{"lines in a name", "SGN109I", ring.ErrInvalid, alt(ring.AltUser{IDs: []string{"U"}, Settings: ring.UserSettings{Name: new("a\nUSER=X")}})},
		{"nobody to change", "ICH30001I", ring.ErrNotFound, alt(ring.AltUser{IDs: []string{"U", "NOBODY"}, Settings: ring.UserSettings{Name: new("new")}})},
		{"default group of others", "SGN104I", ring.ErrNotFound, alt(ring.AltUser{IDs: []string{"U"}, Settings: ring.UserSettings{DefaultGroup: new("G")}})},
		{"authority in no group", "IRRD130I", ring.ErrInvalid, alt(ring.AltUser{IDs: []string{"U"}, Authority: new(saf.Join)})},
		{"authority in a group of others", "SGN104I", ring.ErrNotFound, alt(ring.AltUser{IDs: []string{"U"}, Group: "G", Authority: new(saf.Join)})},
	} {
		t.Run(tc.name, func(t *testing.T) { wantError(t, tc.err, tc.id, tc.class) })
	}
	same(t, d.users("*"), before)
}

func TestGroups(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	groups := func(names ...string) []string {
		t.Helper()
		var all []string
		r, err := d.ListGroup(ctx, names)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range r.Groups {
			line := l.Group.Name + "<" + l.Group.Superior + " " + l.Group.Owner + " " + l.Group.Data + ":"
			for _, g := range l.Subgroups {
				line += " " + g.Name
			}
			line += ":"
			for _, c := range l.Members {
				line += " " + c.User
			}
			all = append(all, line)
		}
		return all
	}
	add := func(q ring.AddGroup) (*ring.Result, error) { return d.AddGroup(ctx, q) }
	r, err := add(ring.AddGroup{Names: []string{"b", "a"}, Superior: new("top"), Owner: new("boss"), Data: new("text")})
	if done(t, r, err); r.Code() != ring.Done || len(r.Messages) != 1 || !hasMessage(*r, "SGN103I") {
		t.Errorf("the superior group is not defined: %v", r.Messages)
	}
	r, err = d.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{"Z", "Y"}, Group: "a"})
	if done(t, r, err); r.Code() != ring.Done || len(r.Messages) != 2 || !hasMessage(*r, "SGN103I") {
		t.Errorf("users who are not defined: %v", r.Messages)
	}
	r, err = add(ring.AddGroup{Names: []string{"top"}})
	silent(t, done(t, r, err))
	same(t, groups("*"), []string{"A<TOP BOSS text:: Z Y", "B<TOP BOSS text::", "TOP< OPER : A B:"})
	same(t, groups("b", "none"), []string{"B<TOP BOSS text::"})

	del := func(names ...string) (*ring.Result, error) { return d.DelGroup(ctx, ring.DelGroup{Names: names}) }
	connect := func(q ring.ConnectGroup) (*ring.Result, error) { return d.ConnectGroup(ctx, q) }
	remove := func(q ring.RemoveGroup) (*ring.Result, error) { return d.RemoveGroup(ctx, q) }
	if _, err := d.AddUser(ctx, ring.AddUser{IDs: []string{"U"}, Settings: ring.UserSettings{DefaultGroup: new("B")}}); err != nil {
		t.Fatal(err)
	}
	before := groups("*")
	for name, tc := range map[string]struct {
		id    string
		class error
		try   func() (*ring.Result, error)
	}{
		"twice":        {"SGN101I", ring.ErrExists, func() (*ring.Result, error) { return add(ring.AddGroup{Names: []string{"N", "A"}}) }},
		"a user":       {"SGN101I", ring.ErrExists, func() (*ring.Result, error) { return add(ring.AddGroup{Names: []string{"U"}}) }},
		"below a user": {"SGN101I", ring.ErrExists, func() (*ring.Result, error) { return add(ring.AddGroup{Names: []string{"N"}, Superior: new("U")}) }},
		"below itself": {"SGN109I", ring.ErrInvalid, func() (*ring.Result, error) { return add(ring.AddGroup{Names: []string{"N"}, Superior: new("N")}) }},
		"bad name":     {"SGN100I", ring.ErrInvalid, func() (*ring.Result, error) { return add(ring.AddGroup{Names: []string{"A.B", "."}}) }},
		"bad superior": {"SGN100I", ring.ErrInvalid, func() (*ring.Result, error) { return add(ring.AddGroup{Names: []string{"N"}, Superior: new("")}) }},
		"with users":   {"SGN107I", ring.ErrRefused, func() (*ring.Result, error) { return del("A") }},
		"with groups":  {"SGN107I", ring.ErrRefused, func() (*ring.Result, error) { return del("TOP") }},
		"to a user":    {"SGN101I", ring.ErrExists, func() (*ring.Result, error) { return connect(ring.ConnectGroup{IDs: []string{"U"}, Group: "U"}) }},
		"a group":      {"SGN101I", ring.ErrExists, func() (*ring.Result, error) { return connect(ring.ConnectGroup{IDs: []string{"N", "B"}, Group: "A"}) }},
		"to nothing":   {"IRRD130I", ring.ErrInvalid, func() (*ring.Result, error) { return connect(ring.ConnectGroup{IDs: []string{"U"}}) }},
		"no member":    {"SGN104I", ring.ErrNotFound, func() (*ring.Result, error) { return remove(ring.RemoveGroup{IDs: []string{"Z", "U"}, Group: "A"}) }},
		"the default":  {"SGN105I", ring.ErrRefused, func() (*ring.Result, error) { return remove(ring.RemoveGroup{IDs: []string{"U"}, Group: "B"}) }},
	} {
		_, err := tc.try()
		t.Run(name, func(t *testing.T) { wantError(t, err, tc.id, tc.class) })
	}
	same(t, groups("*"), before)

	r, err = remove(ring.RemoveGroup{IDs: []string{"Z", "Y"}, Group: "A"})
	silent(t, done(t, r, err))
	r, err = del("NONE", "A")
	if done(t, r, err); r.Code() != ring.Warning || len(r.Messages) != 1 || !hasMessage(*r, "SGN102I") {
		t.Errorf("one missing: %v", r.Messages)
	}
	same(t, groups("*"), []string{"B<TOP BOSS text:: U", "TOP< OPER : B:"})
}

// A name that relations take for a user's or a group's is of that kind before it is defined.
func TestNamesOfOneKind(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	r, err := d.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{"U"}, Group: "G"})
	done(t, r, err)
	r, err = d.AddGroup(ctx, ring.AddGroup{Names: []string{"BELOW"}, Superior: new("TOP")})
	done(t, r, err)
	for name, try := range map[string]func() (*ring.Result, error){
		"user as group":    func() (*ring.Result, error) { return d.AddGroup(ctx, ring.AddGroup{Names: []string{"U"}}) },
		"group as user":    func() (*ring.Result, error) { return d.AddUser(ctx, ring.AddUser{IDs: []string{"G"}}) },
		"superior as user": func() (*ring.Result, error) { return d.AddUser(ctx, ring.AddUser{IDs: []string{"TOP"}}) },
		"to a user": func() (*ring.Result, error) {
			return d.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{"V"}, Group: "U"})
		},
		"a group to a group": func() (*ring.Result, error) {
			return d.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{"G"}, Group: "H"})
		},
		"to a group like it": func() (*ring.Result, error) {
			return d.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{"N"}, Group: "N"})
		},
	} {
		_, err := try()
		t.Run(name, func(t *testing.T) { wantError(t, err, "SGN101I", ring.ErrExists) })
	}
	r, err = d.AddGroup(ctx, ring.AddGroup{Names: []string{"G", "TOP"}})
	silent(t, done(t, r, err))
	r, err = d.AddUser(ctx, ring.AddUser{IDs: []string{"U"}})
	silent(t, done(t, r, err))
}

// Groups that are defined never form a circle, in whatever order they are.
func TestGroupCircle(t *testing.T) {
	d := newDB(t)
	for _, pair := range [][2]string{{"A", "B"}, {"C", "A"}, {"B", "D"}} {
		if _, err := d.AddGroup(t.Context(), ring.AddGroup{Names: []string{pair[0]}, Superior: &pair[1]}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := d.AddGroup(t.Context(), ring.AddGroup{Names: []string{"D"}, Superior: new("C")})
	wantError(t, err, "SGN109I", ring.ErrInvalid)
}

// A connection that is there keeps what is not given.
func TestConnectGroupAgain(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	for _, s := range []ring.MembershipSettings{
		{Owner: new("BOSS"), Authority: new(saf.Create), Attributes: ring.AttributeSettings{Special: new(true), Operations: new(true)}},
		{Attributes: ring.AttributeSettings{Auditor: new(true), Operations: new(false)}},
		{Attributes: ring.AttributeSettings{Revoked: new(true)}},
	} {
		if _, err := d.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{"U"}, Group: "G", Settings: s}); err != nil {
			t.Fatal(err)
		}
	}
	var got *saf.Membership
	err := d.store.View(ctx, func(tx ring.Tx) (err error) { got, err = tx.Membership("U", "G"); return err })
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, &saf.Membership{User: "U", Group: "G", Owner: "BOSS", Authority: saf.Create, Created: testNow, CreatedBy: "OPER",
		Attributes: saf.Attributes{Special: true, Auditor: true, Revoked: true}})
}

func TestDelUser(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	d.gencert("CERTAUTH/CA", "")
	for _, c := range []string{"U/LABEL00000001", "U/b", "V/kept", "UNDEFINED/c"} {
		d.gencert(c, "CERTAUTH/CA")
	}
	for _, name := range []string{"U/R1", "U/R2", "V/R", "UNDEFINED/R"} {
		r, err := d.AddRing(ctx, ringRef(name))
		done(t, r, err)
	}
	for _, c := range []string{"U/b", "V/kept"} {
		r, err := d.Connect(ctx, ring.Connect{Ring: ringRef("V/R"), Cert: ref(c)})
		done(t, r, err)
	}
	if r, err := d.Map(ctx, ring.Map{Owner: "U", Label: "f", Subject: "CN=x"}); err != nil {
		t.Fatal(r, err)
	}
	r, err := d.AddUser(ctx, ring.AddUser{IDs: []string{"U", "V"}, Settings: ring.UserSettings{DefaultGroup: new("G")}})
	done(t, r, err)
	r, err = d.Setropts(ctx, switches(map[string]bool{"DIGTCERT": true, "DIGTRING": true, "DIGTNMAP": true}, ring.SwitchRacList))
	done(t, r, err)

	// A certificate that waits for its answer holds its user; nothing is deleted.
	before := d.dump("U", "V") + strings.Join(d.users("*"), "\n")
	if _, err := d.Genreq(ctx, ring.Genreq{CertRef: ref("U/b")}, func([]byte) error { return nil }); err != nil {
		t.Fatal(err)
	}
	_, err = d.DelUser(ctx, ring.DelUser{IDs: []string{"V", "U"}})
	wantError(t, err, "ICH04014I", ring.ErrRefused)
	if after := d.dump("U", "V") + strings.Join(d.users("*"), "\n"); after != before {
		t.Errorf("refused, but changed from\n%s to\n%s", before, after)
	}
	if _, err := d.Delete(ctx, ring.Delete{Selector: ring.Selector{Owner: "U", Label: "b"}, Force: true}); err != nil {
		t.Fatal(err)
	}
	d.gencert("U/b", "CERTAUTH/CA")

	r, err = d.DelUser(ctx, ring.DelUser{IDs: []string{"u", "UNDEFINED"}})
	done(t, r, err)
	var said []string
	for _, m := range r.Messages {
		said = append(said, m.Text)
	}
	const refresh = "class %s is RACLISTed: on z/OS the change would wait for SETROPTS RACLIST(%s) REFRESH; here it is in effect"
	same(t, said, []string{
		"certificate U/LABEL00000001, with its private key, is deleted with user U",
		"certificate U/b, with its private key, is deleted with user U",
		strings.ReplaceAll(refresh, "%s", "DIGTCERT"),
		"ring U/R1 is deleted with user U",
		"ring U/R2 is deleted with user U",
		strings.ReplaceAll(refresh, "%s", "DIGTRING"),
		"name filter U/f is deleted with user U",
		strings.ReplaceAll(refresh, "%s", "DIGTNMAP"),
		"user UNDEFINED is not defined; nothing is deleted",
	})
	if r.Code() != ring.Warning {
		t.Errorf("code %d", r.Code())
	}
	if d.get("U/b") != nil || d.get("UNDEFINED/c") == nil || d.get("V/kept") == nil {
		t.Error("wrong certificates are left")
	}
	if _, err := d.ListRing(ctx, ring.RingRef{Owner: "U"}); err == nil {
		t.Error("rings are left")
	}
	rings, err := d.ListRing(ctx, ringRef("V/R"))
	if err != nil || len(rings[0].Connections) != 1 || rings[0].Connections[0].Cert.Label != "kept" {
		t.Errorf("ring of another: %+v %v", rings, err)
	}
	err = d.store.View(ctx, func(tx ring.Tx) error {
		for _, err := range tx.Filters("U") {
			t.Error("a filter is left", err)
		}
		for c, err := range tx.MembershipsOf("U") {
			t.Error("a group connection is left", c, err)
		}
		n, err := tx.LabelHint("U")
		same(t, n, 1)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, d.users("*"), []string{"OPER dflt=", "V dflt=G G/USE/OPER"})
}

// GENCERT without SUBJECTSDN takes the CN from the user's name (racdcert-certificates.md 3.2).
func TestGencertNamedSubject(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	bare := func(q *ring.Gencert) { q.Subject = cert.Name{} }
	refused := func(target string) {
		t.Helper()
		_, err := d.tryGencert(target, "", bare)
		wantError(t, err, "IRRD130I", ring.ErrInvalid)
	}
	refused("U/a") // not defined
	r, err := d.AddUser(ctx, ring.AddUser{IDs: []string{"U"}})
	done(t, r, err)
	refused("U/a") // no name
	r, err = d.AltUser(ctx, ring.AltUser{IDs: []string{"U"}, Settings: ring.UserSettings{Name: new("Úna O'Brien")}})
	done(t, r, err)
	d.gencert("U/a", "", bare)
	if got := d.x509("U/a").Subject.String(); got != "CN=Úna O'Brien" {
		t.Errorf("subject %s", got)
	}
	d.gencert("U/b", "") // a subject that is given counts
	if got := d.x509("U/b").Subject.String(); got != "CN=b" {
		t.Errorf("subject %s", got)
	}
	refused("CERTAUTH/a")
	refused("SITE/a")
}

func TestAuthorityRefused(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	for _, a := range []saf.Authority{-1, saf.Join + 1} {
		_, err := d.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{"U"}, Group: "G", Settings: ring.MembershipSettings{Authority: &a}})
		wantError(t, err, "SGN109I", ring.ErrInvalid)
		group := "G"
		_, err = d.AddUser(ctx, ring.AddUser{IDs: []string{"U"}, Settings: ring.UserSettings{DefaultGroup: &group}, Authority: a})
		wantError(t, err, "SGN109I", ring.ErrInvalid)
		_, err = d.AltUser(ctx, ring.AltUser{IDs: []string{"OPER"}, Group: "G", Authority: &a})
		wantError(t, err, "SGN109I", ring.ErrInvalid)
	}
}
