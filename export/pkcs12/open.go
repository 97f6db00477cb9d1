package pkcs12

import (
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// file is a package that is open: all of its bags, in file order. Its keys are still encrypted.
type file struct {
	contents
	secrets []secret
	proved  bool // the MAC or something decrypted has shown that the password is right
	used    bool // something is protected by a password

	mac    macScheme
	hiding scheme // of the encrypted parts; of several the last
	mixed  bool   // the parts are not all alike

	keyRounds atomic.Int64 // of the keys opened so far
}

// open reads all of a package under its password.
func open(data, password []byte) (*file, error) {
	o, err := readOutline(data)
	if err != nil {
		return nil, err
	}
	f := &file{used: o.mac != nil}
	if f.secrets, err = readSecrets(password); err != nil {
		return nil, err
	}
	if o.mac != nil {
		f.mac = o.mac.scheme
		if err := f.check(o); err != nil {
			return nil, err
		}
	}
	for i, p := range o.parts {
		if p.encryption == nil {
			if err := f.read(p.content, false, 0); err != nil {
				return nil, err
			}
			continue
		}
		f.mixed = f.mixed || f.hiding != scheme{} && f.hiding != p.encryption.scheme
		f.used, f.hiding = true, p.encryption.scheme
		plain, err := f.decrypt(f.secrets, p.encryption, p.content, fmt.Sprintf("part %d of it", i+1))
		if err != nil {
			return nil, err
		}
		f.proved = true
		if err := f.read(plain, true, 0); err != nil {
			return nil, err
		}
	}
	for i := range f.bags {
		f.used = f.used || f.bags[i].kind == shroudedKeyBagOID || f.bags[i].kind == secretBagOID
	}
	if !f.used && len(password) > 0 {
		return nil, fmt.Errorf("wrong %w for the PKCS #12 package: nothing in it is protected by one; give an empty one", ErrPassword)
	}
	return f, nil
}

// check compares the MAC.
func (f *file) check(o *outline) error {
	for _, s := range f.secrets {
		ok, err := o.mac.matches(s, o.sealed)
		if err != nil {
			return err
		}
		if ok {
			f.secrets = []secret{s}
			f.proved = true
			return nil
		}
	}
	return fmt.Errorf("wrong %w for the PKCS #12 package, or the package was altered", ErrPassword)
}

// errOther is the error of what the password of the package does not open.
type errOther struct{ what string }

func (e errOther) Error() string {
	return e.what + " is encrypted under another password than the package has, or is damaged"
}

// decrypt gives what was encrypted, which is always one SEQUENCE: one wrong key in 256 leaves
// padding that looks right.
func (f *file) decrypt(secrets []secret, e *encryption, data []byte, what string) ([]byte, error) {
	for _, s := range secrets {
		plain, err := e.decrypt(s, data)
		if err != nil && !errors.Is(err, errPadding) {
			return nil, err
		}
		if err == nil && isSequence(plain) {
			return plain, nil
		}
		clear(plain)
	}
	if !f.proved {
		return nil, errUnproved
	}
	return nil, errOther{what}
}

var errUnproved = fmt.Errorf("wrong %w for the PKCS #12 package, or it was altered: it has no MAC that would tell", ErrPassword)

// isSequence reports whether data is one SEQUENCE in BER.
func isSequence(data []byte) bool {
	in, err := readBER(data)
	return err == nil && in.SkipASN1(der.SEQUENCE) && in.Empty()
}

// readEncryptedKey reads an EncryptedPrivateKeyInfo (RFC 5958 section 3).
func readEncryptedKey(data []byte, what string) (*encryption, []byte, error) {
	in := cryptobyte.String(data)
	var info cryptobyte.String
	if !in.ReadASN1(&info, der.SEQUENCE) || !in.Empty() {
		return nil, nil, errDamaged
	}
	e, err := readEncryption(&info, what)
	if err != nil {
		return nil, nil, err
	}
	encrypted, ok := readOctets(&info)
	if !ok {
		return nil, nil, errDamaged
	}
	return e, encrypted, e.checkLength(encrypted, what)
}
