package keyfile

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"signet/backend/backendtest"
	"signet/export/keystore"
	"signet/export/pkcs12"
	"signet/ring"
)

// TestUnnamed gives private keys without an alias, as OpenSSL writes them, the numbers that Java
// gives them. A number stays with its key when another gets a name, and what cannot have Java's
// takes the next.
func TestUnnamed(t *testing.T) {
	ks := &keystore.Keystore{Format: keystore.PKCS12}
	for i, e := range []keystore.Entry{{}, {}, {Alias: "3", Trusted: true}, {}} {
		c, key := backendtest.Make(t, backendtest.Spec{Subject: string(rune('a' + i))})
		e.Chain = [][]byte{c.Raw}
		if i < 2 {
			e.Key = keystore.Clear{Signer: key}
		}
		ks.Entries = append(ks.Entries, e)
	}
	data, err := pkcs12.Write(ks, []byte(password), pkcs12.Modern)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keystore")
	write(t, path, data)
	s, err := OpenFile(path, keystore.PKCS12, options())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := labels(t, s); got != "1 2" {
		t.Errorf("the private keys are %q", got)
	}
	err = s.View(t.Context(), func(tx ring.Tx) error {
		_, key := tx.Certificate(ring.CertRef{Owner: owner, Label: "2"})
		_, other := tx.Certificate(ring.CertRef{Owner: ring.CertAuth, Label: "4"})
		return errors.Join(key, other)
	})
	if err != nil {
		t.Error(err)
	}
	change(t, s, func(tx ring.Tx) error {
		c, err := tx.Certificate(ring.CertRef{Owner: owner, Label: "1"})
		if err != nil {
			return err
		}
		c.Label = "web"
		return tx.UpdateCertificate(c)
	})
	if got := labels(t, s); got != "web 2" {
		t.Errorf("then they are %q", got)
	}
	if ks, err = pkcs12.Read(read(t, path), []byte(password)); err != nil {
		t.Fatal(err)
	}
	var java []string
	for _, j := range ks.JavaView() {
		java = append(java, j.Alias)
	}
	if got := strings.Join(java, " "); got != "web 2 3" {
		t.Errorf("Java sees %q", got)
	}
}
