package keystore

import (
	"strings"
	"unicode"
)

// Fold gives an alias as Java folds it, with String.toLowerCase(Locale.ENGLISH): the form under
// which a Java keystore looks entries up.
func Fold(alias string) string { return strings.Map(unicode.ToLower, alias) }

// FoldTogether gives the entries whose aliases Java takes for the same, as groups of their
// places, in file order.
func (k *Keystore) FoldTogether() [][]int {
	places := make(map[string]int, len(k.Entries))
	var out [][]int
	group := map[string]int{}
	for i, e := range k.Entries {
		if e.Alias == "" && k.Format == PKCS12 {
			continue // Java makes up a name for each
		}
		name := Fold(e.Alias)
		first, seen := places[name]
		if !seen {
			places[name] = i
			continue
		}
		at, ok := group[name]
		if !ok {
			at = len(out)
			group[name] = at
			out = append(out, []int{first})
		}
		out[at] = append(out[at], i)
	}
	return out
}
