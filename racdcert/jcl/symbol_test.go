package jcl

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/racdcert/tso"
)

var surroundings = Options{
	Symbols: map[string]string{"SYSUID": "ADMIN"},
	System:  map[string]string{"SYSNAME": "PROD1"},
}

func TestSymbolsInData(t *testing.T) {
	const all = "// EXPORT SYMLIST=*\n"
	tests := []struct{ name, before, mode, data, want string }{
		{"exported", all + "// SET A=X", "JCLONLY", "U &A", "U X"},
		{"period ends the name", all + "// SET A=X", "JCLONLY", "U &A.Y", "U XY"},
		{"two periods", all + "// SET A=X,B=Y", "JCLONLY", "U &A..&B..LST", "U X.Y.LST"},
		{"next to each other", all + "// SET A=X,B=Y", "JCLONLY", "U &A&B.&A", "U XYX"},
		{"between apostrophes", all + "// SET A=X", "JCLONLY", "U LABEL('&A')", "U LABEL('X')"},
		{"doubled ampersand", all + "// SET A=X", "JCLONLY", "U &&A &&&A", "U &&A &&X"},
		{"not defined", all + "// SET A=X", "JCLONLY", "U &B &B. &RACFVAR..X", "U &B &B. &RACFVAR..X"},
		{"name too long", all + "// SET ABCDEFGH=X", "JCLONLY", "U &ABCDEFGHI &ABCDEFGH", "U &ABCDEFGHI X"},
		{"lower case is no symbol", all + "// SET A=X", "JCLONLY", "U &a &Ab", "U &a Xb"},
		{"no name", all + "// SET A=X", "JCLONLY", "U & &1 &", "U & &1 &"},
		{"not scanned again", all + "// SET A='&B',B=X", "JCLONLY", "U &A", "U &B"},
		{"no SYMBOLS=", all + "// SET A=X", "", "U &A", "U &A"},
		{"SYMBOLS=NONE", all + "// SET A=X", "NONE", "U &A", "U &A"},
		{"log DD", all + "// SET A=X", "(JCLONLY,LOG)", "U &A", "U X"},
		{"mode in parentheses", all + "// SET A=X", "(JCLONLY)", "U &A", "U X"},
		{"not exported", "// SET A=X", "JCLONLY", "U &A", "U &A"},
		{"exported by name", "// EXPORT SYMLIST=(A,C)\n// SET A=X,B=Y,C=Z", "JCLONLY", "U &A &B &C", "U X &B Z"},
		{"one name", "// EXPORT SYMLIST=A\n// SET A=X", "JCLONLY", "U &A", "U X"},
		{"set before the export", "// SET A=X\n" + all, "JCLONLY", "U &A", "U &A"},
		{"set before and after", "// SET A=X\n" + all + "// SET A=Y", "JCLONLY", "U &A", "U Y"},
		{"exported twice", "// EXPORT SYMLIST=A\n// EXPORT SYMLIST=B\n// SET A=X,B=Y", "JCLONLY", "U &A &B", "U X Y"},
		{"SYSUID needs no export", "//* none", "JCLONLY", "U &SYSUID..A", "U ADMIN.A"},
		{"system symbols, JCLONLY", "//* none", "JCLONLY", "U &SYSNAME", "U &SYSNAME"},
		{"system symbols, EXECSYS", all + "// SET A=X", "EXECSYS", "U &SYSNAME &A &SYSUID", "U PROD1 X ADMIN"},
		{"system symbols, CNVTSYS", "//* none", "CNVTSYS", "U &SYSNAME", "U PROD1"},
		{"quoted value", all + "// SET A='My Ring'", "JCLONLY", "U '&A'", "U 'My Ring'"},
		{"apostrophe in a value", all + "// SET A='it''s'", "JCLONLY", "U &A", "U it's"},
		{"empty values", all + "// SET A=,B=''", "JCLONLY", "U IP(&A)&B.X", "U IP()X"},
		{"empty value and comment", all + "// SET A=      * fill in", "JCLONLY", "U (&A)", "U ()"},
		{"symbols in a value", all + "// SET A=X\n// SET B=&A..&A,C='<&A>'", "JCLONLY", "U &B &C", "U X.X <X>"},
		{"later SET wins", all + "// SET A=X\n// SET A=Y", "JCLONLY", "U &A", "U Y"},
		{"value with an equals sign", all + "// SET A=B=C,D='E=F'", "JCLONLY", "U &A &D", "U B=C E=F"},
		{"value in parentheses", all + "// SET A=(B,C)", "JCLONLY", "U &A", "U (B,C)"},
		{"over several lines", all + "// SET A=X,           first\n//* note\n//             B=Y", "JCLONLY", "U &A&B", "U XY"},
		{"broken string", all + "// SET A='" + strings.Repeat("x", 61) + "\n//             yy'", "JCLONLY", "U &A", "U " + strings.Repeat("x", 61) + "yy"},
		{"broken string, filled with blanks", all + "// SET A='" + strings.Repeat("x", 60) + "\n//              yy'", "JCLONLY", "U '&A'", "U '" + strings.Repeat("x", 60) + "  yy'"},
		{"long value lengthens the record", all + "// SET A='" + strings.Repeat("x", 60) + "'", "JCLONLY", "U &A. &A. -\n &A", "U " + strings.Repeat("x", 60) + " " + strings.Repeat("x", 60) + "  " + strings.Repeat("x", 60)},
		{"behind column 72 there is no symbol", all + "// SET A=X", "JCLONLY", "U &A" + strings.Repeat(" ", 68) + "00010000", "U X"},
		{"name on the SET", "//E1 EXPORT SYMLIST=*\n//S1 SET A=X", "JCLONLY", "U &A", "U X"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mode := ""
			if tt.mode != "" {
				mode = ",SYMBOLS=" + tt.mode
			}
			text := tt.before + "\n" + frame + "//SYSTSIN DD *" + mode + "\n" + tt.data + "\n/*"
			got := texts(t, good(t, text, surroundings))
			if len(got) != 1 || got[0] != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Each step sees the value that a symbol has at the step's end.
func TestSymbolsOfSteps(t *testing.T) {
	const text = `
//E EXPORT SYMLIST=*
//  SET A=1
//S1 EXEC PGM=IKJEFT01
//SYSTSIN DD *,SYMBOLS=JCLONLY
X &A
//S2 EXEC PGM=IKJEFT01
//SYSTSIN DD *,SYMBOLS=JCLONLY
X &A
/*
//  SET A=2
//S3 EXEC PGM=IKJEFT01
//SYSTSIN DD *,SYMBOLS=JCLONLY
X &A
`
	var got []string
	for _, s := range good(t, text, Options{}).Steps {
		got = append(got, s.Input[0].Text)
	}
	if diff := cmp.Diff([]string{"X 1", "X 2", "X 2"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSymbolsInStatements(t *testing.T) {
	const text = `
//J JOB NOTIFY=&SYSUID
// SET P=IKJEFT01,DD=RACF,Q='it''s',S=S1,L=4,M='*,DLM=$$',MAX=8
//S1 EXEC PGM=&P,PARM='PROFILE &Q &&X &P..Y'
//SYSTSIN DD DDNAME=&DD
//&DD    DD *
//RACF   DD &M
 /* data */ RACDCERT LIST
$$
// IF (&S..RC LE &L AND &MAX EQ 8) THEN
//S2 EXEC PGM=&P,COND=(&L,LT,&S)
//  ENDIF
`
	job, problems := ParseWith(lines(t, text), surroundings)
	// Symbols are not looked for in names.
	if len(problems) != 1 || !strings.Contains(problems[0].Text, `"&DD" is no DD name`) {
		t.Errorf("problems %v", problems)
	}
	s := job.Steps[0]
	if s.Program != "IKJEFT01" || s.Parm != "PROFILE it's &X IKJEFT01.Y" {
		t.Errorf("step %s, parm %q", s.Program, s.Parm)
	}
	if got := s.Commands(); len(got) != 2 || got[1].Text() != "/* data */ RACDCERT LIST" {
		t.Errorf("commands %v", got)
	}
	if got := job.Body[1].If.Text; got != "(S1.RC LE 4 AND 8 EQ 8)" {
		t.Errorf("condition %q", got)
	}
}

// Places refer to the file, before and behind a symbol; what a symbol stands for has the
// symbol's place.
func TestPlaces(t *testing.T) {
	const text = `
// EXPORT SYMLIST=*
// SET RING='My.Very.Long.Ring.Name',U=A
//STEP EXEC PGM=IKJEFT01,PARM='LISTUSER &U'
//SYSTSIN DD *,SYMBOLS=JCLONLY
  RACDCERT ADDRING(&RING.) ID(&U) +                                     00010000
    /* ü */ X(‘a’)
/*
`
	commands := good(t, text, Options{}).Steps[0].Commands()
	if got := commands[0].Pos(); got != (tso.Pos{Line: 3, Col: 32}) {
		t.Errorf("PARM is at %v", got)
	}
	c := commands[1]
	s, err := c.Parse()
	if p, ok := err.(*tso.Problem); !ok || p.Pos != (tso.Pos{Line: 6, Col: 15}) {
		t.Errorf("the typographic quote: %v", err)
	}
	ring, id := s.Operands[0], s.Operands[1]
	if ring.Pos != (tso.Pos{Line: 5, Col: 12}) || ring.Values[0].Pos != (tso.Pos{Line: 5, Col: 20}) || ring.End != (tso.Pos{Line: 5, Col: 26}) {
		t.Errorf("%s is at %v, its value at %v, its end at %v", ring, ring.Pos, ring.Values[0].Pos, ring.End)
	}
	if id.Pos != (tso.Pos{Line: 5, Col: 28}) || id.End != (tso.Pos{Line: 5, Col: 33}) {
		t.Errorf("%s is at %v to %v", id, id.Pos, id.End)
	}
}
