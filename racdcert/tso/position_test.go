package tso

import (
	"strings"
	"testing"
)

// Every operand must be found in the file exactly where its positions say.
func TestPositions(t *testing.T) {
	files := []string{
		"RACDCERT ID(FTPD) ADDRING(Web.Ring)",
		"\n\n  /* x */ RACDCERT -\n   /* ü */ ID ( 'FTPD' ) +\n\t,, ADDRING +\n  (Web.Ring)",
		"A LABEL('Grüße') /* é */ 'ß'(ö ä) B -\n  C('d''e') -\nF",
		"A B(C(D(E F)) G) H",
		"\xef\xbb\xbfA B(C)",
		"A\r\nB C(D) -\r\n E\r\n",
	}
	for _, file := range files {
		lines, err := Lines([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range Split(lines) {
			s, err := c.Parse()
			if err != nil {
				t.Fatal(err)
			}
			checkAt(t, lines, s.Pos, s.Name)
			for _, o := range s.Operands {
				checkOperand(t, lines, o)
			}
		}
	}
}

func checkOperand(t *testing.T, lines []Line, o Operand) {
	t.Helper()
	text := o.Text
	if o.Quoted {
		text = Quote(text)
	}
	checkAt(t, lines, o.Pos, text)
	end := text[max(len(text)-1, 0):]
	if r := []rune(text); len(r) > 0 {
		end = string(r[len(r)-1:])
	}
	if o.HasValue {
		end = ")"
	}
	checkAt(t, lines, o.End, end)
	for _, v := range o.Values {
		checkOperand(t, lines, v)
	}
}

// checkAt wants text to stand at pos in the file.
func checkAt(t *testing.T, lines []Line, pos Pos, text string) {
	t.Helper()
	if pos.Line < 1 || pos.Line > len(lines) {
		t.Errorf("%q: no such place: %v", text, pos)
		return
	}
	runes := []rune(lines[pos.Line-1].Text)
	if pos.Col < 1 || pos.Col > len(runes)+1 || !strings.HasPrefix(string(runes[pos.Col-1:]), text) {
		t.Errorf("%q is not at %v of %q", text, pos, string(runes))
	}
}

// Words and values broken by a mark begin where their first character stands and end where their
// last one stands.
func TestPositionsOfBrokenWords(t *testing.T) {
	s, err := only(t, "X ADD-\nRING(We+\n    b.Ring) 'My +\n  Cert'").Parse()
	if err != nil {
		t.Fatal(err)
	}
	ring, label := s.Operands[0], s.Operands[1]
	if ring.Text != "ADDRING" || ring.Pos != (Pos{1, 3}) || ring.End != (Pos{3, 11}) {
		t.Errorf("%s from %v to %v", ring, ring.Pos, ring.End)
	}
	if v := ring.Values[0]; v.Text != "Web.Ring" || v.Pos != (Pos{2, 6}) || v.End != (Pos{3, 10}) {
		t.Errorf("%s from %v to %v", v, v.Pos, v.End)
	}
	if label.Text != "My Cert" || label.Pos != (Pos{3, 13}) || label.End != (Pos{4, 7}) {
		t.Errorf("%s from %v to %v", label, label.Pos, label.End)
	}
}

// Lines that come from elsewhere, such as the in-stream data of a job, keep their own places.
func TestPositionsOfPlacedLines(t *testing.T) {
	var b Builder
	source := Line{Number: 7, Text: "  X RING(&R.) Y", Col: 4}
	b.Append(source, 0, 9)
	b.Insert("Web.Ring", source.At(9))
	b.Append(source, 12, 15)
	s, err := Split([]Line{b.Line()})[0].Parse()
	if err != nil {
		t.Fatal(err)
	}
	if s.Pos != (Pos{7, 6}) || s.Operands[0].Pos != (Pos{7, 8}) || s.Operands[1].Pos != (Pos{7, 18}) {
		t.Errorf("places %v %v %v", s.Pos, s.Operands[0].Pos, s.Operands[1].Pos)
	}
	if v := s.Operands[0].Values[0]; v.Text != "Web.Ring" || v.Pos != (Pos{7, 13}) || v.End != (Pos{7, 13}) {
		t.Errorf("%s from %v to %v", v, v.Pos, v.End)
	}
}
