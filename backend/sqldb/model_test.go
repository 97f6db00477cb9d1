package sqldb

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"testing"

	"signet/audit"
	"signet/backend/backendtest"
	"signet/ring"
)

// model is what a database should hold, in memory.
type model struct {
	owner    ring.Owner
	labels   map[string]modelled
	settings map[string]string
	counter  uint64 // of the CA
	events   int
}

type modelled struct {
	serial int64
	keyed  bool
	status ring.Status
}

func (m *model) clone() *model {
	n := *m
	n.labels, n.settings = maps.Clone(m.labels), maps.Clone(m.settings)
	return &n
}

// stocked is a certificate of one issuer with its key.
type stocked struct {
	certificate *ring.Certificate
	key         crypto.Signer
}

// run is random work on a transaction. What a transaction remembers, writes later or has not made
// a savepoint for yet must never show.
type run struct {
	*testing.T
	tx     ring.Tx
	random *rand.Rand
	stock  map[int64]stocked
	issuer []byte
	m      *model
}

var modelCA = ring.CertRef{Owner: ring.CertAuth, Label: "CA"}

func (r *run) ok(what string, err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
}

func (r *run) label() string { return fmt.Sprint("label ", r.random.IntN(12)) }

// free gives a serial number that no certificate has, 0 for none.
func (r *run) free() int64 {
	used := map[int64]bool{}
	for _, c := range r.m.labels {
		used[c.serial] = true
	}
	for _, n := range r.random.Perm(len(r.stock)) {
		if !used[int64(n)+1] {
			return int64(n) + 1
		}
	}
	return 0
}

// step does one thing and checks what it sees.
func (r *run) step(depth int) {
	r.Helper()
	label := r.label()
	ref := ring.CertRef{Owner: r.m.owner, Label: label}
	want, there := r.m.labels[label]
	switch r.random.IntN(14) {
	case 0, 1: // as GENCERT does
		serial := r.free()
		if c := r.look(ref); c != nil || serial == 0 {
			return
		}
		_, err := r.tx.CertificateByIssuerSerial(r.issuer, big.NewInt(serial))
		if !errors.Is(err, ring.ErrNotFound) {
			r.Fatalf("serial number %d is not free: %v", serial, err)
		}
		r.count()
		r.add(ref, serial, true)
	case 2: // without a look
		serial := r.free()
		if serial == 0 {
			return
		}
		if there {
			c := *r.stock[serial].certificate
			c.Label, c.ID = label, 0
			if err := r.tx.AddCertificate(&c); !errors.Is(err, ring.ErrExists) {
				r.Fatalf("%v twice: %v", ref, err)
			}
			return
		}
		r.add(ref, serial, r.random.IntN(2) == 0)
	case 3:
		r.look(ref)
	case 4: // by serial number
		for label, c := range r.m.labels {
			got, err := r.tx.CertificateByIssuerSerial(r.issuer, big.NewInt(c.serial))
			r.ok("by serial number", err)
			if got.Label != label || got.Status != c.status {
				r.Fatalf("serial number %d is %v, not %s", c.serial, got.Ref(), label)
			}
		}
	case 5:
		if c := r.look(ref); c != nil {
			r.ok("delete", r.tx.DeleteCertificate(c))
			delete(r.m.labels, label)
		}
	case 6:
		if c := r.look(ref); c != nil {
			to := r.label()
			if _, taken := r.m.labels[to]; !taken {
				c.Label = to
				r.ok("rename", r.tx.UpdateCertificate(c))
				delete(r.m.labels, label)
				r.m.labels[to] = want
			}
		}
	case 7:
		if c := r.look(ref); c != nil {
			c.Status = []ring.Status{ring.Trust, ring.NoTrust}[r.random.IntN(2)]
			r.ok("alter", r.tx.UpdateCertificate(c))
			want.status = c.Status
			r.m.labels[label] = want
		}
	case 8:
		if c := r.look(ref); c != nil {
			key, err := r.tx.PrivateKey(c)
			if want.keyed != (err == nil) || err == nil && !sameKey(key.Public(), r.stock[want.serial].key.Public()) {
				r.Fatalf("%v: the private key: %v", ref, err)
			}
		}
	case 9:
		if c := r.look(ref); c != nil && want.keyed {
			r.ok("delete key", r.tx.DeletePrivateKey(c))
			want.keyed = false
			r.m.labels[label] = want
		}
	case 10:
		value := fmt.Sprint(r.random.IntN(3))
		r.ok("setting", r.tx.PutSetting(label, value))
		r.m.settings[label] = value
	case 11:
		e, err := audit.Encode(&audit.Event{ID: audit.NewID(), Time: now(), Function: "TEST"})
		r.ok("encode", err)
		if r.random.IntN(3) == 0 {
			r.ok("put event", r.tx.PutEvent(e))
		} else {
			r.ok("add event", r.tx.AddEvent(e))
		}
		r.m.events++
	case 12: // another certificate in its place
		if c := r.look(ref); c != nil && !want.keyed {
			if serial := r.free(); serial != 0 {
				next := *r.stock[serial].certificate
				next.ID, next.Label, next.Status = c.ID, label, want.status
				r.ok("replace", r.tx.UpdateCertificate(&next))
				want.serial = serial
				r.m.labels[label] = want
			}
		}
	case 13:
		r.attempt(depth)
	}
}

// attempt does a few steps, which are undone or not.
func (r *run) attempt(depth int) {
	r.Helper()
	if depth == 3 {
		return
	}
	before := r.m.clone()
	var failed error
	if r.random.IntN(2) == 0 {
		failed = errors.New("undone")
	}
	err := r.tx.Attempt(func() error {
		for range r.random.IntN(6) {
			r.step(depth + 1)
		}
		return failed
	})
	if !errors.Is(err, failed) {
		r.Fatalf("attempt: %v", err)
	}
	if failed != nil {
		r.m = before
	}
}

// look finds a certificate as the model has it.
func (r *run) look(ref ring.CertRef) *ring.Certificate {
	r.Helper()
	want, there := r.m.labels[ref.Label]
	c, err := r.tx.Certificate(ref)
	if !there {
		if !errors.Is(err, ring.ErrNotFound) {
			r.Fatalf("%v is not absent: %v", ref, err)
		}
		return nil
	}
	r.ok(ref.String(), err)
	if c.Status != want.status || c.HasKey() != want.keyed || !bytes.Equal(c.DER, r.stock[want.serial].certificate.DER) {
		r.Fatalf("%v: status %s, key %q; want %+v", ref, c.Status, c.Key, want)
	}
	return c
}

// count moves the counter of the CA on.
func (r *run) count() {
	r.Helper()
	ca, err := r.tx.Certificate(modelCA)
	r.ok("CA", err)
	if ca.LastSerial != r.m.counter {
		r.Fatalf("the counter of the CA is at %d, not %d", ca.LastSerial, r.m.counter)
	}
	ca.LastSerial++
	r.m.counter++
	r.ok("count", r.tx.UpdateCertificate(ca))
}

func (r *run) add(ref ring.CertRef, serial int64, keyed bool) {
	r.Helper()
	c := *r.stock[serial].certificate
	c.Label, c.ID = ref.Label, 0
	if keyed {
		r.ok("add with key", r.tx.AddWithKey(&c, r.stock[serial].key))
	} else {
		r.ok("add", r.tx.AddCertificate(&c))
	}
	if c.ID == 0 || c.HasKey() != keyed {
		r.Fatalf("%v: added as %d with key %q", ref, c.ID, c.Key)
	}
	r.m.labels[ref.Label] = modelled{serial, keyed, c.Status}
}

// everything compares the whole content.
func (r *run) everything() {
	r.Helper()
	found := 0
	for c, err := range r.tx.Certificates(r.m.owner) {
		r.ok("certificates", err)
		found++
		r.look(c.Ref())
	}
	if found != len(r.m.labels) {
		r.Fatalf("%d certificates, not %d", found, len(r.m.labels))
	}
	for name, want := range r.m.settings {
		if got, err := r.tx.Setting(name); err != nil || got != want {
			r.Fatalf("setting %q is %q, not %q, %v", name, got, want, err)
		}
	}
	ca, err := r.tx.Certificate(modelCA)
	r.ok("CA", err)
	if ca.LastSerial != r.m.counter {
		r.Fatalf("the counter of the CA is at %d, not %d", ca.LastSerial, r.m.counter)
	}
}

// TestAgainstModel does random work in transactions and in parts of them that are undone, and holds
// what each look-up gives, and what is there at last, against a model in memory.
func TestAgainstModel(t *testing.T) {
	ca, caKey := backendtest.Make(t, backendtest.Spec{Subject: "CA"})
	stock := map[int64]stocked{}
	for n := int64(1); n <= 16; n++ {
		x, key := backendtest.Make(t, backendtest.Spec{Subject: fmt.Sprint(n), Issuer: "CA", Serial: big.NewInt(n), Signer: caKey})
		stock[n] = stocked{ring.NewCertificate(ring.CertRef{Owner: "FLEET"}, x), key}
	}
	onBoth(t, func(t *testing.T, db *DB) {
		m := &model{owner: "FLEET", labels: map[string]modelled{}, settings: map[string]string{}}
		err := db.Update(t.Context(), func(tx ring.Tx) error {
			return tx.AddCertificate(ring.NewCertificate(modelCA, ca))
		})
		if err != nil {
			t.Fatal(err)
		}
		undone := errors.New("undone")
		for seed := range uint64(60) {
			random := rand.New(rand.NewPCG(seed, 8))
			keep := random.IntN(4) > 0
			r := &run{T: t, random: random, stock: stock, issuer: ca.RawSubject}
			err := db.Update(t.Context(), func(tx ring.Tx) error {
				r.tx, r.m = tx, m.clone()
				for range 100 {
					r.step(0)
				}
				r.everything()
				if !keep {
					return undone
				}
				return nil
			})
			if keep {
				m = r.m
			} else if errors.Is(err, undone) {
				err = nil
			}
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			err = db.View(t.Context(), func(tx ring.Tx) error {
				after := &run{T: t, tx: tx, random: random, stock: stock, issuer: ca.RawSubject, m: m}
				after.everything()
				report, err := ring.VerifyTrail(tx, ring.TrailKnown{})
				if report.Fault != nil || report.Events != uint64(m.events) {
					t.Fatalf("seed %d: %d events, not %d, %v", seed, report.Events, m.events, report.Fault)
				}
				return err
			})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		checked, err := db.Check(t.Context(), CheckOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if checked.Errors > 0 {
			t.Errorf("check: %+v", checked)
		}
	})
}
