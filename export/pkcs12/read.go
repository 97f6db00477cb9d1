package pkcs12

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"time"

	"signet/export/keystore"
)

// Read opens a keystore: every private key with its chain, every certificate that Java would
// trust (Trusted) or that belongs to no chain, and whatever else there is, in file order. The
// keys stay sealed until they are opened, and know the password until they are dropped.
//
// The certificate of a key is the one with its localKeyID, else with its public key; its issuers
// are looked for among all certificates. A certificate that is in chains only is no entry. An
// alias is the friendlyName; a key without one has that of its certificate. Entry.Created comes
// from a localKeyID as Java writes it.
//
// An empty password, nil or not, opens what has none. Where there is a MAC, a file that was
// altered cannot be told from a wrong password.
func Read(data, password []byte) (*keystore.Keystore, error) {
	ks, err := read(data, password)
	if err != nil {
		return nil, inPackage(err)
	}
	return ks, nil
}

func read(data, password []byte) (*keystore.Keystore, error) {
	f, err := open(data, password)
	if err != nil {
		return nil, err
	}
	if err := f.prove(); err != nil {
		return nil, err
	}
	r := newReader(f)
	chains := map[int]*kept{} // by the place of the key in f.bags
	for i := range f.bags {
		if b := &f.bags[i]; b.isKey() {
			chains[i] = r.readChain(b)
		}
	}
	r.keepNames()
	ks := &keystore.Keystore{Format: keystore.PKCS12, Profile: f.profile()}
	count := 0
	for i := range f.bags {
		if b := &f.bags[i]; !b.isCertificate() || r.isEntry(b) {
			count++
		}
	}
	ks.Entries = make([]keystore.Entry, 0, count)
	for i := range f.bags {
		b := &f.bags[i]
		switch {
		case b.isKey():
			ks.Entries = append(ks.Entries, r.keyEntry(chains[i]))
		case !b.isCertificate():
			e := entryOf(b)
			e.Other, e.Kept = b.what(), &kept{file: f, bag: b}
			ks.Entries = append(ks.Entries, e)
		case r.isEntry(b):
			e := entryOf(b)
			e.Chain, e.Trusted, e.Kept = [][]byte{b.value}, b.trusted, &kept{file: f, bag: b}
			ks.Entries = append(ks.Entries, e)
		}
	}
	return ks, nil
}

// kept is what an entry has in its file beside the fields of keystore.Entry.
type kept struct {
	file  *file
	bag   *bag
	alias string // of the entry of a key
	own   *bag   // of a key: that of its certificate; nil if there is none
	chain []*bag // of a key: those of its issuers that are no entries, and others that hold the same
	ders  [][]byte
}

// entryOf gives what all entries have.
func entryOf(b *bag) keystore.Entry {
	return keystore.Entry{Alias: b.alias, ID: b.keyID, Created: timeOf(b.keyID)}
}

// timePrefix begins the localKeyID that Java writes; milliseconds of Unix time follow.
const timePrefix = "Time "

// timeOf gives the time that a localKeyID says, if it says one.
func timeOf(keyID []byte) time.Time {
	text, ok := strings.CutPrefix(string(keyID), timePrefix)
	if !ok || len(text) > 20 {
		return time.Time{}
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// reader finds what belongs together in a file.
type reader struct {
	file    *file
	certs   []*bag           // in file order
	library *library         // of the same certificates
	byID    map[string][]int // places in certs by localKeyID
	byKey   map[string][]int // by public key; nil until it is needed
	chained map[[sha256.Size]byte]*kept
	noted   map[*bag]bool // certificates that some kept has
}

func newReader(f *file) *reader {
	r := &reader{file: f, byID: map[string][]int{}, chained: map[[sha256.Size]byte]*kept{}, noted: map[*bag]bool{}}
	if !slices.ContainsFunc(f.bags, func(b bag) bool { return b.isKey() }) {
		return r // without chains nobody asks for certificates
	}
	var ders [][]byte
	for i := range f.bags {
		b := &f.bags[i]
		if !b.isCertificate() {
			continue
		}
		if b.keyID != nil {
			r.byID[string(b.keyID)] = append(r.byID[string(b.keyID)], len(r.certs))
		}
		r.certs, ders = append(r.certs, b), append(ders, b.value)
	}
	r.library = newLibrary(ders)
	return r
}

// isEntry reports whether a certificate is an entry of its own.
func (r *reader) isEntry(b *bag) bool {
	return b.trusted || len(r.chained) == 0 || r.chained[sha256.Sum256(b.value)] == nil
}

// readChain finds the chain of a key.
func (r *reader) readChain(b *bag) *kept {
	k := &kept{file: r.file, bag: b, alias: b.alias}
	at := r.own(b)
	if at < 0 {
		return k
	}
	k.alias = aliasOf(b, r.certs[at])
	places := r.library.chain(at)
	k.ders = make([][]byte, 0, len(places))
	for _, place := range places {
		c := &r.library.all[place]
		k.ders = append(k.ders, c.der)
		if r.chained[c.id] == nil {
			r.chained[c.id] = k
		}
		if bag := r.certs[place]; place == at {
			k.own = bag
			r.noted[bag] = true
		} else if !bag.trusted {
			k.chain = append(k.chain, bag)
			r.noted[bag] = true
		}
	}
	return k
}

// keepNames hands over the certificates that are in chains and also lie in a bag that says more
// of them than others do.
func (r *reader) keepNames() {
	for i, b := range r.certs {
		if b.trusted || r.noted[b] || len(b.attributes) == 0 {
			continue
		}
		if k := r.chained[r.library.all[i].id]; k != nil {
			k.chain = append(k.chain, b)
		}
	}
}

// keyEntry makes the entry of a key.
func (r *reader) keyEntry(k *kept) keystore.Entry {
	e := entryOf(k.bag)
	sealed := &sealedKey{file: r.file, bag: k.bag}
	if k.own != nil {
		sealed.own = k.own.value
	}
	e.Alias, e.Chain, e.Key, e.Kept = k.alias, k.ders, sealed, k
	k.ders = nil
	return e
}

// fold gives aliases that Java takes for one the same form.
func fold(alias string) string { return keystore.Fold(alias) }
