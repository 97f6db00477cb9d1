package tso

import (
	"strings"
	"testing"
)

// shapes are inputs that a reader with a quadratic step would not finish.
func shapes(size int) map[string]string {
	fill := func(unit string) string {
		return strings.Repeat(unit, min(size/len(unit), MaxLines-8))
	}
	line := func(unit string) string { return strings.Repeat(unit, MaxLine/len(unit)-1) + "\n" }
	return map[string]string{
		"commands":              fill("RACDCERT ID(X) ADDRING(Web.Ring) LABEL('My Cert')\n"),
		"one command, hyphens":  fill("A(B)                       -\n"),
		"one command, pluses":   fill(", /* c */ 'é' +\n"),
		"open comments":         fill("/* dead line that goes on -\n"),
		"comments on a line":    "A " + line("/**/")[:MaxLine/2] + "\n" + fill(line("/**/A ")),
		"open quote":            "A '" + fill("it''s a long value -\n"),
		"apostrophes":           "A '" + fill(strings.Repeat("''", 1000)+"-\n"),
		"many words":            fill(line("A ")),
		"many scripts":          fill(line("é ")),
		"open parentheses":      fill(line("A(")),
		"escapes":               fill("tsocmd \"" + line(`\"A`)[16:]),
		"slashes and asterisks": fill(strings.Repeat("/ * ", 1000) + "-\n"),
		"lines of one byte":     strings.Repeat("A\n", min(size/2, MaxLines-1)),
	}
}

func TestNothingQuadratic(t *testing.T) {
	const size = 1 << 19
	for name, text := range shapes(size) {
		t.Run(name, func(t *testing.T) {
			n := 0
			for _, c := range commands(t, text) {
				_, _ = c.ParseWith(ParseOptions{CloseParens: true})
				c.Masked(func(string) bool { return true })
				n++
			}
			if n == 0 && name != "open comments" {
				t.Error("no commands")
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for name, text := range shapes(MaxBytes - MaxLine) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				for _, c := range commands(b, text) {
					_, _ = c.Parse()
				}
			}
		})
	}
}
