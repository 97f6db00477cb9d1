package jcl

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// frame puts records behind an EXEC statement.
const frame = "//STEP EXEC PGM=IKJEFT01\n"

func TestInStreamData(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"DD *, delimiter", "//SYSTSIN DD *\n A\n B\n/*\n//SYSTSPRT DD SYSOUT=*", []string{"A", "B"}},
		{"DD *, next statement", "//SYSTSIN DD *\n A\n//SYSTSPRT DD SYSOUT=*", []string{"A"}},
		{"DD *, comment statement", "//SYSTSIN DD *\n A\n//* B", []string{"A"}},
		{"DD *, end of file", "//SYSTSIN DD *\n A", []string{"A"}},
		{"DD *, null statement", "//SYSTSIN DD *\n A\n//", []string{"A"}},
		{"DD DATA keeps //", "//SYSTSIN DD DATA\n A\n// B\n//* C\n/*", []string{"A", "// B", "//* C"}},
		{"DLM on DD *: // still ends it", "//SYSTSIN DD *,DLM=$$\n A\n//SYSTSPRT DD SYSOUT=*", []string{"A"}},
		{"DLM on DD *: /* is data", "//SYSTSIN DD *,DLM=$$\n/* c */ A\n$$", []string{"/* c */ A"}},
		{"DLM on DD DATA: only it ends", "//SYSTSIN DD DATA,DLM=AA\n// A\n/* c */ B\nAA", []string{"// A", "/* c */ B"}},
		{"DLM quoted", "//SYSTSIN DD DATA,DLM='A+'\n/* c */ B\nA+", []string{"/* c */ B"}},
		{"DLM with a doubled apostrophe", "//SYSTSIN DD DATA,DLM='''A'\n/* c */ B\n'A", []string{"/* c */ B"}},
		{"DLM with a doubled ampersand", "//SYSTSIN DD DATA,DLM='&&+'\n/* c */ B\n&+", []string{"/* c */ B"}},
		{"DLM of two ampersands", "//SYSTSIN DD DATA,DLM=&&\n/* c */ B\n&&", []string{"/* c */ B"}},
		{"DLM with a comma", "//SYSTSIN DD DATA,DLM=',,'\n/* c */ B\n,,", []string{"/* c */ B"}},
		{"DLM with text behind it", "//SYSTSIN DD DATA,DLM=@@\n A\n@@ end", []string{"A"}},
		{"DLM first", "//SYSTSIN DD DLM=##,DATA\n A\n/*\n##", []string{"A"}},
		{"operands over two lines", "//SYSTSIN DD DATA,     comment, and more\n//   DLM=@@\n A\n@@", []string{"A"}},
		{"a comment between the lines", "//SYSTSIN DD DATA,\n//* note\n//             DLM=@@\n A\n@@", []string{"A"}},
		{"DDNAME", "//SYSTSIN DD DDNAME=RACF\n//RACF DD *\n A", []string{"A"}},
		{"DDNAME among others", "//SYSTSIN DD DDNAME=RACF\n//ACF2 DD *\n X\n//RACF DD *\n A\n//TSS DD *\n Y", []string{"A"}},
		{"DDNAME of a dummy", "//SYSTSIN DD DDNAME=RACF\n//RACF DD DUMMY", nil},
		{"concatenation", "//SYSTSIN DD *\n A\n/*\n// DD *\n B\n/*\n// DD DUMMY", []string{"A", "B"}},
		{"concatenation behind DDNAME", "//SYSTSIN DD DDNAME=RACF\n//RACF DD *\n A\n// DD *\n B", []string{"A", "B"}},
		{"concatenation of another DD", "//STEPLIB DD DSN=A\n// DD DSN=B\n//SYSTSIN DD *\n A", []string{"A"}},
		{"DUMMY", "//SYSTSIN DD DUMMY", nil},
		{"null data set", "//SYSTSIN DD DSN=NULLFILE", nil},
		{"data of another DD", "//SYSIN DD *\n X\n/*\n//SYSTSIN DD *\n A\n/*\n//", []string{"A"}},
		{"blank and comment records", "//SYSTSIN DD *\n\n  /* c */\n A\n/*", []string{"A"}},
		{"stray delimiters", "/*\n//SYSTSIN DD *\n A\n/*\n/*\n//* c\n/*", []string{"A"}},
		{"JES2 statement ends DD *", "//SYSTSIN DD *\n A\n/*JOBPARM X", []string{"A"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			job := good(t, frame+tt.text, Options{})
			if diff := cmp.Diff(tt.want, texts(t, job)); diff != "" {
				t.Error(diff)
			}
			if !job.Steps[0].HasInput {
				t.Error("no input")
			}
			if w := append(job.Steps[0].Warnings, job.Warnings...); len(w) > 0 {
				t.Errorf("warnings %v", w)
			}
		})
	}
}

func TestNoInput(t *testing.T) {
	for _, text := range []string{
		"//SYSTSPRT DD SYSOUT=*",
		"//SYSTSPRT DD SYSOUT=*\n//SYSIN DD *\n X\n/*",
	} {
		if s := good(t, frame+text, Options{}).Steps[0]; s.HasInput || len(s.Input) > 0 {
			t.Errorf("%s: input %v", text, s.Input)
		}
	}
	// Other programs are the caller's business, and so is what they read.
	job := good(t, "//A EXEC PGM=IEFBR14\n//SYSTSIN DD DSN=X\n//B EXEC PGM=IEBGENER\n//SYSUT1 DD *\n X\n/*", Options{})
	if show(job) != "A IEFBR14\nB IEBGENER\n" || job.Steps[0].TMP() {
		t.Errorf("got %s", show(job))
	}
}

func TestColumns(t *testing.T) {
	at72 := func(text string) string { return text + strings.Repeat(" ", 72-len([]rune(text))) }
	tests := []struct{ name, line, want, warning string }{
		{"sequence number", at72(" A") + "00010000", "A", ""},
		{"sequence number behind a mark", at72(" A -") + "00010000\n B", "A  B", ""},
		{"mark in column 72", at72(" A")[:71] + "-00010000\n B", "A" + strings.Repeat(" ", 69) + " B", ""},
		{"text up to column 72", " A" + strings.Repeat("x", 70) + "00010000", "A" + strings.Repeat("x", 70), ""},
		{"letters and digits", at72(" A") + "AB000100", "A", ""},
		{"short, apart", at72(" A") + "  0100", "A", ""},
		{"short, at column 73", at72(" A") + "000100", "A", ""},
		{"letters only", at72(" A") + "COMMENT", "A", "columns 73 to 80 are not read: \"COMMENT\" is dropped"},
		{"the end of a word", " A" + strings.Repeat("x", 70) + "AB000100", "A" + strings.Repeat("x", 70), `"AB000100" is dropped`},
		{"a number cut off", " SIZE" + strings.Repeat(" ", 66) + "(2048)", "SIZE" + strings.Repeat(" ", 66) + "(", `"2048)" is dropped`},
		{"a short word", at72(" A") + "RING01", "A", `"RING01" is dropped`},
		{"a word further right", at72(" A") + "   B", "A", `"B" is dropped`},
		{"beyond column 80", at72(" A") + "00010000 B", "A", `"00010000 B" is dropped`},
		{"columns count characters", at72(" A 'é漢'") + "00010000", "A 'é漢'", ""},
		{"cut between characters", at72(" A 'é漢'") + "é", "A 'é漢'", `"é" is dropped`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			job := good(t, frame+"//SYSTSIN DD *\n"+tt.line+"\n/*", Options{})
			if got := texts(t, job); len(got) != 1 || got[0] != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			w := job.Steps[0].Warnings
			switch {
			case tt.warning == "" && len(w) > 0:
				t.Errorf("warnings %v", w)
			case tt.warning != "" && (len(w) != 1 || !strings.Contains(w[0].Text, tt.warning) || w[0].Pos.Line != 3 || w[0].Pos.Col != 73):
				t.Errorf("warnings %v, want %q", w, tt.warning)
			}
		})
	}
}

func TestDDWarnings(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no delimiter, DLM", "//SYSTSIN DD DATA,DLM=$$\n A\n/*\n//", "line 2 column 3: the input of DD SYSTSIN has no delimiter $$"},
		{"no delimiter, DD * with DLM", "//SYSTSIN DD *,DLM=$$\n A", "has no delimiter $$"},
		{"no delimiter, DD DATA", "//SYSTSIN DD DATA\n A", "has no delimiter /*"},
		{"no delimiter of another DD", "//SYSTSIN DD DUMMY\n//X DD DATA,DLM=$$\n A", "the input of DD X has no delimiter $$"},
		{"comment in column 1", "//SYSTSIN DD *\n A\n/* the end */", "line 4 column 1: the comment at the start of the record ends the input"},
		{"DLM of one character", "//SYSTSIN DD DATA,DLM=$\n A\n/*", "line 2 column 19: DLM=$ is not two characters long; /* ends the data"},
		{"DLM of three characters", "//SYSTSIN DD DATA,DLM=$$$\n A\n/*", "DLM=$$$ is not two"},
		{"DLM undoubled", "//SYSTSIN DD DATA,DLM='&&'\n A\n/*", "DLM='&&' is not two"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			job := good(t, frame+tt.text, Options{})
			w := append(job.Steps[0].Warnings, job.Warnings...)
			if len(w) != 1 || !strings.Contains(w[0].Error(), tt.want) || w[0].Hint == "" {
				t.Errorf("warnings %v, want %q", w, tt.want)
			}
		})
	}
}
