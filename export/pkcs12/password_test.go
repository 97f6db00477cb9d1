package pkcs12

import (
	"errors"
	"strings"
	"testing"
	"time"

	"signet/cert"
	"signet/export/keystore"
	"signet/internal/oracle"
)

// Keys under passwords of their own: the error says which, and the right one opens them.
func TestKeyPasswords(t *testing.T) {
	b := identity(t, "ec", 0)
	pkcs8, err := cert.MarshalPrivateKey(b.Key)
	if err != nil {
		t.Fatal(err)
	}
	key := func(name, password string) []byte {
		return named(testKeyBag(oneRound, encrypt(t, password, pkcs8)), idOf(name), nameOf(name))
	}
	data := sealed(t, "file", plainPart(key("one", "file"), key("two", "own"), named(testCertBag(b.Certificates[0]), idOf("two"))))
	ks, err := Read(data, []byte("file"))
	if err != nil {
		t.Fatal(err)
	}
	one, two := ks.Entries[0].Key, ks.Entries[1].Key
	open := func(k keystore.Key, password []byte, want string) {
		t.Helper()
		got, err := k.Open(password)
		if want == "" {
			if err != nil || !cert.SameKey(got.Public(), b.Key.Public()) {
				t.Errorf("another key, %v", err)
			}
			return
		}
		oracle.WantError(t, err, want, "")
		if !errors.Is(err, ErrPassword) {
			t.Errorf("error %q is not ErrPassword", err)
		}
	}
	open(one, nil, "")
	open(one, []byte("file"), "")
	open(one, []byte("own"), `private key "one" is encrypted under another password`)
	open(two, nil, `private key "two" is encrypted under another password than the package has, or is damaged`)
	open(two, []byte("own"), "")
	open(two, []byte{}, `private key "two"`)
	open(two, []byte("\xff"), "not UTF-8")
	// It cannot be written under the password of the file, and stays out of nobody's sight.
	_, err = Write(ks, []byte("new"), Modern)
	oracle.WantError(t, err, `entry "two": its private key is encrypted under another password than the package has`, "")
	// Opened by its own password and put back in the clear, it can.
	signer, err := two.Open([]byte("own"))
	if err != nil {
		t.Fatal(err)
	}
	ks.Entries[1].Key = keystore.Clear{Signer: signer}
	if _, err := Write(ks, []byte("new"), Modern); err != nil {
		t.Error(err)
	}
	// A part under another password.
	data = sealed(t, "file", plainPart(key("one", "file")), encryptedPart(oneRound, encrypt(t, "other", seq())))
	_, err = Read(data, []byte("file"))
	oracle.WantError(t, err, "part 2 of it is encrypted under another password than the package has", "")
	if errors.Is(err, ErrPassword) {
		t.Errorf("error %q blames the password", err)
	}
}

// Where no MAC tells, a key does: a wrong password reads nothing.
func TestKeysWithoutMAC(t *testing.T) {
	b := identity(t, "ec", 0)
	pkcs8, err := cert.MarshalPrivateKey(b.Key)
	if err != nil {
		t.Fatal(err)
	}
	key := func(password string) []byte { return testKeyBag(oneRound, encrypt(t, password, pkcs8)) }
	own, other := key("x"), key("y")
	unknown := testKeyBag(alg("1.2.840.113549.1.5.3", seq(salt, integer(1))), iv)
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"one", pfx(nil, plainPart(own, testCertBag(b.Certificates[0]))), ""},
		{"the second", pfx(nil, plainPart(other, own)), ""},
		{"one of another", pfx(nil, plainPart(other)), "it has no MAC that would tell"},
		{"only what is not known", pfx(nil, plainPart(unknown)), ""},
		{"what is not known, and another", pfx(nil, plainPart(unknown, other)), "it has no MAC that would tell"},
	} {
		ks, err := Read(tt.data, []byte("x"))
		if tt.want != "" {
			oracle.WantError(t, err, tt.want, "")
			if !errors.Is(err, ErrPassword) {
				t.Errorf("%s: error %q is not ErrPassword", tt.name, err)
			}
			continue
		}
		if err != nil || len(ks.Entries) == 0 {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	ks, err := Read(pfx(nil, plainPart(unknown)), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = ks.Entries[0].Key.Open(nil)
	oracle.WantError(t, err, `private key "" is protected with MD5 and DES`, "")
	if !errors.Is(err, ErrUnsupported) || errors.Is(err, ErrPassword) {
		t.Errorf("error %q is not ErrUnsupported", err)
	}
}

// Profiles are found by their names and their readers, and files by their algorithms.
func TestProfiles(t *testing.T) {
	for _, p := range Profiles() {
		if got, err := ProfileNamed(p.Name); err != nil || got.Name != p.Name || got.About == "" {
			t.Errorf("%s: %+v, %v", p.Name, got, err)
		}
	}
	for reader, want := range map[string]string{
		"java8": "legacy", "java17": "modern", "java26": "pbmac1", "openssl1": "modern", "openssl3": "modern",
		"macos": "legacy", "windows2016": "legacy", "zos": "legacy",
	} {
		if got, err := ProfileFor(reader); err != nil || got.Name != want {
			t.Errorf("%s: %s, %v; want %s", reader, got.Name, err, want)
		}
	}
	_, err := ProfileNamed("strong")
	oracle.WantError(t, err, `PKCS #12 profile "strong": not known; choose one of modern, pbmac1, legacy, rc2, passwordless`, "")
	_, err = ProfileFor("java")
	oracle.WantError(t, err, `reader "java": not known; choose one of java8, java17, java26, openssl1, openssl3, macos, windows2016, zos`, "")

	// Mixtures have none.
	modern := keyEntry(t, "modern", "ec", 0)
	data := writeFast(t, &keystore.Keystore{Entries: []keystore.Entry{modern}}, "x", Modern)
	f, err := open(data, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	key := f.bags[1]
	if !key.isKey() {
		key = f.bags[0]
	}
	w := &writer{profile: Legacy, secret: f.secrets[0], rounds: 1, random: zeros{}}
	bag, err := keyBag(key.value, marks{})
	if err != nil {
		t.Fatal(err)
	}
	old, err := w.sealKey([]byte{0x30, 0})
	if err != nil {
		t.Fatal(err)
	}
	oldBag, err := keyBag(old, marks{})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		runs []run
		want string
	}{
		"one":       {[]run{{bags: [][]byte{oldBag}}}, "legacy"},
		"two kinds": {[]run{{bags: [][]byte{bag, oldBag}}}, ""},
		"other MAC": {[]run{{bags: [][]byte{bag}}}, ""},
		"no keys":   {[]run{{hidden: true}}, "legacy"},
	} {
		data, err := w.pfx(tt.runs)
		if err != nil {
			t.Fatal(err)
		}
		ks, err := Read(data, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if ks.Profile != tt.want {
			t.Errorf("%s: profile %q, want %q", name, ks.Profile, tt.want)
		}
	}
}

// The rounds of keys are counted before they are worked off, each key once.
func TestKeyRounds(t *testing.T) {
	most := testKeyBag(pbes1(integer(maxRounds)), iv)
	data := sealed(t, "x", plainPart(most, most, testKeyBag(oneRound, encrypt(t, "x", []byte{0x30, 0}))))
	ks, err := Read(data, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	first := ks.Entries[0].Key.(*sealedKey)
	for _, tt := range []struct {
		before int64
		at     int
		want   string
		after  int64
	}{
		{maxKeyRounds - maxRounds + 1, 0, "would need more than 200000000 rounds", maxKeyRounds - maxRounds + 1},
		{maxKeyRounds - 1, 2, "not a usable private key", maxKeyRounds},
		{maxKeyRounds, 2, "not a usable private key", maxKeyRounds}, // counted already
		{maxKeyRounds, 1, "would need more than", maxKeyRounds},
	} {
		first.file.keyRounds.Store(tt.before)
		start := time.Now()
		_, err := ks.Entries[tt.at].Key.Open(nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) || first.file.keyRounds.Load() != tt.after {
			t.Errorf("key %d: %v, %d rounds", tt.at, err, first.file.keyRounds.Load())
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("key %d took %v", tt.at, took)
		}
	}
	ks, err = Read(sealed(t, "x", plainPart(testKeyBag(pbes1(integer(maxRounds+1)), iv))), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = ks.Entries[0].Key.Open(nil)
	oracle.WantError(t, err, "a number of key derivation rounds that is not 1 to 5000000", "")
}
