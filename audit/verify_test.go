package audit

import (
	"crypto/ed25519"
	"errors"
	"iter"
	"slices"
	"testing"
)

// world is a trail with what is known of it.
type world struct {
	records []Record
	known   Known
	kept    []Checkpoint
}

const db = "0a1b2c3d-0000-4000-8000-000000000000"

// newWorld makes a trail of n events, with checkpoints at 1 and at 4, signed to its end.
func newWorld(t *testing.T, n int) *world {
	w := &world{known: Known{State: State{Database: db, Hash: First(db), Key: testKey(1).Public().(ed25519.PublicKey)}}}
	for i := range n {
		w.add(t, sample(i+1))
		if i == 0 || i == 3 {
			w.kept = append(w.kept, w.checkpoint())
		}
	}
	if n > 0 {
		c := w.checkpoint()
		w.known.Signed = &c
	}
	return w
}

func (w *world) add(t *testing.T, e *Event) {
	r := Next(db, w.known.Hash, w.known.Seq+1, encode(t, e))
	x := IndexOf(e)
	r.Index = &x
	w.records = append(w.records, r)
	w.known.Seq, w.known.Hash = r.Seq, r.Hash
}

// checkpoint signs the end of the trail.
func (w *world) checkpoint() Checkpoint {
	return signed(db, w.known.Seq, w.known.Hash, testKey(1))
}

func each[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func (w *world) verify(t *testing.T) Report {
	t.Helper()
	w.known.Kept = each(w.kept)
	r, err := Verify(each(w.records), w.known)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// relink makes the records from a place on follow each other again, as whoever knows the way the
// hashes are made can, and the head name the last.
func (w *world) relink(from int) {
	for i := from; i < len(w.records); i++ {
		prev := First(db)
		if i > 0 {
			prev = w.records[i-1].Hash
		}
		index := w.records[i].Index
		w.records[i] = Next(db, prev, uint64(i+1), w.records[i].Body)
		w.records[i].Index = index
	}
	last := w.records[len(w.records)-1]
	w.known.Seq, w.known.Hash = last.Seq, last.Hash
}

func TestVerify(t *testing.T) {
	for n := range 7 {
		w := newWorld(t, n)
		w.known.Trusted = w.known.Key
		if n > 2 {
			w.known.Outside = []Checkpoint{signed(db, 2, w.records[1].Hash, testKey(1))}
		}
		r := w.verify(t)
		if r.Fault != nil || r.Events != uint64(n) || r.Unsigned() != 0 || r.Hash != w.known.Hash {
			t.Errorf("%d events: %+v", n, r)
		}
		if n == 6 && (r.Checkpoints != 4 || !r.First.Equal(sample(1).Time) || !r.Last.Equal(sample(6).Time)) {
			t.Errorf("%+v", r)
		}
	}
	w := newWorld(t, 3)
	w.add(t, sample(4))
	w.add(t, sample(5))
	if r := w.verify(t); r.Fault != nil || r.Unsigned() != 2 {
		t.Errorf("not all is signed: %+v", r)
	}
}

// TestTampered does everything to every record of a trail, and the first bad event must be named.
func TestTampered(t *testing.T) {
	const n = 6
	for i := range n {
		seq := uint64(i + 1)
		other := sample(99)
		for _, c := range []struct {
			name string
			do   func(w *world)
			kind FaultKind
			seq  uint64
			last uint64 // 0: as seq
		}{
			{"body", func(w *world) { w.records[i].Body = encode(t, other) }, Altered, seq, 0},
			{"one bit", func(w *world) { w.records[i].Body[20] ^= 1 }, Altered, seq, 0},
			{"hash", func(w *world) { w.records[i].Hash[5] ^= 1 }, Altered, seq, 0},
			{"prev", func(w *world) { w.records[i].Prev[5] ^= 1 }, Altered, seq, 0},
			{"body and hash", func(w *world) {
				w.records[i] = Next(db, w.records[i].Prev, seq, encode(t, other))
			}, Replaced, seq, 0},
			{"body and all hashes from there on", func(w *world) {
				w.records[i].Body, w.records[i].Index = encode(t, other), nil
				w.relink(i)
			}, Rewritten, 0, 0},
			{"index", func(w *world) { w.records[i].Index.Issuer = "OTHER" }, WronglyListed, seq, 0},
			{"removed", func(w *world) { w.records = slices.Delete(w.records, i, i+1) }, Missing, seq, 0},
			{"removed, the others renumbered", func(w *world) {
				w.records = slices.Delete(w.records, i, i+1)
				for j := i; j < len(w.records); j++ {
					w.records[j].Seq--
				}
			}, Moved, seq, 0},
			{"copied in, the others renumbered", func(w *world) {
				w.records = slices.Insert(w.records, i, w.records[(i+2)%n])
				for j := i; j < len(w.records); j++ {
					w.records[j].Seq = uint64(j + 1)
				}
			}, Altered, seq, 0},
			{"put in with its hash, the others renumbered", func(w *world) {
				prev := First(db)
				if i > 0 {
					prev = w.records[i-1].Hash
				}
				w.records = slices.Insert(w.records, i, Next(db, prev, seq, encode(t, other)))
				for j := i + 1; j < len(w.records); j++ {
					w.records[j].Seq = uint64(j + 1)
				}
			}, Inserted, seq, 0},
			{"swapped with the next", func(w *world) {
				if j := (i + 1) % n; true {
					w.records[i], w.records[j] = w.records[j], w.records[i]
					w.records[i].Seq, w.records[j].Seq = seq, uint64(j+1)
				}
			}, Moved, 0, 0},
			{"end cut off", func(w *world) { w.records = w.records[:i] }, Truncated, seq, n},
			{"end cut off, the head moved", func(w *world) {
				w.records = w.records[:i]
				w.known.Seq, w.known.Hash = uint64(i), First(db)
				if i > 0 {
					w.known.Hash = w.records[i-1].Hash
				}
			}, Truncated, seq, n},
			{"signature of the head", func(w *world) { w.known.Signed.Signature[3] ^= 1 }, WrongSignature, n, 0},
			{"another's trail", func(w *world) { w.known.Database = "other"; w.known.Hash = First("other") }, Altered, 1, 0},
		} {
			w := newWorld(t, n)
			c.do(w)
			f := w.verify(t).Fault
			switch {
			case f == nil:
				t.Errorf("event %d: %s: not found", seq, c.name)
				continue
			case c.kind == Moved && i == n-1 && c.seq == 0: // with the first
				c.seq, c.kind = 1, Altered
			case c.kind == Moved:
				c.seq = seq
				if i == n-1 { // nothing came after it
					c.kind = Truncated
				}
			case c.kind == Missing && i == n-1:
				c.kind = Truncated
			case c.seq == 0: // from the checkpoint before to the one after
				for _, at := range []uint64{1, 4, n} {
					if at >= seq {
						c.last = at
						break
					}
					c.seq = at + 1
				}
				c.seq = max(c.seq, 1)
			}
			if c.last == 0 {
				c.last = c.seq
			}
			if f.Kind != c.kind || f.Seq != c.seq || f.Last != c.last || f.Error() == "" {
				t.Errorf("event %d: %s: %s, event %d to %d: %v; want %s, event %d to %d", seq, c.name, f.Kind, f.Seq, f.Last, f, c.kind, c.seq, c.last)
			}
		}
	}
}

// TestEnds adds behind the end, and takes away what says where the end is.
func TestEnds(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(w *world)
		kind FaultKind
		seq  uint64
	}{
		"added":             {func(w *world) { w.records = append(w.records, Next(db, w.known.Hash, 7, encode(t, sample(7)))) }, BeyondEnd, 7},
		"added with a gap":  {func(w *world) { w.records = append(w.records, Next(db, w.known.Hash, 9, encode(t, sample(7)))) }, BeyondEnd, 7},
		"head gone":         {func(w *world) { w.known.Seq, w.known.Hash = 0, First(db) }, BeyondEnd, 1},
		"head moved back":   {func(w *world) { w.known.Seq, w.known.Hash = 3, w.records[2].Hash }, BeyondEnd, 4},
		"head's hash":       {func(w *world) { w.known.Hash[0] ^= 1 }, Replaced, 6},
		"empty head's hash": {func(w *world) { *w = *newWorld(t, 0); w.known.Hash[0] ^= 1 }, OtherTrail, 1},
		"no body": {func(w *world) {
			w.records[2].Body = []byte("x")
			w.records[2].Index = nil
			w.relink(2)
			w.kept = w.kept[:1]
			w.known.Signed = nil
		}, Unreadable, 3},
		"another's first":   {func(w *world) { w.records[0] = Next(db, Hash{}, 1, w.records[0].Body) }, OtherTrail, 1},
		"kept behind":       {func(w *world) { c := w.checkpoint(); c.Seq = 9; w.kept = append(w.kept, c) }, Truncated, 7},
		"kept at nought":    {func(w *world) { c := w.checkpoint(); c.Seq = 0; w.kept = append([]Checkpoint{c}, w.kept...) }, WrongSignature, 0},
		"kept is another's": {func(w *world) { w.kept[1] = signed(db, 4, w.records[3].Hash, testKey(2)) }, WrongSignature, 4},
		"kept is changed":   {func(w *world) { w.kept[1].Hash[0] ^= 1 }, Rewritten, 2},
		"all resigned": {func(w *world) {
			w.records[0].Body, w.records[0].Index = encode(t, sample(99)), nil
			w.relink(0)
			w.known.Key = testKey(2).Public().(ed25519.PublicKey)
			w.kept = nil
			c := signed(db, w.known.Seq, w.known.Hash, testKey(2))
			w.known.Signed = &c
			w.known.KeyFault = "it does not open"
		}, WrongKey, 0},
	} {
		w := newWorld(t, 6)
		c.do(w)
		if f := w.verify(t).Fault; f == nil || f.Kind != c.kind || f.Seq != c.seq {
			t.Errorf("%s: %+v, want %s, event %d", name, f, c.kind, c.seq)
		}
	}
}

// TestOutside holds a trail against what is kept elsewhere: an old copy, a rewritten one, another
// database and another key.
func TestOutside(t *testing.T) {
	newer := newWorld(t, 6)
	for name, c := range map[string]struct {
		do   func(w *world)
		kind FaultKind
		seq  uint64
	}{
		"old copy": {func(w *world) { *w = *newWorld(t, 3); w.known.Outside = []Checkpoint{newer.checkpoint()} }, OldCopy, 4},
		"old copy, and more": {func(w *world) {
			*w = *newWorld(t, 3)
			w.add(t, sample(77))
			w.known.Outside = []Checkpoint{newer.checkpoint()}
		}, OldCopy, 5},
		"old copy, and as many": {func(w *world) {
			*w = *newWorld(t, 3)
			for i := range 5 {
				w.add(t, sample(77+i))
			}
			w.known.Outside = []Checkpoint{newer.checkpoint()}
		}, Rewritten, 4},
		"another database": {func(w *world) { w.known.Outside = []Checkpoint{signed("other", 3, w.records[2].Hash, testKey(1))} }, OtherDatabase, 0},
		"another key":      {func(w *world) { w.known.Outside = []Checkpoint{signed(db, 3, w.records[2].Hash, testKey(2))} }, WrongKey, 0},
		"not signed":       {func(w *world) { w.known.Outside = []Checkpoint{{Database: db, Seq: 3, Hash: w.records[2].Hash}} }, WrongSignature, 0},
		"trusted":          {func(w *world) { w.known.Trusted = testKey(2).Public().(ed25519.PublicKey) }, WrongKey, 0},
	} {
		w := newWorld(t, 6)
		c.do(w)
		if f := w.verify(t).Fault; f == nil || f.Kind != c.kind || f.Seq != c.seq {
			t.Errorf("%s: %+v, want %s, event %d", name, f, c.kind, c.seq)
		}
	}
}

// TestVerifyFails passes on what the store says.
func TestVerifyFails(t *testing.T) {
	broken := errors.New("broken")
	fail := func(yield func(Record, error) bool) { yield(Record{}, broken) }
	failKept := func(yield func(Checkpoint, error) bool) { yield(Checkpoint{}, broken) }
	w := newWorld(t, 2)
	if _, err := Verify(fail, w.known); !errors.Is(err, broken) {
		t.Error(err)
	}
	w.known.Kept = failKept
	if _, err := Verify(each(w.records), w.known); !errors.Is(err, broken) {
		t.Error(err)
	}
}
