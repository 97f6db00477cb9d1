package pkcs12

import (
	"crypto"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"signet/cert"
)

// opener decrypts what is in a package.
type opener struct {
	secrets []secret
	proved  bool // the MAC or something decrypted has shown that the password is right
}

// open reads all of a package under its password: every certificate and every private key, in
// file order. The keys are still encrypted; opener.privateKey gives them.
func open(data, password []byte) ([]entry, *opener, error) {
	o, err := readOutline(data)
	if err != nil {
		return nil, nil, err
	}
	op := &opener{}
	if op.secrets, err = readSecrets(password); err != nil {
		return nil, nil, err
	}
	if o.mac != nil {
		if err := op.check(o); err != nil {
			return nil, nil, err
		}
	}
	var entries []entry
	uses := o.mac != nil // the password
	for _, p := range o.parts {
		if p.encryption != nil {
			uses = true
			plain, err := op.decrypt(p.encryption, p.encrypted, "a part of it")
			if err != nil {
				return nil, nil, err
			}
			if p.entries, err = o.readContents(plain, 0); err != nil {
				return nil, nil, err
			}
		}
		entries = append(entries, p.entries...)
	}
	for _, e := range entries {
		uses = uses || e.encryption != nil
	}
	if !uses && len(password) > 0 {
		return nil, nil, fmt.Errorf("wrong %w for the PKCS #12 package: nothing in it is protected by one; give an empty one", ErrPassword)
	}
	return entries, op, nil
}

// check compares the MAC.
func (op *opener) check(o *outline) error {
	for _, s := range op.secrets {
		ok, err := o.mac.matches(s, o.sealed)
		if err != nil {
			return err
		}
		if ok {
			op.proved = true
			return nil
		}
	}
	return fmt.Errorf("wrong %w for the PKCS #12 package, or the package was altered", ErrPassword)
}

// decrypt gives what was encrypted, which is always one DER SEQUENCE: one wrong key in 256
// leaves padding that looks right.
func (op *opener) decrypt(e *encryption, data []byte, what string) ([]byte, error) {
	for _, s := range op.secrets {
		plain, err := e.decrypt(s, data)
		if err != nil && !errors.Is(err, errPadding) {
			return nil, err
		}
		in := cryptobyte.String(plain)
		if err == nil && in.SkipASN1(der.SEQUENCE) && in.Empty() {
			op.proved = true
			return plain, nil
		}
		clear(plain)
	}
	if !op.proved {
		return nil, fmt.Errorf("wrong %w for the PKCS #12 package, or it was altered: it has no MAC that would tell", ErrPassword)
	}
	return nil, fmt.Errorf("%s is encrypted under another password than the package has, or is damaged", what)
}

// privateKey gives the key of an entry.
func (op *opener) privateKey(e entry) (crypto.Signer, error) {
	if e.encryption == nil {
		return cert.ParsePrivateKey(e.key)
	}
	pkcs8, err := op.decrypt(e.encryption, e.key, "its private key")
	if err != nil {
		return nil, err
	}
	defer clear(pkcs8)
	return cert.ParsePrivateKey(pkcs8)
}
