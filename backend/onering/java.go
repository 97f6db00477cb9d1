package onering

import (
	"strconv"

	"signet/export/keystore"
	"signet/ring"
)

// Format implements ring.OneRing.
func (t *tx) Format() string { return t.store.medium.Format() }

// KeepsChains implements ring.OneRing.
func (t *tx) KeepsChains() bool { return t.store.medium.KeepsChains() }

// FoldAlias implements ring.OneRing.
func (t *tx) FoldAlias(alias string) string { return keystore.Fold(alias) }

// nameRest makes up labels for entries without an alias, as OpenSSL writes them: a number, that
// of Java where Java shows the entry. Those become aliases when the keystore is written.
func (t *tx) nameRest() {
	var rest []*record
	for _, r := range t.records {
		if r.Alias == "" && r.holds() {
			rest = append(rest, r)
		}
	}
	if len(rest) == 0 {
		return
	}
	taken := map[string]bool{}
	for _, r := range t.records {
		taken[r.fold()] = true
	}
	name := func(r *record, label string) {
		r.made, r.folded = label, ""
		taken[label] = true
	}
	for _, j := range t.javaView() {
		if r := t.records[j.Index]; r.Alias == "" && r.holds() && j.Alias != "" && !taken[j.Alias] {
			name(r, j.Alias)
			r.shown = true
		}
	}
	n := 0
	for _, r := range rest {
		for r.made == "" {
			if n++; !taken[strconv.Itoa(n)] {
				name(r, strconv.Itoa(n))
			}
		}
	}
}

// javaView gives the keystore as Java shows it.
func (t *tx) javaView() []keystore.JavaEntry {
	ks := keystore.Keystore{Format: t.store.medium.Format()}
	for _, r := range t.records {
		ks.Entries = append(ks.Entries, r.Entry)
	}
	return ks.JavaView()
}

// JavaAliases implements ring.OneRing. Java reads files, and no folders.
func (t *tx) JavaAliases() []ring.JavaAlias {
	if t.store.medium.Format() == ring.FormatPEM {
		return nil
	}
	var all []ring.JavaAlias
	for _, j := range t.javaView() {
		a := ring.JavaAlias{Alias: j.Alias}
		if r := t.records[j.Index]; r.holds() {
			a.Listed = t.view(r)
		}
		if j.Found >= 0 && t.records[j.Found].holds() {
			a.Found = t.view(t.records[j.Found])
		}
		all = append(all, a)
	}
	return all
}
