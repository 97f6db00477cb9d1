package ring_test

import (
	"slices"
	"testing"

	"signet/ring"
	"signet/saf"
)

// Checks of a RACLISTed class see profiles as they were at RACLIST or its last REFRESH, for
// grants and for removals, while RLIST shows them as they are (racdcert-rings.md D8).
func TestRaclist(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	do := func(_ *ring.Result, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const name = "IRR.DIGTCERT.GENREQ"
	permit := func(delete bool) {
		t.Helper()
		do(d.Permit(ctx, ring.Permit{Class: "FACILITY", Name: name, IDs: []string{"BOB"}, Access: saf.Read, Delete: delete}))
	}
	// may asks whether BOB may use GENREQ, and what would change a refusal.
	may := func(want bool, remedy ...string) {
		t.Helper()
		v, err := d.Can(ctx, ring.Can{User: "BOB", Act: ring.Act{Function: "GENREQ", Cert: ref("BOB/x")}})
		if err != nil || v.Granted != want {
			t.Fatalf("%+v, %v", v, err)
		}
		if got := v.Needs[0].Remedy; !want && !slices.Equal(got, remedy) {
			t.Errorf("remedy %q, want %q", got, remedy)
		}
	}
	const define, give, activate, refresh_ = "RDEFINE FACILITY " + name + " UACC(NONE)", "PERMIT " + name + " CLASS(FACILITY) ID(BOB) ACCESS(READ)",
		"SETROPTS CLASSACT(FACILITY)", "SETROPTS RACLIST(FACILITY) REFRESH"
	do(d.AddUser(ctx, ring.AddUser{IDs: []string{"BOB"}}))
	class := map[string]bool{"FACILITY": true}
	may(false, define, give, activate)
	do(d.Setropts(ctx, switches(class, ring.SwitchActive, ring.SwitchRacList)))
	may(false, define, give, refresh_)
	do(d.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{name}}))
	may(false, give, refresh_)
	permit(false)
	may(false, refresh_)
	do(d.Setropts(ctx, refresh(switches(class, ring.SwitchRacList))))
	may(true)
	permit(true)
	may(true) // still
	do(d.Setropts(ctx, refresh(switches(class, ring.SwitchGeneric))))
	may(true) // that was another REFRESH
	do(d.Setropts(ctx, refresh(switches(class, ring.SwitchRacList))))
	may(false, give, refresh_)
	permit(false)
	do(d.Setropts(ctx, switches(map[string]bool{"FACILITY": false}, ring.SwitchRacList)))
	may(true) // no snapshot any more
	permit(true)
	may(false, give)
}

func TestOptions(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	is := func(creator, groups bool) {
		t.Helper()
		o, err := d.Options(ctx)
		if err != nil || o.AddCreator != creator || o.GroupList != groups {
			t.Errorf("%+v, %v", o, err)
		}
	}
	is(true, true)
	yes, no := true, false
	for _, tc := range []struct {
		q               ring.Setropts
		creator, groups bool
	}{
		{ring.Setropts{GroupList: &no}, true, false},
		{ring.Setropts{AddCreator: &no}, false, false},
		{ring.Setropts{GroupList: &yes}, false, true},
		{ring.Setropts{AddCreator: &yes}, true, true},
	} {
		if _, err := d.Setropts(ctx, tc.q); err != nil {
			t.Fatal(err)
		}
		is(tc.creator, tc.groups)
	}
}

// A class that protects nothing until it is RACLISTed is said to be one.
func TestSetroptsMustBeListed(t *testing.T) {
	d := newDB(t)
	for _, tc := range []struct {
		class string
		sw    []ring.ClassSwitch
		noted bool
	}{
		{"FACILITY", []ring.ClassSwitch{ring.SwitchActive}, false},
		{"RDATALIB", []ring.ClassSwitch{ring.SwitchActive}, true},
		{"RDATALIB", []ring.ClassSwitch{ring.SwitchActive, ring.SwitchRacList}, false},
	} {
		r, err := d.Setropts(t.Context(), switches(map[string]bool{tc.class: true}, tc.sw...))
		if err != nil || hasMessage(*r, "ICH14040I") != tc.noted || r.Code() != ring.Done {
			t.Errorf("%s %v: %v, %v", tc.class, tc.sw, r, err)
		}
	}
}

func TestRdefineRefuses(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	if _, err := d.Setropts(ctx, switches(map[string]bool{"FACILITY": true}, ring.SwitchGeneric)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "A\nB", "A\xff", "A.**.B.**", "**.**", "A**", "A.B**C", "***"} {
		_, err := d.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{name}})
		wantError(t, err, "SGN061I", ring.ErrInvalid)
	}
	if _, err := d.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"**", "A.**.B", "*.A*.%", "*"}}); err != nil {
		t.Error(err)
	}
	high, low, level, text := saf.Alter+1, saf.Access(-1), 100, "a\x00b"
	for _, s := range []ring.ProfileSettings{{UACC: &high}, {UACC: &low}, {Level: &level}, {Data: &text}, {ApplData: &text}, {Audit: &text}, {Owner: &text}, {Notify: &text}} {
		_, err := d.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"NEW"}, Settings: s})
		wantError(t, err, "SGN109I", ring.ErrInvalid)
		_, err = d.Ralter(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"**"}, Settings: s})
		wantError(t, err, "SGN109I", ring.ErrInvalid)
	}
}
