package onering

import (
	"signet/export/keystore"
	"signet/ring"
)

// Format implements ring.OneRing.
func (t *tx) Format() string { return t.store.medium.Format() }

// KeepsChains implements ring.OneRing.
func (t *tx) KeepsChains() bool { return t.store.medium.KeepsChains() }

// FoldAlias implements ring.OneRing.
func (t *tx) FoldAlias(alias string) string { return keystore.Fold(alias) }

// JavaAliases implements ring.OneRing. Java reads files, and no folders.
func (t *tx) JavaAliases() []ring.JavaAlias {
	ks := keystore.Keystore{Format: t.store.medium.Format()}
	if ks.Format == ring.FormatPEM {
		return nil
	}
	for _, r := range t.records {
		ks.Entries = append(ks.Entries, r.Entry)
	}
	var all []ring.JavaAlias
	for _, j := range ks.JavaView() {
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
