package pkcs12

import (
	"bytes"
	"crypto/pbkdf2"
	"hash"
)

// What a key from deriveKey is for (RFC 7292 appendix B.3).
const (
	forKey = 1
	forIV  = 2
	forMAC = 3
)

// deriveKey is the key derivation of RFC 7292 appendix B.2. The letters are those of the RFC.
func deriveKey(newHash func() hash.Hash, purpose byte, password, salt []byte, rounds, size int) []byte {
	h := newHash()
	v := h.BlockSize()
	d := bytes.Repeat([]byte{purpose}, v)
	i := append(fillBlocks(salt, v), fillBlocks(password, v)...)
	defer clear(i)
	var out []byte
	for {
		h.Reset()
		h.Write(d)
		h.Write(i)
		a := h.Sum(nil)
		for range rounds - 1 {
			h.Reset()
			h.Write(a)
			a = h.Sum(a[:0])
		}
		if out = append(out, a...); len(out) >= size {
			return out[:size]
		}
		b := make([]byte, v)
		for n := range b {
			b[n] = a[n%len(a)]
		}
		for at := 0; at < len(i); at += v {
			addOne(i[at:at+v], b)
		}
	}
}

// fillBlocks repeats data to a multiple of size; nothing stays nothing.
func fillBlocks(data []byte, size int) []byte {
	out := make([]byte, (len(data)+size-1)/size*size)
	for n := range out {
		out[n] = data[n%len(data)]
	}
	return out
}

// addOne adds b + 1 to a, both of one length, without the carry out.
func addOne(a, b []byte) {
	carry := 1
	for n := len(a) - 1; n >= 0; n-- {
		carry += int(a[n]) + int(b[n])
		a[n] = byte(carry)
		carry >>= 8
	}
}

// pbkdf2Params are the parameters of PBKDF2 (RFC 8018 appendix A.2).
type pbkdf2Params struct {
	salt    []byte
	rounds  int
	keySize int // 0 if the package does not say
	prf     func() hash.Hash
	prfID   string // its object identifier
}

// derive gives a key, or an error where the program may not use the algorithm.
func (p pbkdf2Params) derive(password string, size int) ([]byte, error) {
	return pbkdf2.Key(p.prf, password, p.salt, p.rounds, size)
}
