package tso

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// shape writes a tree with every item told apart: «quoted» and bare words, and lists even where
// they are empty.
func shape(s Statement) string {
	parts := []string{s.Name}
	for _, o := range s.Operands {
		parts = append(parts, shapeOf(o))
	}
	return strings.Join(parts, " ")
}

func shapeOf(o Operand) string {
	text := o.Text
	if o.Quoted {
		text = "«" + text + "»"
	}
	if !o.HasValue {
		return text
	}
	var values []string
	for _, v := range o.Values {
		values = append(values, shapeOf(v))
	}
	return text + "[" + strings.Join(values, " ") + "]"
}

func TestParse(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"name alone", "profile", "PROFILE"},
		{"name in mixed case", "RacDcert list", "RACDCERT list"},
		{"owner before or after", "RACDCERT CERTAUTH GENCERT", "RACDCERT CERTAUTH GENCERT"},
		{"value", "RACDCERT ID(FTPD)", "RACDCERT ID[FTPD]"},
		{"empty value", "RACDCERT ADDRING()", "RACDCERT ADDRING[]"},
		{"empty value with blanks", "RACDCERT ADDRING (  ) X", "RACDCERT ADDRING[] X"},
		{"blank before a parenthesis", "RACDCERT EXPORT (LABEL ('A'))", "RACDCERT EXPORT[LABEL[«A»]]"},
		{"blanks inside parentheses", "RACDCERT ID( TCPCS )", "RACDCERT ID[TCPCS]"},
		{"quoted user", "RACDCERT ID('TCPCS')", "RACDCERT ID[«TCPCS»]"},
		{"nested", "RACDCERT CONNECT(CERTAUTH LABEL('x') RING(r)) ID(U)", "RACDCERT CONNECT[CERTAUTH LABEL[«x»] RING[r]] ID[U]"},
		{"positional before a list", "RDELETE FACILITY (IRR.A    IRR.B)", "RDELETE FACILITY[IRR.A IRR.B]"},
		{"list after the name", "DELUSER (A,B) X", "DELUSER [A B] X"},
		{"list directly after the name", "DELUSER(A)", "DELUSER [A]"},
		{"several values", "X OU('b','c') A(b c,d	e)", "X OU[«b» «c»] A[b c d e]"},
		{"separators mixed freely", "X A, ,	B ,,C", "X A B C"},
		{"comma before a list", "RDELETE FACILITY,(A,B)", "RDELETE FACILITY[A B]"},
		{"comment between keyword and value", "X LABEL /* c */ ('A')/* d */B", "X LABEL[«A»] B"},
		{"comment splits words", "X A/**/B", "X A B"},
		{"comment without end", "X A(B) /* C(D", "X A[B]"},
		{"comment first", "/* c */X A", "X A"},
		{"comment mark in quotes", "X '/* a'", "X «/* a»"},
		{"doubled apostrophe", "X T('username''s certificate')", "X T[«username's certificate»]"},
		{"only apostrophes", "X '''' ''''''", "X «'» «''»"},
		{"empty quoted", "X '' A('')", "X «» A[«»]"},
		{"separators in quotes", "X 'a, (b);	c'", "X «a, (b);	c»"},
		{"quoted with a list", "X 'a' (b)", "X «a»[b]"},
		{"list, then word without a blank", "X A('b')SIZE(2048)", "X A[«b»] SIZE[2048]"},
		{"word, then comment", "X A/* c */", "X A"},
		{"dates and times", "X DATE(2010-02-01) TIME(10:20:30)", "X DATE[2010-02-01] TIME[10:20:30]"},
		{"profile names", "PERMIT EZB.** &RACFVAR ID(*) %", "PERMIT EZB.** &RACFVAR ID[*] %"},
		{"odd words", `X a=b "x" {y} <z> a/b $$ @# ~|!?\^_[]`, `X a=b "x" {y} <z> a/b $$ @# ~|!?\^_[]`},
		{"double quotes do not quote", `X "a b"`, `X "a b"`},
		{"mark inside a word", "X a+b -c d- +e", "X a+b -c d- +e"},
		{"virtual ring", "X LISTRING(*)", "X LISTRING[*]"},
		{"other scripts", "X LABEL(Grüße) '証明書'", "X LABEL[Grüße] «証明書»"},
		{"typographic quotes in quotes and comments", "X 'it’s' /* “ */ B", "X «it’s» B"},
		{"no-break space in quotes", "X 'a\u00a0b'", "X «a\u00a0b»"},
		{"data set names", "X DSN('USER1.REQ') DSN(ZCONN.CERT.P12DER)", "X DSN[«USER1.REQ»] DSN[ZCONN.CERT.P12DER]"},
		{"keyword, continuation, parenthesis", "RACDCERT SUBJECTSDN -\n   (CN('a')) LABEL +\n  ('b')", "RACDCERT SUBJECTSDN[CN[«a»]] LABEL[«b»]"},
		{"comma, then plus", "X A(1),+\n  B(2), +\n  C(3)", "X A[1] B[2] C[3]"},
		{"no blank before the mark", "X A(C('US'))-\n SIZE(2048)", "X A[C[«US»]] SIZE[2048]"},
		{"no blank at all", "X A(C('US'))-\nSIZE(2048)", "X A[C[«US»]] SIZE[2048]"},
		{"short command names", "SETR CLASSACT(A)\n", "SETR CLASSACT[A]"},
		{"depth", "X " + strings.Repeat("A(", MaxDepth) + strings.Repeat(")", MaxDepth), "X " + strings.Repeat("A[", MaxDepth) + strings.Repeat("]", MaxDepth)},
		{"deep and closed again", "X " + strings.Repeat("A(B(C)) ", 200), "X" + strings.Repeat(" A[B[C]]", 200)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := only(t, tt.in).Parse()
			if err != nil {
				t.Fatal(err)
			}
			if got := shape(s); got != tt.want {
				t.Errorf("%s\n got %s\nwant %s", oneLine(tt.in), got, tt.want)
			}
			if len(s.Warnings) > 0 {
				t.Errorf("warnings: %v", s.Warnings)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		pos      Pos
		text     string
	}{
		{"unterminated quote", "X LABEL('abc)", Pos{1, 9}, `unterminated quote in "LABEL("`},
		{"unterminated quote outside", "X 'abc", Pos{1, 3}, "unterminated quote"},
		{"unterminated after a doubled one", "X A('it''s)", Pos{1, 5}, "unterminated quote"},
		{"on the third line", "X A(B) -\n ü('b') -\n  C('d", Pos{3, 5}, `unterminated quote in "C("`},
		{"extra parenthesis", "X A(B))", Pos{1, 7}, `unbalanced parenthesis: ")" closes nothing`},
		{"extra parenthesis first", "X )", Pos{1, 3}, "unbalanced parenthesis"},
		{"missing parenthesis", "X -\n A(B) -\n SUBJECTSDN(CN('a')", Pos{3, 2}, `unbalanced parenthesis: "SUBJECTSDN(" at line 3 column 2 is not closed`},
		{"several missing: the innermost", "X CONNECT(LABEL('x') RING(R", Pos{1, 22}, `unbalanced parenthesis: "RING(" at line 1 column 22 is not closed`},
		{"missing after the name", "DELUSER (A", Pos{1, 9}, `unbalanced parenthesis: "(" at line 1 column 9`},
		{"missing after a quoted string", "X 'secret' (A", Pos{1, 3}, "unbalanced parenthesis: a quoted string at line 1 column 3"},
		{"missing because of a comment", "X A(B /* C)", Pos{1, 3}, `"A(" at line 1 column 3 is not closed`},
		{"apostrophe in a word", "X ab'c'", Pos{1, 5}, "an apostrophe inside a word"},
		{"keyword and quote without parenthesis", "X LABEL'a'", Pos{1, 8}, "an apostrophe inside a word"},
		{"text after a quote", "X A('b'c)", Pos{1, 8}, `a quoted string in "A(" is followed by text`},
		{"two quotes side by side", "X 'b'\"c\"", Pos{1, 6}, "is followed by text"},
		{"semicolon", "X A(B);", Pos{1, 7}, `";" outside apostrophes`},
		{"semicolon in a word", "X A;B", Pos{1, 4}, `";" outside apostrophes`},
		{"semicolon after a quote", "X 'a';", Pos{1, 6}, `";" outside apostrophes`},
		{"typographic quotes", "X LABEL(‘abc’)", Pos{1, 9}, "the typographic quote ‘ (U+2018)"},
		{"typographic double quotes", "X A(“abc”)", Pos{1, 5}, "the typographic quote “ (U+201C)"},
		{"typographic quote in a word", "X abc’", Pos{1, 6}, "the typographic quote ’ (U+2019)"},
		{"typographic quote after a quote", "X 'abc’", Pos{1, 3}, "unterminated quote"},
		{"typographic quote right after", "X 'abc'’", Pos{1, 8}, "the typographic quote ’"},
		{"second line of several", "X A -\n   ‘b’", Pos{2, 4}, "the typographic quote ‘"},
		{"no-break space", "X\u00a0A", Pos{1, 2}, "the space U+00A0 is no blank"},
		{"control character", "X A\x07", Pos{1, 4}, "the character U+0007 cannot stand in a command"},
		{"control character in quotes", "X 'A\x1bB'", Pos{1, 5}, "the character U+001B cannot stand in a quoted string"},
		{"zero-width space", "X A\u200bB", Pos{1, 4}, "the character U+200B"},
		{"list after nothing", "X A(B)(C)", Pos{1, 7}, `"(" follows no operand`},
		{"list in a list", "X A((B))", Pos{1, 5}, `"(" follows no operand`},
		{"mark before a comment", "X A - /* c */", Pos{1, 5}, `the continuation mark "-" is not the last`},
		{"mark before sequence numbers", "X A(B)+ 00010000", Pos{1, 7}, `the continuation mark "+" is not the last`},
		{"typographic dash", "X A –", Pos{1, 5}, "the dash – (U+2013) is no continuation mark"},
		{"end of a comment", "the end */", Pos{1, 9}, `"*/" ends no comment`},
		{"no name but a comma", ",X", Pos{1, 1}, `a command name is expected, found ','`},
		{"no name but a list", "(X)", Pos{1, 1}, "a command name is expected"},
		{"no name but a quote", "'X'", Pos{1, 1}, "a command name is expected"},
		{"name with a quote", "X'Y'", Pos{1, 2}, "an apostrophe inside a word"},
		{"too deep", "X " + strings.Repeat("A(", MaxDepth+1), Pos{1, 2*MaxDepth + 4}, "nested more than 16 deep"},
		{"too many items", "X" + strings.Repeat(" A", MaxItems+1), Pos{1, 2*MaxItems + 3}, "more than 4096 operands"},
		{"too many values", "X A(" + strings.Repeat(" A", MaxItems) + ")", Pos{1, 2*MaxItems + 4}, "more than 4096 operands"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := only(t, tt.in)
			s, err := c.Parse()
			var p *Problem
			if !errors.As(err, &p) {
				t.Fatalf("error is %v; got %s", err, shape(s))
			}
			if p.Pos != tt.pos || !strings.Contains(p.Text, tt.text) {
				t.Errorf("got %v %q, want %v %q", p.Pos, p.Text, tt.pos, tt.text)
			}
			if s.Text != c.Text() || s.Pos != c.Pos() {
				t.Errorf("the statement of the error is at %v: %q", s.Pos, s.Text)
			}
		})
	}
}

func TestHints(t *testing.T) {
	tests := []struct{ in, hint string }{
		{"X A('b’)", "the typographic quote ’ (U+2019) at line 1 column 7 is no apostrophe: use ' in its place"},
		{"X A('b)", "close it with an apostrophe"},
		{"X A(B", `add ")" before the command ends at line 1 column 5`},
		{"X A(B(C -\n D", "2 parentheses are open where the command ends at line 2 column 2"},
		{"X A(‘b’)", "use ' in its place"},
		{"X A('b’)) C('d')", "use ' in its place"},
		{"X A'b'", "put a blank or a parenthesis before the quoted string"},
	}
	for _, tt := range tests {
		_, err := only(t, tt.in).Parse()
		var p *Problem
		if !errors.As(err, &p) || !strings.HasPrefix(p.Hint, tt.hint) {
			t.Errorf("%s: hint %q, want %q", oneLine(tt.in), p.Hint, tt.hint)
		}
	}
}

func TestCloseParens(t *testing.T) {
	tests := []struct{ in, want, text, hint string }{
		{"X A(B", "X A[B]", `unbalanced parenthesis: "A(" at line 1 column 3 is not closed`, "a closing parenthesis is supplied"},
		{"X CONNECT(LABEL('x') -\n RING(R", "X CONNECT[LABEL[«x»] RING[R]]", `unbalanced parenthesis: "RING(" at line 2 column 2`, "2 closing parentheses are supplied"},
		{"X A(", "X A[]", "unbalanced parenthesis", "a closing parenthesis is supplied"},
		{"X A(B /* c)", "X A[B]", "unbalanced parenthesis", "a closing parenthesis is supplied"},
	}
	for _, tt := range tests {
		c := only(t, tt.in)
		s, err := c.ParseWith(ParseOptions{CloseParens: true})
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if got := shape(s); got != tt.want {
			t.Errorf("%s: got %s", tt.in, got)
		}
		if s.Supplied != len(tt.want)-len(strings.TrimRight(tt.want, "]")) {
			t.Errorf("%s: %d supplied", tt.in, s.Supplied)
		}
		if len(s.Warnings) != 1 || !strings.HasPrefix(s.Warnings[0].Text, tt.text) || !strings.HasPrefix(s.Warnings[0].Hint, tt.hint) {
			t.Errorf("%s: warnings %v", tt.in, s.Warnings)
		}
		if _, err := c.Parse(); err == nil {
			t.Errorf("%s: the strict form accepts it", tt.in)
		}
	}
	for _, in := range []string{"X A(B))", "X A('b"} {
		if s, err := only(t, in).ParseWith(ParseOptions{CloseParens: true}); err == nil {
			t.Errorf("%s: accepted as %s", in, shape(s))
		}
	}
}

func TestDoubtfulWords(t *testing.T) {
	tests := []struct {
		in, text string
		pos      Pos
	}{
		{"X *AUTH*/*", `"/*" after a word begins a comment`, Pos{1, 9}},
		{"X A/* c", `"/*" after a word begins a comment`, Pos{1, 4}},
		{"X */B", `"*/" in a word ends no comment`, Pos{1, 3}},
		{"X B*/", `"*/" in a word ends no comment`, Pos{1, 3}},
	}
	for _, tt := range tests {
		s, err := only(t, tt.in).Parse()
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
		}
		if len(s.Warnings) != 1 || s.Warnings[0].Pos != tt.pos || !strings.HasPrefix(s.Warnings[0].Text, tt.text) {
			t.Errorf("%s: warnings %v", tt.in, s.Warnings)
		}
	}
}

// A command of many characters on one line is as good as one over several.
func TestLongLine(t *testing.T) {
	var b strings.Builder
	b.WriteString("RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('a')")
	for i := range 40 {
		fmt.Fprintf(&b, " OU('unit number %d of a long list')", i)
	}
	b.WriteString(") WITHLABEL('the end')")
	if b.Len() < 300 {
		t.Fatal("not long")
	}
	s, err := only(t, b.String()).Parse()
	if err != nil {
		t.Fatal(err)
	}
	last := s.Operands[len(s.Operands)-1]
	if last.Text != "WITHLABEL" || last.Values[0].Text != "the end" || last.End != (Pos{1, b.Len()}) {
		t.Errorf("last operand %s ends at %v", last, last.End)
	}
	if n := len(s.Operands[2].Values); n != 41 {
		t.Errorf("%d values", n)
	}
}
