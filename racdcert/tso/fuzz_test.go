package tso

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// samples begin every fuzzing.
var samples = []string{
	"", "A", "A -\n  B", "A +\n , /* c */ B", "/* x -\n*/ A", "A 'b +\n c' /* d", "A(B(C 'd''e'))", "A B()(", "A ‘b’",
	"tsocmd \"A \\\"B\\\" 'c'\"", "TSO A(B", "A/*/B*/C", "A\t,\r\nB -\n\n+\n-", "A '/*' B /* ' */ C", "/-\n* x */ A", ringScript, serverScript,
}

// withoutComments is text that Split must keep: all but blanks, commas, marks and what a comment
// hides. It is written without regard to speed and without the code it checks.
func withoutComments(lines []Line) string {
	var kept strings.Builder
	for i := 0; i < len(lines); {
		var joined strings.Builder
		for ; i < len(lines); i++ {
			text := strings.TrimRight(lines[i].Text, " \t")
			body := text
			if strings.HasSuffix(text, "-") || strings.HasSuffix(text, "+") {
				body = text[:len(text)-1]
			}
			joined.WriteString(body)
			if body == text {
				i++
				break
			}
		}
		kept.WriteString(code(joined.String()))
	}
	return kept.String()
}

func code(text string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		if !quoted && strings.HasPrefix(text[i:], "/*") {
			end := strings.Index(text[i+2:], "*/")
			if end < 0 {
				break
			}
			i += end + 3
			continue
		}
		if text[i] == '\'' {
			quoted = !quoted
		}
		if strings.IndexByte(separators, text[i]) < 0 {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// FuzzSplit checks that no text outside comments is lost, that all of it is in order, and that
// parsing never panics and always ends in a place of the file.
func FuzzSplit(f *testing.F) {
	for _, s := range samples {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := Lines([]byte(text))
		if err != nil {
			return
		}
		var kept strings.Builder
		for _, c := range Split(lines) {
			kept.WriteString(code(c.Text()))
			for _, supply := range []bool{false, true} {
				s, err := c.ParseWith(ParseOptions{CloseParens: supply})
				if err == nil {
					continue
				}
				p := err.(*Problem)
				if p.Pos.Line < 1 || p.Pos.Line > len(lines) || p.Pos.Col < 1 || p.Pos.Col > utf8.RuneCountInString(lines[p.Pos.Line-1].Text)+1 {
					t.Errorf("the place %v of %q is not in the file", p.Pos, p.Text)
				}
				_ = s.String()
			}
			c.Masked(func(k string) bool { return len(k) == 1 })
		}
		// With `+` a comment at the start of a line goes, and the characters around it may then
		// make up another; so compare only where that cannot be.
		// A wrapped command has marks of its own.
		plain := !strings.Contains(strings.ToUpper(text), "TSO") && (!strings.Contains(text, "/") || !strings.Contains(text, "+"))
		if want := withoutComments(lines); plain && kept.String() != want {
			t.Errorf("kept %q, want %q", kept.String(), want)
		}
	})
}

// FuzzParse checks that the tree of a statement, written out, parses to the same tree.
func FuzzParse(f *testing.F) {
	for _, s := range samples {
		f.Add(s)
	}
	ignore := cmp.Options{
		cmpopts.IgnoreFields(Operand{}, "Pos", "End"),
		cmpopts.IgnoreFields(Statement{}, "Pos", "Text", "Warnings", "Supplied"),
		cmpopts.EquateEmpty(),
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := Lines([]byte(text))
		if err != nil {
			return
		}
		for _, c := range Split(lines) {
			s, err := c.ParseWith(ParseOptions{CloseParens: true})
			if err != nil || len(s.String()) > MaxLine {
				continue
			}
			again := Split([]Line{{Number: 1, Text: s.String() + " /**/"}})
			if len(again) != 1 {
				t.Fatalf("%q is %d commands", s.String(), len(again))
			}
			if IsWrapper(wrapperName(again[0])) {
				continue // it would be unwrapped once more
			}
			tree, err := again[0].Parse()
			if err != nil {
				t.Fatalf("%q: %v", s.String(), err)
			}
			if diff := cmp.Diff(s, tree, ignore); diff != "" {
				t.Errorf("%q\n%s", s.String(), diff)
			}
		}
	})
}

// FuzzQuote checks that any text without control characters survives quoting, and that what needs
// no quotes is read as one word.
func FuzzQuote(f *testing.F) {
	for _, s := range append(samples, "it's", "a-", "+", "–", "&A", "*/", "«»") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) || len(value) > MaxLine/4 || strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
			return
		}
		forms := []string{Quote(value)}
		if !NeedsQuote(value) {
			forms = append(forms, value)
		}
		for i, form := range forms {
			s, err := only(t, "X A("+form+")").Parse()
			if err != nil {
				t.Fatalf("%q: %v", form, err)
			}
			v := s.Operands[0].Values
			if len(s.Operands) != 1 || len(v) != 1 || v[0].Text != value || v[0].Quoted != (i == 0) || len(s.Warnings) > 0 {
				t.Errorf("%q is read as %s, warnings %v", form, s, s.Warnings)
			}
		}
	})
}
