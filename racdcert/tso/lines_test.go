package tso

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLines(t *testing.T) {
	tests := []struct {
		name, data string
		want       []string
	}{
		{"empty", "", nil},
		{"one line, no end", "A", []string{"A"}},
		{"LF", "A\nB\n", []string{"A", "B"}},
		{"CRLF", "A\r\nB\r\n", []string{"A", "B"}},
		{"mixed", "A\r\nB\nC", []string{"A", "B", "C"}},
		{"CR at the end of the file", "A\r", []string{"A"}},
		{"blank lines stay", "A\n\n  \nB\n", []string{"A", "", "  ", "B"}},
		{"byte order mark", "\xef\xbb\xbfA\nB", []string{"A", "B"}},
		{"other scripts", "LABEL('Grüße 証明書')", []string{"LABEL('Grüße 証明書')"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines, err := Lines([]byte(tt.data))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, l := range lines {
				if l.Number != i+1 || l.Col != 1 {
					t.Errorf("line %d is numbered %d, column %d", i+1, l.Number, l.Col)
				}
				got = append(got, l.Text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLinesRefuse(t *testing.T) {
	tests := []struct {
		name, data string
		pos        Pos
		text       string
	}{
		{"NUL", "AB\nCD\x00E", Pos{2, 3}, "NUL byte"},
		{"NUL after other scripts", "ü\x00", Pos{1, 2}, "NUL byte"},
		{"not UTF-8", "AB\nü\xc4rger", Pos{2, 2}, "byte 0xC4 is not UTF-8"},
		{"cut UTF-8 sequence", "A\xe2\x80", Pos{1, 2}, "byte 0xE2 is not UTF-8"},
		{"bad byte before NUL", "\xff\x00", Pos{1, 1}, "byte 0xFF"},
		{"long line", "A\n" + strings.Repeat("x", MaxLine+1), Pos{2, 1}, "has 32769 bytes; at most 32768"},
		{"many lines", strings.Repeat("\n", MaxLines), Pos{MaxLines + 1, 1}, "lines; at most"},
		{"large file", strings.Repeat("x", MaxBytes+1), Pos{}, "33554433 bytes; at most 33554432"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Lines([]byte(tt.data))
			var p *Problem
			if !errors.As(err, &p) {
				t.Fatalf("error is %v", err)
			}
			if p.Pos != tt.pos || !strings.Contains(p.Text, tt.text) {
				t.Errorf("got %v %q, want %v %q", p.Pos, p.Text, tt.pos, tt.text)
			}
			if p.Hint == "" {
				t.Error("no hint")
			}
		})
	}
	if _, err := Lines([]byte(strings.Repeat("x", MaxLine))); err != nil {
		t.Errorf("a line of the greatest length: %v", err)
	}
}

func TestProblemError(t *testing.T) {
	if got := (Problem{Pos{3, 2}, "unterminated quote", "close it"}).Error(); got != "line 3 column 2: unterminated quote" {
		t.Errorf("got %q", got)
	}
	if got := (Problem{Text: "too large"}).Error(); got != "too large" {
		t.Errorf("got %q", got)
	}
	if got := (Pos{}).String(); got != "file" {
		t.Errorf("got %q", got)
	}
}
