package jcl

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// play runs a job whose steps end with the codes given, and says which steps ran.
func play(job *Job, codes map[string]int) (ran string, r Result) {
	r = job.Run(func(s *Step) int { return codes[s.Name] })
	var names []string
	for _, s := range r.Steps {
		if s.Ran {
			names = append(names, s.Name)
		}
	}
	return strings.Join(names, " "), r
}

func TestCond(t *testing.T) {
	tests := []struct {
		name, cond string
		codes      map[string]int
		ran        string
	}{
		{"one test, false", "COND=(4,LT)", map[string]int{"A": 4}, "A B C"},
		{"one test, true for A", "COND=(4,LT)", map[string]int{"A": 8}, "A B"},
		{"one test, true for B", "COND=(4,LT)", map[string]int{"B": 8}, "A B"},
		{"greater", "COND=(4,GT,A)", map[string]int{"A": 3}, "A B"},
		{"greater, equal codes", "COND=(4,GT,A)", map[string]int{"A": 4}, "A B C"},
		{"greater or equal", "COND=(4,GE,A)", map[string]int{"A": 4}, "A B"},
		{"equal", "COND=(4,EQ,A)", map[string]int{"A": 4}, "A B"},
		{"not equal", "COND=(0,NE,A)", map[string]int{"A": 4}, "A B"},
		{"less or equal", "COND=(4,LE,A)", map[string]int{"A": 4}, "A B"},
		{"named step only", "COND=(4,LT,A)", map[string]int{"B": 8}, "A B C"},
		{"several tests, none true", "COND=((4,LT,A),(8,EQ,B))", map[string]int{"A": 4, "B": 4}, "A B C"},
		{"several tests, one true", "COND=((4,LT,A),(8,EQ,B))", map[string]int{"B": 8}, "A B"},
		{"one test in two parentheses", "COND=((4,LT))", map[string]int{"A": 8}, "A B"},
		{"EVEN changes nothing", "COND=EVEN", map[string]int{"A": 12}, "A B C"},
		{"EVEN in parentheses", "COND=(EVEN)", map[string]int{"A": 12}, "A B C"},
		{"EVEN and a test", "COND=((4,LT,A),EVEN)", map[string]int{"A": 8}, "A B"},
		{"EVEN first", "COND=(EVEN,(4,LT,A))", map[string]int{"A": 8}, "A B"},
		{"0 is a code", "COND=(0,EQ,A)", nil, "A B"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			job := good(t, "//A EXEC PGM=P\n//B EXEC PGM=P\n//C EXEC PGM=P,"+tt.cond, Options{})
			ran, r := play(job, tt.codes)
			if ran != tt.ran {
				t.Errorf("ran %s, want %s", ran, tt.ran)
			}
			if c := r.Steps[2]; !c.Ran && !strings.HasPrefix(c.Why, "COND=(") {
				t.Errorf("why: %q", c.Why)
			}
		})
	}
}

// A test of a step that did not run is ignored, and so is any test of the first step.
func TestCondOfSkippedStep(t *testing.T) {
	job := good(t, `
//A EXEC PGM=P,COND=(0,EQ)
//B EXEC PGM=P,COND=(0,EQ,A)
//C EXEC PGM=P,COND=(0,EQ,B)
`, Options{})
	if ran, _ := play(job, nil); ran != "A C" {
		t.Errorf("ran %s", ran)
	}
}

func TestJobCond(t *testing.T) {
	job := good(t, `
//J JOB 1,COND=((8,LE),(4,EQ))
//A EXEC PGM=P
//B EXEC PGM=P
// IF RC = 0 THEN
//C EXEC PGM=P
// ENDIF
`, Options{})
	for _, tt := range []struct {
		codes map[string]int
		ran   string
	}{{nil, "A B C"}, {map[string]int{"A": 8}, "A"}, {map[string]int{"A": 4}, "A"}, {map[string]int{"A": 2}, "A B"}} {
		ran, r := play(job, tt.codes)
		if ran != tt.ran {
			t.Errorf("codes %v: ran %s, want %s", tt.codes, ran, tt.ran)
		}
		if tt.ran == "A" && r.Steps[1].Why != "the job has ended: COND=(8,LE) is true" && r.Steps[1].Why != "the job has ended: COND=(4,EQ) is true" {
			t.Errorf("why: %q", r.Steps[1].Why)
		}
	}
}

func TestIfConditions(t *testing.T) {
	// A ends with 4, B is skipped, C ends with 8.
	tests := []struct {
		cond string
		want bool
	}{
		{"(RC = 8)", true}, {"RC EQ 8", true}, {"RC=8", true}, {"(RC<8)", false}, {"RC >= 8", true}, {"RC <= 7", false},
		{"RC GE 8", true}, {"RC LE 8", true}, {"RC LT 9", true}, {"RC NE 8", false},
		{"(A.RC = 4)", true}, {"A.RC > 4", false}, {"A.RC GT 3", true}, {"C.RC EQ 8", true},
		{"A.RC ¬= 4", false}, {"A.RC ^= 5", true}, {"A.RC ¬> 4", true}, {"A.RC ^< 5", false}, {"A.RC NG 4", true}, {"A.RC NL 5", false},
		{"(A.RC = 4 AND C.RC = 8)", true}, {"A.RC = 4 & C.RC = 0", false}, {"A.RC = 0 | C.RC = 8", true}, {"A.RC = 0 OR C.RC = 0", false},
		{"RC = 0 AND RC = 0 OR RC = 8", true}, {"RC = 8 OR RC = 0 AND RC = 0", true}, {"(RC = 8 OR RC = 0) AND RC = 0", false},
		{"¬(RC = 8)", false}, {"^ (RC = 0)", true}, {"NOT (RC = 8)", false}, {"NOT RC = 0", true}, {"¬¬(RC = 8)", true},
		{"((RC = 8))", true}, {"(RC = 8 &(A.RC=4))", true},
		{"A.RUN", true}, {"B.RUN", false}, {"¬B.RUN", true}, {"A.RUN = TRUE", true}, {"B.RUN = FALSE", true}, {"A.RUN NE TRUE", false}, {"(A.RUN & RC < 9)", true},
		{"ABEND", false}, {"¬ABEND", true}, {"ABEND = TRUE", false}, {"ABEND=FALSE", true}, {"A.ABEND", false}, {"NOT A.ABEND", true}, {"A.ABEND EQ FALSE", true},
		// A step that did not run makes every comparison false.
		{"B.RC = 0", false}, {"B.RC ¬= 0", false}, {"B.RC < 9999", false}, {"¬(B.RC = 0)", true}, {"B.ABEND = FALSE", false},
		// Symbols leave comparisons of constants behind.
		{"(&ONE EQ 1)", true}, {"(&ONE EQ 0)", false}, {"1 = 1", true}, {"&ENV = PROD", true}, {"&ENV NE PROD", false}, {"PROD = &ENV", true},
		{"&ENV = TEST OR &ONE < 2", true}, {"(&ONE > 0 & RC > 7)", true},
	}
	for _, tt := range tests {
		t.Run(tt.cond, func(t *testing.T) {
			job := good(t, `
// SET ONE=1,ENV=PROD
//A EXEC PGM=P
//B EXEC PGM=P,COND=(4,EQ)
//C EXEC PGM=P
// IF `+tt.cond+` THEN a comment
//YES EXEC PGM=P
// ELSE
//NO EXEC PGM=P
// ENDIF
`, Options{})
			ran, r := play(job, map[string]int{"A": 4, "C": 8})
			want := "A C NO"
			if tt.want {
				want = "A C YES"
			}
			if ran != want {
				t.Errorf("ran %s, want %s", ran, want)
			}
			if len(r.Steps) != 5 {
				t.Errorf("%d results", len(r.Steps))
			}
		})
	}
}

func TestBranches(t *testing.T) {
	const text = `
//A EXEC PGM=P
//CHECK IF A.RC = 0 THEN
//B EXEC PGM=P
// IF (A.RC = 0 &
//* a comment
//    B.RC = 0)
//   THEN                 go on
//C EXEC PGM=P
// ELSE
//D EXEC PGM=P
// ENDIF
//CHECK ELSE
//E EXEC PGM=P
// IF RC > 4 THEN
// ELSE
//F EXEC PGM=P
// ENDIF
//CHECK ENDIF the end
//G EXEC PGM=P
`
	job := good(t, text, Options{})
	tests := []struct {
		codes map[string]int
		ran   string
		code  int
	}{
		{nil, "A B C G", 0},
		{map[string]int{"B": 4, "D": 2}, "A B D G", 4},
		{map[string]int{"A": 4}, "A E F G", 4},
		{map[string]int{"A": 4, "E": 8}, "A E G", 8},
		{map[string]int{"G": 12}, "A B C G", 12},
	}
	for _, tt := range tests {
		ran, r := play(job, tt.codes)
		if ran != tt.ran || r.Code != tt.code {
			t.Errorf("codes %v: ran %s with %d, want %s with %d", tt.codes, ran, r.Code, tt.ran, tt.code)
		}
	}
	_, r := play(job, map[string]int{"A": 4})
	want := []StepResult{
		{Name: "A", Ran: true, Code: 4},
		{Name: "B", Why: "IF A.RC = 0 in line 2 is false"},
		{Name: "C", Why: "IF A.RC = 0 in line 2 is false"},
		{Name: "D", Why: "IF A.RC = 0 in line 2 is false"},
		{Name: "E", Ran: true},
		{Name: "F", Ran: true},
		{Name: "G", Ran: true},
	}
	if diff := cmp.Diff(want, r.Steps); diff != "" {
		t.Error(diff)
	}
	if got := job.Body[1].If.Then[1].If.Text; got != "(A.RC = 0 &    B.RC = 0)" && !strings.HasPrefix(got, "(A.RC = 0 &") {
		t.Errorf("condition %q", got)
	}
}

func TestJobCode(t *testing.T) {
	for _, tt := range []struct {
		param string
		want  int
	}{{"", 8}, {",JOBRC=MAXRC", 8}, {",JOBRC=LASTRC", 4}, {",JOBRC=(STEP,A)", 2}, {",JOBRC=(STEP,D)", 8}} {
		job := good(t, fmt.Sprintf(`
//J JOB 1%s
//A EXEC PGM=P
//B EXEC PGM=P
//C EXEC PGM=P
//D EXEC PGM=P,COND=(0,LE)
`, tt.param), Options{})
		if _, r := play(job, map[string]int{"A": 2, "B": 8, "C": 4}); r.Code != tt.want {
			t.Errorf("%s: code %d, want %d", tt.param, r.Code, tt.want)
		}
	}
}

// A job may be run again, from the beginning.
func TestRunTwice(t *testing.T) {
	job := good(t, "//A EXEC PGM=P\n//B EXEC PGM=P,COND=(0,NE)", Options{})
	if ran, _ := play(job, map[string]int{"A": 4}); ran != "A" {
		t.Errorf("ran %s", ran)
	}
	if ran, _ := play(job, nil); ran != "A B" {
		t.Errorf("then ran %s", ran)
	}
}
