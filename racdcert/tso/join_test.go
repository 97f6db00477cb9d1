package tso

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// begins is true of lines that begin with A, B or C.
func begins(text string) bool {
	word := firstWord(text)
	return word == "A" || word == "B" || word == "C"
}

func TestJoin(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"every line a command", "A\nB\nC", []string{"A", "B", "C"}},
		{"continued without a mark", "A X(1)\n  Y(2)\n  Z\nB", []string{"A X(1)   Y(2)   Z", "B"}},
		{"blank lines inside", "A X\n\n   \n Y\n\nB\n", []string{"A X   Y", "B"}},
		{"a keyword, then its parenthesis", "A X\n(1)", []string{"A X (1)"}},
		{"words stay apart", "A X\nY", []string{"A X Y"}},
		{"marks keep their meaning", "A X-\nY +\n   Z\n W", []string{"A XY Z  W"}},
		{"a marked line is continued by a command name", "A -\nB\nC", []string{"A B", "C"}},
		{"a comment between commands", "A X\n/* then */\nB", []string{"A X /* then */", "B"}},
		{"a comment before the name", "A X\n/* then */ B", []string{"A X", "/* then */ B"}},
		{"a comment inside a command", "A X\n/* c */ Y\n Z", []string{"A X /* c */ Y  Z"}},
		{"a dead line inside a command", "A X\n/* Y(1)\n Z", []string{"A X   Z"}},
		{"a comment after the text", "A X /* c\n Y", []string{"A X   Y"}},
		{"a comment over a mark", "A X /* c -\n d */ Y\n Z", []string{"A X /* c  d */ Y  Z"}},
		{"an open quoted string ends the command", "A 'x\n y' Z\nB", []string{"A 'x", "y' Z", "B"}},
		{"a quoted string with a mark", "A 'x -\ny'\n Z\nB", []string{"A 'x y'  Z", "B"}},
		{"the first line is no command", "X\nY\nA", []string{"X Y", "A"}},
		{"a lower-case name", "A X\nb Y", []string{"A X", "b Y"}},
		{"a wrapped command", "tsocmd \"A X\"\nB", []string{"tsocmd \"A X\"", "B"}},
		{"nothing", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines, err := Lines([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range Split(Join(lines, begins)) {
				got = append(got, c.Text())
			}
			// How many blanks stand for the end of a line does not matter.
			for i := range got {
				got[i] = strings.Join(strings.Fields(got[i]), " ")
			}
			var want []string
			for _, w := range tt.want {
				want = append(want, strings.Join(strings.Fields(w), " "))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJoinKeepsPlaces(t *testing.T) {
	lines, err := Lines([]byte("A X\n\n  /* c */ Y(\n1)"))
	if err != nil {
		t.Fatal(err)
	}
	st, err := Split(Join(lines, begins))[0].Parse()
	if err != nil {
		t.Fatal(err)
	}
	y := st.Operands[1]
	if y.Pos != (Pos{3, 11}) || y.Values[0].Pos != (Pos{4, 1}) {
		t.Errorf("Y at %v, 1 at %v", y.Pos, y.Values[0].Pos)
	}
}

// Joined lines that all begin commands, or all end in marks, are the lines themselves.
func FuzzJoin(f *testing.F) {
	for _, seed := range []string{"A X\n Y\nB", "A 'x\n y'\nB", "A /* c -\n d */\n E", "/* x\nA\n\n-\n+", "/*+\n\n/*+\n\n/*+''", "/**+\n /"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := Lines([]byte(text))
		if err != nil {
			return
		}
		joined := Split(Join(lines, begins))
		if n := len(Split(lines)); len(joined) > n {
			t.Errorf("%d commands, without joining %d", len(joined), n)
		}
		for _, c := range joined {
			if p := c.Pos(); p.Line < 1 || p.Line > len(lines) || p.Col < 1 {
				t.Errorf("a command at %v of %d lines", p, len(lines))
			}
		}
		all := Split(Join(lines, func(string) bool { return true }))
		if len(all) > len(Split(lines)) {
			t.Errorf("every line begins a command: %d commands", len(all))
		}
	})
}
