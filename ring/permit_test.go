package ring_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/ring"
	"signet/saf"
)

// list gives the access list of FACILITY A, whose creator is not on it.
func (d *db) list() []saf.Entry {
	d.t.Helper()
	found, err := d.Rlist(d.t.Context(), ring.Rlist{Class: "FACILITY", Names: []string{"A"}})
	if err != nil {
		d.t.Fatal(err)
	}
	return found[0].Profile.Access
}

// bare makes a database with the profile FACILITY A and no access list, in an active class.
func bare(t *testing.T) *db {
	t.Helper()
	d := newDB(t)
	off := false
	q := switches(map[string]bool{"FACILITY": true}, ring.SwitchActive)
	q.AddCreator = &off
	if _, err := d.Setropts(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Rdefine(t.Context(), ring.Rdefine{Class: "FACILITY", Names: []string{"A"}}); err != nil {
		t.Fatal(err)
	}
	return d
}

// Each condition of WHEN has an entry of its own, which is given, changed and deleted by itself
// or with all of its class.
func TestPermitWhen(t *testing.T) {
	d := bare(t)
	for _, tc := range []struct {
		q    ring.Permit
		note string
		list []saf.Entry
	}{
		{ring.Permit{IDs: []string{"oper"}, Access: saf.Read, When: "PROGRAM(P,Q)"}, "", []saf.Entry{{ID: "OPER", Access: saf.Read, When: "PROGRAM(P)"}, {ID: "OPER", Access: saf.Read, When: "PROGRAM(Q)"}}},
		{ring.Permit{IDs: []string{"OPER"}, Access: saf.Update, When: "PROGRAM(Q)"}, "", []saf.Entry{{ID: "OPER", Access: saf.Read, When: "PROGRAM(P)"}, {ID: "OPER", Access: saf.Update, When: "PROGRAM(Q)"}}},
		{ring.Permit{IDs: []string{"OPER"}, Delete: true}, "ICH06002I", []saf.Entry{{ID: "OPER", Access: saf.Read, When: "PROGRAM(P)"}, {ID: "OPER", Access: saf.Update, When: "PROGRAM(Q)"}}},
		{ring.Permit{IDs: []string{"OPER"}, Delete: true, When: "PROGRAM(P)"}, "", []saf.Entry{{ID: "OPER", Access: saf.Update, When: "PROGRAM(Q)"}}},
		{ring.Permit{IDs: []string{"OPER"}, Delete: true, When: "PROGRAM(P)"}, "ICH06014I", []saf.Entry{{ID: "OPER", Access: saf.Update, When: "PROGRAM(Q)"}}},
		{ring.Permit{IDs: []string{"OPER"}, Delete: true, When: "TERMINAL(*)"}, "ICH06014I", []saf.Entry{{ID: "OPER", Access: saf.Update, When: "PROGRAM(Q)"}}},
		{ring.Permit{IDs: []string{"OPER", "*"}, Access: saf.Read, When: "PROGRAM(P)"}, "", []saf.Entry{{ID: "OPER", Access: saf.Update, When: "PROGRAM(Q)"}, {ID: "OPER", Access: saf.Read, When: "PROGRAM(P)"}, {ID: "*", Access: saf.Read, When: "PROGRAM(P)"}}},
		{ring.Permit{IDs: []string{"OPER"}, Delete: true, When: "PROGRAM(*)"}, "", []saf.Entry{{ID: "*", Access: saf.Read, When: "PROGRAM(P)"}}},
		// RESET takes all, DELETE some: with both, RESET does nothing.
		{ring.Permit{IDs: []string{"*"}, Delete: true, Reset: ring.ResetAll}, "ICH06009I", []saf.Entry{{ID: "*", Access: saf.Read, When: "PROGRAM(P)"}}},
	} {
		tc.q.Class, tc.q.Name = "FACILITY", "A"
		r, err := d.Permit(t.Context(), tc.q)
		if err != nil {
			t.Fatalf("%+v: %v", tc.q, err)
		}
		if tc.note != "" && !hasMessage(*r, tc.note) || tc.note == "" && len(r.Messages) > 0 {
			t.Errorf("%+v: %v, want %q", tc.q, r.Messages, tc.note)
		}
		if diff := cmp.Diff(tc.list, d.list()); diff != "" {
			t.Errorf("%+v: (-want +got)\n%s", tc.q, diff)
		}
	}
}

// What is no entry of an access list is refused, and the list stays.
func TestPermitRefuses(t *testing.T) {
	d := bare(t)
	for _, tc := range []struct {
		q  ring.Permit
		id string
	}{
		{ring.Permit{IDs: []string{"OPER"}, Access: saf.Read, When: "PROGRAM(*)"}, "ICH06013I"},
		{ring.Permit{IDs: []string{"OPER"}, Access: saf.Read, When: "PROGRAM"}, "SGN109I"},
		{ring.Permit{IDs: []string{"OPER"}, Access: saf.Read, When: "PROGRAM("}, "SGN109I"},
		{ring.Permit{IDs: []string{"OPER"}, Access: saf.Read, When: "PROGRAM()"}, "SGN109I"},
		{ring.Permit{IDs: []string{"OPER"}, Access: saf.Read, When: "(P)"}, "SGN109I"},
		{ring.Permit{IDs: []string{"OPER"}, Access: saf.Read, When: "PROGRAM(P)(Q)"}, "SGN109I"},
		{ring.Permit{IDs: []string{"OPER"}, Access: saf.Read, When: "PROGRAM(P\nQ)"}, "SGN109I"},
		{ring.Permit{IDs: []string{"A B"}, Access: saf.Read}, "SGN001I"},
		{ring.Permit{IDs: []string{"OPER", "**"}, Access: saf.Read}, "SGN001I"},
		{ring.Permit{IDs: []string{"OPER"}, Access: saf.Alter + 1}, "SGN109I"},
		{ring.Permit{IDs: []string{"OPER"}, Access: -1}, "SGN109I"},
	} {
		tc.q.Class, tc.q.Name = "FACILITY", "A"
		_, err := d.Permit(t.Context(), tc.q)
		wantError(t, err, tc.id, ring.ErrInvalid)
		if list := d.list(); len(list) != 0 {
			t.Errorf("%+v: %v", tc.q, list)
		}
	}
}

// PERMIT says what keeps an entry from counting.
func TestPermitNotes(t *testing.T) {
	d := bare(t)
	ctx := t.Context()
	ids := func(name string, ids ...string) []string {
		t.Helper()
		r, err := d.Permit(ctx, ring.Permit{Class: "FACILITY", Name: name, IDs: ids, Access: saf.Read})
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, m := range r.Messages {
			found = append(found, m.ID)
		}
		return found
	}
	if got := ids("A", "NOBODY", "*", "OPER"); !slices.Equal(got, []string{"ICH06007I"}) {
		t.Errorf("an undefined user: %q", got)
	}
	if _, err := d.AddGroup(ctx, ring.AddGroup{Names: []string{"G"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{"OPER"}, Group: "LOOSE"}); err != nil {
		t.Fatal(err)
	}
	if got := ids("A", "G", "LOOSE"); len(got) != 0 {
		t.Errorf("a group, and one that is not defined but has members: %q", got)
	}
	if _, err := d.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"B.*"}}); err != nil {
		t.Fatal(err)
	}
	if got := ids("B.*", "OPER"); len(got) != 0 {
		t.Errorf("a discrete profile: %q", got)
	}
	if _, err := d.Setropts(ctx, switches(map[string]bool{"FACILITY": true}, ring.SwitchGeneric)); err != nil {
		t.Fatal(err)
	}
	if got := ids("B.*", "OPER"); !slices.Equal(got, []string{"ICH06015I"}) {
		t.Errorf("an unusable profile: %q", got)
	}
	if _, err := d.Setropts(ctx, switches(map[string]bool{"FACILITY": false}, ring.SwitchActive)); err != nil {
		t.Fatal(err)
	}
	if got := ids("A", "OPER"); !slices.Equal(got, []string{"ICH06019I"}) {
		t.Errorf("an inactive class: %q", got)
	}
}
