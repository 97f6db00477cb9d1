package pkcs12

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"signet/export/keystore"
)

// checkAlias refuses a name that is no text.
func checkAlias(alias string) error {
	if !utf8.ValidString(alias) {
		return fmt.Errorf("alias %.40q: it has bytes that are not UTF-8 text", alias)
	}
	return nil
}

// checkAliases refuses entries that Java would take for one. It counts those without a name and
// gives them their number; certificates that are not trusted are no entries to it.
func checkAliases(entries []keystore.Entry) error {
	seen := map[string]int{}
	unnamed := 0
	for i, e := range entries {
		if err := checkAlias(e.Alias); err != nil {
			return err
		}
		if e.Key == nil && !e.Trusted && e.Other != "secret key" {
			continue
		}
		alias := e.Alias
		if alias == "" {
			unnamed++
			alias = strconv.Itoa(unnamed)
		}
		switch first, twice := seen[fold(alias)]; {
		case !twice:
			seen[fold(alias)] = i
		case e.Alias == "" || entries[first].Alias == "":
			return fmt.Errorf("alias %.40q: Java gives this name to an entry without one; rename one of the two", alias)
		default:
			return fmt.Errorf("aliases %.40q and %.40q: they are one to Java; rename one of the two", entries[first].Alias, e.Alias)
		}
	}
	return nil
}

// ids are the localKeyIDs of the keys that are written.
type ids struct {
	used map[string]bool // by ID; false if its entry is yet to come
	free map[int64]int64 // by the time of an entry, the next to try
	keys [][]byte        // by the place of the entry; nil if it is no key
	all  map[string]bool // the IDs in keys
}

// newIDs gives each key its own ID, if no key before it has it, or a new one that says its time.
func newIDs(entries []keystore.Entry, now time.Time) *ids {
	i := &ids{used: map[string]bool{}, free: map[int64]int64{}, keys: make([][]byte, len(entries)), all: map[string]bool{}}
	for _, e := range entries { // so that no new one is like one that stays
		i.used[string(e.ID)] = false
	}
	for at, e := range entries {
		if e.Key != nil && e.Other == "" {
			i.keys[at] = i.next(&e, now)
			i.all[string(i.keys[at])] = true
		}
	}
	return i
}

func (i *ids) next(e *keystore.Entry, now time.Time) []byte {
	if len(e.ID) > 0 && !i.used[string(e.ID)] {
		i.used[string(e.ID)] = true
		return e.ID
	}
	if !e.Created.IsZero() {
		now = e.Created
	}
	start := now.UnixMilli()
	for ms := max(start, i.free[start]); ; ms++ {
		id := timePrefix + strconv.FormatInt(ms, 10)
		if _, taken := i.used[id]; !taken {
			i.used[id] = true
			i.free[start] = ms + 1
			return []byte(id)
		}
	}
}

// of gives the ID of a certificate that is not a key's own: none, if it would be taken for that.
func (i *ids) of(id []byte) []byte {
	if i.all[string(id)] {
		return nil
	}
	return id
}
