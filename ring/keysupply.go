package ring

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"iter"
	"runtime"
	"sync"

	"signet/cert"
)

// supplyAhead is how many key pairs wait at most, made or being made. It bounds the memory of a
// run: 256 keys of RSA 4096 take about 3 MB.
const supplyAhead = 256

// KeySupply makes key pairs on all processors before the functions that need them run. It is
// told what is coming and how far the run is. Keys of one kind are alike until one is handed out,
// so what a failed function did not take serves a later one; no key is handed out twice.
//
// A Rekey that does not say which kind of key it wants takes that of a certificate, which nobody
// knows before it runs. The kind that most such functions took so far is made for it.
type KeySupply struct {
	generate func(cert.KeySpec) (crypto.Signer, error)
	unwatch  func() bool

	mu      sync.Mutex
	room    *sync.Cond              // there is room for announcements again
	work    *sync.Cond              // there is a key to make, or nothing more
	made    *sync.Cond              // a key was made
	at      int                     // the number of the function that runs
	asked   bool                    // it has had its key
	coming  []keyNeed               // announced and not passed yet, in order
	begun   int                     // so many of coming have a key, or one is being made for them
	shelves map[cert.KeySpec]*shelf // by kind of key
	held    int                     // keys in all shelves, made or being made
	guess   cert.KeySpec            // the kind for needs of an unknown one; zero until one was met
	met     map[cert.KeySpec]int    // what the functions of such needs took
	fed     bool                    // nothing more will be announced
	stopped bool
}

// keyNeed is a key pair that a function is going to ask for.
type keyNeed struct {
	number int          // of the function
	spec   cert.KeySpec // zero: not known
}

// shelf holds the keys of one kind.
type shelf struct {
	ready  []crypto.Signer
	making int
	due    int // how many of coming[:begun] are of this kind; more keys than that are spare
}

func (h *shelf) spare() bool { return len(h.ready)+h.making > h.due }

// SupplyKeys gives a Manager like m whose software keys are made ahead. coming yields what keys
// the functions to come will need, each with the number of its function; the numbers grow, and
// the zero KeySpec says that the kind is not known before the function runs. It runs on a goroutine of its own, a bounded way ahead. What it does not announce is made when
// it is needed. Keys in hardware and the stand-ins of a rehearsal are never made ahead.
func (m *Manager) SupplyKeys(ctx context.Context, coming iter.Seq2[int, cert.KeySpec]) (*Manager, *KeySupply) {
	s := &KeySupply{generate: m.newKey, shelves: map[cert.KeySpec]*shelf{}, met: map[cert.KeySpec]int{}}
	s.room, s.work, s.made = sync.NewCond(&s.mu), sync.NewCond(&s.mu), sync.NewCond(&s.mu)
	inner := *m
	inner.newKey = func(spec cert.KeySpec) (crypto.Signer, error) { return s.take(ctx, spec) }
	if m.remote != nil || m.rehearsal || m.oneRing && m.hardware != nil {
		s.stopped, s.unwatch = true, func() bool { return true }
		return &inner, s
	}
	go s.feed(coming)
	for range runtime.GOMAXPROCS(0) {
		go s.makeKeys()
	}
	s.unwatch = context.AfterFunc(ctx, s.end)
	return &inner, s
}

// Reach tells that the function with this number is the next to run. What was announced for
// those before it is not waited for any more.
func (s *KeySupply) Reach(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.asked = number, false
	for len(s.coming) > 0 && s.coming[0].number < number {
		s.drop()
	}
}

// Stop ends the supply. The keys that nobody asked for go, and so do the goroutines: at once, or
// when the key is made that they are making. From then on keys are made when they are needed.
func (s *KeySupply) Stop() {
	s.unwatch()
	s.end()
}

func (s *KeySupply) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for _, h := range s.shelves {
		for _, key := range h.ready {
			wipe(key)
		}
	}
	s.shelves, s.coming = nil, nil
	for _, waiting := range []*sync.Cond{s.room, s.work, s.made} {
		waiting.Broadcast()
	}
}

// feed takes in what is coming, as far ahead as may be.
func (s *KeySupply) feed(coming iter.Seq2[int, cert.KeySpec]) {
	for number, spec := range coming {
		if spec != (cert.KeySpec{}) {
			spec = spec.Round() // as Gencert does
		}
		if spec.Check() == nil && !s.announce(keyNeed{number, spec}) {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fed = true
	s.work.Broadcast()
}

// announce waits for room and reports whether anybody is still interested. Room comes by halves:
// to wake a goroutine for each key would cost as much as the key.
func (s *KeySupply) announce(n keyNeed) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for full := len(s.coming) >= supplyAhead; full && len(s.coming) > supplyAhead/2 && !s.stopped; {
		s.room.Wait()
	}
	if late := n.number < s.at || n.number == s.at && s.asked; !late && !s.stopped {
		s.coming = append(s.coming, n)
		s.work.Signal()
	}
	return !s.stopped
}

// makeKeys makes keys until there is nothing more to make.
func (s *KeySupply) makeKeys() {
	for {
		spec, ok := s.next()
		if !ok {
			return
		}
		key, err := s.generate(spec)
		if !s.deliver(spec, key, err) {
			return
		}
	}
}

// next waits for the first need without a key.
func (s *KeySupply) next() (spec cert.KeySpec, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.stopped {
		switch {
		case s.begun < len(s.coming):
			spec = s.kind(s.coming[s.begun])
			s.begun++
			h := s.shelf(spec)
			if h.due++; spec == (cert.KeySpec{}) || len(h.ready)+h.making >= h.due {
				continue // a key that was left over serves
			}
			s.makeRoom()
			h.making++
			s.held++
			return spec, true
		case s.fed && len(s.coming) == 0:
			return spec, false
		}
		s.work.Wait()
	}
	return spec, false
}

// makeRoom throws a spare key of any kind away when there are as many keys as may be.
func (s *KeySupply) makeRoom() {
	if s.held < supplyAhead {
		return
	}
	for _, h := range s.shelves {
		if h.spare() && len(h.ready) > 0 {
			wipe(h.pop())
			s.held--
			return
		}
	}
}

// deliver puts a key on its shelf. When one cannot be made, the supply ends: the function that
// needs the key will say why.
func (s *KeySupply) deliver(spec cert.KeySpec, key crypto.Signer, err error) bool {
	if err != nil {
		s.end()
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		wipe(key)
		return false
	}
	h := s.shelf(spec)
	h.making--
	h.ready = append(h.ready, key)
	s.made.Signal()
	return true
}

// take gives a key to the function that runs: the announced one, for which it may wait, or else
// one that is made now.
func (s *KeySupply) take(ctx context.Context, spec cert.KeySpec) (crypto.Signer, error) {
	if key := s.announced(spec); key != nil {
		return key, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return s.generate(spec)
}

// announced gives the key that was announced for the function that runs, nil when there is none.
func (s *KeySupply) announced(spec cert.KeySpec) crypto.Signer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = true
	if len(s.coming) == 0 || s.coming[0].number != s.at {
		return nil
	}
	if s.coming[0].spec == (cert.KeySpec{}) {
		s.learn(spec)
	}
	if s.kind(s.coming[0]) != spec {
		return nil
	}
	if s.begun == 0 {
		s.drop() // faster here than behind what is being made
		return nil
	}
	h := s.shelf(spec)
	for len(h.ready) == 0 && !s.stopped {
		s.made.Wait()
	}
	if s.stopped {
		return nil
	}
	s.drop()
	s.held--
	return h.pop()
}

// kind is the kind of key for a need, zero when there is not even a guess.
func (s *KeySupply) kind(n keyNeed) cert.KeySpec {
	if n.spec == (cert.KeySpec{}) {
		return s.guess
	}
	return n.spec
}

// learn remembers which kind of key a need of an unknown one turned out to be. When that changes
// the guess, what is due is worked out anew; keys of the former guess become spare.
func (s *KeySupply) learn(spec cert.KeySpec) {
	s.met[spec]++
	if s.met[spec] <= s.met[s.guess] {
		return
	}
	s.guess, s.begun = spec, 0
	for _, h := range s.shelves {
		h.due = 0
	}
	s.work.Broadcast()
}

// drop strikes the first need off the list.
func (s *KeySupply) drop() {
	if s.begun > 0 {
		s.begun--
		s.shelf(s.kind(s.coming[0])).due--
	}
	s.coming = s.coming[1:]
	switch len(s.coming) {
	case supplyAhead / 2:
		s.room.Signal()
	case 0:
		s.work.Broadcast() // perhaps it was the last
	}
}

func (s *KeySupply) shelf(spec cert.KeySpec) *shelf {
	h := s.shelves[spec]
	if h == nil {
		h = new(shelf)
		s.shelves[spec] = h
	}
	return h
}

// pop takes a key off the shelf; nothing else refers to it then.
func (h *shelf) pop() crypto.Signer {
	key := h.ready[0]
	h.ready[0] = nil
	h.ready = h.ready[1:]
	return key
}

// wipe overwrites a key that nobody will use, as far as that can be done: of RSA and EC keys the
// standard library keeps copies out of reach, which the garbage collector takes.
func wipe(key crypto.Signer) {
	if k, ok := key.(ed25519.PrivateKey); ok {
		clear(k)
	}
}
