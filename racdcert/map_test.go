package racdcert

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/cryptotest"

	"github.com/google/go-cmp/cmp"

	"signet/racdcert/tso"
	"signet/ring"
)

// LISTMAP in RACF's layout.
func TestFilterDisplays(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 3)
	d := newDesk(t)
	long := strings.Repeat("OU="+strings.Repeat("x", 40)+".", 4) + "C=NL"
	d.must(`RACDCERT ID(WEBUSER) MAP IDNFILTER('OU=VeriSign Class 1 Individual Subscriber.O=VeriSign, Inc.L=Internet') WITHLABEL('INTERNET OTHERS') TRUST
RACDCERT ID(WEBUSER) MAP SDNFILTER('` + long + `') NOTRUST
RACDCERT MULTIID MAP SDNFILTER('O=Bank.C=NL') CRITERIA(APPLID=&APPLID.SYSID=&SYSID) WITHLABEL('Bank')`)
	for _, tc := range []struct{ file, command string }{
		{"listmap.golden", "RACDCERT ID(WEBUSER) LISTMAP"},
		{"listmap-one.golden", "RACDCERT LISTMAP(LABEL('INTERNET OTHERS')) ID(WEBUSER)"},
		{"listmap-multiid.golden", "RACDCERT MULTIID LISTMAP"},
	} {
		d.must(tc.command)
		golden(t, tc.file, d.out.String())
	}
}

// The columns of racdcert-rings.md C4.
func TestListmapColumns(t *testing.T) {
	d := newDesk(t)
	d.must("RACDCERT ID(U) MAP IDNFILTER('C=NL') WITHLABEL('x')\nRACDCERT ID(U) LISTMAP")
	want := "Mapping information for user U:\n\n  Label: x\n  Status: TRUST\n  Issuer's Name Filter:\n       >C=NL<\n  Subject's Name Filter:\n       ><\n\n"
	if diff := cmp.Diff(want, d.out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A life of filters in RACDCERT text.
func TestFilterCommands(t *testing.T) {
	d := newDesk(t)
	d.must(`RACDCERT ID(U) GENCERT SUBJECTSDN(CN('Ann') OU('Loans') O('Bank') C('NL')) WITHLABEL('model') NISTECC
RACDCERT ID(U) EXPORT(LABEL('model')) DSN(MODEL.CERT)
racdcert map(model.cert) sdnf('OU=') w('From the model') id(U)
RACDCERT ALTMAP NEWLABEL('Loans') ID(U)
RACDCERT ID(U) MAP('MODEL.CERT') WITHLABEL('Whole')
RACDCERT ID(U) ALTMAP(LABEL('Whole')) NOTRUST
RACDCERT MULTIID MAP IDNFILTER('C=NL') CRITERIA(APPLID=&APPLID)
RACDCERT ALTMAP MULTIID NEWCRITERIA(sysid=&sysid)
RACDCERT MULTIID LISTMAP`)
	if got := d.out.String(); !strings.Contains(got, "  Criteria: SYSID=&SYSID\n") {
		t.Errorf("MULTIID:\n%s", got)
	}
	d.must("RACDCERT ID(U) LISTMAP")
	for _, want := range []string{"Label: Loans\n", ">OU=Loans.O=Bank.C=NL<", "Label: Whole\n  Status: NOTRUST\n", ">CN=Ann.OU=Loans.O=Bank.C=NL<"} {
		if !strings.Contains(d.out.String(), want) {
			t.Errorf("no %q in:\n%s", want, d.out.String())
		}
	}
	d.must("RACDCERT ID(U) DELMAP(LABEL('Whole'))\nRACDCERT ID(U) DELMAP\nRACDCERT MULTIID DELMAP")
	if s := d.run("RACDCERT ID(U) LISTMAP"); s.Code != ring.Warning {
		t.Errorf("code %d: %s", s.Code, d.messages())
	}
}

func TestFilterPositions(t *testing.T) {
	for _, tc := range []struct{ script, want string }{
		{"RACDCERT MULTIID LIST", "1:10 IRRD136I MULTIID is only for MAP, ALTMAP, DELMAP and LISTMAP"},
		{"RACDCERT MULTIID GENCERT", "1:10 IRRD136I MULTIID is only for MAP, ALTMAP, DELMAP and LISTMAP"},
		{"RACDCERT MULTIID(X) LISTMAP", "1:18 IKJ56702I MULTIID takes no value"},
		{"RACDCERT MULTIID ID(U) MAP", "1:10 IKJ56702I ID and MULTIID exclude each other"},
		{"RACDCERT ID(U) CONNECT(MULTIID LABEL('x') RING(R))", `1:24 IKJ56712I operand "MULTIID" is not known to CONNECT`},
		{"RACDCERT ID(MULTIID) LISTMAP", "1:10 IRRD136I MULTIID is only for MAP, ALTMAP, DELMAP and LISTMAP"},
		{"RACDCERT SITE LISTMAP", "1:1 SGN070I SITE cannot own a name filter"},
		{"RACDCERT ID(U) MAP", "1:1 IRRD130I MAP needs SDNFILTER, IDNFILTER or a model certificate"},
		{"RACDCERT ID(U) MAP SDNFILTER('')", "1:20 IKJ56702I SDNFILTER is empty"},
		{"RACDCERT ID(U) MAP IDNFILTER", "1:20 IKJ56701I IDNFILTER has no value"},
		{"RACDCERT ID(U) MAP() IDNFILTER('C=NL')", "1:16 IKJ56701I MAP has no value"},
		{"RACDCERT ID(U) MAP(A(B)) IDNFILTER('C=NL')", "1:20 IKJ56702I MAP(A(...)) names a member; members are not supported"},
		{"RACDCERT ID(U) MAP IDNFILTER('Bank')", `1:1 IRRD140I issuer filter "Bank": it does not begin with an attribute such as C= or OU=`},
		{"RACDCERT ID(U) MAP IDNFILTER('C=NL') TRUST NOTRUST", "1:44 IKJ56702I TRUST and NOTRUST exclude each other"},
		{"RACDCERT ID(U) MAP IDNFILTER('C=NL') HIGHTRUST", "1:1 SGN098I operand HIGHTRUST does not belong to MAP and is ignored"},
		{"RACDCERT ID(U) ALTMAP(LABEL('x'))", "1:1 IRRD130I ALTMAP needs TRUST, NOTRUST, NEWLABEL or NEWCRITERIA"},
		{"RACDCERT ID(U) ALTMAP NEWCRITERIA()", "1:23 IKJ56701I NEWCRITERIA has no value"},
		{"RACDCERT ID(U) DELMAP('x')", `1:23 IKJ56712I "x" is not an operand of DELMAP`},
		{"RACDCERT ID(U) DELMAP(LABEL('x'))", `1:1 SGN073I no name filter of ID(U) has the label "x"`},
		{"RACDCERT ID(U) MAP(NO.FILE)", `1:20 SGN091I file "NO.FILE": not found`},
	} {
		d := newDesk(t)
		d.run(tc.script)
		if got := d.messages(); got != tc.want {
			t.Errorf("%q:\n got %s\nwant %s", tc.script, got, tc.want)
		}
	}
}

func TestFilterPlans(t *testing.T) {
	for text, want := range map[string]Plan{
		"RACDCERT ID(U) MAP SDNFILTER('C=NL') NOTRUST":                  {Does: "makes a name filter of ID(U) under a generated label, subject C=NL, status NOTRUST"},
		"RACDCERT ID(U) MAP(A.B) IDNFILTER('O=') WITHLABEL('x')":        {Does: "makes name filter U/x, issuer from O=", Reads: []string{"A.B"}},
		"RACDCERT ID(U) MAP(A.B)":                                       {Does: "makes a name filter of ID(U) under a generated label, for the whole names in the certificate", Reads: []string{"A.B"}},
		"RACDCERT MULTIID MAP SDNFILTER('C=NL') CRITERIA(SYSID=&SYSID)": {Does: "makes a name filter of MULTIID under a generated label, subject C=NL, criteria SYSID=&SYSID"},
		"RACDCERT ID(U) ALTMAP(LABEL('x')) TRUST NEWLABEL('y')":         {Does: `changes name filter U/x, status TRUST, new label "y"`},
		"RACDCERT MULTIID ALTMAP NEWCRITERIA(SYSID=&SYSID)":             {Does: "changes the one name filter of MULTIID, new criteria SYSID=&SYSID"},
		"RACDCERT ID(U) DELMAP":                                         {Does: "deletes the one name filter of ID(U)"},
		"RACDCERT ID(U) LISTMAP":                                        {Does: "lists the name filters of ID(U)"},
		"RACDCERT LISTMAP(LABEL('x'))":                                  {Does: "lists name filter OPER/x"},
	} {
		got := parseOne(t, text).plan(&Session{})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// parseOne reads a text of one command.
func parseOne(t *testing.T, text string) Command {
	t.Helper()
	sc, problems := Read([]byte(text), Options{User: "OPER"})
	if len(problems) > 0 || len(sc.commands) != 1 {
		t.Fatalf("%q: %d commands, %v", text, len(sc.commands), problems)
	}
	st, err := sc.commands[0].Parse()
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	cmd, notes, err := Parse(st, "OPER")
	if err != nil || len(notes) > 0 {
		t.Fatalf("%q: %v %v", text, notes, err)
	}
	return cmd
}

// filterCommand writes a request as RACDCERT text, its operands in an order of r's choice.
func filterCommand(r *rand.Rand, owner ring.Owner, function string, operands [][2]string) string {
	parts := []string{owner.String(), function}
	for _, o := range operands {
		if o[1] != "" {
			parts = append(parts, o[0]+"("+tso.Quote(o[1])+")")
		}
	}
	r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return "RACDCERT " + strings.Join(parts, " ")
}

func withLabel(function, label string) string {
	if label == "" {
		return function
	}
	return function + "(LABEL(" + tso.Quote(label) + "))"
}

// Whatever a request about filters holds, its text reads back as the same request.
func TestFilterRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	letters := []rune(`aZ9 ,+=()'";.&*-/\éЖ日`)
	value := func() string {
		if r.IntN(3) == 0 {
			return ""
		}
		s := []rune("x")
		for range r.IntN(25) {
			s = append(s, letters[r.IntN(len(letters))])
		}
		return string(append(s, 'x'))
	}
	owners := []ring.Owner{"U", "A$B", ring.MultiID}
	statuses := []ring.Status{"", ring.Trust, ring.NoTrust}
	for range 1000 {
		owner, status := owners[r.IntN(len(owners))], statuses[r.IntN(len(statuses))]
		flag := " " + string(status)
		ref := ring.FilterRef{Owner: owner, Label: value()}

		m := mapCommand{"RACDCERT MAP", ring.Map{Owner: owner, Label: value(), Status: status, Subject: value(), Issuer: value(), Criteria: value()}, dataSet{}}
		function := "MAP"
		if r.IntN(2) == 0 {
			m.dsn = dataSet{name: "A.MODEL", complete: true}
			function = "MAP('A.MODEL')"
		}
		text := filterCommand(r, owner, function, [][2]string{{"SDNFILTER", m.request.Subject}, {"IDNFILTER", m.request.Issuer},
			{"CRITERIA", m.request.Criteria}, {"WITHLABEL", m.request.Label}}) + flag
		got := parseOne(t, text).(mapCommand)
		got.dsn.pos = tso.Pos{}
		if diff := cmp.Diff(m, got, cmp.AllowUnexported(mapCommand{}, dataSet{})); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", text, diff)
		}

		a := altmap{"RACDCERT ALTMAP", ring.Altmap{FilterRef: ref, Status: status, NewLabel: value(), NewCriteria: value()}}
		text = filterCommand(r, owner, withLabel("ALTMAP", ref.Label), [][2]string{{"NEWLABEL", a.request.NewLabel}, {"NEWCRITERIA", a.request.NewCriteria}}) + flag
		if diff := cmp.Diff(Command(a), parseOne(t, text), cmp.AllowUnexported(altmap{})); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", text, diff)
		}

		text = filterCommand(r, owner, withLabel("DELMAP", ref.Label), nil)
		if got := parseOne(t, text); got != (delmap{"RACDCERT DELMAP", ring.Delmap{FilterRef: ref}}) {
			t.Fatalf("%s: %+v", text, got)
		}
		text = filterCommand(r, owner, withLabel("LISTMAP", ref.Label), nil)
		if got := parseOne(t, text); got != (listmap{"RACDCERT LISTMAP", ring.Listmap{FilterRef: ref}}) {
			t.Fatalf("%s: %+v", text, got)
		}
	}
}

// Every function has a reader.
func TestFunctionsHaveReaders(t *testing.T) {
	for name, read := range functions {
		if read == nil {
			t.Errorf("%s has none", name)
		}
	}
}
