package pkcs12

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	"signet/export/keystore"
)

// chains collects the certificates of chains for a file.
type chains struct {
	bags  [][]byte      // to write
	ders  [][]byte      // the certificates in them
	owns  []int         // for each key, the place of its certificate in ders; -1 if it has none
	notes map[*bag]bool // those of kept that are in bags
	ids   *ids

	subjects  map[[sha256.Size]byte]string // of all certificates
	ambiguous map[string]bool              // subjects that several certificates have
	present   map[[sha256.Size]byte]bool   // certificates that have a bag
}

func newChains(entries []keystore.Entry, i *ids) *chains {
	c := &chains{
		ids: i, notes: map[*bag]bool{}, subjects: map[[sha256.Size]byte]string{},
		ambiguous: map[string]bool{}, present: map[[sha256.Size]byte]bool{},
	}
	first := map[string][sha256.Size]byte{}
	if !haveIssuers(entries) {
		return c
	}
	for _, e := range entries {
		for _, data := range e.Chain {
			id := sha256.Sum256(data)
			if e.Key == nil {
				c.present[id] = true
			}
			if _, known := c.subjects[id]; known {
				continue
			}
			subject := readCertificate(data).subject
			c.subjects[id] = subject
			if _, taken := first[subject]; taken {
				c.ambiguous[subject] = true
			} else {
				first[subject] = id
			}
		}
	}
	return c
}

// haveIssuers reports whether any key has a chain of more than its own certificate. In a file
// without, nothing depends on names.
func haveIssuers(entries []keystore.Entry) bool {
	return slices.ContainsFunc(entries, func(e keystore.Entry) bool { return e.Key != nil && len(e.Chain) > 1 })
}

// add writes the chain of a key: its own certificate, under its ID, and the issuers that have no
// bag yet. An issuer that another certificate has the name of goes into each chain, as its place
// says which of them is meant.
func (c *chains) add(e *keystore.Entry, k *kept, keyID []byte) error {
	if len(e.Chain) == 0 {
		c.owns = append(c.owns, -1)
		return nil
	}
	own := marks{alias: e.Alias, keyID: keyID}
	if k != nil && k.own != nil && bytes.Equal(k.own.value, e.Chain[0]) {
		own.from = k.own
		if e.Alias == k.alias || k.own.alias != k.alias { // keep what it was called
			own.alias = k.own.alias
		}
		c.notes[k.own] = true
	}
	c.owns = append(c.owns, len(c.ders))
	if err := c.write(e.Chain[0], own); err != nil {
		return err
	}
	for _, data := range e.Chain[1:] {
		if err := c.addIssuer(data, k); err != nil {
			return err
		}
	}
	return nil
}

func (c *chains) addIssuer(data []byte, k *kept) error {
	id := sha256.Sum256(data)
	wanted := !c.present[id] || c.ambiguous[c.subjects[id]]
	if k != nil {
		for _, note := range k.chain {
			if c.notes[note] || !bytes.Equal(note.value, data) || !wanted && len(note.attributes) == 0 {
				continue
			}
			c.notes[note], wanted = true, false
			if err := c.write(data, marks{alias: note.alias, keyID: c.ids.of(note.keyID), from: note}); err != nil {
				return err
			}
		}
	}
	if !wanted {
		return nil
	}
	return c.write(data, marks{})
}

func (c *chains) write(data []byte, m marks) error {
	out, err := certBag(data, m)
	if err != nil {
		return err
	}
	c.bags, c.ders = append(c.bags, out), append(c.ders, data)
	c.present[sha256.Sum256(data)] = true
	return nil
}

// check refuses chains that would not be found again as they are.
func (c *chains) check(entries []keystore.Entry) error {
	if !haveIssuers(entries) {
		return nil
	}
	ders := c.ders
	for _, e := range entries {
		if e.Key == nil {
			ders = append(ders, e.Chain...)
		}
	}
	l := newLibrary(ders)
	key := 0
	for _, e := range entries {
		if e.Key == nil || e.Other != "" {
			continue
		}
		own := c.owns[key]
		if key++; own < 0 {
			continue
		}
		found := l.chain(own)
		for i, data := range e.Chain {
			if i >= len(found) || !bytes.Equal(l.all[found[i]].der, data) {
				return fmt.Errorf("entry %.40q: certificate %d of its chain is not the issuer of the one before, and would not be found again; give it the right chain, or make it an entry of its own", e.Alias, i+1)
			}
		}
	}
	return nil
}
