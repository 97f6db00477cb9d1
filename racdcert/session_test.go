package racdcert

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"signet/backend/sqldb"
	"signet/export"
	"signet/ring"
)

var update = flag.Bool("update", false, "write the golden files anew")

// memoryFiles are data sets in memory.
type memoryFiles map[string][]byte

func (m memoryFiles) Read(path string, limit int64) ([]byte, error) {
	data, ok := m[path]
	if !ok {
		return nil, fmt.Errorf("file %q: %w", path, ring.ErrNotFound)
	}
	return data, nil
}

func (m memoryFiles) Write(path string, data []byte, _ bool) error {
	m[path] = bytes.Clone(data)
	return nil
}

// desk is a session under test with what it printed and reported.
type desk struct {
	Session
	t        *testing.T
	out      bytes.Buffer
	outcomes []Outcome
	files    memoryFiles
}

func testNow() time.Time { return time.Date(2027, 3, 15, 10, 30, 0, 0, time.UTC) }

func newDesk(t *testing.T) *desk {
	t.Helper()
	store, err := sqldb.Open(t.Context(), filepath.Join(t.TempDir(), "signet.db"), sqldb.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if err := ring.Found(t.Context(), store, "OPER", testNow()); err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, files: memoryFiles{}}
	d.Session = Session{
		Manager: ring.NewManager(ring.Config{Store: store, Codec: export.Codec{}, Issuer: "OPER", Zone: time.UTC,
			Now: testNow}),
		Files:  d.files,
		Output: &d.out,
		Report: func(o Outcome) { d.outcomes = append(d.outcomes, o) },
	}
	return d
}

// run runs a script and gives its summary.
func (d *desk) run(text string) Summary {
	d.t.Helper()
	d.outcomes, d.out = nil, bytes.Buffer{}
	sc, problems := Read([]byte(text), Options{User: "OPER"})
	if len(problems) > 0 {
		d.t.Fatalf("%v", problems)
	}
	return sc.Run(context.Background(), &d.Session, AsTMP)
}

// must runs a script whose commands must all end 0.
func (d *desk) must(text string) {
	d.t.Helper()
	if s := d.run(text); s.Code != ring.Done {
		d.t.Fatalf("code %d: %v", s.Code, d.messages())
	}
}

func (d *desk) messages() string {
	var all []string
	for _, o := range d.outcomes {
		for _, m := range o.Messages {
			all = append(all, fmt.Sprintf("%d:%d %s", m.Pos.Line, m.Pos.Col, m.Message))
		}
	}
	return strings.Join(all, "\n")
}

// golden compares output with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// The displays, with keys that are the same every time.
func TestDisplays(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 1)
	d := newDesk(t)
	long := strings.Repeat("0123456789", 6)
	d.must(`RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('Test CA') OU('Security') O('Example') C('NL')) WITHLABEL('Test CA') NISTECC
RACDCERT ID(WEBSRV) ADDRING(SSLRING)
RACDCERT ID(WEBSRV) ADDRING(Empty.Ring)
RACDCERT ID(OTHER) ADDRING(` + long + long + `)
RACDCERT ID(WEBSRV) GENCERT SUBJECTSDN(CN('www.example.org') O('Example') C('NL')) WITHLABEL('Web server 2027') +
  NISTECC SIZE(384) KEYUSAGE(HANDSHAKE KEYAGREE) SIGNWITH(CERTAUTH LABEL('Test CA')) +
  NOTAFTER(DATE(2027-12-31)) +
  ALTNAME(IP(192.0.2.10) EMAIL('web@example.org') DOMAIN('www.example.org') URI('https://example.org/'))
RACDCERT ID(WEBSRV) GENCERT SUBJECTSDN(CN('` + long + `') OU('` + long + `') O('Example')) NISTECC
RACDCERT SITE GENCERT SUBJECTSDN(CN('shared')) WITHLABEL('12345678901234567890123456789012') NISTECC
RACDCERT ID(WEBSRV) CONNECT(CERTAUTH LABEL('Test CA') RING(SSLRING))
RACDCERT ID(WEBSRV) CONNECT(LABEL('Web server 2027') RING(SSLRING) DEFAULT)
RACDCERT ID(WEBSRV) CONNECT(SITE LABEL('12345678901234567890123456789012') RING(SSLRING) USAGE(PERSONAL))
RACDCERT ID(OTHER) CONNECT(ID(WEBSRV) LABEL('Web server 2027') RING(` + long + long + `))
`)
	for _, tc := range []struct{ file, command string }{
		{"listring.golden", "RACDCERT ID(WEBSRV) LISTRING(SSLRING)"},
		{"listring-all.golden", "RACDCERT ID(WEBSRV) LISTRING(*)"},
		{"listring-long.golden", "RACDCERT ID(OTHER) LISTRING"},
		{"list.golden", "RACDCERT ID(WEBSRV) LIST"},
		{"list-one.golden", "RACDCERT CERTAUTH LIST(LABEL('Test CA'))"},
		{"list-site.golden", "RACDCERT SITE LIST(SERIALNUMBER(00))"},
	} {
		d.must(tc.command)
		golden(t, tc.file, d.out.String())
	}
}

// LISTCHAIN and CHECKCERT, with certificates that the database has and has not.
func TestChainDisplays(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 2)
	d := newDesk(t)
	d.must(`RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('Root') C('NL')) WITHLABEL('Root') NISTECC NOTAFTER(DATE(2040-12-31))
RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('Sub') C('NL')) WITHLABEL('Sub') NISTECC SIGNWITH(CERTAUTH LABEL('Root')) NOTAFTER(DATE(2035-12-31))
RACDCERT ID(U) GENCERT SUBJECTSDN(CN('leaf') C('NL')) WITHLABEL('leaf') NISTECC SIGNWITH(CERTAUTH LABEL('Sub')) EKU(SERVERAUTH 1.2.3.4)
RACDCERT ID(U) ADDRING(Ring.1)
RACDCERT ID(U) CONNECT(LABEL('leaf') RING(Ring.1) DEFAULT)
RACDCERT ID(U) CONNECT(CERTAUTH LABEL('Sub') RING(Ring.1))
RACDCERT ID(U) CONNECT(CERTAUTH LABEL('Root') RING(Ring.1))
RACDCERT ID(U) EXPORT(LABEL('leaf')) DSN(LEAF.P7) FORMAT(PKCS7B64)`)
	d.must("RACDCERT ID(U) LISTCHAIN(LABEL('leaf'))")
	golden(t, "listchain.golden", d.out.String())
	d.must("RACDCERT CHECKCERT(LEAF.P7)")
	golden(t, "checkcert.golden", d.out.String())
	d.run("RACDCERT ID(U) DELETE(LABEL('leaf'))\nRACDCERT CERTAUTH DELETE(LABEL('Root'))\nRACDCERT CERTAUTH ALTER(LABEL('Sub')) NOTRUST")
	d.must("RACDCERT CHECKCERT(LEAF.P7)")
	golden(t, "checkcert-outside.golden", d.out.String())
	d.must("RACDCERT CERTAUTH LISTCHAIN(LABEL('Sub'))")
	golden(t, "listchain-incomplete.golden", d.out.String())
}

// The columns of racdcert-displays.md, counted from 1.
func TestListringColumns(t *testing.T) {
	d := newDesk(t)
	d.must("RACDCERT ID(U) ADDRING(R)\nRACDCERT ID(U) GENCERT SUBJECTSDN(CN('x')) WITHLABEL('x') NISTECC\n" +
		"RACDCERT ID(U) CONNECT(LABEL('x') RING(R) DEFAULT)\nRACDCERT ID(U) LISTRING(R)")
	lines := strings.Split(d.out.String(), "\n")
	at := func(line, col int, text string) {
		t.Helper()
		if len(lines) <= line-1 || !strings.HasPrefix(lines[line-1][min(col-1, len(lines[line-1])):], text) {
			t.Errorf("line %d has no %q in column %d: %q", line, text, col, lines)
		}
	}
	at(1, 1, "Digital ring information for user U:")
	at(2, 1, "")
	at(3, 3, "Ring:")
	at(4, 8, ">R<")
	for col, text := range map[int]string{3: "Certificate Label Name", 38: "Cert Owner", 53: "USAGE", 64: "DEFAULT"} {
		at(5, col, text)
	}
	for col, width := range map[int]int{3: 32, 38: 12, 53: 8, 64: 7} {
		at(6, col, strings.Repeat("-", width))
	}
	for col, text := range map[int]string{3: "x ", 38: "ID(U) ", 53: "PERSONAL", 66: "YES"} {
		at(7, col, text)
	}
}

func TestRlistDisplay(t *testing.T) {
	d := newDesk(t)
	d.must(`SETR GENERIC(FACILITY)
RDEF FACILITY (IRR.DIGTCERT.LIST) UACC(R) DATA('some text') AUDIT(SUCCESS(UPDATE) FAILURES) LEVEL(3) WARNING NOTIFY(SEC1)
RDEFINE FACILITY IRR.DIGTCERT.* OWNER(SYS1)
PE IRR.DIGTCERT.LIST CL(FACILITY) ID(A, B) AC(C)
PERMIT IRR.DIGTCERT.LIST CLASS(FACILITY) ID(*) ACCESS(READ) WHEN(PROGRAM(PAGENT, EZAPAGEN))
`)
	d.must("SETROPTS CLASSACT(FACILITY, RDATALIB) RACLIST(FACILITY) LIST")
	golden(t, "setropts-list.golden", d.out.String())
	d.must("RDEFINE STARTED X STDATA(USER(A) GROUP(B) TRUSTED(NO)) DATA('text')\nRLIST STARTED X ALL STDATA")
	if got := d.messages(); !strings.Contains(got, "RDEFINE keeps nothing of STDATA") {
		t.Errorf("segments: %s", got)
	}
	d.must("RL FACILITY * ALL")
	golden(t, "rlist.golden", d.out.String())
	d.must("RLIST FACILITY IRR.DIGTCERT.LIST")
	if strings.Contains(d.out.String(), "ACCESS COUNT") {
		t.Error("RLIST without ALL or AUTHUSER shows the access list")
	}
}

// RLIST marks profiles that protect nothing, shows the generic profile that covers a name, and
// the issuer's own access.
func TestRlistKinds(t *testing.T) {
	d := newDesk(t)
	if s := d.run("RDEFINE STARTED Y.*"); s.Code != ring.Warning || !strings.Contains(d.messages(), "ICH10321I") {
		t.Errorf("code %d: %s", s.Code, d.messages())
	}
	d.must("SETROPTS CLASSACT(STARTED) GENERIC(STARTED) NOADDCREATOR NOGRPLIST LIST")
	for _, want := range []string{"\nLIST OF GROUPS ACCESS CHECKING IS INACTIVE.\n", "\nADDCREATOR IS NOT IN EFFECT\n"} {
		if !strings.Contains(d.out.String(), want) {
			t.Errorf("%q is missing: %s", want, d.out.String())
		}
	}
	d.must("RDEFINE STARTED X.* UACC(READ)\nPERMIT X.* CLASS(STARTED) ID(OPER) ACCESS(UPDATE) WHEN(PROGRAM(P))")
	for command, want := range map[string]string{
		"RLIST STARTED Y.*":           "\nSTARTED    Y.* (UNUSABLE)\n",
		"RLIST STARTED X.A":           "\nSTARTED    X.* (G)\n",
		"RLIST STARTED X.A GENERIC":   "\nSTARTED    X.* (G)\n",
		"RLIST STARTED (X.* )":        "\n 00    OPER            READ             READ    NO\n",
		"RLIST STARTED Y.* NOGENERIC": "\n 00    OPER            NONE            ALTER    NO\n",
	} {
		if d.must(command); !strings.Contains(d.out.String(), want) {
			t.Errorf("%s: no %q in\n%s", command, want, d.out.String())
		}
	}
	if s := d.run("RLIST STARTED X.A NOGENERIC"); s.Code != ring.Warning || !strings.Contains(d.messages(), "ICH13003I") {
		t.Errorf("code %d: %s", s.Code, d.messages())
	}
	if s := d.run("RLIST STARTED X.A GENERIC NOGENERIC"); s.Code != ring.Refused {
		t.Errorf("code %d: %s", s.Code, d.messages())
	}
	if s := d.run("PERMIT X.* CLASS(STARTED) ID(OPER) WHEN(PROGRAM(*))"); s.Code != ring.Refused || !strings.Contains(d.messages(), "ICH06013I") {
		t.Errorf("code %d: %s", s.Code, d.messages())
	}
	d.must("PERMIT X.* CLASS(STARTED) ID(OPER) DELETE WHEN(PROGRAM(*))\nRLIST STARTED X.A ALL")
	if !strings.Contains(d.out.String(), "NO ENTRIES IN CONDITIONAL ACCESS LIST") {
		t.Error(d.out.String())
	}
}

// Messages point at the place in the script.
func TestPositions(t *testing.T) {
	for _, tc := range []struct{ script, want string }{
		{"RACDCERT ID(U) ADDRING(R) ADDRING(S)", "1:1 SGN098I function ADDRING is not performed: ADDRING follows it, and only the last one counts"},
		{"RACDCERT ID(U) ADDRING(R) FORCE", "1:1 SGN098I operand FORCE does not belong to ADDRING and is ignored"},
		{"\n\nRACDCERT ID(U) +\n  SITE ADDRING(R)", "4:3 IKJ56702I ID and SITE exclude each other"},
		{"RACDCERT ID(U) ADDRING(R S)", `1:26 IKJ56702I ADDRING takes one value, and "S" is a second one`},
		{"RACDCERT ID(U) ADDRING", "1:16 IKJ56701I ADDRING has no value"},
		{"RACDCERT ID(U) GENCERT NOTBEFORE(DAY(1))", `1:34 IKJ56712I operand "DAY" is not known to NOTBEFORE`},
		{"RACDCERT ID(U) GENCERT SIZE(many)", `1:24 IKJ56702I SIZE "many" is not a number of bits`},
		{"RACDCERT ID(U) GENCERT RSA NISTECC", "1:28 IKJ56702I RSA and NISTECC exclude each other"},
		{"RACDCERT ID(U) GENCERT RSA(PKDS(*))", "1:28 IKJ56702I PKDS(*) stands for the label of WITHLABEL, which is missing"},
		{"RACDCERT ID(U) GENCERT RSA(PKDS('a b'))", "1:28 IRRD160I \"a b\" cannot be a PKDS label"},
		{"RACDCERT ID(U) GENCERT WITHLABEL('a b') NISTECC(PKDS(*))", "1:49 IRRD160I \"a b\" cannot be a PKDS label"},
		{"RACDCERT ID(U) GENCERT RSA(TOKEN(T) PKDS)", "1:24 IKJ56702I RSA: TOKEN and PKDS exclude each other"},
		{"RACDCERT ID(U) GENCERT RSA(TOKEN())", "1:28 IKJ56701I TOKEN has no value"},
		{"RACDCERT ID(U) GENCERT SUBJECTSDN(CN('x')) RSA(TOKEN(T))", "1:1 SGN117I a key in hardware needs a PKCS #11 module"},
		{"RACDCERT ID(U) GENCERT BPECC", "1:24 IKJ56702I Brainpool keys are not supported"},
		{"RACDCERT ID(U) EXPORT(LABEL('x')) DSN(A(B))", "1:39 IKJ56702I DSN(A(...)) names a member; members are not supported"},
		{"RACDCERT ID(U) EXPORT(LABEL('x'))", "1:1 IRRD130I EXPORT needs DSN"},
		{"RACDCERT ID(U) GENREQ DSN(A)", "1:1 IRRD130I GENREQ needs LABEL"},
		{"RACDCERT ID(U) CONNECT(LABEL('x'))", "1:1 IRRD121I CONNECT needs both a ring and a label"},
		{"RACDCERT MULTIID ADDRING(R)", "1:10 IRRD136I MULTIID is only for MAP, ALTMAP, DELMAP and LISTMAP"},
		{"RACDCERT ID(A%B) ADDRING(R)", `1:10 SGN001I user ID "A%B": it holds '%'`},
		{"RACDCERT ID(U) GENCERT +\n  NOTAFTER(DATE(2024-02-30))", `2:12 SGN006I date "2024-02-30": there is no such day`},
		{"RACDCERT ID(U) GENCERT WITHLABEL('')", `1:24 SGN002I label "": it is empty`},
		{"RACDCERT ID(U) GENCERT SUBJECTSDN(CN('a') CN('b'))", "1:43 IKJ56702I CN is given twice with different values, first at line 1 column 35"},
		{"RACDCERT ID(U) GENCERT SUBJECTSDN(ST('a'))", `1:35 IKJ56712I operand "ST" is not known to SUBJECTSDN`},
		{"RACDCERT CERTAUTH ADDRING(R)", "1:1 IRRD120I CERTAUTH cannot own a key ring"},
		{"RACDCERT ID(U) LIST(SERIALNUMBER(xyz))", `1:21 IKJ56702I SERIALNUMBER "xyz" is not hexadecimal`},
		{"RACDCERT ID(U) GENCERT ALTNAME(IP(1.2.3))", `1:24 IKJ56702I ALTNAME IP "1.2.3" is not an address`},
		{"SETROPTS RACLST(X)", `1:10 IKJ56712I operand "RACLST" is not known to SETROPTS`},
		{"PERMIT A ID(B)", "1:1 IKJ56701I PERMIT needs CLASS"},
		{"PERMIT A CLASS(FACILITY)", "1:1 IKJ56701I PERMIT needs ID"},
		{"PERMIT A CLASS(FACILITY) ID(B) ACCESS(SOME)", `1:39 IKJ56712I operand "SOME" is not known to ACCESS`},
		{"RDEFINE FACILITY", "1:9 IKJ56701I RDEFINE needs a profile"},
		{"RLIST", "1:1 IKJ56701I RLIST needs a class and a profile"},
		{"PROFILE PREFIX(TOOLONGPREFIX)", `1:9 IKJ56702I PREFIX "TOOLONGPREFIX" is not a data set prefix`},
		{"DELETE X", "1:1 IKJ56500I command DELETE not found"},
	} {
		d := newDesk(t)
		d.run(tc.script)
		if got := d.messages(); got != tc.want {
			t.Errorf("%q:\n got %s\nwant %s", tc.script, got, tc.want)
		}
	}
}

// What the reference says of operands that may be written in several ways.
func TestWaysToWrite(t *testing.T) {
	d := newDesk(t)
	d.must(`racdcert genc ce sub(cn('CA')) w('CA') nistecc key(certs)
RACDCERT GENCERT, SUBJECTSDN ( CN ( 'a''b' ) , OU ( 'x' , 'y' ) ) , WITHLABEL ( ' it''s ' ) , NISTECC , ID ( U ) SIGNWITH( LABEL('CA') CERTAUTH )
RACDCERT ADDRING(r) ID(U)
RACDCERT CONNECT(CERTAUTH LABEL('CA') RING(r) CERTAUTH) ID(U)
RACDCERT CONNECT(LABEL('it''s') RING('r') DEFAULT ID(U)) ID(U)
RACDCERT LISTRING(r) ID('u')
`)
	if got := d.out.String(); !strings.Contains(got, "it's   ") || strings.Count(got, "CERTAUTH") != 2 {
		t.Errorf("ring:\n%s", got)
	}
	d.must("RACDCERT ID(U) LIST(LABEL('it''s'))")
	if got := d.out.String(); !strings.Contains(got, ">CN=a'b.OU=x.OU=y<") {
		t.Errorf("list:\n%s", got)
	}
	// A bare RACDCERT lists one's own certificates.
	if s := d.run("RACDCERT"); s.Code != ring.Warning || !strings.Contains(d.messages(), "IRRD105I ID(OPER) has no certificates") {
		t.Errorf("bare RACDCERT: %d %s", s.Code, d.messages())
	}
	// SIGNWITH with a label alone means the issuer's own certificate.
	d.must("RACDCERT GENCERT SUBJECTSDN(CN('mine')) WITHLABEL('mine') NISTECC")
	d.must("RACDCERT ID(U) GENCERT SUBJECTSDN(CN('by mine')) NISTECC SIGNWITH(LABEL('mine'))")
	// Values of a list may come in several operands.
	d.must("RACDCERT ID(W) GENCERT SUBJECTSDN(CN('w') OU('x') OU('y')) NISTECC ALTNAME(DOMAIN('a.b') DOMAIN('c.d'))\nRACDCERT ID(W) LIST")
	if got := d.out.String(); !strings.Contains(got, ">CN=w.OU=x.OU=y<") || !strings.Contains(got, "Domain: a.b\n    Domain: c.d") {
		t.Errorf("repeated lists:\n%s", got)
	}
}

// What a certificate says cannot command the terminal or forge a line of a listing.
func TestDisplaysHideControls(t *testing.T) {
	d := newDesk(t)
	d.must("RACDCERT ID(U) GENCERT SUBJECTSDN(CN('x')) WITHLABEL('x') NISTECC ALTNAME(DOMAIN('a.exampleXStatus') EMAIL('aYb@example.org'))\n" +
		"RACDCERT ID(U) EXPORT(LABEL('x')) DSN(EVIL) FORMAT(CERTDER)")
	evil := bytes.Replace(d.files["EVIL"], []byte("a.exampleX"), []byte("a.example\n"), 1)
	d.files["EVIL"] = bytes.Replace(evil, []byte("aYb@"), []byte("a\x1bb@"), 1)
	d.must("RACDCERT CHECKCERT(EVIL)")
	if got := d.out.String(); strings.ContainsAny(got, "\x1b") || strings.Contains(got, "\nStatus") || !strings.Contains(got, "a.example?Status") {
		t.Errorf("display:\n%q", got)
	}
}

// END and LOGOFF end the input of a session.
func TestEnd(t *testing.T) {
	for _, word := range []string{"END", "logoff"} {
		d := newDesk(t)
		d.must("RACDCERT ID(U) ADDRING(A)\n" + word + "\nRACDCERT ID(U) ADDRING(B)")
		d.must("RACDCERT ID(U) LISTRING(*)")
		if got := d.out.String(); !strings.Contains(got, ">A<") || strings.Contains(got, ">B<") {
			t.Errorf("%s:\n%s", word, got)
		}
	}
}

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		`operand "geheim" is bad`:         `operand (hidden) is bad`,
		`"geheim(" is not a value`:        `(hidden) is not a value`,
		`operand "PUBLIC" is fine`:        `operand "PUBLIC" is fine`,
		`strange "with \"quotes\"" stays`: `strange "with \"quotes\"" stays`,
	} {
		if got := redact(text, map[string]bool{"geheim": true}); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
	got, _ := secretsOfText("RACDCERT ADD(X) pass ('geheim' (more")
	if !got["geheim"] || !got["more"] || got["X"] {
		t.Errorf("words after PASSWORD: %v", got)
	}
}

// Any text is either a script or problems with their place, and running it never panics.
func FuzzRun(f *testing.F) {
	f.Add("RACDCERT ID(U) GENCERT SUBJECTSDN(CN('x')) WITHLABEL('x')")
	f.Add("//J JOB\n//S EXEC PGM=IKJEFT01\n//SYSTSIN DD *\nSETROPTS CLASSACT(A) REFRESH\n/*\n")
	f.Add("PERMIT A CLASS(B) ID(C) WHEN(PROGRAM(D)) RESET(WHEN)\nRLIST A (B C) ALL")
	f.Add("//J JOB TYPRUN=HOLD\n//S EXEC PGM=IKJEFT01\n//SYSTSIN DD *\nRLIST A B\n/*\n//\n//T EXEC PGM=X\n")
	f.Add("RACDCERT ID(U)\n  CONNECT(LABEL('x')\n RING(R)\nPROFILE PREFIX(X\ntsocmd \"RL A B\" >/dev/null")
	f.Fuzz(func(t *testing.T, text string) {
		sc, problems := Read([]byte(text), Options{User: "OPER"})
		for _, p := range problems {
			if p.Pos.Line < 1 {
				t.Errorf("problem without a place: %+v", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		joined, _ := Read([]byte(text), Options{User: "OPER", Join: true})
		for _, sc := range []*Script{sc, joined} {
			sc.Explain(&Session{Report: func(o Outcome) {
				for _, m := range o.Messages {
					if m.Text == "" || m.Pos.Line < 1 {
						t.Errorf("a message without a text or a place: %+v", m)
					}
				}
				// A doubt about job control is no command: there is nothing that it would do.
				if command := o.Command != "JCL"; (command && o.Code <= ring.Warning) != (o.Plan.Does != "") {
					t.Errorf("%s: code %d and plan %q", o.Command, o.Code, o.Plan.Does)
				}
			}})
		}
	})
}
