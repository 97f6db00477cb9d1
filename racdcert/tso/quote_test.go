package tso

import (
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{"": "''", "a": "'a'", "it's": "'it''s'", "'": "''''", "a b": "'a b'"} {
		if got := Quote(in); got != want {
			t.Errorf("Quote(%q) is %s, want %s", in, got, want)
		}
	}
}

func TestNeedsQuote(t *testing.T) {
	bare := []string{"a", "2010-02-01", "EZB.**", "&RACFVAR", "*", "a=b", `"x"`, "Grüße", "10:20:30", "a/b", "-a", "a*"}
	for _, s := range bare {
		if NeedsQuote(s) {
			t.Errorf("%q is said to need quotes", s)
		}
	}
	quoted := []string{"", " ", "a b", "a,b", "a;b", "(a", "a)", "it's", "a\tb", "-", "+", "a-", "a+", "–", "/*", "a/*b", "*/", "a*/", "‘", "a\u00a0b", "\u200b"}
	for _, s := range quoted {
		if !NeedsQuote(s) {
			t.Errorf("%q is said not to need quotes", s)
		}
	}
}

func TestMasked(t *testing.T) {
	secret := func(keyword string) bool { return strings.HasPrefix(keyword, "PASS") || keyword == "OUTER" }
	tests := []struct{ in, want string }{
		{"RACDCERT LIST", "RACDCERT LIST"},
		{"RACDCERT PASSWORD('hunter2') ID(X)", "RACDCERT PASSWORD(********) ID(X)"},
		{"RACDCERT EXPORT(LABEL('a')) password ( 'it''s' 'b' ) -\n ID(X)", "RACDCERT EXPORT(LABEL('a')) password (********)  ID(X)"},
		{"X PASS(a) PASS(b)", "X PASS(********) PASS(********)"},
		{"X OUTER(PASS(a) b) c PASS(d)", "X OUTER(********) c PASS(********)"},
		{"X PASSWORD('hunter2'", "X PASSWORD(********"},
		{"X PASSWORD('hunter2", "X PASSWORD(******** ..."},
		{"X PASSWORD(hunter'2') B", "X PASSWORD(******** ..."},
		{"X LABEL('a PASSWORD('hunter2') B", "X LABEL( ..."},
		{"X A(B)) PASSWORD('hunter2')", "X A(B) ..."},
		{"tsocmd \"X PASSWORD('hunter2')\"", "X PASSWORD(********)"},
		{"tsocmd \"X PASSWORD('hunter2')", "TSOCMD ..."},
	}
	for _, tt := range tests {
		if got := only(t, tt.in).Masked(secret); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.in, got, tt.want)
		}
	}
}
