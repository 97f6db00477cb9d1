package pkcs12

import (
	"errors"
	"signet/export/keystore"
)

const (
	Modern       = "modern"
	Passwordless = "passwordless"
)

type Profile struct{ Name string }

func ProfileNamed(name string) (Profile, error) { return Profile{name}, nil }
func ProfileFor(name string) (Profile, error)   { return Profile{name}, nil }
func Read(data, password []byte) (*keystore.Keystore, error) {
	return nil, errors.New("shim")
}
func Write(ks *keystore.Keystore, password []byte, p Profile) ([]byte, error) {
	return nil, errors.New("shim")
}
