package ring

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"signet/cert"
)

var (
	kindRSA = cert.KeySpec{Algorithm: cert.RSA, Bits: 2048}
	kindEC  = cert.KeySpec{Algorithm: cert.EC, Bits: 256}
	kindAny cert.KeySpec // decided when the function runs
)

// numberedKey is a key that can be told from others.
type numberedKey struct {
	spec   cert.KeySpec
	number int64
}

func (numberedKey) Public() crypto.PublicKey { return nil }
func (numberedKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("a key for tests signs nothing")
}

// keyMaker counts the keys it makes, each of which takes a while.
type keyMaker struct {
	made atomic.Int64
	took func(cert.KeySpec) time.Duration
}

func (k *keyMaker) generate(spec cert.KeySpec) (crypto.Signer, error) {
	if k.took != nil {
		time.Sleep(k.took(spec))
	}
	return numberedKey{spec, k.made.Add(1)}, nil
}

func sameKeys(n int, spec cert.KeySpec) iter.Seq2[int, cert.KeySpec] {
	return func(yield func(int, cert.KeySpec) bool) {
		for i := range n {
			if !yield(i, spec) {
				return
			}
		}
	}
}

// take asks for a key as makeKey does.
func take(t *testing.T, m *Manager, spec cert.KeySpec) numberedKey {
	t.Helper()
	key, err := m.newKey(spec)
	if err != nil {
		t.Fatal(err)
	}
	return key.(numberedKey)
}

// Whatever is announced, fails, or comes unannounced: each function gets a key of the kind it
// asks for that nobody else gets, and there are never more keys in stock than may be.
func TestKeySupplyHandsOutOnce(t *testing.T) {
	kinds := []cert.KeySpec{kindRSA, kindEC, {Algorithm: cert.Ed25519, Bits: 256}, {Algorithm: cert.RSA, Bits: 4096}}
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		const functions = 2000
		wants := make([]cert.KeySpec, functions) // zero: no key
		announced := map[int]cert.KeySpec{}
		variety := 1 + r.IntN(len(kinds))
		for i := range functions {
			spec := kinds[r.IntN(variety)]
			switch r.IntN(10) {
			case 0: // it fails before it needs its key
				announced[i] = spec
			case 1: // nobody foresaw it
				wants[i] = spec
			case 2: // it turns out to want another kind
				wants[i], announced[i] = spec, kinds[r.IntN(len(kinds))]
			case 3: // the kind is not known before
				wants[i], announced[i] = spec, kindAny
			default:
				wants[i], announced[i] = spec, spec
			}
		}
		maker := &keyMaker{}
		m, supply := (&Manager{newKey: maker.generate}).SupplyKeys(t.Context(), func(yield func(int, cert.KeySpec) bool) {
			for i := range functions {
				if spec, ok := announced[i]; ok && !yield(i, spec) {
					return
				}
			}
		})
		seen := map[int64]bool{}
		for i, want := range wants {
			supply.Reach(i)
			if want == kindAny {
				continue
			}
			key := take(t, m, want)
			if key.spec != want {
				t.Fatalf("seed %d: function %d wants %s and gets %s", seed, i, want, key.spec)
			}
			if seen[key.number] {
				t.Fatalf("seed %d: function %d gets key %d, which another one has", seed, i, key.number)
			}
			seen[key.number] = true
			supply.mu.Lock()
			held := 0
			for h := range maps.Values(supply.shelves) {
				held += len(h.ready) + h.making
			}
			if most := supplyAhead + runtime.GOMAXPROCS(0); held != supply.held || held > most {
				t.Errorf("seed %d: %d keys are in stock and %d are counted, of at most %d", seed, held, supply.held, most)
			}
			supply.mu.Unlock()
		}
		supply.Stop()
	}
}

// Keys are made a bounded way ahead and no further, and the list of what is coming is read no
// further either.
func TestKeySupplyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		maker, read := &keyMaker{}, 0
		m, supply := (&Manager{newKey: maker.generate}).SupplyKeys(t.Context(), func(yield func(int, cert.KeySpec) bool) {
			for i := range 100_000 {
				read++
				if !yield(i, kindEC) {
					return
				}
			}
		})
		synctest.Wait()
		if got := maker.made.Load(); got != supplyAhead || read != supplyAhead+1 {
			t.Errorf("%d keys made, %d needs read, want %d and one more", got, read, supplyAhead)
		}
		// There is more when half is used up.
		const half = supplyAhead / 2
		for i := range half {
			if got := maker.made.Load(); got != supplyAhead {
				t.Fatalf("after %d were taken %d keys are made, want %d", i, got, supplyAhead)
			}
			supply.Reach(i)
			take(t, m, kindEC)
			synctest.Wait()
		}
		if got := maker.made.Load(); got != supplyAhead+half {
			t.Errorf("after half was taken %d keys are made, want %d", got, supplyAhead+half)
		}
		// Functions that fail leave their keys to those behind them.
		supply.Reach(half + 2*supplyAhead)
		synctest.Wait()
		if got := maker.made.Load(); got != supplyAhead+half {
			t.Errorf("after failures %d keys are made, want %d", got, supplyAhead+half)
		}
		supply.Stop()
	})
}

// The keys are made side by side: the whole takes its share of the time.
func TestKeySupplyUsesAllProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	synctest.Test(t, func(t *testing.T) {
		const n = 400
		maker := &keyMaker{took: func(cert.KeySpec) time.Duration { return time.Second }}
		m, supply := (&Manager{newKey: maker.generate}).SupplyKeys(t.Context(), sameKeys(n, kindRSA))
		defer supply.Stop()
		start := time.Now()
		for i := range n {
			supply.Reach(i)
			take(t, m, kindRSA)
		}
		if took := time.Since(start); took > (n/4+2)*time.Second {
			t.Errorf("%d keys of a second each took %v on 4 processors", n, took)
		}
		if got := maker.made.Load(); got != n {
			t.Errorf("%d keys were made for %d functions", got, n)
		}
	})
}

// A synctest bubble fails when a goroutine is left at its end.
func TestKeySupplyEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		maker := &keyMaker{took: func(cert.KeySpec) time.Duration { return time.Hour }}
		m, supply := (&Manager{newKey: maker.generate}).SupplyKeys(ctx, sameKeys(1_000_000, kindRSA))
		synctest.Wait()
		supply.Reach(0)
		why := errors.New("the user had enough")
		time.AfterFunc(time.Minute, func() { cancel(why) })
		start := time.Now()
		if _, err := m.newKey(kindRSA); !errors.Is(err, why) {
			t.Errorf("a function that waits when the run is cancelled gets %v", err)
		}
		if waited := time.Since(start); waited != time.Minute {
			t.Errorf("it waited %v for a run that was cancelled after a minute", waited)
		}
		supply.Stop()
		time.Sleep(time.Hour) // until the keys are made that were being made
		if got, most := maker.made.Load(), int64(runtime.GOMAXPROCS(0)); got > most {
			t.Errorf("%d keys were made, of which %d were begun before the end", got, most)
		}
	})
}

// After the end keys are made when they are needed, and a kind that cannot be made says so where
// it is needed.
func TestKeySupplyStopsAndFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		maker := &keyMaker{}
		m, supply := (&Manager{newKey: maker.generate}).SupplyKeys(t.Context(), sameKeys(10, kindEC))
		synctest.Wait()
		supply.Stop()
		supply.Stop()
		supply.Reach(3)
		if key := take(t, m, kindEC); key.number != 11 {
			t.Errorf("after the end, key %d of 10 that were made ahead is handed out", key.number)
		}
		broken := errors.New("no entropy")
		m, supply = (&Manager{newKey: func(cert.KeySpec) (crypto.Signer, error) { return nil, broken }}).SupplyKeys(t.Context(), sameKeys(10, kindEC))
		synctest.Wait()
		supply.Reach(0)
		if _, err := m.newKey(kindEC); !errors.Is(err, broken) {
			t.Errorf("a key that cannot be made: %v", err)
		}
	})
}

// Rekey takes the kind of key of a certificate. From the first on, that kind is made ahead.
func TestKeySupplyLearnsKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		maker := &keyMaker{}
		m, supply := (&Manager{newKey: maker.generate}).SupplyKeys(t.Context(), sameKeys(50, kindAny))
		synctest.Wait()
		if got := maker.made.Load(); got != 0 {
			t.Errorf("%d keys were made of a kind that nobody knew", got)
		}
		supply.Reach(0)
		take(t, m, kindRSA)
		synctest.Wait()
		if got := maker.made.Load(); got != 50 {
			t.Errorf("%d keys were made for 50 functions of one kind", got)
		}
		// One of another kind does not change the guess; two do.
		for i, want := range []cert.KeySpec{kindEC, kindRSA, kindEC, kindEC} {
			supply.Reach(1 + i)
			take(t, m, want)
		}
		synctest.Wait()
		if h := supply.shelves[kindEC]; h == nil || len(h.ready) != 45 {
			t.Errorf("keys of the kind that most functions took: %+v, want 45", h)
		}
		supply.Stop()
	})
}

func TestKeySupplyLeavesHardwareAlone(t *testing.T) {
	maker := &keyMaker{}
	for _, m := range []*Manager{{rehearsal: true}, {oneRing: true, hardware: noHardware{}}} {
		m.newKey = maker.generate
		_, supply := m.SupplyKeys(t.Context(), func(func(int, cert.KeySpec) bool) { t.Error("the list of keys is read") })
		supply.Reach(1)
		supply.Stop()
	}
	if got := maker.made.Load(); got != 0 {
		t.Errorf("%d keys were made", got)
	}
}

// noHardware is hardware that must not be asked for anything.
type noHardware struct{ Hardware }

func TestWipe(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	wipe(key)
	if !key.Equal(make(ed25519.PrivateKey, ed25519.PrivateKeySize)) {
		t.Error("the key is still there")
	}
}
