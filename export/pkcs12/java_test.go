package pkcs12

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	mathrand "math/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signet/export/keystore"
	"signet/internal/oracle"
)

// enumerate lets Java list keystores, and gives for each file its lines.
func enumerate(t *testing.T, dir string, args ...string) map[string][]string {
	t.Helper()
	source, err := filepath.Abs("testdata/ListStore.java")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(args); i += 2 {
		args[i] = filepath.Join(dir, args[i])
	}
	out := map[string][]string{}
	file := ""
	for line := range strings.Lines(oracle.Java(t, source, args...)) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "store "); ok {
			file = filepath.Base(name)
			out[file] = []string{}
			continue
		}
		out[file] = append(out[file], line)
	}
	return out
}

// lines gives what enumerate should say of a keystore.
func lines(t *testing.T, ks *keystore.Keystore) []string {
	t.Helper()
	out := []string{}
	for _, e := range ks.Entries {
		if e.Key == nil && !e.Trusted {
			continue
		}
		line := fmt.Sprintf("%x trusted -", fold(e.Alias))
		if e.Key != nil {
			key, err := e.Key.Open(nil)
			if err != nil {
				t.Fatal(err)
			}
			fits := "fits"
			if checkKey(key.Public(), e.Chain) != nil {
				fits = "other"
			}
			line = fmt.Sprintf("%x key %d %s", fold(e.Alias), e.Created.UnixMilli(), fits)
		}
		for _, c := range e.Chain {
			line += fmt.Sprintf(" %x", sha256.Sum256(c))
		}
		out = append(out, line)
	}
	return out
}

// aliases of every kind, by a number that makes them unique.
func aliasNumber(i int) string {
	return fmt.Sprintf([]string{"srv%d", "Größe %d", "鍵 %d", "key \U0001F511 %d", "O'Brien, \"%d\" = x"}[i%5], i)
}

// mixedStore has keys of every kind and trusted certificates, in an order of its own. Two of the
// keys share their issuers.
func mixedStore(t testing.TB, keys, trusted int) *keystore.Keystore {
	t.Helper()
	ks := &keystore.Keystore{}
	shared := identity(t, "rsa", 3)
	for i := range keys + trusted {
		var e keystore.Entry
		switch kinds := []string{"rsa", "ec", "ed25519"}; {
		case i >= keys:
			e = certEntry(t, aliasNumber(i), true)
		case i < 2 && keys > 1:
			e = keyEntry(t, aliasNumber(i), "rsa", 0)
			e.Chain = nil
			for _, c := range shared.Certificates[i:] {
				e.Chain = append(e.Chain, c.Raw)
			}
			if i == 1 { // the key of the issuer
				e.Key = keystore.Clear{Signer: testKeys()["ec"]}
			}
		default:
			e = keyEntry(t, aliasNumber(i), kinds[i%3], i%3)
		}
		e.Created = time.UnixMilli(1_600_000_000_000 + int64(i)).UTC()
		ks.Entries = append(ks.Entries, e)
	}
	mathrand.New(mathrand.NewSource(1)).Shuffle(len(ks.Entries), func(i, j int) {
		ks.Entries[i], ks.Entries[j] = ks.Entries[j], ks.Entries[i]
	})
	return ks
}

// writeFast writes with as few rounds as a key may keep.
func writeFast(t testing.TB, ks *keystore.Keystore, password string, p Profile) []byte {
	t.Helper()
	data, err := write(ks, []byte(password), p, minRounds, rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What Write writes, Java enumerates in the same order, with the same aliases, times, keys and
// chains, in each profile that Java 17 reads, whatever the parts of the file are.
func TestJavaReads(t *testing.T) {
	dir := t.TempDir()
	want := map[string][]string{}
	var args []string
	add := func(name string, ks *keystore.Keystore, password string, p Profile) {
		oracle.Write(t, dir, name, writeFast(t, ks, password, p))
		args = append(args, name, password)
		want[name] = lines(t, ks)
	}
	for _, p := range []Profile{Modern, Legacy, RC2} {
		for _, size := range []struct{ keys, trusted int }{{1, 0}, {1, 2}, {2, 3}, {50, 7}} {
			add(fmt.Sprintf("%s-%d-%d", p.Name, size.keys, size.trusted), mixedStore(t, size.keys, size.trusted), "swordfish", p)
		}
	}
	add("alternating", mixedStore(t, 30, 30), "swordfish", Modern)
	add("passwordless", mixedStore(t, 0, 5), "", Passwordless)
	add("empty", &keystore.Keystore{}, "swordfish", Modern)
	if d := cmp.Diff(want, enumerate(t, dir, args...)); d != "" {
		t.Error(d)
	}
}

// Stores that keytool and Java write are read as Java shows them, in both of Java's ways, and
// written again they are what they were; so are ours after keytool has had them.
func TestJavaWrites(t *testing.T) {
	dir := t.TempDir()
	gen := func(alias, algorithm string) {
		oracle.Keytool(t, dir, "-genkeypair", "-alias", alias, "-keyalg", algorithm, "-dname", "CN="+alias, "-keystore", "modern", "-storetype", "PKCS12", "-storepass", "swordfish")
	}
	gen("one", "RSA")
	gen("größe", "EC")
	ours := mixedStore(t, 4, 3)
	for i := range ours.Entries {
		ours.Entries[i].Alias = fold(ours.Entries[i].Alias)
	}
	data, err := Write(ours, []byte("swordfish"), Legacy)
	if err != nil {
		t.Fatal(err)
	}
	oracle.Write(t, dir, "ours", data)
	imported := func(from, to string, options ...string) {
		oracle.Keytool(t, dir, append([]string{"-importkeystore", "-noprompt", "-srckeystore", from, "-srcstorepass", "swordfish", "-destkeystore", to, "-deststorepass", "swordfish", "-deststoretype", "PKCS12"}, options...)...)
	}
	imported("ours", "modern")
	imported("modern", "legacy", "-J-Dkeystore.pkcs12.legacy")
	want := enumerate(t, dir, "modern", "swordfish", "legacy", "swordfish")
	for name, profile := range map[string]string{"modern": "modern", "legacy": "rc2"} {
		ks, err := Read(oracle.Read(t, dir, name), []byte("swordfish"))
		if err != nil {
			t.Fatal(err)
		}
		if ks.Profile != profile || len(ks.Entries) != 9 {
			t.Errorf("%s: profile %q, %d entries", name, ks.Profile, len(ks.Entries))
		}
		if d := cmp.Diff(want[name], lines(t, ks)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		p, err := ProfileNamed(profile)
		if err != nil {
			t.Fatal(err)
		}
		if data, err = Write(ks, []byte("swordfish"), p); err != nil {
			t.Fatal(err)
		}
		oracle.Write(t, dir, name+"-again", data)
	}
	again := enumerate(t, dir, "modern-again", "swordfish", "legacy-again", "swordfish")
	for _, name := range []string{"modern", "legacy"} {
		if d := cmp.Diff(want[name], again[name+"-again"]); d != "" {
			t.Errorf("%s, written again: %s", name, d)
		}
	}
}
