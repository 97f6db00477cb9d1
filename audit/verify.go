package audit

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"iter"
	"time"
)

// State is what a database says of its trail.
type State struct {
	Database string            // its UUID
	Seq      uint64            // of the last event
	Hash     Hash              // of the last record; First when there is none
	Signed   *Checkpoint       // the last time that it was signed; nil: never
	Key      ed25519.PublicKey // its audit key; nil when it has none yet
	KeyFault string            // why that is not the audit key; empty when it is, or when nobody can tell
}

// Known is what a trail is held against.
type Known struct {
	State
	Kept    iter.Seq2[Checkpoint, error] // the checkpoints in the database, by Seq
	Outside []Checkpoint                 // those from elsewhere
	Trusted ed25519.PublicKey            // the audit key, if it is known from elsewhere
}

// Report is what Verify found.
type Report struct {
	Database    string
	Key         ed25519.PublicKey
	Events      uint64 // that were looked at
	Signed      uint64 // the last of those that a signature covers
	Checkpoints int    // that agree
	First, Last time.Time
	Hash        Hash   // of the last record
	Fault       *Fault // nil: the trail is whole
}

// Unsigned is how many events at the end no signature covers.
func (r *Report) Unsigned() uint64 { return r.Events - min(r.Signed, r.Events) }

// Verify reads a trail from its first record to its last and compares it with what is known. It
// stops at the first fault, which is in the report and no error. Whatever the length of the
// trail, it keeps one record at a time.
func Verify(records iter.Seq2[Record, error], k Known) (Report, error) {
	v := &verifier{known: k, report: Report{Database: k.Database, Key: k.Key}, prev: First(k.Database)}
	fault, err := v.run(records)
	v.report.Fault = fault
	return v.report, err
}

type verifier struct {
	known  Known
	report Report
	prev   Hash   // of the last record
	agreed uint64 // the highest event at which a checkpoint agreed
	kept   func() (Checkpoint, error, bool)
	next   *Checkpoint // of those that are kept
	doubt  *Fault
}

func (v *verifier) run(records iter.Seq2[Record, error]) (*Fault, error) {
	if f := v.keys(); f != nil {
		return f, nil
	}
	kept := v.known.Kept
	if kept == nil {
		kept = func(func(Checkpoint, error) bool) {}
	}
	next, stop := iter.Pull2(kept)
	defer stop()
	v.kept = next
	if err := v.advance(); err != nil {
		return nil, err
	}
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		f := v.record(&r)
		if v.doubt != nil {
			return v.exactly(f), nil
		}
		if f != nil {
			return f, nil
		}
		f, err := v.checkpoints()
		if err != nil || f != nil && f.Kind != Rewritten {
			return f, err
		}
		v.doubt = f // which the next record may tell more of
	}
	f, err := v.end()
	if v.doubt != nil {
		return v.exactly(f), err
	}
	return f, err
}

// exactly gives the fault that a trail has which does not lead to a checkpoint: where what comes
// next shows one of the events in question to be bad, that one.
func (v *verifier) exactly(next *Fault) *Fault {
	if next != nil && next.Seq >= v.doubt.Seq && next.Seq <= v.doubt.Last {
		return next
	}
	return v.doubt
}

// keys checks what says whose the signatures are.
func (v *verifier) keys() *Fault {
	k := &v.known
	for i := range k.Outside {
		c := &k.Outside[i]
		switch {
		case c.Verify() != nil:
			return wholly(WrongSignature, "the signature of the checkpoint from outside is wrong")
		case c.Database != k.Database:
			return wholly(OtherDatabase, "the checkpoint from outside is of database %s, and this one is %s", c.Database, k.Database)
		case !bytes.Equal(c.Key, k.Key):
			return wholly(WrongKey, "the audit key of the database is not the one of the checkpoint from outside")
		}
	}
	switch {
	case k.Trusted != nil && !bytes.Equal(k.Trusted, k.Key):
		return wholly(WrongKey, "the audit key of the database is not the public key that was given")
	case k.KeyFault != "":
		return wholly(WrongKey, "%s", k.KeyFault)
	}
	return nil
}

// record checks one record against the one before it.
func (v *verifier) record(r *Record) *Fault {
	want, own := v.report.Events+1, link(v.known.Database, r.Prev, r.Seq, r.Body) == r.Hash
	beyond := at(BeyondEnd, want, want, "it comes after event %d, which is the last", v.known.Seq)
	switch {
	case r.Seq != want && v.known.Seq < want:
		return beyond
	case r.Seq != want:
		return at(Missing, want, max(r.Seq-1, want), "it is missing: event %d comes next", r.Seq)
	case !own && r.Seq > 1 && link(v.known.Database, r.Prev, r.Seq-1, r.Body) == r.Hash:
		return at(Inserted, want-1, want-1, "it was put in: the event behind it had its number")
	case !own && link(v.known.Database, r.Prev, r.Seq+1, r.Body) == r.Hash:
		return at(Moved, want, want, "it is not here: the one behind it has been given its number")
	case !own:
		return at(Altered, want, want, "it was changed: it does not have the hash that is kept with it")
	case r.Prev == v.prev && v.known.Seq < want:
		return beyond
	case r.Prev != v.prev && want == 1:
		return at(OtherTrail, 1, 1, "it is no first event of this database")
	case r.Prev != v.prev:
		return at(Replaced, want-1, want-1, "it was replaced: event %d follows another one", want)
	}
	e, err := r.Event()
	if err != nil {
		return at(Unreadable, want, want, "it cannot be read")
	}
	if r.Index != nil && *r.Index != IndexOf(e) {
		return at(WronglyListed, want, want, "it is listed under another time, user, function or outcome than it has")
	}
	if want == 1 {
		v.report.First = e.Time
	}
	v.report.Events, v.report.Last, v.prev, v.report.Hash = want, e.Time, r.Hash, r.Hash
	return nil
}

// checkpoints compares the record that was just read with the checkpoints at its number.
func (v *verifier) checkpoints() (*Fault, error) {
	seq := v.report.Events
	for v.next != nil && v.next.Seq <= seq {
		if f := v.compare(v.next, "kept in the database"); f != nil {
			return f, nil
		}
		if err := v.advance(); err != nil {
			return nil, err
		}
	}
	if s := v.known.Signed; s != nil && s.Seq == seq {
		if f := v.compare(s, "signed last"); f != nil {
			return f, nil
		}
	}
	for i := range v.known.Outside {
		if c := &v.known.Outside[i]; c.Seq == seq {
			if f := v.compare(c, "from outside"); f != nil {
				return f, nil
			}
		}
	}
	return nil, nil
}

// compare holds the trail so far against a checkpoint at its end.
func (v *verifier) compare(c *Checkpoint, what string) *Fault {
	switch {
	case c.Seq != v.report.Events: // below the first event, or out of order
		return at(WrongSignature, c.Seq, c.Seq, "there is no place for the checkpoint %s", what)
	case c.Hash != v.prev:
		return at(Rewritten, min(v.agreed+1, c.Seq), c.Seq, "the trail was rewritten: it does not lead to the checkpoint %s, of event %d", what, c.Seq)
	case !bytes.Equal(c.Key, v.known.Key) || c.Verify() != nil:
		return at(WrongSignature, c.Seq, c.Seq, "the signature of the checkpoint %s is wrong", what)
	}
	v.agreed = c.Seq
	v.report.Checkpoints++
	v.report.Signed = max(v.report.Signed, c.Seq)
	return nil
}

// advance goes to the next of the checkpoints that are kept.
func (v *verifier) advance() error {
	c, err, ok := v.kept()
	if v.next = nil; ok && err == nil {
		v.next = &c
	}
	return err
}

// end checks that the trail does not end before it should.
func (v *verifier) end() (*Fault, error) {
	last := v.report.Events
	if last == 0 {
		v.report.Hash = v.prev
	}
	missing := func(seq uint64, what string) *Fault {
		return at(Truncated, last+1, seq, "it is missing: the trail ends with event %d, and %s names event %d", last, what, seq)
	}
	switch s := v.known.Signed; {
	case v.known.Seq > last:
		return missing(v.known.Seq, "its head"), nil
	case s != nil && s.Seq > last:
		return missing(s.Seq, "the last signature"), nil
	case v.next != nil:
		return missing(v.next.Seq, "a checkpoint that is kept in the database"), nil
	case v.known.Hash != v.prev && last == 0:
		return at(OtherTrail, 1, 1, "it is missing: the head of the trail names a hash and the trail is empty"), nil
	case v.known.Hash != v.prev:
		return at(Replaced, last, last, "it was replaced: the head of the trail names another hash"), nil
	}
	for i := range v.known.Outside {
		if c := &v.known.Outside[i]; c.Seq > last {
			return at(OldCopy, last+1, c.Seq, "it is missing: the checkpoint from outside, of %s, names event %d, and the trail ends with event %d:"+
				" an old copy of the database was put back, or the end was cut off", c.Time.Format(time.RFC3339), c.Seq, last), nil
		}
	}
	return nil, nil
}

// Fault is what is wrong with a trail.
type Fault struct {
	Kind FaultKind
	Seq  uint64 // the first bad event; 0: none, but what the whole trail is held against
	Last uint64 // the last of those of which one is the first bad event, where it cannot be told more exactly
	Text string
}

// Error says which event is bad, and why.
func (f *Fault) Error() string {
	switch {
	case f.Seq == 0:
		return f.Text
	case f.Last > f.Seq:
		return fmt.Sprintf("events %d to %d: %s", f.Seq, f.Last, f.Text)
	}
	return fmt.Sprintf("event %d: %s", f.Seq, f.Text)
}

// FaultKind is a word for a kind of fault, which stays as it is, for programs.
type FaultKind string

// The kinds of faults.
const (
	Altered        FaultKind = "altered"        // the event was changed
	Missing        FaultKind = "missing"        // the event is gone from the middle
	Moved          FaultKind = "moved"          // the event's number was given to the next
	Inserted       FaultKind = "inserted"       // the event was put in
	Replaced       FaultKind = "replaced"       // the event was changed together with its hash
	Truncated      FaultKind = "truncated"      // events are gone from the end
	BeyondEnd      FaultKind = "beyond-end"     // the event was added behind the end
	Unreadable     FaultKind = "unreadable"     // it is no event
	WronglyListed  FaultKind = "listed"         // the database lists it by what it does not say
	OtherTrail     FaultKind = "other-trail"    // it does not begin as the trail of this database
	Rewritten      FaultKind = "rewritten"      // the trail is another than the one that was signed
	OldCopy        FaultKind = "old-copy"       // the trail is older than a checkpoint from outside
	WrongSignature FaultKind = "signature"      // the signature of a checkpoint is wrong
	WrongKey       FaultKind = "key"            // the audit key is not the one that it should be
	OtherDatabase  FaultKind = "other-database" // a checkpoint from outside is another database's
)

// at gives a fault of an event, or of one among several.
func at(kind FaultKind, seq, last uint64, format string, args ...any) *Fault {
	return &Fault{Kind: kind, Seq: seq, Last: last, Text: fmt.Sprintf(format, args...)}
}

// wholly gives a fault of no one event.
func wholly(kind FaultKind, format string, args ...any) *Fault {
	return &Fault{Kind: kind, Text: fmt.Sprintf(format, args...)}
}
