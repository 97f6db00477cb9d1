package jcl

import (
	"strings"
	"testing"
	"unicode/utf8"

	"signet/racdcert/tso"
)

// samples begin the fuzzing.
var samples = []string{
	"", "//", "//A EXEC PGM=IKJEFT01\n//SYSTSIN DD *\n RACDCERT LIST\n/*",
	"//J JOB 1,COND=((4,LT),EVEN),JOBRC=(STEP,A)\n// EXPORT SYMLIST=(A,B)\n// SET A='x''y',B=&A..&A\n//A EXEC PGM=IKJEFT1B,PARM=('a','&A'),COND=(4,LT)\n",
	"//A EXEC PGM=IKJEFT01\n//SYSTSIN DD DDNAME=X\n//X DD DATA,DLM='&&A',SYMBOLS=(EXECSYS,L)\n/* &SYSUID..&&X &A\n&A\n// DD *\n B",
	"//A EXEC PGM=P\n// IF (A.RC ¬= 4 & NOT A.RUN | ABEND=FALSE) THEN\n//B EXEC PGM=P,COND=(0,NE,A)\n// ELSE\n//C EXEC PGM=P\n// ENDIF",
	"//A EXEC PGM=IKJEFT01,PARM='" + strings.Repeat("x", 60) + "\n//             y'", "//A EXEC PGM=P,\n//* c\n// COND=(4,LT)",
	"//A EXEC PGM=IKJEFT01\n//SYSTSIN DD *\n" + strings.Repeat("é", 80) + "\n" + strings.Repeat("x ", 36) + "00010000\n",
}

// FuzzParse checks that nothing panics, that places are in the file, that a job without problems
// runs, and that each of its steps is accounted for.
func FuzzParse(f *testing.F) {
	for _, s := range samples {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ls, err := tso.Lines([]byte(text))
		if err != nil {
			return
		}
		IsJob(ls)
		inFile := func(p tso.Problem) {
			switch {
			case p.Pos == tso.Pos{} && strings.HasPrefix(p.Text, "too many"):
			case len(ls) == 0 && p.Pos == tso.Pos{Line: 1, Col: 1}:
			case p.Pos.Line < 1 || p.Pos.Line > len(ls) || p.Pos.Col < 1 || p.Pos.Col > utf8.RuneCountInString(ls[p.Pos.Line-1].Text)+1:
				t.Errorf("the place of %v is not in the file", p)
			}
		}
		job, problems := ParseWith(ls, surroundings)
		for _, p := range append(problems, job.Warnings...) {
			inFile(p)
		}
		for _, s := range job.Steps {
			for _, w := range s.Warnings {
				inFile(w)
			}
			for _, c := range s.Commands() {
				st, err := c.Parse()
				if err != nil {
					inFile(*err.(*tso.Problem))
				}
				for _, w := range st.Warnings {
					inFile(w)
				}
			}
		}
		if len(problems) > 0 {
			return
		}
		n := 0
		r := job.Run(func(s *Step) int { n++; return 4 * (n % 3) })
		if len(r.Steps) != len(job.Steps) {
			t.Errorf("%d steps, %d results", len(job.Steps), len(r.Steps))
		}
		for i, s := range r.Steps {
			if s.Name != job.Steps[i].Name || s.Ran == (s.Why != "") {
				t.Errorf("result %d: %+v", i, s)
			}
		}
	})
}

// FuzzSubstitute checks that substitution without symbols changes nothing, and that with symbols
// all text outside them keeps its place.
func FuzzSubstitute(f *testing.F) {
	for _, s := range []string{"&A", "&A..&B..LST", "&&A&A.", "'&A' &ABCDEFGHI", "é&Aé&A.é", "&", "&."} {
		f.Add(s)
	}
	values := map[string]string{"A": "", "B": "é'x", "C": "&A"}
	find := func(name string) (string, bool) { return first(name, values) }
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		line := tso.Line{Number: 1, Text: text, Col: 1}
		if got := substitute(line, func(string) (string, bool) { return "", false }, true); got.Text != text {
			t.Errorf("%q became %q", text, got.Text)
		}
		got := substitute(line, find, false)
		runes := []rune(text)
		for i, r := range got.Text {
			if pos := got.At(i); !fixed(got, i) && runes[pos.Col-1] != r {
				t.Errorf("%q became %q: %q is said to be at column %d", text, got.Text, r, pos.Col)
			}
		}
	})
}
