package keyfile

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"signet/backend/backendtest"
	"signet/backend/onering"
	"signet/export/jks"
	"signet/export/keystore"
	"signet/export/pkcs12"
	"signet/ring"
)

// files gives one kind of keystore file each.
func files() []kind {
	var all []kind
	for _, k := range kinds() {
		if k.name == "JKS" || k.name == "JCEKS" || k.name == "PKCS12 modern" {
			all = append(all, k)
		}
	}
	return all
}

// add puts a private key with its certificate into a keystore.
func add(t testing.TB, s *Store, label string) {
	t.Helper()
	if err := tryAdd(t, s, label); err != nil {
		t.Fatal(err)
	}
}

func tryAdd(t testing.TB, s *Store, label string) error {
	t.Helper()
	_, key := backendtest.Make(t, backendtest.Spec{})
	return s.Update(t.Context(), func(tx ring.Tx) error { return put(tx, label, 1, key) })
}

// labels gives the labels of the user.
func labels(t testing.TB, s *Store) string {
	t.Helper()
	var names []string
	err := s.View(t.Context(), func(tx ring.Tx) error {
		for c, err := range tx.Certificates(owner) {
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
	return strings.Join(names, " ")
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// stranger gives a user and a group to give files to. Only root can; others stay who they are.
func stranger() (uid, gid int) {
	if os.Getuid() == 0 {
		return 12345, 23456
	}
	return os.Getuid(), os.Getgid()
}

// attributes checks the mode and the owner of a file.
func attributes(t *testing.T, path string, mode os.FileMode, uid, gid int) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	is := info.Sys().(*syscall.Stat_t)
	if info.Mode().Perm() != mode || int(is.Uid) != uid || int(is.Gid) != gid {
		t.Errorf("%s: mode %04o of %d:%d, want %04o of %d:%d", filepath.Base(path), info.Mode().Perm(), is.Uid, is.Gid, mode, uid, gid)
	}
}

// says checks an error: its class, and that it is one line that names the keystore and holds what
// mends it.
func says(t *testing.T, err, class error, parts ...string) {
	t.Helper()
	if !errors.Is(err, class) {
		t.Errorf("error %v, want %v", err, class)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), password) {
		t.Errorf("error %q", err)
	}
}

// TestModeAndOwner checks that a new file is its owner's alone, and that a file which is there
// keeps its mode, its owner, and the links that lead to it.
func TestModeAndOwner(t *testing.T) {
	uid, gid := stranger()
	for _, k := range files() {
		dir := t.TempDir()
		path := filepath.Join(dir, "real", "keystore")
		if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		add(t, k.open(t, path, options()), "first")
		attributes(t, path, 0o600, os.Getuid(), os.Getgid())

		if err := os.Chown(path, uid, gid); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		for from, to := range map[string]string{"link": "second", "second": "real/keystore"} {
			if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
				t.Fatal(err)
			}
		}
		add(t, k.open(t, filepath.Join(dir, "link"), options()), "next")
		attributes(t, path, 0o640, uid, gid)
		for from, to := range map[string]string{"link": "second", "second": "real/keystore"} {
			if link, err := os.Readlink(filepath.Join(dir, from)); err != nil || link != to {
				t.Errorf("%s: link %s leads to %q, %v", k.name, from, link, err)
			}
		}
		if err := os.Chown(path, os.Getuid(), os.Getgid()); err != nil {
			t.Fatal(err)
		}
		add(t, k.open(t, path, options()), "third")
		attributes(t, path, 0o640, os.Getuid(), os.Getgid())
		if got := labels(t, k.open(t, path, options())); got != "first next third" {
			t.Errorf("%s: holds %q", k.name, got)
		}
	}
}

// TestBackup checks that a backup holds what the file held before the first change of a run.
func TestBackup(t *testing.T) {
	for _, k := range files() {
		path := filepath.Join(t.TempDir(), "keystore")
		o := options()
		o.Backup = true
		s := k.open(t, path, o)
		add(t, s, "first") // makes the file: there is nothing to keep
		if _, err := os.Stat(path + backupSuffix); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: a backup of nothing: %v", k.name, err)
		}
		for _, label := range []string{"second", "third"} {
			s, before := k.open(t, path, o), read(t, path)
			add(t, s, label)
			add(t, s, label+"b")
			if !bytes.Equal(read(t, path+backupSuffix), before) {
				t.Errorf("%s: the backup is not what the file held before", k.name)
			}
			attributes(t, path+backupSuffix, 0o600, os.Getuid(), os.Getgid())
		}
		// Without its backup nothing is changed.
		if err := os.Remove(path + backupSuffix); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(path+backupSuffix, 0o700); err != nil {
			t.Fatal(err)
		}
		before := read(t, path)
		s = k.open(t, path, o)
		for range 2 {
			if err := tryAdd(t, s, "never"); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: changed without a backup: %v", k.name, err)
			}
		}
		if !bytes.Equal(read(t, path), before) {
			t.Errorf("%s: the file was changed without a backup", k.name)
		}
	}
}

// TestChangedMeanwhile has another program change, remove or make a keystore between reading and
// writing: that is refused, and what the other program did stays.
func TestChangedMeanwhile(t *testing.T) {
	for _, k := range kinds() {
		if k.format == keystore.PKCS12 && k.profile.Name != pkcs12.Modern.Name {
			continue
		}
		path := filepath.Join(t.TempDir(), "keystore")
		target := path
		if k.format == ring.FormatPEM {
			target = filepath.Join(path, "first.crt")
		}
		add(t, k.open(t, path, options()), "first")
		for _, what := range []string{"changed", "removed"} {
			before := read(t, target)
			s := k.open(t, path, options())
			_, key := backendtest.Make(t, backendtest.Spec{})
			err := s.Update(t.Context(), func(tx ring.Tx) error {
				if what == "removed" {
					if err := os.Remove(target); err != nil {
						return err
					}
				} else {
					write(t, target, append(bytes.Clone(before), '\n'))
				}
				return put(tx, "second", 1, key)
			})
			says(t, err, ring.ErrRefused, path, "another program", "nothing was written", "run the command again")
			if what == "removed" {
				if _, err := os.Lstat(target); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s: came back: %v", k.name, err)
				}
			} else if !bytes.Equal(read(t, target), append(bytes.Clone(before), '\n')) {
				t.Errorf("%s: the other program's change is lost", k.name)
			}
			write(t, target, before)
			if got := labels(t, k.open(t, path, options())); got != "first" {
				t.Errorf("%s, %s: holds %q", k.name, what, got)
			}
		}
	}
}

// TestDetected checks that the content decides, under wrong names and wrong schemes.
func TestDetected(t *testing.T) {
	for _, k := range files() {
		path := filepath.Join(t.TempDir(), "keystore.txt")
		add(t, k.open(t, path, options()), "first")
		if !Looks(path) {
			t.Errorf("%s: does not look like a keystore", k.name)
		}
		for _, format := range []string{keystore.JKS, keystore.JCEKS, keystore.PKCS12, ""} {
			s, err := OpenFile(path, format, options())
			if err != nil {
				t.Fatalf("%s opened as %s: %v", k.name, format, err)
			}
			if s.Format() != k.format || labels(t, s) != "first" {
				t.Errorf("%s opened as %s: it is %s and holds %q", k.name, format, s.Format(), labels(t, s))
			}
		}
	}
	for name, data := range map[string]string{"database": "SQLite format 3\x00", "text": "hello", "empty": "", "pem": "-----BEGIN"} {
		path := filepath.Join(t.TempDir(), name)
		write(t, path, []byte(data))
		if Looks(path) {
			t.Errorf("%s looks like a keystore", name)
		}
	}
	if Looks(t.TempDir()) || Looks("/dev/null") || Looks("nothing") {
		t.Error("what is no file looks like a keystore")
	}
}

// TestOpenErrors checks what is said of files that cannot be read.
func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Mkdir(at("folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, at("large"), nil)
	if err := os.Truncate(at("large"), 100<<20); err != nil {
		t.Fatal(err)
	}
	write(t, at("empty"), nil)
	write(t, at("garbage"), []byte("not a keystore"))
	x, _ := backendtest.Make(t, backendtest.Spec{})
	write(t, at("certificate"), x.Raw)
	for _, tc := range []struct {
		name, want string
	}{
		{"folder", "it is a folder"}, {"pipe", "not a regular file"}, {"large", "larger than 64 MB"},
		{"empty", "it is empty"}, {"garbage", "neither JKS, JCEKS nor PKCS #12"}, {"certificate", "PKCS #12"},
	} {
		s, err := OpenFile(at(tc.name), keystore.JKS, options())
		if err == nil {
			err = s.View(t.Context(), func(ring.Tx) error { return nil })
		}
		says(t, err, ring.ErrInvalid, at(tc.name), tc.want)
	}
	if _, err := OpenFolder(at("garbage"), options()); true {
		says(t, err, ring.ErrInvalid, at("garbage"), "it is a file", "jks:")
	}
	for _, k := range kinds() {
		s := k.open(t, at("no/keystore"), options())
		says(t, tryAdd(t, s, "a"), ring.ErrNotFound, at("no/keystore"), "its folder is not there", "make the folder")
	}
}

// TestDamaged cuts and alters keystores at many places: each is refused with its name, or, where
// the place means nothing, read as it was.
func TestDamaged(t *testing.T) {
	for _, k := range files() {
		path := filepath.Join(t.TempDir(), "keystore")
		add(t, k.open(t, path, options()), "first")
		whole := read(t, path)
		for n := 0; n < len(whole); n += 1 + len(whole)/40 {
			altered := bytes.Clone(whole)
			altered[n] ^= 0x40
			for _, data := range [][]byte{whole[:n], altered} {
				write(t, path, data)
				s, err := k.tryOpen(path, options())
				if err == nil {
					err = s.View(t.Context(), func(tx ring.Tx) error {
						_, err := serialOf(tx, "first")
						return err
					})
				}
				if err == nil && k.format != keystore.PKCS12 || err != nil && !strings.Contains(err.Error(), path) {
					t.Errorf("%s damaged at %d of %d: %v", k.name, n, len(whole), err)
				}
			}
		}
	}
}

// TestPasswords checks a wrong password, none, and private keys that have another.
func TestPasswords(t *testing.T) {
	for _, k := range files() {
		path := filepath.Join(t.TempDir(), "keystore")
		add(t, k.open(t, path, options()), "first")
		before := read(t, path)
		wrong := options()
		wrong.Password = func(isNew bool) ([]byte, error) {
			if isNew {
				t.Errorf("%s: a new password was asked for", k.name)
			}
			return []byte("not this one"), nil
		}
		s := k.open(t, path, wrong)
		says(t, s.View(t.Context(), func(ring.Tx) error { return nil }), ring.ErrInvalid, path, "password", "give the right one")
		says(t, tryAdd(t, s, "second"), ring.ErrInvalid, path, "password")
		if !bytes.Equal(read(t, path), before) {
			t.Errorf("%s: written under a wrong password", k.name)
		}
	}
	// keytool -keypass: the file has one password and the key another.
	_, key := backendtest.Make(t, backendtest.Spec{})
	x, _ := backendtest.Make(t, backendtest.Spec{Subject: "own", Key: key})
	entries := []keystore.Entry{{Alias: "own", Created: time.Unix(1, 0), Chain: [][]byte{x.Raw}, Key: keystore.Clear{Signer: key}}}
	for _, format := range []string{keystore.JKS, keystore.JCEKS} {
		data, err := jks.Write(&keystore.Keystore{Format: format, Entries: entries}, []byte(password), []byte("another"))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "keystore")
		write(t, path, data)
		use := func(o Options) error {
			s, err := OpenFile(path, format, o)
			if err != nil {
				return err
			}
			return s.View(t.Context(), func(tx ring.Tx) error {
				c, err := tx.Certificate(ring.CertRef{Owner: owner, Label: "own"})
				if err == nil {
					_, err = tx.PrivateKey(c)
				}
				return err
			})
		}
		says(t, use(options()), ring.ErrInvalid, path, "another password", "--key-password-file")
		o := options()
		o.KeyPassword = []byte("neither")
		says(t, use(o), ring.ErrInvalid, path, "password", "--key-password-file")
		o.KeyPassword = []byte("another")
		if err := use(o); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// TestPasswordAsked checks that a password is asked for once, before the lock, and that it is
// cleared at the end.
func TestPasswordAsked(t *testing.T) {
	for _, k := range files() {
		path := filepath.Join(t.TempDir(), "keystore")
		for _, wantNew := range []bool{true, false} {
			asked, given := 0, []byte(password)
			o := options()
			o.Password = func(isNew bool) ([]byte, error) {
				if asked++; isNew != wantNew {
					t.Errorf("%s: asked for a new password: %v", k.name, isNew)
				}
				return given, nil
			}
			s := k.open(t, path, o)
			add(t, s, "a")
			add(t, s, "b")
			labels(t, s)
			if asked != 1 {
				t.Errorf("%s: asked %d times", k.name, asked)
			}
			if err := s.Close(); err != nil || !bytes.Equal(given, make([]byte, len(password))) {
				t.Errorf("%s: the password is still there: %v", k.name, err)
			}
		}
		o := options()
		o.Password = func(bool) ([]byte, error) { return nil, context.Canceled }
		if _, err := k.tryOpen(path, o); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", k.name, err)
		}
	}
}

// TestWaits has a change that takes too long for another one.
func TestWaits(t *testing.T) {
	for _, k := range kinds() {
		path := filepath.Join(t.TempDir(), "keystore")
		first := k.open(t, path, options())
		second := onering.New(k.open(t, path, options()).Medium(), options().User, nil, 30*time.Millisecond)
		err := first.Update(t.Context(), func(tx ring.Tx) error {
			says(t, tryAdd(t, second, "b"), ring.ErrRefused, path, "another process", "30ms", "run the command again")
			ctx, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer stop()
			if err := second.Update(ctx, func(ring.Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", k.name, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		add(t, second, "b")
	}
}

// TestLeftovers checks that temporary files go when they are old, and only then.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{".signet-OLD.tmp": 2 * tempAge, ".signet-NEW.tmp": 0, "other.tmp": 2 * tempAge} {
		write(t, filepath.Join(dir, name), nil)
		at := time.Now().Add(-age)
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	add(t, files()[0].open(t, filepath.Join(dir, "keystore"), options()), "a")
	for name, want := range map[string]bool{".signet-OLD.tmp": false, ".signet-NEW.tmp": true, "other.tmp": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestProfiles changes what protects a PKCS #12 file, gives a passwordless one a password, and
// keeps what a file has.
func TestProfiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keystore")
	profile := func(p pkcs12.Profile) Options {
		o := options()
		o.Profile = p
		return o
	}
	open := func(o Options) *Store {
		t.Helper()
		s, err := OpenFile(path, keystore.PKCS12, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	trust := func(s *Store, label string) {
		t.Helper()
		x, _ := backendtest.Make(t, backendtest.Spec{Subject: label})
		err := s.Update(t.Context(), func(tx ring.Tx) error {
			return tx.AddCertificate(ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: label}, x))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	is := func(p pkcs12.Profile, secret []byte) {
		t.Helper()
		ks, err := pkcs12.Read(read(t, path), secret)
		if err != nil || ks.Profile != p.Name {
			t.Fatalf("%v, %v; want profile %s", ks, err, p.Name)
		}
	}
	trust(open(profile(pkcs12.Passwordless)), "a")
	is(pkcs12.Passwordless, nil)
	trust(open(options()), "b") // stays so
	is(pkcs12.Passwordless, nil)
	says(t, tryAdd(t, open(options()), "key"), ring.ErrUnsupported, path, "passwordless")
	trust(open(profile(pkcs12.Legacy)), "c")
	is(pkcs12.Legacy, []byte(password))
	add(t, open(options()), "key")
	is(pkcs12.Legacy, []byte(password))
	add(t, open(profile(pkcs12.Modern)), "key2")
	is(pkcs12.Modern, []byte(password))
}

// TestChainNotTrusted checks that a certificate which is in the chain of a private key cannot be
// there without trust, too: whoever reads the file would find it in the chain alone.
func TestChainNotTrusted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keystore")
	s, err := OpenFile(path, keystore.PKCS12, options())
	if err != nil {
		t.Fatal(err)
	}
	ca, caKey := backendtest.Make(t, backendtest.Spec{Subject: "ca"})
	leaf, key := backendtest.Make(t, backendtest.Spec{Subject: "leaf", Issuer: "ca", Signer: caKey})
	change(t, s, func(tx ring.Tx) error {
		c := ring.NewCertificate(ring.CertRef{Owner: owner, Label: "leaf"}, leaf)
		return errors.Join(tx.AddCertificate(ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: "ca"}, ca)),
			tx.AddCertificate(c), tx.PutPrivateKey(c, key))
	})
	err = s.Update(t.Context(), func(tx ring.Tx) error {
		c, err := find(tx, "ca")
		if err != nil {
			return err
		}
		c.Status = ring.NoTrust
		return tx.UpdateCertificate(c)
	})
	says(t, err, ring.ErrUnsupported, path, "CERTAUTH/ca", "in the chain of a private key", "delete it")
	if got := trustedIn(t, s); len(got) != 1 || got[0] != "ca" {
		t.Errorf("trusted are %q", got)
	}
}
