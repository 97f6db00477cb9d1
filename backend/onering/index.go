package onering

import (
	"hash/maphash"
	"math/big"
	"slices"

	"signet/export/keystore"
	"signet/ring"
)

// index finds records by what look-ups ask for. Records are never changed, so it keeps all that
// there were since it was made, and the list of the transaction says which of them still stand.
// It answers with what may fit: whoever asks compares.
type index struct {
	seed  maphash.Seed
	first map[uint64]int32 // by the hash of what is asked for, the latest member, counted from 1
	all   []member
}

// member is a record under one hash, and the next one under the same.
type member struct {
	record *record
	next   int32
}

// The questions that an index answers. An index of labels has only one.
const (
	byIdentity = iota // issuer and serial number
	bySubject
	byKey
)

func newIndex(records int) *index {
	return &index{seed: maphash.MakeSeed(), first: make(map[uint64]int32, records)}
}

// sum hashes what a question asks for.
func (x *index) sum(question byte, parts ...[]byte) uint64 {
	var h maphash.Hash
	h.SetSeed(x.seed)
	_ = h.WriteByte(question) // a hash takes everything
	for _, p := range parts {
		_, _ = h.Write(p)
	}
	return h.Sum64()
}

func (x *index) add(sum uint64, r *record) {
	x.all = append(x.all, member{r, x.first[sum]})
	x.first[sum] = int32(len(x.all))
}

// addCertificate adds a record under everything that its certificate is looked for by.
func (x *index) addCertificate(r *record) {
	o := outlineOf(r.Chain[0])
	x.add(x.sum(byIdentity, o.issuer, o.serial), r)
	x.add(x.sum(bySubject, o.subject), r)
	x.add(x.sum(byKey, o.key), r)
}

// standing gives the places of the records under a hash that are there, in file order.
func (t *tx) standing(x *index, sum uint64) []int {
	var places []int
	for n := x.first[sum]; n > 0; n = x.all[n-1].next {
		r := x.all[n-1].record
		if i := t.at(r.id); i >= 0 && t.records[i] == r {
			places = append(places, i)
		}
	}
	slices.Sort(places)
	return places
}

// labelled gives the places of the records whose label may be this one.
func (t *tx) labelled(label string) []int {
	if t.labels == nil {
		t.labels = newIndex(len(t.records))
		for _, r := range t.records {
			t.labels.add(t.labels.sum(0, []byte(t.fold(r))), r)
		}
	}
	if t.store.medium.Folds() {
		label = keystore.Fold(label)
	}
	return t.standing(t.labels, t.labels.sum(0, []byte(label)))
}

// fold gives the label of a record in the form that it is looked for under.
func (t *tx) fold(r *record) string {
	if t.store.medium.Folds() {
		return r.fold()
	}
	return r.label()
}

// certified gives the places of the records whose certificate may be what a question asks for.
func (t *tx) certified(question byte, parts ...[]byte) []int {
	if t.certificates == nil {
		t.certificates = newIndex(3 * len(t.records))
		for _, r := range t.records {
			if r.holds() {
				t.certificates.addCertificate(r)
			}
		}
	}
	return t.standing(t.certificates, t.certificates.sum(question, parts...))
}

// identified gives the places of the records that may have an issuer and a serial number.
func (t *tx) identified(issuer []byte, serial *big.Int) []int {
	return t.certified(byIdentity, issuer, serial.Bytes())
}

// entered takes note of a record that is new, or in the place of old, which may be nil.
func (t *tx) entered(r, old *record) {
	if t.labels != nil {
		t.labels.add(t.labels.sum(0, []byte(t.fold(r))), r)
	}
	if t.certificates != nil && r.holds() {
		t.certificates.addCertificate(r)
	}
	t.left(r)
	if old != nil {
		t.left(old)
	}
}

// left takes note of a record that comes or goes: issuers in its chain may be known no more.
func (t *tx) left(r *record) {
	if len(r.Chain) > 1 {
		t.issuers = nil
	}
}

// chained gives the certificates with a subject that are in the chains of private keys as
// issuers, each once. They are found together, since the same few end many chains.
func (t *tx) chained(subject []byte) []*ring.Certificate {
	if t.issuers == nil {
		t.issuers = t.readIssuers()
	}
	return t.issuers[string(subject)]
}
