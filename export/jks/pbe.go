package jks

import (
	"bytes"
	"crypto/cipher"
	"crypto/des" // #nosec G502 -- what the format JCEKS is made of; it has no other
	"crypto/md5" // #nosec G501 -- what the format JCEKS is made of; it has no other
	"crypto/rand"
)

// The rounds of the JCEKS key protection: what is written, as Java does, and the most that are
// read, which is Java's cap as well.
const (
	defaultRounds = 200_000
	maxRounds     = 5_000_000
)

// saltSizePBE is the length of its salt, in bytes.
const saltSizePBE = 8

// keyPBE is the key derivation of PBEWithMD5AndTripleDES, which is in no standard: each half of
// the salt, with the password, goes through its own rounds of MD5 over the digest and the
// password. 24 of the 32 bytes are the key and the rest is the IV. If the halves are equal, the
// first is reversed, as else they would give single DES.
func keyPBE(password, salt []byte, rounds int) []byte {
	salt = bytes.Clone(salt)
	const half = saltSizePBE / 2
	if bytes.Equal(salt[:half], salt[half:]) {
		salt[0], salt[1], salt[2], salt[3] = salt[3], salt[2], salt[1], salt[0]
	}
	out := make([]byte, 0, 2*md5.Size)
	block := make([]byte, 0, md5.Size+len(password))
	for _, part := range [][]byte{salt[:half], salt[half:]} {
		block = append(append(block[:0], part...), password...)
		for range rounds {
			sum := md5.Sum(block)
			block = append(append(block[:0], sum[:]...), password...)
		}
		out = append(out, block[:md5.Size]...)
	}
	clear(block[:cap(block)])
	return out
}

// cryptPBE encrypts or decrypts data, of whole blocks, in place.
func cryptPBE(data, password, salt []byte, rounds int, mode func(cipher.Block, []byte) cipher.BlockMode) error {
	key := keyPBE(password, salt, rounds)
	defer clear(key)
	block, err := des.NewTripleDESCipher(key[:24])
	if err != nil {
		return err
	}
	mode(block, key[24:]).CryptBlocks(data, data)
	return nil
}

// protectPBE seals a key and gives the salt as well.
func protectPBE(key, password []byte, rounds int) (salt, sealed []byte, err error) {
	salt = make([]byte, saltSizePBE)
	rand.Read(salt) // never fails
	pad := des.BlockSize - len(key)%des.BlockSize
	sealed = make([]byte, len(key)+pad) // of one piece, so that no copy in the clear stays behind
	copy(sealed[copy(sealed, key):], bytes.Repeat([]byte{byte(pad)}, pad))
	if err = cryptPBE(sealed, password, salt, rounds, cipher.NewCBCEncrypter); err != nil {
		return nil, nil, err
	}
	return salt, sealed, nil
}

// recoverPBE is the reverse of protectPBE; nil if the padding is wrong, which is how most wrong
// passwords show.
func recoverPBE(sealed, password, salt []byte, rounds int) ([]byte, error) {
	if len(sealed) == 0 || len(sealed)%des.BlockSize != 0 {
		return nil, errSealed
	}
	key := bytes.Clone(sealed)
	if err := cryptPBE(key, password, salt, rounds, cipher.NewCBCDecrypter); err != nil {
		return nil, err
	}
	pad := int(key[len(key)-1])
	if pad == 0 || pad > des.BlockSize || !bytes.Equal(key[len(key)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		clear(key)
		return nil, nil
	}
	return key[:len(key)-pad], nil
}
