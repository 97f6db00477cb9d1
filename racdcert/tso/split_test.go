package tso

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"one command a line", "A\nB", []string{"A", "B"}},
		{"blank lines between", "A\n\n   \n\t\nB\n", []string{"A", "B"}},
		{"leading and trailing blanks", "   A B  \n", []string{"A B"}},
		{"hyphen keeps leading blanks", "A -\n  B", []string{"A   B"}},
		{"plus drops leading blanks", "A +\n  B", []string{"A B"}},
		{"plus drops tabs", "A +\n\t \tB", []string{"A B"}},
		{"plus drops commas", "A +\n , ,B", []string{"A B"}},
		{"plus drops comments", "A +\n /* x */ , /* y */ B", []string{"A B"}},
		{"hyphen keeps commas", "A -\n ,B", []string{"A  ,B"}},
		{"hyphen splits a word", "AB-\nCD", []string{"ABCD"}},
		{"plus splits a word", "AB+\n   CD", []string{"ABCD"}},
		{"blanks after the mark", "A -   \n B +\t\n C", []string{"A  B C"}},
		{"three lines", "A -\nB -\nC\nD", []string{"A B C", "D"}},
		{"comma, then plus", "A(B),+\n  C(D)", []string{"A(B),C(D)"}},
		{"quoted, plus: indentation disappears", "LABEL('My +\n    Cert')", []string{"LABEL('My Cert')"}},
		{"quoted, hyphen: indentation stays", "LABEL('My-\n    Cert')", []string{"LABEL('My    Cert')"}},
		{"no comment inside quotes", "LABEL('a +\n /* b */ c')", []string{"LABEL('a /* b */ c')"}},
		{"doubled apostrophe over a break", "LABEL('it'+\n   's')", []string{"LABEL('it''s')"}},
		{"mark at the end of the input, hyphen", "A B -", []string{"A B"}},
		{"mark at the end of the input, plus", "A B +\n", []string{"A B"}},
		{"mark before a blank line", "A -\n\nB", []string{"A", "B"}},
		{"mark before a line of blanks", "A +\n    \nB", []string{"A", "B"}},
		{"mark alone", "-\n+\n\nA", []string{"A"}},
		{"comment only", "/* x */\n  /* y */ /* z */\nA", []string{"A"}},
		{"comment and mark", "/* x */ -\nA -\n /* y */ -\n B", []string{"/* x */ A  /* y */  B"}},
		{"mark before the comment does not continue", "A - /* x */\nB", []string{"A - /* x */", "B"}},
		{"comment without mark ends the command", "A -\n/* x */\nB", []string{"A /* x */", "B"}},
		{"comment without end", "A /* x\nB", []string{"A /* x", "B"}},
		{"line switched off", "/* A\nB", []string{"B"}},
		{"lines switched off one by one", "/* A -\n/*  B +\n/*  C\nD", []string{"D"}},
		{"comment closed late", "/* x -\n y */ A -\n B", []string{"/* x  y */ A  B"}},
		{"comment ends in a mark", "/* x -\n still -\n still */\nA", []string{"A"}},
		{"closed late after plus", "A /* x +\n  */ B", []string{"A /* x */ B"}},
		{"second comment mark does not nest", "/* a /* b */ A", []string{"/* a /* b */ A"}},
		{"shortest comment", "/**/ A /***/ B", []string{"/**/ A /***/ B"}},
		{"/*/ does not end itself", "/*/ A\nB", []string{"B"}},
		{"apostrophe in a comment", "/* don't */ A\nB", []string{"/* don't */ A", "B"}},
		{"comment mark in quotes", "A '/* x'\nB", []string{"A '/* x'", "B"}},
		{"comment mark over a break", "/-\n* x */\nA", []string{"A"}},
		{"comment mark over a plus", "/+\n ,* x */\nA", []string{"A"}},
		{"slash alone", "/\nA", []string{"/", "A"}},
		{"double slash", "// X\n//* Y\nA", []string{"// X", "//* Y", "A"}},
		{"a rule of hyphens", "/*---*/\n/*-----------*/ \nA", []string{"A"}},
		{"comma only is no blank line", ",\nA", []string{",", "A"}},
		{"unterminated quote ends with its line", "A 'x\nB", []string{"A 'x", "B"}},
		{"other spaces are not blanks", "\u00a0\nA", []string{"\u00a0", "A"}},
		{"a backslash is no mark", "A \\\nB", []string{"A \\", "B"}},
		{"sequence numbers are not cut", "A -          00010000\nB", []string{"A -          00010000", "B"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range commands(t, tt.in) {
				got = append(got, c.Text())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s\n%s", oneLine(tt.in), diff)
			}
			crlf := strings.ReplaceAll(tt.in, "\n", "\r\n")
			if again := commands(t, crlf); len(again) != len(tt.want) {
				t.Errorf("with CRLF: %d commands, want %d", len(again), len(tt.want))
			}
		})
	}
}

func TestSplitWarns(t *testing.T) {
	tests := []struct {
		name, in string
		pos      Pos
		text     string
	}{
		{"comment takes in a live line", "/* note -\nRACDCERT LIST\nLISTUSER", Pos{1, 1}, "so it reaches to line 2"},
		{"rule of hyphens without end", " /*-----\nRACDCERT LIST\nLISTUSER", Pos{1, 2}, "so it reaches to line 2"},
		{"warned about after the last command", "LISTUSER\n/*----\nRACDCERT LIST", Pos{2, 1}, "so it reaches to line 3"},
		{"blank line in a command", "LISTUSER -\n\nRACDCERT", Pos{2, 1}, "a blank line after a continuation mark"},
		{"comma dropped in quotes", "LISTUSER 'a+\n  ,b'", Pos{2, 3}, "a comma of the quoted text is dropped"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := commands(t, tt.in)[0].Parse()
			if err != nil {
				t.Fatal(err)
			}
			if s.Name != "LISTUSER" || len(s.Warnings) != 1 {
				t.Fatalf("%s: warnings %v", s.Name, s.Warnings)
			}
			w := s.Warnings[0]
			if w.Pos != tt.pos || !strings.Contains(w.Text, tt.text) || w.Hint == "" {
				t.Errorf("got %v %q, want %v %q", w.Pos, w.Text, tt.pos, tt.text)
			}
		})
	}
	quiet := []string{
		"/* A -\n/*  B\nLISTUSER", "/* note -\n closed */ LISTUSER", "LISTUSER -", "LISTUSER -\n\n", "/* x */ -\n\nLISTUSER",
		"LISTUSER /* x", "LISTUSER 'a+\n  b'", "/* a -\n b */ LISTUSER /* c",
	}
	for _, in := range quiet {
		s, err := only(t, in).Parse()
		if err != nil || len(s.Warnings) != 0 {
			t.Errorf("%s: %v %v", oneLine(in), err, s.Warnings)
		}
	}
}

func TestCommandPos(t *testing.T) {
	tests := []struct {
		in   string
		want Pos
	}{
		{"A", Pos{1, 1}},
		{"\n   A", Pos{2, 4}},
		{"/* x */ A", Pos{1, 9}},
		{"/* x */ -\n  A", Pos{2, 3}},
		{"+\n\n\t /* ü */\tA", Pos{3, 11}},
		{"/* x -\n */ /B", Pos{2, 5}},
		{"/", Pos{1, 1}},
	}
	for _, tt := range tests {
		if got := only(t, tt.in).Pos(); got != tt.want {
			t.Errorf("%s: at %v, want %v", oneLine(tt.in), got, tt.want)
		}
	}
}
