package keystore

import "strconv"

// JavaEntry is an entry as java.security.KeyStore shows it.
type JavaEntry struct {
	Alias string // as KeyStore.aliases gives it
	Index int    // its place in Entries
	Found int    // the place of the entry that a look-up of Alias gives, as getKey does; -1 if none
}

// JavaView gives what KeyStore.aliases enumerates in Java, in that order: a program that takes
// the first private key takes the first whose Found is one. Which entries a file has is not
// what Java shows: of equal aliases it shows one, and in JKS and JCEKS it does not find an entry
// whose alias is not in lower case, although it enumerates it.
func (k *Keystore) JavaView() []JavaEntry {
	if k.Format == PKCS12 {
		return k.linkedView()
	}
	return k.hashedView()
}

// hashedView is that of JKS and JCEKS: a Hashtable under the aliases as they lie in the file,
// where all look-ups are folded.
func (k *Keystore) hashedView() []JavaEntry {
	t := newHashtable(len(k.Entries))
	for i, e := range k.Entries {
		t.put(e.Alias, i)
	}
	out := make([]JavaEntry, 0, len(t.nodes))
	for n := range t.all() {
		found, ok := t.get(Fold(n.key))
		if !ok {
			found = -1
		}
		out = append(out, JavaEntry{n.key, n.value, found})
	}
	return out
}

// linkedView is that of PKCS12: a LinkedHashMap under the folded aliases, in file order.
func (k *Keystore) linkedView() []JavaEntry {
	var out []JavaEntry
	places := map[string]int{}
	keys, unnamed := 0, 0
	for i, e := range k.Entries {
		if e.Key != nil {
			keys++
		}
		switch {
		case e.Key != nil && e.ID == nil && keys > 1:
			continue // Java cannot tell its certificate, and drops it
		case e.Key == nil && e.Other == "" && !e.Trusted:
			continue // material for chains only
		}
		alias := Fold(e.Alias)
		if alias == "" {
			unnamed++
			alias = strconv.Itoa(unnamed)
		}
		if at, ok := places[alias]; ok {
			out[at] = JavaEntry{alias, i, i}
			continue
		}
		places[alias] = len(out)
		out = append(out, JavaEntry{alias, i, i})
	}
	return out
}
