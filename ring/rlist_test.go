package ring_test

import (
	"slices"
	"testing"

	"signet/ring"
	"signet/saf"
)

// RLIST shows the profile of a name, or else the generic one that covers it.
func TestRlistGeneric(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	define := func(names ...string) {
		t.Helper()
		if _, err := d.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: names}); err != nil {
			t.Fatal(err)
		}
	}
	define("OLD.*")
	if _, err := d.Setropts(ctx, switches(map[string]bool{"FACILITY": true}, ring.SwitchGenCmd, ring.SwitchRacList)); err != nil {
		t.Fatal(err)
	}
	// What comes now is not in the snapshot, and RLIST shows it all the same.
	define("A.B", "A.*", "A.B.**", "**")
	yes, no := true, false
	for _, tc := range []struct {
		names   []string
		generic *bool
		want    []string // none: nothing is found
	}{
		{[]string{"A.B"}, nil, []string{"A.B"}},
		{[]string{"A.B"}, &yes, []string{"A.B.**"}},
		{[]string{"A.B"}, &no, []string{"A.B"}},
		{[]string{"A.B.C"}, nil, []string{"A.B.**"}},
		{[]string{"A.B.C"}, &no, nil},
		{[]string{"A.*"}, nil, []string{"A.*"}},
		{[]string{"A.*"}, &no, nil},
		{[]string{"X", "A.B"}, nil, []string{"**", "A.B"}},
		{[]string{"*"}, nil, []string{"**", "A.*", "A.B", "A.B.**", "OLD.*"}},
		{[]string{"*"}, &yes, []string{"**", "A.*", "A.B.**"}},
		{[]string{"*"}, &no, []string{"A.B", "OLD.*"}},
	} {
		found, err := d.Rlist(ctx, ring.Rlist{Class: "FACILITY", Names: tc.names, Generic: tc.generic})
		if tc.want == nil {
			wantError(t, err, "ICH13003I", ring.ErrNotFound)
			continue
		}
		var got []string
		for _, l := range found {
			got = append(got, l.Profile.Name)
			if l.Unusable { // not before GENERIC
				t.Errorf("%s is unusable", l.Profile.Name)
			}
		}
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%q: %q, want %q, %v", tc.names, got, tc.want, err)
		}
	}
	if _, err := d.Setropts(ctx, switches(map[string]bool{"FACILITY": true}, ring.SwitchGeneric)); err != nil {
		t.Fatal(err)
	}
	found, err := d.Rlist(ctx, ring.Rlist{Class: "FACILITY", Names: []string{"OLD.*", "A.*"}})
	if err != nil || !found[0].Unusable || found[1].Unusable {
		t.Errorf("%+v, %v", found, err)
	}
}

// YOUR ACCESS is what a check would find: through groups, too, and not what is for others.
func TestRlistYourAccess(t *testing.T) {
	d := bare(t)
	ctx := t.Context()
	if _, err := d.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{"OPER"}, Group: "G"}); err != nil {
		t.Fatal(err)
	}
	yours := func() saf.Access {
		t.Helper()
		found, err := d.Rlist(ctx, ring.Rlist{Class: "FACILITY", Names: []string{"A"}})
		if err != nil {
			t.Fatal(err)
		}
		return found[0].YourAccess
	}
	if got := yours(); got != saf.None {
		t.Errorf("%v without an entry", got)
	}
	for _, q := range []ring.Permit{{IDs: []string{"G"}, Access: saf.Update}, {IDs: []string{"*"}, Access: saf.Read}, {IDs: []string{"OTHER"}, Access: saf.Alter}} {
		q.Class, q.Name = "FACILITY", "A"
		if _, err := d.Permit(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	if got := yours(); got != saf.Update {
		t.Errorf("%v through the group", got)
	}
	off := false
	if _, err := d.Setropts(ctx, ring.Setropts{GroupList: &off}); err != nil {
		t.Fatal(err)
	}
	if got := yours(); got != saf.Read {
		t.Errorf("%v with NOGRPLIST", got)
	}
}
