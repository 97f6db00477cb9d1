package racdcert

import (
	"slices"
	"strings"
	"testing"

	"signet/racdcert/tso"
	"signet/ring"
)

func TestUserDisplays(t *testing.T) {
	d := newDesk(t)
	d.must(`ADDGROUP (SYS1)
AG (WEB PROD TEST DEV OTHER MORE) SUPGROUP(SYS1) OWNER(SYS1) DATA('it''s the web')
CO OPER GROUP(SYS1) AUTHORITY(JOIN)
ALU OPER DFLTGRP(SYS1) OWNER(SYS1)
ADDUSER WEBSRV NAME('Web server') DFLTGRP(WEB) OWNER(SYS1) DATA('for the web') SPECIAL AUDITOR OPERATIONS RESTRICTED
ALU WEBSRV REVOKE
CONNECT WEBSRV GROUP(PROD) AUTH(CREATE) SPECIAL REVOKE`)
	d.must("LISTUSER (WEBSRV OPER)")
	golden(t, "listuser.golden", d.out.String())
	d.must("LU WEBSRV OMVS TSO NORACF")
	if got := d.out.String(); got != "USER=WEBSRV\n\nNO OMVS INFORMATION\n\nNO TSO INFORMATION\n\n" {
		t.Errorf("NORACF: %q", got)
	}
	d.must("LISTGRP (SYS1 PROD)")
	golden(t, "listgrp.golden", d.out.String())
	d.must("LG WEB OMVS NORACF")
	if got := d.out.String(); got != "INFORMATION FOR GROUP WEB\n\nNO OMVS INFORMATION\n\n" {
		t.Errorf("NORACF: %q", got)
	}
	for command, want := range map[string]string{"LISTUSER": "USER=OPER ", "LISTUSER *": "USER=WEBSRV ", "LISTGRP": "GROUP SYS1\n", "LISTGRP *": "GROUP WEB\n"} {
		if d.must(command); !strings.Contains(d.out.String(), want) {
			t.Errorf("%s: no %q in\n%s", command, want, d.out.String())
		}
	}
}

// What an administrator's job does with users and groups, with the operands that mean nothing.
func TestUserJob(t *testing.T) {
	d := newDesk(t)
	d.run(`ADDGROUP STCGROUP OMVS(AUTOGID) OWNER(SYS1) SUPGROUP(SYS1) UNIVERSAL
addgroup (g1,g2) termuacc
ADDUSER WEBSRV DFLTGRP(STCGROUP) NAME('O''Brien, web') NOPASSWORD NOOIDCARD NOADSP OMVS(AUTOUID HOME('/u/websrv') PROGRAM(/bin/sh)) +
  TSO(ACCTNUM(ACCT#) PROC(ISPF)) UACC(NONE) WHEN(DAYS(WEEKDAYS) TIME(0800:1800))
ALTUSER WEBSRV PASSWORD(hunter2) PHRASE('hunter2 and more') NOEXPIRED RESUME NOOMVS
CONNECT (WEBSRV OPER) GROUP(G1) AUTH(U) UACC(NONE) OWNER(SYS1)
ALTUSER WEBSRV DFLTGRP(G1)
REMOVE WEBSRV GROUP(STCGROUP) OWNER(X)
LISTUSER WEBSRV
DELUSER WEBSRV
RE OPER GROUP(G1)
DELGROUP (G1 G2)`)
	want := `1:1 SGN098I ADDGROUP keeps nothing of OMVS, UNIVERSAL: signet has no use for that
1:1 SGN103I group SYS1 is not defined; the name is kept as it is given
2:1 SGN098I ADDGROUP keeps nothing of TERMUACC: signet has no use for that
3:1 SGN098I ADDUSER keeps nothing of OMVS, TSO, UACC, WHEN: signet has no use for that
5:1 SGN098I ALTUSER keeps nothing of PASSWORD and PHRASE: signet has no passwords
6:1 SGN098I CONNECT keeps nothing of UACC: signet has no use for that
8:1 SGN098I REMOVE keeps nothing of OWNER: signet has no use for that`
	if got := d.messages(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := d.out.String(); !strings.Contains(got, "NAME=O'Brien, web ") || !strings.Contains(got, "DEFAULT-GROUP=G1 ") || strings.Contains(got, "STCGROUP") {
		t.Errorf("user:\n%s", got)
	}
}

// A user's name is the subject of a certificate that has none.
func TestGencertOfNamedUser(t *testing.T) {
	d := newDesk(t)
	d.must(`ADDUSER U NAME('Jane Doe')
RACDCERT ID(U) GENCERT WITHLABEL('x') NISTECC
RACDCERT ID(U) LIST(LABEL('x'))`)
	if got := d.out.String(); !strings.Contains(got, ">CN=Jane Doe<") {
		t.Errorf("list:\n%s", got)
	}
	d.run("RACDCERT ID(V) GENCERT WITHLABEL('x') NISTECC")
	if got := d.messages(); got != "1:1 IRRD130I GENCERT needs SUBJECTSDN with at least one part" {
		t.Error(got)
	}
}

func TestUserPositions(t *testing.T) {
	d := newDesk(t) // every command is refused, and leaves it empty
	for _, tc := range []struct{ script, want string }{
		{"ADDUSER", "1:1 IKJ56701I ADDUSER names no user"},
		{"ADDUSER ()", "1:9 IKJ56701I ADDUSER names no user"},
		{"ADDUSER NAME('x')", "1:9 IKJ56701I ADDUSER names no user"},
		{"DELGROUP", "1:1 IKJ56701I DELGROUP names no group"},
		{"ADDUSER (A B(C))", `1:12 IKJ56702I "B(" is not a user`},
		{"ADDGROUP (LABEL('x'))", `1:11 IKJ56702I "LABEL(" is not a group`},
		{"ADDUSER U DFLTGROUP(G)", `1:11 IKJ56712I operand "DFLTGROUP" is not known to ADDUSER`},
		{"ADDUSER U REVOKE", `1:11 IKJ56712I operand "REVOKE" is not known to ADDUSER`},
		{"ADDUSER U NOUACC", `1:11 IKJ56712I operand "NOUACC" is not known to ADDUSER`},
		{"ALTUSER U SPECIAL NOSPECIAL", "1:19 IKJ56702I SPECIAL and NOSPECIAL exclude each other"},
		{"ALTUSER U SPECIAL(YES)", "1:19 IKJ56702I SPECIAL takes no value"},
		{"ALTUSER U REVOKE(12/31/27)", "1:18 IKJ56702I REVOKE takes no date here: nothing would happen on it"},
		{"ALTUSER U RESUME(12/31/27)", "1:18 IKJ56702I RESUME takes no date here: nothing would happen on it"},
		{"ALTUSER U DATA('x') NODATA", "1:21 IKJ56702I DATA and NODATA exclude each other"},
		{"ALTUSER U NODATA(x)", "1:18 IKJ56702I NODATA takes no value"},
		{"CONNECT U GROUP", "1:11 IKJ56701I GROUP has no value"},
		{"CONNECT U GROUP(A B)", `1:19 IKJ56702I GROUP takes one value, and "B" is a second one`},
		{"CONNECT U GROUP(G) AUTHORITY(ALL)", `1:30 IKJ56712I operand "ALL" is not known to AUTHORITY`},
		{"CONNECT (LABEL('x') RING(r)) ID(U)", `1:10 IKJ56702I "LABEL(" is not a user`},
		{"CONNECT U", "1:1 IRRD130I CONNECT needs a group, because OPER has no default group"},
		{"LISTUSER U OMVS(X)", "1:17 IKJ56702I OMVS takes no value"},
		{"LISTUSER U NAME", `1:12 IKJ56712I operand "NAME" is not known to LISTUSER`},
		{"LISTUSER (U *)", `1:1 SGN001I user ID "*": it holds '*'`},
		{"LISTGRP G", "1:1 SGN102I group G is not defined"},
		{"LISTGRP *", "1:1 SGN108I no group is defined"},
		{"DELUSER U", "1:1 ICH30001I user U is not defined; nothing is deleted"},
		{"DELUSER *", `1:1 SGN001I user ID "*": it holds '*'`},
		{"ADDUSER A%B", `1:1 SGN001I user ID "A%B": it holds '%'`},
		{"LISTUSER (*)", `1:1 SGN001I user ID "*": it holds '*'`},
		{"ADDUSER U OWNER('A B')", `1:1 SGN001I user ID "A B": it holds ' '`},
		{"ADDGROUP G SUPGROUP('')", `1:1 SGN100I group name "": it is empty`},
	} {
		d.run(tc.script)
		if got := d.messages(); got != tc.want {
			t.Errorf("%q:\n got %s\nwant %s", tc.script, got, tc.want)
		}
	}
	d.run("ADDUSER U DFLTGROUP(G)")
	if got := d.outcomes[0].Messages[0].Hint; got != "did you mean DFLTGRP?" {
		t.Errorf("hint %q", got)
	}
}

// No message repeats a password or a phrase, whatever else is wrong.
func TestUserPasswordsHidden(t *testing.T) {
	d := newDesk(t)
	for _, command := range []string{
		"ADDUSER U PASSWORD(hunter2)",
		"ADDUSER U PHRASE('hunter2 x')",
		"ALTUSER NOBODY PASSWORD(hunter2)",
		"ALTUSER U PHRASE(hunter2 NAME",
		"ALTUSER U PHRASE(x hunter2) NONSENSE",
		"ALTUSER U PASS hunter2",
		"ALTUSER U PHR 'hunter2'",
		"ALTUSER U PH hunter2",
		"ALTUSER U PHRASE hunter2(x)",
		"ALTUSER U PHRASE('hunter2)",
		"ALTUSER U PHRASE(hunter2;)",
		"ALTUSER U PHRASE(hunter2'x')",
		"ADDUSER PASSWORD(hunter2)",
		"ADDUSER (U PHRASE(hunter2))",
		"CONNECT U PASSWORD(hunter2)",
		"LISTUSER U PHRASE hunter2",
	} {
		d.run(command)
		for _, o := range d.outcomes {
			for _, m := range o.Messages {
				if strings.Contains(m.Text+m.Hint+o.Command, "hunter2") {
					t.Errorf("%s: %s", command, m)
				}
			}
		}
		if len(d.outcomes) != 1 || strings.Contains(d.out.String(), "hunter2") {
			t.Errorf("%s: %d outcomes, printed %q", command, len(d.outcomes), d.out.String())
		}
	}
	if !isPassword("phr") || !isPassword("PASSWORD") || isPassword("PHRASES") || isPassword("") {
		t.Error("isPassword")
	}
}

// What is explained is what would be done; passwords are not shown.
func TestUserPlans(t *testing.T) {
	d := newDesk(t)
	for script, want := range map[string]string{
		"ADDUSER (A B) NAME('x') DFLTGRP(G) AUTH(JOIN) SPECIAL PASSWORD(hunter2)": `defines users A B, name "x", default group "G", SPECIAL, JOIN authority in it`,
		"ADDUSER A":                                    "defines user A",
		"ALTUSER A OMVS(UID(0))":                       "changes nothing of user A that signet keeps",
		"ALTUSER A NORESTRICTED GROUP(G) AUTH(C":       "", // not read
		"ALTUSER A NORESTRICTED GROUP(G) AUTH(CREATE)": "changes user A, not RESTRICTED, CREATE authority in group G",
		"ALTUSER A AUTH(USE)":                          "changes user A, USE authority in the issuer's default group",
		"DELUSER (A B)":                                "deletes users A B with all certificates, rings and name filters",
		"LISTUSER":                                     "shows the issuer's own user",
		"LISTUSER *":                                   "shows all users",
		"LU A":                                         "shows user A",
		"ADDGROUP G SUPGROUP(S) OWNER(O) DATA('d')": `defines group G, below group S, owner "O", data "d"`,
		"DELGROUP G":                           "deletes group G",
		"LISTGRP":                              "shows the issuer's default group",
		"LG *":                                 "shows all groups",
		"LG (G H)":                             "shows groups G H",
		"CONNECT A GROUP(G) AUTH(JOIN) REVOKE": "connects user A to group G, JOIN authority, revoked",
		"REMOVE A":                             "removes user A from the issuer's default group",
	} {
		d.outcomes = nil
		sc, problems := Read([]byte(script), Options{User: "OPER"})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		sc.Explain(&d.Session)
		if got := d.outcomes[0].Plan.Does; got != want {
			t.Errorf("%s:\n got %s\nwant %s", script, got, want)
		}
	}
}

// Every alias is the command, and every keyword of a command is there once and can be written
// in full.
func TestUserForms(t *testing.T) {
	for alias, name := range map[string]string{"AU": "ADDUSER", "ALU": "ALTUSER", "DU": "DELUSER", "LU": "LISTUSER",
		"AG": "ADDGROUP", "DG": "DELGROUP", "LG": "LISTGRP", "CO": "CONNECT", "RE": "REMOVE"} {
		cmd, _, err := Parse(tso.Statement{Name: alias, Operands: []tso.Operand{{Text: "X"}}}, ring.Owner("OPER"))
		if err != nil || cmd.Name() != name {
			t.Errorf("%s: %v %v, want %s", alias, cmd, err, name)
		}
	}
	for _, f := range []form{formAdduser, formAltuser, formDeluser, formListuser, formAddgroup, formDelgroup, formListgrp, formConnect, formRemove} {
		all := f.keywords()
		slices.Sort(all)
		if len(slices.Compact(slices.Clone(all))) != len(all) {
			t.Errorf("%s lists a keyword twice: %v", f.name, all)
		}
		for _, k := range all {
			if got, err := resolve(tso.Operand{Text: k}, f.name, all); err != nil || got != k {
				t.Errorf("%s %s: %s %v", f.name, k, got, err)
			}
		}
	}
}

// Any command on users or groups is either refused with a reason or can be explained.
func FuzzUserCommand(f *testing.F) {
	for _, seed := range []string{
		"ADDUSER (A B) NAME('x') OWNER(O) DFLTGRP(G) DATA('d') SPECIAL PASSWORD(p) OMVS(UID(0))", "ALTUSER A NODATA REVOKE NORESTRICTED GROUP(G) AUTH(JOIN)",
		"DELUSER (A,B)", "LISTUSER *", "LU A TSO NORACF", "ADDGROUP G SUPGROUP(S) TERMUACC", "DELGROUP G", "LISTGRP", "CONNECT A GROUP(G) AUTH(USE) RESUME",
		"REMOVE A GROUP(G) OWNER(X)", "ALTUSER A PHRASE('p q') NOEXPIRED", "CONNECT (LABEL('x') RING(r))", "ADDUSER 'a' NAME(b c)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sc, problems := Read([]byte(text), Options{User: "OPER"})
		if len(problems) > 0 {
			return
		}
		for _, c := range sc.commands {
			st, err := c.Parse()
			if err != nil {
				continue
			}
			cmd, _, err := Parse(st, "OPER")
			if err != nil {
				if err.Error() == "" {
					t.Error("an error without a text")
				}
				continue
			}
			if does := cmd.plan(&Session{}).Does; does == "" {
				t.Errorf("%s has no plan", cmd.Name())
			}
		}
	})
}
