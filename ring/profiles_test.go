package ring_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"signet/ring"
	"signet/saf"
)

func TestProfiles(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	do := func(r *ring.Result, err error) *ring.Result {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	const name = "IRR.DIGTCERT.LIST"
	do(d.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{name}}))
	do(d.Permit(ctx, ring.Permit{Class: "FACILITY", Name: name, IDs: []string{"A", "B"}, Access: saf.Read}))
	do(d.Permit(ctx, ring.Permit{Class: "FACILITY", Name: name, IDs: []string{"A"}, Access: saf.Control}))
	do(d.Permit(ctx, ring.Permit{Class: "FACILITY", Name: name, IDs: []string{"*"}, Access: saf.Read, When: "PROGRAM(X)"}))
	r := do(d.Permit(ctx, ring.Permit{Class: "FACILITY", Name: name, IDs: []string{"B", "NOBODY"}, Delete: true}))
	if r.Code() != ring.Warning || !hasMessage(*r, "ICH06002I") {
		t.Errorf("deleting an entry that is not there: %v", r.Messages)
	}
	update, text := saf.Update, "text"
	do(d.Ralter(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{name}, Settings: ring.ProfileSettings{UACC: &update, Data: &text}}))
	got, err := d.Rlist(ctx, ring.Rlist{Class: "FACILITY", Names: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	want := []ring.ProfileListing{{YourAccess: saf.Alter, Profile: &saf.Profile{Class: "FACILITY", Name: name, Owner: "OPER", CreatedBy: "OPER", UACC: saf.Update, Data: "text",
		Access: []saf.Entry{{ID: "OPER", Access: saf.Alter}, {ID: "A", Access: saf.Control}, {ID: "*", Access: saf.Read, When: "PROGRAM(X)"}}}}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(saf.Profile{}, "Created", "Changed")); diff != "" {
		t.Errorf("profile (-want +got):\n%s", diff)
	}

	for _, reset := range []struct {
		which ring.Reset
		left  int
	}{{ring.ResetWhen, 2}, {ring.ResetStandard, 0}} {
		do(d.Permit(ctx, ring.Permit{Class: "FACILITY", Name: name, Reset: reset.which}))
		if got, _ := d.Rlist(ctx, ring.Rlist{Class: "FACILITY", Names: []string{name}}); len(got[0].Profile.Access) != reset.left {
			t.Errorf("after RESET %d: %v", reset.which, got[0].Profile.Access)
		}
	}

	_, err = d.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{name}})
	wantError(t, err, "ICH10102I", ring.ErrExists)
	_, err = d.Permit(ctx, ring.Permit{Class: "FACILITY", Name: "NONE", IDs: []string{"A"}})
	wantError(t, err, "ICH06004I", ring.ErrNotFound)
	_, err = d.Rlist(ctx, ring.Rlist{Class: "FACILITY", Names: []string{"NONE"}})
	wantError(t, err, "ICH13003I", ring.ErrNotFound)
	_, err = d.Rlist(ctx, ring.Rlist{Class: "RDATALIB", Names: []string{"*"}})
	wantError(t, err, "ICH13004I", ring.ErrNotFound)
	r = do(d.Rdelete(ctx, ring.ProfileNames{Class: "FACILITY", Names: []string{"NONE", name}}))
	if r.Code() != ring.Warning {
		t.Errorf("RDELETE of one that is not there: %v", r.Messages)
	}
	if _, err = d.Rlist(ctx, ring.Rlist{Class: "FACILITY", Names: []string{"*"}}); err == nil {
		t.Error("the profile beside it was not deleted")
	}
}

func TestProfileFrom(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	read := saf.Read
	for _, f := range []func() (*ring.Result, error){
		func() (*ring.Result, error) {
			return d.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"MODEL"}, Settings: ring.ProfileSettings{UACC: &read}})
		},
		func() (*ring.Result, error) {
			return d.Permit(ctx, ring.Permit{Class: "FACILITY", Name: "MODEL", IDs: []string{"A", "OPER"}, Access: saf.Update})
		},
		func() (*ring.Result, error) {
			return d.Rdefine(ctx, ring.Rdefine{Class: "RDATALIB", Names: []string{"COPY", "LIST"}, From: ring.Model{Name: "MODEL", Class: "FACILITY"}})
		},
		func() (*ring.Result, error) {
			return d.Permit(ctx, ring.Permit{Class: "RDATALIB", Name: "LIST", Reset: ring.ResetAll, From: ring.Model{Name: "COPY"}})
		},
	} {
		if _, err := f(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := d.Rlist(ctx, ring.Rlist{Class: "RDATALIB", Names: []string{"COPY", "LIST"}})
	if err != nil {
		t.Fatal(err)
	}
	// The creator keeps ALTER: FROM adds only those that the list does not name.
	want := []saf.Entry{{ID: "OPER", Access: saf.Alter}, {ID: "A", Access: saf.Update}}
	for _, l := range got {
		p := l.Profile
		if p.UACC != saf.Read || !cmp.Equal(p.Access, want) {
			t.Errorf("%s: %v %v", p.Name, p.UACC, p.Access)
		}
	}
	_, err = d.Rdefine(ctx, ring.Rdefine{Class: "RDATALIB", Names: []string{"X"}, From: ring.Model{Name: "NONE"}})
	wantError(t, err, "ICH06004I", ring.ErrNotFound)
}

func TestSetropts(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	on := map[string]bool{"FACILITY": true}
	r, err := d.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"A.*"}})
	if err != nil || !hasMessage(*r, "ICH10321I") {
		t.Errorf("a generic name without generics: %v %v", r, err)
	}
	if _, err := d.Setropts(ctx, switches(on, ring.SwitchActive, ring.SwitchRacList, ring.SwitchGeneric)); err != nil {
		t.Fatal(err)
	}
	r, err = d.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"B.*"}})
	if err != nil || !hasMessage(*r, "ICH10006I") {
		t.Errorf("no reminder to refresh: %v %v", r, err)
	}
	all, err := d.Rlist(ctx, ring.Rlist{Class: "FACILITY", Names: []string{"*"}})
	if err != nil || len(all) != 2 || all[0].Profile.Generic || !all[1].Profile.Generic || !all[0].Unusable || all[1].Unusable {
		t.Errorf("profiles: %+v %v", all, err)
	}
	// REFRESH switches nothing, and does nothing for a class that is not RACLISTed.
	r, err = d.Setropts(ctx, refresh(switches(map[string]bool{"DIGTCERT": true}, ring.SwitchRacList)))
	if err != nil || !hasMessage(*r, "ICH14070I") || r.Code() != ring.Done {
		t.Errorf("REFRESH of a class that is not RACLISTed: %v %v", r, err)
	}
	if got := d.gencert("U/a", ""); hasMessage(got.Result, "IRRD175I") {
		t.Error("REFRESH made DIGTCERT RACLISTed")
	}
	if _, err := d.Setropts(ctx, switches(map[string]bool{"DIGTCERT": true, "DIGTRING": true}, ring.SwitchRacList)); err != nil {
		t.Fatal(err)
	}
	if got := d.gencert("U/b", ""); !hasMessage(got.Result, "IRRD175I") || got.Code() != ring.Done {
		t.Errorf("no reminder: %v", got.Messages)
	}
	off := false
	if _, err := d.Setropts(ctx, ring.Setropts{AddCreator: &off}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"C"}}); err != nil {
		t.Fatal(err)
	}
	if got, _ := d.Rlist(ctx, ring.Rlist{Class: "FACILITY", Names: []string{"C"}}); len(got[0].Profile.Access) != 0 {
		t.Errorf("NOADDCREATOR: %v", got[0].Profile.Access)
	}
	_, err = d.Setropts(ctx, switches(map[string]bool{"NINELETTERS": true}, ring.SwitchActive))
	wantError(t, err, "SGN061I", ring.ErrInvalid)
	// RACDCERT alone administers the classes of certificates and rings.
	_, err = d.Rdefine(ctx, ring.Rdefine{Class: "DIGTCERT", Names: []string{"X"}})
	wantError(t, err, "SGN062I", ring.ErrRefused)
	_, err = d.Setropts(ctx, switches(map[string]bool{"DIGTRING": true}, ring.SwitchGeneric))
	wantError(t, err, "SGN062I", ring.ErrRefused)
	// Off is off, also with REFRESH.
	if _, err := d.Setropts(ctx, refresh(switches(map[string]bool{"FACILITY": false}, ring.SwitchRacList))); err != nil {
		t.Fatal(err)
	}
	options, err := d.Options(ctx)
	if err != nil || len(options.Classes) != 3 || options.Classes[2] != (saf.Class{Name: "FACILITY", Active: true, Generic: true}) {
		t.Errorf("options %+v %v", options, err)
	}
}

// switches asks for some switches of the same classes.
func switches(classes map[string]bool, which ...ring.ClassSwitch) ring.Setropts {
	var q ring.Setropts
	for _, w := range which {
		q.Switches[w] = classes
	}
	return q
}

func refresh(q ring.Setropts) ring.Setropts {
	q.Refresh = true
	return q
}
