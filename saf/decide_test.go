package saf

import (
	"errors"
	"testing"
)

func TestDecide(t *testing.T) {
	const r = "IRR.DIGTCERT.ADD"
	list := func(uacc Access, entries ...Entry) []*Profile {
		return []*Profile{{Name: r, UACC: uacc, Access: entries}}
	}
	for _, tc := range []struct {
		name     string
		profiles []*Profile
		user     string
		level    Access
		granted  bool
		held     Access
		why      Why
		line     string // what String gives, behind class and resource
	}{
		{"entry of the user", list(None, Entry{ID: "BOB", Access: Update}), "BOB", Update, true, Update, ByUser, "ID(BOB) has UPDATE, UPDATE is needed"},
		{"too low", list(None, Entry{ID: "BOB", Access: Update}), "BOB", Control, false, Update, ByUser, "ID(BOB) has UPDATE, CONTROL is needed"},
		{"ALTER is more than CONTROL", list(None, Entry{ID: "BOB", Access: Alter}), "BOB", Control, true, Alter, ByUser, "ID(BOB) has ALTER, CONTROL is needed"},
		{"EXECUTE is less than READ", list(None, Entry{ID: "BOB", Access: Execute}), "BOB", Read, false, Execute, ByUser, "ID(BOB) has EXECUTE, READ is needed"},
		{"the user's NONE beats UACC", list(Alter, Entry{ID: "BOB"}), "BOB", Read, false, None, ByUser, "ID(BOB) has NONE, READ is needed"},
		{"the user's READ beats a group", list(None, Entry{ID: "G1", Access: Alter}, Entry{ID: "ANN", Access: Read}), "ANN", Update, false, Read, ByUser, "ID(ANN) has READ, UPDATE is needed"},
		{"the highest group", list(None, Entry{ID: "G1", Access: Read}, Entry{ID: "G2", Access: Control}), "ANN", Control, true, Control, ByGroup, "ID(ANN) has CONTROL through group G2, CONTROL is needed"},
		{"a group's NONE beats ID(*) and UACC", list(Read, Entry{ID: "*", Access: Read}, Entry{ID: "G1"}), "ANN", Read, false, None, ByGroup, "ID(ANN) has NONE through group G1, READ is needed"},
		{"revoked in the group", list(None, Entry{ID: "GX", Access: Alter}), "ANN", Read, false, None, ByUACC, "ID(ANN) has NONE as UACC, READ is needed"},
		{"somebody else's group", list(None, Entry{ID: "G1", Access: Alter}), "BOB", Read, false, None, ByUACC, "ID(BOB) has NONE as UACC, READ is needed"},
		{"everybody", list(None, Entry{ID: "*", Access: Read}), "BOB", Read, true, Read, ByEveryone, "ID(BOB) has READ through ID(*), READ is needed"},
		{"everybody beats UACC", list(Update, Entry{ID: "*", Access: Read}), "BOB", Update, false, Read, ByEveryone, "ID(BOB) has READ through ID(*), UPDATE is needed"},
		{"UACC", list(Read), "BOB", Read, true, Read, ByUACC, "ID(BOB) has READ as UACC, READ is needed"},
		{"UACC of the undefined", list(Read, Entry{ID: "*", Access: Control}), "GHOST", Read, true, Read, ByUACC, "ID(GHOST) is not defined and has READ as UACC, READ is needed"},
		{"no entry of the undefined", list(None, Entry{ID: "GHOST", Access: Alter}, Entry{ID: "G2", Access: Alter}), "GHOST", Read, false, None, ByUACC, "ID(GHOST) is not defined and has NONE as UACC, READ is needed"},
		{"nobody of that name", list(None, Entry{ID: "*", Access: Alter}), "*", Read, false, None, ByUACC, "ID(*) is not defined and has NONE as UACC, READ is needed"},
		{"no user", list(None, Entry{ID: "", Access: Alter}), "", Read, false, None, ByUACC, "ID() is not defined and has NONE as UACC, READ is needed"},
		{"RESTRICTED", list(Alter, Entry{ID: "*", Access: Alter}), "RES", Read, false, None, RestrictedUser, "ID(RES) has NONE, being RESTRICTED and not in the access list, READ is needed"},
		{"RESTRICTED by name", list(None, Entry{ID: "RES", Access: Read}), "RES", Read, true, Read, ByUser, "ID(RES) has READ, READ is needed"},
		{"RESTRICTED by group", list(None, Entry{ID: "G2", Access: Read}), "RES", Read, true, Read, ByGroup, "ID(RES) has READ through group G2, READ is needed"},
		{"revoked", list(Alter, Entry{ID: "REV", Access: Alter}), "REV", Read, false, None, UserRevoked, "ID(REV) is revoked, READ is needed"},
		{"SPECIAL gives no access", list(None), "BOSS", Read, false, None, ByUACC, "ID(BOSS) has NONE as UACC, READ is needed"},
		{"no profile", nil, "BOB", Read, false, None, NoProfile, "no profile protects it, READ is needed"},
		{"generic", []*Profile{{Name: "IRR.**", UACC: Control}}, "BOB", Read, true, Control, ByUACC, "ID(BOB) has CONTROL as UACC, READ is needed, by profile IRR.**"},
		{"the most specific generic", []*Profile{{Name: "IRR.**", UACC: Alter}, {Name: "IRR.DIGTCERT.*"}, {Name: "IRR.*.ADD", UACC: Alter}}, "BOB", Read, false, None, ByUACC, "ID(BOB) has NONE as UACC, READ is needed, by profile IRR.DIGTCERT.*"},
		{"discrete before generic", append(list(None), &Profile{Name: "IRR.DIGTCERT.AD%", UACC: Alter}), "BOB", Read, false, None, ByUACC, "ID(BOB) has NONE as UACC, READ is needed"},
		{"warning", []*Profile{{Name: r, Warning: true}}, "BOB", Control, true, None, ByUACC, "ID(BOB) has NONE as UACC, CONTROL is needed; granted, as the profile is in WARNING mode"},
		{"no warning without need", []*Profile{{Name: r, Warning: true, UACC: Read}}, "BOB", Read, true, Read, ByUACC, "ID(BOB) has READ as UACC, READ is needed"},
		{"no warning for the revoked", []*Profile{{Name: r, Warning: true}}, "REV", Read, false, None, UserRevoked, "ID(REV) is revoked, READ is needed"},
		{"conditional, not met", list(None, Entry{ID: "BOB", Access: Read, When: "PROGRAM(P)"}), "BOB", Read, false, None, ByUACC, "ID(BOB) has NONE as UACC, READ is needed"},
	} {
		d, err := Decide(people(tc.profiles...), Request{User: tc.user, Class: "FACILITY", Resource: r, Level: tc.level})
		if err != nil || d.Granted != tc.granted || d.Held != tc.held || d.Why != tc.why {
			t.Errorf("%s: %+v, %v", tc.name, d, err)
		}
		if want := "FACILITY " + r + ": " + tc.line; d.String() != want {
			t.Errorf("%s: %q, want %q", tc.name, d, want)
		}
		if d.Protected() != (tc.why != NoProfile) || d.Warning != (tc.name == "warning") {
			t.Errorf("%s: %+v", tc.name, d)
		}
	}
}

func TestDecideClassState(t *testing.T) {
	w := people(&Profile{Class: "RDATALIB", Name: "A", UACC: Read}, &Profile{Class: "FACILITY", Name: "A", UACC: Read})
	for _, tc := range []struct {
		class   string
		state   Class
		granted bool
		why     Why
		line    string
	}{
		{"RDATALIB", Class{Active: true, RacList: true}, true, ByUACC, "RDATALIB A: ID(BOB) has READ as UACC, READ is needed"},
		{"RDATALIB", Class{Active: true}, false, ClassNotListed, "RDATALIB A: class RDATALIB is not RACLISTed, as it must be, READ is needed"},
		{"RDATALIB", Class{RacList: true}, false, ClassInactive, "RDATALIB A: class RDATALIB is not active, READ is needed"},
		{"FACILITY", Class{Active: true}, true, ByUACC, "FACILITY A: ID(BOB) has READ as UACC, READ is needed"},
		{"FACILITY", Class{RacList: true}, false, ClassInactive, "FACILITY A: class FACILITY is not active, READ is needed"},
		{"SURROGAT", Class{}, false, ClassInactive, "SURROGAT A: class SURROGAT is not active, READ is needed"},
	} {
		w.classes[tc.class] = tc.state
		d, err := Decide(w, Request{User: "BOB", Class: tc.class, Resource: "A", Level: Read})
		if err != nil || d.Granted != tc.granted || d.Why != tc.why || d.Protected() != tc.granted || d.String() != tc.line {
			t.Errorf("%s %+v: %v %+v, %v", tc.class, tc.state, d, d, err)
		}
	}
}

// Without list-of-groups checking only the default group counts, and only while the user is in it.
func TestDecideOneGroup(t *testing.T) {
	w := people(&Profile{Name: "A", Access: []Entry{{ID: "G1", Access: Read}, {ID: "G2", Access: Update}}})
	ask := func() Access {
		d, err := Decide(w, Request{User: "ANN", Class: "FACILITY", Resource: "A", Level: Control})
		if err != nil || d.Granted {
			t.Errorf("%+v, %v", d, err)
		}
		return d.Held
	}
	if got := ask(); got != Update {
		t.Errorf("with GRPLIST: %v", got)
	}
	w.groupList = false
	if got := ask(); got != Read {
		t.Errorf("without: %v", got)
	}
	w.users["ANN"].DefaultGroup = "GX"
	if got := ask(); got != None {
		t.Errorf("revoked in the default group: %v", got)
	}
	w.users["ANN"].DefaultGroup = "G3"
	if got := ask(); got != None {
		t.Errorf("not in the default group: %v", got)
	}
}

func TestDecideConditions(t *testing.T) {
	const pagent, other = "PROGRAM(EZAPAGEN,PAGENT)", "TERMINAL(PAGENT)"
	for _, tc := range []struct {
		list    []Entry
		user    string
		holds   []Condition
		held    Access
		granted bool
		line    string
	}{
		{[]Entry{{ID: "BOB", Access: Update, When: pagent}}, "BOB", []Condition{{"PROGRAM", "PAGENT"}}, Update, true, "ID(BOB) has UPDATE when PROGRAM(EZAPAGEN,PAGENT), UPDATE is needed"},
		{[]Entry{{ID: "BOB", Access: Update, When: other}}, "BOB", []Condition{{"PROGRAM", "PAGENT"}}, Read, false, "ID(BOB) has READ as UACC, UPDATE is needed"},
		{[]Entry{{ID: "BOB", Access: Update, When: pagent}}, "BOB", []Condition{{"PROGRAM", "AGENT"}, {"", ""}}, Read, false, "ID(BOB) has READ as UACC, UPDATE is needed"},
		{[]Entry{{ID: "BOB"}, {ID: "BOB", Access: Update, When: pagent}}, "BOB", []Condition{{"PROGRAM", "PAGENT"}}, Update, true, "ID(BOB) has UPDATE when PROGRAM(EZAPAGEN,PAGENT), UPDATE is needed"},
		{[]Entry{{ID: "BOB", Access: Read}, {ID: "BOB", When: pagent}}, "BOB", []Condition{{"PROGRAM", "PAGENT"}}, Read, false, "ID(BOB) has READ, UPDATE is needed"},
		{[]Entry{{ID: "BOB", Access: Read, When: pagent}, {ID: "BOB", Access: Alter, When: other}}, "BOB", []Condition{{"PROGRAM", "PAGENT"}, {"TERMINAL", "PAGENT"}}, Alter, true, "ID(BOB) has ALTER when TERMINAL(PAGENT), UPDATE is needed"},
		{[]Entry{{ID: "ANN", Access: Read}, {ID: "G2", Access: Update, When: pagent}}, "ANN", []Condition{{"PROGRAM", "PAGENT"}}, Update, true, "ID(ANN) has UPDATE through group G2 when PROGRAM(EZAPAGEN,PAGENT), UPDATE is needed"},
		{[]Entry{{ID: "*", Access: Update, When: pagent}}, "BOB", []Condition{{"PROGRAM", "PAGENT"}}, Update, true, "ID(BOB) has UPDATE through ID(*) when PROGRAM(EZAPAGEN,PAGENT), UPDATE is needed"},
		{[]Entry{{ID: "*", Access: Update, When: pagent}}, "RES", []Condition{{"PROGRAM", "PAGENT"}}, None, false, "ID(RES) has NONE, being RESTRICTED and not in the access list, UPDATE is needed"},
		{[]Entry{{ID: "*", Access: Update, When: pagent}}, "GHOST", []Condition{{"PROGRAM", "PAGENT"}}, Read, false, "ID(GHOST) is not defined and has READ as UACC, UPDATE is needed"},
		{[]Entry{{ID: "BOB", Access: Alter, When: "nonsense"}}, "BOB", []Condition{{"PROGRAM", "PAGENT"}}, Read, false, "ID(BOB) has READ as UACC, UPDATE is needed"},
	} {
		d, err := Decide(people(&Profile{Name: "A", UACC: Read, Access: tc.list}),
			Request{User: tc.user, Class: "FACILITY", Resource: "A", Level: Update, Conditions: tc.holds})
		if err != nil || d.Held != tc.held || d.Granted != tc.granted || d.String() != "FACILITY A: "+tc.line {
			t.Errorf("%v: %v, %v", tc.list, d, err)
		}
	}
}

// A discrete profile whose name is a pattern protects the resource of that name, until the class
// has generic names.
func TestBestUnusable(t *testing.T) {
	p := &Profile{Class: "DULL", Name: "A.*", UACC: Read}
	w := people(p)
	best := func(resource string) *Profile {
		class, _ := w.Class("DULL")
		best, err := Best(w, class, resource)
		if err != nil {
			t.Fatal(err)
		}
		return best
	}
	if best("A.*") != p || best("A.B") != nil || p.Unusable(w.classes["DULL"]) {
		t.Error("without generic names it is like any other")
	}
	w.classes["DULL"] = Class{Active: true, Generic: true}
	if best("A.*") != nil || best("A.B") != nil || !p.Unusable(w.classes["DULL"]) {
		t.Error("with generic names it counts for nothing")
	}
	p.Generic = true
	if best("A.*") != p || best("A.B") != p || p.Unusable(w.classes["DULL"]) {
		t.Error("made anew it is generic")
	}
	w.classes["DULL"] = Class{Active: true}
	if best("A.*") != nil || best("A.B") != nil {
		t.Error("NOGENERIC: generic profiles do not count")
	}
}

func TestAccessThrough(t *testing.T) {
	p := &Profile{Name: "A.*", UACC: Update, Access: []Entry{{ID: "G2", Access: Control}, {ID: "RES", Access: Alter, When: "PROGRAM(P)"}}}
	w := people(p)
	w.classes["FACILITY"] = Class{} // which does not matter
	for user, want := range map[string]Access{"ANN": Control, "BOB": Update, "RES": Control, "REV": None, "GHOST": Update} {
		got, err := AccessThrough(w, p, user)
		if err != nil || got != want {
			t.Errorf("%s has %v, want %v, %v", user, got, want, err)
		}
	}
	w.fail = errors.New("failed")
	if _, err := AccessThrough(w, p, "ANN"); !errors.Is(err, w.fail) {
		t.Errorf("error %v", err)
	}
}

func TestDecideFails(t *testing.T) {
	for _, level := range []Access{None, Execute, Alter + 1, -1} {
		if d, err := Decide(people(&Profile{Name: "A", UACC: Alter}), Request{User: "BOB", Class: "FACILITY", Resource: "A", Level: level}); err == nil || d.Granted {
			t.Errorf("level %d: %+v", level, d)
		}
	}
	// Each look-up fails in turn: the failure is the answer, and nothing is granted.
	for n := range 5 {
		src := &failing{Source: people(&Profile{Name: "A", UACC: Alter, Access: []Entry{{ID: "G9", Access: Alter}}}), left: n}
		d, err := Decide(src, Request{User: "ANN", Class: "FACILITY", Resource: "A", Level: Read})
		if !errors.Is(err, errBroken) || d.Granted {
			t.Errorf("after %d look-ups: %+v, %v", n, d, err)
		}
	}
}

// Numbers that no level has come from programs on the other end of a connection.
func TestWordsOfUnknown(t *testing.T) {
	for text, got := range map[string]string{"unknown-6": Access(6).String(), "unknown--1": Access(-1).String(), "unknown-4": Authority(4).String(), "unknown-99": Why(99).String()} {
		if got != text {
			t.Errorf("%q, want %q", got, text)
		}
	}
	if Access(6).Valid() || Access(-1).Valid() || !Alter.Valid() || !None.Valid() || Authority(4).Valid() || Authority(-1).Valid() || !Use.Valid() || !Join.Valid() {
		t.Error("valid")
	}
}
