package tso

import (
	"strings"
	"testing"
)

func TestBuilderKeepsPlaces(t *testing.T) {
	first := Line{Number: 3, Text: "äb&X.cd", Col: 5}
	second := Line{Number: 9, Text: "  ef"}
	var b Builder
	b.Append(first, 0, 3)
	b.Insert("long", first.At(3))
	b.Append(first, 6, 8)
	b.Append(second, 2, 4)
	b.Append(second, 2, 2)
	b.Insert("", Pos{1, 1})
	l := b.Line()
	if l.Text != "äblongcdef" || l.Number != 3 {
		t.Fatalf("built %q, line %d", l.Text, l.Number)
	}
	want := []Pos{{3, 5}, {3, 5}, {3, 6}, {3, 7}, {3, 7}, {3, 7}, {3, 7}, {3, 10}, {3, 11}, {9, 3}, {9, 4}, {9, 5}}
	for off, pos := range want {
		if got := l.At(off); got != pos {
			t.Errorf("byte %d is at %v, want %v", off, got, pos)
		}
	}

	// A line that was built is itself a source, from any byte on.
	var again Builder
	again.Append(l, 4, 11)
	m := again.Line()
	for off := range m.Text {
		if got := m.At(off); got != want[off+4] {
			t.Errorf("byte %d of the copy is at %v, want %v", off, got, want[off+4])
		}
	}

	// Looking back and forth gives the same as looking forwards.
	loc := newLocator(l)
	for _, off := range []int{11, 0, 9, 8, 3, 10, 1, 99, -1} {
		if got, want := loc.at(off), want[min(max(off, 0), 11)]; got != want {
			t.Errorf("byte %d is at %v, want %v", off, got, want)
		}
	}
	if got := (Line{Number: 4}).At(0); got != (Pos{4, 1}) {
		t.Errorf("an empty line is at %v", got)
	}
	if b.Len() != len(l.Text) {
		t.Errorf("length %d", b.Len())
	}
}

// commands splits text that is written as it would stand in a file.
func commands(t testing.TB, text string) []Command {
	t.Helper()
	lines, err := Lines([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Split(lines)
}

// only is the one command of a text.
func only(t testing.TB, text string) Command {
	t.Helper()
	cs := commands(t, text)
	if len(cs) != 1 {
		t.Fatalf("%d commands in %q", len(cs), text)
	}
	return cs[0]
}

// oneLine is text with its line ends shown.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", "|") }
