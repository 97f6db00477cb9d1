package pkcs12

import (
	"bytes"
	"crypto/cipher"
	"crypto/sha1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// maxKeySize caps what a package may ask of PBKDF2, in bytes. The longest MAC has as many; each
// further one would let a package ask for its rounds once more.
const maxKeySize = 64

// encryption says how something was encrypted.
type encryption struct {
	cipher blockCipher
	kdf    pbkdf2Params
	iv     []byte // nil for PBES1, which derives it
}

// readEncryption reads the algorithm that what is encrypted with, and adds up its rounds.
func (o *outline) readEncryption(in *cryptobyte.String, what string) (*encryption, error) {
	a, ok := readAlgorithm(in)
	if !ok {
		return nil, errDamaged
	}
	if a.id.Equal(oidPBES2) {
		return o.readPBES2(a, what)
	}
	e := &encryption{}
	if e.cipher, ok = pbes1Schemes[a.id.String()]; !ok {
		return nil, unsupported(a.id, what)
	}
	var params cryptobyte.String // RFC 7292 appendix C, pkcs-12PbeParams
	if !a.params.ReadASN1(&params, der.SEQUENCE) || !params.ReadASN1Bytes(&e.kdf.salt, der.OCTET_STRING) {
		return nil, errDamaged
	}
	var err error
	e.kdf.rounds, err = o.addRounds(&params)
	return e, err
}

// readPBES2 reads the parameters of RFC 8018 appendix A.4.
func (o *outline) readPBES2(a algorithm, what string) (*encryption, error) {
	kdf, scheme, err := o.readPBKDF2(a, what)
	if err != nil {
		return nil, err
	}
	e := &encryption{kdf: kdf}
	var ok bool
	if e.cipher, ok = pbes2Ciphers[scheme.id.String()]; !ok {
		return nil, unsupported(scheme.id, what)
	}
	if !scheme.params.ReadASN1Bytes(&e.iv, der.OCTET_STRING) || len(e.iv) != e.cipher.blockSize ||
		kdf.keySize != 0 && kdf.keySize != e.cipher.keySize {
		return nil, errDamaged
	}
	return e, nil
}

// readPBKDF2 reads what PBES2 and PBMAC1 have in common (RFC 8018 appendix A.4 and A.5): PBKDF2,
// and the scheme that its key is for.
func (o *outline) readPBKDF2(a algorithm, what string) (kdf pbkdf2Params, scheme algorithm, err error) {
	var params, in cryptobyte.String
	if !a.params.ReadASN1(&params, der.SEQUENCE) {
		return kdf, scheme, errDamaged
	}
	derive, ok := readAlgorithm(&params)
	if !ok {
		return kdf, scheme, errDamaged
	}
	if !derive.id.Equal(oidPBKDF2) {
		return kdf, scheme, unsupported(derive.id, what)
	}
	if scheme, ok = readAlgorithm(&params); !ok {
		return kdf, scheme, errDamaged
	}
	// RFC 8018 appendix A.2; the other choice of salt is not in use.
	if !derive.params.ReadASN1(&in, der.SEQUENCE) || !in.ReadASN1Bytes(&kdf.salt, der.OCTET_STRING) {
		return kdf, scheme, errDamaged
	}
	if kdf.rounds, err = o.addRounds(&in); err != nil {
		return kdf, scheme, err
	}
	if in.PeekASN1Tag(der.INTEGER) && (!in.ReadASN1Integer(&kdf.keySize) || kdf.keySize < 1 || kdf.keySize > maxKeySize) {
		return kdf, scheme, errDamaged
	}
	prf := algorithm{id: oidHMACSHA1}
	if !in.Empty() {
		if prf, ok = readAlgorithm(&in); !ok {
			return kdf, scheme, errDamaged
		}
	}
	if kdf.prf, ok = hmacs[prf.id.String()]; !ok {
		return kdf, scheme, unsupported(prf.id, what)
	}
	return kdf, scheme, nil
}

// checkLength refuses encrypted data of a length that cannot be, so that no key is derived in vain.
func (e *encryption) checkLength(data []byte, what string) error {
	if len(data) == 0 || len(data)%e.cipher.blockSize != 0 {
		return fmt.Errorf("%s is encrypted, and its length is not a multiple of the cipher's block size", what)
	}
	return nil
}

var errPadding = errors.New("bad padding")

// decrypt takes the encryption and the padding of RFC 8018 section 6.1.1 away.
func (e *encryption) decrypt(s secret, data []byte) ([]byte, error) {
	var key, iv []byte
	if e.iv == nil {
		key = deriveKey(sha1.New, forKey, s.bmp, e.kdf.salt, e.kdf.rounds, e.cipher.keySize)
		iv = deriveKey(sha1.New, forIV, s.bmp, e.kdf.salt, e.kdf.rounds, e.cipher.blockSize)
	} else {
		var err error
		if key, err = e.kdf.derive(s.utf8, e.cipher.keySize); err != nil {
			return nil, err
		}
		iv = e.iv
	}
	defer clear(key)
	block, err := e.cipher.create(key)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	pad := int(out[len(out)-1])
	if pad < 1 || pad > e.cipher.blockSize || !bytes.HasSuffix(out, bytes.Repeat([]byte{byte(pad)}, pad)) {
		clear(out)
		return nil, errPadding
	}
	return out[:len(out)-pad], nil
}
