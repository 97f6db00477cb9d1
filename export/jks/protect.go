package jks

import (
	"crypto/rand"
	"crypto/sha1" // #nosec G505 -- what the format JKS is made of; it has no other
	"crypto/subtle"
)

// maskSHA1 is Sun's key protection of JKS in both directions: data XOR a stream of which each
// block is SHA-1 over the password and the block before, the first being the salt.
func maskSHA1(data, chars, salt []byte) []byte {
	out := make([]byte, len(data))
	h := sha1.New()
	block := salt
	for at := 0; at < len(data); at += sha1.Size {
		h.Reset()
		h.Write(chars)
		h.Write(block)
		block = h.Sum(nil)
		subtle.XORBytes(out[at:], data[at:], block)
	}
	return out
}

// checkSHA1 is what tells a right password: SHA-1 over it and the key in the clear.
func checkSHA1(key, chars []byte) []byte {
	h := sha1.New()
	h.Write(chars)
	h.Write(key)
	return h.Sum(nil)
}

// protectSHA1 seals a key: a salt of 20 bytes, the masked key, and its check.
func protectSHA1(key []byte, password *secret) []byte {
	chars := password.utf16()
	defer clear(chars)
	salt := make([]byte, sha1.Size)
	rand.Read(salt) // never fails
	return append(append(salt, maskSHA1(key, chars, salt)...), checkSHA1(key, chars)...)
}

// recoverSHA1 is the reverse of protectSHA1; nil if the password is wrong.
func recoverSHA1(sealed []byte, password *secret) []byte {
	if len(sealed) < 2*sha1.Size {
		return nil
	}
	chars := password.utf16()
	defer clear(chars)
	salt, rest := sealed[:sha1.Size], sealed[sha1.Size:]
	masked, want := rest[:len(rest)-sha1.Size], rest[len(rest)-sha1.Size:]
	key := maskSHA1(masked, chars, salt)
	if subtle.ConstantTimeCompare(checkSHA1(key, chars), want) == 0 {
		clear(key)
		return nil
	}
	return key
}
