package saf

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		pattern string
		yes, no string // names, separated by blanks
	}{
		{"A.B", "A.B", "A A.C A.B.C AB"},
		{"A.%B%", "A.XBY", "A.XB A.B A.XBY.C A.X.Y"},
		{"A.*.C", "A.B.C A.XYZ.C", "A.C A.B.B.C A.B.D A.B.C.D"},
		{"*.B", "A.B X.B", "B A.A.B A.BC"},
		{"A.B*", "A.B A.BC A.B.C A.BCD.E.F", "A.C A AB.C A.XB"},
		{"A.*", "A.B A.B.C", "A B.A AB"},
		{"A.**", "A A.B A.B.C", "AB B B.A"},
		{"**.C", "C A.C A.B.C", "A.CD C.A"},
		{"A.**.C", "A.C A.B.C A.B.B.C", "A.B AC A.C.D"},
		{"*", "A A.B", ""},
		{"**", "A A.B", ""},
		{"A*B.C", "AB.C AXXB.C AXBB.C", "AXBX.C A.B.C AB"},
		{"APPLID=BANK*", "APPLID=BANK APPLID=BANKU APPLID=BANKU.SYSID=S1", "APPLID=BAN"},
		{"APPLID=*.SYSID=S%", "APPLID=X.SYSID=S1", "APPLID=X.SYSID=S10 APPLID=X SYSID=S1"},
		{"A.&B", "A.&B", "A.B"},
		{"É.%", "É.ß", "E.x \xc9.x"},
		{"\xa8", "", "\xa8 \xc0"}, // not UTF-8
	} {
		for _, name := range strings.Fields(tc.yes) {
			if !Match(tc.pattern, name) {
				t.Errorf("%s does not cover %s", tc.pattern, name)
			}
		}
		for _, name := range strings.Fields(tc.no) {
			if Match(tc.pattern, name) {
				t.Errorf("%s covers %s", tc.pattern, name)
			}
		}
	}
}

// A name made to keep the matching busy.
func TestMatchIsFast(t *testing.T) {
	start := time.Now()
	Match(strings.Repeat("**.", 80)+"X", strings.Repeat("A.", 122)+"B")
	Match(strings.Repeat("*A", 120)+"B", strings.Repeat("A", 245))
	if d := time.Since(start); d > time.Second {
		t.Errorf("took %v", d)
	}
}

// The list is in order: each name goes before all that follow it.
func TestMoreSpecific(t *testing.T) {
	names := []string{"A.B.C", "A.B.%", "A.B.*", "A.B.**", "A.B*.X", "A.B*", "A.%.C", "A.*.C", "A.*", "A.**", "*.B.C", "**.B.C", "**.C", "**"}
	for i, a := range names {
		for j, b := range names {
			if got := MoreSpecific(a, b); got != (i < j) {
				t.Errorf("%s before %s: %v", a, b, got)
			}
		}
	}
	// Names that both cover X.B.C and differ first in an ordinary character.
	if !MoreSpecific("**.B.C", "**.C") || MoreSpecific("**.C", "**.B.C") {
		t.Error("the name with more ordinary characters goes first")
	}
	sorted := slices.Clone(names)
	slices.Reverse(sorted)
	slices.SortFunc(sorted, func(a, b string) int {
		if MoreSpecific(a, b) {
			return -1
		}
		return 1
	})
	if !slices.Equal(sorted, names) {
		t.Errorf("sorted: %q", sorted)
	}
}

func TestStem(t *testing.T) {
	for name, want := range map[string]string{"": "", "A.B": "A.B", "A.B*": "A.B", "A.%B": "A.", "A.*": "A.", "A.**": "A", "**": "", "*.A.**": "",
		"A.B.**.C": "A.B", "A.%.**": "A.", "%*": "", "É.ß%": "É.ß"} {
		if got := Stem(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("A.*.B%.**", "A.X.BC.D.E")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern)+len(name) > 500 || !utf8.ValidString(name) {
			return
		}
		Match(pattern, name)
		if MoreSpecific(pattern, name) && MoreSpecific(name, pattern) {
			t.Error("both go before each other")
		}
		if !strings.ContainsAny(name, "%*") && !Match(name, name) {
			t.Errorf("%q does not cover itself", name)
		}
		if strings.Contains(name, ".") && !Match("**", name) {
			t.Errorf("** does not cover %q", name)
		}
	})
}
