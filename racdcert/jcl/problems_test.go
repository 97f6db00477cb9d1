package jcl

import (
	"fmt"
	"strings"
	"testing"

	"signet/racdcert/tso"
)

func TestProblems(t *testing.T) {
	const run = "//RUN EXEC PGM=IKJEFT01\n"
	tests := []struct {
		name, text string
		want       []string // the start of each problem
	}{
		{"no step", "//J JOB 1", []string{"line 1 column 1: the job has no step"}},
		{"nothing", "", []string{"line 1 column 1: the job has no step"}},
		{"procedure", "//A EXEC MYPROC,PARM=X", []string{`line 1 column 10: procedure "MYPROC" is not known`}},
		{"procedure by keyword", "//A EXEC PROC=MYPROC", []string{`line 1 column 10: procedure "MYPROC"`}},
		{"override of a procedure", run + "//X.SYSTSIN DD *\n A", []string{`line 2 column 3: DD "X.SYSTSIN" changes a procedure`}},
		{"override in EXEC", "//A EXEC PGM=P,PARM.X=Y", []string{`line 1 column 16: "PARM.X" changes`}},
		{"no program", "//A EXEC REGION=0M", []string{"line 1 column 5: EXEC names no program"}},
		{"program by reference", "//A EXEC PGM=*.B.C", []string{"line 1 column 10: PGM=*.B.C is no program name"}},
		{"in-stream procedure", "//P PROC\n//X EXEC PGM=P\n//SYSIN DD *\n A\n/*\n//P PEND\n" + run, []string{"line 1 column 5: procedures are not run"}},
		{"INCLUDE", run + "// INCLUDE MEMBER=M", []string{"line 2 column 4: INCLUDE: libraries"}},
		{"JCLLIB", "// JCLLIB ORDER=(A,B)\n" + run, []string{"line 1 column 4: JCLLIB: libraries"}},
		{"unknown operation", "//A EXEX PGM=P\n" + run, []string{`line 1 column 5: operation "EXEX" is unknown`}},
		{"lower case", "//a exec pgm=ikjeft01\n" + run, []string{`line 1 column 5: operation "exec" is in lower case`}},
		{"no operation", run + "//SYSTSIN", []string{`line 2 column 3: statement "SYSTSIN" has no operation`}},
		{"bad step name", "//1A EXEC PGM=P\n//ABCDEFGHI EXEC PGM=P", []string{`line 1 column 3: "1A" is no step name`, `line 2 column 3: "ABCDEFGHI" is no`}},
		{"bad job name", "// JOB 1\n" + run, []string{`line 1 column 3: "" is no job name`}},
		{"second job", run + "//J JOB 1\n//B EXEC X", []string{`line 2 column 5: a second job, "J", begins`}},
		{"RESTART", "//J JOB 1,RESTART=B\n" + run, []string{"line 1 column 11: RESTART= is not supported"}},
		{"unknown JOBRC", "//J JOB 1,JOBRC=X\n" + run, []string{"line 1 column 11: JOBRC=X is unknown"}},
		{"step of JOBRC", "//J JOB 1,JOBRC=(STEP,X)\n" + run, []string{`line 1 column 23: JOBRC: no step is named "X"`}},
		{"PARMDD", "//A EXEC PGM=IKJEFT01,PARMDD=X", []string{"line 1 column 23: PARMDD= is not supported"}},
		{"long PARM", "//A EXEC PGM=IKJEFT01,PARM='" + strings.Repeat("x", 43) + "\n//             " + strings.Repeat("x", 56) + "\n//             xx'", []string{"line 1 column 23: PARM= has 101 characters"}},

		{"commands in a data set", run + "//SYSTSIN DD DSN=A.B(C),DISP=SHR", []string{`line 2 column 3: the commands of SYSTSIN must stand in the job; DD "SYSTSIN" has DSN=`}},
		{"commands in a file", run + "//SYSTSIN DD PATH='/u/x'", []string{`line 2 column 3: the commands of SYSTSIN must stand in the job; DD "SYSTSIN" has PATH=`}},
		{"commands in a data set behind", run + "//SYSTSIN DD *\n A\n// DD DSN=X", []string{"line 4 column 3: the commands of SYSTSIN must stand"}},
		{"commands nowhere", run + "//SYSTSIN DD DISP=SHR", []string{"line 2 column 3: the commands of SYSTSIN must stand"}},
		{"DDNAME of a data set", run + "//SYSTSIN DD DDNAME=X\n//X DD DSN=A", []string{`line 3 column 3: the commands of SYSTSIN must stand in the job; DD "X" has DSN=`}},
		{"DDNAME of nothing", run + "//SYSTSIN DD DDNAME=X\n//Y DD *\n A", []string{"line 2 column 21: DDNAME=X: the step has no such DD"}},
		{"DDNAME of the next step", run + "//SYSTSIN DD DDNAME=X\n//B EXEC PGM=P\n//X DD *\n A", []string{"line 2 column 21: DDNAME=X: the step has no such DD"}},
		{"DDNAME of an earlier DD", run + "//X DD *\n A\n//SYSTSIN DD DDNAME=X", []string{"line 4 column 21: DDNAME=X names an earlier DD"}},
		{"DDNAME of a DDNAME", run + "//SYSTSIN DD DDNAME=X\n//X DD DDNAME=Y\n//Y DD *\n A", []string{`line 3 column 3: DD "X" is itself a DDNAME=`}},
		{"two SYSTSIN", run + "//SYSTSIN DD *\n A\n//SYSTSIN DD *\n B", []string{"line 4 column 3: SYSTSIN is given twice"}},
		{"DD before a step", "//SYSTSIN DD *\n A\n" + run, []string{`line 1 column 11: DD "SYSTSIN" stands before the first EXEC`}},
		{"bad DD name", run + "//A_B DD DUMMY", []string{`line 2 column 3: "A_B" is no DD name`}},
		{"bad SYMBOLS", run + "//SYSTSIN DD *,SYMBOLS=ALL\n A", []string{`line 2 column 16: DD "SYSTSIN": SYMBOLS=ALL is unknown`}},

		{"text outside", run + "  RACDCERT LIST\n  SETROPTS LIST\n", []string{"line 2 column 3: text outside in-stream data"}},
		{"comment cuts the data", run + "//SYSTSIN DD *\n/* c */\n A\n/* d */\n B\n/*", []string{"line 4 column 2: text outside in-stream data; the input of DD SYSTSIN ended at line 3", "line 6 column 2: text outside"}},
		{"// cuts the data", run + "//SYSTSIN DD *,DLM=$$\n A\n//* c\n$$", []string{"line 5 column 1: text outside in-stream data; the input of DD SYSTSIN ended at line 4"}},

		{"no continuation", run + "//X DD DSN=A,\n//Y DD DUMMY", []string{"line 2 column 13: a comma continues the statement, but no continuation line follows"}},
		{"no continuation at the end", run + "//X DD DSN=A,", []string{"line 2 column 13: a comma continues"}},
		{"continuation too far right", run + "//X DD DSN=A,\n//              DISP=SHR", []string{"line 3 column 17: the continuation does not begin in columns 4 to 16"}},
		{"unterminated quote", run + "//X DD PATH='/u/x\n//Y DD DUMMY", []string{"line 2 column 13: unterminated quote in a statement"}},
		{"quote resumed too far left", run + "//X DD PATH='/u/x\n//       y'", []string{"line 3 column 10: the continuation does not begin in column 16"}},
		{"unbalanced", run + "//X DD DISP=(NEW,(A)\n//Y DD SPACE=A)", []string{"line 2 column 13: DD: unbalanced parenthesis: it is not closed", "line 3 column 15: DD: unbalanced parenthesis"}},
		{"too long", "//A EXEC PGM=IKJEFT01,PARM=" + strings.Repeat("x", 50), []string{`line 1 column 73: operands run past column 72: "xxxxx" is not read`}},

		{"SET without a value", run + "// SET A\n// SET", []string{`line 2 column 8: SET: "A" has no equals sign`, "line 3 column 4: SET gives no symbol"}},
		{"SET of a bad name", run + "// SET ABCDEFGHI=1,1A=2", []string{`line 2 column 8: SET: "ABCDEFGHI" is no symbol name`, `line 2 column 20: SET: "1A" is no`}},
		{"SET of a long value", run + "// SET A=" + strings.Repeat("x,\n// B=", 3) + "'" + strings.Repeat(strings.Repeat("x", 56)+"\n//             ", 5) + "'", []string{`line 5 column 4: SET: the value of "B" has`}},
		{"EXPORT", run + "// EXPORT\n// EXPORT SYMLIST=(A,1)\n// EXPORT A=B", []string{"line 2 column 4: EXPORT needs SYMLIST=", `line 3 column 22: EXPORT: "1" is no symbol name`, "line 4 column 4: EXPORT needs"}},

		{"COND: unknown step", "//A EXEC PGM=P,COND=(4,LT,B)\n//B EXEC PGM=P", []string{`line 1 column 27: no step before is named "B"`}},
		{"COND: itself", "//A EXEC PGM=P,COND=(4,LT,A)", []string{`line 1 column 27: no step before is named "A"`}},
		{"COND: step of a procedure", "//A EXEC PGM=P\n//B EXEC PGM=P,COND=(4,LT,A.X)", []string{`line 2 column 27: no step before is named "A.X"`}},
		{"COND: two steps", "//A EXEC PGM=P\n//A EXEC PGM=P\n//B EXEC PGM=P,COND=(4,LT,A)", []string{`line 3 column 27: two steps before are named "A", at line 1 column 3 and line 2 column 3`}},
		{"COND: bad code", run + "//A EXEC PGM=P,COND=(X,LT)\n//B EXEC PGM=P,COND=(4096,LT)", []string{`line 2 column 22: COND: "X" is no return code`, `line 3 column 22: COND: "4096"`}},
		{"COND: bad operator", run + "//A EXEC PGM=P,COND=(4,<)", []string{`line 2 column 24: COND: "<" is no operator`}},
		{"COND: no condition", run + "//A EXEC PGM=P,COND=4\n//B EXEC PGM=P,COND=((4))", []string{"line 2 column 21: COND=4 is no condition", "line 3 column 22: COND=(4) is no"}},
		{"COND of the job with a step", "//J JOB 1,COND=(4,LT,A)\n" + run, []string{"line 1 column 22: COND of a JOB statement names no step"}},

		{"IF: unknown step", "// IF A.RC = 0 THEN\n//A EXEC PGM=P\n// ENDIF", []string{`line 1 column 7: no step before is named "A"`}},
		{"IF: no THEN", run + "// IF RC = 0\n//A EXEC PGM=P\n// ENDIF", []string{"line 2 column 7: IF has no THEN"}},
		{"IF: no ENDIF", run + "// IF RC = 0 THEN\n//A EXEC PGM=P", []string{"line 2 column 4: IF has no ENDIF"}},
		{"ELSE, ENDIF without IF", run + "// ELSE\n// ENDIF", []string{"line 2 column 4: ELSE without IF", "line 3 column 4: ENDIF without IF"}},
		{"two ELSE", run + "// IF RC = 0 THEN\n// ELSE\n// ELSE\n// ENDIF", []string{"line 4 column 4: ELSE without IF"}},
		{"IF: empty", run + "// IF THEN\n// ENDIF\n// IF () THEN\n// ENDIF", []string{"line 2 column 7: IF: something to compare is missing", `line 4 column 8: IF: ")" is not expected here`}},
		{"IF: incomplete", run + "// IF RC THEN\n// ENDIF\n// IF RC = THEN\n// ENDIF\n// IF (RC = 0 THEN\n// ENDIF\n// IF RC = 0) THEN\n// ENDIF", []string{
			"line 2 column 8: IF: a comparison is missing", "line 4 column 10: IF: something to compare is missing",
			"line 6 column 13: IF: unbalanced parenthesis", `line 8 column 13: IF: ")" is not expected here`}},
		{"IF: odd characters", run + "// IF RC == 0 THEN\n// ENDIF\n// IF RC ! 0 THEN\n// ENDIF", []string{`line 2 column 11: IF: "EQ" is not expected here`, `line 4 column 10: IF: '!' is not expected here`}},
		{"IF: undefined symbol", run + "// IF &X = 0 THEN\n// ENDIF", []string{"line 2 column 7: IF: symbol &X is not defined"}},
		{"IF: empty symbol", "// SET X=\n" + run + "// IF (&X = 0) THEN\n// ENDIF", []string{`line 3 column 11: IF: "EQ" is not expected here`}},
		{"IF: step without RC", run + "// IF RUN1 = 0 THEN\n// ENDIF", []string{`line 2 column 7: IF: "RUN1" cannot be compared here`}},
		{"IF: word against RC", "// SET X=A\n" + run + "// IF RC = &X THEN\n// ENDIF", []string{`line 3 column 12: IF: "A" cannot be compared here`}},
		{"IF: order of words", "// SET X=A\n" + run + "// IF &X > B THEN\n// ENDIF", []string{`line 3 column 7: IF: "A" cannot be compared here`}},
		{"IF: step of a procedure", run + "// IF RUN.X.RC = 0 THEN\n// ENDIF", []string{`line 2 column 7: IF: "RUN.X.RC" names a step of a procedure`}},
		{"IF: unsupported", run + "// IF ABENDCC = S0C4 THEN\n// ENDIF\n// IF RUN THEN\n// ENDIF\n// IF RUN.X = 0 THEN\n// ENDIF", []string{
			`line 2 column 7: IF: "ABENDCC" is not supported`, `line 4 column 7: IF: "RUN" is not supported`, `line 6 column 7: IF: "RUN.X" is not supported`}},
		{"IF: flag compared with a number", run + "// IF RUN.RUN = 1 THEN\n// ENDIF", []string{"line 2 column 17: IF: TRUE or FALSE is missing"}},
		{"IF: too deep", run + strings.Repeat("// IF RC = 0 THEN\n", 16) + strings.Repeat("// ENDIF\n", 16), []string{"line 17 column 4: IF is nested more than 15 deep"}},
		{"IF: many parentheses", run + "// IF " + strings.Repeat("(\n//  ", 120) + "RC = 0 THEN\n// ENDIF", []string{"line 102 column 5: IF: the condition is nested too deeply"}},
		{"IF: long", run + "// IF " + strings.Repeat("RC = 0 AND\n//  ", 500) + "RC = 0 THEN\n// ENDIF", []string{"line 502 column 10: IF: the condition is longer than 4096"}},
		{"in the order of the file", "//A EXEC PGM=IKJEFT01\n//SYSTSIN DD DSN=X\n// IF X THEN\n// ENDIF\n", []string{"line 2 column 3: the commands of", "line 3 column 7: IF:"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := Parse(lines(t, tt.text))
			var got []string
			for _, p := range problems {
				got = append(got, p.Error())
				if p.Hint == "" {
					t.Errorf("%v: no hint", p)
				}
			}
			bad := len(got) != len(tt.want)
			for i := 0; !bad && i < len(got); i++ {
				bad = !strings.HasPrefix(got[i], tt.want[i])
			}
			if bad {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tt.want, "\n  "))
			}
		})
	}
}

func TestLimits(t *testing.T) {
	const run = "//RUN EXEC PGM=IKJEFT01\n"
	_, problems := Parse(lines(t, strings.Repeat("//A EXEX\n", 5000)))
	if n := len(problems); n != maxProblems+1 || problems[n-1].Text != "too many problems; the rest is not reported" {
		t.Errorf("%d problems", n)
	}
	var steps strings.Builder
	for i := range maxSteps + 1 {
		fmt.Fprintf(&steps, "//S%d EXEC PGM=P\n", i)
	}
	if _, problems := Parse(lines(t, steps.String())); len(problems) != 1 || !strings.Contains(problems[0].Text, "more than 255 steps") {
		t.Errorf("problems %v", problems)
	}
	field := run + "// SET " + strings.Repeat("A="+strings.Repeat("x", 50)+",\n// ", 1000) + "B=1\n//X EXEX"
	if _, problems := Parse(lines(t, field)); len(problems) != 2 || !strings.Contains(problems[0].Text, "longer than 32768") || !strings.Contains(problems[1].Text, "EXEX") {
		t.Errorf("problems %v", problems)
	}
	// Symbols made of symbols must not grow without end.
	grow := "// EXPORT SYMLIST=*\n// SET A=" + strings.Repeat("x", 60) + "\n// SET B=&A&A&A&A\n" + frame +
		"//SYSTSIN DD *,SYMBOLS=JCLONLY\n" + strings.Repeat(strings.Repeat("&B", 36)+"\n", 4000)
	_, problems = Parse(lines(t, grow))
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "the symbols make the input too long") {
		t.Errorf("problems %v", problems)
	}
}

func TestHints(t *testing.T) {
	const run = "//RUN EXEC PGM=IKJEFT01\n"
	for text, want := range map[string]string{
		run + "//SYSTSIN DD *\n/* c */\n A":          "begin comments in column 2, or write DD DATA,DLM=$$",
		run + "//SYSTSIN DD *,DLM=$$\n A\n//* c\n$$": "// ends the data of DD *, even with DLM=",
		run + "//SYSTSIN DD DSN=X":                   "put the commands into the job: //SYSTSIN DD *",
	} {
		_, problems := Parse(lines(t, text))
		if len(problems) == 0 || !strings.HasPrefix(problems[0].Hint, want) {
			t.Errorf("%q: %v", text, problems)
		}
	}
}

func TestJobWarnings(t *testing.T) {
	for text, want := range map[string]string{
		frame + "//\n\n//* c\n//NEXT JOB 1":     "line 5 column 1: the job ended with the null statement of line 2",
		"//J JOB 1,TYPRUN=SCAN\n" + frame:       "line 1 column 11: TYPRUN=SCAN has no effect",
		frame + "//\ntext is ignored\n//A EXEC": "line 4 column 1: the job ended",
	} {
		job := good(t, text, Options{})
		if len(job.Warnings) != 1 || !strings.HasPrefix(job.Warnings[0].Error(), want) || job.Warnings[0].Hint == "" {
			t.Errorf("%q: warnings %v", text, job.Warnings)
		}
	}
	for _, text := range []string{frame + "//\n\n//* c\n//\nany text", frame + "//" + strings.Repeat(" ", 70) + "00010000\n"} {
		if job := good(t, text, Options{}); len(job.Warnings) > 0 {
			t.Errorf("%q: warnings %v", text, job.Warnings)
		}
	}
	if job := good(t, "//J JOB 1,RESTART=*\n"+frame, Options{}); job.Pos != (tso.Pos{Line: 1, Col: 3}) {
		t.Errorf("job at %v", job.Pos)
	}
}
