package racdcert

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"signet/racdcert/tso"
)

// The shortest forms of RACDCERT's keywords, as racdcert-rings.md E1 lists them.
var shortest = "ADDR(ING) ADDT(OKEN) ALTE(R) ALTM(AP) BI(ND) CE(RTAUTH) " +
	"CH(ECKCERT) CO(NNECT) DELE(TE) DELM(AP) DELR(ING) DELT(OKEN) E(XPORT) GENC(ERT) GENR(EQ) IDN(FILTER) IM(PORT) " +
	"LISTC(HAIN) LISTM(AP) LISTR(ING) LISTT(OKEN) MA(P) MU(LTIID) NOTR(UST) REK(EY) REM(OVE) RO(LLOVER) SD(NFILTER) " +
	"SIT(E) T(RUST) U(NBIND) W(ITHLABEL)"

func TestAbbreviations(t *testing.T) {
	known := firstLevel()
	for _, form := range strings.Fields(shortest) {
		short, rest, _ := strings.Cut(form, "(")
		full := short + strings.TrimSuffix(rest, ")")
		for n := len(short); n <= len(full); n++ {
			got, err := resolve(tso.Operand{Text: strings.ToLower(full[:n])}, "RACDCERT", known)
			if err != nil || got != full {
				t.Errorf("%q: %q %v, want %s", full[:n], got, err, full)
			}
		}
		if got, err := resolve(tso.Operand{Text: short[:len(short)-1]}, "RACDCERT", known); err == nil && len(short) > 1 && got != short[:len(short)-1] {
			t.Errorf("%q is not ambiguous: %s", short[:len(short)-1], got)
		}
	}
	// A full word wins even where it begins others.
	for _, word := range []string{"LIST", "ADD", "ID", "MAP", "RSA"} {
		if got, err := resolve(tso.Operand{Text: word}, "RACDCERT", known); err != nil || got != word {
			t.Errorf("%s: %q %v", word, got, err)
		}
	}
	_, err := resolve(tso.Operand{Text: "DEL", Pos: tso.Pos{Line: 3, Col: 7}}, "RACDCERT", known)
	var p *tso.Problem
	if !errors.As(err, &p) || !strings.HasPrefix(p.Text, idAmbiguous) || !strings.Contains(p.Text, "DELETE, DELMAP, DELRING, DELTOKEN") || p.Pos.Line != 3 {
		t.Errorf("DEL: %v", err)
	}
}

func TestSuggest(t *testing.T) {
	for word, want := range map[string]string{
		"SUBJCTSDN": "did you mean SUBJECTSDN?", "GENCRET": "did you mean GENCERT?", "QQQQQQQQ": "", ">": "",
	} {
		if got := suggest(word, firstLevel()); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
	if got := suggest("ZZZZ", []string{"DATE", "TIME"}); got != "the operands are DATE, TIME" {
		t.Errorf("short list: %q", got)
	}
}

// Every function and every operand is a keyword once.
func TestKeywordsAreUnique(t *testing.T) {
	all := firstLevel()
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("a keyword is listed twice")
	}
	if len(functions) != 26 {
		t.Errorf("RACDCERT has 26 functions, not %d", len(functions))
	}
}
