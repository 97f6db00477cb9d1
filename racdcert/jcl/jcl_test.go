package jcl

import (
	"fmt"
	"strings"
	"testing"

	"signet/racdcert/tso"
)

// lines are the records of a job. Tests write them flush left after a first line end.
func lines(t testing.TB, text string) []tso.Line {
	t.Helper()
	ls, err := tso.Lines([]byte(strings.TrimPrefix(text, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return ls
}

// good parses a job that must have no problems.
func good(t testing.TB, text string, opts Options) *Job {
	t.Helper()
	job, problems := ParseWith(lines(t, text), opts)
	for _, p := range problems {
		t.Errorf("%v (%s)", p, p.Hint)
	}
	return job
}

// show is a job as text: its steps, their commands and all warnings.
func show(job *Job) string {
	var b strings.Builder
	for _, s := range job.Steps {
		fmt.Fprintf(&b, "%s %s\n", s.Name, s.Program)
		for _, c := range s.Commands() {
			fmt.Fprintf(&b, "  %s\n", c.Text())
		}
		for _, w := range s.Warnings {
			fmt.Fprintf(&b, "  ! %v\n", w)
		}
	}
	for _, w := range job.Warnings {
		fmt.Fprintf(&b, "! %v\n", w)
	}
	return b.String()
}

// texts are the commands of the only step.
func texts(t testing.TB, job *Job) []string {
	t.Helper()
	if len(job.Steps) != 1 {
		t.Fatalf("%d steps", len(job.Steps))
	}
	var got []string
	for _, c := range job.Steps[0].Commands() {
		got = append(got, c.Text())
	}
	return got
}

func TestIsJob(t *testing.T) {
	tests := []struct {
		name, text string
		want       bool
	}{
		{"job card", "//A JOB 1", true},
		{"exec without a job card", "//A EXEC PGM=IKJEFT01", true},
		{"unnamed exec", "//   EXEC PGM=IKJEFT01", true},
		{"named DD", "//SYSTSIN DD *", true},
		{"comments before", "\n//* a\n//* b\n/*ROUTE X\n//A JOB", true},
		{"lower case", "//a job 1", true},
		{"after much commentary", strings.Repeat("//* comment\n", 500) + "//A JOB", true},
		{"commands", "RACDCERT LIST\nSETROPTS LIST", false},
		{"commands ending in //", "RACDCERT LIST\n//", false},
		{"commented commands", "/* JOB */\nRACDCERT LIST", false},
		{"indented JCL is none", "  //A JOB", false},
		{"unnamed DD", "// DD *", false},
		{"word JOB as a name", "//JOB X", false},
		{"far down", strings.Repeat("RACDCERT LIST\n", 200) + "//A JOB", false},
		{"empty", "", false},
	}
	for _, tt := range tests {
		if got := IsJob(lines(t, tt.text)); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// The example of the reference, with every part of a job in it.
func TestWholeJob(t *testing.T) {
	const text = `
//CERTJOB  JOB 1,'OPS',CLASS=A,MSGCLASS=X,
//             USER=ADMIN,NOTIFY=&SYSUID
//*  a comment
/*JOBPARM SYSAFF=*
//         EXPORT SYMLIST=*
//         SET OWNER=WEBSRV,RING='Web.Ring'        who and what
//RUN      EXEC PGM=IKJEFT01,REGION=0M
//STEPLIB  DD DSN=SYS1.LINKLIB,DISP=SHR
//SYSTSPRT DD SYSOUT=*
//SYSTSIN  DD DDNAME=RACF
//RACF     DD DATA,DLM=$$,SYMBOLS=JCLONLY
/* create the ring */
  RACDCERT ADDRING(&RING.) +
           ID(&OWNER.)
  SETROPTS RACLIST(DIGTRING) REFRESH
$$
// IF (RUN.RC <= 4) THEN
//LIST     EXEC PGM=IKJEFT1B,PARM='PROFILE NOPREFIX'
//SYSTSPRT DD SYSOUT=*
//SYSTSIN  DD *,SYMBOLS=JCLONLY
  RACDCERT ID(&OWNER.) LISTRING(&RING.)
/*
// ENDIF
//
`
	job := good(t, text, Options{})
	want := `RUN IKJEFT01
  RACDCERT ADDRING(Web.Ring) ID(WEBSRV)
  SETROPTS RACLIST(DIGTRING) REFRESH
LIST IKJEFT1B
  PROFILE NOPREFIX
  RACDCERT ID(WEBSRV) LISTRING(Web.Ring)
`
	if got := show(job); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if job.Name != "CERTJOB" || job.User != "ADMIN" || job.Pos != (tso.Pos{Line: 1, Col: 3}) {
		t.Errorf("job %s of %s at %v", job.Name, job.User, job.Pos)
	}
	if len(job.Body) != 2 || job.Body[1].If == nil || job.Body[1].If.Text != "(RUN.RC <= 4)" || len(job.Body[1].If.Then) != 1 {
		t.Errorf("body %+v", job.Body)
	}
	list := job.Steps[1]
	if list.Pos != (tso.Pos{Line: 18, Col: 3}) || list.Parm != "PROFILE NOPREFIX" || !list.HasInput || !list.TMP() {
		t.Errorf("step %+v", list)
	}
}
