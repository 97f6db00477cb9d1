package keyfile

import (
	"path/filepath"
	"testing"

	"signet/backend/backendtest"
	"signet/export/keystore"
	"signet/export/pkcs12"
	"signet/ring"
)

// password is that of the keystores of the tests.
const password = "changeit"

// options are those of the tests: the password, and a user who owns nothing yet.
func options() Options {
	return Options{User: "ISSUER", Password: func(bool) ([]byte, error) { return []byte(password), nil }}
}

// kind is a kind of keystore to test.
type kind struct {
	name     string // of the test and of the keystore
	format   string
	profile  pkcs12.Profile
	features backendtest.Features
}

// kinds gives one of each kind that holds private keys.
func kinds() []kind {
	all := []kind{
		{"JKS", keystore.JKS, pkcs12.Profile{}, backendtest.Features{Folds: true}},
		{"JCEKS", keystore.JCEKS, pkcs12.Profile{}, backendtest.Features{Folds: true}},
		{"PEM", ring.FormatPEM, pkcs12.Profile{}, backendtest.Features{Sorted: true}},
	}
	for _, p := range pkcs12.Profiles() {
		if p.Name != pkcs12.Passwordless.Name {
			all = append(all, kind{"PKCS12 " + p.Name, keystore.PKCS12, p, backendtest.Features{Folds: true, Defaults: true, Statuses: true}})
		}
	}
	return all
}

// open opens a keystore of a kind at a path.
func (k kind) open(t testing.TB, path string, o Options) *Store {
	t.Helper()
	s, err := k.tryOpen(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (k kind) tryOpen(path string, o Options) (*Store, error) {
	if k.format == ring.FormatPEM {
		return OpenFolder(path, o)
	}
	o.Profile = k.profile
	return OpenFile(path, k.format, o)
}

// TestStore runs the behaviour suite over every kind of keystore.
func TestStore(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			backendtest.Run(t, func(t *testing.T) ring.Store {
				return k.open(t, filepath.Join(t.TempDir(), "keystore"), options())
			}, k.features)
		})
	}
}
