package sqldb

import (
	"bytes"
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"signet/backend/backendtest"
	"signet/backend/seal"
	"signet/ring"
)

// bound makes a closed database with a token of two objects and, with the same handles and the
// same keys, two certificates.
func bound(t *testing.T) (path string, secret []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "signet.db")
	db, err := Open(t.Context(), path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), func(tx ring.Tx) error {
		k := &ring.Token{Name: "T"}
		if err := tx.AddToken(k); err != nil {
			return err
		}
		for _, label := range []string{"one", "two"} {
			x, key := backendtest.Make(t, backendtest.Spec{Subject: label})
			secret = backendtest.Scalar(t, key)
			c := ring.NewCertificate(ring.CertRef{Owner: "FLEET", Label: label}, x)
			o := &ring.TokenObject{Token: k, Owner: "FLEET", Label: label, Usage: ring.UsagePersonal, DER: x.Raw}
			err := errors.Join(tx.AddCertificate(c), tx.PutPrivateKey(c, key), tx.AddTokenObject(o), tx.PutTokenKey(o, key))
			if err != nil {
				return err
			}
			if o.ID != c.ID {
				t.Fatalf("handles %d and %d differ", o.ID, c.ID)
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return path, secret
}

// tokenKeyOf opens the private key of the first object in a new process's way.
func tokenKeyOf(t *testing.T, path string) (key crypto.Signer, err error) {
	t.Helper()
	db, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(t.Context(), func(tx ring.Tx) error {
		k, err := tx.Token("T")
		if err != nil {
			t.Fatal(err)
		}
		o, err := tx.TokenObject(k, 1)
		if err != nil {
			t.Fatal(err)
		}
		key, err = tx.TokenKey(o)
		return err
	})
	return key, err
}

// TestTokenKeySealedToObject moves sealed keys to where they do not belong.
func TestTokenKeySealedToObject(t *testing.T) {
	for name, change := range map[string]string{
		"from a certificate": "UPDATE token_keys SET sealed = (SELECT sealed FROM private_keys WHERE certificate = 1) WHERE object = 1",
		"other object":       "UPDATE token_keys SET sealed = (SELECT sealed FROM token_keys WHERE object = 2) WHERE object = 1",
		"other database":     "UPDATE meta SET uuid = 'other'",
		"other public key":   "UPDATE token_objects SET der = (SELECT der FROM token_objects WHERE id = 2) WHERE id = 1",
		"altered":            "UPDATE token_keys SET sealed = CAST(substr(sealed, 1, 40) || CASE substr(sealed, 41, 1) WHEN x'00' THEN x'01' ELSE x'00' END || substr(sealed, 42) AS BLOB)",
		"empty":              "UPDATE token_keys SET sealed = x''",
	} {
		path, _ := bound(t)
		if _, err := tokenKeyOf(t, path); err != nil {
			t.Fatal(err)
		}
		raw(t, path, change)
		_, err := tokenKeyOf(t, path)
		if !errors.Is(err, seal.ErrOpen) {
			t.Errorf("%s: %v", name, err)
		}
		contains(t, err, `private key of token "T": certificate 00000001`)
		if ring.CodeOf(err) != ring.Failed {
			t.Errorf("%s: return code %d", name, ring.CodeOf(err))
		}
	}
	// And the other way: a token's key does not open as a certificate's.
	path, _ := bound(t)
	raw(t, path, "UPDATE private_keys SET sealed = (SELECT sealed FROM token_keys WHERE object = 1) WHERE certificate = 1")
	if err := keyOf(t, path, "one"); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("token's key in a certificate: %v", err)
	}
}

func TestTokenKeyNotReadable(t *testing.T) {
	path, secret := bound(t)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, secret) {
		t.Error("the file shows the private key of a token")
	}
}

// TestTokenFull gives the last sequence number, and then none.
func TestTokenFull(t *testing.T) {
	path, _ := bound(t)
	raw(t, path, "UPDATE tokens SET last_seq = 4294967294")
	db := open(t, path)
	for _, tc := range []struct {
		label string
		class error
	}{{"last", nil}, {"too many", ring.ErrUnsupported}} {
		err := db.Update(t.Context(), func(tx ring.Tx) error {
			k, err := tx.Token("T")
			if err != nil {
				return err
			}
			x, _ := backendtest.Make(t, backendtest.Spec{Subject: tc.label})
			o := &ring.TokenObject{Token: k, Owner: "FLEET", Label: tc.label, Usage: ring.UsageSite, DER: x.Raw}
			if err := tx.AddTokenObject(o); err != nil {
				return err
			}
			got, err := tx.TokenObject(k, 0xFFFFFFFF)
			if err == nil && got.ID != o.ID {
				t.Errorf("found %d, not %d", got.ID, o.ID)
			}
			return err
		})
		if !errors.Is(err, tc.class) {
			t.Errorf("%s: %v", tc.label, err)
		}
	}
}
