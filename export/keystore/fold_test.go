package keystore

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"signet/internal/oracle"
)

// randomAlias gives a string of characters that mean something to the rules of words around a
// sigma, and of any others.
func randomAlias(r *rand.Rand) string {
	const telling = "ΣΣΣΣΣΣAaZzΑαςσİıIi0159²Ⅷⅷⓐ٣.,'\"-_#$€¢%&‰\u066b\u066a  \t\r\n\f\u2028\u2029\u00a0" +
		"\u00ad\u200b\u200d\ufeff\u0301\u0307\u0345\u037a\u20dd\u0903\u0964\u0965\u2027" +
		"々一丁カキー・ぁあ\u3099\u309bʰˀˠᴬᵡאبक𝐀𐐀𐐨𝟎𐩐🙂𠀀"
	choice := []rune(telling)
	n := 1 + r.IntN(9)
	var out []rune
	for range n {
		if r.IntN(20) == 0 {
			c := rune(r.IntN(unicode.MaxRune + 1))
			for !unicode.In(c, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cf) {
				c = rune(r.IntN(unicode.MaxRune + 1))
			}
			out = append(out, c)
			continue
		}
		out = append(out, choice[r.IntN(len(choice))])
	}
	return string(out)
}

// Every character and very many strings, against the Java that is installed. Letters that it does
// not know yet are left out.
func TestFoldAsJava(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var lines strings.Builder
	const samples = 200_000
	for range samples {
		fmt.Fprintf(&lines, "%x\n", randomAlias(r))
	}
	dir := t.TempDir()
	file := dir + "/" + oracle.Write(t, dir, "strings", []byte(lines.String()))
	undefined := map[rune]bool{}
	lowered := map[rune]string{}
	compared, final, wrong := 0, 0, 0
	for line := range strings.Lines(oracle.Java(t, "testdata/Fold.java", file)) {
		f := strings.Fields(line)
		switch f[0] {
		case "undefined":
			undefined[point(t, f[1])] = true
		case "lower":
			lowered[point(t, f[1])] = text(t, f[2])
		case "string":
			s := text(t, f[1])
			if strings.ContainsFunc(s, func(r rune) bool { return undefined[r] }) {
				continue
			}
			compared++
			got, want := Fold(s), text(t, f[2])
			if strings.Count(want, "ς") > strings.Count(s, "ς") {
				final++
			}
			if got != want {
				if wrong++; wrong < 20 {
					t.Errorf("Fold(%+q) = %+q, want %+q", s, got, want)
				}
			}
			if Fold(got) != got {
				t.Errorf("Fold(Fold(%+q)) = %+q, want %+q", s, Fold(got), got)
			}
		}
	}
	if wrong > 0 || compared < samples/2 || final < samples/20 || len(lowered) < 1000 {
		t.Errorf("%d of %d strings are wrong, %d with a final sigma; %d letters", wrong, compared, final, len(lowered))
	}
	for c := rune(0); c <= unicode.MaxRune; c++ {
		if undefined[c] || 0xd800 <= c && c < 0xe000 {
			continue
		}
		want, changed := lowered[c]
		if !changed {
			want = string(c)
		}
		if got := Fold(string(c)); got != want {
			t.Errorf("Fold(%U) = %+q, want %+q", c, got, want)
		}
	}
}

// A long alias takes no time that grows faster than it does.
func TestFoldLong(t *testing.T) {
	for _, part := range []string{"\u200b", "Σ", "a.\u200b", "א", "Σ א", ".", "1,", "𐐀"} {
		alias := "aΣ" + strings.Repeat(part, 1<<20)
		start := time.Now()
		Fold(alias)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%+q: %v", part, took)
		}
	}
}

// Fold gives one form for aliases that Java does not tell apart, and keeps those that it does.
func TestFoldTogether(t *testing.T) {
	for _, tt := range []struct {
		format  string
		aliases []string
		want    [][]int
	}{
		{JKS, []string{"web", "mail", "Mail", "WEB", "mAIL"}, [][]int{{1, 2, 4}, {0, 3}}},
		{JKS, []string{"ΟΔΟΣ", "οδος", "οδοσ"}, [][]int{{0, 1}}},
		{JCEKS, []string{"İ", "i\u0307", "I", "ı"}, [][]int{{0, 1}}},
		{JKS, []string{"ß", "SS", "ss"}, [][]int{{1, 2}}},
		{JKS, []string{"", ""}, [][]int{{0, 1}}},
		{PKCS12, []string{"", "", "A", "a"}, [][]int{{2, 3}}},
		{JKS, nil, nil},
	} {
		ks := &Keystore{Format: tt.format}
		for _, a := range tt.aliases {
			ks.Entries = append(ks.Entries, Entry{Alias: a})
		}
		if got := ks.FoldTogether(); !cmp.Equal(got, tt.want) {
			t.Errorf("%s %q: %v, want %v", tt.format, tt.aliases, got, tt.want)
		}
	}
}

func point(t *testing.T, s string) rune {
	t.Helper()
	n, err := strconv.ParseInt(s, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	return rune(n)
}

func text(t *testing.T, s string) string {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
