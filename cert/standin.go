package cert

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
)

// StandIns makes key pairs for rehearsals. They sign and verify, and no two are alike, but the
// RSA keys of one size share their modulus: they cost next to nothing and must never be kept.
// The zero value is ready for use by one goroutine.
type StandIns struct {
	moduli map[int]*rsa.PrivateKey
	last   int // the public exponent given out last
}

// Generate makes a key pair in the place of what the spec asks for. An RSA key above 2048 bits
// is stood in for by one of 2048: no rule looks at more than whether a key is shorter than that.
func (s *StandIns) Generate(k KeySpec) (crypto.Signer, error) {
	k = k.complete()
	if err := k.Check(); err != nil || k.Algorithm != RSA {
		if err != nil {
			return nil, err
		}
		return k.Generate()
	}
	k.Bits = min(k.Bits, defaultRSA)
	base, ok := s.moduli[k.Bits]
	if !ok {
		var err error
		if base, err = rsa.GenerateKey(rand.Reader, k.Bits); err != nil {
			return nil, err
		}
		if s.moduli == nil {
			s.moduli = map[int]*rsa.PrivateKey{}
		}
		s.moduli[k.Bits] = base
	}
	return s.another(base), nil
}

// another gives a key with the modulus of base and a public exponent that no other has.
func (s *StandIns) another(base *rsa.PrivateKey) *rsa.PrivateKey {
	one := big.NewInt(1)
	p, q := base.Primes[0], base.Primes[1]
	totient := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	for s.last = max(s.last, base.E); ; {
		s.last += 2
		d := new(big.Int).ModInverse(big.NewInt(int64(s.last)), totient)
		if d == nil { // the exponent divides the totient
			continue
		}
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: base.N, E: s.last}, D: d, Primes: []*big.Int{p, q}}
		key.Precompute()
		return key
	}
}
