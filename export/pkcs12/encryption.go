package pkcs12

import (
	"bytes"
	"crypto/cipher"
	"crypto/rc4"  // #nosec G503 -- only to read files that others made
	"crypto/sha1" // #nosec G505 -- the key derivation of RFC 7292 appendix C, for old files and old readers
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// maxKeySize caps what a package may ask of PBKDF2, in bytes. The longest MAC has as many; each
// further one would let a package ask for its rounds once more.
const maxKeySize = 64

// scheme names how something is encrypted, by object identifiers. The zero scheme is none.
type scheme struct {
	cipher string // the scheme of PBES1, or the cipher of PBES2
	prf    string // of PBES2
}

// encryption says how something was encrypted.
type encryption struct {
	scheme
	cipher blockCipher
	kdf    pbkdf2Params
	iv     []byte // nil for PBES1, which derives it
}

// readEncryption reads the algorithm that what is encrypted with.
func readEncryption(in *cryptobyte.String, what string) (*encryption, error) {
	a, ok := readAlgorithm(in)
	if !ok {
		return nil, errDamaged
	}
	if a.id == pbes2ID {
		return readPBES2(a, what)
	}
	e := &encryption{scheme: scheme{cipher: a.id}}
	if e.cipher, ok = pbes1Schemes[a.id]; !ok {
		return nil, unsupported(a.id, what)
	}
	var params cryptobyte.String // RFC 7292 appendix C, pkcs-12PbeParams
	if !a.params.ReadASN1(&params, der.SEQUENCE) || !params.ReadASN1Bytes(&e.kdf.salt, der.OCTET_STRING) {
		return nil, errDamaged
	}
	var err error
	e.kdf.rounds, err = readRounds(&params)
	return e, err
}

// readPBES2 reads the parameters of RFC 8018 appendix A.4.
func readPBES2(a algorithm, what string) (*encryption, error) {
	kdf, under, err := readPBKDF2(a, what)
	if err != nil {
		return nil, err
	}
	e := &encryption{scheme: scheme{cipher: under.id, prf: kdf.prfID}, kdf: kdf}
	var ok bool
	if e.cipher, ok = pbes2Ciphers[under.id]; !ok {
		return nil, unsupported(under.id, what)
	}
	if !under.params.ReadASN1Bytes(&e.iv, der.OCTET_STRING) || len(e.iv) != e.cipher.blockSize ||
		kdf.keySize != 0 && kdf.keySize != e.cipher.keySize {
		return nil, errDamaged
	}
	return e, nil
}

// readPBKDF2 reads what PBES2 and PBMAC1 have in common (RFC 8018 appendix A.4 and A.5): PBKDF2,
// and the scheme that its key is for.
func readPBKDF2(a algorithm, what string) (kdf pbkdf2Params, under algorithm, err error) {
	var params, in cryptobyte.String
	if !a.params.ReadASN1(&params, der.SEQUENCE) {
		return kdf, under, errDamaged
	}
	derive, ok := readAlgorithm(&params)
	if !ok {
		return kdf, under, errDamaged
	}
	if derive.id != pbkdf2ID {
		return kdf, under, unsupported(derive.id, what)
	}
	if under, ok = readAlgorithm(&params); !ok {
		return kdf, under, errDamaged
	}
	// RFC 8018 appendix A.2; the other choice of salt is not in use.
	if !derive.params.ReadASN1(&in, der.SEQUENCE) || !in.ReadASN1Bytes(&kdf.salt, der.OCTET_STRING) {
		return kdf, under, errDamaged
	}
	if kdf.rounds, err = readRounds(&in); err != nil {
		return kdf, under, err
	}
	if in.PeekASN1Tag(der.INTEGER) && (!in.ReadASN1Integer(&kdf.keySize) || kdf.keySize < 1 || kdf.keySize > maxKeySize) {
		return kdf, under, errDamaged
	}
	prf := algorithm{id: hmacSHA1ID}
	if !in.Empty() {
		if prf, ok = readAlgorithm(&in); !ok {
			return kdf, under, errDamaged
		}
	}
	kdf.prfID = prf.id
	if kdf.prf, ok = hmacs[prf.id]; !ok {
		return kdf, under, unsupported(prf.id, what)
	}
	return kdf, under, nil
}

// readRounds reads a number of rounds.
func readRounds(in *cryptobyte.String) (int, error) {
	var rounds int64
	if !in.PeekASN1Tag(der.INTEGER) {
		return 0, errDamaged
	}
	if !in.ReadASN1Integer(&rounds) || rounds < 1 || rounds > maxRounds {
		return 0, fmt.Errorf("a number of key derivation rounds that is not 1 to %d", maxRounds)
	}
	return int(rounds), nil
}

// checkLength refuses encrypted data of a length that cannot be, so that no key is derived in vain.
func (e *encryption) checkLength(data []byte, what string) error {
	if len(data) == 0 || len(data)%e.cipher.blockSize != 0 {
		return fmt.Errorf("%s is encrypted, and its length is not a multiple of the cipher's block size", what)
	}
	return nil
}

// derive gives the key and the initialization vector.
func (e *encryption) derive(s secret) (key, iv []byte, err error) {
	if e.iv != nil {
		key, err = e.kdf.derive(s.utf8, e.cipher.keySize)
		return key, e.iv, err
	}
	key = deriveKey(sha1.New, forKey, s.bmp, e.kdf.salt, e.kdf.rounds, e.cipher.keySize)
	if e.cipher.create != nil {
		iv = deriveKey(sha1.New, forIV, s.bmp, e.kdf.salt, e.kdf.rounds, e.cipher.blockSize)
	}
	return key, iv, nil
}

var errPadding = errors.New("bad padding")

// decrypt takes the encryption and the padding of RFC 8018 section 6.1.1 away.
func (e *encryption) decrypt(s secret, data []byte) ([]byte, error) {
	key, iv, err := e.derive(s)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	out := make([]byte, len(data))
	if e.cipher.create == nil {
		stream, err := rc4.NewCipher(key)
		if err != nil {
			return nil, err
		}
		stream.XORKeyStream(out, data)
		return out, nil
	}
	block, err := e.cipher.create(key)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	pad := int(out[len(out)-1])
	if pad < 1 || pad > e.cipher.blockSize || !bytes.HasSuffix(out, bytes.Repeat([]byte{byte(pad)}, pad)) {
		clear(out)
		return nil, errPadding
	}
	return out[:len(out)-pad], nil
}

// encrypt gives the padded and encrypted form of data, in its place if there is room behind it.
func (e *encryption) encrypt(s secret, data []byte) ([]byte, error) {
	key, iv, err := e.derive(s)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := e.cipher.create(key)
	if err != nil {
		return nil, err
	}
	pad := e.cipher.blockSize - len(data)%e.cipher.blockSize
	data = append(data, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	return data, nil
}
