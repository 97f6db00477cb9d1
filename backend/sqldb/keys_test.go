package sqldb

import (
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signet/backend/backendtest"
	"signet/backend/seal"
	"signet/ring"
)

// keyOf opens the private key of a certificate in a new process's way.
func keyOf(t *testing.T, path, label string) error {
	t.Helper()
	db, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return db.View(t.Context(), func(tx ring.Tx) error {
		c, err := tx.Certificate(ring.CertRef{Owner: "FLEET", Label: label})
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.PrivateKey(c)
		return err
	})
}

// two makes a database with the certificates "one" and "two".
func two(t *testing.T) string {
	path := made(t)
	db := open(t, path)
	if err := addOne(t.Context(), db, "two"); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSealedToRecord moves sealed keys to where they do not belong.
func TestSealedToRecord(t *testing.T) {
	const swap = "UPDATE %[1]s SET %[2]s = (SELECT o.%[2]s FROM %[1]s o WHERE o.rowid = 3 - %[1]s.rowid) WHERE rowid = 1"
	for name, change := range map[string]string{
		"other row":        fmt.Sprintf(swap, "private_keys", "sealed"),
		"other database":   "UPDATE meta SET uuid = 'other'",
		"other public key": fmt.Sprintf(swap, "certificates", "der"),
		"altered":          "UPDATE private_keys SET sealed = CAST(substr(sealed, 1, 40) || CASE substr(sealed, 41, 1) WHEN x'00' THEN x'01' ELSE x'00' END || substr(sealed, 42) AS BLOB)",
		"cut":              "UPDATE private_keys SET sealed = substr(sealed, 1, 20)",
		"empty":            "UPDATE private_keys SET sealed = x''",
	} {
		path := two(t)
		if err := keyOf(t, path, "one"); err != nil {
			t.Fatal(err)
		}
		raw(t, path, change)
		err := keyOf(t, path, "one")
		if !errors.Is(err, seal.ErrOpen) && name != "empty" {
			t.Errorf("%s: %v", name, err)
		}
		contains(t, err, "private key of certificate FLEET/one")
		if ring.CodeOf(err) != ring.Failed {
			t.Errorf("%s: return code %d", name, ring.CodeOf(err))
		}
	}
	path := two(t)
	raw(t, path, "DELETE FROM private_keys")
	contains(t, keyOf(t, path, "one"), "private key of certificate FLEET/one", "gone")
}

func TestWrongStash(t *testing.T) {
	path := two(t)
	stash := StashPath(path)
	good, err := os.ReadFile(stash)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(stash, 0o640); err != nil {
		t.Fatal(err)
	}
	contains(t, keyOf(t, path, "one"), "chmod 600 "+stash)

	if err := os.Remove(stash); err != nil {
		t.Fatal(err)
	}
	err = keyOf(t, path, "one")
	contains(t, err, stash, "private key")
	if !errors.Is(err, fs.ErrNotExist) || ring.CodeOf(err) != ring.Failed {
		t.Errorf("missing: %v", err)
	}
	// Everything else works, and no new stash file appears that would not fit.
	db := open(t, path)
	err = db.Update(t.Context(), func(tx ring.Tx) error {
		c, err := tx.Certificate(ring.CertRef{Owner: "FLEET", Label: "one"})
		if err != nil {
			return err
		}
		c.LastSerial++
		return tx.UpdateCertificate(c)
	})
	if err != nil {
		t.Errorf("without the stash file: %v", err)
	}
	if _, err := os.Stat(stash); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the stash file came back: %v", err)
	}

	if _, err := seal.CreateStash(stash, nil); err != nil {
		t.Fatal(err)
	}
	err = keyOf(t, path, "one")
	if !errors.Is(err, seal.ErrIdentity) {
		t.Errorf("another stash file: %v", err)
	}
	contains(t, err, stash, path, "FLEET/one")
	if err := addOne(t.Context(), db, "three"); !errors.Is(err, seal.ErrIdentity) {
		t.Errorf("sealed for another stash file: %v", err)
	}

	if err := os.WriteFile(stash, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := keyOf(t, path, "one"); err != nil {
		t.Errorf("the copy put back: %v", err)
	}
}

// TestNothingReadable looks for a private key, and for the identity, in the files.
func TestNothingReadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signet.db")
	db := open(t, path)
	x, key := backendtest.Make(t, backendtest.Spec{Subject: "one"})
	err := db.Update(t.Context(), func(tx ring.Tx) error {
		c := ring.NewCertificate(ring.CertRef{Owner: "FLEET", Label: "one"}, x)
		if err := tx.AddCertificate(c); err != nil {
			return err
		}
		return tx.PutPrivateKey(c, key)
	})
	if err != nil {
		t.Fatal(err)
	}
	secret := backendtest.Scalar(t, key)
	for _, file := range []string{path, path + "-wal", path + "-shm", db.Stash()} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), string(secret)) {
			t.Errorf("%s shows the private key", filepath.Base(file))
		}
		if file != db.Stash() && strings.Contains(string(data), "AGE-SECRET-KEY") {
			t.Errorf("%s shows the identity", filepath.Base(file))
		}
	}
}

func TestTokenKey(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "signet.db"))
	x, key := backendtest.Make(t, backendtest.Spec{Subject: "one"})
	c := ring.NewCertificate(ring.CertRef{Owner: "FLEET", Label: "one"}, x)
	c.Key = "pkcs11:token=HSM;object=one"
	err := db.Update(t.Context(), func(tx ring.Tx) error {
		if err := tx.AddCertificate(c); err != nil {
			return err
		}
		stored, err := tx.Certificate(c.Ref())
		if err != nil {
			return err
		}
		if stored.Key != "pkcs11:token=HSM;object=one" {
			t.Errorf("key reference %q", stored.Key)
		}
		_, err = tx.PrivateKey(stored)
		for _, err := range []error{err, tx.PutPrivateKey(stored, key)} {
			if !errors.Is(err, ring.ErrUnsupported) {
				t.Errorf("error %v", err)
			}
			contains(t, err, "FLEET/one", "token")
		}
		// The reference can be forgotten and recorded, once.
		if err := tx.DeletePrivateKey(stored); err != nil || stored.HasKey() {
			t.Errorf("forgotten: %v, key reference %q", err, stored.Key)
		}
		if err := tx.PutKeyRef(stored, ring.KeyInStore); !errors.Is(err, ring.ErrInvalid) {
			t.Errorf("a reference to no token: error %v", err)
		}
		if err := tx.PutKeyRef(stored, c.Key); err != nil || stored.Key != c.Key {
			t.Errorf("recorded: %v, key reference %q", err, stored.Key)
		}
		if err := tx.PutKeyRef(stored, c.Key); !errors.Is(err, ring.ErrExists) {
			t.Errorf("recorded twice: error %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSerialOctets checks that no two numbers are stored alike.
func TestSerialOctets(t *testing.T) {
	seen := map[string]int64{}
	for n := int64(-70000); n <= 70000; n++ {
		b, err := serialOctets(big.NewInt(n))
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[string(b)]; ok {
			t.Fatalf("%d and %d are both % x", n, other, b)
		}
		seen[string(b)] = n
	}
	for n, want := range map[int64]string{0: "\x00", 127: "\x7f", 128: "\x00\x80", -128: "\x80", -1: "\xff", 256: "\x01\x00"} {
		if b, _ := serialOctets(big.NewInt(n)); string(b) != want {
			t.Errorf("%d is % x, want % x", n, b, want)
		}
	}
}
