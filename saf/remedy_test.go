package saf

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"
)

func TestRemedy(t *testing.T) {
	const r = "IRR.DIGTCERT.ADD"
	granting := &Profile{Name: r, Access: []Entry{{ID: "BOB", Access: Control}}}
	old := &Profile{Name: r}
	for _, tc := range []struct {
		name     string
		class    Class
		now      []*Profile
		live     []*Profile // nil: the same
		user     string
		commands []string
	}{
		{"granted", Class{Active: true}, []*Profile{granting}, nil, "BOB", nil},
		{"too low", Class{Active: true}, []*Profile{old}, nil, "BOB", []string{"PERMIT IRR.DIGTCERT.ADD CLASS(FACILITY) ID(BOB) ACCESS(CONTROL)"}},
		{"through a generic profile", Class{Active: true, Generic: true}, []*Profile{{Name: "IRR.*", Generic: true}}, nil, "BOB",
			[]string{"PERMIT IRR.* CLASS(FACILITY) ID(BOB) ACCESS(CONTROL)"}},
		{"warning", Class{Active: true}, []*Profile{{Name: r, Warning: true}}, nil, "BOB", []string{"PERMIT IRR.DIGTCERT.ADD CLASS(FACILITY) ID(BOB) ACCESS(CONTROL)"}},
		{"no profile", Class{Active: true}, nil, nil, "BOB",
			[]string{"RDEFINE FACILITY IRR.DIGTCERT.ADD UACC(NONE)", "PERMIT IRR.DIGTCERT.ADD CLASS(FACILITY) ID(BOB) ACCESS(CONTROL)"}},
		{"class inactive", Class{}, []*Profile{granting}, nil, "BOB", []string{"SETROPTS CLASSACT(FACILITY)"}},
		{"revoked", Class{Active: true}, []*Profile{{Name: r, UACC: Alter}}, nil, "REV", []string{"ALTUSER REV RESUME"}},
		{"revoked and nothing else right", Class{}, nil, nil, "REV",
			[]string{"ALTUSER REV RESUME", "RDEFINE FACILITY IRR.DIGTCERT.ADD UACC(NONE)", "PERMIT IRR.DIGTCERT.ADD CLASS(FACILITY) ID(REV) ACCESS(CONTROL)", "SETROPTS CLASSACT(FACILITY)"}},
		{"not defined", Class{Active: true}, []*Profile{old}, nil, "GHOST", []string{"ADDUSER GHOST", "PERMIT IRR.DIGTCERT.ADD CLASS(FACILITY) ID(GHOST) ACCESS(CONTROL)"}},
		{"old snapshot", Class{Active: true, RacList: true}, []*Profile{old}, []*Profile{granting}, "BOB", []string{"SETROPTS RACLIST(FACILITY) REFRESH"}},
		{"old snapshot without the profile", Class{Active: true, RacList: true}, []*Profile{}, []*Profile{granting}, "BOB", []string{"SETROPTS RACLIST(FACILITY) REFRESH"}},
		{"RACLISTed", Class{Active: true, RacList: true}, []*Profile{old}, nil, "BOB",
			[]string{"PERMIT IRR.DIGTCERT.ADD CLASS(FACILITY) ID(BOB) ACCESS(CONTROL)", "SETROPTS RACLIST(FACILITY) REFRESH"}},
	} {
		now := people(tc.now...)
		now.classes["FACILITY"] = tc.class
		live := now
		if tc.live != nil {
			live = people(tc.live...)
			live.classes["FACILITY"] = tc.class
		}
		got, err := Remedy(now, live, Request{User: tc.user, Class: "FACILITY", Resource: r, Level: Control})
		if err != nil || !slices.Equal(got, tc.commands) {
			t.Errorf("%s: %q, want %q, %v", tc.name, got, tc.commands, err)
		}
	}
}

// A class that must be RACLISTed is, and a name with blanks is one word.
func TestRemedyRdatalib(t *testing.T) {
	w := people()
	w.classes["RDATALIB"] = Class{}
	got, err := Remedy(w, w, Request{User: "BOB", Class: "RDATALIB", Resource: "U.A 'B'.LST", Level: Read})
	want := []string{"RDEFINE RDATALIB 'U.A ''B''.LST' UACC(NONE)", "PERMIT 'U.A ''B''.LST' CLASS(RDATALIB) ID(BOB) ACCESS(READ)", "SETROPTS CLASSACT(RDATALIB) RACLIST(RDATALIB)"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestRemedyFails(t *testing.T) {
	w := people(&Profile{Name: "A", Access: []Entry{{ID: "G9"}}})
	q := Request{User: "ANN", Class: "FACILITY", Resource: "A", Level: Read}
	whole := &failing{Source: w, left: 100}
	if _, err := Remedy(whole, whole, q); err != nil {
		t.Fatal(err)
	}
	for n := range 100 - whole.left {
		src := &failing{Source: w, left: n}
		if got, err := Remedy(src, src, q); err == nil || got != nil {
			t.Errorf("after %d look-ups: %q, %v", n, got, err)
		}
	}
}

var (
	permitCommand = regexp.MustCompile(`^PERMIT (\S+) CLASS\((\w+)\) ID\((\w+)\) ACCESS\((\w+)\)$`)
	defineCommand = regexp.MustCompile(`^RDEFINE (\w+) (\S+) UACC\(NONE\)$`)
	userCommand   = regexp.MustCompile(`^(?:ADDUSER (\w+)|ALTUSER (\w+) RESUME)$`)
	stateCommand  = regexp.MustCompile(`^SETROPTS( CLASSACT\(\w+\))?( RACLIST\(\w+\))?( REFRESH)?$`)
)

// mends runs the commands of Remedy on a world whose RACLISTed classes are older than its
// profiles, and expects that the request is granted then.
func mends(t *testing.T, seed uint64, old *world, q Request) {
	t.Helper()
	live := *old
	live.profiles = slices.Clone(dice{rand.New(rand.NewPCG(seed, 8))}.world().profiles)
	now := *old
	if !old.classes[q.Class].RacList {
		now.profiles = live.profiles
	}
	commands, err := Remedy(&now, &live, q)
	if err != nil {
		t.Fatal(err)
	}
	before, _ := Decide(&now, q)
	if (len(commands) == 0) != (before.Granted && !before.Warning) {
		t.Fatalf("seed %d: %v: %q", seed, before, commands)
	}
	users, classes := map[string]*User{}, map[string]Class{}
	for id, u := range old.users {
		copied := *u
		users[id] = &copied
	}
	for name, c := range old.classes {
		classes[name] = c
	}
	snapshot := now.profiles
	for _, c := range commands {
		switch class := classes[q.Class]; {
		case userCommand.MatchString(c):
			id := userCommand.FindStringSubmatch(c)
			if id[1] != "" {
				users[id[1]] = &User{ID: id[1]}
			} else {
				users[id[2]].Revoked = false
			}
		case defineCommand.MatchString(c):
			m := defineCommand.FindStringSubmatch(c)
			if slices.ContainsFunc(live.profiles, func(p *Profile) bool { return p.Class == m[1] && p.Name == m[2] }) {
				return // a profile that its name makes unusable; not to be mended so simply
			}
			live.profiles = append(live.profiles, &Profile{Class: m[1], Name: m[2], Generic: class.Generic && IsPattern(m[2])})
		case permitCommand.MatchString(c):
			m := permitCommand.FindStringSubmatch(c)
			i := slices.IndexFunc(live.profiles, func(p *Profile) bool { return p.Class == m[2] && p.Name == m[1] })
			if i < 0 {
				t.Fatalf("seed %d: %q: no such profile", seed, c)
			}
			level, _ := ParseAccess(m[4])
			changed := *live.profiles[i]
			changed.Access = append(slices.DeleteFunc(slices.Clone(changed.Access), func(e Entry) bool { return e.ID == m[3] && e.When == "" }), Entry{ID: m[3], Access: level})
			live.profiles[i] = &changed
		default:
			m := stateCommand.FindStringSubmatch(c)
			if m == nil {
				t.Fatalf("seed %d: %q", seed, c)
			}
			class.Active = class.Active || m[1] != ""
			class.RacList = class.RacList || m[2] != ""
			if m[2] != "" {
				snapshot = live.profiles
			}
			classes[q.Class] = class
		}
	}
	after := *old
	after.users, after.classes, after.profiles = users, classes, live.profiles
	if classes[q.Class].RacList {
		after.profiles = snapshot
	}
	d, err := Decide(&after, q)
	if err != nil || !d.Granted || d.Warning {
		t.Fatalf("seed %d: after %q: %v, %v\n%s", seed, commands, d, err, after.show())
	}
}
