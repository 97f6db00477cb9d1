package keyfile

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signet/backend/backendtest"
	"signet/cert"
	"signet/export/pem"
	"signet/internal/oracle"
	"signet/ring"
)

// openPEM opens a folder of PEM files.
func openPEM(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := OpenFolder(dir, options())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// trusted gives the labels of CERTAUTH.
func trustedIn(t testing.TB, s *Store) []string {
	t.Helper()
	var names []string
	err := s.View(t.Context(), func(tx ring.Tx) error {
		for c, err := range tx.Certificates(ring.CertAuth) {
			if err != nil {
				return err
			}
			names = append(names, c.Label)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// change runs a change that must succeed.
func change(t testing.TB, s *Store, fn func(tx ring.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// find gives a certificate of CERTAUTH.
func find(tx ring.Tx, label string) (*ring.Certificate, error) {
	return tx.Certificate(ring.CertRef{Owner: ring.CertAuth, Label: label})
}

// pemOf makes certificates as text.
func pemOf(t testing.TB, subjects ...string) (certs []*x509.Certificate, text []byte) {
	for _, subject := range subjects {
		x, _ := backendtest.Make(t, backendtest.Spec{Subject: subject})
		certs = append(certs, x)
		text = append(text, pem.Encode(pem.Certificate, x.Raw)...)
	}
	return certs, text
}

// TestFolderFiles checks what a folder looks like to others: names, contents, modes, owners.
func TestFolderFiles(t *testing.T) {
	uid, gid := stranger()
	dir := filepath.Join(t.TempDir(), "pem")
	s := openPEM(t, dir)
	if !s.Missing() {
		t.Error("a folder that is not there is not missing")
	}
	ca, caKey := backendtest.Make(t, backendtest.Spec{Subject: "ca"})
	leaf, key := backendtest.Make(t, backendtest.Spec{Subject: "leaf", Issuer: "ca", Signer: caKey})
	change(t, s, func(tx ring.Tx) error {
		c := ring.NewCertificate(ring.CertRef{Owner: owner, Label: "web server"}, leaf)
		if err := tx.AddCertificate(c); err != nil {
			return err
		}
		if err := tx.PutPrivateKey(c, key); err != nil {
			return err
		}
		return tx.AddCertificate(ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: "ca"}, ca))
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	if got, want := read(t, at("web server.crt")), append(pem.Encode(pem.Certificate, leaf.Raw), pem.Encode(pem.Certificate, ca.Raw)...); !bytes.Equal(got, want) {
		t.Errorf("the chain is\n%s", got)
	}
	if got := read(t, at("ca.crt")); !bytes.Equal(got, pem.Encode(pem.Certificate, ca.Raw)) {
		t.Errorf("the trusted certificate is\n%s", got)
	}
	if !strings.Contains(oracle.OpenSSL(t, dir, "pkey", "-in", "web server.key", "-noout", "-text"), "256 bit") {
		t.Error("openssl does not read the private key")
	}
	for name, mode := range map[string]os.FileMode{".": 0o700, generations: 0o700, "web server.key": 0o600, "web server.crt": 0o644, "ca.crt": 0o644} {
		attributes(t, at(name), mode, os.Getuid(), os.Getgid())
	}

	// A folder of a server's account: those who could read it still can.
	plain(t, at("web server.key"))
	for name, mode := range map[string]os.FileMode{".": 0o750, "web server.key": 0o640} {
		if err := os.Chown(at(name), uid, gid); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(at(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(at(generations)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"web server.crt", "ca.crt"} {
		if err := os.Remove(at(name)); err != nil {
			t.Fatal(err)
		}
		write(t, at(name), pem.Encode(pem.Certificate, leaf.Raw))
	}
	_, next := backendtest.Make(t, backendtest.Spec{})
	change(t, openPEM(t, dir), func(tx ring.Tx) error { return put(tx, "web server", 9, next) })
	for name, mode := range map[string]os.FileMode{".": 0o750, generations: 0o750, generations + "/" + current: 0o750, "web server.key": 0o640} {
		attributes(t, at(name), mode, uid, gid)
	}
	if info, err := os.Lstat(at("ca.crt")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("a file that nobody changed is no plain file any more: %v", err)
	}
}

// TestFolderOthers checks that files which are none of ours stay as they are, to the last byte.
func TestFolderOthers(t *testing.T) {
	dir := t.TempDir()
	var subjects []string
	for i := range 150 {
		subjects = append(subjects, fmt.Sprint("CA", i))
	}
	cas, bundle := pemOf(t, subjects...)
	bundle = append([]byte("# comments of a bundle\r\n"), bundle...)
	certificate, _ := pemOf(t, "der")
	key, _ := cert.KeySpec{Algorithm: cert.EC, Bits: 256}.Generate()
	x, _ := backendtest.Make(t, backendtest.Spec{Subject: "combined", Key: key})
	pkcs8, err := cert.MarshalPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	params := pem.Encode("DH PARAMETERS", []byte{0x30, 0x00})
	combined := slices.Concat([]byte("combined for haproxy\n"), pem.Encode(pem.Certificate, x.Raw), params, pem.Encode(pem.PrivateKey, pkcs8))
	others := map[string][]byte{
		"ca-bundle.crt": bundle,
		"combined.pem":  combined,
		"dhparam.pem":   params,
		"request.pem":   pem.Encode(pem.Request, []byte{0x30, 0x00}),
		"stray.key":     pem.Encode(pem.PrivateKey, pkcs8),
		"binary.cer":    certificate[0].Raw,
		"README":        []byte("read me"),
		".hidden.crt":   []byte("-----BEGIN CERTIFICATE-----"),
	}
	for name, data := range others {
		write(t, filepath.Join(dir, name), data)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.crt"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling.crt")); err != nil {
		t.Fatal(err)
	}
	unchanged := func(except ...string) {
		t.Helper()
		for name, data := range others {
			if !slices.Contains(except, name) && !bytes.Equal(read(t, filepath.Join(dir, name)), data) {
				t.Errorf("file %s was changed", name)
			}
		}
	}
	s := openPEM(t, dir)
	if got := trustedIn(t, s); len(got) != 150 || labels(t, s) != "combined" {
		t.Fatalf("the folder holds %q and %q", got, labels(t, s))
	}
	add(t, s, "new")
	unchanged()

	// A member of the bundle keeps its label when another goes.
	before := trustedIn(t, s)
	change(t, s, func(tx ring.Tx) error {
		c, err := find(tx, before[3])
		if err != nil {
			return err
		}
		return tx.DeleteCertificate(c)
	})
	unchanged("ca-bundle.crt")
	if after := trustedIn(t, s); !slices.Equal(after, slices.Delete(slices.Clone(before), 3, 4)) {
		t.Errorf("after one was deleted: %q", after)
	}
	if n := bytes.Count(read(t, filepath.Join(dir, "ca-bundle.crt")), []byte("-----BEGIN")); n != 149 {
		t.Errorf("the bundle holds %d certificates, want 149", n)
	}
	// One that is renamed gets a file of its own.
	change(t, s, func(tx ring.Tx) error {
		c, err := find(tx, before[0])
		if err != nil {
			return err
		}
		c.Label = "first"
		return tx.UpdateCertificate(c)
	})
	if got := read(t, filepath.Join(dir, "first.crt")); !bytes.Equal(got, pem.Encode(pem.Certificate, cas[0].Raw)) {
		t.Errorf("first.crt holds\n%s", got)
	}
	// What else is in the file of a key stays there.
	change(t, s, func(tx ring.Tx) error {
		c, err := tx.Certificate(ring.CertRef{Owner: owner, Label: "combined"})
		if err != nil {
			return err
		}
		renewed, _ := backendtest.Make(t, backendtest.Spec{Subject: "renewed", Key: key})
		next := ring.NewCertificate(c.Ref(), renewed)
		next.ID = c.ID
		return tx.UpdateCertificate(next)
	})
	got := read(t, filepath.Join(dir, "combined.pem"))
	if !bytes.Contains(got, params) || !bytes.Contains(got, pem.Encode(pem.PrivateKey, pkcs8)) || bytes.Contains(got, pem.Encode(pem.Certificate, x.Raw)) {
		t.Errorf("combined.pem holds\n%s", got)
	}
	attributes(t, filepath.Join(dir, "combined.pem"), 0o600, os.Getuid(), os.Getgid())
	unchanged("ca-bundle.crt", "combined.pem")

	// Nothing is written over what belongs to nobody.
	for _, label := range []string{"stray", "folder", "dangling"} {
		says(t, tryAdd(t, s, label), ring.ErrExists, dir, label, "move it out of the folder")
	}
	err = s.Update(t.Context(), func(tx ring.Tx) error {
		return tx.AddCertificate(ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: "stray"}, certificate[0]))
	})
	says(t, err, ring.ErrExists, "stray.key")
	unchanged("ca-bundle.crt", "combined.pem")
}

// TestFolderLabels checks labels that cannot be the name of a file, or that two files have.
func TestFolderLabels(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pem")
	s := openPEM(t, dir)
	for _, label := range []string{"a/b", "..", ".", ".hidden", "../escape", `a\b`, strings.Repeat("long", 51)} {
		says(t, tryAdd(t, s, label), ring.ErrUnsupported, dir, "cannot be the name of a file", "choose another label")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a refused command made the folder")
	}
	add(t, s, "web.crt")
	add(t, s, "web")
	add(t, s, "Ünïcode & 'quotes'")
	if got := labels(t, s); got != "web web.crt Ünïcode & 'quotes'" {
		t.Errorf("holds %q", got)
	}
	// The same label with another ending: the one that signet would write has it.
	_, text := pemOf(t, "other")
	write(t, filepath.Join(dir, "web.pem"), text)
	write(t, filepath.Join(dir, "alone.cer"), text[:len(text):len(text)])
	if got := trustedIn(t, s); !slices.Equal(got, []string{"alone", "web.pem"}) {
		t.Errorf("trusted are %q", got)
	}
}

// TestFolderKeys checks private keys as other programs write them, and those that are encrypted.
func TestFolderKeys(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=pkcs8", "-keyout", "pkcs8.key", "-out", "pkcs8.crt"},
		{"rsa", "-in", "pkcs8.key", "-traditional", "-out", "pkcs1.key"},
		{"req", "-x509", "-new", "-key", "pkcs1.key", "-subj", "/CN=pkcs1", "-out", "pkcs1.crt"},
		{"ecparam", "-genkey", "-name", "prime256v1", "-out", "sec1.key"},
		{"req", "-x509", "-new", "-key", "sec1.key", "-subj", "/CN=sec1", "-out", "sec1.crt"},
		{"pkey", "-in", "sec1.key", "-aes256", "-passout", "pass:secret", "-out", "pbes2.key"},
		{"req", "-x509", "-new", "-key", "sec1.key", "-subj", "/CN=pbes2", "-out", "pbes2.crt"},
		{"rsa", "-in", "pkcs1.key", "-traditional", "-aes128", "-passout", "pass:secret", "-out", "old.key"},
		{"req", "-x509", "-new", "-key", "pkcs1.key", "-subj", "/CN=old", "-out", "old.crt"},
	} {
		oracle.OpenSSL(t, dir, args...)
	}
	s := openPEM(t, dir)
	if got := labels(t, s); got != "old pbes2 pkcs1 pkcs8 sec1" {
		t.Fatalf("holds %q", got)
	}
	open := func(label string) error {
		return s.View(t.Context(), func(tx ring.Tx) error {
			c, err := tx.Certificate(ring.CertRef{Owner: owner, Label: label})
			if err == nil {
				_, err = tx.PrivateKey(c)
			}
			return err
		})
	}
	for _, label := range []string{"pkcs1", "pkcs8", "sec1"} {
		if err := open(label); err != nil {
			t.Errorf("%s: %v", label, err)
		}
	}
	for _, label := range []string{"pbes2", "old"} {
		says(t, open(label), ring.ErrInvalid, dir, label, "encrypted", "openssl pkey")
		// It can be renamed, and openssl still opens it.
		change(t, s, func(tx ring.Tx) error {
			c, err := tx.Certificate(ring.CertRef{Owner: owner, Label: label})
			if err != nil {
				return err
			}
			c.Label = "renamed " + label
			return tx.UpdateCertificate(c)
		})
		oracle.OpenSSL(t, dir, "pkey", "-in", "renamed "+label+".key", "-passin", "pass:secret", "-noout")
	}
	// A key that is not that of its certificate, and two where one was meant.
	write(t, filepath.Join(dir, "sec1.key"), read(t, filepath.Join(dir, "pkcs1.key")))
	says(t, open("sec1"), ring.ErrInvalid, dir, "sec1", "not that of the certificate")
	write(t, filepath.Join(dir, "sec1.crt"), slices.Concat(read(t, filepath.Join(dir, "sec1.crt")), read(t, filepath.Join(dir, "pkcs1.key")), read(t, filepath.Join(dir, "pkcs8.key"))))
	says(t, open("sec1"), ring.ErrInvalid, dir, `"sec1.crt"`, "2 private keys")
	_, text := pemOf(t, "cut")
	write(t, filepath.Join(dir, "sec1.crt"), text[:len(text)/2])
	says(t, open("pkcs1"), ring.ErrInvalid, dir, `"sec1.crt"`, "cut or altered", "move it out of the folder")
	write(t, filepath.Join(dir, "sec1.crt"), nil)
	if err := os.Truncate(filepath.Join(dir, "sec1.crt"), 11<<20); err != nil {
		t.Fatal(err)
	}
	says(t, open("pkcs1"), ring.ErrInvalid, dir, `"sec1.crt"`, "larger than 10 MB")
}

// TestFolderOrphans checks that what somebody deleted from a folder does not live on unseen.
func TestFolderOrphans(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pem")
	s := openPEM(t, dir)
	add(t, s, "gone")
	add(t, s, "stays")
	for _, name := range []string{"gone.crt", "gone.key"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	add(t, s, "new")
	left, err := filepath.Glob(filepath.Join(dir, generations, "*", "gone.*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%q is left, %v", left, err)
	}
	if got := labels(t, s); got != "new stays" {
		t.Errorf("holds %q", got)
	}
	// A link that signet did not make is not followed blindly.
	link := filepath.Join(dir, generations, current)
	target, err := os.Readlink(link)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..", generations, target), link); err != nil {
		t.Fatal(err)
	}
	says(t, tryAdd(t, s, "never"), ring.ErrInvalid, dir, "leads elsewhere")
	if got := labels(t, s); got != "new stays" {
		t.Errorf("holds %q", got)
	}
}

// TestFolderBackup checks the copy of a folder from before the first change of a run.
func TestFolderBackup(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pem")
	o := options()
	o.Backup = true
	open := func() *Store {
		t.Helper()
		s, err := OpenFolder(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	add(t, s, "a")
	for _, label := range []string{"b", "c"} {
		s, before := open(), labels(t, open())
		add(t, s, label)
		add(t, s, label+"2")
		if got := labels(t, openPEM(t, dir+backupSuffix)); got != before {
			t.Errorf("the backup holds %q, want %q", got, before)
		}
		attributes(t, filepath.Join(dir+backupSuffix, "a.key"), 0o600, os.Getuid(), os.Getgid())
	}
	write(t, filepath.Join(dir+backupSuffix, "precious.txt"), []byte("x"))
	before := labels(t, s)
	says(t, tryAdd(t, open(), "never"), ring.ErrExists, dir+backupSuffix, "precious.txt")
	if got := labels(t, s); got != before {
		t.Errorf("changed without a backup: %q", got)
	}
}
