package jcl

import (
	"strings"
	"testing"

	"signet/racdcert/tso"
)

// shapes are jobs that a reader with a quadratic step would not finish.
func shapes(size int) map[string]string {
	const run = "//RUN EXEC PGM=IKJEFT01\n"
	fill := func(unit string) string {
		return strings.Repeat(unit, min(size/len(unit), (tso.MaxLines-16)/strings.Count(unit, "\n")))
	}
	return map[string]string{
		"data":            run + "//SYSTSIN DD *\n" + fill(" RACDCERT LIST(LABEL('My Cert')) ID(FTPD)                               00010000\n"),
		"dropped columns": run + "//SYSTSIN DD *\n" + fill(" "+strings.Repeat("x", 90)+"\n"),
		"symbols":         "// EXPORT SYMLIST=*\n// SET A=\n" + run + "//SYSTSIN DD *,SYMBOLS=JCLONLY\n" + fill(strings.Repeat("&A", 36)+"\n"),
		"one statement":   run + "//X DD A=B,\n" + fill("// ,,,,,,,,,,,,,,,,\n"),
		"one string":      run + "//X DD A='\n" + fill("//             x\n"),
		"statements":      run + fill("//X DD DSN=A.B.C,DISP=(NEW,CATLG,DELETE),SPACE=(TRK,(1,1))\n"),
		"comments":        run + "//X DD A=B,\n" + fill("//* c\n"),
		"SET":             run + fill("// SET A=B,C='D',E=&A..&C\n"),
		"IF":              run + "// IF (RC = 0 AND\n" + fill("// RC = 0 AND\n"),
		"concatenation":   run + "//SYSTSIN DD *\n A\n" + fill("// DD *\n A\n"),
		"errors":          fill("x\n/*\n"),
	}
}

func TestNothingQuadratic(t *testing.T) {
	for name, text := range shapes(1 << 19) {
		t.Run(name, func(t *testing.T) {
			if job, _ := Parse(lines(t, text)); job == nil {
				t.Error("no job")
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for name, text := range shapes(tso.MaxBytes - 1<<10) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			ls := lines(b, text)
			for b.Loop() {
				job, _ := Parse(ls)
				for _, s := range job.Steps {
					s.Commands()
				}
			}
		})
	}
}
